// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * io_uring, where a request is submitted: what its completion may not tell, because nobody is told of it (a skipped or full
 * completion queue, a ring that nobody reaps) or because its strings are gone by then.
 *
 * A write into pages that are clean or not there yet makes them dirty, which is seen (recheck.bpf.c), and one that goes past
 * the page cache is seen when its bio is queued. Left are pages that are dirty already: their file is to be looked at again.
 *
 * Where nothing is written back (tmpfs, memfd), the daemon looks at the range, as it does at what is mapped there, from the submission
 * on until the process has ended: a request that waits behind others may be late. Streams are counted.
 *
 * A request's descriptor is looked up when its turn comes (raw_tp/io_uring_file_get): of one that tells only if it fails, that is
 * where it goes. One of a registered file is taken for what it is when it is submitted.
 *
 * Names, by the syscall attachment: the caller's strings are there now. They say what is asked for; it can still fail.
 *
 * The tracepoint has another name before 6.3 (2ad57931db64, "io_uring: rename trace_io_uring_submit_sqe() tracepoint").
 */
#include "hooks/io_uring.bpf.h"

#include "base/preempt.bpf.h"
#include "base/scope.bpf.h"
#include "hooks/name.bpf.h"
#include "scan/inspect.bpf.h"
#include "scan/recheck.bpf.h"

/* include/uapi/asm-generic/fcntl.h */
#define SUBMIT_O_CREAT 0100

/* Is io_uring_file() there? */
const volatile __u32 io_uring_opens = 0;

/* Pages of a request that are asked whether they are dirty; of a longer one it is taken for granted. */
#define SUBMIT_PAGES 2

static __always_inline const struct file *submit_file(const struct io_kiocb *request,
						      const struct task_struct *task)
{
	const struct file *file = BPF_CORE_READ(request, file);
	__u32 number;

	if (file)
		return file;
	number = BPF_CORE_READ(request, cqe.fd);
	if ((__u32)BPF_CORE_READ(request, flags) & IO_URING_REQ_FIXED_FILE)
		return io_uring_registered(request, number);
	return file_by_number(task, number);
}

/* Is the page there, and dirty? */
static __always_inline int submit_dirty(__u64 mapping, __u64 index)
{
	__u64 folio = cache_folio(mapping, index);

	return folio && recheck_dirtied(folio);
}

/* Where a write to anywhere ends: a vector's length is not known yet, nor where one ends up that goes on where others end. */
#define SUBMIT_END (1LL << 40)

/* What the daemon was told of a file that a process may write to without telling: a range, and when. */
struct ring_told {
	__u64 time;
	__u64 from, end;
	__u64 daemon; /* self_start: another one has not been told */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_DESCRIBED);
	__type(key, struct described_key);
	__type(value, struct ring_told);
} rings_told SEC(".maps");

/* Tells the daemon of s->event, unless it was told of all that already: three times at most, each time of more. */
__noinline int submit_tell(struct scratch *s, __u64 mapping)
{
	struct described_key key = {.mapping = mapping};
	struct ring_told told = {.time = bpf_ktime_get_boot_ns(), .daemon = self_start}, *known;

	if (!s)
		return 0;
	key.start = BPF_CORE_READ(bpf_get_current_task_btf(), group_leader, start_boottime);
	key.tgid = bpf_get_current_task_btf()->tgid;
	told.from = s->event.offset;
	told.end = told.from + s->event.length;
	known = bpf_map_lookup_elem(&rings_told, &key);
	if (known && known->daemon == told.daemon) {
		if (told.from >= known->from && told.end <= known->end) {
			if (told.time - known->time < LIMIT_RING_TOLD_NS)
				return 0;
		} else {
			told.end = SUBMIT_END;
			if (told.from > known->from)
				told.from = known->from;
			else if (told.from < known->from)
				told.from = 0;
		}
	}
	s->event.offset = told.from;
	s->event.length = told.end - told.from;
	if (!inspect_mapped(s))
		bpf_map_update_elem(&rings_told, &key, &told, BPF_ANY);
	return 0;
}

/* May the queue be full when those complete that are under way? Half of it is left to requests that write nothing. */
static __always_inline int submit_crowds(const struct io_ring_ctx *ring, __u32 pending)
{
	__u32 used = BPF_CORE_READ(ring, cached_cq_tail) - BPF_CORE_READ(ring, rings, cq.head);

	return used + pending >= BPF_CORE_READ(ring, cq_entries) / 2;
}

