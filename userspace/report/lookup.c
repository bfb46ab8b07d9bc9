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
/* Names that are read or compared, of all files: minutes. */
#define LOOKUP_ALL (64ULL << 20)
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

static bool lookup_is_kind(const struct fact *fact, const char *kind)
{
	return fact->fs_type && strcmp(fact->fs_type, kind) == 0;
}

bool lookup_is(const struct fact *fact, const struct stat *st)
{
	if (!fact->inode)
		return true; /* nothing to tell them apart by */
	if (st->st_ino != fact->inode)
		return false;
	/* btrfs shows another device than the kernel has, and an overlay's file lies on its layer's: the inode must do */
	if (!fact->dev_major && !lookup_is_kind(fact, "tmpfs"))
		return true;
	return major(st->st_dev) == fact->dev_major && minor(st->st_dev) == fact->dev_minor;
}

bool lookup_is_exactly(const struct fact *fact, const struct stat *st)
{
	return fact->inode && st->st_ino == fact->inode && major(st->st_dev) == fact->dev_major &&
	       minor(st->st_dev) == fact->dev_minor;
}

/* The device of what is mounted there, as the kernel and so the store have it. @pid: whose mount it is; 0: ours */
static bool lookup_device(uint32_t pid, int fd, uint32_t *ret_major, uint32_t *ret_minor)
{
	AUTO_FCLOSE FILE *file = NULL;
	AUTO_FREE char *line = NULL;
	bool found = false;
	size_t size = 0;
	int number = safe_mount(fd);
	char path[48];

	if (number < 0)
		return false;
	if (pid)
		snprintf(path, sizeof(path), "/proc/%u/mountinfo", pid);
	else
		snprintf(path, sizeof(path), "/proc/self/mountinfo");
	file = fopen(path, "re");
	/* 36 35 98:0 /root /mnt … */
	while (file && !found && getline(&line, &size, file) > 0) {
		char *at = line;

		found = strtol(at, &at, 10) == number;
		strtoul(at, &at, 10);
		*ret_major = (uint32_t)strtoul(at, &at, 10);
		found = found && *at++ == ':';
		*ret_minor = found ? (uint32_t)strtoul(at, &at, 10) : 0;
	}
	return found;
}

/* Has the host this file system at the path, which exists? */
static bool lookup_same_device(const struct fact *fact, const char *path)
{
	AUTO_CLOSE int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	uint32_t its_major, its_minor;

	return fd < 0 || !lookup_device(0, fd, &its_major, &its_minor) ||
	       (its_major == fact->dev_major && its_minor == fact->dev_minor);
}

