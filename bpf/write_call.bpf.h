/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System call numbers to enum write_call, as one table for both worlds: low half the 64-bit meaning
 * of a number, high half the 32-bit one. Most calls end at one load from it.
 */
#pragma once

#include "kernel.bpf.h"
#include "maps.bpf.h"
#include "write_call.h"

#define WRITE_CALL_NUMBERS 1024U /* a power of two past every number in either table */

/* x32 has numbers of its own for the vector calls (arch/x86/entry/syscalls/syscall_64.tbl). */
#define WRITE_CALL_X32_WRITEV 516
#define WRITE_CALL_X32_PWRITEV 535
#define WRITE_CALL_X32_PWRITEV2 547
#define WRITE_CALL_X32_VMSPLICE 532

/* The 32-bit table has two sendfiles. */
#define WRITE_CALL_I386_SENDFILE64 239

#define WRITE_CALL_NR_IO_SUBMIT 209
#define WRITE_CALL_NR_MMAP 9
#define WRITE_CALL_I386_MMAP2 192
#define WRITE_CALL_I386_IO_SUBMIT 248

static const __u8 write_call_64[WRITE_CALL_NUMBERS] = {
#define WRITE_CALL_64(id, name, nr64, nr32, source) [nr64] = WRITE_CALL_##id,
	WRITE_CALLS(WRITE_CALL_64)
#undef WRITE_CALL_64
		[WRITE_CALL_X32_WRITEV] = WRITE_CALL_WRITEV,
	[WRITE_CALL_X32_PWRITEV] = WRITE_CALL_PWRITEV,
	[WRITE_CALL_X32_PWRITEV2] = WRITE_CALL_PWRITEV2,
	[WRITE_CALL_X32_VMSPLICE] = WRITE_CALL_VMSPLICE,
	[WRITE_CALL_NR_IO_SUBMIT] = WRITE_CALL_IO_SUBMIT,
	[WRITE_CALL_NR_MMAP] = WRITE_CALL_MMAP,
};

static const __u8 write_call_32[WRITE_CALL_NUMBERS] = {
#define WRITE_CALL_32(id, name, nr64, nr32, source) [nr32] = WRITE_CALL_##id,
	WRITE_CALLS(WRITE_CALL_32)
#undef WRITE_CALL_32
		[WRITE_CALL_I386_SENDFILE64] = WRITE_CALL_SENDFILE,
	[WRITE_CALL_I386_IO_SUBMIT] = WRITE_CALL_IO_SUBMIT,
	[WRITE_CALL_I386_MMAP2] = WRITE_CALL_MMAP,
};

static __always_inline __u32 write_call_by_number(__u64 nr, __u32 compat)
{
	__u64 index = nr & ~(__u64)KERNEL_X32_BIT;

	if (index >= WRITE_CALL_NUMBERS)
		return WRITE_CALL_UNKNOWN;
	asm volatile("" : "+r"(index));
	index &= WRITE_CALL_NUMBERS - 1;
	return compat ? write_call_32[index] : write_call_64[index];
}

/* enum write_source of a call; a switch, which the compiler makes as small as it can be. */
static __always_inline __u32 write_call_source(__u32 call)
{
	switch (call) {
#define WRITE_CALL_SOURCE(id, name, nr64, nr32, source) \
	case WRITE_CALL_##id:                           \
		return WRITE_SOURCE_##source;
		WRITE_CALLS(WRITE_CALL_SOURCE)
#undef WRITE_CALL_SOURCE
	default:
		return WRITE_SOURCE_BUFFER;
	}
}
