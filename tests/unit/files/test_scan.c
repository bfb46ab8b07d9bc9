// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tokens in a file: every one that overlaps the range once, wherever the reads are cut. */
#include "unit.h"

#include "files/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct found {
	uint64_t at[64];
	size_t count;
};

static int found_add(void *context, const uint8_t *window, const struct token *token,
		     const struct token_span *span, uint64_t at)
{
	struct found *found = context;

	assert_memory_equal(window, token->identifier, strlen(token->identifier));
	assert_int_equal(span->start, 0);
	assert_true(found->count < 64);
	found->at[found->count++] = at;
	return 0;
}

static int file_make(size_t size)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static void file_put(int fd, uint64_t at, uint64_t n)
{
	assert_int_equal(pwrite(fd, maker_token(n).text, MAKER_TOKEN_LEN, (off_t)at), MAKER_TOKEN_LEN);
}

/* A token at every place around the cut between two reads. */
static void test_cuts(void **state)
{
	(void)state;
	for (uint64_t at = (256 << 10) - 2 * MAKER_TOKEN_LEN; at < (256 << 10) + 4; at++) {
		struct found found = {0};
		int fd = file_make(600 << 10);

		file_put(fd, at, 1);
		assert_int_equal(file_scan(fd, 0, 600 << 10, UINT64_MAX, found_add, &found), 0);
		assert_int_equal(found.count, 1);
		assert_int_equal(found.at[0], at);
		close(fd);
	}
}

/* Only what overlaps [5000, 5100): neighbours that merely touch it were there before. */
static void test_range(void **state)
{
	(void)state;
	for (uint64_t at = 4800; at < 5200; at++) {
		bool overlaps = at < 5100 && at + MAKER_TOKEN_LEN > 5000;
		struct found found = {0};
		int fd = file_make(10000);

		file_put(fd, at, 2);
		assert_int_equal(file_scan(fd, 5000, 100, UINT64_MAX, found_add, &found), 0);
		assert_int_equal(found.count, overlaps);
		close(fd);
	}
}

static void test_many(void **state)
{
	struct found found = {0};
	int fd = file_make(0);

	(void)state;
	for (uint64_t i = 0; i < 40; i++)
		file_put(fd, i * MAKER_TOKEN_LEN, i);
	assert_int_equal(file_scan(fd, 0, 1 << 20, UINT64_MAX, found_add, &found), 0);
	assert_int_equal(found.count, 40);
	close(fd);
}

static void test_bound(void **state)
{
	struct found found = {0};
	int fd = file_make(100000);

	(void)state;
	file_put(fd, 90000, 3);
	assert_int_equal(file_scan(fd, 0, 100000, 50000, found_add, &found), 50000);
	assert_int_equal(found.count, 0);
	assert_int_equal(file_scan(-1, 0, 10, 10, found_add, &found), -EBADF);
	close(fd);
}

static void test_open(void **state)
{
	struct {
		struct token_sample head;
		char path[64];
	} sample = {0};
	struct sample_view view = {.head = &sample.head, .path = sample.path};
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path), again;
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	strcpy(sample.path, path);
	sample.head.path_len = (uint16_t)strlen(path);
	sample.head.inode = st.st_ino;
	sample.head.device = (uint32_t)((st.st_dev >> 8 & 0xfff) << 20 | (st.st_dev & 0xff));
	again = file_scan_open("/proc", &view);
	assert_true(again >= 0);
	close(again);
	/* another file of that name */
	sample.head.inode++;
	assert_int_equal(file_scan_open("/proc", &view), -ESTALE);
	sample.head.inode--;
	unlink(path);
	assert_int_equal(file_scan_open("/proc", &view), -ENOENT);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),  cmocka_unit_test(test_range), cmocka_unit_test(test_many),
		cmocka_unit_test(test_bound), cmocka_unit_test(test_open),
	};

	return UNIT_RUN(tests);
}
