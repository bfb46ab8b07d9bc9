/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The syscall attachment: which call it is, and what is to be done with it; see syscall_event.bpf.c. */
#pragma once

#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"
#include "base/scope.bpf.h"
#include "base/write_call.bpf.h"

/* What is to be done with a call whose event has been filled in. */
enum syscall_action {
	SYSCALL_NOTHING,
	SYSCALL_INSPECT,
	SYSCALL_FILE,
	SYSCALL_MESSAGES,
	SYSCALL_MAPPED,
	SYSCALL_REQUESTS,
	SYSCALL_NAMED,
};

/*
 * syscall_event() - fills in the event for the call in event.call, which returned event.length, with the arguments in
 * s->args. Returns enum syscall_action; what a call has created it inspects itself.
 */
extern int syscall_event(struct scratch *s);

/* syscall_entered() - the same of a call that begins, to a stream. Returns 0 if it need not be looked at now. */
extern int syscall_entered(struct scratch *s);

/* name_run() of name.bpf.h. */
extern int name_run(struct scratch *s);

/* The number of the call that the registers name, in one of the two tables. */
static __always_inline __u64 syscall_index(const struct pt_regs *regs)
{
	__u64 index = kernel_call_number(regs) & ~(__u64)KERNEL_X32_BIT;

	asm volatile("" : "+r"(index)); /* keep the mask where the verifier can see it */
	return index & (WRITE_CALL_NUMBERS - 1);
}

/* Could the call be one of ours, in either table? Most calls end here, without asking whose they are. */
static __always_inline int syscall_asked_for(const struct pt_regs *regs)
{
	__u64 index = syscall_index(regs);

	return (kernel_call_number(regs) & ~(__u64)KERNEL_X32_BIT) < WRITE_CALL_NUMBERS &&
	       write_calls.call[0][index] | write_calls.call[1][index];
}

/* enum write_call of a call that was asked for, WRITE_CALL_UNKNOWN if it is not ours after all. */
static __always_inline __u32 syscall_call(const struct pt_regs *regs, const struct task_struct *task,
					  __u32 *ret_flags)
{
	__u32 compat = kernel_is_compat(task);

	*ret_flags = compat || kernel_is_x32(kernel_call_number(regs)) ? SAMPLE_COMPAT : 0;
	return write_calls.call[compat ? 1 : 0][syscall_index(regs)];
}
