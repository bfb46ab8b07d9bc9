/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The system calls that carry bytes, with their numbers in the two x86 tables.
 * Source: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl.
 *
 * X(id, name, number in the 64-bit table, number in the 32-bit table, enum write_source)
 */
#pragma once

#include "types.h"

/* Where the bytes of a write can be found. */
enum write_source {
	WRITE_SOURCE_BUFFER, /* one buffer of the caller */
	WRITE_SOURCE_VECTOR, /* an iovec array of the caller */
	WRITE_SOURCE_LANDED, /* nowhere but in the file's page cache */
};

#define WRITE_CALLS(X)                            \
	X(WRITE, "write", 1, 4, BUFFER)           \
	X(PWRITE64, "pwrite64", 18, 181, BUFFER)  \
	X(WRITEV, "writev", 20, 146, VECTOR)      \
	X(PWRITEV, "pwritev", 296, 334, VECTOR)   \
	X(PWRITEV2, "pwritev2", 328, 379, VECTOR) \
	X(VMSPLICE, "vmsplice", 278, 316, VECTOR) \
	X(SENDFILE, "sendfile", 40, 187, LANDED)  \
	X(SPLICE, "splice", 275, 313, LANDED)     \
	X(COPY_FILE_RANGE, "copy_file_range", 326, 377, LANDED)

/*
 * Those that are not one write that has returned when the call does.
 * X(id, name)
 */
#define WRITE_CALLS_ASYNC(X)      \
	X(IO_SUBMIT, "io_submit") \
	X(IO_URING, "io_uring")   \
	X(MMAP, "mmap")

enum write_call {
	WRITE_CALL_UNKNOWN,
#define WRITE_CALL_ENUM(id, name, nr64, nr32, source) WRITE_CALL_##id,
	WRITE_CALLS(WRITE_CALL_ENUM)
#undef WRITE_CALL_ENUM
#define WRITE_CALL_ENUM(id, name) WRITE_CALL_##id,
		WRITE_CALLS_ASYNC(WRITE_CALL_ENUM)
#undef WRITE_CALL_ENUM
			WRITE_CALL_MAX
};
