/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ring is everybody's. While it has room, everybody may use it; when it fills, each writer has a share, so that
 * whoever writes tokens without end takes no room from another's first one.
 *
 *     0 ──────────────── 1/2 ─────────── 3/4 ─────── 7/8 ──── full
 *      everybody, freely    a share         a quarter   a sixteenth
 *
 * A share is LIMIT_SHARE_BYTES in LIMIT_SHARE_NS. A writer is a cgroup, so a container or a unit; since who may make
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

/* share_take() - has a group so much left in this window? Takes it, or counts the sample as lost; returns 1 then. */
__weak __noinline int share_take(__u64 group, __u64 limit, __u64 size)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct share first = {.window = now / LIMIT_SHARE_NS}, *share;

	share = bpf_map_lookup_elem(&shares, &group);
	if (!share) {
		bpf_map_update_elem(&shares, &group, &first, BPF_NOEXIST);
		share = bpf_map_lookup_elem(&shares, &group);
	}
	/* without memory for that everybody has what there is */
	if (!share)
		return 0;
	if (share->window != now / LIMIT_SHARE_NS) {
		share->window = now / LIMIT_SHARE_NS;
		share->bytes = 0;
	}
	if (share->bytes + size <= limit) {
		__sync_fetch_and_add(&share->bytes, size);
		return 0;
	}
	share->last = now;
	if (!__sync_fetch_and_add(&share->lost, 1))
		share->since = now;
	return 1;
}

/* Who has had no share left. */
static __always_inline void share_name(const struct scratch *s, __u64 group)
{
	struct share *share = bpf_map_lookup_elem(&shares, &group);

	__sync_fetch_and_add(&known.flooded, 1);
	if (!share)
		return;
	share->start = s->sample.head.start;
	share->tgid = s->sample.head.tgid;
	share->uid = s->sample.head.uid;
	__builtin_memcpy(share->comm, s->sample.head.comm, sizeof(share->comm));
}

/*
 * share_admit() - may the sample in s->sample be sent? A function of its own. Returns 0 if so.
 * @more: bytes beyond the share that it may take
 */
__weak __noinline int share_admit(struct scratch *s, __u64 more)
{
	__u64 fill = bpf_ringbuf_query(&samples, BPF_RB_AVAIL_DATA), limit = LIMIT_SHARE_BYTES, group, top;

	if (!s || fill <= LIMIT_RING_BYTES / 2)
		return 0;
	if (fill > LIMIT_RING_BYTES / 8 * 7)
		limit /= 16;
	else if (fill > LIMIT_RING_BYTES / 4 * 3)
		limit /= 4;
	limit += more;
	/* whoever is current in a second look is not who has written */
	if (s->event.recheck && s->event.recheck != RECHECK_DIRECT)
		return share_take(s->writer.group, limit, s->sample.head.size);
	group = share_group();
	top = bpf_get_current_ancestor_cgroup_id(SHARE_DEPTH_TOP);
	if (!share_take(group, limit, s->sample.head.size) &&
	    (!top || top == group || !share_take(top, limit * LIMIT_SHARES_TOP, s->sample.head.size)))
		return 0;
	share_name(s, group);
	return 1;
}
