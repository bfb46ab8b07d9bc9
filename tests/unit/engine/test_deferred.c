// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ranges to be read: the writers in turn, each range for its own process, bounded; what is gone is counted. */
#include "unit.h"

#include "bounds.h"
#include "engine/deferred.h"

#include <errno.h>
#include <stdlib.h>

struct looks {
	size_t count;
	uint64_t inode[16], from[16], length[16];
	uint64_t step; /* bytes of a turn; 0: all */
	uint64_t tokens; /* that a turn finds */
};

/* A turn of a range without an end; returns whether it is done. */
static bool step(struct deferred *deferred, struct looks *looks, int64_t now, struct deferred_loss *losses)
{
	struct deferred_turn turn;
	uint64_t length;
	size_t i = looks->count;

	if (!deferred_next(deferred, &turn))
		return false;
	looks->count++;
	assert_true(i < 16);
	length = turn.end - turn.from;
	looks->inode[i] = turn.view.head->inode;
	looks->from[i] = turn.from;
	looks->length[i] = length;
	if (looks->step && looks->step < length)
		length = looks->step;
	return deferred_told(deferred, turn.id, turn.from + length, turn.end, length, looks->tokens, now,
			     losses);
}

static int add_again(struct deferred *deferred, uint64_t inode, uint64_t group, uint64_t from,
		     uint64_t length, bool *again)
{
	static uint64_t ids;
	const struct token_sample head = {.size = sizeof(head),
					  .inode = inode,
					  .group = group,
					  .offset = (int64_t)from,
					  .length = length,
					  .news = 5};
	struct sample_view view;

	assert_int_equal(sample_view_parse(&head, sizeof(head), &view), 0);
	return deferred_add(deferred, &view, ++ids, 0, again);
}

static int add(struct deferred *deferred, uint64_t inode, uint64_t group, uint64_t from, uint64_t length)
{
	bool again = false;

	return add_again(deferred, inode, group, from, length, &again);
}

/* Two ranges of one writer, and one of another's, which has not to wait for both. */
static void test_turns(void **state)
{
	struct deferred_loss losses = {0};
	struct looks looks = {.step = 100, .tokens = 3};
	struct deferred *deferred;

	(void)state;
	assert_int_equal(deferred_open(&deferred), 0);
	step(deferred, &looks, 0, &losses);
	assert_int_equal(looks.count, 0);
	assert_int_equal(add(deferred, 1, 7, 1000, 200), 0);
	assert_int_equal(add(deferred, 2, 7, 0, 200), 0);
	assert_int_equal(add(deferred, 3, 8, 0, 200), 0);
	while (deferred_count(deferred))
		step(deferred, &looks, 0, &losses);
	assert_int_equal(looks.count, 6);
	assert_int_equal(looks.inode[0], 1);
	assert_int_equal(looks.inode[1], 3);
	assert_int_equal(looks.inode[2], 2);
	assert_int_equal(looks.inode[3], 3);
	assert_int_equal(looks.from[4], 1100);
	/* six were found where five were expected */
	assert_int_equal(losses.tokens, 0);
	assert_int_equal(losses.unread, 0);
	deferred_close(deferred);
}

/* What was overwritten, and what there was no time for, is counted. */
static void test_losses(void **state)
{
	struct deferred_loss losses = {0};
	struct looks looks = {.step = 100, .tokens = 1};
	struct deferred *deferred;

	(void)state;
	assert_int_equal(deferred_open(&deferred), 0);
	assert_int_equal(add(deferred, 1, 7, 0, 200), 0);
	step(deferred, &looks, 0, &losses);
	step(deferred, &looks, 0, &losses);
	assert_int_equal(losses.tokens, 3);
	assert_int_equal(add(deferred, 1, 7, 0, 1000), 0);
	step(deferred, &looks, LIMIT_DEFERRED_MS, &losses);
	assert_int_equal(losses.tokens, 7);
	assert_int_equal(losses.unread, 1);
	assert_int_equal(deferred_count(deferred), 0);
	deferred_close(deferred);
}

