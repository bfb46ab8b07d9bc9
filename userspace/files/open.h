/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that a runtime keeps, read below a root directory: the host's, or a container's in which another runtime
 * runs. No link leads out of that root, no device or pipe is opened, and nothing is read past a bound.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Bytes of config.json, config.v2.json, state.json and the like. */
#define CONTAINER_FILE_MAX (1UL << 20)
/* Bytes of podman's list of all containers. */
#define CONTAINER_LIST_MAX (32UL << 20)

/*
 * file_read() - reads a whole file.
 * @root: descriptor of the root directory; @format: the path as in printf(3), taken as absolute in that root
 * Returns 0 and *ret_text (malloc'ed, terminated, *ret_len bytes), -EFBIG past `max`, -EINVAL if it is no
 * regular file, -ENAMETOOLONG, or another negative errno.
 */
int file_read(int root, size_t max, char **ret_text, size_t *ret_len, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* file_regular() - opens a regular file. Returns the descriptor, -EINVAL if it is none, or another error. */
int file_regular(int root, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * file_stamp() - tells whether a file was changed, or another one has its name. Nothing is opened for reading.
 * @glance: only as far as the kernel knows without asking the file system, which may not answer (safe_glance())
 * Returns a number that is another one then, and *ret_size; or 0: there is none, or it is not known.
 */
uint64_t file_stamp(int root, const char *path, bool glance, uint64_t *ret_size);

/* file_stamp_of() - the same number, of what was asked of a file already; never 0. */
uint64_t file_stamp_of(const struct stat *st);

/* file_json() - as file_read(), parsed. Returns 0 and *ret_json (json_decref()), -EBADMSG if it is none. */
int file_json(int root, json_t **ret_json, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * file_directory() - opens a directory, for fdopendir(3) or as a root.
 * Returns the descriptor, or a negative errno.
 */
int file_directory(int root, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* file_exists() - 0, or a negative errno. */
int file_exists(int root, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* container_json_text() - a member's text (borrowed); NULL if it is missing, empty or none. */
const char *container_json_text(const json_t *object, const char *key);
