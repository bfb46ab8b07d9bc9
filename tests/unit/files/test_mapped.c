// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Mapped files: looked at while their process lives, then once more. */
#include "unit.h"
#include "start.h"

#include "bounds.h"
#include "files/mapped.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct mapped_heirs nobody;
static size_t looks;
static struct mapped_look last; /* the last that was asked for */
static struct token_sample last_head;

/* A whole round: each file is looked at to its end. */
static void walk(struct mapped *mapped)
{
	uint64_t past = 0;

	mapped_begin(mapped);
	while (mapped_next(mapped, &last)) {
		assert_true(last.view.head->tgid > 0);
		last_head = *last.view.head;
		looks++;
		mapped_told(mapped, last.id, last.end, last.end, last.end - last.from, &nobody, &past);
	}
	assert_int_equal(past, 0);
	assert_int_equal(mapped_left(mapped), 0);
}

static struct sample_view sample_make(struct token_sample *sample, uint32_t tgid, uint64_t inode)
{
	struct sample_view view;

	memset(sample, 0, sizeof(*sample));
	sample->size = sizeof(*sample);
	sample->tgid = tgid;
	sample->inode = inode;
	sample->start = unit_start();
	assert_int_equal(sample_view_parse(sample, sizeof(*sample), &view), 0);
	return view;
}

/* A file that is never written back doesn't say when it changes: it is looked at each time, and what is found came since. */
static void test_looks(void **state)
{
	struct token_sample sample;
	struct sample_view view = sample_make(&sample, (uint32_t)getpid(), 1);
	struct mapped *mapped;
	uint64_t time;

	(void)state;
	looks = 0;
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	assert_false(mapped_any(mapped));
	assert_int_equal(mapped_add(mapped, &view, 7), 0);
	assert_true(mapped_any(mapped));
	walk(mapped);
	assert_int_equal(last_head.time, sample.time);
	for (int i = 0; i < 4; i++) {
		time = last_head.time;
		walk(mapped);
		assert_true(last_head.time > time);
	}
	assert_int_equal(looks, 5);
	mapped_close(mapped);
}

/* Windows of one file by one process: one look, at all of them. */
static void test_windows(void **state)
{
	static const struct {
		int64_t offset;
		uint64_t length, start, end;
	} windows[] = {{65536, 4096, 65536, 69632},
		       {0, 4096, 0, 69632},
		       {131072, 8192, 0, 139264},
		       {4096, 4096, 0, 139264}};
	struct token_sample sample;
	struct mapped *mapped;

	(void)state;
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		struct sample_view view = sample_make(&sample, (uint32_t)getpid(), 1);

		sample.offset = windows[i].offset;
		sample.length = windows[i].length;
		assert_int_equal(mapped_add(mapped, &view, i + 1), i > 0);
		looks = 0;
		walk(mapped);
		assert_int_equal(looks, 1);
		assert_int_equal(last.from, windows[i].start);
		assert_int_equal(last.end, windows[i].end);
		assert_int_equal(last.id, 1);
	}
	mapped_close(mapped);
}

static void test_gone(void **state)
{
	struct token_sample sample;
	struct sample_view view;
	struct mapped *mapped;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	view = sample_make(&sample, (uint32_t)pid, 1);
	looks = 0;
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	assert_int_equal(mapped_add(mapped, &view, 1), 0);
	walk(mapped);
	assert_int_equal(looks, 1);
	assert_false(mapped_any(mapped));
	mapped_close(mapped);
}

