// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What waits to be stored: the same as the alert said, once for all that share it, and within its bound. */
#include "unit.h"

#include "bounds.h"
#include "store/brief.h"
#include "store/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The fields are not const, these texts are. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static struct alert make_alert(unsigned int number)
{
	struct alert alert = {
		.time = {.tv_sec = 7200 + number},
		.news = 1 + number,
		.token = {.prefix = "dt0c01", .type = "API token"},
		.process = {.pid = 7, .name = TEXT("x"), .executable = TEXT("/bin/x")},
		.file = {.path = TEXT("/f"), .type = "regular", .fs_type = TEXT("ext4"), .inode = 5},
		.write = {.syscall = "write", .seen_by = "buffer"},
		.host_name = "h",
	};

	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "dt0c01.%08u", number);
	return alert;
}

static struct brief *make(struct brief_bases *bases, const struct alert *alert)
{
	struct brief *brief;

	assert_int_equal(brief_make(bases, alert, &brief), 0);
	return brief;
}

/* One says what its alert said, whatever others were made of, and when what it shares was forgotten by who made it. */
static void test_shared(void **state)
{
	struct alert alerts[] = {make_alert(0), make_alert(1), make_alert(2), make_alert(3), make_alert(4)};
	struct brief *briefs[5];
	struct brief_bases *bases;

	(void)state;
	alerts[2].process.command_line = TEXT("x -y");
	alerts[3].file.inode = 6;
	alerts[4].token.placeholder = true;
	assert_int_equal(brief_bases_open(&bases), 0);
	for (size_t i = 0; i < 5; i++)
		briefs[i] = make(bases, &alerts[i]);
	/* all but the token, the time and the count */
	assert_ptr_equal(briefs[0]->base, briefs[1]->base);
	assert_true(briefs[1]->size < 128);
	assert_true(briefs[0]->size > 128);
	for (size_t i = 2; i < 5; i++)
		for (size_t k = 0; k < i; k++)
			assert_ptr_not_equal(briefs[i]->base, briefs[k]->base);
	brief_bases_close(bases);
	brief_free(briefs[0]);
	for (size_t i = 1; i < 5; i++) {
		struct fact fact = brief_fact(briefs[i]);

		assert_string_equal(fact.token, alerts[i].token.identifier);
		assert_string_equal(fact.file, "/f");
		assert_string_equal(fact.program, "/bin/x");
		assert_string_equal(fact.container, "");
		assert_null(fact.file_path);
		assert_int_equal(fact.first, alerts[i].time.tv_sec * 1000000);
		assert_int_equal(fact.last, fact.first);
		assert_int_equal(fact.count, i + 1);
		assert_int_equal(fact.inode, alerts[i].file.inode);
		assert_int_equal(fact.placeholder, alerts[i].token.placeholder);
		assert_true(i == 2 ? strcmp(fact.command_line, "x -y") == 0 : !fact.command_line);
		brief_free(briefs[i]);
	}
}

/* More processes and files than are held, and what is too long to be. */
static void test_many(void **state)
{
	static char path[8192];
	struct brief *briefs[2000];
	struct brief_bases *bases;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	assert_int_equal(brief_bases_open(&bases), 0);
	for (unsigned int i = 0; i < 2000; i++) {
		struct alert alert = make_alert(i);

		alert.file.inode = i % 700;
		alert.file.path = i % 100 == 99 ? path : TEXT("/f");
		briefs[i] = make(bases, &alert);
	}
	for (unsigned int i = 0; i < 2000; i++) {
		struct fact fact = brief_fact(briefs[i]);

		assert_int_equal(fact.inode, i % 700);
		assert_string_equal(fact.file, i % 100 == 99 ? path : "/f");
		brief_free(briefs[i]);
	}
	brief_bases_close(bases);
}

