// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A request of io_submit(2): whereto, and how many bytes. */
#include "hooks/aio.bpf.h"

#include "base/file.bpf.h"

/* include/uapi/linux/aio_abi.h */
#define AIO_PWRITE 1
#define AIO_PWRITEV 8

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
static __always_inline __u64 aio_vector_length(struct scratch *s, const struct user_iocb *request,
					       __u32 compat)
{
	struct aio_sum sum = {.array = request->aio_buf, .entries = request->aio_nbytes, .compat = compat};

	bpf_loop(LIMIT_MESSAGES, aio_sum_step, &sum, 0);
	s->steps += sum.entries < LIMIT_MESSAGES ? sum.entries : LIMIT_MESSAGES;
	return sum.bytes;
}

/*
 * Fills in the event for the request in s->request; returns 0 if there is nothing to inspect. (In the scratch,
 * not on the stack: all frames share 512 bytes.)
 */
int aio_event(struct scratch *s, __u32 compat)
{
	const struct user_iocb *request;
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
	event->length = vector ? aio_vector_length(s, request, compat) : request->aio_nbytes;
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
		if (file_appends((__u64)file, request->aio_rw_flags)) {
			event->offset = BPF_CORE_READ(file, f_inode, i_size) - event->length;
			event->flags |= SAMPLE_OFFSET_APPROX;
			event->coherent = 0;
		}
	}
	return 1;
}
