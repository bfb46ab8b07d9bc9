// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files in mounts that only others have: whose they are, and what lies beside them. */
#include "alerts.h"
#include "unit.h"

#include "report/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = alerts_dir();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alerts_remove(dir);
	return 0;
}

/* Lives on in mounts of its own, with one file there. */
static void live(int ready, const char *file)
{
	struct stat st = {0};
	int fd;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=1m") < 0)
		_exit(77);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	if (fd < 0 || fstat(fd, &st) < 0 || write(ready, &st, sizeof(st)) != sizeof(st))
		_exit(1);
	for (;;)
		pause();
}

/* The same name and inode on another anonymous device is another container's file. */
static void test_other_container(void **state)
{
	char file[128];
	struct fact fact = {.file = file, .fs_type = (char[]){"overlay"}};
	struct lookup_views *views = calloc(1, sizeof(*views));
	struct lookup_root root;
	bool alike;
	struct stat st, found;
	char *where = NULL;
	int ends[2], fd;
	ssize_t told;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip(); /* mounting needs root */
	snprintf(file, sizeof(file), "%s/f", dir);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		live(ends[1], file);
	close(ends[1]);
	told = read(ends[0], &st, sizeof(st));
	close(ends[0]);
	if (told != sizeof(st)) {
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		free(views);
		skip(); /* a container that forbids mounts */
	}
	fact.inode = st.st_ino;
	fact.dev_major = major(st.st_dev);
	fact.dev_minor = minor(st.st_dev) + 1;
	assert_int_equal(lookup_inhabited(&fact, views, &found, &where, &root, &alike), -ENOENT);
	fact.dev_minor--;
	fd = lookup_inhabited(&fact, views, &found, &where, &root, &alike);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(fd >= 0);
	assert_non_null(strstr(where, "/root"));
	assert_false(alike);
	close(fd);
	close(root.fd);
	free(where);
	free(views);
}

static int count_copy(void *context, int fd, const struct stat *st, const char *name)
{
	(void)fd;
	(void)st;
	(void)name;
	++*(int *)context;
	return 0;
}

static void make_file(const char *name)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
}

/* A directory is read once for all files in it, and again when it has changed. */
static void test_one_reading(void **state)
{
	struct lookup_listing listing = {0};
	struct lookup_root root = {.fd = open("/", O_PATH | O_CLOEXEC)};
	char name[32], file[128];
	int copies = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "%03d.log", i);
		make_file(name);
	}
	make_file("007.log.1");
	/* not of the same tick of the clock any more */
	usleep(50000);
	for (int i = 0; i < 200; i++) {
		snprintf(file, sizeof(file), "%s/%03d.log", dir, i);
		assert_int_equal(lookup_rotated(&listing, &root, file, 0, count_copy, &copies), 0);
	}
	assert_int_equal(copies, 1);
	assert_in_range(listing.looked, 200, 1000);
	make_file("199.log.2");
	assert_int_equal(lookup_rotated(&listing, &root, file, 0, count_copy, &copies), 0);
	assert_int_equal(copies, 2);
	lookup_listing_free(&listing);
	close(root.fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_other_container, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_reading, setup, teardown),
	};

	return UNIT_RUN(tests);
}
