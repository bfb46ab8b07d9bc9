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

/*
 * share_take() - takes so much of what a group has left in this window. A function of its own. Returns 0 if there was enough, 1 if
 * not, SHARE_FIRST if it is the first in this window, for which there always is: it may be longer than a share.
 */
#define SHARE_FIRST 2

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
	if (!share->bytes) {
		__sync_fetch_and_add(&share->bytes, size);
		return SHARE_FIRST;
	}
	if (share->bytes + size > limit)
		return 1;
	__sync_fetch_and_add(&share->bytes, size);
	return 0;
}

/* share_lost() - so many samples were lost, because the writer of s->sample had no share left. A function of its own. */
__weak __noinline int share_lost(struct scratch *s, __u64 samples)
{
	const struct token_sample *head;
	struct share *share;
	__u64 group;

	if (!s)
		return 0;
	head = &s->sample.head;
	group = head->group;
	__sync_fetch_and_add(&known.flooded, samples);
	share = bpf_map_lookup_elem(&shares, &group);
	if (!share)
		return 0;
	share->last = bpf_ktime_get_boot_ns();
	if (!__sync_fetch_and_add(&share->lost, samples))
		share->since = share->last;
	share->start = head->start;
	share->tgid = head->tgid;
	share->uid = head->uid;
	__builtin_memcpy(share->comm, head->comm, sizeof(share->comm));
	return 0;
}

/*
 * share_admit() - may so many bytes be sent, by the group of s->sample? A function of its own. Returns 0 if so.
 * @more: bytes beyond the share that it may take
 */
__weak __noinline int share_admit(struct scratch *s, __u64 bytes, __u64 more)
{
	__u64 fill = bpf_ringbuf_query(&samples, BPF_RB_AVAIL_DATA), top, limit;
	__u64 size = bpf_ringbuf_query(&samples, BPF_RB_RING_SIZE);
	int taken, full;

	if (!s || fill <= size / 2)
		return 0;
	full = fill > size / 8 * 7;
	limit = size / LIMIT_SHARES_RING;
	if (full)
		limit /= 16;
	else if (fill > size / 4 * 3)
		limit /= 4;
	limit += more;
	taken = share_take(s->sample.head.group, limit, bytes);
	if (taken == 1)
		return 1;
	/* a second look is not made by who has written */
	if (s->event.recheck && s->event.recheck != RECHECK_DIRECT)
		return 0;
	/* whom its siblings leave nothing has a first one, up to the last eighth */
	if (taken == SHARE_FIRST && !full)
		return 0;
	top = bpf_get_current_ancestor_cgroup_id(SHARE_DEPTH_TOP);
	return top && share_take(top | SHARE_TOP, limit * LIMIT_SHARES_TOP, bytes) == 1;
}
