// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines come out as they went in, however the memory moves meanwhile. */
#include "unit.h"

#include "output/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of any length, also none. */
static size_t make_line(size_t number, char *text, size_t size)
{
	return (size_t)snprintf(text, size, "%.*zu", (int)(number * 7919 % 500), number);
}

static void check_next(struct queue *queue, size_t number)
{
	struct queue_line line;
	char text[512];
	size_t len = make_line(number, text, sizeof(text));

	assert_true(queue_next(queue, &line));
	assert_int_equal(line.len, len);
	assert_memory_equal(line.text, text, len);
	assert_int_equal(line.alert, number % 3 == 0);
}

static void test_order(void **state)
{
	struct queue queue = {0};
	size_t in = 0, out = 0;
	struct queue_line none;
	char text[512];

	(void)state;
	assert_false(queue_next(&queue, &none));
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < round; i++, in++)
			assert_int_equal(
				queue_put(&queue, text, make_line(in, text, sizeof(text)), in % 3 == 0, 0),
				0);
		for (int i = 0; i < round / 2; i++)
			check_next(&queue, out++);
	}
	while (out < in)
		check_next(&queue, out++);
	assert_true(queue_empty(&queue));
	queue_free(&queue);
}

/* What is empty begins at its front again, and doesn't grow for ever. */
static void test_memory(void **state)
{
	struct queue queue = {0};
	struct queue_line line;
	char text[1000] = "";

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(queue_put(&queue, text, sizeof(text), true, 0), 0);
		assert_true(queue_next(&queue, &line));
	}
	assert_true(queue.size < 8192);
	queue_clear(&queue);
	assert_non_null(queue.bytes);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(queue_put(&queue, text, sizeof(text), true, 0), 0);
	queue_clear(&queue);
	assert_null(queue.bytes);
	assert_true(queue_empty(&queue));
	queue_free(&queue);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_memory),
	};

	return UNIT_RUN(tests);
}
