// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Mapped files: looked at while they change and their process lives, then once more. */
#include "unit.h"

#include "bounds.h"
#include "policy/mapped.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t looks;

static void look(void *context, const struct sample_view *view, int fd)
{
	struct stat st;

	(void)context;
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(view->head->tgid > 0);
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

static void test_changes(void **state)
{
	struct token_sample sample;
	struct sample_view view = sample_make(&sample, (uint32_t)getpid(), 1);
	int fd = file_open(), same = dup(fd);
	struct mapped *mapped;

	(void)state;
	looks = 0;
	assert_int_equal(mapped_open("/proc", &mapped), 0);
	assert_false(mapped_any(mapped));
	assert_int_equal(mapped_add(mapped, &view, fd), 0);
	assert_true(mapped_any(mapped));
	/* the first look, one more although it is quiet, then none */
	for (int i = 0; i < 5; i++)
		mapped_walk(mapped, false, look, NULL);
	assert_int_equal(looks, 2);
	assert_int_equal(write(same, "x", 1), 1);
	for (int i = 0; i < 5; i++)
		mapped_walk(mapped, false, look, NULL);
	assert_in_range(looks, 3, 4);
	looks = 0;
	mapped_walk(mapped, true, look, NULL);
	assert_int_equal(looks, 1);
	close(same);
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
	mapped_walk(mapped, false, look, NULL);
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
	mapped_walk(mapped, false, look, NULL);
	assert_int_equal(looks, 1);
	assert_false(mapped_any(mapped));
	mapped_close(mapped);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_reused),
		cmocka_unit_test(test_bound),
	};

	return UNIT_RUN(tests);
}
