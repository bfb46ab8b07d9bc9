// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Before the way of the data: which cgroup to watch. The id is the 64-bit file handle of the
 * directory (kernfs, include/linux/kernfs.h), which equals its inode number on 64-bit kernels; the
 * depth is counted up to the hierarchy's root, where the file cgroup.type is missing.
 *
 * Limit: inside a cgroup namespace or a container the visible root may lie deeper in the host's
 * hierarchy; the depth would then be too small and nothing would match. Detected by the caller not
 * at all, by the kernel not either: name the cgroup from the host's side.
 */
#include "capture/cgroup.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

int cgroup_resolve(const char *path, struct cgroup *ret_cgroup)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cgroup cgroup = {0};
	struct statfs fs;
	struct stat st;
	int dir;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return -ENOTTY;
	cgroup.id = st.st_ino;
	dir = dup(fd);
	/* every cgroup but the root has this file (Documentation/admin-guide/cgroup-v2.rst) */
	while (dir >= 0 && faccessat(dir, "cgroup.type", F_OK, 0) == 0) {
		int up = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		close(dir);
		dir = up;
		cgroup.level++;
	}
	if (dir < 0)
		return -errno;
	close(dir);
	*ret_cgroup = cgroup;
	return 0;
}
