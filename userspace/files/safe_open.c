// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The only way to a file of another's choosing.
 *
 * Invariant: nothing but a regular file is ever opened for reading; openat2(2) (5.6) resolves every name below a given root.
 *
 * Limit: a network or FUSE file system that does not answer keeps us waiting. Who must not wait asks somebody else
 * (files/fetcher.h).
 */
#include "files/safe_open.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SAFE_GLANCES 3 /* looks for a name that the kernel may have in memory */

int safe_root(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int safe_resolve(int root, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int safe_place(int root, const char *path, int flags)
{
	return safe_resolve(root, path, flags, 0);
}

int safe_glance(int root, const char *path, struct stat *ret_st)
{
	int place = -EAGAIN, r;
	struct statx stx;

	/* from names that are in the kernel's memory (5.12), and attributes that are; a mount anywhere at that moment makes it fail too */
	for (int tries = 0; place == -EAGAIN && tries < SAFE_GLANCES; tries++)
		place = safe_resolve(root, path, O_NOFOLLOW, RESOLVE_CACHED);
	if (place < 0)
		return place;
	if (statx(place, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &stx) < 0) {
		r = -errno;
		close(place);
		return r;
	}
	*ret_st = (struct stat){
		.st_mode = stx.stx_mode,
		.st_ino = stx.stx_ino,
		.st_nlink = stx.stx_nlink,
		.st_size = (off_t)stx.stx_size,
		.st_ctim = {stx.stx_ctime.tv_sec, stx.stx_ctime.tv_nsec},
		.st_dev = makedev(stx.stx_dev_major, stx.stx_dev_minor),
	};
	return place;
}

int safe_reopen(int place, struct stat *ret_st)
{
	char path[32];
	struct stat st;
	int fd;

	if (fstat(place, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISLNK(st.st_mode) ? -ELOOP : -EMEDIUMTYPE;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (ret_st)
		*ret_st = st;
	return fd;
}

int safe_mount(int fd)
{
	char path[64], line[128];
	AUTO_FCLOSE FILE *file = NULL;
	int number = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && number < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, "mnt_id:", 7) == 0)
			number = (int)strtol(line + 7, NULL, 10);
	return number;
}
