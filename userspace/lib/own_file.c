// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whose file is it? The alert file and the store are opened by root, at paths that an operator chose: a file that lies
 * there already may be another user's, who would read what is told there, change it, or have it filled.
 *
 * Limit: who may write to the directory can still take the file away.
 */
#include "lib/own_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int own_file_check(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EUSERS;
	return 0;
}

const char *own_file_error(int error)
{
	switch (error) {
	case -EUSERS:
		return "it belongs to another user, or others may write to it";
	case -ELOOP:
		return "it is a link, which is not followed";
	default:
		return strerror(-error);
	}
}
