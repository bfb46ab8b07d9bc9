/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The name of a file that had none when it was seen, and has been given one since: O_TMPFILE and linkat(2), or overlayfs's
 * copy-up.
 */
#pragma once

#include <stdint.h>

/*
 * linked_path() - asks the file system for the file by its number.
 * @root: the host's root directory
 * @device: of the file system, as the kernel keeps a dev_t: major << 20 | minor
 * @was: the host's path of what it was called, in a directory of that file system
 * Returns 0, *ret_path (malloc'ed) and *ret_links; -ENOENT if it has no name (any more), the file system can't be asked in
 * this way, or nobody remembers the name; or another negative errno.
 */
int linked_path(const char *root, uint32_t device, const char *was, uint64_t inode, uint32_t generation,
		char **ret_path, uint32_t *ret_links);
