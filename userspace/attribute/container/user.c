// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: path of a cgroup → user → home directory, where rootless runtimes keep their files. */
#include "attribute/container/user.h"

#include "files/open.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

int container_user_uid(const char *path, uint32_t *ret_uid)
{
	static const char head[] = "/user-";
	const char *at = path;
	char *end;

	while ((at = strstr(at, head))) {
		unsigned long uid;

		at += strlen(head);
		uid = strtoul(at, &end, 10);
		if (end != at && uid < UINT32_MAX && strncmp(end, ".slice", strlen(".slice")) == 0) {
			*ret_uid = (uint32_t)uid;
			return 0;
		}
	}
	return -ENOENT;
}

int container_user_find(int root, const struct cgroup_name *name, const char *path, uint32_t *ret_uid,
			char *ret_home, size_t size)
{
	AUTO_FCLOSE FILE *file = NULL;
	AUTO_FREE char *text = NULL;
	struct passwd *entry;
	uint32_t uid = name->owner;
	size_t len;
	int r = uid ? 0 : container_user_uid(path, &uid);

	if (r < 0)
		return r;
	*ret_uid = uid;
	*ret_home = '\0';
	if (file_read(root, CONTAINER_FILE_MAX, &text, &len, "/etc/passwd") < 0 || !len)
		return 0;
	file = fmemopen(text, len, "r");
	while (file && (entry = fgetpwent(file)))
		if (entry->pw_uid == uid && (size_t)snprintf(ret_home, size, "%s", entry->pw_dir) < size)
			return 0;
	*ret_home = '\0';
	return 0;
}
