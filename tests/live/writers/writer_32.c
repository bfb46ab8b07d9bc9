// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The same program as a 32-bit one: other system call numbers, other iovec entries. */
#include "writer.c"
