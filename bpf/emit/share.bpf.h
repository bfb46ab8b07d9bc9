/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ring is everybody's. While it has room, everybody may use it; when it fills, each writer has a share, so that
 * whoever writes tokens without end takes no room from another's first one.
 *
 *     0 ──────────────── 1/2 ─────────── 3/4 ─────── 7/8 ──── full
 *      everybody, freely    a share         a quarter   a sixteenth
 *
 * A share is one LIMIT_SHARES_RING of the ring in LIMIT_SHARE_NS. A writer is a cgroup, so a container or a unit; since who may make
 * cgroups could take many shares, those below one second-level cgroup (a user's slice) have some shares together as well.
 * Nothing here is run before a token was found.
 */
#pragma once

#include "base/count.bpf.h"
#include "base/maps.bpf.h"
#include "share.h"

/* Cgroups further down count as the one at this depth. */
#define SHARE_DEPTH 8
/* Those below one cgroup at this depth have LIMIT_SHARES_TOP shares together. */
#define SHARE_DEPTH_TOP 2

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_SHARES);
	__type(key, __u64);
	__type(value, struct share);
} shares __weak SEC(".maps");

/* The current process's group. */
static __always_inline __u64 share_group(void)
{
	__u64 id = bpf_get_current_ancestor_cgroup_id(SHARE_DEPTH);

	if (!bpf_get_current_ancestor_cgroup_id(1))
		return SHARE_USER | (__u32)bpf_get_current_uid_gid();
	return id ? id : bpf_get_current_cgroup_id();
}

/* share_take() - has a group so much left in this window? Takes it, or returns 1. A function of its own. */
__weak __noinline int share_take(__u64 group, __u64 limit, __u64 size)
{
	__u64 window = bpf_ktime_get_boot_ns() / LIMIT_SHARE_NS;
	struct share first = {.window = window}, *share;

	share = bpf_map_lookup_elem(&shares, &group);
	if (!share) {
		bpf_map_update_elem(&shares, &group, &first, BPF_NOEXIST);
		share = bpf_map_lookup_elem(&shares, &group);
	}
	/* without memory for that everybody has what there is */
	if (!share)
		return 0;
	if (share->window != window) {
		share->window = window;
		share->bytes = 0;
	}
	if (share->bytes + size > limit)
		return 1;
	__sync_fetch_and_add(&share->bytes, size);
	return 0;
}

/* share_lost() - notes who has had no share left. A function of its own. */
__weak __noinline int share_lost(struct scratch *s, __u64 group)
{
	struct share *share = bpf_map_lookup_elem(&shares, &group);

	__sync_fetch_and_add(&known.flooded, 1);
	if (!s || !share)
		return 0;
	share->last = bpf_ktime_get_boot_ns();
	if (!__sync_fetch_and_add(&share->lost, 1))
		share->since = share->last;
	share->start = s->sample.head.start;
	share->tgid = s->sample.head.tgid;
	share->uid = s->sample.head.uid;
	__builtin_memcpy(share->comm, s->sample.head.comm, sizeof(share->comm));
	return 0;
}

/*
 * share_admit() - may the sample in s->sample be sent? A function of its own. Returns 0 if so.
 * @more: bytes beyond the share that it may take
 */
__weak __noinline int share_admit(struct scratch *s, __u64 more)
{
	__u64 fill = bpf_ringbuf_query(&samples, BPF_RB_AVAIL_DATA), group, top, limit;
	__u64 size = bpf_ringbuf_query(&samples, BPF_RB_RING_SIZE);

	if (!s || fill <= size / 2)
		return 0;
	limit = size / LIMIT_SHARES_RING;
	if (fill > size / 8 * 7)
		limit /= 16;
	else if (fill > size / 4 * 3)
		limit /= 4;
	limit += more;
	size = s->sample.head.size;
	/* whoever is current in a second look is not who has written */
	if (s->event.recheck && s->event.recheck != RECHECK_DIRECT) {
		group = s->writer.group;
		top = 0;
	} else {
		group = share_group();
		top = bpf_get_current_ancestor_cgroup_id(SHARE_DEPTH_TOP);
	}
	if (!share_take(group, limit, size) &&
	    (!top || top == group || !share_take(top, limit * LIMIT_SHARES_TOP, size)))
		return 0;
	share_lost(s, group);
	return 1;
}
