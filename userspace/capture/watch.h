/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which destinations are watched: --watch. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "file_kind.h"

/* Of watch_names(), at most. */
#define WATCH_NAMES_MAX (2 + FILE_KIND_MAX)

/*
 * watch_parse() - a list of names of include/file_kind.h, by commas, or "default" or "all" among them.
 * Returns 0 and *ret_mask (FILE_KIND_BIT()s; a file that was closed before it could be told is always
 * among them), or -EINVAL and in *ret_bad, *ret_bad_len the name that is not one (borrowed from text).
 */
int watch_parse(const char *text, uint32_t *ret_mask, const char **ret_bad, size_t *ret_bad_len);

/* watch_names() - puts the names that may stand there into ret_names (not to be freed). Returns how many. */
size_t watch_names(const char *ret_names[WATCH_NAMES_MAX]);
