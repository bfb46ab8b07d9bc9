/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files by the names that the store has of them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "store/fact.h"

/*
 * lookup_open() - opens a regular file for reading, without following a link, without waiting.
 * Returns a descriptor and *ret_st, or a negative errno: -ENOENT, -ELOOP (a symbolic link), -EMEDIUMTYPE (something else
 * than a regular file), …
 */
int lookup_open(const char *path, struct stat *ret_st);

/*
 * lookup_link() - where a symbolic link leads to, as it was written; not terminated.
 * Returns how many bytes that is; -EINVAL if it is none, or another negative errno.
 */
ssize_t lookup_link(const char *path, char *target, size_t size);

/* lookup_is() - is this the file that was written to? By inode; and by device, where file systems tell the same one. */
bool lookup_is(const struct fact *fact, const struct stat *st);

/*
 * lookup_is_exactly() - the same, by both, for where the name says nothing: files of containers from one image may have one inode's
 * number. On btrfs nothing is: stat(2) shows a device for each subvolume there, and snapshots have the same inodes.
 */
bool lookup_is_exactly(const struct fact *fact, const struct stat *st);

/*
 * lookup_elsewhere() - is its file system another one than what the host has at its path, so that what is there or not says nothing? As far
 * as the path exists. Two subvolumes of one btrfs are one file system.
 */
bool lookup_elsewhere(const struct fact *fact);

/* How many other mounts than ours are looked into. */
#define LOOKUP_VIEWS 512

/* For each namespace of mounts but ours, a process that lives there. */
struct lookup_views {
	bool asked;
	size_t count;
	uint32_t pids[LOOKUP_VIEWS];
};

/* A process's root directory, and what stands before its paths: "/proc/PID/root", or "" for ours. */
struct lookup_root {
	int fd;
	char prefix[32];
};

/*
 * lookup_inhabited() - the file as a process in other mounts than ours sees it, while one lives there. Only what has its inode and device
 * is it; on btrfs *ret_alike is true then, since another subvolume may have both.
 * @views: zeroed at first, made with the first call
 * Returns a descriptor, *ret_st, *ret_path (/proc/PID/root…, masked, malloc'ed) and *ret_root (its descriptor is the caller's), or
 * -ENOENT.
 */
int lookup_inhabited(const struct fact *fact, struct lookup_views *views, struct stat *ret_st,
		     char **ret_path, struct lookup_root *ret_root, bool *ret_alike);

/* The names in the directory that was read last, kept while it does not change: files come by directory. */
struct lookup_listing {
	bool kept;
	int error; /* -E2BIG: there are more names */
	struct stat st;
	struct lookup_name {
		char *name;
		ino_t inode;
	} * names; /* sorted */
	size_t count, room;
	uint64_t looked; /* at so many names in all */
};

void lookup_listing_free(struct lookup_listing *listing);

/*
 * lookup_rotated() - calls `look` for each regular file beside it whose name says that it is a copy, as app.log.1, app.log-20240501.gz,
 * app-1.log; not for what was changed last before `since` (seconds since 1970).
 * @listing: zeroed at first
 * @root: that `file` is below
 * @look: gets a descriptor and a path (masked), both borrowed; anything but 0 ends it
 * Returns 0, what `look` returned, -ELOOP if one is a symbolic link (the others were looked into), -E2BIG if there are too many, -ETIME if
 * that took too long in all, or another negative errno: they can't be looked for.
 */
int lookup_rotated(struct lookup_listing *listing, const struct lookup_root *root, const char *file,
		   int64_t since, int (*look)(void *context, int fd, const struct stat *st, const char *path),
		   void *context);

/*
 * lookup_moved() - the same file under another name in the same directory, as log rotation leaves it.
 * Returns a descriptor, *ret_st and *ret_path (masked, malloc'ed), or -ENOENT.
 */
int lookup_moved(struct lookup_listing *listing, const struct fact *fact, struct stat *ret_st,
		 char **ret_path);
