/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting by name (include/counters.h): each CPU adds to its own share. */
#pragma once

#include "base/maps.bpf.h"

/* A function of its own: the kernel unfolds each lookup, and moves the rest of the program for it. */
__weak __noinline int count_add(__u32 id, __u64 amount)
{
	__u32 zero = 0;
	struct counters *mine = bpf_map_lookup_elem(&counters, &zero);

	if (!mine || id >= COUNTER_MAX)
		return 0;
	/* A preempted program must not lose another's addition; where none can be, spare the lock. */
	if (preemptible)
		__sync_fetch_and_add(&mine->value[id], amount);
	else
		mine->value[id] += amount;
	return 0;
}

static __always_inline void count(enum counter_id id)
{
	count_add(id, 1);
}

/* A write that was inspected, with its bytes. */
static __always_inline void count_write(__u64 bytes)
{
	__u32 zero = 0;
	struct counters *mine = bpf_map_lookup_elem(&counters, &zero);

	if (!mine)
		return;
	if (preemptible) {
		__sync_fetch_and_add(&mine->value[COUNTER_writes_inspected], 1);
		__sync_fetch_and_add(&mine->value[COUNTER_bytes_inspected], bytes);
		return;
	}
	mine->value[COUNTER_writes_inspected]++;
	mine->value[COUNTER_bytes_inspected] += bytes;
}
