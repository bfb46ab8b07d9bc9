// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * io_uring, where a request completes: inline, in a worker, by the polling thread, linked or not, with
 * registered files and buffers, submitted by whichever thread. All of these are threads of the process
 * that owns the ring, so its scope, its memory and its name are at hand.
 *
 * Regular files are looked at in the page cache, by the position the request leaves behind; what has
 * no page cache (O_DIRECT, sockets, pipes) in the request's buffer, which the process may have changed
 * since it was taken: that is a limit.
 *
 * A raw tracepoint, because its arguments changed in 6.12 (io_uring: pass the CQE to the tracepoint).
 */
#include "base/file.bpf.h"
#include "base/preempt.bpf.h"
#include "scan/inspect.bpf.h"
#include "base/scope.bpf.h"
#include "base/user.bpf.h"
#include "hooks/io_uring.bpf.h"
#include "hooks/landed.bpf.h"
#include "hooks/message.bpf.h"
#include "hooks/name.bpf.h"

/* The tracepoint passes a CQE (from 6.12), not user_data and result. */
const volatile __u32 io_uring_passes_cqe = 0;

static __always_inline __s64 io_uring_result(const struct bpf_raw_tracepoint_args *context)
{
	struct user_cqe cqe = {};

	if (io_uring_passes_cqe) {
		bpf_probe_read_kernel(&cqe, sizeof(cqe), (const void *)context->args[2]);
		return cqe.res;
	}
	return (__s32)context->args[3];
}

/* Fills in where the bytes are and where they went; returns 0 if the request is no write. */
static __always_inline int io_uring_event(__u64 request, __u32 op, __s64 result, struct write_event *event)
{
	const struct io_rw *rw = (const struct io_rw *)request;
	const struct io_splice *splice = (const struct io_splice *)request;
	const struct file *file;

	switch (op) {
	case IO_URING_WRITE:
	case IO_URING_WRITE_FIXED:
		event->source = WRITE_SOURCE_BUFFER;
		break;
	case IO_URING_WRITEV:
	case IO_URING_WRITEV_FIXED:
		event->source = WRITE_SOURCE_VECTOR;
		break;
	case IO_URING_SEND:
	case IO_URING_SENDMSG:
	case IO_URING_SEND_ZC:
	case IO_URING_SENDMSG_ZC:
		event->source = op == IO_URING_SEND || op == IO_URING_SEND_ZC ? WRITE_SOURCE_BUFFER
									      : WRITE_SOURCE_MESSAGE;
		/* struct io_sr_msg is private: the file, then the buffer or the msghdr, from 6.1 to 6.18 */
		event->file = (__u64)BPF_CORE_READ((const struct io_kiocb *)request, file);
		bpf_probe_read_kernel(&event->address, sizeof(event->address),
				      (const void *)(request + sizeof(event->file)));
		return 1;
	case IO_URING_SPLICE:
	case IO_URING_TEE:
		/* do_splice() and do_tee() are hooked by the other attachment */
		if (vfs_hooked)
			return 0;
		event->source = WRITE_SOURCE_LANDED;
		file = BPF_CORE_READ(splice, file_out);
		event->file = (__u64)file;
		event->offset = BPF_CORE_READ(splice, off_out);
		if (event->offset == -1)
			event->offset = BPF_CORE_READ(file, f_pos);
		event->offset -= result;
		return 1;
	default:
		return 0;
	}
	event->file = (__u64)BPF_CORE_READ(rw, kiocb.ki_filp);
	event->address = BPF_CORE_READ(rw, addr);
	event->segments = BPF_CORE_READ(rw, len);
	event->offset = BPF_CORE_READ(rw, kiocb.ki_pos) - result;
	return 1;
}

/*
 * Has a socket been bound to a name in a file system? The name is gone from where the request had it. A function of its own, so that
 * its frame is gone by then.
 */
__noinline int io_uring_bound(__u64 request)
{
	const struct file *file = BPF_CORE_READ((const struct io_kiocb *)request, file);
	const struct socket *socket = BPF_CORE_READ(file, private_data);
	const struct sock *sock = BPF_CORE_READ(socket, sk);

	if (BPF_CORE_READ(sock, __sk_common.skc_family) != NAME_AF_UNIX)
		return 0;
	return !bpf_core_type_exists(struct unix_sock) ||
	       BPF_CORE_READ((const struct unix_sock *)sock, path.dentry, d_name.len) >= TOKEN_MIN_LEN;
}

/*
 * Names that io_uring makes: by the other attachment's hooks they are seen (vfs.bpf.c); by this one most are judged when they
 * are asked for (io_uring_submit.bpf.c), and a created file here. An attribute's strings are gone: they are counted.
 */
static __always_inline int io_uring_is_unseen(__u64 request, __u32 op)
{
	if (op == IO_URING_BIND)
		return !vfs_hooked && io_uring_bound(request);
	if (op == IO_URING_FSETXATTR || op == IO_URING_SETXATTR)
		return 1;
	return !vfs_hooked && !io_uring_has_names() &&
	       (op == IO_URING_RENAMEAT || (op >= IO_URING_MKDIRAT && op <= IO_URING_LINKAT));
}

