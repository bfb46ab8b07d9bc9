// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tokens in a file: every one that overlaps the range once, wherever the reads are cut. */
#include "unit.h"
#include "start.h"

#include "files/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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
		assert_int_equal(file_scan(fd, 0, 600 << 10, UINT64_MAX, FILE_SCAN_PLAIN, found_add, &found),
				 0);
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
		assert_int_equal(file_scan(fd, 5000, 100, UINT64_MAX, FILE_SCAN_PLAIN, found_add, &found), 0);
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
	assert_int_equal(file_scan(fd, 0, 1 << 20, UINT64_MAX, FILE_SCAN_PLAIN, found_add, &found), 0);
	assert_int_equal(found.count, 40);
	close(fd);
}

static void test_bound(void **state)
{
	struct found found = {0};
	int fd = file_make(100000);

	(void)state;
	file_put(fd, 90000, 3);
	assert_int_equal(file_scan(fd, 0, 100000, 50000, FILE_SCAN_PLAIN, found_add, &found), 50000);
	assert_int_equal(found.count, 0);
	assert_int_equal(file_scan(-1, 0, 10, 10, FILE_SCAN_PLAIN, found_add, &found), -EBADF);
	close(fd);
}

/* What this process has written to that file. */
struct written {
	struct token_sample head;
	char path[64];
};

static void written_set(struct written *written, const char *path)
{
	struct stat st;

	memset(written, 0, sizeof(*written));
	assert_int_equal(lstat(path, &st), 0);
	strcpy(written->path, path);
	written->head.tgid = (uint32_t)getpid();
	written->head.start = unit_start();
	written->head.path_len = (uint16_t)strlen(path);
	written->head.inode = st.st_ino;
	written->head.device = SAMPLE_DEVICE(major(st.st_dev), minor(st.st_dev));
}

static int written_open(struct written *written)
{
	struct sample_view view = {.head = &written->head, .path = written->path};
	struct file_roots *roots;
	int fd;

	assert_int_equal(file_roots_open("/proc", NULL, &roots), 0);
	fd = file_scan_open(roots, &view);
	file_roots_close(roots);
	return fd;
}

static void test_open(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	struct written written;
	int fd = mkstemp(path), again;

	(void)state;
	written_set(&written, path);
	again = written_open(&written);
	assert_true(again >= 0);
	close(again);
	/* another file of that name */
	written.head.inode++;
	assert_int_equal(written_open(&written), -ESTALE);
	written.head.inode--;
	/* another process of that number */
	close(fd);
	written.head.start += 1000000000ULL;
	assert_int_equal(written_open(&written), -ENOENT);
	written.head.start -= 1000000000ULL;
	unlink(path);
	assert_int_equal(written_open(&written), -ENOENT);
}

/* An inode's number that is used again is another file's, where the file system counts its uses. */
static void test_generation(void **state)
{
	char path[] = "/var/tmp/spillwatch-unit-XXXXXX";
	struct written written;
	unsigned int generation = 0;
	int fd = mkstemp(path), again;

	(void)state;
	if (ioctl(fd, FS_IOC_GETVERSION, &generation) < 0 || !generation) {
		print_message("no generations in /var/tmp\n");
		close(fd);
		unlink(path);
		return;
	}
	written_set(&written, path);
	written.head.generation = generation;
	again = written_open(&written);
	assert_true(again >= 0);
	close(again);
	close(fd);
	/* a device of its own tells that it is no stacked one */
	if (SAMPLE_MAJOR(written.head.device)) {
		written.head.generation++;
		assert_int_equal(written_open(&written), -ESTALE);
	}
	unlink(path);
}

/* What is no regular file is looked at, never opened; a link is not followed. */
static void test_kinds(void **state)
{
	char directory[] = "/tmp/spillwatch-unit-XXXXXX", pipe[64], link[64];
	struct written written;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(pipe, sizeof(pipe), "%s/pipe", directory);
	snprintf(link, sizeof(link), "%s/link", directory);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(symlink(pipe, link), 0);
	written_set(&written, pipe);
	assert_true(written_open(&written) < 0);
	strcpy(written.path, link);
	written.head.path_len = (uint16_t)strlen(link);
	assert_true(written_open(&written) < 0);
	/* as what it is, the link is itself no file to be read */
	written_set(&written, link);
	assert_true(written_open(&written) < 0);
	unlink(pipe);
	unlink(link);
	rmdir(directory);
}

/* Who holds a lease on a file keeps nobody waiting. */
static void test_lease(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	struct written written;
	int fd = mkstemp(path);

	(void)state;
	signal(SIGIO, SIG_IGN);
	written_set(&written, path);
	assert_int_equal(fcntl(fd, F_SETLEASE, F_WRLCK), 0);
	assert_int_equal(written_open(&written), -EWOULDBLOCK);
	unlink(path);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),  cmocka_unit_test(test_range), cmocka_unit_test(test_many),
		cmocka_unit_test(test_bound), cmocka_unit_test(test_open),  cmocka_unit_test(test_generation),
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_lease),
	};

	return UNIT_RUN(tests);
}