/* The request is one of those that are under way in that slot. If it was one before, nobody was told that it is over. */
static __always_inline void submit_begin(__u64 request, __u32 slot, struct ring_writes *writes)
{
	__u32 *known = bpf_map_lookup_elem(&rings_pending, &request), before;
	struct ring_writes *there;

	if (known) {
		before = *known;
		there = bpf_map_lookup_elem(&rings, &before);
		if (there)
			__sync_fetch_and_add(&there->pending, -1);
	}
	__sync_fetch_and_add(&writes->pending, 1);
	bpf_map_update_elem(&rings_pending, &request, &slot, BPF_ANY);
}

/* A write to what is never written back becomes one that is under way. Is its file to be looked at? 2: all of it. */
__noinline int submit_pending(__u64 request, __u64 mapping)
{
	const struct io_ring_ctx *ring = BPF_CORE_READ((const struct io_kiocb *)request, ctx);
	__u32 slot = io_uring_slot((__u64)ring);
	struct ring_writes *writes;

	if ((__u32)BPF_CORE_READ((const struct io_kiocb *)request, flags) & IO_URING_REQ_CQE_SKIP)
		return 1;
	writes = bpf_map_lookup_elem(&rings, &slot);
	if (!writes)
		return 1;
	rings_used = 1;
	if (!writes->pending) {
		writes->mapping = mapping;
		writes->several = writes->silent = writes->uncovered = 0;
	}
	if (!mapping || writes->mapping != mapping)
		writes->several = 1;
	if (!writes->silent && submit_crowds(ring, writes->pending)) {
		writes->silent = 1;
		writes->uncovered = writes->several;
	}
	submit_begin(request, slot, writes);
	if (io_uring_was_told((const struct io_kiocb *)request, mapping))
		return 1;
	return writes->silent ? 2 : 0;
}

/* Sets the event to what the request may write. */
static __always_inline void submit_range(const struct io_kiocb *request, const struct file *file, __u32 op,
					 struct write_event *event)
{
	const struct io_splice *splice = (const struct io_splice *)request;
	const struct io_rw *rw = (const struct io_rw *)request;
	__s64 position = BPF_CORE_READ(rw, kiocb.ki_pos);
	__s64 end = SUBMIT_END;

	if (op == IO_URING_SPLICE)
		position = BPF_CORE_READ(splice, off_out);
	if (file_appends((__u64)file, op == IO_URING_SPLICE ? 0 : BPF_CORE_READ(rw, flags)))
		position = BPF_CORE_READ(file, f_inode, i_size);
	else if (position < 0)
		position = BPF_CORE_READ(file, f_pos);
	else if (op == IO_URING_WRITE || op == IO_URING_WRITE_FIXED)
		end = position + BPF_CORE_READ(rw, len);
	if (position < 0 || position >= SUBMIT_END)
		position = 0;
	event->offset = position;
	event->length = end > position ? end - position : SUBMIT_END - position;
}

/* A write to tmpfs, a memfd or a stream. */
static __always_inline void submit_unwritten(const struct io_kiocb *request, const struct file *file,
					     __u32 kind, __u32 op)
{
	__u64 mapping = file_kind_has_offset(kind) ? (__u64)BPF_CORE_READ(file, f_mapping) : 0;
	int tell = submit_pending((__u64)request, mapping);
	struct scratch *s;

	if (!mapping && tell == 1)
		count(COUNTER_io_uring_untold);
	if (!mapping || !tell)
		return;
	s = inspect_begin();
	if (!s)
		return;
	s->event.file = (__u64)file;
	s->event.kind = kind;
	s->event.call = WRITE_CALL_IO_URING;
	if (tell == 1)
		submit_range(request, file, op, &s->event);
	else
		s->event.length = SUBMIT_END;
	submit_tell(s, mapping);
	inspect_end(s);
}

/* Is its descriptor looked up later than now: when those are over that it waits for, or by a worker? */
static __always_inline int submit_is_late(const struct io_kiocb *request)
{
	return (__u32)BPF_CORE_READ(request, flags) & (IO_URING_REQ_DRAIN | IO_URING_REQ_ASYNC) ||
	       BPF_CORE_READ(request, ctx, submit_state.link.head);
}

