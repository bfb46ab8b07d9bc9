// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sample → attribute: what a runtime has put into a container.
 *
 *     container's first process   ← containerd-shim   <bundle>/init.pid is its number
 *     docker exec's               ← containerd-shim   any other number
 *     podman exec's, CRI-O's      ← conmon            of its own, called with --exec-process-spec
 *     runc exec's, lxc-attach's   ← runc, lxc-attach  as long as it waits for it
 *
 * Invariant: only a runtime's process that sees the host's root directory is believed; a container may call its own as it likes. Those are
 * passed by, however many there are: asked are the nearest two and then the last, since above a container there are the host's only.
 *
 * Limit: what is left over of a process tree is its pid namespace's first process's child, so it looks as if it had begun there.
 */
#include "attribute/exec.h"

#include "attribute/container/above.h"
#include "attribute/inquiry.h"
#include "attribute/procfs.h"
#include "files/open.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of how many processes it is remembered: of one, it does not change. */
#define EXEC_REMEMBERED 64
#define EXEC_ARGS 8192
#define EXEC_PID_BYTES 16
/* Runtimes' processes that are asked about one, at most: the nearest ones, and the last. */
#define EXEC_QUESTIONS 3

/* A process of the chain from the writer up. */
struct exec_link {
	uint32_t pid;
	uint64_t start;
	char comm[LIMIT_COMM_BYTES];
};

struct exec {
	int root;
	const char *procfs;
	struct inquiry *inquiry; /* borrowed; NULL: we ask ourselves, and wait */
	struct {
		uint32_t pid;
		uint64_t start; /* 0: nothing is remembered */
		bool is;
	} known[EXEC_REMEMBERED]; /* by the start */
};

int exec_open(const char *root, const char *procfs, struct exec **ret_exec)
{
	struct exec *exec = calloc(1, sizeof(*exec));

	if (!exec)
		return -ENOMEM;
	exec->procfs = procfs;
	exec->root = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (exec->root < 0) {
		int r = -errno;

		free(exec);
		return r;
	}
	*ret_exec = exec;
	return 0;
}

void exec_close(struct exec *exec)
{
	if (!exec)
		return;
	close(exec->root);
	free(exec);
}

void exec_look_by(struct exec *exec, struct inquiry *inquiry)
{
	exec->inquiry = inquiry;
}

static bool exec_is(const char *comm, const char *name)
{
	return strncmp(comm, name, LIMIT_COMM_BYTES) == 0;
}

static bool exec_is_runtime(const char *comm)
{
	static const char *const names[] = {"containerd-shim", "conmon",     "runc", "crun",
					    "youki",           "lxc-attach", NULL};

	for (size_t i = 0; names[i]; i++)
		if (exec_is(comm, names[i]))
			return true;
	return false;
}

/* Is that one of its arguments, as a whole? */
static bool exec_argument(const struct procfs_process *process, const char *wanted)
{
	char args[EXEC_ARGS];
	int len = procfs_read(process, "cmdline", args, sizeof(args));
	bool found = false;

	for (int at = 0; at < len && !found;) {
		size_t one = strnlen(args + at, (size_t)(len - at));

		found = one == strlen(wanted) && memcmp(args + at, wanted, one) == 0;
		at += (int)one + 1;
	}
	if (len > 0)
		explicit_bzero(args, (size_t)len);
	return found;
}

/* The number of the first process of a container that a shim looks after. 0: it is not known. */
static uint32_t exec_first(int root, const char *bundle, const char *id)
{
	const char *end = strrchr(bundle, '/');
	AUTO_CLOSE int fd = -1;
	char text[EXEC_PID_BYTES] = "";

	if (!end || !cgroup_name_is_id(id, strlen(id)))
		return 0;
	/* a pod's shim is in the bundle of its first container; all of them lie side by side */
	fd = file_regular(root, "%.*s/%s/init.pid", (int)(end - bundle), bundle, id);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	return (uint32_t)strtoul(text, NULL, 10);
}

/* @id: of the container; @pid: a child of the shim's in it */
static bool exec_by_shim(int root, const struct procfs_process *shim, const char *id, uint32_t pid)
{
	struct relayed told;
	uint32_t first, pods;

	if (container_above_tells(root, shim, &told) < 0)
		return false;
	first = exec_first(root, told.directory, id);
	/* where a pod shares its processes, those that lost their parent are its own first process's */
	pods = exec_first(root, told.directory, told.name.id);
	return first && pods && pid != first && pid != pods;
}

/* Not gone, nor ended and only not waited for: what it was called with is gone then. */
static bool exec_alive(const struct exec *exec, const struct exec_link *link)
{
	const struct procfs_process process = {exec->procfs, link->pid, link->start};
	char exe[PATH_MAX];

	return procfs_link(&process, "exe", exe, sizeof(exe)) > 0;
}

