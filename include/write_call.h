/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The system calls that carry bytes, with their numbers in the two x86 tables.
 * Source: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl.
 *
 * X(id, name, number in the 64-bit table, number in the 32-bit table, takes an iovec array)
 */
#pragma once

#include "types.h"

#define WRITE_CALLS(X)                      \
	X(WRITE, "write", 1, 4, 0)          \
	X(PWRITE64, "pwrite64", 18, 181, 0) \
	X(WRITEV, "writev", 20, 146, 1)     \
	X(PWRITEV, "pwritev", 296, 334, 1)  \
	X(PWRITEV2, "pwritev2", 328, 379, 1)

enum write_call {
	WRITE_CALL_UNKNOWN,
#define WRITE_CALL_ENUM(id, name, nr64, nr32, vec) WRITE_CALL_##id,
	WRITE_CALLS(WRITE_CALL_ENUM)
#undef WRITE_CALL_ENUM
		WRITE_CALL_MAX
};