bool lookup_elsewhere(const struct fact *fact)
{
	char path[PATH_MAX];
	struct stat st;

	/* an overlay's file lies in its layer's file system */
	if (!fact->inode || (size_t)snprintf(path, sizeof(path), "%s", fact->file) >= sizeof(path) ||
	    lookup_is_kind(fact, "overlay"))
		return false;
	/* what has no device of its own, as what lies in memory, has another number after a boot */
	if (!fact->dev_major) {
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
	/* of btrfs, stat(2) has a device for each subvolume */
	return !lookup_same_device(fact, *path ? path : "/");
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

static int lookup_view(uint32_t pid, const struct fact *fact, struct stat *ret_st, char **ret_path,
		       struct lookup_root *ret_root, bool *ret_alike)
{
	const char *file = fact->file_path ? fact->file_path : fact->file;
	uint32_t its_major, its_minor;
	struct lookup_root root;
	AUTO_FREE char *path = NULL;
	int fd;

	*ret_alike = false;
	snprintf(root.prefix, sizeof(root.prefix), "/proc/%u/root", pid);
	root.fd = safe_root(root.prefix);
	if (root.fd < 0)
		return root.fd;
	fd = lookup_open_at(root.fd, file, ret_st);
	if (fd >= 0 && lookup_is_kind(fact, "btrfs"))
		*ret_alike = ret_st->st_ino == fact->inode &&
			     lookup_device(pid, fd, &its_major, &its_minor) && its_major == fact->dev_major &&
			     its_minor == fact->dev_minor;
	if (fd >= 0 && ((!*ret_alike && !lookup_is_exactly(fact, ret_st)) ||
			asprintf(&path, "%s%s", root.prefix, file) < 0 ||
			mask_text(path, strlen(path), NULL, ret_path) < 0)) {
		close(fd);
		fd = -ENOENT;
	}
	if (fd < 0)
		close(root.fd);
	else
		*ret_root = root;
	return fd;
}

int lookup_inhabited(const struct fact *fact, struct lookup_views *views, struct stat *ret_st,
		     char **ret_path, struct lookup_root *ret_root, bool *ret_alike)
{
	int found = -ENOENT;

	*ret_alike = false;

	if (!fact->inode)
		return found;
	if (!views->asked)
		lookup_views_make(views);
	for (size_t i = 0; found < 0 && i < views->count; i++)
		found = lookup_view(views->pids[i], fact, ret_st, ret_path, ret_root, ret_alike);
	return found < 0 ? -ENOENT : found;
}

/* Where it lies, to be read. */
static int lookup_directory(int root, const char *file, struct stat *ret_st)
{
	const char *slash = strrchr(file, '/');
	AUTO_FREE char *directory = slash ? strndup(file, (size_t)(slash - file) + 1) : NULL;
	AUTO_CLOSE int place = directory ? safe_place(root, directory, O_DIRECTORY) : -EINVAL;
	char link[32];
	int fd;

	if (place < 0)
		return place;
	if (fstat(place, ret_st) < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	fd = open(link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void lookup_listing_clear(struct lookup_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i].name);
	listing->count = 0;
	listing->kept = false;
}

void lookup_listing_free(struct lookup_listing *listing)
{
	lookup_listing_clear(listing);
	free(listing->names);
	memset(listing, 0, sizeof(*listing));
}

static int lookup_name_compare(const void *a, const void *b)
{
	return strcmp(((const struct lookup_name *)a)->name, ((const struct lookup_name *)b)->name);
}

static int lookup_list_one(struct lookup_listing *listing, const struct dirent *entry)
{
	if (listing->count == LOOKUP_ENTRIES)
		return -E2BIG;
	if (listing->count == listing->room) {
		size_t room = listing->room ? 2 * listing->room : 64;
		struct lookup_name *names = reallocarray(listing->names, room, sizeof(*names));

		if (!names)
			return -ENOMEM;
		listing->names = names;
		listing->room = room;
	}
	listing->names[listing->count] =
		(struct lookup_name){.name = strdup(entry->d_name), .inode = entry->d_ino};
	if (!listing->names[listing->count].name)
		return -ENOMEM;
	listing->count++;
	return 0;
}

/* Is what was read of it still so? What changed in the same tick of the file system's clock as it was read shows no other time. */
static bool lookup_listing_is(const struct lookup_listing *listing, const struct stat *st)
{
	return listing->kept && listing->st.st_ino == st->st_ino && listing->st.st_dev == st->st_dev &&
	       listing->st.st_mtim.tv_sec == st->st_mtim.tv_sec &&
	       listing->st.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

/* The names of an open directory. Returns 0, or a negative errno: they are not all. */
static int lookup_list(struct lookup_listing *listing, int fd, const struct stat *st)
{
	struct timespec now;
	struct dirent *entry;
	DIR *dir;
	int copy, r = 0;

	if (lookup_listing_is(listing, st))
		return listing->error;
	lookup_listing_clear(listing);
	if (listing->looked > LOOKUP_ALL)
		return -ETIME;
	clock_gettime(CLOCK_REALTIME, &now);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		r = -errno;
		if (copy >= 0)
			close(copy);
		return r;
	}
	errno = 0;
	while (r == 0 && (entry = readdir(dir)))
		r = lookup_list_one(listing, entry);
	if (r == 0)
		r = -errno;
	closedir(dir);
	listing->looked += listing->count;
	listing->st = *st;
	listing->error = r;
	listing->kept =
		(r == 0 || r == -E2BIG) &&
		(now.tv_sec - st->st_mtim.tv_sec) * 1000 + (now.tv_nsec - st->st_mtim.tv_nsec) / 1000000 > 20;
	if (listing->count)
		qsort(listing->names, listing->count, sizeof(*listing->names), lookup_name_compare);
	return r;
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
static int lookup_rotated_one(int dir, const char *directory, const char *name, int64_t since, int *budget,
			      int (*look)(void *context, int fd, const struct stat *st, const char *path),
			      void *context)
{
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *masked = NULL;
	struct stat st;

	fd = lookup_open_at(dir, name, &st);
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

/* The first name that may be a copy's: they all begin with the file's, up to its last dot. */
static size_t lookup_first(const struct lookup_listing *listing, const char *stem)
{
	size_t low = 0, high = listing->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(listing->names[middle].name, stem) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int lookup_rotated(struct lookup_listing *listing, const struct lookup_root *root, const char *file,
		   int64_t since, int (*look)(void *context, int fd, const struct stat *st, const char *path),
		   void *context)
{
	struct stat st;
	AUTO_CLOSE int dir = lookup_directory(root->fd, file, &st);
	const char *slash = strrchr(file, '/'), *dot = slash ? strrchr(slash + 1, '.') : NULL;
	AUTO_FREE char *directory = NULL;
	AUTO_FREE char *stem = NULL;
	int r, budget = LOOKUP_ROTATED;
	bool link = false;

	if (dir < 0 || !slash)
		return dir == -ENOENT || dir == -ENOTDIR ? 0 : dir;
	if (asprintf(&directory, "%s%.*s", root->prefix, (int)(slash - file) + 1, file) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	stem = dot && dot > slash + 1 ? strndup(slash + 1, (size_t)(dot - slash) - 1) : strdup(slash + 1);
	if (!stem)
		return -ENOMEM;
	r = lookup_list(listing, dir, &st);
	for (size_t i = lookup_first(listing, stem); r == 0 && i < listing->count; i++) {
		const char *name = listing->names[i].name;

		if (strncmp(name, stem, strlen(stem)) != 0)
			break;
		if (listing->looked++ > LOOKUP_ALL)
			r = -ETIME;
		else if (lookup_is_rotated(name, slash + 1))
			r = lookup_rotated_one(dir, directory, name, since, &budget, look, context);
		link |= r == -ELOOP;
		r = r == -ELOOP ? 0 : r;
	}
	return r == 0 && link ? -ELOOP : r;
}

int lookup_moved(struct lookup_listing *listing, const struct fact *fact, struct stat *ret_st,
		 char **ret_path)
{
	struct stat st;
	AUTO_CLOSE int root = safe_root("/");
	AUTO_CLOSE int dir = root < 0 || !fact->inode ? -ENOENT : lookup_directory(root, fact->file, &st);
	const char *slash = strrchr(fact->file, '/');
	int found = -ENOENT;

	if (dir < 0)
		return found;
	/* whether that were all of them, lookup_rotated() tells */
	lookup_list(listing, dir, &st);
	for (size_t i = 0; found < 0 && i < listing->count; i++) {
		const char *name = listing->names[i].name;
		AUTO_FREE char *path = NULL;
		int fd;

		if (listing->names[i].inode != fact->inode || strcmp(name, slash + 1) == 0)
			continue;
		fd = lookup_open_at(dir, name, ret_st);
		if (fd < 0)
			continue;
		if (asprintf(&path, "%.*s%s", (int)(slash - fact->file) + 1, fact->file, name) < 0)
			path = NULL;
		if (path && lookup_is(fact, ret_st) && mask_text(path, strlen(path), NULL, ret_path) == 0)
			found = fd;
		else
			close(fd);
	}
	return found;
}
