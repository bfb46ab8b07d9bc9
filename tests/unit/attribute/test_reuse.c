// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* By what a process and a file are known again. */
#include "unit.h"

#include "attribute/reuse.h"

#include <string.h>

static uint64_t key_of(const struct reuse *reuse, const char *path, const char *text, uint64_t seq)
{
	struct token_sample head = {.size = sizeof(head),
				    .seq = seq,
				    .time = seq,
				    .tgid = 7,
				    .path_len = (uint16_t)strlen(path),
				    .text_len = (uint16_t)strlen(text)};
	struct sample_view view = {.head = &head,
				   .window = head.window,
				   .path = path,
				   .exe = "",
				   .args = "",
				   .ancestors = "",
				   .cgroup = "",
				   .inner = "",
				   .cwd = "",
				   .text = text};

	head.size += (uint32_t)(strlen(path) + strlen(text));
	return reuse_key(reuse, &view);
}

/* What was written, and when, is nothing of it: a secret portion may be in that. */
static void test_key(void **state)
{
	struct reuse *reuse;
	uint64_t key;

	(void)state;
	assert_int_equal(reuse_open(&reuse), 0);
	key = key_of(reuse, "/srv/log", "", 1);
	assert_true(key_of(reuse, "/srv/log", "", 2) == key);
	assert_true(key_of(reuse, "/srv/log", "some bytes that were written", 1) == key);
	assert_true(key_of(reuse, "/srv/log", "others", 3) == key);
	assert_false(key_of(reuse, "/srv/lo", "g", 1) == key);
	assert_false(key_of(reuse, "/srv/log2", "", 1) == key);
	reuse_close(reuse);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
	};

	return UNIT_RUN(tests);
}
