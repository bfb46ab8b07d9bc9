// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fexit attachment: vfs_write() carries write and pwrite64, vfs_writev() carries writev, pwritev
 * and pwritev2, for 64-bit, 32-bit and x32 callers; vfs_copy_file_range(), vfs_clone_file_range(),
 * do_sendfile(), do_splice() and do_tee() what has no buffer; the security hooks for paths what makes names. No other
 * system call is touched.
 *
 * The position has been moved when these return (and O_APPEND has been obeyed), so the write's
 * offset is exact: *pos - ret.
 */
#include "base/file.bpf.h"
#include "scan/in_place.bpf.h"
#include "scan/inspect.bpf.h"
#include "hooks/mapping.bpf.h"
#include "base/preempt.bpf.h"
#include "base/scope.bpf.h"
#include "hooks/aio.bpf.h"
#include "base/write_call.bpf.h"
#include "hooks/entry.bpf.h"
#include "hooks/landed.bpf.h"
#include "hooks/message.bpf.h"
#include "hooks/name.bpf.h"
#include "hooks/seam.bpf.h"

#include <bpf/bpf_tracing.h>

struct vfs_write {
	const struct file *file;
	__u64 number; /* the same as a number, which the verifier lets pass to global functions; 0: not looked at in place */
	__u64 address; /* of LANDED: the place in `from`, if that is a file */
	__u64 segments;
	__s64 end; /* file position behind the write */
	__s64 ret;
	__u32 source; /* enum write_source */
	__u64 from; /* of LANDED: the struct file * the bytes came from, as a number as well */
};

/* The system call that led here; also of io_uring's own threads, whose registers name none. */
static __always_inline __u32 vfs_call(const struct task_struct *task, __u32 *ret_flags)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((struct task_struct *)task);
	__u32 compat = kernel_is_compat(task), call;

	call = write_call_by_number(kernel_call_number(regs), compat);
	*ret_flags = compat || kernel_is_x32(kernel_call_number(regs)) ? SAMPLE_COMPAT : 0;
	return call;
}

static __always_inline struct scratch *vfs_begin(const struct vfs_write *write, __u32 kind)
{
	struct scratch *s = inspect_begin();
	__u32 flags, call = vfs_call(bpf_get_current_task_btf(), &flags);

	if (!s)
		return NULL;
	s->event.address = write->address;
	s->event.length = write->ret;
	s->event.offset = file_kind_has_offset(kind) ? write->end - write->ret : SAMPLE_NO_OFFSET;
	s->event.segments = write->segments;
	s->event.source = write->source;
	/* what splices is one of the calls, or io_uring */
	s->event.call = call || !write->from ? call : WRITE_CALL_IO_URING;
	s->event.kind = kind;
	s->event.flags = flags;
	if (write->file)
		file_event(write->file, kind, &s->event);
	return s;
}

/* As syscall_in_place() of the other attachment: most writes end here. */
static __always_inline int vfs_in_place(const struct vfs_write *write)
{
	if (!direct_loads || !write->number)
		return IN_PLACE_UNSURE;
	return in_place_file(write->number, write->end - write->ret, write->ret);
}

static __always_inline void write_vfs_returned(const struct vfs_write *write, int fed)
{
	const struct file *file = write->file;
	struct scratch *s;
	int in_place;
	__u32 kind;

	in_place = vfs_in_place(write);
	if (in_place == IN_PLACE_INNOCENT)
		count_write(write->ret);
	if (in_place == IN_PLACE_INNOCENT || in_place == IN_PLACE_UNWATCHED)
		return;
	kind = file_kind(file);
	if (!(settings.watch & (1U << kind)))
		return;
	if (file && file_is_below(file))
		return;
	s = vfs_begin(write, kind);
	if (!s)
		return;
	s->event.late = in_place == IN_PLACE_LATE;
	if (write->source == WRITE_SOURCE_LANDED) {
		if (file_kind_has_offset(kind))
			s->event.address = s->event.offset;
		else if (fed && !landed_in_stream(s, write->from, write->address))
			goto end;
	}
	inspect_run(s);
end:
	inspect_end(s);
}

static __always_inline int write_vfs_to(const struct vfs_write *write, int fed)
{
	if (write->ret <= 0 || !scope_holds_current())
		return 0;
	preempt_begin();
	write_vfs_returned(write, fed);
	preempt_end();
	return 0;
}

