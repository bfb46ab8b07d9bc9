// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What was put into a container, by the runtimes' processes above it: a shim's, conmon, runc; and who is not believed. */
#include "tree.h"
#include "unit.h"

#include "attribute/exec.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define TASKS "/run/containerd/io.containerd.runtime.v2.task/k8s.io/"

static char root[] = "/tmp/spillwatch-unit-XXXXXX";
static char procfs[PATH_MAX];
static struct exec *exec;
static struct sample_ancestor ancestors[2];
static struct token_sample head;

static const char *under(const char *path)
{
	static char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "%s%s", root, path);
	return text;
}

static void put(const char *path, const char *text, size_t len)
{
	char directory[2 * PATH_MAX];
	FILE *file;

	snprintf(directory, sizeof(directory), "%s", under(path));
	for (char *at = directory + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(directory, 0755);
		*at = '/';
	}
	file = fopen(under(path), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

static uint64_t ticks(uint64_t count)
{
	return count * 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* A process of root's that started at tick 100 plus its number. The arguments are separated by "|". */
static void process(unsigned int pid, const char *exe, const char *args, const char *cwd,
		    const char *its_root)
{
	char path[64], text[1024];
	size_t len = strlen(args) + 1;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	snprintf(text, sizeof(text), "%u (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n", pid,
		 100 + pid);
	put(path, text, strlen(text));
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	put(path, "Name:\tx\nUid:\t0\t0\t0\t0\n", strlen("Name:\tx\nUid:\t0\t0\t0\t0\n"));
	memcpy(text, args, len);
	for (char *at = text; (at = strchr(at, '|')); at++)
		*at = '\0';
	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	put(path, text, len);
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	assert_int_equal(symlink(exe, under(path)), 0);
	snprintf(path, sizeof(path), "/proc/%u/cwd", pid);
	assert_int_equal(symlink(cwd, under(path)), 0);
	snprintf(path, sizeof(path), "/proc/%u/root", pid);
	assert_int_equal(symlink(its_root, under(path)), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root) || mkdir(under("/proc"), 0755) < 0 || mkdir(under("/node"), 0755) < 0)
		return -1;
	snprintf(procfs, sizeof(procfs), "%s/proc", root);
	return exec_open(root, procfs, &exec);
}

static int teardown(void **state)
{
	(void)state;
	exec_close(exec);
	return tree_remove(root);
}

/* The writer is 50, in a pid namespace of its own; above it are these, each with its name. */
static bool found(unsigned int parent, const char *comm, unsigned int above, const char *above_comm)
{
	struct sample_view view = {.head = &head, .ancestors = (const char *)ancestors};

	head = (struct token_sample){
		.tgid = 50,
		.ns_tgid = 7,
		.start = ticks(150),
		.parent_tgid = parent,
		.parent_start = ticks(100 + parent),
		.ancestors_len = sizeof(ancestors),
	};
	memset(ancestors, 0, sizeof(ancestors));
	memcpy(head.comm, "writer", strlen("writer"));
	memcpy(head.parent_comm, comm, strlen(comm));
	ancestors[0] = (struct sample_ancestor){.tgid = above, .start = ticks(100 + above)};
	memcpy(ancestors[0].comm, above_comm, strlen(above_comm));
	ancestors[1] = (struct sample_ancestor){.tgid = 1, .start = ticks(1), .comm = "systemd"};
	return exec_find(exec, &view, A);
}

static void shim(unsigned int pid, const char *its_root)
{
	process(pid, "/usr/bin/containerd-shim-runc-v2",
		"/usr/bin/containerd-shim-runc-v2|-namespace|k8s.io|-id|" B "|-address|/run/containerd.sock",
		TASKS B, its_root);
}

static void test_shim(void **state)
{
	(void)state;
	shim(20, root);
	put(TASKS B "/init.pid", "21", 2);
	put(TASKS A "/init.pid", "30", 2);
	/* below what the container began with; what that was; below another one */
	assert_false(found(30, "sh", 20, "containerd-shim"));
	assert_true(found(40, "sh", 20, "containerd-shim"));
	/* who lost their parent in a pod that shares its processes */
	assert_false(found(21, "pause", 20, "containerd-shim"));
	/* itself */
	assert_true(found(20, "containerd-shim", 1, "systemd"));
}

static void test_first(void **state)
{
	(void)state;
	shim(20, root);
	put(TASKS B "/init.pid", "21", 2);
	put(TASKS A "/init.pid", "50", 2);
	assert_false(found(20, "containerd-shim", 1, "systemd"));
}

/* Not all is there that would tell. */
static void test_unknown(void **state)
{
	(void)state;
	shim(20, root);
	assert_false(found(40, "sh", 20, "containerd-shim"));
	put(TASKS B "/init.pid", "21", 2);
	assert_false(found(41, "sh", 20, "containerd-shim"));
	put(TASKS A "/init.pid", "30", 2);
	assert_true(found(42, "sh", 20, "containerd-shim"));
	/* nobody above; one that is gone, or another by now */
	assert_false(found(0, "", 0, ""));
	assert_false(found(43, "sh", 22, "containerd-shim"));
	/* in the host's pid namespace */
	head.ns_tgid = head.tgid;
	assert_false(exec_find(
		exec, &(struct sample_view){.head = &head, .ancestors = (const char *)ancestors}, A));
}

/* A container may call its own as it likes. */
static void test_pretender(void **state)
{
	(void)state;
	shim(20, "../../node");
	process(22, "/usr/bin/conmon", "conmon|--exec-process-spec|x", "/", "../../node");
	process(23, "/usr/bin/runc", "runc|exec|x", "/", "../../node");
	put(TASKS B "/init.pid", "21", 2);
	put(TASKS A "/init.pid", "30", 2);
	assert_false(found(40, "sh", 20, "containerd-shim"));
	assert_false(found(41, "sh", 22, "conmon"));
	assert_false(found(42, "sh", 23, "runc"));
}

/* The first of them writes, each is the child of the next: numbers, and names as "conmon". */
static bool found_in(const char *const *comms, const unsigned int *pids, size_t count)
{
	struct sample_ancestor above[8] = {0};
	struct sample_view view = {.head = &head, .ancestors = (const char *)above};

	head = (struct token_sample){
		.tgid = pids[0],
		.ns_tgid = 7,
		.start = ticks(100 + pids[0]),
		.parent_tgid = pids[1],
		.parent_start = ticks(100 + pids[1]),
		.ancestors_len = (uint16_t)((count - 2) * sizeof(*above)),
	};
	memcpy(head.comm, comms[0], strlen(comms[0]));
	memcpy(head.parent_comm, comms[1], strlen(comms[1]));
	for (size_t i = 2; i < count; i++) {
		above[i - 2] = (struct sample_ancestor){.tgid = pids[i], .start = ticks(100 + pids[i])};
		memcpy(above[i - 2].comm, comms[i], strlen(comms[i]));
	}
	return exec_find(exec, &view, A);
}

#define COMMS(...)            \
	(const char *const[]) \
	{                     \
		__VA_ARGS__   \
	}
#define FOUND_IN(comms, ...)                                 \
	found_in(comms, (const unsigned int[]){__VA_ARGS__}, \
		 sizeof((const unsigned int[]){__VA_ARGS__}) / sizeof(unsigned int))

/* Nor does it hide by such names what a runtime has put into it. */
static void test_passed_by(void **state)
{
	(void)state;
	shim(20, root);
	put(TASKS B "/init.pid", "21", 2);
	put(TASKS A "/init.pid", "30", 2);
	for (unsigned int pid = 30; pid < 36; pid++)
		process(pid, "/x", "runc|exec|x", "/", "../../node");
	process(25, "/usr/bin/runc", "runc|create|x", "/", root);
	/* put there itself, or below what was */
	assert_true(FOUND_IN(COMMS("sh", "runc", "containerd-shim"), 50, 31, 20));
	assert_true(FOUND_IN(COMMS("sh", "conmon", "sh", "containerd-shim"), 51, 31, 40, 20));
	assert_true(FOUND_IN(COMMS("sh", "containerd-shim", "sh", "containerd-shim"), 52, 31, 40, 20));
	/* however many */
	assert_true(FOUND_IN(COMMS("sh", "runc", "crun", "conmon", "youki", "runc", "containerd-shim"), 53,
			     35, 34, 33, 32, 31, 20));
	assert_true(FOUND_IN(COMMS("sh", "runc", "crun", "conmon", "youki", "sh", "containerd-shim"), 54, 35,
			     34, 33, 32, 40, 20));
	/* what the container began with, under such a name and above some */
	assert_false(FOUND_IN(COMMS("sh", "runc", "containerd-shim"), 55, 30, 20));
	assert_false(FOUND_IN(COMMS("sh", "runc", "crun", "conmon", "sh", "containerd-shim"), 56, 33, 32, 31,
			      30, 20));
	/* a real one is believed: as it starts a container, below a shim */
	assert_false(FOUND_IN(COMMS("sh", "runc", "containerd-shim"), 57, 25, 20));
	/* nobody above them */
	assert_false(FOUND_IN(COMMS("sh", "runc", "crun", "conmon"), 58, 33, 32, 31));
}

static void test_conmon(void **state)
{
	(void)state;
	process(22, "/usr/bin/conmon", "conmon|-c|" A "|-e|--exec-attach|--exec-process-spec|/x", "/", root);
	process(23, "/usr/bin/conmon", "conmon|-c|" A "|-n|--exec-process-spec-not", "/", root);
	assert_true(found(40, "sh", 22, "conmon"));
	assert_false(found(41, "sh", 23, "conmon"));
}

static void test_runc(void **state)
{
	(void)state;
	process(22, "/usr/bin/runc", "runc|--root|/x|exec|web|sh", "/", root);
	process(23, "/usr/bin/runc", "runc|run|exec", "/", root);
	process(24, "/usr/bin/lxc-attach", "lxc-attach|-n|web", "/", root);
	assert_true(found(40, "sh", 22, "runc"));
	assert_false(found(41, "sh", 23, "runc"));
	assert_true(found(42, "sh", 24, "lxc-attach"));
}

/* The one that a shim has had do it is gone as soon as it is done. */
static void test_runc_gone(void **state)
{
	(void)state;
	shim(20, root);
	put(TASKS B "/init.pid", "21", 2);
	put(TASKS A "/init.pid", "30", 2);
	assert_true(found(25, "runc", 20, "containerd-shim"));
	/* it has ended, and nobody has waited for it yet */
	put("/proc/26/stat", "26 (runc) Z 20 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 126 0 0\n",
	    strlen("26 (runc) Z 20 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 126 0 0\n"));
	assert_true(found(26, "runc", 20, "containerd-shim"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_shim),      TEST(test_first),  TEST(test_unknown), TEST(test_pretender),
		TEST(test_passed_by), TEST(test_conmon), TEST(test_runc),    TEST(test_runc_gone),
	};

	return UNIT_RUN(tests);
}
