// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A file of token identifiers → a list to look them up in. */
#include "rules/compiled.h"
#include "rules/file.h"

#include "detect/token.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int list_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "dt0c01.ABC…": what alerts call an identifier. */
static bool list_is_identifier(const char *word)
{
	const char *dot = strchr(word, '.');

	return strncmp(word, "dt0", 3) == 0 && dot == word + TOKEN_PREFIX_LEN && dot[1] &&
	       strspn(dot + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") ==
		       strlen(dot + 1) &&
	       strlen(word) <= WIDE_IDENTIFIER_MAX;
}

/* One line, without comment and spaces; NULL if there is nothing. */
static char *list_word(char *line)
{
	line[strcspn(line, "#\r")] = '\0';
	line += strspn(line, " \t");
	line[strcspn(line, " \t")] = '\0';
	return *line ? line : NULL;
}

static void list_split(struct rules_list *list, char *text, struct problems *problems)
{
	struct problem_place place = {list->path, 0, 1};

	for (char *line = text, *next; line; line = next) {
		char *word;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		place.line++;
		word = list_word(line);
		if (!word)
			continue;
		/* what it is instead may be a token: it is not repeated */
		if (list_is_identifier(word))
			list->words[list->count++] = word;
		else
			problems_add(
				problems, &place,
				"expected a token identifier (prefix, dot, public portion; nothing secret)");
	}
	qsort(list->words, list->count, sizeof(*list->words), list_compare);
}

int rules_list_read(const char *path, const struct problem_place *place, struct problems *problems,
		    struct rules_list *ret_list)
{
	struct rules_list list = {0};
	size_t len, lines = 1;
	int r = rules_file_read(path, &list.text, &len);

	if (r < 0) {
		problems_add(problems, place, "tokens_file: can't read %s: %s", path, rules_file_error(r));
		return r == -ENOMEM ? r : -EBADMSG;
	}
	for (size_t i = 0; i < len; i++)
		lines += list.text[i] == '\n';
	list.path = strdup(path);
	list.words = calloc(lines, sizeof(*list.words));
	if (!list.path || !list.words) {
		rules_list_free(&list);
		return -ENOMEM;
	}
	list_split(&list, list.text, problems);
	*ret_list = list;
	return 0;
}

void rules_list_free(struct rules_list *list)
{
	free(list->text);
	free(list->words);
	free(list->path);
	memset(list, 0, sizeof(*list));
}

bool rules_list_has(const struct rules_list *list, const struct glob_text *text)
{
	return bsearch(&text->text, list->words, list->count, sizeof(*list->words), list_compare);
}