/* Its process has ended, and a child has what it had mapped: that one is looked after from then on, unless it is already. */
static void test_heir(void **state)
{
	const struct mapped_heirs heir = {
		.first = {unit_start(), (uint32_t)getpid(), 7, 8, 9, 0, 0, "heir"},
		.all = {{.tgid = (uint32_t)getpid()}, {.tgid = 99999, .start = 5}},
		.count = 2,
	};
	const struct mapped_heirs later = {.later = 1};
	struct token_sample sample;
	struct sample_view view;
	struct mapped *mapped;
	uint64_t past = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	/* it has ended, though it is there still */
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	for (uint64_t id = 1; id <= 2; id++) {
		view = sample_make(&sample, (uint32_t)pid, 1);
		assert_int_equal(mapped_add(mapped, &view, id), 0);
		mapped_begin(mapped);
		while (mapped_next(mapped, &last)) {
			assert_int_equal(last.gone != 0, last.id == id);
			/* not in one turn */
			if (last.from == 0 && last.id == id)
				assert_false(mapped_told(mapped, last.id, 1, 2, 1, &nobody, &past));
			/* there was no time to ask */
			if (last.id == id) {
				assert_false(mapped_told(mapped, last.id, 2, 2, 1, &later, &past));
				mapped_begin(mapped);
				assert_true(mapped_next(mapped, &last));
				if (last.id != id) {
					mapped_told(mapped, last.id, 2, 2, 1, &nobody, &past);
					assert_true(mapped_next(mapped, &last));
				}
				assert_true(last.gone);
				assert_int_equal(last.oldest, sample.start);
			}
			assert_int_equal(
				mapped_told(mapped, last.id, 2, 2, 1, last.gone ? &heir : &nobody, &past),
				id == 2 && last.id == 2);
		}
		mapped_begin(mapped);
		assert_int_equal(mapped_left(mapped), 1);
		assert_true(mapped_next(mapped, &last));
		assert_int_equal(last.id, 1);
		assert_int_equal(last.gone, 0);
		assert_int_equal(last.heir_count, 1);
		assert_int_equal(last.heirs[0].tgid, 99999);
		assert_int_equal(last.view.head->parent_tgid, pid);
		assert_true(last.view.head->flags & SAMPLE_ANCESTORS_CUT);
		assert_int_equal(last.view.head->tgid, getpid());
		assert_int_equal(last.view.head->ns_tgid, 7);
		assert_int_equal(last.view.head->uid, 8);
		assert_string_equal(last.view.head->comm, "heir");
		assert_false(mapped_told(mapped, 1, 2, 2, 1, &nobody, &past));
	}
	waitpid(pid, NULL, 0);
	mapped_close(mapped);
}

/* The one that was it stands above who has inherited it, unless they were children of the same. Its start is known to a tick. */
static void test_above(void **state)
{
	struct mapped_heir heir = {.start = 70000000, .tgid = 9, .comm = "heir"};
	struct sample_ancestor above[2] = {{.tgid = 2, .comm = "two"}, {.tgid = 1, .comm = "init"}};
	struct token_sample sample = {.tgid = 5,
				      .start = 50,
				      .comm = "mapper",
				      .parent_tgid = 4,
				      .parent_start = 40,
				      .parent_comm = "shell",
				      .ancestors_len = sizeof(above)};
	struct sample_view view;
	struct mapped *mapped;

	(void)state;
	mapped_inherit(&sample, (char *)above, &heir);
	assert_int_equal(sample.tgid, 9);
	assert_int_equal(sample.parent_tgid, 5);
	assert_int_equal(sample.parent_start, 50);
	assert_string_equal(sample.parent_comm, "mapper");
	assert_int_equal(above[0].tgid, 4);
	assert_int_equal(above[0].start, 40);
	assert_string_equal(above[0].comm, "shell");
	assert_int_equal(above[1].tgid, 2);
	assert_true(sample.flags & SAMPLE_ANCESTORS_CUT);
	heir.tgid = 10;
	heir.sibling = 1;
	mapped_inherit(&sample, (char *)above, &heir);
	assert_int_equal(sample.tgid, 10);
	assert_int_equal(sample.parent_tgid, 5);
	assert_int_equal(above[0].tgid, 4);
	/* it maps the file itself: the same one, by what the kernel says of its start */
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	view = sample_make(&sample, (uint32_t)getpid(), 1);
	assert_int_equal(mapped_add(mapped, &view, 1), 0);
	sample.start += 7654321;
	assert_int_equal(mapped_add(mapped, &view, 2), 1);
	sample.start += 10000000;
	assert_int_equal(mapped_add(mapped, &view, 3), 0);
	mapped_close(mapped);
}

