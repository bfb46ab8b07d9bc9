/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks: of a stream or a task for which something is kept in a map, so that the many for which nothing is need not
 * ask: a look-up costs more than all else that is done for a short write. What is marked stays so; a mark that is shared or old
 * costs a look-up in vain.
 */
#pragma once

#include "base/maps.bpf.h"

/* By hash, a bit each; in inspect.bpf.c, since what is weak is linked in as often as there are objects. */
extern __u64 marks[LIMIT_MARKS / 64];

/* Fibonacci hashing (Knuth, TAOCP 3, 6.4): the upper bits of a product. */
static __always_inline __u64 mark_of(__u64 what)
{
	return (what * 0x9e3779b97f4a7c15ULL >> 32) % LIMIT_MARKS;
}

static __always_inline void mark_set(__u64 mark)
{
	__u64 bit = 1ULL << mark % 64;

	if (!(marks[mark / 64 % (LIMIT_MARKS / 64)] & bit))
		__sync_fetch_and_or(&marks[mark / 64 % (LIMIT_MARKS / 64)], bit);
}

static __always_inline int mark_has(__u64 mark)
{
	return marks[mark / 64 % (LIMIT_MARKS / 64)] >> mark % 64 & 1;
}
