// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The syscall attachment, for kernels that refuse fexit: one hook where every system call returns.
 * The saved registers still hold the arguments (only ax, and of the 64-bit calls cx and r11, have
 * changed), so nothing has to be remembered from the entry.
 *
 * Every call of the host comes through here, so a call that is not ours ends at one table load.
 *
 * The position is read after the call returned, when another user of the same open file may have
 * moved it; appending calls with an explicit position are told from the file's size. Both are
 * said in the sample (SAMPLE_OFFSET_APPROX) where they can be wrong.
 */
#include "file.bpf.h"
#include "inspect.bpf.h"
#include "map_shared.bpf.h"
#include "scope.bpf.h"
#include "write_aio.bpf.h"
#include "write_call.bpf.h"

#include <bpf/bpf_tracing.h>

struct call_args {
	__u64 value[6];
};

static __always_inline struct call_args call_args(const struct pt_regs *regs, __u32 compat)
{
	if (compat)
		return (struct call_args){{(__u32)regs->bx, (__u32)regs->cx, (__u32)regs->dx, (__u32)regs->si,
					   (__u32)regs->di, (__u32)regs->bp}};
	return (struct call_args){{regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9}};
}

/* copy_file_range and splice name their destination third, the others first. */
static __always_inline __u32 call_destination(const struct call_args *args, __u32 call)
{
	if (call == WRITE_CALL_COPY_FILE_RANGE || call == WRITE_CALL_SPLICE)
		return args->value[2];
	return args->value[0];
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

/* The file offset of the write's first byte. */
static __always_inline __s64 write_offset(const struct file *file, const struct call_args *args, __u32 call,
					  __u32 compat, __s64 ret, __u32 *flags)
{
	__s64 position = compat ? args->value[3] | args->value[4] << 32 : args->value[3];
	int positioned = call == WRITE_CALL_PWRITE64 || call == WRITE_CALL_PWRITEV ||
			 (call == WRITE_CALL_PWRITEV2 && position != -1);
	int append = BPF_CORE_READ(file, f_flags) & KERNEL_O_APPEND;

	if (call == WRITE_CALL_PWRITEV2 && args->value[5] & KERNEL_RWF_APPEND)
		append = 1;
	if (positioned && !append)
		return position;
	if (!positioned)
		return BPF_CORE_READ(file, f_pos) - ret;
	*flags |= SAMPLE_OFFSET_APPROX;
	return BPF_CORE_READ(file, f_inode, i_size) - ret;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(write_syscall, struct pt_regs *regs, long ret)
{
	__u64 nr = regs->orig_ax, index = nr & ~(__u64)KERNEL_X32_BIT;
	const struct file *file;
	struct task_struct *task;
	struct call_args args;
	struct scratch *s;
	__u32 call, compat, kind, source, flags = 0;
	__s64 offset = SAMPLE_NO_OFFSET;

	/* an address can look negative, to a 32-bit caller; an error is never further from zero */
	if (ret == 0 || (ret < 0 && ret >= -4095) || index >= WRITE_CALL_NUMBERS)
		return 0;
	asm volatile("" : "+r"(index));
	index &= WRITE_CALL_NUMBERS - 1;
	if (!(write_call_64[index] | write_call_32[index]))
		return 0;
	task = bpf_get_current_task_btf();
	compat = kernel_is_compat(task);
	call = write_call_by_number(nr, compat);
	if (call == WRITE_CALL_UNKNOWN || !scope_holds_current())
		return 0;
	args = call_args(regs, compat);
	if (call == WRITE_CALL_MMAP) {
		map_shared(file_by_number(task, args.value[4]), args.value[3],
			   args.value[5] * (compat ? KERNEL_PAGE_SIZE : 1), args.value[1]);
		return 0;
	}
	if (call == WRITE_CALL_IO_SUBMIT) {
		aio_run(args.value[2], ret, compat);
		return 0;
	}
	file = file_by_number(task, call_destination(&args, call));
	kind = file_kind(file);
	if (!(settings.watch & (1U << kind)))
		return 0;
	if (!file)
		count(COUNTER_file_unknown);
	if (compat || kernel_is_x32(nr))
		flags |= SAMPLE_COMPAT;
	source = write_call_source(call);
	if (file_kind_has_offset(kind))
		offset = source == WRITE_SOURCE_LANDED ? landed_offset(file, &args, call, ret)
						       : write_offset(file, &args, call, compat, ret, &flags);
	s = inspect_begin();
	if (!s)
		return 0;
	s->event = (struct write_event){
		.file = (__u64)file,
		.mapping = file_mapping(file, kind),
		.address = args.value[1],
		.length = ret,
		.offset = offset,
		.segments = args.value[2],
		.source = source,
		.call = call,
		.kind = kind,
		.flags = flags,
	};
	inspect_run(s);
	inspect_end(s);
	return 0;
}
