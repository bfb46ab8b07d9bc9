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

/* The request in s->request. In the scratch, not on the stack: all frames share 512 bytes. */
static __always_inline void aio_inspect(struct scratch *s, __u32 compat)
{
	const struct iocb *request = &s->request;
	const struct file *file = file_by_number(bpf_get_current_task_btf(), request->aio_fildes);
	__u32 kind = file_kind(file), vector = request->aio_lio_opcode == AIO_PWRITEV;
	struct write_event *event = &s->event;

	if (!(settings.watch & (1U << kind)))
		return;
	event->file = (__u64)file;
	event->mapping = file_mapping(file, kind);
	event->address = request->aio_buf;
	/* of a vector, the bytes are not known here: all its entries are read */
	event->length = vector ? settings.inspect_bytes : request->aio_nbytes;
	event->segments = vector ? request->aio_nbytes : 0;
	event->source = vector ? WRITE_SOURCE_VECTOR : WRITE_SOURCE_BUFFER;
	event->call = WRITE_CALL_IO_SUBMIT;
	event->kind = kind;
	event->flags = compat ? SAMPLE_COMPAT : 0;
	event->offset = SAMPLE_NO_OFFSET;
	if (file_kind_has_offset(kind)) {
		event->offset = request->aio_offset;
		if (BPF_CORE_READ(file, f_flags) & KERNEL_O_APPEND) {
			event->offset = BPF_CORE_READ(file, f_inode, i_size) - event->length;
			event->flags |= SAMPLE_OFFSET_APPROX;
		}
	}
	inspect_run(s);
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
	if (request->aio_lio_opcode == AIO_PWRITE || request->aio_lio_opcode == AIO_PWRITEV)
		aio_inspect(walk->s, walk->compat);
	return 0;
}

/*
 * aio_run() - inspects the requests of the caller's array. Inlined into the hook: the kernel allows
 * eight frames, and the rest of the way down takes seven.
 */
static __always_inline void aio_run(__u64 array, __u64 count_of_requests, __u32 compat)
{
	struct aio_walk walk = {.array = array, .count = count_of_requests, .compat = compat};

	walk.s = inspect_begin();
	if (!walk.s)
		return;
	bpf_loop(AIO_REQUESTS, aio_step, &walk, 0);
	inspect_end(walk.s);
}
