// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* git's raw lists, as git writes them and as it never does. */
#include "unit.h"

#include "scan/git.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE "0000000000000000000000000000000000000000"
#define A40 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B40 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C40 "cccccccccccccccccccccccccccccccccccccccc"
#define A64 A40 "aaaaaaaaaaaaaaaaaaaaaaaa"
#define NONE64 NONE "000000000000000000000000"

struct seen {
	char names[256];
	size_t submodules;
};

static bool seen_name(void *context, const char *path, const struct git_commit *commit)
{
	struct seen *seen = context;

	strcat(strcat(seen->names, path), commit ? "! " : " ");
	return strcmp(path, "unwanted") != 0;
}

static void seen_submodule(void *context, const char *path)
{
	struct seen *seen = context;

	assert_non_null(path);
	seen->submodules++;
}

static struct git_list *list_make(struct seen *seen, bool once)
{
	const struct git_list_use use = {seen, seen_name, seen_submodule};
	struct git_list *list;

	*seen = (struct seen){0};
	assert_int_equal(git_list_open(&use, once, &list), 0);
	return list;
}

static int list_read(struct git_list *list, const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	FILE *file;
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	file = fmemopen(copy, len ? len : 1, "r");
	assert_non_null(file);
	r = git_list_read(list, file);
	fclose(file);
	free(copy);
	return r;
}

#define READ(list, text) list_read(list, text, sizeof(text) - 1)

/* The index: paths of any bytes, what was deleted, a submodule, the same content twice. */
static void test_staged(void **state)
{
	struct seen seen;
	struct git_list *list = list_make(&seen, false);
	const struct git_object *objects;
	size_t count, id_len;

	(void)state;
	assert_int_equal(READ(list, ":000000 100644 " NONE " " A40 " A\0:a\n b\0"
				    ":100644 120000 " B40 " " A40 " T\0link\0"
				    ":100644 000000 " B40 " " NONE " D\0gone\0"
				    ":000000 160000 " NONE " " C40 " A\0sub\0"),
			 0);
	objects = git_list_objects(list, &count, &id_len);
	assert_int_equal(count, 2);
	assert_int_equal(id_len, 20);
	assert_int_equal(objects[0].id[0], 0xaa);
	assert_int_equal(objects[0].id[20], 0);
	assert_string_equal(objects[0].path, ":a\n b");
	assert_string_equal(objects[1].path, "link");
	assert_null(objects[1].commit);
	assert_string_equal(seen.names, ":a\n b link sub ");
	assert_int_equal(seen.submodules, 1);
	git_list_close(list);
}

/* What is not wanted by its path is read where it comes by another one. */
static void test_unwanted(void **state)
{
	struct seen seen;
	struct git_list *list = list_make(&seen, true);
	const struct git_object *objects;
	size_t count, id_len;

	(void)state;
	assert_int_equal(READ(list, ":000000 100644 " NONE " " A40 " A\0unwanted\0"
				    ":000000 100644 " NONE " " A40 " A\0b\0"
				    ":000000 160000 " NONE " " B40 " A\0unwanted\0"),
			 0);
	objects = git_list_objects(list, &count, &id_len);
	assert_int_equal(count, 1);
	assert_string_equal(objects[0].path, "b");
	assert_int_equal(seen.submodules, 0);
	git_list_close(list);
}

/* Commits with their authors, a merge of two and of three, an empty one; each content where it came first. */
static void test_commits(void **state)
{
	struct seen seen;
	struct git_list *list = list_make(&seen, true);
	const struct git_object *objects;
	size_t count, id_len;

	(void)state;
	assert_int_equal(READ(list,
			      "\1" A40 "\0An Author <a@b.c>\0\n:000000 100644 " NONE " " B40 " A\0first\0"
			      "\1" B40 "\0B <b>\0\n"
			      "\1" C40 "\0C <c>\0\n\0::100644 000000 100755 " A40 " " NONE " " B40
			      " MA\0again\0:::100644 100644 100644 100644 " A40 " " A40 " " A40 " " C40
			      " MMM\0three\0"),
			 0);
	objects = git_list_objects(list, &count, &id_len);
	/* commits are objects themselves, and B and C's ids were theirs first */
	assert_int_equal(count, 3);
	assert_null(objects[0].path);
	assert_string_equal(objects[0].commit->id, A40);
	assert_string_equal(objects[1].path, "first");
	assert_string_equal(objects[1].commit->author, "An Author <a@b.c>");
	assert_null(objects[2].path);
	assert_string_equal(objects[2].commit->id, C40);
	assert_string_equal(seen.names, "first! again! three! ");
	git_list_close(list);
}

static void test_sha256(void **state)
{
	struct seen seen;
	struct git_list *list = list_make(&seen, true);
	size_t count, id_len;

	(void)state;
	assert_int_equal(READ(list, ":000000 100644 " NONE64 " " A64 " A\0a\0"), 0);
	assert_int_equal(git_list_objects(list, &count, &id_len)[0].id[31], 0xaa);
	assert_int_equal(id_len, 32);
	/* not both */
	assert_int_equal(READ(list, ":000000 100644 " NONE " " A40 " A\0b\0"), -EBADMSG);
	git_list_close(list);
}

/* As many as the table has to grow for, each twice. */
static void test_many(void **state)
{
	struct seen seen;
	struct git_list *list = list_make(&seen, true);
	size_t count, id_len;
	char text[256];

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		int len = snprintf(text, sizeof(text), ":000000 100644 " NONE " %08x%032x A",
				   (i % 5000 + 1) * 2654435761U, i % 5000);

		memcpy(text + len, "\0p", 3);
		assert_int_equal(list_read(list, text, (size_t)len + 3), 0);
	}
	git_list_objects(list, &count, &id_len);
	assert_int_equal(count, 5000);
	assert_string_equal(seen.names, "p ");
	git_list_close(list);
}

/* What is cut, or is none of it, is told; nothing is read past its end. */
static void test_wrong(void **state)
{
	static const char good[] =
		"\1" A40 "\0A <a>\0\n::100644 100644 100644 " A40 " " A40 " " B40 " MM\0a\0";
	static const char *const bad[] = {
		"x",
		":",
		":100644",
		":100644 100644 " A40 " " B40,
		":100644 100644 " A40 " xyz M",
		":100644 100644 " A40 " B" A40 " M",
		"::100644 100644 " A40 " " B40 " M",
		"\1",
		"\1" A40 "x",
	};
	struct seen seen;

	(void)state;
	for (size_t len = 0; len <= sizeof(good) - 1; len++) {
		struct git_list *list = list_make(&seen, true);
		int r = list_read(list, good, len);

		assert_true(r == 0 || r == -EBADMSG);
		git_list_close(list);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct git_list *list = list_make(&seen, true);

		assert_int_equal(list_read(list, bad[i], strlen(bad[i]) + 1), -EBADMSG);
		git_list_close(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_staged),  cmocka_unit_test(test_unwanted),
		cmocka_unit_test(test_commits), cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_many),    cmocka_unit_test(test_wrong),
	};

	return UNIT_RUN(tests);
}
