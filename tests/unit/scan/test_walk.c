// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Of what runtimes keep, nothing is passed over without being counted. */
#include "unit.h"

#include "lib/cleanup.h"
#include "scan/scan.h"
#include "tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct below {
	char path[32];
	int place;
	struct scan scan;
};

static void below_open(struct below *below)
{
	*below = (struct below){.path = "/tmp/spillwatch-unit-XXXXXX"};
	assert_non_null(mkdtemp(below->path));
	/* others may look into it */
	assert_int_equal(chmod(below->path, 0755), 0);
	below->place = open(below->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(below->place >= 0);
	assert_int_equal(scan_open(&below->scan), 0);
}

static void below_close(struct below *below)
{
	scan_close(&below->scan);
	close(below->place);
	assert_int_equal(tree_remove(below->path), 0);
}

/* The names in it can be read, and nothing else of it. */
static void test_not_entered(void **state)
{
	bool root = geteuid() == 0;
	struct below below;
	char path[64];

	(void)state;
	below_open(&below);
	snprintf(path, sizeof(path), "%s/listed", below.path);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/listed/file", below.path);
	tree_put(path, "text");
	snprintf(path, sizeof(path), "%s/listed", below.path);
	assert_int_equal(chmod(path, 0444), 0);
	/* nothing can be closed to root */
	if (root)
		assert_int_equal(seteuid(65534), 0);
	scan_below(&below.scan, below.place, "layer");
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(below.scan.error, 0);
	assert_int_equal(below.scan.counts.files, 0);
	assert_int_equal(below.scan.counts.unreadable, 1);
	assert_int_equal(chmod(path, 0755), 0);
	below_close(&below);
}

/* The kernel's own is not looked into either if it is the place itself. */
static void test_kernels(void **state)
{
	struct below below;
	AUTO_CLOSE int kernels = open("/proc/self/net", O_PATH | O_CLOEXEC);

	(void)state;
	assert_true(kernels >= 0);
	below_open(&below);
	scan_below(&below.scan, kernels, "layer");
	assert_int_equal(below.scan.counts.files, 0);
	assert_int_equal(below.scan.counts.kernels, 1);
	below_close(&below);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_entered),
		cmocka_unit_test(test_kernels),
	};

	return UNIT_RUN(tests);
}
