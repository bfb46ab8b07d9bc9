// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a runtime's arguments tell of a container, whose arguments count, and the containers that only these name. */
#include "tree.h"
#include "unit.h"

#include "attribute/container/above.h"
#include "attribute/container/containers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define TASKS "/run/other/io.containerd.runtime.v2.task"

static char root[] = "/tmp/spillwatch-unit-XXXXXX";
static struct containers *containers;

static const char *under(const char *path)
{
	static char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "%s%s", root, path);
	return text;
}

static void put(const char *path, const char *text)
{
	char directory[2 * PATH_MAX];

	snprintf(directory, sizeof(directory), "%s", under(path));
	for (char *at = directory + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(directory, 0755);
		*at = '/';
	}
	tree_put(under(path), text);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root) || mkdir(under("/proc"), 0755) < 0)
		return -1;
	return containers_open(root, under("/proc"), &containers);
}

static int teardown(void **state)
{
	(void)state;
	containers_close(containers);
	return tree_remove(root);
}

/* The arguments, separated by "|". */
static int parse(const char *exe, const char *args, struct relayed *ret_told)
{
	char text[1024];
	size_t len = strlen(args) + 1;
	struct relayed_writer process = {.exe = exe,
					 .args = text,
					 .path = "",
					 .cwd = "/srv/web",
					 .exe_len = strlen(exe),
					 .cwd_len = strlen("/srv/web")};

	memcpy(text, args, len);
	process.args_len = len;
	for (char *at = text; (at = strchr(at, '|')); at++)
		*at = '\0';
	return container_above_parse(&process, ret_told);
}

static void test_runc(void **state)
{
	struct relayed told;

	(void)state;
	assert_int_equal(
		parse("/usr/bin/runc", "runc|--root|/srv/states|--debug|run|-d|--bundle|../b|web-1", &told),
		0);
	assert_string_equal(told.name.id, "web-1");
	assert_string_equal(told.name.runtime, "runc");
	assert_string_equal(told.states, "/srv/states");
	assert_string_equal(told.directory, "/srv/web/../b");
	assert_string_equal(told.namespace, "");
	assert_int_equal(parse("/usr/bin/crun", "crun|--root=states|create|web-1", &told), 0);
	assert_string_equal(told.name.runtime, "unknown");
	assert_string_equal(told.states, "/srv/web/states");
	assert_string_equal(told.directory, "/srv/web");
	assert_int_equal(parse("/usr/bin/runc",
			       "runc|--root|/run/containerd/runc/shop|--log|run|create|--bundle|" TASKS
			       "/shop/web-1|--pid-file|x|web-1",
			       &told),
			 0);
	assert_string_equal(told.name.runtime, "containerd");
	assert_string_equal(told.namespace, "shop");
	assert_int_equal(parse("/usr/bin/runc", "runc|create|-b|" TASKS "/moby/" A "|" A, &told), 0);
	assert_string_equal(told.name.runtime, "docker");
	/* another command, another program, no id, one that leads elsewhere */
	assert_int_equal(parse("/usr/bin/runc", "runc|--root|/srv|delete|web-1", &told), -ENOENT);
	assert_int_equal(parse("/usr/bin/run", "runc|run|web-1", &told), -ENOENT);
	assert_int_equal(parse("/usr/bin/runc", "runc|run", &told), -ENOENT);
	assert_int_equal(parse("/usr/bin/runc", "runc|run|--bundle", &told), -ENOENT);
	assert_int_equal(parse("/usr/bin/runc", "runc|run|../web", &told), -ENOENT);
	assert_int_equal(parse("", "", &told), -ENOENT);
}

static void test_nspawn(void **state)
{
	struct relayed told;

	(void)state;
	assert_int_equal(
		parse("/usr/bin/systemd-nspawn", "systemd-nspawn|-D|/srv/tree/|--machine=web|sh", &told), 0);
	assert_string_equal(told.name.id, "web");
	assert_string_equal(told.name.runtime, "systemd-nspawn");
	assert_int_equal(parse("/usr/bin/systemd-nspawn", "systemd-nspawn|-D|/srv/tree/|--|sh|-M|no", &told),
			 0);
	assert_string_equal(told.name.id, "tree");
	assert_int_equal(parse("/usr/bin/systemd-nspawn", "systemd-nspawn|-D|/", &told), -ENOENT);
	assert_int_equal(parse("/usr/bin/systemd-nspawn", "systemd-nspawn|-b", &told), -ENOENT);
	assert_int_equal(parse("/usr/bin/systemd-nspawn", "systemd-nspawn|-b|-D", &told), -ENOENT);
	assert_int_equal(parse("/usr/bin/systemd-nspawn", "systemd-nspawn|/bin/sh|-M|no", &told), -ENOENT);
}

