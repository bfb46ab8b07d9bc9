// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: cgroup → process → root directory.
 *
 * Invariant: a container's names come from the root of the container around it, never from the host's, so nobody
 * inside can take the names of a container beside theirs.
 *
 * Limit: a look at NESTED_CGROUPS cgroups, NESTED_DEPTH deep.
 */
#include "attribute/container/nested.h"

#include "files/open.h"
#include "lib/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NESTED_CGROUPS 512
#define NESTED_DEPTH 8

const char *const container_hierarchies[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory",
					     "/sys/fs/cgroup/pids",    "/sys/fs/cgroup/systemd",
					     "/sys/fs/cgroup",         NULL};

struct nested_walk {
	size_t outer_end;
	int budget;
	char path[PATH_MAX]; /* of the cgroup in its hierarchy */
};

static long nested_first_process(int cgroup)
{
	AUTO_CLOSE int fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[16] = "";

	/* 0: a process that our pid namespace does not know */
	return fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ? 0 : strtol(text, NULL, 10);
}

static bool nested_is_inner(const struct nested_walk *walk)
{
	struct cgroup_name name;

	return cgroup_name_parse(walk->path, strlen(walk->path), &name) == 0 && name.end > walk->outer_end;
}

/* Takes the descriptor. */
static long nested_find(struct nested_walk *walk, int cgroup, int depth)
{
	long pid = nested_first_process(cgroup);
	DIR *directory = fdopendir(cgroup);
	size_t len = strlen(walk->path);
	struct dirent *entry;

	if (!directory) {
		close(cgroup);
		return pid;
	}
	while (!pid && depth < NESTED_DEPTH && walk->budget > 0 && (entry = readdir(directory))) {
		int child;

		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		walk->budget--;
		if ((size_t)snprintf(walk->path + len, sizeof(walk->path) - len, "/%s", entry->d_name) <
			    sizeof(walk->path) - len &&
		    !nested_is_inner(walk)) {
			child = openat(dirfd(directory), entry->d_name,
				       O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
			if (child >= 0)
				pid = nested_find(walk, child, depth + 1);
		}
		walk->path[len] = '\0';
	}
	closedir(directory);
	return pid;
}

int container_nested_root(int root, const char *procfs, const char *path, const struct cgroup_name *name)
{
	char link[PATH_MAX];

	for (const char *const *mount = container_hierarchies; *mount; mount++) {
		struct nested_walk walk = {.outer_end = name->outer_end, .budget = NESTED_CGROUPS};
		int cgroup = file_directory(root, "%s%.*s", *mount, (int)name->outer_end, path);
		long pid;
		int fd;

		if (cgroup < 0)
			continue;
		snprintf(walk.path, sizeof(walk.path), "%.*s", (int)name->outer_end, path);
		pid = nested_find(&walk, cgroup, 0);
		if (pid <= 0)
			continue;
		snprintf(link, sizeof(link), "%s/%ld/root", procfs, pid);
		fd = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	return -ESRCH;
}
