/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looking at what a write has put into the page cache, without copying it; see in_place_search.bpf.h. */
#pragma once

#include "base/maps.bpf.h"

enum in_place {
	IN_PLACE_UNSURE, /* it must be inspected */
	IN_PLACE_UNWATCHED, /* nobody asked for where it went */
	IN_PLACE_LATE, /* it took so long that the daemon has to look at it */
	IN_PLACE_INNOCENT, /* all of it was seen, and made no token */
};

/* Pages of a write from which on the time is looked at. */
#define IN_PLACE_LONG 32

/* Until then there is no end: the caller has bounded it. */
#define IN_PLACE_NO_END (~0ULL)

/*
 * in_place_innocent() - enum in_place of a write of [start, start + len) that went through the page cache of
 * `mapping`. Only where cache_bases.direct. It may use a scratch's window, with the syscall attachment the caller's.
 * @until: ns, CLOCK_MONOTONIC
 */
extern int in_place_innocent(__u64 mapping, __u64 start, __u64 len, __u64 until);

/*
 * in_place_file() - the same of a write that has returned len > 0 and went to the file's `position`. Only where
 * direct_loads. @address: of the struct file
 */
extern int in_place_file(__u64 address, __s64 position, __u64 len);

/*
 * in_place_memory() - enum in_place of memory in the direct map, which is followed by other memory than what it is written
 * with. Whatever lies before it in its first page, and behind it in its last, is taken as a part of it.
 */
extern int in_place_memory(__u64 address, __u64 len);

/* in_place_peek() - a word of kernel memory by a plain load; 0 if there is nothing. */
extern __u64 in_place_peek(__u64 address);
