// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A configuration of any bytes is read to an end, and what is said of it is printable; a pattern matches what the oracle says.
 *
 * An input is a byte that says which of the two, then the text; for a pattern, the pattern, a zero byte, and the text.
 */
#include "globs.h"
#include "oracle.h"
#include "rules/glob.h"
#include "rules/rules.h"
#include "rules/tree.h"

#include <stdlib.h>
#include <string.h>

/* The oracle tries everything there is. */
#define PATTERN_MAX 16
#define TEXT_MAX 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_glob(const char *pattern, const char *text, bool path)
{
	struct glob *glob;
	size_t wrong;
	int r = glob_compile(pattern, path ? GLOB_PATH : GLOB_TEXT, &glob, &wrong);

	if ((r == 0) != globs_valid(pattern))
		abort();
	if (r < 0)
		return;
	if (glob_match(glob, &(struct glob_text){.text = text, .len = strlen(text)}) !=
	    globs_oracle(pattern, path, text))
		abort();
	glob_free(glob);
}

static void fuzz_yaml(const char *text, size_t len)
{
	struct problems problems = {0};
	struct rules *rules = rules_new();
	struct tree_node *tree = NULL;

	if (tree_read("f", text, len, &problems, &tree) == 0 && tree)
		rules_add(rules, tree, &problems);
	for (size_t i = 0; i < problems.count && i < PROBLEMS_MAX; i++)
		if (!oracle_printable(problems.lines[i]))
			abort();
	rules_free(rules);
	tree_free(tree);
	problems_free(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char pattern[PATTERN_MAX + 1] = "", text[TEXT_MAX + 1] = "";
	const uint8_t *zero;
	size_t len;

	if (!size)
		return 0;
	if (*data < 128) {
		fuzz_yaml((const char *)data + 1, size - 1);
		return 0;
	}
	data++;
	size--;
	zero = memchr(data, 0, size);
	len = zero ? (size_t)(zero - data) : size;
	memcpy(pattern, data, len < PATTERN_MAX ? len : PATTERN_MAX);
	if (zero)
		memcpy(text, zero + 1, size - len - 1 < TEXT_MAX ? size - len - 1 : TEXT_MAX);
	fuzz_glob(pattern, text, data[-1] & 1);
	return 0;
}