static __always_inline int write_vfs(const struct vfs_write *write)
{
	return write_vfs_to(write, 0);
}

/* What may go to a stream without a buffer. */
static __always_inline int write_vfs_fed(const struct vfs_write *write)
{
	return write_vfs_to(write, 1);
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

	bpf_get_func_arg(ctx, 0, &write.number);
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

	bpf_get_func_arg(ctx, 0, &write.number);
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

/* ioctl(2) FICLONE and FICLONERANGE; copy_file_range does not come through here. */
SEC("fexit/vfs_clone_file_range")
int BPF_PROG(write_vfs_clone, struct file *in, loff_t pos_in, struct file *out, loff_t pos_out, loff_t len,
	     unsigned int flags, loff_t ret)
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
	struct task_struct *task = bpf_get_current_task_btf();
	const struct file *file = file_by_number(task, out_fd), *in = file_by_number(task, in_fd);
	struct vfs_write write = {
		.file = file,
		.end = file ? BPF_CORE_READ(file, f_pos) : 0,
		.ret = ret,
		.source = WRITE_SOURCE_LANDED,
		.from = (__u64)in,
	};

	write.address = (pos ? write_position(pos) : in ? (__s64)BPF_CORE_READ(in, f_pos) : 0) - ret;
	return write_vfs_fed(&write);
}

SEC("fexit/do_splice")
int BPF_PROG(write_vfs_splice, struct file *in, loff_t *off_in, struct file *out, loff_t *off_out, size_t len,
	     unsigned int flags, ssize_t ret)
{
	struct vfs_write write = {
		.file = out,
		.address = (off_in ? write_position(off_in) : in->f_pos) - ret,
		.end = off_out ? write_position(off_out) : out->f_pos,
		.ret = ret,
		.source = WRITE_SOURCE_LANDED,
	};

	bpf_get_func_arg(ctx, 0, &write.from);
	return write_vfs_fed(&write);
}

/* tee(2) and vmsplice(2), which end in a pipe; loaded only if pipes are watched. */
static __always_inline void write_vfs_piped(const struct vfs_write *write)
{
	__u32 kind = file_kind(write->file);
	struct scratch *s;

	if (kind != FILE_KIND_PIPE)
		return;
	s = vfs_begin(write, kind);
	if (!s)
		return;
	if (write->source == WRITE_SOURCE_LANDED && landed_in_stream(s, write->from, 0) &&
	    s->event.source == WRITE_SOURCE_LANDED)
		count(COUNTER_landed_unseen);
	else
		inspect_buffer(s);
	inspect_end(s);
}

static __always_inline int write_vfs_pipe(const struct vfs_write *write)
{
	if (write->ret <= 0 || !scope_holds_current())
		return 0;
	preempt_begin();
	write_vfs_piped(write);
	preempt_end();
	return 0;
}

SEC("fexit/do_tee")
int BPF_PROG(write_vfs_tee, struct file *in, struct file *out, size_t len, unsigned int flags, ssize_t ret)
{
	struct vfs_write write = {.file = out, .ret = ret, .source = WRITE_SOURCE_LANDED};

	bpf_get_func_arg(ctx, 0, &write.from);
	return write_vfs_pipe(&write);
}

static __always_inline int write_vfs_given(__u32 number, __u64 address, __u64 segments, long ret)
{
	const struct file *file = file_by_number(bpf_get_current_task_btf(), number);
	struct vfs_write write = {
		.file = file,
		.address = address,
		.segments = segments,
		.ret = ret,
		.source = WRITE_SOURCE_VECTOR,
	};

	/* on a pipe's other end it reads */
	if (!file || !((__u64)BPF_CORE_READ(file, f_mode) & KERNEL_FMODE_WRITE))
		return 0;
	return write_vfs_pipe(&write);
}

SEC("fexit/__x64_sys_vmsplice")
int BPF_PROG(write_vfs_vmsplice, const struct pt_regs *regs, long ret)
{
	return write_vfs_given(regs->di, regs->si, regs->dx, ret);
}

SEC("fexit/__ia32_sys_vmsplice")
int BPF_PROG(write_vfs_vmsplice_32, const struct pt_regs *regs, long ret)
{
	return write_vfs_given(regs->bx, (__u32)regs->cx, (__u32)regs->dx, ret);
}

