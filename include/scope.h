/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose writes are looked at; set before load, so the branches not taken cost nothing. */
#pragma once

#include "types.h"

enum scope_mode {
	SCOPE_HOST, /* every process but the daemon itself */
	SCOPE_TREE, /* the daemon's children and all their descendants */
	SCOPE_CGROUP, /* one cgroup (v2) and everything below it */
};

/* What the kernel side does not know itself, and leaves to the daemon where it may be there (SAMPLE_SUSPECT). */
enum suspect {
	SUSPECT_WIDE = 1U << 0, /* a public portion of another length */
	SUSPECT_ENCODED =
		1U
		<< 1, /* the same, and in base64, hex, UTF-16, or escaped, coloured or wrapped behind "dt0" */
};

/* Read-only configuration of the BPF programs. */
struct probe_config {
	__u64 cgroup_id; /* SCOPE_CGROUP: inode number of the cgroup's directory */
	__u32 cgroup_level; /* SCOPE_CGROUP: its depth, the hierarchy's root being 0 */
	__u32 scope; /* enum scope_mode */
	__u32 watch; /* FILE_KIND_BIT()s */
	__u64 hook_ns; /* LIMIT_HOOK_NS, but for tests */
	__u32 inspect_bytes; /* bound of one call, at most LIMIT_INSPECT_BYTES */
	__u32 own_kinds; /* FILE_KIND_BIT()s: of these, files of own_inodes only */
	__u64 own_inodes[2]; /* 0: none */
	__u32 suspects; /* enum suspect, added up */
};
