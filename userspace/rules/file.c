// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* disk → text of a configuration. */
#include "rules/file.h"

#include "lib/cleanup.h"
#include "lib/own_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Files in one directory. */
#define FILE_LIST_MAX 1000

static bool file_is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && major(st->st_rdev) == 1 && minor(st->st_rdev) == 3;
}

int rules_file_read(const char *path, char **ret_text, size_t *ret_len)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t got = 0;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !file_is_null(&st))
		return -EMEDIUMTYPE;
	r = own_file_check(fd);
	if (r < 0)
		return r;
	if ((size_t)st.st_size > RULES_FILE_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)st.st_size && (got = read(fd, text + len, (size_t)st.st_size - len)) > 0)
		len += (size_t)got;
	if (got < 0)
		return -errno;
	text[len] = '\0';
	*ret_text = TAKE(text);
	*ret_len = len;
	return 0;
}

const char *rules_file_error(int error)
{
	switch (error) {
	case -EMEDIUMTYPE:
		return "it is no regular file";
	case -EFBIG:
		return "it is larger than 4 MiB";
	case -EUSERS:
		return "it belongs to another user, or others may write to it (chown root, chmod go-w)";
	default:
		return strerror(-error);
	}
}

static int file_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool file_is_yaml(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

static int file_walk(DIR *files, const char *directory, char **paths, size_t *count)
{
	const struct dirent *entry;

	while ((entry = readdir(files))) {
		if (!file_is_yaml(entry->d_name))
			continue;
		if (*count == FILE_LIST_MAX)
			return -EFBIG;
		if (asprintf(&paths[*count], "%s/%s", directory, entry->d_name) < 0)
			return -ENOMEM;
		(*count)++;
	}
	return 0;
}

int rules_file_list(const char *directory, char ***ret_paths, size_t *ret_count)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *files = fd >= 0 ? fdopendir(fd) : NULL;
	char **paths = NULL;
	size_t count = 0;
	struct stat st;
	int r = 0;

	if (!files) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		*ret_paths = NULL;
		*ret_count = 0;
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	}
	/* who may put files there may put any there, root's as well */
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		r = -EUSERS;
	if (r == 0) {
		paths = calloc(FILE_LIST_MAX, sizeof(*paths));
		r = paths ? file_walk(files, directory, paths, &count) : -ENOMEM;
	}
	closedir(files);
	if (r < 0) {
		rules_file_free_list(paths, count);
		return r;
	}
	if (paths)
		qsort(paths, count, sizeof(*paths), file_compare);
	*ret_paths = paths;
	*ret_count = count;
	return 0;
}

void rules_file_free_list(char **paths, size_t count)
{
	for (size_t i = 0; paths && i < count; i++)
		free(paths[i]);
	free(paths);
}
