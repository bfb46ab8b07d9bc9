// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What second looks have found: held until it is sure that no first look has, and told with its writer filled in. */
#include "unit.h"

#include "bounds.h"
#include "detect/kept.h"
#include "engine/recheck.h"

#include <errno.h>
#include <stdlib.h>

#define HELD_MAX 4096

struct told {
	size_t count;
	struct token_sample last;
	char exe[64], inner[64], path[64];
	uint8_t window[TOKEN_MAX_LEN];
	uint64_t waits; /* for a first look at that place */
	size_t asked;
};

static void told_string(char *to, size_t size, const char *text, size_t len)
{
	assert_true(len < size);
	memcpy(to, text, len);
	to[len] = '\0';
}

static void told_add(void *context, const struct sample_view *view)
{
	struct told *told = context;

	told->count++;
	told->last = *view->head;
	told_string(told->exe, sizeof(told->exe), view->exe, view->head->exe_len);
	told_string(told->inner, sizeof(told->inner), view->inner, view->head->inner_len);
	told_string(told->path, sizeof(told->path), view->path, view->head->path_len);
	memcpy(told->window, view->window, view->head->window_len);
}

static bool told_waits(void *context, uint64_t place)
{
	struct told *told = context;

	told->asked++;
	return told->waits == place;
}

/* A sample with room for its strings. */
struct made {
	struct token_sample head;
	char strings[1024];
};

static struct sample_view made_view(struct made *made, const char *path, const char *exe, const char *inner)
{
	struct sample_view view;
	char *at = made->strings;

	made->head.path_len = (uint16_t)strlen(path);
	made->head.exe_len = (uint16_t)strlen(exe);
	made->head.inner_len = (uint16_t)strlen(inner);
	at = stpcpy(stpcpy(stpcpy(at, path), exe), inner);
	made->head.size = (uint32_t)(sizeof(made->head) + (size_t)(at - made->strings));
	assert_int_equal(sample_view_parse(made, made->head.size, &view), 0);
	return view;
}

/* A token that was found in inode 5 of device 6. */
static struct sample_view found_make(struct made *made, uint64_t token, uint64_t described)
{
	*made = (struct made){.head = {.flags = SAMPLE_RECHECK | SAMPLE_CACHE,
				       .seq = 900,
				       .time = 1000,
				       .tgid = 70,
				       .inode = 5,
				       .device = 6,
				       .offset = 4000,
				       .length = 4096,
				       .token_at = 96,
				       .token_key = token,
				       .place = 8,
				       .described = described,
				       .window_len = TOKEN_MAX_LEN}};
	memset(made->head.window, 'w', sizeof(made->head.window));
	return made_view(made, "", "", "/inner/file");
}

static struct sample_view writer_make(struct made *made, uint64_t seq, const char *exe)
{
	*made = (struct made){.head = {.flags = SAMPLE_DESCRIBES | SAMPLE_ARGS_TRUNCATED,
				       .seq = seq,
				       .time = 500,
				       .tgid = 70,
				       .start = 60,
				       .inode = 50,
				       .device = 60,
				       .writer = 9,
				       .cgroup_id = 77}};
	return made_view(made, "/as/the/process/sees/it", exe, "/other");
}

