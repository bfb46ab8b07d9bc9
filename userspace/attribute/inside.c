// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: uid and gid of a process in a container → their names in there. The host's users have the same numbers, and other names.
 *
 * Nobody is waited for: a name counts only as far as the kernel has it in memory, on a file system that answers itself. What may lie on FUSE or
 * on a network has no names.
 *
 * Limit: the first INSIDE_ENTRIES of a file of INSIDE_BYTES at most; a longer one is asked for nothing. Overlays are taken for what they
 * mostly are, one of the host's own disks.
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
/* Bytes of a list of mounts. */
#define INSIDE_MOUNTS (128UL << 10)

/* Is the number the same inside? By a line for each range: first inside, first outside, how many. */
static int inside_same(const struct procfs_process *process, const char *map, uint32_t id, uint32_t *ret_id)
{
	char text[INSIDE_MAP + 1], *next, *line, *rest;
	int len = procfs_read(process, map, text, INSIDE_MAP);

	*ret_id = INSIDE_NONE;
	if (len < 0)
		return len;
	text[len] = '\0';
	next = text;
	while ((line = strtok_r(next, "\n", &rest))) {
		unsigned long in = strtoul(line, &line, 10), out = strtoul(line, &line, 10);
		unsigned long count = strtoul(line, &line, 10);

		if (id >= out && id - out < count) {
			*ret_id = (uint32_t)(in + (id - out));
			return in == out ? 0 : -EXDEV;
		}
		next = NULL;
	}
	return -EXDEV;
}

/* Is it of a kind that asks nobody else? By "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw". */
static bool inside_answers(const struct procfs_process *process, int place)
{
	static const char *const kinds[] = {"overlay", "ext2",     "ext3", "ext4",  "xfs",
					    "btrfs",   "f2fs",     "zfs",  "tmpfs", "ramfs",
					    "rootfs",  "squashfs", "erofs"};
	AUTO_FREE char *mounts = malloc(INSIDE_MOUNTS + 1);
	int number = safe_mount(place), len;
	char *next = mounts, *line, *rest;

	len = mounts && number >= 0 ? procfs_read(process, "mountinfo", mounts, INSIDE_MOUNTS) : -1;
	if (len < 0)
		return false;
	mounts[len] = '\0';
	while ((line = strtok_r(next, "\n", &rest))) {
		const char *kind = strstr(line, " - ");

		next = NULL;
		if (strtol(line, NULL, 10) != number || !kind)
			continue;
		kind += 3;
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			if (strncmp(kind, kinds[i], strlen(kinds[i])) == 0 && kind[strlen(kinds[i])] == ' ')
				return true;
		return false;
	}
	return false;
}

static FILE *inside_open(const struct procfs_process *process, int root, const char *path)
{
	struct stat st;
	AUTO_CLOSE int place = safe_glance(root, path, &st);
	FILE *file;
	int fd = place < 0 || !inside_answers(process, place) ? -EAGAIN : safe_reopen(place, &st);

	if (fd < 0)
		return NULL;
	file = st.st_size <= INSIDE_BYTES ? fdopen(fd, "r") : NULL;
	if (!file)
		close(fd);
	return file;
}

static void inside_user(const struct procfs_process *process, int root, uint32_t id,
			char ret_name[INSIDE_NAME])
{
	AUTO_FCLOSE FILE *file = inside_open(process, root, "/etc/passwd");
	const struct passwd *user;

	for (int i = 0; file && i < INSIDE_ENTRIES && (user = fgetpwent(file)); i++) {
		if (user->pw_uid != id)
			continue;
		snprintf(ret_name, INSIDE_NAME, "%s", user->pw_name);
		return;
	}
}

static void inside_group(const struct procfs_process *process, int root, uint32_t id,
			 char ret_name[INSIDE_NAME])
{
	AUTO_FCLOSE FILE *file = inside_open(process, root, "/etc/group");
	const struct group *group;

	for (int i = 0; file && i < INSIDE_ENTRIES && (group = fgetgrent(file)); i++) {
		if (group->gr_gid != id)
			continue;
		snprintf(ret_name, INSIDE_NAME, "%s", group->gr_name);
		return;
	}
}

int inside_name(const struct procfs_process *process, bool group, uint32_t id, uint32_t *ret_id,
		char ret_name[INSIDE_NAME])
{
	AUTO_CLOSE int root = -1;
	char path[PATH_MAX];
	int r = inside_same(process, group ? "gid_map" : "uid_map", id, ret_id);

	*ret_name = '\0';
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/%u/root", process->root, process->pid);
	root = safe_root(path);
	if (root < 0)
		return root;
	if (group)
		inside_group(process, root, id, ret_name);
	else
		inside_user(process, root, id, ret_name);
	/* whose root it was is known only if it is there still */
	return procfs_alive(process) ? 0 : -ESRCH;
}
