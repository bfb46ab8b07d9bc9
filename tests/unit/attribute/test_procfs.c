// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* procfs, in a directory of our own: whose process it is, names that lie, what is missing. */
#include "unit.h"

#include "attribute/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PID 4242
#define TICKS 777

static char root[] = "/tmp/spillwatch-unit-XXXXXX";

static const char *path(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%d/%s", root, PID, name);
	return text;
}

static void put(const char *name, const char *bytes, size_t len)
{
	FILE *file = fopen(path(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static void put_stat(const char *comm, unsigned int ticks)
{
	char text[256];
	int len = snprintf(text, sizeof(text), "%d (%s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n",
			   PID, comm, ticks);

	put("stat", text, (size_t)len);
}

static struct procfs_process process_started(uint64_t ticks)
{
	uint64_t tick_ns = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);

	/* somewhere inside the tick: procfs rounds down */
	return (struct procfs_process){root, PID, ticks * tick_ns + tick_ns - 1};
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(root) || mkdir(path(""), 0700) < 0)
		return -1;
	put("cmdline", "a\0b", 4);
	return symlink("/bin/a", path("exe"));
}

static int teardown(void **state)
{
	(void)state;
	unlink(path("cmdline"));
	unlink(path("stat"));
	unlink(path("exe"));
	rmdir(path(""));
	return rmdir(root);
}

static void test_same(void **state)
{
	struct procfs_process process = process_started(TICKS);
	char buffer[16];

	(void)state;
	put_stat("sh", TICKS);
	assert_int_equal(procfs_read(&process, "cmdline", buffer, sizeof(buffer)), 4);
	assert_memory_equal(buffer, "a\0b", 4);
	assert_int_equal(procfs_read(&process, "cmdline", buffer, 2), 2);
	assert_int_equal(procfs_link(&process, "exe", buffer, sizeof(buffer)), 6);
	assert_memory_equal(buffer, "/bin/a", 6);
	assert_int_equal(procfs_read(&process, "nothing", buffer, sizeof(buffer)), -ESRCH);
}

static void test_other(void **state)
{
	struct procfs_process earlier = process_started(TICKS - 1), later = process_started(TICKS + 1);
	char buffer[16];

	(void)state;
	put_stat("sh", TICKS);
	assert_int_equal(procfs_read(&earlier, "cmdline", buffer, sizeof(buffer)), -ESRCH);
	assert_int_equal(procfs_read(&later, "cmdline", buffer, sizeof(buffer)), -ESRCH);
	assert_int_equal(procfs_link(&later, "exe", buffer, sizeof(buffer)), -ESRCH);
	later.pid++;
	assert_int_equal(procfs_read(&later, "cmdline", buffer, sizeof(buffer)), -ESRCH);
}

/* A name may hold parentheses, spaces and line ends, and so look like fields. */
static void test_names_that_lie(void **state)
{
	static const char *const names[] = {") S 1 1 1 0 -1", "a b c) (d", ")))", "", "\n) S"};
	struct procfs_process process = process_started(TICKS);
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		put_stat(names[i], TICKS);
		assert_int_equal(procfs_read(&process, "cmdline", buffer, sizeof(buffer)), 4);
	}
}

static void test_broken(void **state)
{
	static const char *const stats[] = {"", "4242", "4242 (sh", "4242 (sh)", "4242 (sh) S 1 1"};
	struct procfs_process process = process_started(TICKS);
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof(stats) / sizeof(*stats); i++) {
		put("stat", stats[i], strlen(stats[i]));
		assert_int_equal(procfs_read(&process, "cmdline", buffer, sizeof(buffer)), -ESRCH);
	}
}

/* Opens only together with who reads, and has the process be another one meanwhile. */
static void *change(void *fifo)
{
	int fd = open(fifo, O_WRONLY | O_CLOEXEC);

	put_stat("other", TICKS + 1);
	if (fd < 0 || write(fd, "its words", 9) != 9)
		abort();
	close(fd);
	return NULL;
}

/* What was read of another one is not left behind. */
static void test_changes(void **state)
{
	struct procfs_process process = process_started(TICKS);
	char buffer[16] = "", fifo[128];
	pthread_t thread;

	(void)state;
	put_stat("sh", TICKS);
	snprintf(fifo, sizeof(fifo), "%s", path("fifo"));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, change, fifo), 0);
	assert_int_equal(procfs_read(&process, "fifo", buffer, sizeof(buffer)), -ESRCH);
	pthread_join(thread, NULL);
	unlink(fifo);
	for (size_t i = 0; i < sizeof(buffer); i++)
		assert_int_equal(buffer[i], 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),   cmocka_unit_test(test_changes),
		cmocka_unit_test(test_other),  cmocka_unit_test(test_names_that_lie),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
