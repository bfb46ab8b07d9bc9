// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The same program for 32-bit callers; built with -m32. */
#include "pipes.c"
