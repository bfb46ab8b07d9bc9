/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For both attachments: io_submit(2), when it returns: every write request that it took, from the caller's own array. For
 * buffered files the bytes have landed by then; for O_DIRECT the buffer is what will land.
 */
#pragma once

#include "scan/inspect.bpf.h"

/* More requests than the kernel takes in one call by default (aio-nr) are not worth more steps. */
#define AIO_REQUESTS 65536

/* As small as it can be: all frames share 512 bytes. The array is the call's third argument. */
struct aio_walk {
	struct scratch *s;
	__u32 count;
	__u32 compat;
};

/*
 * aio_event() - fills in the event for the request in s->request. Defined in aio.bpf.c; returns 0 if there is
 * nothing to inspect.
 */
extern int aio_event(struct scratch *s, __u32 compat);

static long aio_step(__u32 index, struct aio_walk *walk)
{
	struct user_iocb *request = &walk->s->request;
	__u64 array = walk->s->args.value[2], address = 0;

	if (index >= walk->count)
		return 1;
	if (inspect_late(walk->s, 4)) {
		count_add(COUNTER_over_time_writes, walk->count - index);
		return 1;
	}
	if (walk->compat)
		bpf_probe_read_user(&address, 4, (const void *)(array + index * 4ULL));
	else
		bpf_probe_read_user(&address, 8, (const void *)(array + index * 8ULL));
	if (bpf_probe_read_user(request, sizeof(*request), (const void *)address)) {
		count(COUNTER_iovecs_unreadable);
		return 0;
	}
	if (aio_event(walk->s, walk->compat))
		inspect_run(walk->s);
	return 0;
}

/* aio_run() - inspects the requests of the call whose arguments are in s->args. */
static __always_inline void aio_run(struct scratch *s, __u32 count_of_requests, __u32 compat)
{
	struct aio_walk walk = {.s = s, .count = count_of_requests, .compat = compat};

	bpf_loop(AIO_REQUESTS, aio_step, &walk, 0);
}