static __always_inline void write_vfs_sent(int fd, __u64 address, __u32 source, int ret)
{
	struct vfs_write write = {.address = address, .ret = ret, .source = source};
	struct scratch *s;
	__u32 kind;

	write.file = file_by_number(bpf_get_current_task_btf(), fd);
	kind = file_kind(write.file);
	if (!(settings.watch & (1U << kind)))
		return;
	s = vfs_begin(&write, kind);
	if (!s)
		return;
	if (s->event.call == WRITE_CALL_SOCKETCALL)
		s->event.call = source == WRITE_SOURCE_BUFFER    ? WRITE_CALL_SENDTO
				: source == WRITE_SOURCE_MESSAGE ? WRITE_CALL_SENDMSG
								 : WRITE_CALL_SENDMMSG;
	if (source == WRITE_SOURCE_BUFFER)
		inspect_buffer(s);
	else
		message_run(s, address, source, ret);
	inspect_end(s);
}

/* The socket calls, however they were made; loaded only if sockets are watched. */
static __always_inline int write_vfs_send(int fd, __u64 address, __u32 source, int ret)
{
	if (ret <= 0 || !scope_holds_current())
		return 0;
	preempt_begin();
	write_vfs_sent(fd, address, source, ret);
	preempt_end();
	return 0;
}

SEC("fexit/__sys_sendto")
int BPF_PROG(write_vfs_sendto, int fd, void *buff, size_t len, unsigned int flags, struct sockaddr *addr,
	     int addr_len, int ret)
{
	return write_vfs_send(fd, (__u64)buff, WRITE_SOURCE_BUFFER, ret);
}

SEC("fexit/__sys_sendmsg")
int BPF_PROG(write_vfs_sendmsg, int fd, struct user_msghdr *msg, unsigned int flags, bool forbid_cmsg_compat,
	     long ret)
{
	return write_vfs_send(fd, (__u64)msg, WRITE_SOURCE_MESSAGE, (int)ret);
}

SEC("fexit/__sys_sendmmsg")
int BPF_PROG(write_vfs_sendmmsg, int fd, struct mmsghdr *mmsg, unsigned int vlen, unsigned int flags,
	     bool forbid_cmsg_compat, int ret)
{
	return write_vfs_send(fd, (__u64)mmsg, WRITE_SOURCE_MESSAGES, ret);
}

static __always_inline void enter_vfs_begins(const struct file *file, __u32 call, __u64 address, __u64 len,
					     __u64 send_flags)
{
	struct scratch *s = inspect_begin();

	if (!s)
		return;
	vfs_call(bpf_get_current_task_btf(), &s->event.flags);
	s->event.call = call;
	s->args.value[1] = address;
	s->args.value[2] = len;
	s->args.value[3] = send_flags;
	s->event.file = (__u64)file;
	if (entry_event(s))
		inspect_entry(s);
	inspect_end(s);
}

/* What stands in a stream's buffer when the call begins (pre_write.bpf.h); loaded only if streams are watched. */
static __always_inline int enter_vfs(const struct file *file, __u32 call, __u64 address, __u64 len,
				     __u64 send_flags)
{
	if (!scope_holds_current())
		return 0;
	preempt_begin();
	enter_vfs_begins(file, call, address, len, send_flags);
	preempt_end();
	return 0;
}

SEC("fentry/vfs_write")
int BPF_PROG(enter_vfs_buffer, struct file *file, const char *buf, size_t count)
{
	return enter_vfs(file, WRITE_CALL_WRITE, (__u64)buf, count, 0);
}

SEC("fentry/vfs_writev")
int BPF_PROG(enter_vfs_vector, struct file *file, const struct iovec *vec, unsigned long vlen)
{
	return enter_vfs(file, WRITE_CALL_WRITEV, (__u64)vec, vlen, 0);
}

SEC("fentry/__sys_sendto")
int BPF_PROG(enter_vfs_sendto, int fd, void *buff, size_t len, unsigned int flags)
{
	return enter_vfs(file_by_number(bpf_get_current_task_btf(), fd), WRITE_CALL_SENDTO, (__u64)buff, len,
			 flags);
}

SEC("fentry/__sys_sendmsg")
int BPF_PROG(enter_vfs_sendmsg, int fd, struct user_msghdr *msg, unsigned int flags)
{
	return enter_vfs(file_by_number(bpf_get_current_task_btf(), fd), WRITE_CALL_SENDMSG, (__u64)msg,
			 flags, 0);
}

