/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For both attachments: io_submit(2), when it returns: every write request that it took, from the caller's own array. For
 * buffered files the bytes have landed by then; for O_DIRECT the buffer is what will land.
 */
#pragma once

#include "file.bpf.h"
#include "inspect.bpf.h"
#include "write_call.bpf.h"

/* include/uapi/linux/aio_abi.h */
#define AIO_PWRITE 1
#define AIO_PWRITEV 8
/* More requests than the kernel takes in one call by default (aio-nr) are not worth more steps. */
#define AIO_REQUESTS 65536

struct aio_walk {
	struct scratch *s;
	__u64 array;
	__u64 count;
	__u32 compat;
	__u32 pad;
};

struct aio_sum {
	__u64 array, bytes;
	__u32 entries, compat;
};

static long aio_sum_step(__u32 index, struct aio_sum *sum)
{
	__u64 len = 0;

	if (index >= sum->entries)
		return 1;
	/* struct iovec: a base, then a length */
	if (sum->compat)
		bpf_probe_read_user(&len, 4, (const void *)(sum->array + index * 8ULL + 4));
	else
		bpf_probe_read_user(&len, 8, (const void *)(sum->array + index * 16ULL + 8));
	sum->bytes += len;
	return 0;
}

/* io_submit(2) returns how many requests it took, not how many bytes: of a vector, the sum of its entries. */
static __always_inline __u64 aio_vector_length(const struct iocb *request, __u32 compat)
{
	struct aio_sum sum = {.array = request->aio_buf, .entries = request->aio_nbytes, .compat = compat};

	bpf_loop(LIMIT_MESSAGES, aio_sum_step, &sum, 0);
	return sum.bytes;
}

/*
 * Fills in the event for the request in s->request; returns 0 if there is nothing to inspect. (In the scratch,
 * not on the stack: all frames share 512 bytes.)
 */
__weak __noinline int aio_event(struct scratch *s, __u32 compat)
{
	const struct iocb *request;
	struct write_event *event;
	const struct file *file;
	__u32 kind, vector;

	if (!s)
		return 0;
	request = &s->request;
	event = &s->event;
	if (request->aio_lio_opcode != AIO_PWRITE && request->aio_lio_opcode != AIO_PWRITEV)
		return 0;
	vector = request->aio_lio_opcode == AIO_PWRITEV;
	file = file_by_number(bpf_get_current_task_btf(), request->aio_fildes);
	kind = file_kind(file);
	if (!(settings.watch & (1U << kind)))
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->address = request->aio_buf;
	event->length = vector ? aio_vector_length(request, compat) : request->aio_nbytes;
	event->offset = SAMPLE_NO_OFFSET;
	event->segments = vector ? request->aio_nbytes : 0;
	event->source = vector ? WRITE_SOURCE_VECTOR : WRITE_SOURCE_BUFFER;
	event->call = WRITE_CALL_IO_SUBMIT;
	event->kind = kind;
	event->flags = compat ? SAMPLE_COMPAT : 0;
	if (file)
		file_event(file, kind, event);
	if (file && file_kind_has_offset(kind)) {
		event->offset = request->aio_offset;
		if (BPF_CORE_READ(file, f_flags) & KERNEL_O_APPEND) {
			event->offset = BPF_CORE_READ(file, f_inode, i_size) - event->length;
			event->flags |= SAMPLE_OFFSET_APPROX;
			event->coherent = 0;
		}
	}
	return 1;
}

static long aio_step(__u32 index, struct aio_walk *walk)
{
	struct iocb *request = &walk->s->request;
	__u64 address = 0;

	if (index >= walk->count)
		return 1;
	if (walk->compat)
		bpf_probe_read_user(&address, 4, (const void *)(walk->array + index * 4ULL));
	else
		bpf_probe_read_user(&address, 8, (const void *)(walk->array + index * 8ULL));
	if (bpf_probe_read_user(request, sizeof(*request), (const void *)address)) {
		count(COUNTER_iovecs_unreadable);
		return 0;
	}
	if (aio_event(walk->s, walk->compat))
		inspect_run(walk->s);
	return 0;
}

/* aio_run() - inspects the requests of the caller's array. */
static __always_inline void aio_run(struct scratch *s, __u64 array, __u64 count_of_requests, __u32 compat)
{
	struct aio_walk walk = {.s = s, .array = array, .count = count_of_requests, .compat = compat};

	bpf_loop(AIO_REQUESTS, aio_step, &walk, 0);
}