static void test_hold(void **state)
{
	struct recheck *recheck;
	struct told told = {0};
	struct sample_view view;
	struct made made;

	(void)state;
	assert_int_equal(recheck_open(&recheck), 0);
	assert_int_equal(recheck_held(recheck), 0);
	for (uint64_t i = 0; i < 3; i++) {
		view = found_make(&made, i, 0);
		assert_int_equal(recheck_hold(recheck, &view, (int64_t)(1000 + 100 * i)), 0);
	}
	/* a copy: what the ring holds is the next one's by now */
	memset(&made, 0, sizeof(made));
	assert_int_not_equal(recheck_held(recheck), 0);
	assert_int_equal(recheck_timeout(recheck, 1000), RECHECK_HOLD_MS);
	assert_int_equal(recheck_timeout(recheck, 1000 + RECHECK_HOLD_MS + 5), 0);
	recheck_walk(recheck, 1000 + RECHECK_HOLD_MS - 1, false, told_waits, told_add, &told);
	assert_int_equal(told.count, 0);
	/* those that were held long enough, the oldest first */
	recheck_walk(recheck, 1100 + RECHECK_HOLD_MS, false, told_waits, told_add, &told);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.last.token_key, 1);
	assert_int_equal(told.window[TOKEN_MAX_LEN - 1], 'w');
	recheck_walk(recheck, 1100 + RECHECK_HOLD_MS, true, told_waits, told_add, &told);
	assert_int_equal(told.count, 3);
	assert_int_equal(told.last.token_key, 2);
	assert_int_equal(recheck_held(recheck), 0);
	assert_int_equal(recheck_timeout(recheck, 100000), -1);
	recheck_walk(recheck, 100000, true, told_waits, told_add, &told);
	assert_int_equal(told.count, 3);
	recheck_close(recheck);
}

/* A first look that has to read the file comes late: what is held of that place waits for it, though not for ever, and other places' doesn't. */
static void test_waits(void **state)
{
	struct told told = {.waits = 8};
	struct recheck *recheck;
	struct sample_view view;
	struct made made;

	(void)state;
	assert_int_equal(recheck_open(&recheck), 0);
	for (uint64_t token = 1; token <= 3; token++) {
		view = found_make(&made, token, 0);
		made.head.place = token == 2 ? 9 : 8;
		assert_int_equal(recheck_hold(recheck, &view, 1000), 0);
	}
	recheck_walk(recheck, 1000 + RECHECK_HOLD_MS, false, told_waits, told_add, &told);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.last.token_key, 2);
	assert_int_equal(recheck_timeout(recheck, 1000 + RECHECK_HOLD_MS), RECHECK_AGAIN_MS);
	/* nobody is asked in between */
	told.asked = 0;
	recheck_walk(recheck, 1000 + RECHECK_HOLD_MS + RECHECK_AGAIN_MS - 1, false, told_waits, told_add,
		     &told);
	assert_int_equal(told.asked, 0);
	/* the look has come, and found one of them */
	assert_true(recheck_take(recheck, 1, 8));
	recheck_walk(recheck, 999 + RECHECK_WAIT_MS, false, told_waits, told_add, &told);
	assert_int_equal(told.count, 1);
	assert_int_equal(recheck_timeout(recheck, 999 + RECHECK_WAIT_MS), 1);
	/* of the other one nothing was heard in time */
	recheck_walk(recheck, 1000 + RECHECK_WAIT_MS, false, told_waits, told_add, &told);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.last.token_key, 3);
	/* the end waits for nobody */
	view = found_make(&made, 4, 0);
	assert_int_equal(recheck_hold(recheck, &view, 1000), 0);
	recheck_walk(recheck, 0, true, told_waits, told_add, &told);
	assert_int_equal(told.count, 3);
	recheck_close(recheck);
}

static void claim_add(struct recheck *recheck, uint64_t token, const struct sample_view *view)
{
	const struct recheck_claim claim = {
		.token_key = token, .at = 40, .time = 1000, .entry = {.found = true, .unit = "a.service"}};

	recheck_claim(recheck, view, &claim);
}

