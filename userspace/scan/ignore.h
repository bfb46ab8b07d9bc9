/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* .spillwatchignore: which files are not scanned, in gitignore(5)'s syntax. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define IGNORE_FILE ".spillwatchignore"

struct ignore;

/* ignore_open() - Returns 0 or -ENOMEM; end with ignore_close(). */
int ignore_open(struct ignore **ret_ignore);
void ignore_close(struct ignore *ignore);

/* ignore_count() - how many patterns there are; ignore_truncate() - forgets those that came after so many. */
size_t ignore_count(const struct ignore *ignore);
void ignore_truncate(struct ignore *ignore, size_t count);

/*
 * ignore_add() - the patterns of a file's text; they are about what is below `directory` ("": all). What is no pattern is passed over.
 * Returns 0 and *ret_wrong, the first line that is none (0: all are), or -ENOMEM.
 */
int ignore_add(struct ignore *ignore, const char *directory, const char *text, size_t len, size_t *ret_wrong);

/*
 * ignore_load() - the file of that directory, which is opened as `place`; it is fine if there is none.
 * Returns as ignore_add(), or another negative errno: -ELOOP or -EMEDIUMTYPE for what is no regular file, -EFBIG.
 */
int ignore_load(struct ignore *ignore, const char *directory, const char *place, size_t *ret_wrong);

/* ignore_matches() - does the last pattern that matches the path say that it is ignored? Only of itself, not of what is above. */
bool ignore_matches(const struct ignore *ignore, const char *path, bool is_directory);

/* ignore_matches_above() - the same, and whether a directory above is ignored. */
bool ignore_matches_above(const struct ignore *ignore, const char *path, bool is_directory);
