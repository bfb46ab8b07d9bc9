// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Made from the lists of include/write_call.h; the numbers that are not in them are told here. */
#include "capture/calls.h"

#include "file_kind.h"

#include <string.h>

/* arch/x86/entry/syscalls/syscall_64.tbl: x32 has numbers of its own for calls with pointers in arrays. */
#define CALLS_X32_IOCTL 514
#define CALLS_X32_WRITEV 516
#define CALLS_X32_SENDMSG 518
#define CALLS_X32_VMSPLICE 532
#define CALLS_X32_PWRITEV 535
#define CALLS_X32_SENDMMSG 538
#define CALLS_X32_IO_SUBMIT 544
#define CALLS_X32_PWRITEV2 547

/* syscall_32.tbl has two sendfiles and two mmaps; and the numbers of calls that are in no list. */
#define CALLS_I386_SENDFILE64 239
#define CALLS_I386_MMAP 90
#define CALLS_I386_MMAP2 192
#define CALLS_I386_TEE 315
#define CALLS_I386_IO_SUBMIT 248
#define CALLS_I386_IOCTL 54
#define CALLS_I386_SOCKETCALL 102
#define CALLS_I386_FALLOCATE 324
#define CALLS_I386_BIND 361
#define CALLS_IO_SUBMIT 209
#define CALLS_MMAP 9
#define CALLS_IOCTL 16
#define CALLS_BIND 49
#define CALLS_TEE 276
#define CALLS_FALLOCATE 285

void calls_fill(uint32_t watch, struct write_call_table *ret_table)
{
	uint8_t *wide = ret_table->call[0], *narrow = ret_table->call[1];

	memset(ret_table, 0, sizeof(*ret_table));
#define CALLS_SET(id, name, nr64, nr32, ...) \
	wide[nr64] = WRITE_CALL_##id;        \
	narrow[nr32] = WRITE_CALL_##id;
	WRITE_CALLS(CALLS_SET)
	wide[CALLS_X32_WRITEV] = WRITE_CALL_WRITEV;
	wide[CALLS_X32_PWRITEV] = WRITE_CALL_PWRITEV;
	wide[CALLS_X32_PWRITEV2] = WRITE_CALL_PWRITEV2;
	wide[CALLS_X32_VMSPLICE] = WRITE_CALL_VMSPLICE;
	wide[CALLS_X32_IO_SUBMIT] = wide[CALLS_IO_SUBMIT] = WRITE_CALL_IO_SUBMIT;
	narrow[CALLS_I386_IO_SUBMIT] = WRITE_CALL_IO_SUBMIT;
	narrow[CALLS_I386_SENDFILE64] = WRITE_CALL_SENDFILE;
	wide[CALLS_MMAP] = WRITE_CALL_MMAP;
	narrow[CALLS_I386_MMAP] = narrow[CALLS_I386_MMAP2] = WRITE_CALL_MMAP;
	wide[CALLS_IOCTL] = wide[CALLS_X32_IOCTL] = narrow[CALLS_I386_IOCTL] = WRITE_CALL_FICLONE;
	wide[CALLS_FALLOCATE] = narrow[CALLS_I386_FALLOCATE] = WRITE_CALL_FALLOCATE;
	if (!(watch & FILE_KIND_BIT(PIPE)))
		wide[CALLS_TEE] = narrow[CALLS_I386_TEE] = WRITE_CALL_UNKNOWN;
	if (watch & FILE_KIND_BIT(SOCKET)) {
		WRITE_CALLS_SOCKET(CALLS_SET)
		wide[CALLS_X32_SENDMSG] = WRITE_CALL_SENDMSG;
		wide[CALLS_X32_SENDMMSG] = WRITE_CALL_SENDMMSG;
	}
	if (watch & (FILE_KIND_BIT(DISK) | FILE_KIND_BIT(TMPFS))) {
		WRITE_CALLS_NAME(CALLS_SET)
		WRITE_CALLS_XATTR(CALLS_SET)
		WRITE_CALLS_OPEN(CALLS_SET)
		wide[CALLS_BIND] = narrow[CALLS_I386_BIND] = WRITE_CALL_BIND;
	}
	narrow[CALLS_I386_SOCKETCALL] = WRITE_CALL_SOCKETCALL;
#undef CALLS_SET
}

const char *calls_name(enum write_call call)
{
	static const char *const names[WRITE_CALL_MAX] = {
		[WRITE_CALL_UNKNOWN] = "unknown",
#define CALLS_NAME(id, name, ...) [WRITE_CALL_##id] = (name),
		WRITE_CALLS(CALLS_NAME) WRITE_CALLS_SOCKET(CALLS_NAME) WRITE_CALLS_NAME(CALLS_NAME)
			WRITE_CALLS_XATTR(CALLS_NAME) WRITE_CALLS_OPEN(CALLS_NAME)
				WRITE_CALLS_OTHER(CALLS_NAME)
#undef CALLS_NAME
	};

	return call < WRITE_CALL_MAX ? names[call] : names[WRITE_CALL_UNKNOWN];
}
