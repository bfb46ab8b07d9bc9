// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose word about a container counts: a process of the host's, by its root directory, and by the path if it is gone. */
#include "tree.h"
#include "unit.h"

#include "attribute/relay.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LOG "/var/lib/docker/containers/" A "/" A "-json.log"
#define DEVICE SAMPLE_DEVICE(8, 1)

static char root[] = "/tmp/spillwatch-unit-XXXXXX";
static char procfs[PATH_MAX];
static struct relay_known known;
static struct relay relay;

static const char *under(const char *path)
{
	static char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "%s%s", root, path);
	return text;
}

static void put(const char *path, const char *text)
{
	tree_put(under(path), text);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root) || mkdir(under("/proc"), 0755) < 0 || mkdir(under("/proc/1"), 0755) < 0 ||
	    mkdir(under("/proc/42"), 0755) < 0 || mkdir(under("/tenant"), 0755) < 0)
		return -1;
	put("/proc/1/mountinfo", "1 0 8:1 / / rw - ext4 /dev/a rw\n");
	put("/proc/42/stat", "42 (dockerd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0\n");
	snprintf(procfs, sizeof(procfs), "%s/proc", root);
	known = (struct relay_known){0};
	relay = (struct relay){.procfs = procfs, .root = root, .known = &known};
	return mounts_open(procfs, &relay.mounts) || containers_open(root, procfs, &relay.containers);
}

static int teardown(void **state)
{
	(void)state;
	mounts_close(relay.mounts);
	containers_close(relay.containers);
	return tree_remove(root);
}

/* Is dockerd, pid 42, believed to write for A? */
static bool believed(const char *inner, uint32_t ns_tgid, uint32_t flags)
{
	static const char exe[] = "/usr/bin/dockerd";
	struct token_sample head = {
		.tgid = 42,
		.ns_tgid = ns_tgid,
		.start = 500ULL * 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK),
		.flags = flags,
		.inner_device = DEVICE,
		.inner_len = (uint16_t)strlen(inner),
		.exe_len = sizeof(exe) - 1,
		.path_len = sizeof(LOG) - 1,
	};
	const struct sample_view view = {
		.head = &head, .exe = exe, .path = LOG, .inner = inner, .args = "", .cwd = ""};
	struct alert_container found;
	bool is;

	assert_int_equal(relay_find(&relay, &view, NULL, &found), 0);
	is = found.id && found.relayed && strcmp(found.id, A) == 0;
	containers_free_one(&found);
	return is;
}

static void test_host(void **state)
{
	(void)state;
	assert_int_equal(symlink(root, under("/proc/42/root")), 0);
	assert_true(believed("", 42, 0));
	/* in a pid namespace of its own; nothing that names it whole */
	assert_false(believed("", 7, 0));
	assert_false(believed("", 42, SAMPLE_EXE_TRUNCATED));
	assert_false(believed("", 42, SAMPLE_PATH_TRUNCATED));
	assert_false(believed("", 42, SAMPLE_KTHREAD));
}

/* A container of a kind that is not known as one, which shares the host's pid namespace. */
static void test_other_root(void **state)
{
	(void)state;
	assert_int_equal(symlink("../../tenant", under("/proc/42/root")), 0);
	assert_false(believed(LOG, 42, 0));
}

static void test_gone(void **state)
{
	(void)state;
	unlink(under("/proc/42/stat"));
	assert_true(believed(LOG, 42, 0));
	assert_false(believed("/tenant" LOG, 42, 0));
	assert_false(believed("", 42, 0));
}

/* Its number is another process's by now. */
static void test_given_again(void **state)
{
	(void)state;
	put("/proc/42/stat", "42 (sh) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 900 0 0\n");
	assert_int_equal(symlink(root, under("/proc/42/root")), 0);
	assert_false(believed("/tenant" LOG, 42, 0));
	assert_true(believed(LOG, 42, 0));
}

/* Another process looks at the root directory: its file system may not answer. And not at each line that is written. */
static void test_asked(void **state)
{
	struct inquiry *inquiry;

	(void)state;
	assert_int_equal(symlink(root, under("/proc/42/root")), 0);
	assert_int_equal(inquiry_open(procfs, root, &inquiry), 0);
	inquiry_patient(inquiry, 30000);
	relay.inquiry = inquiry;
	relay.procfs = "/nowhere";
	assert_true(believed("", 42, 0));
	relay.inquiry = NULL;
	assert_true(believed("", 42, 0));
	known.at -= 1000;
	assert_false(believed("", 42, 0));
	inquiry_close(inquiry);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_host),        TEST(test_other_root), TEST(test_gone),
		TEST(test_given_again), TEST(test_asked),
	};

	return UNIT_RUN(tests);
}
