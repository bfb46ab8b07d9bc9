/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The window that a write passes through (inspect.bpf.c): its layout, and how a page gets into it. */
#pragma once

#include "scan/cache.bpf.h"
#include "scan/inspect.bpf.h"
#include "token_search.h"

/* The longest part of a token that can lie outside a write. */
#define WINDOW_AFTER (TOKEN_MAX_LEN - 1)

/* Once the window holds more, it is searched before the next page is read behind it. */
#define WINDOW_FILL_MASK (LIMIT_WINDOW_BYTES / 2 - 1)
_Static_assert(LIMIT_WINDOW_BYTES / 2 >= KERNEL_PAGE_SIZE, "a page fits behind a window's rest");

/*
 * A step as a function of its own, so that the verifier walks it once, alone, and not once for each way
 * that leads there. What it is given is then just memory, which may not even be there.
 */
#define WINDOW_FUNCTION(name)                  \
	__noinline int name(struct scratch *s) \
	{                                      \
		if (s)                         \
			name##_body(s);        \
		return 0;                      \
	}

/*
 * window_cache() - copies bytes of a file from the page cache, none past the page they start in.
 * @at: where in the window, below LIMIT_WINDOW_BYTES / 2; @len: at most a page
 * Returns 0, or 1 if the page is not resident. A function of its own (verified once).
 */
__noinline int window_cache(struct scratch *s, __u64 at, __u64 position, __u64 len)
{
	__u64 address;

	if (!s)
		return 1;
	address = cache_address(s->event.mapping, position / KERNEL_PAGE_SIZE, cache_bases.page_offset,
				cache_bases.vmemmap);
	if (!address)
		return 1;
	asm volatile("" : "+r"(len)); /* keep the bound where the verifier can see it */
	if (len > KERNEL_PAGE_SIZE)
		return 1;
	return bpf_probe_read_kernel(&s->window.bytes[at & (LIMIT_WINDOW_BYTES / 2 - 1)], len,
				     (const void *)(address + (position & (KERNEL_PAGE_SIZE - 1))))
		       ? 1
		       : 0;
}