/* Who maps files without end leaves room for others. */
static void test_bound(void **state)
{
	struct token_sample sample;
	struct mapped *mapped;

	(void)state;
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	for (uint64_t i = 0; i < 2 * LIMIT_MAPPED; i++) {
		struct sample_view view = sample_make(&sample, (uint32_t)getpid(), i + 1);
		bool room = i < LIMIT_MAPPED - LIMIT_MAPPED_KEPT;

		sample.group = 5;
		assert_int_equal(mapped_add(mapped, &view, i + 1), room ? 0 : -ENOSPC);
		/* the same one again takes no place */
		if (room)
			assert_int_equal(mapped_add(mapped, &view, 0), 1);
	}
	for (uint64_t i = 0; i <= LIMIT_MAPPED_KEPT; i++) {
		struct sample_view view = sample_make(&sample, (uint32_t)getpid(), 10000 + i);

		sample.group = 100 + i;
		assert_int_equal(mapped_add(mapped, &view, 10000 + i), i < LIMIT_MAPPED_KEPT ? 0 : -ENOSPC);
	}
	assert_true(mapped_forget(mapped, 10000));
	assert_false(mapped_forget(mapped, 10000));
	mapped_close(mapped);
}

/* A look takes several turns; of a file that is too long, only so much is read. */
static void test_turns(void **state)
{
	struct token_sample sample;
	struct sample_view view = sample_make(&sample, (uint32_t)getpid(), 1);
	uint64_t past = 0, at = 0;
	struct mapped *mapped;
	size_t turns = 0;

	(void)state;
	sample.length = LIMIT_FILE_SCAN + (3 << 20);
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	assert_int_equal(mapped_add(mapped, &view, 1), 0);
	mapped_begin(mapped);
	while (mapped_next(mapped, &last)) {
		assert_int_equal(last.from, at);
		at += 32 << 20;
		assert_false(mapped_told(mapped, 1, at, last.end, 32 << 20, &nobody, &past));
		turns++;
	}
	assert_int_equal(turns, LIMIT_FILE_SCAN / (32 << 20));
	assert_int_equal(past, 3 << 20);
	/* holes cost nothing */
	mapped_begin(mapped);
	assert_true(mapped_next(mapped, &last));
	assert_false(mapped_told(mapped, 1, last.end - 1, last.end, 4096, &nobody, &past));
	assert_true(mapped_next(mapped, &last));
	assert_int_equal(last.from, last.end - 1);
	mapped_close(mapped);
}

/* Others that have mapped the same file are named with it. */
static void test_rivals(void **state)
{
	struct token_sample sample;
	struct mapped *mapped;

	(void)state;
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	for (uint32_t i = 0; i < 3; i++) {
		struct sample_view view = sample_make(&sample, (uint32_t)getpid(), i < 2 ? 1 : 2);

		sample.start += i * 1000000000ULL;
		assert_int_equal(mapped_add(mapped, &view, i + 1), 0);
	}
	mapped_begin(mapped);
	while (mapped_next(mapped, &last)) {
		uint64_t past = 0;

		/* the second is looked at before the first, and gone then: it is a process that never was */
		assert_int_equal(last.rival_count, last.id == 2);
		if (last.id == 2)
			assert_int_equal(last.rivals[0].start, last.view.head->start - 1000000000ULL);
		mapped_told(mapped, last.id, last.end, last.end, 0, &nobody, &past);
	}
	mapped_close(mapped);
}

/* The number is somebody else's by now: a process is not its number alone. */
static void test_reused(void **state)
{
	struct token_sample sample;
	struct sample_view view = sample_make(&sample, (uint32_t)getpid(), 1);
	struct mapped *mapped;

	(void)state;
	looks = 0;
	sample.start += 1000000000ULL;
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	assert_int_equal(mapped_add(mapped, &view, 1), 0);
	walk(mapped);
	assert_int_equal(looks, 1);
	assert_false(mapped_any(mapped));
	mapped_close(mapped);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks), cmocka_unit_test(test_windows), cmocka_unit_test(test_gone),
		cmocka_unit_test(test_heir),  cmocka_unit_test(test_reused),  cmocka_unit_test(test_bound),
		cmocka_unit_test(test_turns), cmocka_unit_test(test_rivals),  cmocka_unit_test(test_above),
	};

	return UNIT_RUN(tests);
}
