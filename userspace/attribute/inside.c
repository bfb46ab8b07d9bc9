// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: uid and gid of a process in a container → their names in there. The host's users have the same numbers, and other names.
 *
 * Limit: the first INSIDE_ENTRIES of a file of INSIDE_BYTES at most; a longer one is asked for nothing.
 */
#include "attribute/inside.h"

#include "files/safe_open.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSIDE_ENTRIES 4096
#define INSIDE_BYTES (1L << 20)
#define INSIDE_MAP 4096

/* Is the number the same inside? By a line for each range: first inside, first outside, how many. */
static int inside_same(const struct procfs_process *process, const char *map, uint32_t id)
{
	char text[INSIDE_MAP + 1], *next, *line, *rest;
	int len = procfs_read(process, map, text, INSIDE_MAP);

	if (len < 0)
		return len;
	text[len] = '\0';
	next = text;
	while ((line = strtok_r(next, "\n", &rest))) {
		unsigned long in = strtoul(line, &line, 10), out = strtoul(line, &line, 10);
		unsigned long count = strtoul(line, &line, 10);

		if (id >= out && id - out < count)
			return in == out ? 0 : -EXDEV;
		next = NULL;
	}
	return -EXDEV;
}

static FILE *inside_open(int root, const char *path)
{
	AUTO_CLOSE int place = safe_place(root, path, 0);
	struct stat st;
	FILE *file;
	int fd = place < 0 ? place : safe_reopen(place, &st);

	if (fd < 0)
		return NULL;
	file = st.st_size <= INSIDE_BYTES ? fdopen(fd, "r") : NULL;
	if (!file)
		close(fd);
	return file;
}

static void inside_user(int root, uint32_t id, char ret_name[INSIDE_NAME])
{
	AUTO_FCLOSE FILE *file = inside_open(root, "/etc/passwd");
	const struct passwd *user;

	for (int i = 0; file && i < INSIDE_ENTRIES && (user = fgetpwent(file)); i++) {
		if (user->pw_uid != id)
			continue;
		snprintf(ret_name, INSIDE_NAME, "%s", user->pw_name);
		return;
	}
}

static void inside_group(int root, uint32_t id, char ret_name[INSIDE_NAME])
{
	AUTO_FCLOSE FILE *file = inside_open(root, "/etc/group");
	const struct group *group;

	for (int i = 0; file && i < INSIDE_ENTRIES && (group = fgetgrent(file)); i++) {
		if (group->gr_gid != id)
			continue;
		snprintf(ret_name, INSIDE_NAME, "%s", group->gr_name);
		return;
	}
}

int inside_name(const struct procfs_process *process, bool group, uint32_t id, char ret_name[INSIDE_NAME])
{
	AUTO_CLOSE int root = -1;
	char path[PATH_MAX];
	int r = inside_same(process, group ? "gid_map" : "uid_map", id);

	*ret_name = '\0';
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/%u/root", process->root, process->pid);
	root = safe_root(path);
	if (root < 0)
		return root;
	if (group)
		inside_group(root, id, ret_name);
	else
		inside_user(root, id, ret_name);
	/* whose root it was is known only if it is there still */
	return procfs_alive(process) ? 0 : -ESRCH;
}
