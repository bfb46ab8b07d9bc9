/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The second look, as far as the daemon has a part in it: which files are to be looked at again, and how it asks for one
 * look (bpf/hooks/recheck.bpf.c).
 */
#pragma once

#include "bounds.h"
#include "types.h"

/* Who has brought something into a file that no first look sees. */
struct recheck_writer {
	__u64 described; /* sequence number of the sample that tells all of it (SAMPLE_DESCRIBES); 0: there is none */
	__u64 start; /* ns, CLOCK_BOOTTIME, of the thread group leader */
	__u64 time; /* likewise, when it did so */
	__u64 file; /* inode and generation: an address space that is freed may become another file's */
	__u64 group; /* whose share of the ring it takes (share.h) */
	__u32 tgid; /* as the initial pid namespace counts; 0: unknown */
	__u32 call; /* enum write_call */
	char comm[LIMIT_COMM_BYTES]; /* of the thread group leader */
};

/* Value of the map `rechecks`; its key is the address of the file's struct address_space. */
struct recheck_file {
	__u64 inode;
	__u32 device;
	__u32 generation;
	__u32 old; /* what stands in it at the first look was there before */
	__u32 pad;
	__u64 looked; /* ns, CLOCK_BOOTTIME, when all of it was last looked at */
	struct recheck_writer writer; /* the last one */
};

/* One look: the daemon sets mapping and index and runs recheck_look, which sets the rest. */
struct recheck_request {
	__u64 mapping; /* key of `rechecks` */
	__u64 index; /* page to begin with; then the page to go on with */
	__u64 dirty; /* pages that were dirty or being written back, so far */
	__u64 count; /* not 0: so many pages from `index` on are looked at, whether they are dirty or not */
	__u32 done; /* 1: there is no page left; 2: and the file is not there any more */
	__u32 pad;
};