/* The key is the same where nothing of the base is. */
static void test_same(void **state)
{
	struct alert alerts[] = {make_alert(1), make_alert(1), make_alert(1), make_alert(1), make_alert(2)};
	struct brief *briefs[5];

	(void)state;
	alerts[1].process.pid = 8;
	alerts[2].ruling.allowed = true;
	alerts[3].time.tv_sec += 3600;
	for (size_t i = 0; i < 5; i++)
		briefs[i] = make(NULL, &alerts[i]);
	assert_ptr_not_equal(briefs[0]->base, briefs[1]->base);
	assert_int_equal(brief_hash(briefs[0]), brief_hash(briefs[1]));
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(brief_same(briefs[0], briefs[i]), i < 2);
	for (size_t i = 0; i < 5; i++)
		brief_free(briefs[i]);
}

static int count_fact(void *context, const struct fact *fact, struct pending_name *name)
{
	uint64_t *writes = context;

	(void)name;
	*writes += fact->count;
	return 0;
}

static int check_order(void *context, const struct fact *fact, struct pending_name *name)
{
	char *before = context;

	(void)name;
	assert_true(strcmp(before, fact->token) <= 0);
	strcpy(before, fact->token);
	return 0;
}

/* Each is walked over once, by its token; merged with what is there; and refused beyond the bound, which what is shared counts for. */
static void test_pending(void **state)
{
	struct pending *pending;
	struct brief_bases *bases;
	uint64_t writes = 0, taken = 0;
	char before[64] = "";
	unsigned int i;
	int r = 0;

	(void)state;
	assert_int_equal(brief_bases_open(&bases), 0);
	assert_int_equal(pending_open(&pending), 0);
	for (i = 0; r == 0; i++) {
		struct alert alert = make_alert(i * 7919 % 1000000);

		alert.news = 1;
		r = pending_add(pending, make(bases, &alert));
		taken += r == 0;
		assert_true(i < LIMIT_STORE_PENDING / 64);
	}
	assert_int_equal(r, -ENOSPC);
	assert_true(taken > LIMIT_STORE_PENDING / 256);
	/* what is there is added to */
	for (unsigned int k = 0; k < 100; k++) {
		struct alert alert = make_alert(k * 7919 % 1000000);

		alert.news = 1;
		assert_int_equal(pending_add(pending, make(bases, &alert)), 0);
		taken++;
	}
	assert_int_equal(pending_writes(pending), taken);
	assert_int_equal(pending_walk(pending, count_fact, &writes), 0);
	assert_int_equal(writes, taken);
	assert_int_equal(pending_walk_tokens(pending, check_order, before), 0);
	pending_clear(pending);
	assert_false(pending_any(pending));
	assert_int_equal(pending_writes(pending), 0);
	pending_close(pending);
	brief_bases_close(bases);
}

/* What is merged with another's leaves what they share waiting for those that have it still: it counts as long. */
static void test_pending_merged(void **state)
{
	static char command[3001];
	struct pending *pending;
	struct brief_bases *bases;
	unsigned int i;
	int r = 0;

	(void)state;
	memset(command, 'c', sizeof(command) - 1);
	assert_int_equal(brief_bases_open(&bases), 0);
	assert_int_equal(pending_open(&pending), 0);
	for (i = 0; r == 0; i++) {
		struct alert mine = make_alert(i + 1), everybodys = make_alert(0);

		mine.process.pid = everybodys.process.pid = (pid_t)i;
		mine.process.command_line = everybodys.process.command_line = command;
		r = pending_add(pending, make(bases, &everybodys));
		if (r == 0)
			r = pending_add(pending, make(bases, &mine));
		assert_true(i < LIMIT_STORE_PENDING / 3000);
	}
	assert_int_equal(r, -ENOSPC);
	pending_close(pending);
	brief_bases_close(bases);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),         cmocka_unit_test(test_many),
		cmocka_unit_test(test_same),           cmocka_unit_test(test_pending),
		cmocka_unit_test(test_pending_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