static __always_inline int write_vfs_requests(__u64 array, long ret, __u32 compat)
{
	struct scratch *s;

	if (ret <= 0 || !scope_holds_current())
		return 0;
	preempt_begin();
	s = inspect_begin();
	if (s) {
		s->args.value[2] = array;
		aio_run(s, ret, compat);
		inspect_end(s);
	}
	preempt_end();
	return 0;
}

/* System calls' own functions take the registers; the 32-bit one is another function. */
SEC("fexit/__x64_sys_io_submit")
int BPF_PROG(write_vfs_aio, const struct pt_regs *regs, long ret)
{
	return write_vfs_requests(regs->dx, ret, 0);
}

SEC("fexit/__ia32_compat_sys_io_submit")
int BPF_PROG(write_vfs_aio_32, const struct pt_regs *regs, long ret)
{
	return write_vfs_requests((__u32)regs->dx, ret, 1);
}

SEC("fexit/vm_mmap_pgoff")
int BPF_PROG(write_vfs_mmap, struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
	     unsigned long flag, unsigned long pgoff, unsigned long ret)
{
	struct scratch *s;

	/* an error is the last page of addresses; private mappings are the most */
	if (!file || ret >= -4095UL || !(flag & MAP_SHARED_BIT) || !scope_holds_current())
		return 0;
	preempt_begin();
	s = inspect_begin();
	if (s) {
		if (map_shared(&s->event, file, flag, pgoff * KERNEL_PAGE_SIZE, len))
			map_noted(s);
		inspect_end(s);
	}
	preempt_end();
	return 0;
}

SEC("fexit/vfs_fallocate")
int BPF_PROG(write_vfs_fallocate, struct file *file, int mode, loff_t offset, loff_t len, int ret)
{
	struct scratch *s;

	if (ret || !(mode & SEAM_COLLAPSE_RANGE) || file_is_below(file) || !scope_holds_current())
		return 0;
	preempt_begin();
	s = inspect_begin();
	if (s) {
		if (seam_collapsed(s, file, mode, offset))
			inspect_file(s);
		inspect_end(s);
	}
	preempt_end();
	return 0;
}

static __always_inline void vfs_named(const struct path *directory, const struct dentry *dentry, __u32 mode,
				      const char *target)
{
	__u32 flags, call, kind, len;
	struct scratch *s;
	long text;

	kind = file_kind_regular(BPF_CORE_READ(directory, dentry, d_sb));
	if (!(settings.watch & NAME_WATCH & (1U << kind)))
		return;
	len = BPF_CORE_READ(dentry, d_name.len);
	if (!target && (len < TOKEN_MIN_LEN || len >= LIMIT_NAME_BYTES))
		return;
	call = vfs_call(bpf_get_current_task_btf(), &flags);
	s = inspect_begin();
	if (!s)
		return;
	s->event.offset = SAMPLE_NO_OFFSET;
	s->event.name_mount = (__u64)BPF_CORE_READ(directory, mnt);
	s->event.name_dentry = (__u64)dentry;
	s->event.name_mode = mode & KERNEL_S_IFMT ? mode & KERNEL_S_IFMT : KERNEL_S_IFREG;
	/* of the calls behind socketcall(2), bind(2) is the one that makes a name */
	s->event.call = call == WRITE_CALL_SOCKETCALL ? WRITE_CALL_BIND : call ? call : WRITE_CALL_IO_URING;
	s->event.kind = kind;
	s->event.flags = flags | SAMPLE_LINK;
	if (target) {
		text = bpf_probe_read_kernel_str(&s->window.bytes[INSPECT_CARRY], LIMIT_PATH_BYTES, target);
		if (text > TOKEN_MIN_LEN)
			inspect_text(s, text - 1, 0);
	}
	if (len >= TOKEN_MIN_LEN && len < LIMIT_NAME_BYTES) {
		s->event.flags = flags | SAMPLE_NAME;
		asm volatile("" : "+r"(len)); /* keep the bound where the verifier can see it */
		bpf_probe_read_kernel(&s->window.bytes[INSPECT_CARRY], len & (LIMIT_NAME_BYTES - 1),
				      BPF_CORE_READ(dentry, d_name.name));
		inspect_text(s, len, 0);
	}
	inspect_end(s);
}

