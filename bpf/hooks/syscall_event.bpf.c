// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The syscall attachment: what a call was, and whereto. The hooks are in syscall.bpf.c.
 *
 * The position is read after the call returned, when another user of the same open file may have
 * moved it; appending calls with an explicit position are told from the file's size. Where either can
 * be wrong it is said in the sample (SAMPLE_OFFSET_APPROX), and both the page cache there and the caller's buffer are
 * looked at (inspect_guess).
 */
#include "hooks/syscall_event.bpf.h"

#include "base/file.bpf.h"
#include "scan/inspect.bpf.h"
#include "hooks/mapping.bpf.h"
#include "base/write_call.bpf.h"
#include "hooks/entry.bpf.h"
#include "hooks/landed.bpf.h"
#include "hooks/message.bpf.h"
#include "hooks/name.bpf.h"
#include "hooks/seam.bpf.h"

/* include/uapi/linux/fs.h */
#define CLONE_FICLONE 0x40049409
#define CLONE_FICLONERANGE 0x4020940d

/* arch/x86/entry/syscalls/syscall_32.tbl */
#define I386_SENDFILE 187
#define I386_MMAP 90

/* include/uapi/linux/net.h */
#define SOCKETCALL_BIND 2
#define SOCKETCALL_SEND 9
#define SOCKETCALL_SENDTO 11
#define SOCKETCALL_SENDMSG 16
#define SOCKETCALL_SENDMMSG 20

/* copy_file_range and splice name their destination third, tee second, the others first. */
static __always_inline __u32 call_destination(const struct call_args *args, __u32 call)
{
	if (call == WRITE_CALL_COPY_FILE_RANGE || call == WRITE_CALL_SPLICE)
		return args->value[2];
	return args->value[call == WRITE_CALL_TEE ? 1 : 0];
}

/* The offset of a call that names its destination's position by a pointer, which it has moved on. */
static __always_inline __s64 landed_offset(const struct file *file, const struct call_args *args, __u32 call,
					   __s64 ret)
{
	__s64 position = 0;

	if (call != WRITE_CALL_SENDFILE && args->value[3] &&
	    !bpf_probe_read_user(&position, sizeof(position), (const void *)args->value[3]))
		return position - ret;
	return BPF_CORE_READ(file, f_pos) - ret;
}

/* The file offset of the write's first byte; what may be wrong is marked. */
static __always_inline __s64 write_offset(const struct task_struct *task, const struct file *file,
					  const struct call_args *args, struct write_event *event)
{
	__u32 compat = kernel_is_compat(task), call = event->call;
	/* of an x32 caller one register has all of it, and what stands behind it is not there */
	__s64 position = compat ? args->value[3] | args->value[4] << 32 : args->value[3];
	__u64 flags = event->flags & SAMPLE_COMPAT && !compat ? args->value[4] : args->value[5];
	int positioned = call == WRITE_CALL_PWRITE64 || call == WRITE_CALL_PWRITEV ||
			 (call == WRITE_CALL_PWRITEV2 && position != -1);
	int append = file_appends((__u64)file, call == WRITE_CALL_PWRITEV2 ? flags : 0);

	if (positioned && !append)
		return position;
	if (!positioned && file_position_is_ours(task, file))
		return BPF_CORE_READ(file, f_pos) - event->length;
	event->flags |= SAMPLE_OFFSET_APPROX;
	event->guess = event->coherent;
	event->coherent = 0;
	return (positioned ? BPF_CORE_READ(file, f_inode, i_size) : BPF_CORE_READ(file, f_pos)) -
	       event->length;
}

/* The number of the call that a task is in. */
static __always_inline __u32 syscall_number(const struct task_struct *task)
{
	return kernel_call_number((const struct pt_regs *)bpf_task_pt_regs((struct task_struct *)task));
}