/* The payload's options are not nspawn's, and a value is none; options stand together, and with their value. */
static void test_nspawn_options(void **state)
{
	static const char *const args[] = {
		"-D|/srv/web|/usr/sbin/httpd|-D|FOREGROUND",
		"-D/srv/web|httpd|-Mno",
		"-bD|/srv/web|-q",
		"-xbD/srv/web",
		"-E|A=-Mno|--bind|/a|--quiet|--private-users|-D|/srv/web|sh",
		"--setenv|-Mno|--volatile=yes|-UnMweb|-D|/srv/no",
		"--directory|/srv/web|--user=www|--property|-M|sh|--machine=no",
		"-D|/srv/no|-D|/srv/web|-|-M|no",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(args) / sizeof(*args); i++) {
		struct relayed told;

		snprintf(text, sizeof(text), "systemd-nspawn|%s", args[i]);
		assert_int_equal(parse("/usr/bin/systemd-nspawn", text, &told), 0);
		assert_string_equal(told.name.id, "web");
	}
}

/* A process of root's, or of somebody's, with that parent, started at that tick. */
static void process(unsigned int pid, unsigned int parent, unsigned int tick, unsigned int uid,
		    const char *exe, const char *args, const char *cwd)
{
	char path[64], text[1024];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	snprintf(text, sizeof(text), "%u (x) S %u 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n", pid, parent,
		 tick);
	put(path, text);
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	snprintf(text, sizeof(text), "Name:\tx\nUid:\t%u\t0\t0\t0\n", uid);
	put(path, text);
	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	put(path, "");
	snprintf(text, sizeof(text), "%s", args);
	for (char *at = text; (at = strchr(at, '|')); at++)
		*at = '\0';
	file = fopen(under(path), "w");
	fwrite(text, 1, strlen(args) + 1, file);
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	unlink(under(path));
	assert_int_equal(symlink(exe, under(path)), 0);
	snprintf(path, sizeof(path), "/proc/%u/cwd", pid);
	unlink(under(path));
	assert_int_equal(symlink(cwd, under(path)), 0);
	snprintf(path, sizeof(path), "/proc/%u/root", pid);
	unlink(under(path));
	assert_int_equal(symlink(root, under(path)), 0);
}

static uint64_t tick(uint64_t number)
{
	return number * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK));
}

static struct alert_container find(const char *paths, uint32_t parent, bool nested, bool own_root)
{
	const struct containers_process one = {.paths = paths,
					       .len = strlen(paths),
					       .start = tick(900),
					       .parent = parent,
					       .nested = nested,
					       .own_root = own_root};
	struct alert_container found;

	assert_int_equal(containers_find(containers, &one, NULL, &found), 0);
	return found;
}

static void check(struct alert_container found, const char *runtime, const char *id, const char *name)
{
	assert_non_null(found.id);
	assert_string_equal(found.id, id);
	assert_string_equal(found.runtime, runtime);
	assert_false(found.claimed);
	if (name) {
		assert_non_null(found.name);
		assert_string_equal(found.name, name);
	} else {
		assert_null(found.name);
	}
	containers_free_one(&found);
}

static void learn(const char *path, uint32_t pid, uint64_t start)
{
	const struct procfs_process maker = {under("/proc"), pid, tick(start)};
	char procfs[PATH_MAX];
	struct procfs_process copy = maker;

	snprintf(procfs, sizeof(procfs), "%s", maker.root);
	copy.root = procfs;
	assert_int_equal(containers_learn(containers, path, strlen(path), &copy), 0);
}

