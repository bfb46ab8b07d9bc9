// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: file system of cgroups → paths. A path that is longer than PATH_MAX is passed by. */
#include "attribute/container/scan.h"

#include "files/open.h"
#include "attribute/container/nested.h"
#include "bounds.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Deeper than any runtime nests; bounds the open descriptors. */
#define SCAN_DEPTH 32

struct scan {
	int (*learn)(void *context, const char *path, size_t len);
	void *context;
	int count;
	char path[PATH_MAX];
};

/* Takes the descriptor. */
static int scan_directory(struct scan *scan, int fd, int depth)
{
	DIR *directory = fdopendir(fd);
	size_t len = strlen(scan->path), more;
	struct dirent *entry;
	int r = 0;

	if (!directory) {
		close(fd);
		return 0;
	}
	while (r >= 0 && scan->count < LIMIT_CGROUPS_SCANNED && (entry = readdir(directory))) {
		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		more = (size_t)snprintf(scan->path + len, sizeof(scan->path) - len, "/%s", entry->d_name);
		if (more < sizeof(scan->path) - len) {
			scan->count++;
			r = scan->learn(scan->context, scan->path, len + more);
			fd = r < 0 || depth == SCAN_DEPTH
				     ? -1
				     : openat(dirfd(directory), entry->d_name,
					      O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
			if (fd >= 0)
				r = scan_directory(scan, fd, depth + 1);
		}
		scan->path[len] = '\0';
	}
	closedir(directory);
	return r;
}

int container_scan(int root, int (*learn)(void *context, const char *path, size_t len), void *context)
{
	struct scan scan = {.learn = learn, .context = context};
	int r = 0;

	for (const char *const *mount = container_hierarchies; r >= 0 && *mount; mount++) {
		int fd;

		/* the last is where the others are mounted, or the only one */
		if (!mount[1] && scan.count)
			break;
		fd = file_directory(root, "%s", *mount);
		if (fd >= 0)
			r = scan_directory(&scan, fd, 0);
	}
	return r < 0 ? r : scan.count;
}
