// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: cgroup → user. systemd gives user@<uid>.service to its user, and services with Delegate= and User= to theirs;
 * whatever stands below is named as they like, also like a container of somebody else's.
 *
 * Limit: of a service that has ended since, with all of its cgroups, only systemd's slices tell.
 */
#include "attribute/container/owner.h"

#include "attribute/container/nested.h"
#include "files/open.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The first is systemd's own; what stands below it may be called the same. */
static uint32_t owner_by_unit(const char *path, size_t len)
{
	static const char head[] = "/user@";
	const char *at = memmem(path, len, head, strlen(head));
	unsigned long uid;
	char *end;

	if (!at)
		return 0;
	uid = strtoul(at + strlen(head), &end, 10);
	return strncmp(end, ".service/", strlen(".service/")) == 0 && uid < UINT32_MAX ? (uint32_t)uid : 0;
}

/* Who owns the directory, told apart from whoever owns the whole hierarchy. */
static int owner_of(int root, const char *mount, const char *path, size_t len, uint32_t *ret_uid)
{
	struct stat all, st;
	char name[PATH_MAX];

	if ((size_t)snprintf(name, sizeof(name), "%s%.*s", mount + 1, (int)len, path) >= sizeof(name) ||
	    fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || fstatat(root, mount + 1, &all, 0) < 0)
		return -ENOENT;
	*ret_uid = st.st_uid == all.st_uid ? 0 : st.st_uid;
	return 0;
}

uint32_t container_owner(int root, const char *path, size_t len)
{
	uint32_t uid = owner_by_unit(path, len);

	while (!uid && len) {
		while (len && path[len - 1] != '/')
			len--;
		while (len && path[len - 1] == '/')
			len--;
		for (const char *const *mount = container_hierarchies; len && *mount; mount++)
			if (owner_of(root, *mount, path, len, &uid) == 0)
				return uid;
	}
	return uid;
}

int container_owned(int root, uint32_t uid, const char *format, ...)
{
	AUTO_CLOSE int fd = -1;
	char path[PATH_MAX];
	struct stat st;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	fd = file_regular(root, "%s", path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_uid == uid ? 0 : -EPERM;
}