/* A stream that is fed without a buffer: where its bytes are. Returns 0 if there are none to be looked at. */
static __always_inline int syscall_fed(struct scratch *s, const struct task_struct *task)
{
	const struct call_args *args = &s->args;
	__u32 sendfile = s->event.call == WRITE_CALL_SENDFILE;
	const struct file *from = file_by_number(task, sendfile ? args->value[1] : args->value[0]);
	__u64 pointer = sendfile ? args->value[2] : args->value[1];
	__s64 position = 0;
	/* the older sendfile(2) of 32-bit callers has a narrow one */
	__u32 narrow = sendfile && kernel_is_compat(task) && syscall_number(task) == I386_SENDFILE;

	/* tee(2) has no positions, and its second argument is a number */
	if (!pointer || bpf_probe_read_user(&position, narrow ? 4 : 8, (const void *)pointer))
		position = from ? BPF_CORE_READ(from, f_pos) : 0;
	return landed_in_stream(s, (__u64)from, position - s->event.length);
}

/* Calls with a file: write and its family, send and its family, sendfile, splice, copy_file_range. */
static __always_inline int syscall_write(struct scratch *s, const struct task_struct *task)
{
	struct write_event *event = &s->event;
	const struct file *file = file_by_number(task, call_destination(&s->args, event->call));
	__s64 ret = event->length;

	event->kind = file_kind(file);
	if (ret == 0 || !(settings.watch & (1U << event->kind)))
		return SYSCALL_NOTHING;
	/* what a pipe is read by */
	if (event->call == WRITE_CALL_VMSPLICE && file &&
	    !((__u64)BPF_CORE_READ(file, f_mode) & KERNEL_FMODE_WRITE))
		return SYSCALL_NOTHING;
	event->address = s->args.value[1];
	event->segments = s->args.value[2];
	event->source = write_call_source(event->call);
	if (file)
		file_event(file, event->kind, event);
	else
		count(COUNTER_file_unknown);
	if (file && file_kind_has_offset(event->kind)) {
		if (event->source == WRITE_SOURCE_LANDED) {
			event->offset = landed_offset(file, &s->args, event->call, ret);
			event->address = event->offset;
		} else {
			event->offset = write_offset(task, file, &s->args, event);
		}
	} else if (event->source == WRITE_SOURCE_LANDED && !syscall_fed(s, task)) {
		return SYSCALL_NOTHING;
	}
	return event->source == WRITE_SOURCE_MESSAGE || event->source == WRITE_SOURCE_MESSAGES
		       ? SYSCALL_MESSAGES
		       : SYSCALL_INSPECT;
}

/* ioctl(2) FICLONE and FICLONERANGE: the destination shares another file's bytes from now on. */
static __always_inline int syscall_clone(struct scratch *s, const struct task_struct *task)
{
	struct write_event *event = &s->event;
	struct user_clone_range range = {};
	const struct file *file, *source;
	__u64 size;

	if ((__u32)s->args.value[1] != CLONE_FICLONE && (__u32)s->args.value[1] != CLONE_FICLONERANGE)
		return SYSCALL_NOTHING;
	file = file_by_number(task, s->args.value[0]);
	event->kind = file_kind(file);
	if (!file || !(settings.watch & (1U << event->kind)))
		return SYSCALL_NOTHING;
	file_event(file, event->kind, event);
	if ((__u32)s->args.value[1] == CLONE_FICLONERANGE)
		bpf_probe_read_user(&range, sizeof(range), (const void *)s->args.value[2]);
	else
		range.src_fd = (__s64)s->args.value[2];
	/*
	 * 0: to the end of the source, of as much as there was; if that was closed meanwhile, or is shorter now, nobody knows, so to that of
	 * the destination
	 */
	source = file_by_number(task, (__u32)range.src_fd);
	size = source ? BPF_CORE_READ(source, f_inode, i_size) : 0;
	if (size > range.src_offset)
		size -= range.src_offset;
	else
		size = BPF_CORE_READ(file, f_inode, i_size) - range.dest_offset;
	event->length = range.src_length ? range.src_length : size;
	event->address = range.dest_offset;
	event->offset = range.dest_offset;
	event->source = WRITE_SOURCE_LANDED;
	return SYSCALL_INSPECT;
}