/* Anywhere, by whoever makes it; what is made on the way is no container. */
static void test_maker(void **state)
{
	struct alert_container found;

	(void)state;
	put(TASKS "/shop/web-1/config.json", "{\"annotations\":{\"nerdctl/name\":\"one\"}}");
	process(200, 1, 500, 0, "/usr/bin/runc", "runc|create|--bundle|" TASKS "/shop/web-1|web-1", "/");
	learn("/jobs", 200, 500);
	learn("/jobs/one", 200, 500);
	learn("/jobs", 200, 500);
	learn("/jobs/one", 200, 500);
	check(find("/jobs/one/below", 0, false, false), "containerd", "web-1", "one");
	found = find("/jobs", 0, false, false);
	assert_null(found.id);
	/* runc's own */
	put("/srv/states/web-2/state.json", "{\"created\":\"2024-05-01T10:00:00Z\"}");
	process(201, 1, 501, 0, "/usr/bin/runc", "runc|--root|/srv/states|run|web-2", "/");
	learn("/jobs/two", 201, 501);
	found = find("/jobs/two", 0, false, false);
	assert_string_equal(found.created, "2024-05-01T10:00:00Z");
	check(found, "runc", "web-2", "web-2");
	/* podman has runc make them, and knows more */
	process(203, 1, 503, 0, "/usr/bin/runc", "runc|create|--bundle|/srv|" A, "/");
	learn("/libpod_parent/libpod-" A, 203, 503);
	check(find("/libpod_parent/libpod-" A, 0, false, false), "podman", A, NULL);
	/* who is not root, or is another process by now, tells nothing */
	process(202, 1, 502, 1000, "/usr/bin/runc", "runc|run|web-3", "/");
	learn("/jobs/three", 202, 502);
	found = find("/jobs/three", 0, false, false);
	assert_null(found.id);
	process(202, 1, 502, 0, "/usr/bin/runc", "runc|run|web-3", "/");
	learn("/jobs/three", 202, 503);
	found = find("/jobs/three", 0, false, false);
	assert_null(found.id);
	/* nor who sees another root directory */
	unlink(under("/proc/202/root"));
	assert_int_equal(symlink("..", under("/proc/202/root")), 0);
	learn("/jobs/three", 202, 502);
	found = find("/jobs/three", 0, false, false);
	assert_null(found.id);
}

/* A pod's shim tells where its containers' bundles are. */
static void test_shim(void **state)
{
	(void)state;
	put(TASKS "/k8s.io/" A "/config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"web\"}}");
	process(300, 1, 500, 0, "/usr/bin/containerd-shim-runc-v2", "shim|-namespace|k8s.io|-id|" B,
		TASKS "/k8s.io/" B);
	process(301, 300, 600, 0, "/bin/sh", "sh", "/");
	check(find("/kubepods/burstable/podc4b1cf02-9d13-4e7a-8a9e-0d8f1d2b3c4e/" A, 301, true, true),
	      "containerd", A, "web");
	/* it started later: the number was given again */
	process(300, 1, 901, 0, "/usr/bin/containerd-shim-runc-v2", "shim|-namespace|k8s.io|-id|" A,
		TASKS "/k8s.io/" A);
	check(find("/", 301, true, true), "unknown", "/", NULL);
}

/* Of which nobody tells: by its root directory, and no unit of the host's. */
static void test_root(void **state)
{
	struct alert_container found;

	(void)state;
	check(find("/\n/house/1", 0, true, true), "unknown", "/house/1", NULL);
	check(find("/house/1", 0, false, true), "unknown", "/house/1", NULL);
	check(find("/system.slice/web.service", 0, true, true), "unknown", "/system.slice/web.service", NULL);
	found = find("/system.slice/web.service", 0, false, true);
	assert_null(found.id);
	found = find("/system.slice", 0, false, true);
	assert_null(found.id);
	found = find("/", 0, false, true);
	assert_null(found.id);
	found = find("/house/1", 0, true, false);
	assert_null(found.id);
	process(400, 1, 500, 0, "/usr/bin/systemd-nspawn", "systemd-nspawn|-M|web", "/");
	check(find("/", 400, true, true), "systemd-nspawn", "web", "web");
}

/* What stands above a process is not asked for with each of its alerts, be it a container or none. */
static void test_remembered(void **state)
{
	const struct timespec later = {0, 150000000};

	(void)state;
	process(500, 1, 500, 0, "/usr/bin/sh", "sh", "/");
	process(501, 1, 500, 0, "/usr/bin/systemd-nspawn", "systemd-nspawn|-M|web", "/");
	check(find("/", 500, true, true), "unknown", "/", NULL);
	process(500, 1, 500, 0, "/usr/bin/systemd-nspawn", "systemd-nspawn|-M|one", "/");
	check(find("/", 500, true, true), "unknown", "/", NULL);
	/* another process */
	check(find("/", 501, true, true), "systemd-nspawn", "web", "web");
	process(501, 1, 500, 0, "/usr/bin/systemd-nspawn", "systemd-nspawn|-M|two", "/");
	check(find("/", 501, true, true), "systemd-nspawn", "web", "web");
	/* not for long */
	nanosleep(&later, NULL);
	check(find("/", 500, true, true), "systemd-nspawn", "one", "one");
	check(find("/", 501, true, true), "systemd-nspawn", "two", "two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runc),
		cmocka_unit_test(test_nspawn),
		cmocka_unit_test(test_nspawn_options),
		cmocka_unit_test_setup_teardown(test_maker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remembered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
