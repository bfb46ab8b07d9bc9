// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: a pod's log → the container's id. Limit: a look at POD_LOG_ENTRIES links. */
#include "attribute/container/pod_log.h"

#include "files/open.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POD_LOG_ENTRIES 4096

/* Does the link lead to that log? It may have been rotated: 0.log.20260131-101500. */
static bool pod_log_is(int directory, const char *name, const struct relayed *log)
{
	char target[PATH_MAX], wanted[PATH_MAX];
	ssize_t len = readlinkat(directory, name, target, sizeof(target) - 1);
	int head;

	if (len < 0)
		return false;
	target[len] = '\0';
	head = snprintf(wanted, sizeof(wanted), "/var/log/pods/%s_%s_%s/%s/", log->pod_namespace, log->pod,
			log->name.pod_uid, log->container);
	if (head < 0 || head >= (int)sizeof(wanted) || strncmp(target, wanted, (size_t)head) != 0)
		return false;
	return strncmp(log->log, target + head, strlen(target + head)) == 0;
}

int container_pod_log(int root, const struct relayed *log, char *id, size_t size)
{
	int fd = file_directory(root, "/var/log/containers"), r = -ENOENT;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	char head[4 * CGROUP_NAME_BYTES];
	struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	snprintf(head, sizeof(head), "%s_%s_%s-", log->pod, log->pod_namespace, log->container);
	for (int i = 0; r == -ENOENT && i < POD_LOG_ENTRIES && (entry = readdir(directory)); i++) {
		const char *rest = entry->d_name + strlen(head), *end;

		if (strncmp(entry->d_name, head, strlen(head)) != 0)
			continue;
		end = strstr(rest, ".log");
		if (!end || !cgroup_name_is_hash(rest, (size_t)(end - rest)) ||
		    (size_t)(end - rest) >= size || !pod_log_is(dirfd(directory), entry->d_name, log))
			continue;
		memcpy(id, rest, (size_t)(end - rest));
		id[end - rest] = '\0';
		r = 0;
	}
	closedir(directory);
	return r;
}
