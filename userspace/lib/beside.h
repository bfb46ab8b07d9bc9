/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs that are executables of their own, and lie in one directory with this one. */
#pragma once

#include <limits.h>

/* beside_path() - where a program of that name lies, or would. Returns 0 or -ENOEXEC: this one's own directory is not known. */
int beside_path(const char *name, char ret_path[PATH_MAX]);
