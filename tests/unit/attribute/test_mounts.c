// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the host calls a file, from the host's mounts. */
#include "unit.h"

#include "attribute/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char procfs[] = "/tmp/spillwatch-unit-XXXXXX";

static const char mountinfo[] = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
				"22 21 0:20 / /proc rw - proc proc rw\n"
				"23 21 8:2 / /srv/big\\040disk rw - xfs /dev/sdb rw\n"
				"24 21 8:2 /tenants/a /home/a rw - xfs /dev/sdb rw\n"
				"25 21 8:2 /tenants/a /second rw - xfs /dev/sdb rw\n"
				"26 21 0:50 /@home /home2 rw - btrfs /dev/sdc rw\n"
				"27 21 bad line\n28\n"
				"29 21 0:60 / /run/c/a/rootfs rw,relatime - overlay overlay "
				"rw,lowerdir=/l/1:/l/2,upperdir=/snapshots/7/fs,workdir=/snapshots/7/work\n"
				"30 21 0:61 / /run/c/b\\040c/rootfs rw shared:9 - overlay overlay "
				"rw,lowerdir=/l/1,upperdir=/snapshots/7/fs/deep\\040er,workdir=/w\n"
				"31 21 0:62 / /run/c/read rw - overlay overlay ro,lowerdir=/upperdir=/x\n"
				"32 21 0:63 / /run/c/none rw - overlay\n";

static int setup(void **state)
{
	char path[64];
	FILE *file;

	(void)state;
	strcpy(procfs + strlen(procfs) - 6, "XXXXXX");
	if (!mkdtemp(procfs))
		return -1;
	snprintf(path, sizeof(path), "%s/1", procfs);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/1/mountinfo", procfs);
	file = fopen(path, "w");
	fputs(mountinfo, file);
	return fclose(file);
}

static int teardown(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/1/mountinfo", procfs);
	unlink(path);
	snprintf(path, sizeof(path), "%s/1", procfs);
	rmdir(path);
	return rmdir(procfs);
}

static void check(struct mounts *mounts, uint32_t major, uint32_t minor, const char *inner,
		  const char *expected)
{
	char *path = NULL;
	int r = mounts_path(mounts, major << 20 | minor, inner, strlen(inner), &path);

	assert_int_equal(r, expected ? 0 : -ENOENT);
	if (expected)
		assert_string_equal(path, expected);
	free(path);
}

static void test_paths(void **state)
{
	struct mounts *mounts;

	(void)state;
	assert_int_equal(mounts_open(procfs, &mounts), 0);
	check(mounts, 8, 1, "/var/log/x", "/var/log/x");
	check(mounts, 8, 2, "/data/x", "/srv/big disk/data/x");
	/* the mount that shows most of it; of equals the first */
	check(mounts, 8, 2, "/tenants/a/x", "/home/a/x");
	check(mounts, 8, 2, "/tenants/a", "/home/a");
	check(mounts, 8, 2, "/tenants/ab", "/srv/big disk/tenants/ab");
	check(mounts, 0, 50, "/@home/joe/x", "/home2/joe/x");
	/* a subvolume that is not mounted */
	check(mounts, 0, 50, "/@root/x", NULL);
	check(mounts, 9, 9, "/x", NULL);
	check(mounts, 8, 1, "", NULL);
	mounts_close(mounts);
	mounts_close(NULL);
}

static void check_layer(const struct mounts *mounts, const char *path, const char *expected)
{
	char *shown = NULL;

	assert_int_equal(mounts_layer(mounts, path, &shown), expected ? 0 : -ENOENT);
	if (expected)
		assert_string_equal(shown, expected);
	free(shown);
}

/* What an overlay shows of what lies in its upper directory. */
static void test_layers(void **state)
{
	struct mounts *mounts;

	(void)state;
	assert_int_equal(mounts_open(procfs, &mounts), 0);
	check(mounts, 8, 1, "/x", "/x");
	check_layer(mounts, "/snapshots/7/fs/tmp/x", "/run/c/a/rootfs/tmp/x");
	check_layer(mounts, "/snapshots/7/fs", "/run/c/a/rootfs");
	check_layer(mounts, "/snapshots/7/fs/deep er/x", "/run/c/b c/rootfs/x");
	check_layer(mounts, "/snapshots/7/fsx/y", NULL);
	check_layer(mounts, "/snapshots/7/work/x", NULL);
	check_layer(mounts, "/x", NULL);
	mounts_close(mounts);
}

static void test_nothing(void **state)
{
	struct mounts *mounts;

	(void)state;
	assert_int_equal(mounts_open("/nonexistent", &mounts), 0);
	check(mounts, 8, 1, "/x", NULL);
	mounts_close(mounts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_layers, setup, teardown),
		cmocka_unit_test(test_nothing)};

	return UNIT_RUN(tests);
}
