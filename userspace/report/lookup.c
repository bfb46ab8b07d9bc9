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
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/sysmacros.h>

/* Names of a directory that are looked at. */
#define LOOKUP_ENTRIES 65536
/* Copies beside a file that are looked into. */
#define LOOKUP_ROTATED 64

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

static bool lookup_is_tmpfs(const struct fact *fact)
{
	return fact->fs_type && strcmp(fact->fs_type, "tmpfs") == 0;
}

bool lookup_is(const struct fact *fact, const struct stat *st)
{
	if (!fact->inode)
		return true; /* nothing to tell them apart by */
	if (st->st_ino != fact->inode)
		return false;
	/* btrfs shows another device than the kernel has, and an overlay's file lies on its layer's: the inode must do */
	if (!fact->dev_major && !lookup_is_tmpfs(fact))
		return true;
	return major(st->st_dev) == fact->dev_major && minor(st->st_dev) == fact->dev_minor;
}

bool lookup_is_exactly(const struct fact *fact, const struct stat *st)
{
	return fact->inode && st->st_ino == fact->inode && major(st->st_dev) == fact->dev_major &&
	       minor(st->st_dev) == fact->dev_minor;
}

bool lookup_elsewhere(const struct fact *fact)
{
	char path[PATH_MAX];
	struct stat st;

	if (!fact->inode || (size_t)snprintf(path, sizeof(path), "%s", fact->file) >= sizeof(path) ||
	    (!fact->dev_major && !lookup_is_tmpfs(fact)))
		return false;
	/* what lies in memory is not there after a boot */
	if (lookup_is_tmpfs(fact)) {
		struct timespec now, up;

		clock_gettime(CLOCK_REALTIME, &now);
		clock_gettime(CLOCK_BOOTTIME, &up);
		if (fact->last / 1000000 < now.tv_sec - up.tv_sec)
			return false;
	}
	while (lstat(*path ? path : "/", &st) < 0) {
		char *slash = strrchr(path, '/');

		if ((errno != ENOENT && errno != ENOTDIR) || !slash)
			return false;
		*slash = '\0';
	}
	return major(st.st_dev) != fact->dev_major || minor(st.st_dev) != fact->dev_minor;
}

static void lookup_views_make(struct lookup_views *views)
{
	DIR *procfs = opendir("/proc");
	ino_t seen[LOOKUP_VIEWS + 1] = {0};
	struct dirent *entry;
	struct stat st;
	char link[64];

	views->asked = true;
	/* ours is looked at anyway */
	seen[0] = stat("/proc/self/ns/mnt", &st) == 0 ? st.st_ino : 0;
	while (procfs && views->count < LOOKUP_VIEWS && (entry = readdir(procfs))) {
		unsigned long pid = strtoul(entry->d_name, NULL, 10);
		bool known = false;

		snprintf(link, sizeof(link), "/proc/%lu/ns/mnt", pid);
		if (!pid || stat(link, &st) < 0)
			continue;
		for (size_t i = 0; !known && i <= views->count; i++)
			known = seen[i] == st.st_ino;
		if (known)
			continue;
		views->pids[views->count++] = (uint32_t)pid;
		seen[views->count] = st.st_ino;
	}
	if (procfs)
		closedir(procfs);
}

static int lookup_view(uint32_t pid, const struct fact *fact, struct stat *ret_st, char **ret_path)
{
	const char *file = fact->file_path ? fact->file_path : fact->file;
	AUTO_CLOSE int root = -1;
	AUTO_FREE char *path = NULL;
	char link[64];
	int fd;

	snprintf(link, sizeof(link), "/proc/%u/root", pid);
	root = safe_root(link);
	fd = root < 0 ? root : lookup_open_at(root, file, ret_st);
	if (fd < 0)
		return fd;
	if (!lookup_is_exactly(fact, ret_st) || asprintf(&path, "%s%s", link, file) < 0 ||
	    mask_text(path, strlen(path), NULL, ret_path) < 0) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

int lookup_inhabited(const struct fact *fact, struct lookup_views *views, struct stat *ret_st,
		     char **ret_path)
{
	int found = -ENOENT;

	if (!fact->inode)
		return found;
	if (!views->asked)
		lookup_views_make(views);
	for (size_t i = 0; found < 0 && i < views->count; i++)
		found = lookup_view(views->pids[i], fact, ret_st, ret_path);
	return found < 0 ? -ENOENT : found;
}

/* app.log → app.log.1, app.log-20240501.gz; app-20240501.log, app.1.log.gz */
static bool lookup_is_rotated(const char *name, const char *file)
{
	const char *dot = strrchr(file, '.'), *rest;
	size_t len = strlen(file);

	if (strncmp(name, file, len) == 0 && name[len] && strchr(".-_~", name[len]))
		return true;
	if (!dot || dot == file)
		return false;
	len = (size_t)(dot - file);
	if (strncmp(name, file, len) != 0 || !name[len] || !strchr(".-_", name[len]))
		return false;
	rest = strstr(name + len + 1, dot);
	return rest && strpbrk(name + len + 1, "0123456789") && strpbrk(name + len + 1, "0123456789") < rest;
}

/* One of them. @budget: how many may still be looked into */
static int lookup_rotated_one(DIR *dir, const char *directory, const char *name, int64_t since, int *budget,
			      int (*look)(void *context, int fd, const struct stat *st, const char *path),
			      void *context)
{
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *masked = NULL;
	struct stat st;

	fd = lookup_open_at(dirfd(dir), name, &st);
	/* it is no file, or gone */
	if (fd == -EMEDIUMTYPE || fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (st.st_ctim.tv_sec < since)
		return 0;
	if (--*budget < 0)
		return -E2BIG;
	if (asprintf(&path, "%s%s", directory, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return mask_text(path, strlen(path), NULL, &masked) < 0 ? -ENOMEM : look(context, fd, &st, masked);
}

int lookup_rotated(const char *file, int64_t since,
		   int (*look)(void *context, int fd, const struct stat *st, const char *path), void *context)
{
	const char *slash = strrchr(file, '/');
	AUTO_FREE char *directory = slash ? strndup(file, (size_t)(slash - file) + 1) : NULL;
	DIR *dir = directory ? opendir(directory) : NULL;
	int r = 0, budget = LOOKUP_ROTATED, entries = 0;
	bool link = false;
	struct dirent *entry;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir))) {
		if (++entries > LOOKUP_ENTRIES)
			r = -E2BIG;
		else if (lookup_is_rotated(entry->d_name, slash + 1))
			r = lookup_rotated_one(dir, directory, entry->d_name, since, &budget, look, context);
		link |= r == -ELOOP;
		r = r == -ELOOP ? 0 : r;
	}
	closedir(dir);
	return r == 0 && link ? -ELOOP : r;
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
