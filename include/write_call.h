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
	WRITE_SOURCE_MESSAGE, /* a struct msghdr of the caller */
	WRITE_SOURCE_MESSAGES, /* an array of struct mmsghdr */
	WRITE_SOURCE_BIO, /* an array of struct bio_vec, of the kernel's */
};

#define WRITE_CALLS(X)                                          \
	X(WRITE, "write", 1, 4, BUFFER)                         \
	X(PWRITE64, "pwrite64", 18, 181, BUFFER)                \
	X(WRITEV, "writev", 20, 146, VECTOR)                    \
	X(PWRITEV, "pwritev", 296, 334, VECTOR)                 \
	X(PWRITEV2, "pwritev2", 328, 379, VECTOR)               \
	X(VMSPLICE, "vmsplice", 278, 316, VECTOR)               \
	X(SENDFILE, "sendfile", 40, 187, LANDED)                \
	X(SPLICE, "splice", 275, 313, LANDED)                   \
	X(COPY_FILE_RANGE, "copy_file_range", 326, 377, LANDED) \
	X(TEE, "tee", 276, 315, LANDED)

/* Those that only sockets take. */
#define WRITE_CALLS_SOCKET(X)                   \
	X(SENDTO, "sendto", 44, 369, BUFFER)    \
	X(SENDMSG, "sendmsg", 46, 370, MESSAGE) \
	X(SENDMMSG, "sendmmsg", 307, 345, MESSAGES)

/*
 * Those that put a name on disk.
 * X(id, name, number in the 64-bit table, in the 32-bit table, argument with the directory (or none),
 *   argument with the path)
 */
#define WRITE_NO_ARGUMENT 7
#define WRITE_CALLS_NAME(X)                                 \
	X(MKDIR, "mkdir", 83, 39, WRITE_NO_ARGUMENT, 0)     \
	X(MKDIRAT, "mkdirat", 258, 296, 0, 1)               \
	X(MKNOD, "mknod", 133, 14, WRITE_NO_ARGUMENT, 0)    \
	X(MKNODAT, "mknodat", 259, 297, 0, 1)               \
	X(LINK, "link", 86, 9, WRITE_NO_ARGUMENT, 1)        \
	X(LINKAT, "linkat", 265, 303, 2, 3)                 \
	X(RENAME, "rename", 82, 38, WRITE_NO_ARGUMENT, 1)   \
	X(RENAMEAT, "renameat", 264, 302, 2, 3)             \
	X(RENAMEAT2, "renameat2", 316, 353, 2, 3)           \
	X(SYMLINK, "symlink", 88, 83, WRITE_NO_ARGUMENT, 1) \
	X(SYMLINKAT, "symlinkat", 266, 304, 1, 2)

/* Those that put an extended attribute on disk: name, value and its size follow the path. */
#define WRITE_CALLS_XATTR(X)                \
	X(SETXATTR, "setxattr", 188, 226)   \
	X(LSETXATTR, "lsetxattr", 189, 227) \
	X(FSETXATTR, "fsetxattr", 190, 228) \
	X(SETXATTRAT, "setxattrat", 463, 463)

/* Those that can create a file and return a descriptor for it. */
#define WRITE_CALLS_OPEN(X)           \
	X(OPEN, "open", 2, 5)         \
	X(CREAT, "creat", 85, 8)      \
	X(OPENAT, "openat", 257, 295) \
	X(OPENAT2, "openat2", 437, 437)

/*
 * Those that are not one write that has returned when the call does, or not one kind of call.
 * X(id, name)
 */
#define WRITE_CALLS_OTHER(X)                  \
	X(IO_SUBMIT, "io_submit")             \
	X(IO_URING, "io_uring")               \
	X(MMAP, "mmap")                       \
	X(FICLONE, "ioctl_ficlone")           \
	X(SUBVOLUME, "ioctl_btrfs_subvolume") \
	X(LABEL, "ioctl_setfslabel")          \
	X(FALLOCATE, "fallocate")             \
	X(BIND, "bind")                       \
	X(SOCKETCALL, "socketcall")

enum write_call {
	WRITE_CALL_UNKNOWN,
#define WRITE_CALL_ENUM(id, ...) WRITE_CALL_##id,
	WRITE_CALLS(WRITE_CALL_ENUM) WRITE_CALLS_SOCKET(WRITE_CALL_ENUM) WRITE_CALLS_NAME(WRITE_CALL_ENUM)
		WRITE_CALLS_XATTR(WRITE_CALL_ENUM) WRITE_CALLS_OPEN(WRITE_CALL_ENUM)
			WRITE_CALLS_OTHER(WRITE_CALL_ENUM)
#undef WRITE_CALL_ENUM
				WRITE_CALL_MAX
};

/* System call numbers to enum write_call, for the 64-bit and the 32-bit table; 0 for what carries no bytes. */
#define WRITE_CALL_NUMBERS 1024U /* a power of two past every number in either table */

struct write_call_table {
	__u8 call[2][WRITE_CALL_NUMBERS];
};
