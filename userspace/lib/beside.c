// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lib/beside.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int beside_path(const char *name, char ret_path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);
	size_t size = strlen(name) + 1;
	char *slash;

	ret_path[len > 0 ? len : 0] = '\0';
	slash = strrchr(ret_path, '/');
	if (!slash || (size_t)(slash + 1 - ret_path) + size > PATH_MAX)
		return -ENOEXEC;
	memcpy(slash + 1, name, size);
	return 0;
}
