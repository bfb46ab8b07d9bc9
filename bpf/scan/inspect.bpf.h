/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a hook calls once it knows that a write is worth a look: read it page by page, search it, send
 * what was found. See inspect.bpf.c.
 */
#pragma once

#include "base/count.bpf.h"
#include "base/maps.bpf.h"
#include "base/preempt.bpf.h"

/* Bytes kept from one window to the next: a token less one byte, rounded up to whole words. */
#define INSPECT_CARRY 96U
_Static_assert(INSPECT_CARRY >= TOKEN_MAX_LEN - 1 && INSPECT_CARRY % 8 == 0, "carry");

/* inspect_run() - inspects the write in s->event. Defined in inspect.bpf.c; returns 0. */
extern int inspect_run(struct scratch *s);

/*
 * inspect_guess() - the same; of a write of which it is only likely where it went (event.guess), the page cache there and the
 * caller's buffer as well, unless that is long and looks like what lies there. A thread can change the one while the call
 * lasts, or move the position, so that the other is elsewhere. Defined in inspect.bpf.c; returns 0.
 */
extern int inspect_guess(struct scratch *s);

/*
 * inspect_buffer() - the same of what never lies in a page cache, a stream's bytes or an attribute's value: what only knows such
 * writes need not have the search in place verified. inspect_entry() - the same where a call begins, of an event that
 * entry_event() has filled in. Both defined in inspect.bpf.c; return 0.
 */
extern int inspect_buffer(struct scratch *s);
extern int inspect_entry(struct scratch *s);

/*
 * inspect_recheck() - a second look at the event that recheck_event() has filled in. Defined in inspect.bpf.c; returns 1 if there
 * was no time for all of it.
 */
extern int inspect_recheck(struct scratch *s);

/*
 * inspect_describe() - tells the daemon of the process and the file in s->event, for what is found later. Defined in
 * inspect.bpf.c; returns the sample's number, or 0 if the ring was full.
 */
extern __u64 inspect_describe(struct scratch *s);

/*
 * inspect_search() - token_search() of window[0, len) with the verifier's bounds: the place of a second dot
 * that is min_dot or later, or TOKEN_NONE. Defined in inspect.bpf.c.
 */
extern __u64 inspect_search(const struct token_window *window, __u64 len, __u64 min_dot);

/* inspect_begins() - token_begun() of window[0, len). Defined in inspect.bpf.c. */
extern int inspect_begins(const struct token_window *window, __u64 len);

/*
 * inspect_text() - searches len bytes that the caller has put into the window, from INSPECT_CARRY on;
 * tokens whose second dot lies before `from` are left out. Defined in inspect.bpf.c; returns 0.
 */
extern int inspect_text(struct scratch *s, __u64 len, __u64 from);

/* inspect_file() - asks the daemon to read the range in s->event. Defined in inspect.bpf.c; returns 0. */
extern int inspect_file(struct scratch *s);

/*
 * inspect_mapped() - tells the daemon of a range in s->event that somebody may store into past every hook. Defined in inspect.bpf.c;
 * returns 0, or 1 if the ring buffer was full.
 */
extern int inspect_mapped(struct scratch *s);

/* A scratch for this CPU, as it was left, or NULL if preempted programs hold them all. */
static __always_inline struct scratch *inspect_take(void)
{
	__u32 slots = !preemptible ? 1 : preempt_doors ? 2 * LIMIT_SCRATCH_SLOTS : LIMIT_SCRATCH_SLOTS;

	for (__u32 i = 0; i < slots; i++) {
		__u32 slot = bpf_get_smp_processor_id() * slots + i;
		struct scratch *s = bpf_map_lookup_elem(&scratch, &slot);

		if (!s)
			break;
		if (!preemptible || !__sync_lock_test_and_set(&s->busy, 1)) {
			s->slot = slot;
			return s;
		}
	}
	return NULL;
}

/* The daemon's own, for what it runs itself: no hook is in its way. */
static __always_inline struct scratch *inspect_own(void)
{
	__u32 slot = scratch_own;
	struct scratch *s = bpf_map_lookup_elem(&scratch, &slot);

	if (s) {
		s->until = ~0ULL;
		s->budget = settings.inspect_bytes;
	}
	return s;
}

/* The same for a system call of which writes are to be inspected, the event zero; counted if there is none. */
static __always_inline struct scratch *inspect_begin(void)
{
	struct scratch *s = inspect_take();

	if (!s) {
		count(COUNTER_scratch_busy);
		return NULL;
	}
	__builtin_memset(&s->event, 0, sizeof(s->event));
	s->reader.deferred = 0;
	s->reader.refused = 0;
	s->steps = 0;
	s->until = bpf_ktime_get_ns() + settings.hook_ns;
	s->budget = settings.inspect_bytes;
	if (preempt_doors)
		s->event.again = preempt_is_again();
	return s;
}

/* Has the hook had its time? @steps: what it is about to do */
static __always_inline int inspect_late(struct scratch *s, __u32 steps)
{
	s->steps += steps;
	return s->steps > LIMIT_HOOK_STEPS && bpf_ktime_get_ns() > s->until;
}

static __always_inline void inspect_end(struct scratch *s)
{
	if (preemptible)
		__sync_lock_test_and_set(&s->busy, 0);
}

/* A failing read leaves zeros behind: the shortest way to wipe a window that held a secret. */
static __always_inline void inspect_wipe(struct scratch *s)
{
	bpf_probe_read_kernel(&s->window, sizeof(s->window), NULL);
}

/* Where the window lies, as a number: what was a pointer is one when it comes back from memory. */
static __always_inline __u64 inspect_window(struct scratch *s)
{
	*(const __u8 *volatile *)&s->window_at = s->window.bytes;
	return *(volatile __u64 *)&s->window_at;
}
