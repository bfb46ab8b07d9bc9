// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What waits for a journal's entry: told in any case, but once. */
#include "unit.h"
#include "start.h"

#include "bounds.h"
#include "engine/reading.h"
#include "lib/monotonic.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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
	assert_int_equal(reading_open("/proc", NULL, 0, &reading), 0);
	reading_start(reading, never, tell, NULL, &loss);
	assert_false(reading_take_journal(reading, 1, 7));
	add(reading, 1, 7);
	add(reading, 2, 7);
	add(reading, 1, 8);
	add(reading, 3, 7);
	assert_true(reading_take_journal(reading, 3, 7));
	assert_false(reading_take_journal(reading, 3, 7));
	assert_false(reading_take_journal(reading, 3, 9));
	/* the first is under way by then */
	if (work)
		reading_work(reading, monotonic_ms());
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

/* To who reads: not to the process that starts another one. */
static void signal_readers(int pid, int below, int number)
{
	char path[64];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (!file)
		return;
	while (fscanf(file, "%d", &child) == 1) {
		signal_readers(child, below + 1, number);
		if (below)
			kill(child, number);
	}
	fclose(file);
}

/* A range that is given up while it is read: which file that was is known all the same, and the sample with it is gone by then. */
static void test_given_up(void **state)
{
	const char path[] = "/tmp/test-reading-XXXXXX";
	static const char block[16384] = "x";
	struct {
		struct token_sample head;
		char path[sizeof(path)];
	} sample = {.head = {.tgid = (uint32_t)getpid(),
			     .flags = SAMPLE_UNREAD,
			     .path_len = sizeof(path) - 1,
			     .comm = "writer",
			     .mode = S_IFREG | 0600,
			     .length = 4096 * sizeof(block),
			     .size = sizeof(struct token_sample) + sizeof(path) - 1}};
	struct reading_loss loss = {0};
	struct sample_view view;
	struct reading *reading;
	struct stat info;
	int fd;

	(void)state;
	memcpy(sample.path, path, sizeof(path));
	fd = mkstemp(sample.path);
	assert_true(fd >= 0);
	/* no holes: those are passed over */
	for (int i = 0; i < 4096; i++)
		assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
	assert_int_equal(fstat(fd, &info), 0);
	sample.head.start = unit_start();
	sample.head.inode = info.st_ino;
	sample.head.device = SAMPLE_DEVICE(major(info.st_dev), minor(info.st_dev));
	assert_int_equal(sample_view_parse(&sample, sample.head.size, &view), 0);
	assert_int_equal(reading_open("/proc", NULL, 0, &reading), 0);
	reading_start(reading, never, tell, NULL, &loss);
	/* who reads it is ended sooner or later: when it is opened, while it is read */
	for (int after = 1; after <= 40; after++) {
		reading_add(reading, &view);
		for (int i = 0; i < 20000 && reading_waiting(reading); i++) {
			if (i >= after)
				signal_readers(getpid(), 0, SIGKILL);
			reading_work(reading, monotonic_ms());
			usleep(500);
		}
		assert_int_equal(reading_waiting(reading), 0);
	}
	assert_in_range(loss.unread + loss.unanswered, 1, 40);
	if (loss.unread)
		assert_non_null(strstr(loss.which, sample.path));
	reading_close(reading);
	close(fd);
	unlink(sample.path);
}

/* Reads until nothing waits. */
static void work(struct reading *reading)
{
	for (int i = 0; i < 20000 && reading_waiting(reading); i++) {
		reading_work(reading, monotonic_ms());
		usleep(500);
	}
}

/* A name is as its writer likes: where it is cut, what is told of it stays text, or no line of JSON could tell of the loss. */
static void test_odd_name(void **state)
{
	struct {
		struct token_sample head;
		char path[64];
	} sample = {.head = {.tgid = UINT32_MAX,
			     .flags = SAMPLE_UNREAD,
			     .comm = "writer",
			     .mode = S_IFREG | 0600,
			     .length = 128}};
	struct reading_loss loss = {0};
	struct sample_view view;
	struct reading *reading;

	(void)state;
	/* 159 bytes as it is shown, then a letter of two */
	sample.path[0] = '/';
	memset(sample.path + 1, 1, 39);
	strcpy(sample.path + 40, "ab\xc3\xa9z");
	sample.head.path_len = (uint16_t)strlen(sample.path);
	sample.head.size = (uint32_t)(sizeof(struct token_sample) + strlen(sample.path));
	assert_int_equal(sample_view_parse(&sample, sample.head.size, &view), 0);
	assert_int_equal(reading_open("/proc", NULL, 0, &reading), 0);
	reading_start(reading, never, tell, NULL, &loss);
	reading_add(reading, &view);
	work(reading);
	assert_int_equal(loss.unread, 1);
	assert_non_null(strstr(loss.which, "\\x01ab… of writer"));
	reading_close(reading);
}

/* What was lost once is not lost again because it can't be looked for. */
static void test_found_late(void **state)
{
	struct token_sample head = {.tgid = UINT32_MAX,
				    .flags = SAMPLE_UNREAD | SAMPLE_FOUND_LATE,
				    .mode = S_IFREG | 0600,
				    .length = 1 << 20,
				    .window_len = TOKEN_MAX_LEN,
				    .size = sizeof(head)};
	struct reading_loss loss = {0};
	struct sample_view view;
	struct reading *reading;

	(void)state;
	assert_int_equal(sample_view_parse(&head, head.size, &view), 0);
	assert_int_equal(reading_open("/proc", NULL, 0, &reading), 0);
	reading_start(reading, never, tell, NULL, &loss);
	/* more than there is room for, and some are left in the end */
	for (int i = 0; i < 2 * (int)LIMIT_ERRANDS; i++)
		reading_add(reading, &view);
	reading_finish(reading, false, 0);
	assert_int_equal(loss.unread + loss.unanswered + loss.tokens + loss.past + loss.again, 0);
	reading_close(reading);
}