/* What a request to open a file has opened: by its descriptor, or by its place among the ring's own. */
static __always_inline const struct file *io_uring_opened(__u64 request, __s64 result)
{
	__u32 slot = BPF_CORE_READ((const struct io_open *)request, file_slot);

	if (!slot)
		return file_by_number(bpf_get_current_task_btf(), result);
	/* IORING_FILE_INDEX_ALLOC: the kernel has chosen one */
	return io_uring_registered((const struct io_kiocb *)request, slot == ~0U ? (__u32)result : slot - 1);
}

static __always_inline void io_uring_name(__u64 request, __u32 op, __s64 result)
{
	struct scratch *s;

	if (io_uring_is_unseen(request, op))
		count(COUNTER_names_unseen);
	if (vfs_hooked || (op != IO_URING_OPENAT && op != IO_URING_OPENAT2))
		return;
	s = inspect_begin();
	if (!s)
		return;
	s->event.call = WRITE_CALL_IO_URING;
	name_created(s, io_uring_opened(request, result));
	inspect_end(s);
}

static __always_inline void io_uring_write(__u64 request, __u32 op, __s64 result)
{
	struct write_event *event;
	const struct file *file;
	struct scratch *s;

	s = inspect_begin();
	if (!s)
		return;
	event = &s->event;
	event->call = WRITE_CALL_IO_URING;
	event->length = result;
	if (kernel_is_compat(bpf_get_current_task_btf()))
		event->flags |= SAMPLE_COMPAT;
	if (!io_uring_event(request, op, result, event))
		goto end;
	file = (const struct file *)event->file;
	event->kind = file_kind(file);
	if (!file || !(settings.watch & (1U << event->kind)))
		goto end;
	file_event(file, event->kind, event);
	if (!file_kind_has_offset(event->kind))
		event->offset = SAMPLE_NO_OFFSET;
	/* the buffer may have been changed since: wherever there is a page cache, it is asked */
	event->coherent = event->mapping && !event->direct;
	if (event->source == WRITE_SOURCE_LANDED && event->offset >= 0)
		event->address = event->offset;
	else if (event->source == WRITE_SOURCE_LANDED && !landed_in_stream(s, 0, 0))
		goto end;
	if (event->source == WRITE_SOURCE_MESSAGE)
		message_run(s, event->address, WRITE_SOURCE_MESSAGE, result);
	else
		inspect_run(s);
end:
	inspect_end(s);
}

/* include/linux/sched.h */
#define IO_URING_PF_KTHREAD 0x00200000

/*
 * A write is over, which its ring may have had under way. What nobody reaps before its ring is closed a worker of the kernel completes,
 * who is not the writer: it is counted.
 */
__noinline int io_uring_over(__u64 request, __s64 result)
{
	const struct io_kiocb *kiocb = (const struct io_kiocb *)request;
	__u32 slot = io_uring_slot((__u64)BPF_CORE_READ(kiocb, ctx)), *pending, kind;
	struct ring_writes *writes = bpf_map_lookup_elem(&rings, &slot);
	const struct file *file;
	__u64 mapping;

	if (!writes || !writes->pending)
		return 0;
	if (result > 0 && (!writes->silent || writes->uncovered) &&
	    bpf_get_current_task_btf()->flags & IO_URING_PF_KTHREAD) {
		file = BPF_CORE_READ(kiocb, file);
		kind = file_kind(file);
		mapping = file_kind_has_offset(kind) ? (__u64)BPF_CORE_READ(file, f_mapping) : 0;
		if (file && io_uring_is_unwritten(kind) && !io_uring_was_told(kiocb, mapping))
			count(COUNTER_io_uring_untold);
	}
	pending = bpf_map_lookup_elem(&rings_pending, &request);
	if (!pending)
		return 0;
	slot = *pending;
	bpf_map_delete_elem(&rings_pending, &request);
	writes = bpf_map_lookup_elem(&rings, &slot);
	if (writes)
		__sync_fetch_and_add(&writes->pending, -1);
	return 0;
}

/* A completion that found no room in its queue: of which request, it doesn't say. */
SEC("raw_tp/io_uring_cqe_overflow")
int io_uring_overflow(struct bpf_raw_tracepoint_args *context)
{
	__u32 slot = io_uring_slot(context->args[0]);
	struct ring_writes *writes;

	if (!rings_used || (__s32)context->args[2] <= 0)
		return 0;
	writes = bpf_map_lookup_elem(&rings, &slot);
	if (!writes || !writes->pending)
		return 0;
	if (!writes->silent || writes->uncovered)
		count(COUNTER_io_uring_untold);
	writes->silent = 1;
	writes->uncovered = writes->several;
	return 0;
}

SEC("raw_tp/io_uring_complete")
int write_io_uring(struct bpf_raw_tracepoint_args *context)
{
	__u64 request = context->args[1];
	__s64 result;
	__u32 op;

	if (!request)
		return 0;
	result = io_uring_result(context);
	op = BPF_CORE_READ((const struct io_kiocb *)request, opcode);
	if (rings_used && io_uring_is_write(op))
		io_uring_over(request, result);
	if (result < 0 || !scope_holds_current())
		return 0;
	preempt_begin();
	if (result > 0 && op != IO_URING_OPENAT && op != IO_URING_OPENAT2)
		io_uring_write(request, op, result);
	else
		io_uring_name(request, op, result);
	preempt_end();
	return 0;
}