/* A look into the file was there before what a second look has found was taken from the ring: that is the call's then, once, and no other place's or time's. */
static void test_claim(void **state)
{
	static const struct {
		uint64_t token, place, time;
		int64_t at;
		bool claimed;
	} cases[] = {{1, 8, 1000, 40, true},      {2, 8, 1000, 40, false},       {1, 9, 1000, 40, false},
		     {1, 8, 900000000, 40, true}, {1, 8, 2000000000, 40, false}, {1, 8, 1000, 4136, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct recheck_claim claim;
		struct recheck *recheck;
		struct sample_view view;
		struct made made;
		bool claimed;

		assert_int_equal(recheck_open(&recheck), 0);
		view = writer_make(&made, 1, "/bin/call");
		made.head.place = 8;
		claim_add(recheck, 1, &view);
		/* many others, but not too many of each group */
		for (uint64_t other = 100; other < 163; other++) {
			made.head.group = 1 + other % 7;
			claim_add(recheck, other, &view);
		}
		found_make(&made, cases[i].token, 0);
		made.head.place = cases[i].place;
		made.head.time = cases[i].time;
		made.head.offset = cases[i].at - 10;
		made.head.token_at = 10;
		claimed = recheck_claimed(recheck, &made.head, &claim);
		assert_int_equal(claimed, cases[i].claimed);
		if (claimed) {
			assert_int_equal(sample_view_parse(claim.sample, claim.sample->size, &view), 0);
			assert_memory_equal(view.exe, "/bin/call", sizeof("/bin/call") - 1);
			assert_string_equal(claim.entry.unit, "a.service");
			recheck_unclaim(&claim);
			assert_false(recheck_claimed(recheck, &made.head, &claim));
		}
		recheck_close(recheck);
	}
}

/* Who claims without end takes nobody else's; and what was told of long ago is not claimed at all. */
static void test_claims(void **state)
{
	struct recheck_claim claim;
	struct recheck *recheck;
	struct sample_view view;
	struct made made;

	(void)state;
	assert_int_equal(recheck_open(&recheck), 0);
	view = writer_make(&made, 1, "/bin/call");
	made.head.place = 8;
	made.head.group = 1;
	claim_add(recheck, 1, &view);
	made.head.group = 2;
	for (uint64_t other = 100; other < 1000; other++)
		claim_add(recheck, other, &view);
	recheck_second(recheck, 7, 8);
	made.head.group = 3;
	claim_add(recheck, 7, &view);
	found_make(&made, 1, 0);
	made.head.place = 8;
	made.head.time = 1000;
	made.head.offset = 40;
	made.head.token_at = 0;
	assert_true(recheck_claimed(recheck, &made.head, &claim));
	recheck_unclaim(&claim);
	made.head.token_key = 7;
	assert_false(recheck_claimed(recheck, &made.head, &claim));
	made.head.token_key = 999;
	assert_true(recheck_claimed(recheck, &made.head, &claim));
	recheck_unclaim(&claim);
	made.head.token_key = 900;
	assert_false(recheck_claimed(recheck, &made.head, &claim));
	recheck_close(recheck);
}

/* A first look speaks for itself: the same token in the same place, whatever inode is shown, and not the same process's in another place. */
static void test_first(void **state)
{
	static const struct {
		uint64_t token, place, inode;
		uint32_t tgid;
		size_t left;
	} cases[] = {{1, 8, 5, 70, 0}, {1, 8, 5, 71, 0}, {1, 8, 15, 71, 0}, {1, 9, 15, 70, 1},
		     {2, 8, 5, 70, 1}, {1, 9, 5, 71, 1}, {2, 9, 15, 71, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct recheck *recheck;
		struct told told = {0};
		struct sample_view view;
		struct made made;

		assert_int_equal(recheck_open(&recheck), 0);
		view = found_make(&made, 1, 0);
		assert_int_equal(recheck_hold(recheck, &view, 0), 0);
		made.head.token_key = cases[i].token;
		made.head.place = cases[i].place;
		made.head.inode = cases[i].inode;
		made.head.tgid = cases[i].tgid;
		recheck_first(recheck, &view);
		assert_int_equal(recheck_held(recheck) != 0, cases[i].left);
		recheck_walk(recheck, 0, true, told_waits, told_add, &told);
		assert_int_equal(told.count, cases[i].left);
		recheck_close(recheck);
	}
}

/* A first look that had to read the file comes later: it takes what is held of that token in that place, and is told whether there was any. */
static void test_take(void **state)
{
	struct recheck *recheck;
	struct told told = {0};
	struct sample_view view;
	struct made made;

	(void)state;
	assert_int_equal(recheck_open(&recheck), 0);
	view = found_make(&made, 1, 0);
	assert_int_equal(recheck_hold(recheck, &view, 0), 0);
	assert_false(recheck_take(recheck, 2, made.head.place));
	assert_false(recheck_take(recheck, 1, made.head.place + 1));
	assert_true(recheck_take(recheck, 1, made.head.place));
	assert_false(recheck_take(recheck, 1, made.head.place));
	recheck_walk(recheck, 0, true, told_waits, told_add, &told);
	assert_int_equal(told.count, 0);
	recheck_close(recheck);
}

/* A first look was there by a hair: what comes behind it in the ring is the same token, if it is of the same time. */
static void test_behind(void **state)
{
	static const struct {
		uint64_t token, place, time;
		size_t held;
	} cases[] = {{1, 8, 1000, 0},
		     {1, 8, 900000000, 0},
		     {1, 8, 2000000000, 1},
		     {2, 8, 1000, 1},
		     {1, 9, 1000, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct recheck *recheck;
		struct sample_view view;
		struct made made;

		assert_int_equal(recheck_open(&recheck), 0);
		view = found_make(&made, cases[i].token, 0);
		made.head.place = cases[i].place;
		made.head.time = cases[i].time;
		/* by a look into the file, likewise */
		if (cases[i].time == 1000)
			recheck_told(recheck, cases[i].token, cases[i].place, 1000);
		else
			recheck_first(recheck, &view);
		/* many others, but not too many */
		for (uint64_t other = 0; other < 255; other++) {
			made.head.token_key = 100 + other;
			recheck_first(recheck, &view);
		}
		view = found_make(&made, 1, 0);
		assert_int_equal(recheck_hold(recheck, &view, 0), 0);
		assert_int_equal(recheck_held(recheck), cases[i].held);
		recheck_close(recheck);
	}
}

/* The file and the token of the one, the process of the other. */
static void test_writer(void **state)
{
	struct recheck *recheck;
	struct told told = {0};
	struct sample_view view;
	struct made made;

	(void)state;
	assert_int_equal(recheck_open(&recheck), 0);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		view = writer_make(&made, seq, seq == 2 ? "/bin/second" : "/bin/other");
		assert_int_equal(recheck_describe(recheck, &view), 0);
	}
	view = found_make(&made, 1, 2);
	assert_int_equal(recheck_hold(recheck, &view, 0), 0);
	recheck_walk(recheck, 0, true, told_waits, told_add, &told);
	assert_string_equal(told.exe, "/bin/second");
	assert_int_equal(told.last.start, 60);
	assert_int_equal(told.last.cgroup_id, 77);
	assert_int_equal(told.last.writer, 9);
	assert_int_equal(told.last.flags, SAMPLE_RECHECK | SAMPLE_CACHE | SAMPLE_ARGS_TRUNCATED);
	/* where it was mapped may be another name of the file, or another file's, if it was described once for both */
	assert_string_equal(told.path, "");
	assert_string_equal(told.inner, "/inner/file");
	assert_int_equal(told.last.inode, 5);
	assert_int_equal(told.last.device, 6);
	assert_int_equal(told.last.place, 8);
	assert_int_equal(told.last.seq, 900);
	assert_int_equal(told.last.time, 1000);
	assert_int_equal(told.last.offset + told.last.token_at, 4096);
	assert_int_equal(told.last.news, 1);
	assert_int_equal(told.window[0], 'w');
	/* nobody has described it, or it is forgotten: as it was found */
	for (uint64_t seq = 0; seq <= 9; seq += 9) {
		view = found_make(&made, 1, seq);
		assert_int_equal(recheck_hold(recheck, &view, 0), 0);
		recheck_walk(recheck, 0, true, told_waits, told_add, &told);
		assert_string_equal(told.exe, "");
		assert_int_equal(told.last.tgid, 70);
		assert_int_equal(told.last.start, 0);
	}
	recheck_close(recheck);
}

/* A worker of the kernel is nobody's name; a kernel thread of its own, or who only calls itself so, is told. */
static void test_worker(void **state)
{
	static const struct {
		const char *comm;
		uint32_t flags, tgid;
	} cases[] = {
		{"kworker/u8:0", SAMPLE_KTHREAD, 0}, {"nfsd", SAMPLE_KTHREAD, 70}, {"kworker/u8:0", 0, 70}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct recheck *recheck;
		struct told told = {0};
		struct sample_view view;
		struct made made;

		assert_int_equal(recheck_open(&recheck), 0);
		view = writer_make(&made, 1, "");
		made.head.flags |= cases[i].flags;
		memcpy(made.head.comm, cases[i].comm, strlen(cases[i].comm));
		assert_int_equal(recheck_describe(recheck, &view), 0);
		view = found_make(&made, 1, 1);
		memcpy(made.head.comm, cases[i].comm, strlen(cases[i].comm));
		assert_int_equal(recheck_hold(recheck, &view, 0), 0);
		recheck_walk(recheck, 0, true, told_waits, told_add, &told);
		assert_int_equal(told.count, 1);
		assert_int_equal(told.last.tgid, cases[i].tgid);
		assert_string_equal(told.last.comm, cases[i].tgid ? cases[i].comm : "");
		assert_int_equal(told.last.flags & SAMPLE_KTHREAD, cases[i].flags);
		assert_string_equal(told.inner, "/inner/file");
		assert_int_equal(told.window[0], 'w');
		recheck_close(recheck);
	}
}

static void test_bounds(void **state)
{
	enum { WRITERS = 10000 };
	struct recheck *recheck;
	struct told told = {0};
	struct sample_view view;
	struct made made;
	size_t known = 0;

	(void)state;
	assert_int_equal(recheck_open(&recheck), 0);
	for (size_t i = 0; i <= HELD_MAX; i++) {
		view = found_make(&made, i, 0);
		assert_int_equal(recheck_hold(recheck, &view, 0), i < HELD_MAX ? 0 : -ENOSPC);
	}
	/* so many in one go */
	for (size_t told_so_far = 0; told_so_far < HELD_MAX;) {
		told_so_far += RECHECK_WALK_MOST;
		recheck_walk(recheck, RECHECK_HOLD_MS, false, told_waits, told_add, &told);
		assert_int_equal(told.count, told_so_far);
		assert_int_equal(told.last.token_key, told_so_far - 1);
	}
	assert_int_equal(recheck_held(recheck), 0);
	/* of writers the newest are kept */
	for (uint64_t seq = 1; seq <= WRITERS; seq++) {
		view = writer_make(&made, seq, "/bin/writer");
		assert_int_equal(recheck_describe(recheck, &view), 0);
	}
	for (uint64_t seq = WRITERS; seq >= 1; seq--) {
		view = found_make(&made, 1, seq);
		assert_int_equal(recheck_hold(recheck, &view, 0), 0);
		recheck_walk(recheck, 0, true, told_waits, told_add, &told);
		if (told.last.start != 60)
			break;
		known++;
	}
	assert_in_range(known, 1000, LIMIT_WRITERS_BYTES / sizeof(struct token_sample));
	/* what is held is given back */
	view = found_make(&made, 1, 0);
	assert_int_equal(recheck_hold(recheck, &view, 0), 0);
	recheck_close(recheck);
	recheck_close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hold),   cmocka_unit_test(test_first),  cmocka_unit_test(test_take),
		cmocka_unit_test(test_behind), cmocka_unit_test(test_writer), cmocka_unit_test(test_worker),
		cmocka_unit_test(test_bounds), cmocka_unit_test(test_waits),  cmocka_unit_test(test_claim),
		cmocka_unit_test(test_claims),
	};

	return UNIT_RUN(tests);
}
