/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the daemon and bpf/hooks/calibrate.bpf.c find out where the page cache can be read. */
#pragma once

#include "types.h"

struct calibration {
	__u64 pattern[8]; /* what the first bytes of the file are */
	__u32 fd; /* of the daemon: a memfd that holds them */
	__u32 pad;
};

/* Result: where the direct map and vmemmap start; nothing is read through them unless valid. */
struct cache_bases {
	__u64 page_offset;
	__u64 vmemmap;
	__u32 valid;
	__u32 direct; /* plain loads read the same */
};
