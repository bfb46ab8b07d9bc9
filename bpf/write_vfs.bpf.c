// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fexit attachment: vfs_write() carries write and pwrite64, vfs_writev() carries writev, pwritev
 * and pwritev2, for 64-bit, 32-bit and x32 callers. No other system call is touched.
 *
 * The position has been moved when these return (and O_APPEND has been obeyed), so the write's
 * offset is exact: *pos - ret.
 */
#include "file.bpf.h"
#include "inspect.bpf.h"
#include "scope.bpf.h"
#include "write_call.bpf.h"

#include <bpf/bpf_tracing.h>

static __always_inline int write_vfs(const struct file *file, const void *address, __u64 segments,
				     const loff_t *pos, __s64 ret, __u32 source)
{
	struct task_struct *task;
	struct pt_regs *regs;
	struct scratch *s;
	__u32 kind, compat;
	__s64 end = 0;

	if (ret <= 0 || !scope_holds_current())
		return 0;
	kind = file_kind(file);
	if (!(settings.watch & (1U << kind)))
		return 0;
	task = bpf_get_current_task_btf();
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	compat = kernel_is_compat(task);
	s = inspect_begin();
	if (!s)
		return 0;
	s->event = (struct write_event){
		.file = (__u64)file,
		.mapping = file_mapping(file, kind),
		.address = (__u64)address,
		.length = ret,
		.offset = SAMPLE_NO_OFFSET,
		.segments = segments,
		.source = source,
		.call = write_call_by_number(regs->orig_ax, compat),
		.kind = kind,
		.flags = compat || kernel_is_x32(regs->orig_ax) ? SAMPLE_COMPAT : 0,
	};
	if (file_kind_has_offset(kind) && !bpf_probe_read_kernel(&end, sizeof(end), pos))
		s->event.offset = end - ret;
	inspect_run(s);
	inspect_end(s);
	return 0;
}

SEC("fexit/vfs_write")
int BPF_PROG(write_vfs_buffer, struct file *file, const char *buf, size_t count, loff_t *pos, ssize_t ret)
{
	return write_vfs(file, buf, 0, pos, ret, WRITE_SOURCE_BUFFER);
}

SEC("fexit/vfs_writev")
int BPF_PROG(write_vfs_vector, struct file *file, const struct iovec *vec, unsigned long vlen, loff_t *pos,
	     rwf_t flags, ssize_t ret)
{
	return write_vfs(file, vec, vlen, pos, ret, WRITE_SOURCE_VECTOR);
}