/* What was told is no example for what is lost later; and what is lost right after has its own. */
static void test_told(void **state)
{
	struct {
		struct token_sample head;
		char path[64];
	} sample = {.head = {.tgid = UINT32_MAX,
			     .flags = SAMPLE_UNREAD,
			     .comm = "writer",
			     .mode = S_IFREG | 0600,
			     .length = 128},
		    .path = "/first"};
	struct reading_loss loss = {0};
	struct sample_view view;
	struct reading *reading;

	(void)state;
	sample.head.path_len = (uint16_t)strlen(sample.path);
	sample.head.size = (uint32_t)(sizeof(struct token_sample) + strlen(sample.path));
	assert_int_equal(sample_view_parse(&sample, sample.head.size, &view), 0);
	assert_int_equal(reading_open("/proc", NULL, 0, &reading), 0);
	reading_start(reading, never, tell, NULL, &loss);
	reading_add(reading, &view);
	work(reading);
	assert_int_equal(loss.unread, 1);
	assert_non_null(strstr(loss.which_news, "such as /first of"));
	reading_told(&loss);
	assert_string_equal(loss.which_news, "");
	/* all that is told in the end is of all */
	assert_non_null(strstr(loss.which, "such as /first of"));
	memcpy(sample.path, "/later", 6);
	assert_int_equal(sample_view_parse(&sample, sample.head.size, &view), 0);
	reading_add(reading, &view);
	work(reading);
	assert_int_equal(loss.unread, 2);
	assert_non_null(strstr(loss.which_news, "such as /later of"));
	reading_close(reading);
}

/* Bytes of a short range and of a long one, of a file that there is not. */
static const uint64_t ranges[] = {128, LIMIT_READ_AT_ONCE + 1};
#define RANGES (sizeof(ranges) / sizeof(*ranges))

static struct reading *open_ranges(struct reading_loss *loss)
{
	struct reading *reading;

	assert_int_equal(reading_open("/proc", NULL, 0, &reading), 0);
	reading_start(reading, never, tell, NULL, loss);
	/* at first there is nobody who reads */
	add(reading, 1, 1);
	return reading;
}

/* While nobody reads, until they are let (SIGCONT). */
static void add_held(struct reading *reading, const struct sample_view *view)
{
	signal_readers(getpid(), 0, SIGSTOP);
	for (int times = 0; times < 3; times++)
		reading_add(reading, view);
}

/* As long as what a call has written there is to be read, or is being read. */
static void test_looks(void **state)
{
	struct reading_loss loss = {0};
	struct reading *reading = open_ranges(&loss);

	(void)state;
	for (size_t i = 0; i < RANGES; i++) {
		struct token_sample head = {.tgid = UINT32_MAX,
					    .flags = SAMPLE_UNREAD,
					    .mode = S_IFREG | 0600,
					    .place = 7 + i,
					    .length = ranges[i],
					    .size = sizeof(head)};
		struct sample_view view;

		assert_int_equal(sample_view_parse(&head, head.size, &view), 0);
		work(reading);
		assert_false(reading_looks(reading, head.place));
		add_held(reading, &view);
		assert_true(reading_looks(reading, head.place));
		assert_false(reading_looks(reading, head.place + 1));
		signal_readers(getpid(), 0, SIGCONT);
		work(reading);
		assert_false(reading_looks(reading, head.place));
	}
	reading_close(reading);
}

/* Who has written there later, and is to be looked at still: another writer, at one of these bytes. */
static void test_later(void **state)
{
	struct reading_loss loss = {0};
	struct reading *reading = open_ranges(&loss);

	(void)state;
	for (size_t i = 0; i < RANGES; i++) {
		struct token_sample head = {.tgid = UINT32_MAX,
					    .flags = SAMPLE_UNREAD,
					    .mode = S_IFREG | 0600,
					    .place = 7,
					    .writer = 3,
					    .time = 100,
					    .offset = 1000,
					    .length = ranges[i],
					    .size = sizeof(head)};
		const uint64_t end = 1000 + ranges[i];
		struct token_sample asks = head;
		uint64_t writer = 0;
		struct sample_view view;

		assert_int_equal(sample_view_parse(&head, head.size, &view), 0);
		work(reading);
		add_held(reading, &view);
		asks.writer = 4;
		asks.time = 99;
		assert_true(reading_is_later(reading, &asks, 1000, 96, &writer));
		assert_int_equal(writer, 3);
		assert_true(reading_is_later(reading, &asks, 905, 96, &writer));
		assert_false(reading_is_later(reading, &asks, 904, 96, &writer));
		assert_true(reading_is_later(reading, &asks, end - 1, 96, &writer));
		assert_false(reading_is_later(reading, &asks, end, 96, &writer));
		asks.time = 100;
		assert_false(reading_is_later(reading, &asks, 1000, 96, &writer));
		asks.time = 99;
		asks.writer = 3;
		assert_false(reading_is_later(reading, &asks, 1000, 96, &writer));
		asks.writer = 4;
		asks.place = 8;
		assert_false(reading_is_later(reading, &asks, 1000, 96, &writer));
		signal_readers(getpid(), 0, SIGCONT);
		work(reading);
		asks.place = 7;
		assert_false(reading_is_later(reading, &asks, 1000, 96, &writer));
	}
	reading_close(reading);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_journal_once), cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_odd_name),     cmocka_unit_test(test_found_late),
		cmocka_unit_test(test_told),         cmocka_unit_test(test_looks),
		cmocka_unit_test(test_later),
	};

	return UNIT_RUN(tests);
}
