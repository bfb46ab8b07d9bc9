// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What waits for a journal's entry: told in any case, but once. */
#include "unit.h"

#include "engine/reading.h"
#include "lib/monotonic.h"

#include <string.h>
#include <unistd.h>

static struct {
	size_t count;
	uint64_t keys[8];
} told;

static bool never(void *context, const struct sample_view *view, const uint8_t *window,
		  const struct token *token, const struct token_span *span, uint64_t at)
{
	(void)context, (void)view, (void)window, (void)token, (void)span, (void)at;
	fail();
	return false;
}

static void tell(void *context, const struct sample_view *view, const struct journal_entry *entry)
{
	(void)context;
	assert_null(entry);
	assert_true(told.count < sizeof(told.keys) / sizeof(*told.keys));
	told.keys[told.count++] = view->head->token_key;
}

/* Of a file that there is not, so its entry can't be told. */
static void add(struct reading *reading, uint64_t token_key, uint64_t place)
{
	struct token_sample head = {.tgid = 1 << 30,
				    .token_key = token_key,
				    .place = place,
				    .window_len = TOKEN_MAX_LEN,
				    .size = sizeof(head)};
	struct sample_view view;

	assert_int_equal(sample_view_parse(&head, head.size, &view), 0);
	assert_int_equal(reading_add_journal(reading, &view, 100), 0);
}

/* @work: until nothing waits; else there is no time for that */
static void check(bool work)
{
	struct reading_loss loss = {0};
	struct reading *reading;

	memset(&told, 0, sizeof(told));
	assert_int_equal(reading_open("/proc", NULL, &reading), 0);
	reading_start(reading, never, tell, NULL, &loss);
	assert_false(reading_take_journal(reading, 1, 7));
	add(reading, 1, 7);
	add(reading, 2, 7);
	add(reading, 1, 8);
	add(reading, 3, 7);
	/* the first is under way by then */
	if (work)
		reading_work(reading, monotonic_ms());
	assert_true(reading_take_journal(reading, 3, 7));
	assert_false(reading_take_journal(reading, 3, 7));
	assert_false(reading_take_journal(reading, 3, 9));
	if (!told.count)
		assert_true(reading_take_journal(reading, 1, 7));
	for (int i = 0; work && i < 10000 && reading_waiting(reading); i++) {
		reading_work(reading, monotonic_ms());
		usleep(1000);
	}
	reading_finish(reading, false, work ? monotonic_ms() + 5000 : 0);
	assert_in_range(told.count, 2, 3);
	for (size_t i = 0; i < told.count; i++)
		assert_int_not_equal(told.keys[i], 3);
	assert_int_equal(told.keys[told.count - 2], 2);
	assert_int_equal(told.keys[told.count - 1], 1);
	assert_false(reading_take_journal(reading, 2, 7));
	reading_close(reading);
}

static void test_journal_once(void **state)
{
	(void)state;
	check(true);
	check(false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_journal_once),
	};

	return UNIT_RUN(tests);
}