/*
 * A write whose descriptor may be another file's when its turn comes, and of which nothing is heard then (io_uring_file()). One that tells
 * only if it fails is counted where its descriptor is of nothing yet, or of what keeps nothing. To a disk or a socket programs do write like
 * that: those are not, or all of them would be.
 */
static __always_inline void submit_late(const struct io_kiocb *request, const struct file *file, __u32 kind)
{
	if (settings.watch & IO_URING_UNWRITTEN && submit_is_late(request) &&
	    submit_pending((__u64)request, 0) == 1 && (!file || kind == FILE_KIND_CHAR))
		count(COUNTER_io_uring_untold);
}

/* A write to that file. A function of its own: verified once. */
__noinline int submit_write(__u64 kiocb, __u64 filp, __u32 op, __u32 settled)
{
	const struct io_kiocb *request = (const struct io_kiocb *)kiocb;
	const struct io_rw *rw = (const struct io_rw *)kiocb;
	const struct file *file = (const struct file *)filp;
	__u64 mapping, first, last;
	struct scratch *s;
	__s64 position;
	__u32 kind;

	kind = file_kind(file);
	if (file && io_uring_is_unwritten(kind)) {
		submit_unwritten(request, file, kind, op);
		return 0;
	}
	if (!settled)
		submit_late(request, file, kind);
	if (!file || (kind != FILE_KIND_DISK && kind != FILE_KIND_BLOCK) || !(settings.watch & (1U << kind)))
		return 0;
	if (op != IO_URING_WRITE && op != IO_URING_WRITE_FIXED && op != IO_URING_WRITEV &&
	    op != IO_URING_WRITEV_FIXED)
		return 0;
	mapping = file_mapping(file, NULL);
	if (!mapping || BPF_CORE_READ(file, f_flags) & KERNEL_O_DIRECT)
		return 0;
	position = BPF_CORE_READ(rw, kiocb.ki_pos);
	if (position < 0)
		position = BPF_CORE_READ(file, f_pos);
	if (file_appends((__u64)file, BPF_CORE_READ(rw, flags)))
		position = BPF_CORE_READ(file, f_inode, i_size);
	first = position / KERNEL_PAGE_SIZE;
	/* of a vector, its length is not known yet */
	last = (position + BPF_CORE_READ(rw, len)) / KERNEL_PAGE_SIZE;
	if (last - first < SUBMIT_PAGES && !submit_dirty(mapping, first) && !submit_dirty(mapping, last))
		return 0;
	s = inspect_begin();
	if (!s)
		return 0;
	recheck_begin(s, mapping, first, WRITE_CALL_IO_URING);
	recheck_note(s, first);
	inspect_end(s);
	return 0;
}

/* Is its file to be known from io_uring_file(), of a request that tells only if it fails? */
static __always_inline int submit_is_to_open(const struct io_kiocb *request)
{
	return io_uring_opens &&
	       ((__u32)BPF_CORE_READ(request, flags) & (IO_URING_REQ_CQE_SKIP | IO_URING_REQ_FIXED_FILE)) ==
		       IO_URING_REQ_CQE_SKIP &&
	       !BPF_CORE_READ(request, file);
}

/* One that is under way goes elsewhere than it seemed when it was submitted. */
__noinline int submit_moved(__u64 request, __u64 file)
{
	__u32 *slot = bpf_map_lookup_elem(&rings_pending, &request), number,
	      kind = file_kind((const struct file *)file);
	struct ring_writes *writes;
	__u64 mapping;

	if (!slot)
		return 0;
	number = *slot;
	writes = bpf_map_lookup_elem(&rings, &number);
	mapping = file_kind_has_offset(kind) ? (__u64)BPF_CORE_READ((const struct file *)file, f_mapping) : 0;
	if (!writes || (mapping && mapping == writes->mapping) || !io_uring_is_unwritten(kind))
		return 0;
	writes->several = 1;
	if (writes->silent)
		writes->uncovered = 1;
	return 0;
}