/* fallocate(2); a 32-bit caller's offset takes two registers, an x32 caller's one. */
static __always_inline int syscall_fallocate(struct scratch *s, const struct task_struct *task)
{
	__u64 offset = s->args.value[2];

	if (kernel_is_compat(task))
		offset |= s->args.value[3] << 32;
	return seam_collapsed(s, file_by_number(task, s->args.value[0]), s->args.value[1], offset)
		       ? SYSCALL_FILE
		       : SYSCALL_NOTHING;
}

/*
 * mmap(2). The older one of 32-bit callers has its arguments in memory (struct mmap_arg_struct32,
 * arch/x86/kernel/sys_ia32.c), the offset in bytes; the newer one has that in pages.
 */
static __always_inline int syscall_mmap(struct scratch *s, const struct task_struct *task)
{
	struct call_args *args = &s->args;
	__u64 unit = kernel_is_compat(task) ? KERNEL_PAGE_SIZE : 1;

	if (kernel_is_compat(task) && syscall_number(task) == I386_MMAP) {
		__u32 value[6] = {};

		bpf_probe_read_user(value, sizeof(value), (const void *)args->value[0]);
#pragma unroll
		for (int i = 0; i < 6; i++)
			args->value[i] = value[i];
		unit = 1;
	}
	return map_shared(&s->event, file_by_number(task, args->value[4]), args->value[3],
			  args->value[5] * unit, args->value[1])
		       ? SYSCALL_MAPPED
		       : SYSCALL_NOTHING;
}

/* socketcall(2), the 32-bit way to the socket calls: a number and an array of arguments. */
static __always_inline __u32 syscall_socket(struct call_args *args)
{
	__u32 value[6] = {}, call = args->value[0];

	bpf_probe_read_user(value, sizeof(value), (const void *)args->value[1]);
#pragma unroll
	for (int i = 0; i < 6; i++)
		args->value[i] = value[i];
	switch (call) {
	case SOCKETCALL_BIND:
		return WRITE_CALL_BIND;
	case SOCKETCALL_SEND:
	case SOCKETCALL_SENDTO:
		return WRITE_CALL_SENDTO;
	case SOCKETCALL_SENDMSG:
		return WRITE_CALL_SENDMSG;
	case SOCKETCALL_SENDMMSG:
		return WRITE_CALL_SENDMMSG;
	default:
		return WRITE_CALL_UNKNOWN;
	}
}

int syscall_event(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct write_event *event;

	if (!s)
		return SYSCALL_NOTHING;
	event = &s->event;
	event->offset = SAMPLE_NO_OFFSET;
	if (event->call == WRITE_CALL_SOCKETCALL)
		event->call = syscall_socket(&s->args);
	if (event->call >= WRITE_CALL_WRITE && event->call <= WRITE_CALL_SENDMMSG)
		return syscall_write(s, task);
	switch (event->call) {
	case WRITE_CALL_UNKNOWN:
	case WRITE_CALL_SOCKETCALL:
		return SYSCALL_NOTHING;
	case WRITE_CALL_MMAP:
		return syscall_mmap(s, task);
	case WRITE_CALL_IO_SUBMIT:
		return SYSCALL_REQUESTS;
	case WRITE_CALL_FICLONE:
		if (!name_ioctl(s->args.value[1]))
			return syscall_clone(s, task);
		event->call = name_ioctl(s->args.value[1]);
		return SYSCALL_NAMED;
	case WRITE_CALL_FALLOCATE:
		return syscall_fallocate(s, task);
	case WRITE_CALL_OPEN:
	case WRITE_CALL_CREAT:
	case WRITE_CALL_OPENAT:
	case WRITE_CALL_OPENAT2:
		name_created(s, file_by_number(task, event->length));
		return SYSCALL_NOTHING;
	default:
		return SYSCALL_NAMED;
	}
}

int syscall_entered(struct scratch *s)
{
	if (!s)
		return 0;
	if (s->event.call == WRITE_CALL_SOCKETCALL)
		s->event.call = syscall_socket(&s->args);
	s->event.file = (__u64)file_by_number(bpf_get_current_task_btf(), s->args.value[0]);
	return entry_event(s);
}
