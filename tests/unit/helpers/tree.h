/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A directory of files that a test makes, such as a procfs or a root of its own. */
#pragma once

/* tree_put() - a file with that text; the test fails if it can't be made. */
void tree_put(const char *path, const char *text);

/* tree_remove() - a directory and all below it. Returns 0, or -1 and errno. */
int tree_remove(const char *path);
