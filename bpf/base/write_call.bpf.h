/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A system call of the current task: which of include/write_call.h it is, and its arguments. */
#pragma once

#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"
#include "write_call.h"

/* enum write_call of a number in the caller's table, WRITE_CALL_UNKNOWN for calls nobody asked for. */
static __always_inline __u32 write_call_by_number(__u64 nr, __u32 compat)
{
	__u64 index = nr & ~(__u64)KERNEL_X32_BIT;

	if (index >= WRITE_CALL_NUMBERS)
		return WRITE_CALL_UNKNOWN;
	asm volatile("" : "+r"(index));
	index &= WRITE_CALL_NUMBERS - 1;
	return compat ? write_calls.call[1][index] : write_calls.call[0][index];
}

/* enum write_source of a call; a switch, which the compiler makes as small as it can be. */
static __always_inline __u32 write_call_source(__u32 call)
{
	switch (call) {
#define WRITE_CALL_SOURCE(id, name, nr64, nr32, source) \
	case WRITE_CALL_##id:                           \
		return WRITE_SOURCE_##source;
		WRITE_CALLS(WRITE_CALL_SOURCE)
		WRITE_CALLS_SOCKET(WRITE_CALL_SOURCE)
#undef WRITE_CALL_SOURCE
	default:
		return WRITE_SOURCE_BUFFER;
	}
}

/* Copies the arguments as they were when the call was made: the saved registers still hold them. */
static __always_inline void call_args(const struct pt_regs *regs, __u32 compat, struct call_args *args)
{
	args->value[0] = compat ? (__u32)regs->bx : regs->di;
	args->value[1] = compat ? (__u32)regs->cx : regs->si;
	args->value[2] = compat ? (__u32)regs->dx : regs->dx;
	args->value[3] = compat ? (__u32)regs->si : regs->r10;
	args->value[4] = compat ? (__u32)regs->di : regs->r8;
	args->value[5] = compat ? (__u32)regs->bp : regs->r9;
}
