// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fexit attachment: vfs_write() carries write and pwrite64, vfs_writev() carries writev, pwritev
 * and pwritev2, for 64-bit, 32-bit and x32 callers; vfs_copy_file_range(), do_sendfile() and
 * do_splice() what has no buffer. No other system call is touched.
 *
 * The position has been moved when these return (and O_APPEND has been obeyed), so the write's
 * offset is exact: *pos - ret.
 */
#include "file.bpf.h"
#include "inspect.bpf.h"
#include "map_shared.bpf.h"
#include "scope.bpf.h"
#include "write_aio.bpf.h"
#include "write_call.bpf.h"

#include <bpf/bpf_tracing.h>

struct vfs_write {
	const struct file *file;
	__u64 address;
	__u64 segments;
	__s64 end; /* file position behind the write */
	__s64 ret;
	__u32 source; /* enum write_source */
};

static __always_inline int write_vfs(const struct vfs_write *write)
{
	struct task_struct *task;
	struct pt_regs *regs;
	struct scratch *s;
	__u32 kind, compat;

	if (write->ret <= 0 || !scope_holds_current())
		return 0;
	kind = file_kind(write->file);
	if (!(settings.watch & (1U << kind)))
		return 0;
	task = bpf_get_current_task_btf();
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	compat = kernel_is_compat(task);
	s = inspect_begin();
	if (!s)
		return 0;
	s->event = (struct write_event){
		.file = (__u64)write->file,
		.mapping = file_mapping(write->file, kind),
		.address = write->address,
		.length = write->ret,
		.offset = file_kind_has_offset(kind) ? write->end - write->ret : SAMPLE_NO_OFFSET,
		.segments = write->segments,
		.source = write->source,
		.call = write_call_by_number(regs->orig_ax, compat),
		.kind = kind,
		.flags = compat || kernel_is_x32(regs->orig_ax) ? SAMPLE_COMPAT : 0,
	};
	inspect_run(s);
	inspect_end(s);
	return 0;
}

static __always_inline __s64 write_position(const loff_t *pos)
{
	__s64 position = 0;

	bpf_probe_read_kernel(&position, sizeof(position), pos);
	return position;
}

SEC("fexit/vfs_write")
int BPF_PROG(write_vfs_buffer, struct file *file, const char *buf, size_t count, loff_t *pos, ssize_t ret)
{
	struct vfs_write write = {
		.file = file,
		.address = (__u64)buf,
		.end = write_position(pos),
		.ret = ret,
		.source = WRITE_SOURCE_BUFFER,
	};

	return write_vfs(&write);
}

SEC("fexit/vfs_writev")
int BPF_PROG(write_vfs_vector, struct file *file, const struct iovec *vec, unsigned long vlen, loff_t *pos,
	     rwf_t flags, ssize_t ret)
{
	struct vfs_write write = {
		.file = file,
		.address = (__u64)vec,
		.segments = vlen,
		.end = write_position(pos),
		.ret = ret,
		.source = WRITE_SOURCE_VECTOR,
	};

	return write_vfs(&write);
}

SEC("fexit/vfs_copy_file_range")
int BPF_PROG(write_vfs_copy, struct file *in, loff_t pos_in, struct file *out, loff_t pos_out, size_t len,
	     unsigned int flags, ssize_t ret)
{
	struct vfs_write write = {
		.file = out,
		.end = pos_out + ret,
		.ret = ret,
		.source = WRITE_SOURCE_LANDED,
	};

	return write_vfs(&write);
}

SEC("fexit/do_sendfile")
int BPF_PROG(write_vfs_sendfile, int out_fd, int in_fd, loff_t *pos, size_t count, loff_t max, ssize_t ret)
{
	const struct file *file = file_by_number(bpf_get_current_task_btf(), out_fd);
	struct vfs_write write = {
		.file = file,
		.end = file ? BPF_CORE_READ(file, f_pos) : 0,
		.ret = ret,
		.source = WRITE_SOURCE_LANDED,
	};

	return write_vfs(&write);
}

SEC("fexit/do_splice")
int BPF_PROG(write_vfs_splice, struct file *in, loff_t *off_in, struct file *out, loff_t *off_out, size_t len,
	     unsigned int flags, ssize_t ret)
{
	struct vfs_write write = {
		.file = out,
		.end = off_out ? write_position(off_out) : out->f_pos,
		.ret = ret,
		.source = WRITE_SOURCE_LANDED,
	};

	return write_vfs(&write);
}

/* System calls' own functions take the registers; the 32-bit one is another function. */
SEC("fexit/__x64_sys_io_submit")
int BPF_PROG(write_vfs_aio, const struct pt_regs *regs, long ret)
{
	if (ret > 0 && scope_holds_current())
		aio_run(regs->dx, ret, 0);
	return 0;
}

SEC("fexit/__ia32_compat_sys_io_submit")
int BPF_PROG(write_vfs_aio_32, const struct pt_regs *regs, long ret)
{
	if (ret > 0 && scope_holds_current())
		aio_run((__u32)regs->dx, ret, 1);
	return 0;
}

SEC("fexit/vm_mmap_pgoff")
int BPF_PROG(write_vfs_mmap, struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
	     unsigned long flag, unsigned long pgoff, unsigned long ret)
{
	/* an error is the last page of addresses */
	if (file && ret < -4095UL)
		map_shared(file, flag, pgoff * KERNEL_PAGE_SIZE, len);
	return 0;
}
