/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that say what the daemon does: nobody but root and who runs it may have written them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of such a file. */
#define RULES_FILE_MAX (4UL << 20)

/*
 * rules_file_read() - all of it; /dev/null is empty. Links are followed: it is the file that has to be ours.
 * Returns 0 and *ret_text (malloc'ed, terminated, *ret_len bytes); -EUSERS: another user owns it or others may write to it;
 * -EMEDIUMTYPE: it is no regular file; -EFBIG; or another negative errno.
 */
int rules_file_read(const char *path, char **ret_text, size_t *ret_len);

/* rules_file_error() - what that means; static. */
const char *rules_file_error(int error);

/*
 * rules_file_list() - paths of DIRECTORY/NAME.yaml, in the order of their names; none if there is no such directory.
 * Returns 0 and *ret_paths (rules_file_free_list()), or a negative errno as above.
 */
int rules_file_list(const char *directory, char ***ret_paths, size_t *ret_count);
void rules_file_free_list(char **paths, size_t count);
