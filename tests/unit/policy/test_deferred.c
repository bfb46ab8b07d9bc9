// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ranges to be read: the writers in turn, what is asked for meanwhile once more, bounded; what is gone is counted. */
#include "unit.h"

#include "bounds.h"
#include "policy/deferred.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct looks {
	size_t count;
	uint64_t inode[8], from[8], length[8];
	uint64_t step; /* bytes of a turn; 0: all */
	uint64_t tokens; /* that a turn finds */
};

static uint64_t look(void *context, const struct sample_view *view, int fd, uint64_t from, uint64_t length,
		     uint64_t *found)
{
	struct looks *looks = context;
	size_t i = looks->count++;

	assert_true(fcntl(fd, F_GETFD) >= 0);
	assert_true(i < 8);
	looks->inode[i] = view->head->inode;
	looks->from[i] = from;
	looks->length[i] = length;
	*found += looks->tokens;
	return looks->step && looks->step < length ? from + looks->step : from + length;
}

static int add(struct deferred *deferred, uint64_t inode, uint64_t cgroup, uint64_t from, uint64_t length)
{
	const struct token_sample head = {.size = sizeof(head),
					  .inode = inode,
					  .cgroup_id = cgroup,
					  .offset = (int64_t)from,
					  .news = 5};
	struct sample_view view;

	assert_int_equal(sample_view_parse(&head, sizeof(head), &view), 0);
	return deferred_add(deferred, &view, length, open("/dev/null", O_RDONLY));
}

static void test_turns(void **state)
{
	struct looks looks = {.step = 100, .tokens = 5};
	struct deferred *deferred;

	(void)state;
	assert_int_equal(deferred_open(&deferred), 0);
	assert_int_equal(deferred_step(deferred, look, &looks), 0);
	assert_int_equal(looks.count, 0);
	assert_int_equal(add(deferred, 1, 7, 1000, 200), 0);
	assert_int_equal(add(deferred, 2, 8, 0, 100), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(deferred_step(deferred, look, &looks), 0);
	assert_int_equal(looks.count, 3);
	/* one a turn */
	assert_int_equal(looks.inode[0] + looks.inode[1], 3);
	assert_int_equal(deferred_count(deferred), 0);
	deferred_close(deferred);
}

/* While it is being read, more of the same is asked for. */
static void test_joined(void **state)
{
	struct looks looks = {.step = 100, .tokens = 1};
	struct deferred *deferred;

	(void)state;
	assert_int_equal(deferred_open(&deferred), 0);
	assert_int_equal(add(deferred, 1, 7, 1000, 200), 0);
	assert_int_equal(deferred_step(deferred, look, &looks), 0);
	assert_int_equal(add(deferred, 1, 7, 1010, 20), 0);
	assert_int_equal(add(deferred, 1, 7, 1050, 30), 0);
	assert_int_equal(deferred_count(deferred), 1);
	assert_int_equal(deferred_step(deferred, look, &looks), 0);
	assert_int_equal(looks.from[1], 1100);
	/* three ranges with five tokens each, three found */
	assert_int_equal(deferred_step(deferred, look, &looks), 15 - 3);
	assert_int_equal(looks.from[2], 1010);
	assert_int_equal(looks.length[2], 70);
	assert_int_equal(deferred_count(deferred), 0);
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
	/* another one's is taken */
	for (uint64_t i = LIMIT_DEFERRED_WRITER; i < LIMIT_DEFERRED; i++)
		assert_int_equal(add(deferred, i, 100 + i, 0, 10), 0);
	assert_int_equal(add(deferred, 1000, 8, 0, 10), -ENOSPC);
	deferred_close(deferred);
	deferred_close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_bound),
	};

	return UNIT_RUN(tests);
}
