// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Mapped files: looked at while their process lives, then once more. */
#include "unit.h"

#include "bounds.h"
#include "files/mapped.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t looks;
static struct token_sample last; /* that was looked at */

static void look(void *context, const struct sample_view *view, int fd)
{
	struct stat st;

	(void)context;
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(view->head->tgid > 0);
	last = *view->head;
	looks++;
}

static int file_open(void)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	return fd;
}

/* When this process started, as the kernel counts: field 22 of stat, in clock ticks. */
static uint64_t own_start(void)
{
	char stat[1024] = "", *at;
	FILE *file = fopen("/proc/self/stat", "r");

	assert_non_null(file);
	assert_true(fread(stat, 1, sizeof(stat) - 1, file) > 0);
	fclose(file);
	at = strrchr(stat, ')');
	for (int field = 2; field < 22; field++)
		at = strchr(at + 1, ' ');
	return strtoull(at, NULL, 10) * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK));
}

static struct sample_view sample_make(struct token_sample *sample, uint32_t tgid, uint64_t inode)
{
	struct sample_view view;

	memset(sample, 0, sizeof(*sample));
	sample->size = sizeof(*sample);
	sample->tgid = tgid;
	sample->inode = inode;
	sample->start = own_start();
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
	assert_int_equal(mapped_add(mapped, &view, file_open()), 0);
	assert_true(mapped_any(mapped));
	mapped_walk(mapped, look, NULL);
	assert_int_equal(last.time, sample.time);
	for (int i = 0; i < 4; i++) {
		time = last.time;
		mapped_walk(mapped, look, NULL);
		assert_true(last.time > time);
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
		assert_int_equal(mapped_add(mapped, &view, file_open()), 0);
		looks = 0;
		mapped_walk(mapped, look, NULL);
		assert_int_equal(looks, 1);
		assert_int_equal(last.offset, windows[i].start);
		assert_int_equal(last.offset + (int64_t)last.length, windows[i].end);
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
	assert_int_equal(mapped_add(mapped, &view, file_open()), 0);
	mapped_walk(mapped, look, NULL);
	assert_int_equal(looks, 1);
	assert_false(mapped_any(mapped));
	mapped_close(mapped);
}

static void test_bound(void **state)
{
	struct token_sample sample;
	struct mapped *mapped;

	(void)state;
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	for (uint64_t i = 0; i <= LIMIT_MAPPED; i++) {
		struct sample_view view = sample_make(&sample, (uint32_t)getpid(), i + 1);

		assert_int_equal(mapped_add(mapped, &view, file_open()), i < LIMIT_MAPPED ? 0 : -ENOSPC);
		/* the same one again takes no place */
		if (i < LIMIT_MAPPED)
			assert_int_equal(mapped_add(mapped, &view, file_open()), 0);
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
	assert_int_equal(mapped_add(mapped, &view, file_open()), 0);
	mapped_walk(mapped, look, NULL);
	assert_int_equal(looks, 1);
	assert_false(mapped_any(mapped));
	mapped_close(mapped);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),  cmocka_unit_test(test_windows), cmocka_unit_test(test_gone),
		cmocka_unit_test(test_reused), cmocka_unit_test(test_bound),
	};

	return UNIT_RUN(tests);
}
