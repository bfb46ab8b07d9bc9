/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who has had more than a share of a ring buffer that was filling (bpf/emit/share.bpf.h). */
#pragma once

#include "bounds.h"
#include "types.h"

/* Value of the map `shares`; its key is a writer's group: a cgroup's id, or SHARE_USER with a user's. */
struct share {
	__u64 window; /* number of the LIMIT_SHARE_NS, since boot */
	__u64 bytes; /* that it has sent in that window, while the ring was filling */
	__u64 lost; /* samples for which it had no share left, so far */
	__u64 since, last; /* ns, CLOCK_BOOTTIME, of the first and the last of them */
	/* who that was, the last time */
	__u64 start; /* ns, CLOCK_BOOTTIME, of the thread group leader */
	__u32 tgid; /* as the initial pid namespace counts */
	__u32 uid; /* effective */
	char comm[LIMIT_COMM_BYTES]; /* thread group leader */
};

/* In a group's number: without cgroups it is the user that counts; what all below one second-level cgroup take together. */
#define SHARE_USER (1ULL << 63)
#define SHARE_TOP (1ULL << 62)
