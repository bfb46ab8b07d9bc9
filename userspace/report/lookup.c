// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report → files. Whoever owns the directories may have put anything there meanwhile (files/safe_open.h).
 *
 * Limit: a network or FUSE file system that does not answer holds us up.
 */
#include "report/lookup.h"

#include "detect/mask.h"
#include "files/safe_open.h"
#include "lib/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/sysmacros.h>

/* Names of a directory that are looked at. */
#define LOOKUP_ENTRIES 65536

static int lookup_open_at(int dir, const char *name, struct stat *ret_st)
{
	AUTO_CLOSE int place = safe_place(dir, name, O_NOFOLLOW);

	return place < 0 ? place : safe_reopen(place, ret_st);
}

int lookup_open(const char *path, struct stat *ret_st)
{
	AUTO_CLOSE int root = safe_root("/");

	return root < 0 ? root : lookup_open_at(root, path, ret_st);
}

ssize_t lookup_link(const char *path, char *target, size_t size)
{
	AUTO_CLOSE int root = safe_root("/");
	AUTO_CLOSE int place = root < 0 ? root : safe_place(root, path, O_NOFOLLOW);
	struct stat st;
	ssize_t len;

	if (place < 0)
		return place;
	if (fstat(place, &st) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode))
		return -EINVAL;
	len = readlinkat(place, "", target, size);
	return len < 0 ? -errno : len;
}

bool lookup_is(const struct fact *fact, const struct stat *st)
{
	if (!fact->inode)
		return true; /* nothing to tell them apart by */
	/* btrfs and overlayfs show another device than the kernel has: the inode must do */
	return st->st_ino == fact->inode &&
	       (major(st->st_dev) == 0 ||
		(major(st->st_dev) == fact->dev_major && minor(st->st_dev) == fact->dev_minor));
}

int lookup_moved(const struct fact *fact, struct stat *ret_st, char **ret_path)
{
	const char *slash = strrchr(fact->file, '/');
	AUTO_FREE char *directory = slash ? strndup(fact->file, (size_t)(slash - fact->file) + 1) : NULL;
	DIR *dir = directory && fact->inode ? opendir(directory) : NULL;
	struct dirent *entry;
	int found = -ENOENT;

	for (int i = 0; dir && found < 0 && i < LOOKUP_ENTRIES && (entry = readdir(dir)); i++) {
		AUTO_FREE char *path = NULL;
		int fd;

		if (entry->d_ino != fact->inode || strcmp(entry->d_name, slash + 1) == 0)
			continue;
		fd = lookup_open_at(dirfd(dir), entry->d_name, ret_st);
		if (fd < 0)
			continue;
		if (asprintf(&path, "%s%s", directory, entry->d_name) < 0)
			path = NULL;
		if (path && lookup_is(fact, ret_st) && mask_text(path, strlen(path), NULL, ret_path) == 0)
			found = fd;
		else
			close(fd);
	}
	if (dir)
		closedir(dir);
	return found;
}