/*
 * Names: the security hooks for paths, which the kernel calls once for each, io_uring included, right
 * before it makes them. They say what is asked for; it can still fail.
 */
static __always_inline int vfs_name(const struct path *directory, const struct dentry *dentry, __u32 mode,
				    int ret, const char *target)
{
	if (ret || !scope_holds_current())
		return 0;
	preempt_begin();
	vfs_named(directory, dentry, mode, target);
	preempt_end();
	return 0;
}

/* Also for open(2) with O_CREAT and for bind(2). */
SEC("fexit/security_path_mknod")
int BPF_PROG(name_vfs_mknod, const struct path *dir, struct dentry *dentry, umode_t mode, unsigned int dev,
	     int ret)
{
	return vfs_name(dir, dentry, mode, ret, NULL);
}

SEC("fexit/security_path_mkdir")
int BPF_PROG(name_vfs_mkdir, const struct path *dir, struct dentry *dentry, umode_t mode, int ret)
{
	return vfs_name(dir, dentry, KERNEL_S_IFDIR, ret, NULL);
}

SEC("fexit/security_path_symlink")
int BPF_PROG(name_vfs_symlink, const struct path *dir, struct dentry *dentry, const char *old_name, int ret)
{
	return vfs_name(dir, dentry, KERNEL_S_IFLNK, ret, old_name);
}

SEC("fexit/security_path_link")
int BPF_PROG(name_vfs_link, struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry,
	     int ret)
{
	return vfs_name(new_dir, new_dentry, BPF_CORE_READ(old_dentry, d_inode, i_mode), ret, NULL);
}

SEC("fexit/security_path_rename")
int BPF_PROG(name_vfs_rename, const struct path *old_dir, struct dentry *old_dentry,
	     const struct path *new_dir, struct dentry *new_dentry, unsigned int flags, int ret)
{
	return vfs_name(new_dir, new_dentry, BPF_CORE_READ(old_dentry, d_inode, i_mode), ret, NULL);
}

/* Extended attributes: the call's own arguments, when it has succeeded. */
SEC("fexit/vfs_setxattr")
int BPF_PROG(name_vfs_xattr, void *idmap, struct dentry *dentry, const char *name, const void *value,
	     size_t size, int flags, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 call, sample_flags;
	struct scratch *s;

	/* a stacked file system acts for another user on the file below */
	if (ret || task->cred != task->real_cred || !scope_holds_current())
		return 0;
	call = vfs_call(task, &sample_flags);
	if (call < WRITE_CALL_SETXATTR || call > WRITE_CALL_SETXATTRAT)
		return 0;
	preempt_begin();
	s = inspect_begin();
	if (s) {
		call_args((const struct pt_regs *)bpf_task_pt_regs(task), kernel_is_compat(task), &s->args);
		s->event.call = call;
		s->event.flags = sample_flags;
		if (name_run(s))
			inspect_buffer(s);
		inspect_end(s);
	}
	preempt_end();
	return 0;
}

/* Names that ioctl(2) makes, before it makes them: btrfs's subvolumes, and labels. */
static __always_inline int vfs_ioctl(int ret, __u32 command)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 sample_flags;
	struct scratch *s;

	if (ret || !name_ioctl(command) || !scope_holds_current())
		return 0;
	preempt_begin();
	s = inspect_begin();
	if (s) {
		call_args((const struct pt_regs *)bpf_task_pt_regs(task), kernel_is_compat(task), &s->args);
		vfs_call(task, &sample_flags);
		s->event.call = name_ioctl(command);
		s->event.flags = sample_flags;
		name_run(s);
		inspect_end(s);
	}
	preempt_end();
	return 0;
}

SEC("fexit/security_file_ioctl")
int BPF_PROG(name_vfs_ioctl, struct file *file, unsigned int command, unsigned long argument, int ret)
{
	return vfs_ioctl(ret, command);
}

/* 32-bit programs', from 6.8 on (f1bb47a31dff, "lsm: new security_file_ioctl_compat() hook"). */
SEC("fexit/security_file_ioctl_compat")
int BPF_PROG(name_vfs_ioctl_32, struct file *file, unsigned int command, unsigned long argument, int ret)
{
	return vfs_ioctl(ret, command);
}
