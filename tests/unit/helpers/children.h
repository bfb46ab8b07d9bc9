/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes that a test has started by what it tests. */
#pragma once

#include <sys/types.h>

/* child_of() - the first child of a process; 0: none, or this kernel doesn't tell. */
pid_t child_of(pid_t pid);
