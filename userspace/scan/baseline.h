/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Findings that are known: by token identifier and path, so that they stay known when lines move. */
#pragma once

#include <stdbool.h>

struct baseline;

/* baseline_new() - an empty one. Returns 0 or -ENOMEM; end with baseline_free(). */
int baseline_new(struct baseline **ret_baseline);
void baseline_free(struct baseline *baseline);

/* baseline_load() - Returns 0, -EINVAL for what is no such file, or another negative errno. */
int baseline_load(struct baseline *baseline, const char *path);

/* baseline_add() - Returns 0 or -ENOMEM. @path: as it is shown, so masked. */
int baseline_add(struct baseline *baseline, const char *identifier, const char *path);

/* baseline_has() - is it known? */
bool baseline_has(const struct baseline *baseline, const char *identifier, const char *path);

/* baseline_write() - all of it, in order; beside the file, then renamed, so that it is never half a one. Returns 0 or a negative errno. */
int baseline_write(const struct baseline *baseline, const char *path);
