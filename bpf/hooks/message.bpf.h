/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sendmsg(2) and sendmmsg(2): the iovec array is behind a struct msghdr of the caller. */
#pragma once

#include "scan/inspect.bpf.h"
#include "base/user.bpf.h"

/* Sets the event's vector from the struct msghdr at `address`; returns 0 if it could be read. */
static __always_inline int message_vector(struct write_event *event, __u64 address)
{
	/* msg_iov and msg_iovlen */
	__u64 wide[2];
	__u32 narrow[2];

	event->source = WRITE_SOURCE_VECTOR;
	if (event->flags & SAMPLE_COMPAT) {
		address += __builtin_offsetof(struct user_message_32, msg_iov);
		if (bpf_probe_read_user(narrow, sizeof(narrow), (const void *)address))
			return 1;
		event->address = narrow[0];
		event->segments = narrow[1];
	} else {
		address += __builtin_offsetof(struct user_message, msg_iov);
		if (bpf_probe_read_user(wide, sizeof(wide), (const void *)address))
			return 1;
		event->address = wide[0];
		event->segments = wide[1];
	}
	return 0;
}

/* As small as it can be: all frames share 512 bytes. The array is the second of the call's arguments. */
struct message_walk {
	struct scratch *s;
	__u64 count;
};

static long message_step(__u32 index, struct message_walk *walk)
{
	struct write_event *event = &walk->s->event;
	__u64 address = walk->s->args.value[1], len_at;
	__u32 len = 0;

	if (index >= walk->count)
		return 1;
	if (inspect_late(walk->s, 1)) {
		count_add(COUNTER_over_time_writes, walk->count - index);
		return 1;
	}
	if (event->flags & SAMPLE_COMPAT) {
		address += index * sizeof(struct user_message_32);
		len_at = address + __builtin_offsetof(struct user_message_32, msg_len);
	} else {
		address += index * sizeof(struct user_message);
		len_at = address + __builtin_offsetof(struct user_message, msg_len);
	}
	if (bpf_probe_read_user(&len, sizeof(len), (const void *)len_at) || message_vector(event, address)) {
		count(COUNTER_iovecs_unreadable);
		return 0;
	}
	event->length = len;
	inspect_buffer(walk->s);
	return 0;
}

/* message_run() - inspects what sendmsg(2) or sendmmsg(2) sent; s->event is filled in but for the bytes. */
static __always_inline void message_run(struct scratch *s, __u64 address, __u32 source, __u64 ret)
{
	struct message_walk walk = {.s = s, .count = ret};

	s->args.value[1] = address;
	if (source == WRITE_SOURCE_MESSAGES) {
		bpf_loop(LIMIT_MESSAGES, message_step, &walk, 0);
		return;
	}
	s->event.length = ret;
	if (message_vector(&s->event, address))
		count(COUNTER_iovecs_unreadable);
	else
		inspect_buffer(s);
}
