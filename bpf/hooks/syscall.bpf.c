// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The syscall attachment, for kernels that refuse fexit: one hook where every system call returns, and one where
 * it begins if streams are watched.
 * The saved registers still hold the arguments (only ax, and of the 64-bit calls cx and r11, have
 * changed), so nothing has to be remembered from the entry.
 *
 * Every call of the host comes through here, so a call that is not ours ends at one table load; and most of the
 * others end with the one call that finds their page, since a call costs as much as five looks at the page cache. That is why the
 * search in place is a part of this object.
 */
#define DIRECT_LOADS

#include "scan/in_place_search.bpf.h"
#include "scan/pre_write.bpf.h"
#include "scan/inspect.bpf.h"
#include "base/preempt.bpf.h"
#include "base/scope.bpf.h"
#include "scan/stream_search.bpf.h"
#include "hooks/syscall_event.bpf.h"
#include "hooks/aio.bpf.h"
#include "base/write_call.bpf.h"
#include "hooks/mapping.bpf.h"
#include "hooks/message.bpf.h"

#include <bpf/bpf_tracing.h>

/*
 * The write calls whose bytes lie in the page cache now, and hold no token: most of them. They end here, before a
 * scratch is taken and an event filled in. Returns enum in_place: what is neither innocent nor unwatched must be gone
 * through.
 */
static __always_inline int syscall_in_place(const struct pt_regs *regs, const struct task_struct *task,
					    __u32 call, __u32 flags, __s64 ret)
{
	__s64 position = -1;

	if (!direct_loads || call > WRITE_CALL_PWRITEV || flags & SAMPLE_COMPAT || ret <= 0)
		return IN_PLACE_UNSURE;
	if (call == WRITE_CALL_PWRITE64 || call == WRITE_CALL_PWRITEV)
		position = regs->r10;
	return in_place_call(task, regs->di, position, ret);
}

/*
 * The calls with one buffer whose bytes went to a stream, and hold no token and no piece of one. Without a branch for what a
 * call is, of which the verifier would follow all that leads here: of the others no byte is looked at.
 */
static __always_inline int syscall_in_stream(const struct pt_regs *regs, __u32 call, __u32 flags, __u64 len,
					     int entry)
{
	__u64 buffer = (1ULL << WRITE_CALL_WRITE | 1ULL << WRITE_CALL_SENDTO) >> (call & 63) & 1;
	__u64 narrow = flags / SAMPLE_COMPAT & 1;

	return settings.watch & ENTERED_KINDS && direct_loads &&
	       stream_innocent(regs->di, regs->si, len & -(buffer & ~narrow), entry);
}

_Static_assert(WRITE_CALL_MAX <= 64, "one bit for each call");

static __always_inline void syscall_returned(const struct pt_regs *regs, const struct task_struct *task,
					     __u32 call, __u32 flags, long ret)
{
	struct scratch *s;
	int in_place, action;

	in_place = syscall_in_place(regs, task, call, flags, ret);
	if (in_place == IN_PLACE_UNSURE && syscall_in_stream(regs, call, flags, ret, 0))
		in_place = IN_PLACE_INNOCENT;
	if (in_place == IN_PLACE_INNOCENT)
		count_write(ret);
	if (in_place == IN_PLACE_INNOCENT || in_place == IN_PLACE_UNWATCHED)
		return;
	s = inspect_begin();
	if (!s)
		return;
	call_args(regs, kernel_is_compat(task), &s->args);
	s->event.call = call;
	s->event.flags = flags;
	s->event.length = ret;
	s->event.late = in_place == IN_PLACE_LATE;
	action = syscall_event(s);
	if (action == SYSCALL_NAMED && name_run(s))
		action = SYSCALL_INSPECT;
	switch (action) {
	case SYSCALL_INSPECT:
		inspect_guess(s);
		break;
	case SYSCALL_FILE:
		inspect_file(s);
		break;
	case SYSCALL_MESSAGES:
		message_run(s, s->args.value[1], s->event.source, ret);
		break;
	case SYSCALL_MAPPED:
		map_noted(s);
		break;
	case SYSCALL_REQUESTS:
		aio_run(s, ret, flags & SAMPLE_COMPAT);
		break;
	}
	inspect_end(s);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(write_syscall, struct pt_regs *regs, long ret)
{
	const struct task_struct *task;
	__u32 call, flags = 0;

	/* an address can look negative, to a 32-bit caller; an error is never further from zero */
	if ((ret < 0 && ret >= -4095) || !syscall_asked_for(regs))
		return 0;
	task = bpf_get_current_task_btf();
	call = syscall_call(regs, task, &flags);
	if (call == WRITE_CALL_UNKNOWN || !scope_holds(task))
		return 0;
	preempt_begin();
	syscall_returned(regs, task, call, flags, ret);
	preempt_end();
	return 0;
}

/* Does a call's first argument name a descriptor of a stream that is watched? */
static __always_inline int syscall_to_stream(const struct task_struct *task, __u32 number)
{
	const struct file *file = file_by_number(task, number);

	return file && settings.watch & ENTERED_KINDS & (1U << file_kind(file));
}

static __always_inline void syscall_begins(const struct pt_regs *regs, const struct task_struct *task,
					   __u32 call, __u32 flags)
{
	__u32 compat = kernel_is_compat(task);
	struct scratch *s;

	/* most calls end here; where there are no plain loads, later (entry_event) */
	if (direct_loads && call != WRITE_CALL_SOCKETCALL &&
	    (!syscall_to_stream(task, compat ? regs->bx : regs->di) ||
	     syscall_in_stream(regs, call, flags, regs->dx, 1)))
		return;
	s = inspect_begin();
	if (!s)
		return;
	call_args(regs, compat, &s->args);
	s->event.call = call;
	s->event.flags = flags;
	if (syscall_entered(s))
		inspect_entry(s);
	inspect_end(s);
}

/* What stands in a stream's buffer when the call begins; see pre_write.bpf.h. */
SEC("tp_btf/sys_enter")
int BPF_PROG(write_syscall_enter, struct pt_regs *regs, long nr)
{
	const struct task_struct *task;
	__u32 call, flags = 0;

	if (!syscall_asked_for(regs))
		return 0;
	task = bpf_get_current_task_btf();
	call = syscall_call(regs, task, &flags);
	if (call == WRITE_CALL_UNKNOWN || !scope_holds(task))
		return 0;
	preempt_begin();
	syscall_begins(regs, task, call, flags);
	preempt_end();
	return 0;
}
