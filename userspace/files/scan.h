/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tokens in a file as it is now: for what no hook can see (stores through a mapping, pages that were
 * not resident, files without a page cache).
 */
#pragma once

#include <stdint.h>

#include "detect/forms.h"
#include "detect/sample_view.h"
#include "detect/token.h"

/* Where files are looked for. */
struct file_roots;

/*
 * file_roots_open() - @procfs: where the host's procfs is mounted; borrowed; @root: the host's root directory, NULL: /
 * Returns 0 and *ret_roots (file_roots_close()), or a negative errno.
 */
int file_roots_open(const char *procfs, const char *root, struct file_roots **ret_roots);
void file_roots_close(struct file_roots *roots);

/*
 * file_scan_open() - opens for reading the file that a sample names, as files/safe_open.h does: by its path below the root of
 * the writing process or of its parent, by what the host's mounts call it, or else, for one without a name, among what the process
 * holds open or mapped; and makes sure that it is the same file (inode, device where file systems tell the same one, generation
 * where they tell it). A process's path is never looked for below the host's root. Returns a descriptor, which the caller
 * closes, or a negative errno: -ESTALE if the path leads elsewhere by now, -ENOENT if there is no such file, -EWOULDBLOCK if
 * somebody holds a lease on it.
 */
int file_scan_open(struct file_roots *roots, const struct sample_view *view);

/* Which tokens are looked for: enum suspect, added up; and those that the kernel side knows. */
#define FILE_SCAN_PLAIN (1U << 31)
#define FILE_SCAN_ALL (FILE_SCAN_PLAIN | SUSPECT_WIDE | SUSPECT_ENCODED)

/*
 * Called for each token. @window: TOKEN_MAX_LEN bytes, aligned to 8, the token and zeros behind it (of one that only detect/forms.h
 * knows, its window), wiped after the call; @span: in the window; @at: its place in the file. A negative result ends the scan.
 */
typedef int (*file_scan_token)(void *context, const uint8_t *window, const struct token *token,
			       const struct token_span *span, uint64_t at);

/*
 * file_scan() - reads [offset, offset + length) of a file, and a token's length on either side, and
 * calls back for each token that overlaps the range, once for each kind of them; at most `bound` bytes are read.
 * @what: FILE_SCAN_PLAIN and the like
 * Returns the number of bytes of the range that lie past the bound, or a negative errno.
 */
int64_t file_scan(int fd, uint64_t offset, uint64_t length, uint64_t bound, uint32_t what,
		  file_scan_token found, void *context);