/* In the end there is no time: also of what was begun, all that was not found is lost. */
static void test_abandoned(void **state)
{
	struct deferred_loss losses = {0};
	struct looks looks = {.step = 100, .tokens = 1};
	struct deferred *deferred;

	(void)state;
	assert_int_equal(deferred_open(&deferred), 0);
	assert_int_equal(add(deferred, 1, 7, 0, 200), 0);
	assert_int_equal(add(deferred, 2, 7, 0, 200), 0);
	step(deferred, &looks, 0, &losses);
	deferred_abandon(deferred, &losses);
	assert_int_equal(losses.tokens, 9);
	assert_int_equal(losses.unread, 2);
	assert_int_equal(deferred_count(deferred), 0);
	deferred_close(deferred);
}

/* A range that waits is asked for again. */
static void test_again(void **state)
{
	struct deferred *deferred;
	bool again = false;

	(void)state;
	assert_int_equal(deferred_open(&deferred), 0);
	assert_int_equal(add_again(deferred, 1, 7, 50, 1UL << 60, &again), 0);
	assert_false(again);
	assert_int_equal(add_again(deferred, 1, 8, 0, 50, &again), 0);
	assert_false(again);
	assert_int_equal(add_again(deferred, 1, 8, 0, 51, &again), 0);
	assert_true(again);
	assert_int_equal(deferred_count(deferred), 3);
	deferred_close(deferred);
}

/* The file ends before the range does; so much of it is holes that it does not matter how long it is; or it can't be read. */
static void test_ends(void **state)
{
	struct deferred_loss losses = {0};
	struct deferred *deferred;
	struct deferred_turn turn;

	(void)state;
	assert_int_equal(deferred_open(&deferred), 0);
	assert_int_equal(add(deferred, 1, 7, 50, 1UL << 60), 0);
	assert_true(deferred_next(deferred, &turn));
	assert_true(deferred_told(deferred, turn.id, 100, 100, 50, 5, 0, &losses));
	assert_int_equal(losses.tokens + losses.unread + losses.past, 0);
	assert_int_equal(add(deferred, 1, 7, 0, 1UL << 40), 0);
	assert_true(deferred_next(deferred, &turn));
	assert_false(
		deferred_told(deferred, turn.id, 1UL << 39, turn.end, LIMIT_FILE_SCAN - 1, 5, 0, &losses));
	assert_true(deferred_told(deferred, turn.id, (1UL << 40) - 3, turn.end, 1, 0, 0, &losses));
	assert_int_equal(losses.past, 3);
	assert_int_equal(add(deferred, 1, 7, 0, 100), 0);
	assert_true(deferred_next(deferred, &turn));
	assert_true(deferred_fail(deferred, turn.id, 1, &losses));
	assert_false(deferred_fail(deferred, turn.id, 1, &losses));
	assert_int_equal(losses.tokens, 4);
	assert_int_equal(losses.unread, 0);
	deferred_close(deferred);
}

static void test_bound(void **state)
{
	struct deferred *deferred;

	(void)state;
	assert_int_equal(deferred_open(&deferred), 0);
	for (uint64_t i = 0; i < LIMIT_DEFERRED_WRITER; i++)
		assert_int_equal(add(deferred, i, 7, 0, 10), 0);
	assert_int_equal(add(deferred, 1000, 7, 0, 10), -ENOSPC);
	/* others' are taken; and where it is getting full, those of whom has none */
	for (uint64_t i = LIMIT_DEFERRED_WRITER; i < LIMIT_DEFERRED - LIMIT_DEFERRED_KEPT; i++)
		assert_int_equal(add(deferred, i, 100 + i / 4, 0, 10), 0);
	assert_int_equal(add(deferred, 1000, 100 + LIMIT_DEFERRED_WRITER / 4, 0, 10), -ENOSPC);
	for (uint64_t i = 0; i < LIMIT_DEFERRED_KEPT; i++)
		assert_int_equal(add(deferred, i, 1000 + i, 0, 10), 0);
	assert_int_equal(add(deferred, 1000, 5000, 0, 10), -ENOSPC);
	deferred_close(deferred);
	deferred_close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns), cmocka_unit_test(test_losses), cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_again), cmocka_unit_test(test_ends),   cmocka_unit_test(test_bound),
	};

	return UNIT_RUN(tests);
}