int exec_below(int root, const struct procfs_process *runtime, const char *name, const char *id, uint32_t pid)
{
	struct relayed told;

	if (!container_above_host(root, runtime))
		return -EXDEV;
	if (exec_is(name, "containerd-shim"))
		return exec_by_shim(root, runtime, id, pid);
	if (exec_is(name, "lxc-attach"))
		return procfs_alive(runtime);
	if (exec_is(name, "conmon"))
		return exec_argument(runtime, "--exec-process-spec");
	/* a container may be called "exec" as well */
	return container_above_tells(root, runtime, &told) < 0 && exec_argument(runtime, "exec");
}

/* @pid: a child of the runtime's in the container. As exec_below(), or -ETIME: nobody has answered in time. */
static int exec_ask(const struct exec *exec, const struct sample_view *view, const struct exec_link *runtime,
		    const char *id, uint32_t pid)
{
	const struct inquiry_world world = {.root = exec->root, .procfs = exec->procfs, .path = ""};
	struct inquiry_question question = {
		.kind = INQUIRY_EXEC,
		.group = view->head->group,
		.uid = view->head->uid,
		.pid = runtime->pid,
		.time = runtime->start,
		.number = pid,
	};
	struct inquiry_answer answer;

	snprintf(question.parent, sizeof(question.parent), "%.*s", (int)LIMIT_COMM_BYTES, runtime->comm);
	snprintf(question.path, sizeof(question.path), "%s", id);
	return inquiry_ask(exec->inquiry, &world, &question, NULL, &answer);
}

/* The writer, its parent, and what is above that. False: there is none, or it is not known. */
static bool exec_at(const struct sample_view *view, size_t index, struct exec_link *ret_link)
{
	const struct token_sample *head = view->head;
	struct sample_ancestor ancestor;

	if (index == 0)
		*ret_link = (struct exec_link){head->tgid, head->start, ""};
	else if (index == 1)
		*ret_link = (struct exec_link){head->parent_tgid, head->parent_start, ""};
	else if (sample_view_ancestor(view, index - 2, &ancestor))
		*ret_link = (struct exec_link){ancestor.tgid, ancestor.start, ""};
	else
		return false;
	memcpy(ret_link->comm,
	       index == 0   ? head->comm
	       : index == 1 ? head->parent_comm
			    : ancestor.comm,
	       LIMIT_COMM_BYTES);
	return ret_link->pid;
}

/* The next above @index that is called as a runtime is, and its child. Returns where it is, 0: there is none. */
static size_t exec_next(const struct sample_view *view, size_t index, struct exec_link *ret_below,
			struct exec_link *ret_runtime)
{
	struct exec_link below, runtime;

	if (!exec_at(view, index, &below))
		return 0;
	while (exec_at(view, ++index, &runtime)) {
		if (exec_is_runtime(runtime.comm)) {
			*ret_below = below;
			*ret_runtime = runtime;
			return index;
		}
		below = runtime;
	}
	return 0;
}

/* The last one, likewise. */
static size_t exec_last(const struct sample_view *view, size_t index, struct exec_link *below,
			struct exec_link *runtime)
{
	size_t next;

	while ((next = exec_next(view, index, below, runtime)))
		index = next;
	return index;
}

/* From the runtime's process at @index on. Returns whether it is, or -ETIME. */
static int exec_climb(const struct exec *exec, const struct sample_view *view, const char *id, size_t index,
		      struct exec_link below, struct exec_link runtime)
{
	for (size_t asked = 1;; asked++) {
		int is = exec_ask(exec, view, &runtime, id, below.pid);
		struct exec_link child;
		size_t next;
		bool gone;

		if (is > 0 || is == -ETIME || asked == EXEC_QUESTIONS)
			return is == -ETIME ? is : is > 0;
		/* runc goes as soon as what it has started runs: it was a shim's or conmon's */
		gone = !exec_alive(exec, &runtime);
		if (is == 0 && !gone)
			return 0;
		next = exec_next(view, index, &child, &runtime);
		if (next && asked + 1 == EXEC_QUESTIONS)
			next = exec_last(view, next, &child, &runtime);
		if (!next)
			return 0;
		if (!gone || next != index + 1)
			below = child;
		index = next;
	}
}

bool exec_find(struct exec *exec, const struct sample_view *view, const char *id)
{
	struct exec_link below, runtime;
	size_t index, at;

	/* in the host's pid namespace, a shim is also who gets those that lost their parent */
	if (view->head->ns_tgid == view->head->tgid)
		return false;
	index = exec_next(view, 0, &below, &runtime);
	if (!index)
		return false;
	at = below.start / 1000 % EXEC_REMEMBERED;
	if (exec->known[at].start != below.start || exec->known[at].pid != below.pid) {
		int is = exec_climb(exec, view, id, index, below, runtime);

		if (is < 0)
			return false;
		exec->known[at].is = is;
		exec->known[at].start = below.start;
		exec->known[at].pid = below.pid;
	}
	return exec->known[at].is;
}