/* Sets the arguments as the call of that name would have them; returns that call, or 0. */
static __always_inline __u32 submit_arguments(__u64 request, __u32 op, struct call_args *args)
{
	const struct io_mkdir___before *directory = (const struct io_mkdir___before *)request;
	const struct io_rename___before *rename = (const struct io_rename___before *)request;
	const struct io_link___before *link = (const struct io_link___before *)request;

	switch (op) {
	case IO_URING_MKDIRAT:
		args->value[0] = BPF_CORE_READ(directory, dfd);
		args->value[1] = (__u64)BPF_CORE_READ(directory, filename, uptr);
		return WRITE_CALL_MKDIRAT;
	case IO_URING_RENAMEAT:
		args->value[2] = BPF_CORE_READ(rename, new_dfd);
		args->value[3] = (__u64)BPF_CORE_READ(rename, newpath, uptr);
		return WRITE_CALL_RENAMEAT;
	case IO_URING_LINKAT:
		args->value[2] = BPF_CORE_READ(link, new_dfd);
		args->value[3] = (__u64)BPF_CORE_READ(link, newpath, uptr);
		return WRITE_CALL_LINKAT;
	case IO_URING_SYMLINKAT:
		args->value[0] = (__u64)BPF_CORE_READ(link, oldpath, uptr);
		args->value[1] = BPF_CORE_READ(link, new_dfd);
		args->value[2] = (__u64)BPF_CORE_READ(link, newpath, uptr);
		return WRITE_CALL_SYMLINKAT;
	default:
		return WRITE_CALL_UNKNOWN;
	}
}

/* An open that nobody will be told of: taken for one that creates, if it may. */
static __always_inline __u32 submit_open(__u64 request, struct call_args *args)
{
	const struct io_open___before *open = (const struct io_open___before *)request;

	if (!((__u32)BPF_CORE_READ((const struct io_kiocb *)request, flags) & IO_URING_REQ_CQE_SKIP) ||
	    !(BPF_CORE_READ(open, how.flags) & SUBMIT_O_CREAT))
		return WRITE_CALL_UNKNOWN;
	args->value[0] = BPF_CORE_READ(open, dfd);
	args->value[1] = (__u64)BPF_CORE_READ(open, filename, uptr);
	return WRITE_CALL_MKNODAT;
}

static __always_inline void submit_name(__u64 request, __u32 op)
{
	struct scratch *s = inspect_begin();

	if (!s)
		return;
	s->event.call = op == IO_URING_OPENAT || op == IO_URING_OPENAT2
				? submit_open(request, &s->args)
				: submit_arguments(request, op, &s->args);
	s->event.io_uring = 1;
	if (s->event.call)
		name_run(s);
	inspect_end(s);
}

static __always_inline int submit(struct bpf_raw_tracepoint_args *context)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 request = context->args[0];
	__u32 op = BPF_CORE_READ((const struct io_kiocb *)request, opcode);

	if (io_uring_is_write(op)) {
		if (!scope_holds(task))
			return 0;
		if (submit_is_to_open((const struct io_kiocb *)request))
			return 0;
		preempt_begin();
		submit_write(request, (__u64)submit_file((const struct io_kiocb *)request, task), op, 0);
		preempt_end();
		return 0;
	}
	switch (op) {
	case IO_URING_OPENAT:
	case IO_URING_OPENAT2:
	case IO_URING_RENAMEAT:
	case IO_URING_MKDIRAT:
	case IO_URING_SYMLINKAT:
	case IO_URING_LINKAT:
		if (vfs_hooked || !io_uring_has_names() || !scope_holds(task))
			return 0;
		preempt_begin();
		submit_name(request, op);
		preempt_end();
		return 0;
	default:
		return 0;
	}
}

/*
 * The descriptor of a request has just been looked up, when its turn has come: by who submitted it, or a worker that shares its descriptors.
 * What splice(2) reads is looked up behind what it writes.
 */
SEC("raw_tp/io_uring_file_get")
int io_uring_file(struct bpf_raw_tracepoint_args *context)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 request = context->args[0], file;
	__u32 op = BPF_CORE_READ((const struct io_kiocb *)request, opcode);
	int quiet;

	if (!io_uring_is_write(op))
		return 0;
	quiet = submit_is_to_open((const struct io_kiocb *)request);
	if (!(quiet || rings_used) || !scope_holds(task))
		return 0;
	preempt_begin();
	file = (__u64)file_by_number(task, (__s32)context->args[1]);
	if (quiet)
		submit_write(request, file, op, 1);
	else if (file)
		submit_moved(request, file);
	preempt_end();
	return 0;
}

SEC("raw_tp/io_uring_submit_req")
int io_uring_submit(struct bpf_raw_tracepoint_args *context)
{
	return submit(context);
}

SEC("raw_tp/io_uring_submit_sqe")
int io_uring_submit_6_1(struct bpf_raw_tracepoint_args *context)
{
	return submit(context);
}
