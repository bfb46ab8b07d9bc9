/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --baseline of `scan` and `exec`. */
#pragma once

#include "scan/baseline.h"

/*
 * known_load() - what is known already, of one more file: some of them are as good as one.
 * @known: NULL before the first one; end with baseline_free()
 * Returns 0, or an exit code after saying what is wrong.
 */
int known_load(struct baseline **known, const char *path);
