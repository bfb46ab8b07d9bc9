// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: from an inode's number to its name, by a file handle that is made here (open_by_handle_at(2)).
 *
 * A handle is the file system's own, but those of type 1 (include/linux/exportfs.h, FILEID_INO32_GEN), a number of 32 bits and
 * a generation, are taken by ext4, xfs and f2fs alike. The kernel says which name it remembers; whether that leads to the file is
 * looked at. Needs CAP_DAC_READ_SEARCH.
 */
#include "attribute/linked.h"

#include "files/safe_open.h"
#include "lib/cleanup.h"
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define LINKED_HANDLE_TYPE 1

/* As struct file_handle, with room for the number. */
struct linked_handle {
	unsigned int bytes;
	int type;
	uint32_t inode;
	uint32_t generation;
};

_Static_assert(offsetof(struct linked_handle, inode) == sizeof(struct file_handle), "the number follows");

/* The path of the directory that something lay in; NULL if there is no memory, or no directory. */
static char *linked_above(const char *was)
{
	const char *end = strrchr(was, '/');

	return end ? strndup(was, (size_t)(end - was) + 1) : NULL;
}

/*
 * A directory of the file system with that device, as the host calls it. Returns a descriptor or a negative errno. Another file system is
 * not opened: it may not answer.
 */
static int linked_directory(int host, dev_t device, const char *was)
{
	AUTO_FREE char *path = linked_above(was);
	struct stat st;
	AUTO_CLOSE int place = path ? safe_glance(host, path, &st) : -ENOENT;
	int fd;

	if (place < 0)
		return place;
	if (st.st_dev != device)
		return -ENOENT;
	fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Is that what the host calls it? */
static bool linked_leads_to(int host, const char *path, const struct stat *to)
{
	struct stat st;
	AUTO_CLOSE int place = safe_glance(host, path, &st);

	return place >= 0 && st.st_dev == to->st_dev && st.st_ino == to->st_ino;
}

int linked_path(const char *root, uint32_t device, const char *was, uint64_t inode, uint32_t generation,
		char **ret_path, uint32_t *ret_links)
{
	struct linked_handle handle = {.bytes = sizeof(handle.inode) + sizeof(handle.generation),
				       .type = LINKED_HANDLE_TYPE,
				       .inode = (uint32_t)inode,
				       .generation = generation};
	const dev_t dev = makedev(SAMPLE_MAJOR(device), SAMPLE_MINOR(device));
	AUTO_CLOSE int host = safe_root(*root ? root : "/");
	AUTO_CLOSE int directory = host < 0 ? host : linked_directory(host, dev, was);
	AUTO_CLOSE int fd = -1;
	char link[64], path[PATH_MAX];
	struct stat st;
	ssize_t len;

	if (directory < 0)
		return directory;
	if (handle.inode != inode)
		return -ENOENT;
	fd = open_by_handle_at(directory, (struct file_handle *)&handle, O_PATH | O_CLOEXEC);
	/* also what has no name and is about to go */
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != inode || !st.st_nlink || st.st_dev != dev)
		return -ENOENT;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len <= 0)
		return -ENOENT;
	path[len] = '\0';
	if (*path != '/' || !linked_leads_to(host, path, &st))
		return -ENOENT;
	*ret_path = strdup(path);
	if (!*ret_path)
		return -ENOMEM;
	*ret_links = (uint32_t)st.st_nlink;
	return 0;
}
