/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One value, or a bucket, out of a bbolt database (go.etcd.io/bbolt: page.go, bucket.go, db.go), which is where containerd keeps
 * what it knows of a container and does not write into its bundle. Read beside the process that writes it.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Buckets and, last, the key; NULL ends them. At most this many. */
#define BOLT_PATH_MAX 8

/*
 * bolt_get()
 * @fd: of the database; @path: names of the buckets, one in another, and of the key
 * Returns the value's length and its first bytes in `value` (terminated, cut at size - 1), -ENOENT, -EBADMSG if
 * this is no such database, -EAGAIN if it was written to too often meanwhile, or another negative errno.
 */
int bolt_get(int fd, const char *const *path, char *value, size_t size);

/*
 * bolt_json() - a bucket with all that is below it: an object of texts, which may be any bytes, and of objects. A key with a NUL in it is left
 * out.
 * @name: of a bucket that is in no other
 * Returns 0 and *ret_json (json_decref()), or as bolt_get().
 */
int bolt_json(int fd, const char *name, json_t **ret_json);
