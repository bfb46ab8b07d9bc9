// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → a runtime's files.
 *
 * Invariant: every path is resolved below its root (files/safe_open.h), so ".." and links inside an untrusted root
 * stay inside it. What is no regular file is never opened for reading.
 *
 * Limit: a file system that does not answer keeps us waiting. Who must not wait asks somebody else (attribute/inquiry.h).
 */
#include "files/open.h"

#include "files/safe_open.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A place below the root. */
/* its versions differ here */
/* clang-format off */
static int __attribute__((format(printf, 3, 0)))
file_place(int root, int flags, const char *format, va_list args)
/* clang-format on */
{
	char path[PATH_MAX];
	int len = vsnprintf(path, sizeof(path), format, args);

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	return safe_place(root, path, flags);
}

/* Opens a regular file for reading, after O_PATH has found what it is. */
/* clang-format off */
static int __attribute__((format(printf, 2, 0)))
file_regular_of(int root, const char *format, va_list args)
/* clang-format on */
{
	AUTO_CLOSE int place = file_place(root, 0, format, args);
	int fd;

	if (place < 0)
		return place;
	fd = safe_reopen(place, NULL);
	return fd == -EMEDIUMTYPE ? -EINVAL : fd;
}

int file_regular(int root, const char *format, ...)
{
	va_list args;
	int fd;

	va_start(args, format);
	fd = file_regular_of(root, format, args);
	va_end(args);
	return fd;
}

/* The nanoseconds of a change, the inode and the length, as one number that two states hardly share. */
uint64_t file_stamp_of(const struct stat *st)
{
	return (((uint64_t)st->st_ctim.tv_sec * 1000000000 + (uint64_t)st->st_ctim.tv_nsec) ^
		st->st_ino << 40 ^ (uint64_t)st->st_size) |
	       1;
}

uint64_t file_stamp(int root, const char *path, bool glance, uint64_t *ret_size)
{
	struct stat st;
	AUTO_CLOSE int place = glance ? safe_glance(root, path, &st) : safe_place(root, path, 0);

	*ret_size = 0;
	if (place < 0 || (!glance && fstat(place, &st) < 0))
		return 0;
	*ret_size = (uint64_t)st.st_size;
	return file_stamp_of(&st);
}

static int __attribute__((format(printf, 5, 0)))
file_slurp(int root, size_t max, char **ret_text, size_t *ret_len, const char *format, va_list args)
{
	AUTO_CLOSE int fd = file_regular_of(root, format, args);
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size > max)
		return -EFBIG;
	/* the size is only what it was: the file may grow, and is then taken as it was */
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)st.st_size) {
		got = read(fd, text + len, (size_t)st.st_size - len);
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	text[len] = '\0';
	*ret_text = TAKE(text);
	*ret_len = len;
	return 0;
}

int file_read(int root, size_t max, char **ret_text, size_t *ret_len, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = file_slurp(root, max, ret_text, ret_len, format, args);
	va_end(args);
	return r;
}

int file_json(int root, json_t **ret_json, const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;
	json_t *json;
	size_t len = 0;
	int r;

	va_start(args, format);
	r = file_slurp(root, CONTAINER_FILE_MAX, &text, &len, format, args);
	va_end(args);
	if (r < 0)
		return r;
	json = json_loadb(text, len, 0, NULL);
	if (!json)
		return -EBADMSG;
	*ret_json = json;
	return 0;
}

int file_directory(int root, const char *format, ...)
{
	AUTO_CLOSE int place = -1;
	va_list args;
	int fd;

	va_start(args, format);
	place = file_place(root, O_DIRECTORY, format, args);
	va_end(args);
	if (place < 0)
		return place;
	fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int file_exists(int root, const char *format, ...)
{
	AUTO_CLOSE int fd = -1;
	va_list args;

	va_start(args, format);
	fd = file_place(root, 0, format, args);
	va_end(args);
	return fd < 0 ? fd : 0;
}

const char *container_json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}
