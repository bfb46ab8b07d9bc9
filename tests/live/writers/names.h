/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names, attributes and what is not a write call on a regular file; for writer.c. */
#pragma once

#include "../token_maker.h"
#include "async.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

/* Binds a unix socket to a path that may be too long: relative to its directory. @async: by io_uring */
static inline int names_bind(const char *directory, const char *name, int async)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || chdir(directory) < 0)
		return -1;
	strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
	if (async) {
		/* IORING_OP_BIND, which older headers lack */
		struct io_uring_sqe sqe = {
			.opcode = 56, .fd = fd, .addr = (uintptr_t)&address, .off = sizeof(address)};
		struct async_ring ring;
		int result = async_ring_open(&ring, 0) < 0 ? -errno : async_ring_run(&ring, &sqe);

		errno = -result;
		return result;
	}
	return bind(fd, (struct sockaddr *)&address, sizeof(address));
}

/* Makes a subvolume of btrfs in a directory; of another one, if `source` is its descriptor: a snapshot. */
static inline int names_subvolume(int directory, const char *name, int source, int newer)
{
	struct btrfs_ioctl_vol_args_v2 second = {.fd = source};
	struct btrfs_ioctl_vol_args first = {.fd = source};

	strncpy(first.name, name, sizeof(first.name) - 1);
	strncpy(second.name, name, sizeof(second.name) - 1);
	if (newer)
		return ioctl(directory, source < 0 ? BTRFS_IOC_SUBVOL_CREATE_V2 : BTRFS_IOC_SNAP_CREATE_V2,
			     &second);
	return ioctl(directory, source < 0 ? BTRFS_IOC_SUBVOL_CREATE : BTRFS_IOC_SNAP_CREATE, &first);
}

/*
 * names_make() - makes one name, link or attribute in a directory by the system call `how`.
 * @text: what is to be named; "plain" and "dir/" are there as helpers.
 * Returns a negative number if the call failed.
 */
static inline long names_make(const char *how, const char *directory, const char *text)
{
	struct open_how create = {.flags = O_CREAT | O_WRONLY, .mode = 0600};
	char path[4096], plain[4096];
	int dir = open(directory, O_RDONLY | O_DIRECTORY), fd;

	snprintf(path, sizeof(path), "%s/%s", directory, text);
	snprintf(plain, sizeof(plain), "%s/plain", directory);
	fd = open(plain, O_CREAT | O_RDWR, 0600);
	if (dir < 0 || fd < 0)
		return -1;
#define NAMES_IS(name) (strcmp(how, name) == 0)
	if (NAMES_IS("mkdir"))
		return syscall(SYS_mkdir, path, 0700);
	if (NAMES_IS("mkdirat"))
		return syscall(SYS_mkdirat, dir, text, 0700);
	if (NAMES_IS("mknod"))
		return syscall(SYS_mknod, path, S_IFIFO | 0600, 0);
	if (NAMES_IS("mknodat"))
		return syscall(SYS_mknodat, dir, text, S_IFIFO | 0600, 0);
	if (NAMES_IS("link"))
		return syscall(SYS_link, plain, path);
	if (NAMES_IS("linkat"))
		return syscall(SYS_linkat, dir, "plain", dir, text, 0);
	if (NAMES_IS("rename"))
		return syscall(SYS_rename, plain, path);
	if (NAMES_IS("renameat"))
		return syscall(SYS_renameat, dir, "plain", dir, text);
	if (NAMES_IS("renameat2"))
		return syscall(SYS_renameat2, dir, "plain", dir, text, 0);
	if (NAMES_IS("symlink"))
		return syscall(SYS_symlink, "target", path);
	if (NAMES_IS("symlinkat"))
		return syscall(SYS_symlinkat, "target", dir, text);
	if (NAMES_IS("open"))
		return syscall(SYS_open, path, O_CREAT | O_WRONLY, 0600);
	if (NAMES_IS("creat"))
		return syscall(SYS_creat, path, 0600);
	if (NAMES_IS("openat"))
		return syscall(SYS_openat, dir, text, O_CREAT | O_WRONLY, 0600);
	if (NAMES_IS("openat2"))
		return syscall(SYS_openat2, dir, text, &create, sizeof(create));
	if (NAMES_IS("bind") || NAMES_IS("bind-async"))
		return names_bind(directory, text, how[4]);
	if (NAMES_IS("subvolume") || NAMES_IS("subvolume2"))
		return names_subvolume(dir, text, -1, how[9]);
	if (NAMES_IS("snapshot") || NAMES_IS("snapshot2"))
		return names_subvolume(dir, text, dir, how[8]);
	/* what a link points to, attributes, and a file system's label */
	if (NAMES_IS("label")) {
		memset(plain, 0, sizeof(plain));
		strncpy(plain, text, sizeof(plain) - 1);
		return ioctl(dir, FS_IOC_SETFSLABEL, plain);
	}
	if (NAMES_IS("symlink-target"))
		return syscall(SYS_symlink, text, strcat(plain, ".link"));
	if (NAMES_IS("setxattr"))
		return syscall(SYS_setxattr, plain, "user.a", text, strlen(text), 0);
	if (NAMES_IS("lsetxattr"))
		return syscall(SYS_lsetxattr, plain, "user.a", text, strlen(text), 0);
	if (NAMES_IS("fsetxattr"))
		return syscall(SYS_fsetxattr, fd, "user.a", text, strlen(text), 0);
	if (NAMES_IS("setxattrat")) {
		struct {
			uint64_t value;
			uint32_t size, flags;
		} attribute = {(uintptr_t)text, (uint32_t)strlen(text), 0};

		return syscall(463, fd, "", AT_EMPTY_PATH, "user.a", &attribute, sizeof(attribute));
	}
	if (NAMES_IS("setxattr-name")) {
		snprintf(path, sizeof(path), "user.%s", text);
		return syscall(SYS_setxattr, plain, path, "x", 1, 0);
	}
#undef NAMES_IS
	errno = EINVAL;
	return -1;
}
