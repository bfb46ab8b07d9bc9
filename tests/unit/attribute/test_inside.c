// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Users of a container, in a procfs and a root of our own: whose names they are, other numbers, a process that is gone, files of anybody's making. */
#include "tree.h"
#include "unit.h"

#include "attribute/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/spillwatch-unit-XXXXXX";
static struct procfs_process process = {dir, 42, 0};

static const char *under(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	return text;
}

static void put(const char *name, const char *text)
{
	tree_put(under(name), text);
}

/* Our own mounts, with another kind of file system where one is given. */
static void put_mounts(const char *kind)
{
	FILE *from = fopen("/proc/self/mountinfo", "r"), *to = fopen(under("42/mountinfo"), "w");
	char line[4096];

	assert_true(from && to);
	while (fgets(line, sizeof(line), from)) {
		char *at = strstr(line, " - ");

		assert_non_null(at);
		if (kind)
			fprintf(to, "%.*s - %s none rw\n", (int)(at - line), line, kind);
		else
			fputs(line, to);
	}
	fclose(from);
	fclose(to);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir) || mkdir(under("42"), 0700) < 0 || mkdir(under("42/root"), 0700) < 0 ||
	    mkdir(under("42/root/etc"), 0700) < 0)
		return -1;
	put("42/stat", "42 (app) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0\n");
	put("42/uid_map", "         0          0 4294967295\n");
	put("42/gid_map", "         0          0       1000\n      1000     101000         10\n");
	put("42/root/etc/passwd", "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n");
	put("42/root/etc/group", "root:x:0:\nstaff:x:50:\n");
	put_mounts(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return tree_remove(dir);
}

static uint32_t check(bool group, uint32_t id, int wanted, const char *wanted_name)
{
	char name[INSIDE_NAME];
	uint32_t inside;

	assert_int_equal(inside_name(&process, group, id, &inside, name), wanted);
	assert_string_equal(name, wanted_name);
	return inside;
}

static void test_names(void **state)
{
	(void)state;
	check(false, 1000, 0, "app");
	check(false, 0, 0, "root");
	check(true, 50, 0, "staff");
	/* the host may have such a user: it is another one */
	check(false, 33, 0, "");
}

/* What has another number inside is the host's to name, and so is what has none. */
static void test_mapped(void **state)
{
	(void)state;
	assert_int_equal(check(true, 101000, -EXDEV, ""), 1000);
	assert_int_equal(check(true, 101009, -EXDEV, ""), 1009);
	assert_int_equal(check(true, 101010, -EXDEV, ""), INSIDE_NONE);
	assert_int_equal(check(true, 5000, -EXDEV, ""), INSIDE_NONE);
}

static void test_gone(void **state)
{
	(void)state;
	process.start = 1000000000000ULL;
	check(false, 1000, -ESRCH, "");
	process.start = 0;
	process.pid = 43;
	check(false, 1000, -ESRCH, "");
	process.pid = 42;
}

/* What may not answer is not asked. */
static void test_others(void **state)
{
	static const char *const kinds[] = {"fuse", "fuse.overlayfs", "nfs4", "9p", "ext4x"};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		put_mounts(kinds[i]);
		check(false, 1000, 0, "");
	}
	put_mounts("ext4");
	check(false, 1000, 0, "app");
	unlink(under("42/mountinfo"));
	check(false, 1000, 0, "");
}

/* No file, a file outside by a link, a pipe that nobody writes to, one that is too long. */
static void test_untrusted(void **state)
{
	(void)state;
	put("outside", "thief:x:1000:1000::/:/bin/sh\n");
	unlink(under("42/root/etc/passwd"));
	check(false, 1000, 0, "");
	assert_int_equal(symlink("../../../outside", under("42/root/etc/passwd")), 0);
	check(false, 1000, 0, "");
	unlink(under("42/root/etc/passwd"));
	assert_int_equal(mkfifo(under("42/root/etc/passwd"), 0600), 0);
	check(false, 1000, 0, "");
	unlink(under("42/root/etc/passwd"));
	put("42/root/etc/passwd", "app:x:1000:1000::/:/bin/sh\n");
	assert_int_equal(truncate(under("42/root/etc/passwd"), 2L << 20), 0);
	check(false, 1000, 0, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {TEST(test_names), TEST(test_mapped), TEST(test_gone),
						  TEST(test_others), TEST(test_untrusted)};

	return UNIT_RUN(tests);
}
