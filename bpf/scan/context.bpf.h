/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A token in pieces: what stands before a write and behind it.
 *
 *     what the file     the write                                what the file
 *     holds before it   ├──────────────────────── … ────────────┤ holds behind it
 *             ├── 96 ──┤                                        ├── 95 ──┤
 *
 * Files: both are read from the page cache where they can matter (the write starts or ends with a byte
 * of a token), so that a token in pieces is found when its last piece is written, whoever wrote the
 * others, in which order and by which call, and nothing has to be remembered.
 *
 * Streams: a write that ends with the beginning of a token is remembered in `begun`, and what is written there next
 * stands behind it.
 *
 * Files of which the bytes beside the write can't be seen here (O_DIRECT, no page cache, a page that has been evicted): the
 * daemon is asked to look there, if the write ends with the beginning of a token, or starts with what could be more than a
 * few bytes of one. A few bytes any text may start with: then it is asked only if it was remembered of the place that all
 * but those ended there.
 */
#pragma once

#include "scan/partial.bpf.h"
#include "scan/window.bpf.h"

/* A stream is a file without offsets; its inode is what its writers share. */
static __always_inline int neighbours_is_stream(const struct scratch *s)
{
	return s->event.kind == FILE_KIND_PIPE || s->event.kind == FILE_KIND_SOCKET ||
	       s->event.kind == FILE_KIND_TTY;
}

static __always_inline int neighbours_in_file(const struct scratch *s)
{
	return s->event.file && s->event.offset >= 0;
}

static __always_inline struct begun_key neighbours_stream(const struct scratch *s)
{
	return begun_stream((const struct file *)s->event.file, s->reader.joins);
}

/* A place in the file, by the inode that holds its bytes. */
static __always_inline struct begun_key neighbours_place(const struct scratch *s, __u64 position)
{
	const struct address_space *mapping = (const struct address_space *)s->event.mapping;
	const struct file *file = (const struct file *)s->event.file;

	return begun_key(mapping ? BPF_CORE_READ(mapping, host) : BPF_CORE_READ(file, f_inode), position);
}

/* Puts what was remembered of this stream in front of the window. */
static __always_inline void neighbours_begun_body(struct scratch *s)
{
	struct begun_key key = neighbours_stream(s);
	const struct begun_value *value = begun_find(&key);

	if (!value)
		return;
	for (__u64 i = 0; i < INSPECT_CARRY; i += 8)
		*(__u64 *)(s->window.bytes + i) = *(const __u64 *)(value->bytes + i);
	s->reader.min_dot = INSPECT_CARRY - TOKEN_SECRET_LEN;
	s->reader.continued = 1;
}

WINDOW_FUNCTION(neighbours_begun)

/* Remembers the window's last bytes, with which a write to a stream ends. */
static __always_inline void neighbours_remember_body(struct scratch *s)
{
	struct begun_key key = neighbours_stream(s);
	__u64 at = s->reader.fill - INSPECT_CARRY;
	struct begun_value value;

	/* through the stack: 6.1 takes a map's value from there, not from a function's argument */
	for (__u64 i = 0; i < INSPECT_CARRY; i += 8)
		*(__u64 *)(value.bytes + i) = token_word(s->window.bytes, at + i);
	begun_remember(&key, &value);
}

WINDOW_FUNCTION(neighbours_remember)

/* Remembers of a file that something has begun before the place to which the write has been read. */
static __always_inline void neighbours_note_body(struct scratch *s)
{
	struct begun_key key = neighbours_place(s, s->event.offset + s->reader.position);

	begun_remember(&key, (const struct begun_value *)begun_nothing);
}

WINDOW_FUNCTION(neighbours_note)

/* What was in front of this write to a stream has been gone on with. */
static __always_inline void neighbours_forget_body(struct scratch *s)
{
	struct begun_key key = neighbours_stream(s);

	begun_forget(&key);
}

WINDOW_FUNCTION(neighbours_forget)

/* Ends every token that would reach further back than `before` bytes in front of the write. */
static __always_inline void neighbours_fence(struct scratch *s, __u64 before)
{
	if (before < INSPECT_CARRY)
		s->window.bytes[TOKEN_INDEX(INSPECT_CARRY - 1 - before)] = 0;
}

/*
 * Puts what the page cache holds before the write in front of the window, as far as it can be seen.
 * Returns how many bytes it could.
 */
static __always_inline __u64 neighbours_cached(struct scratch *s, __u64 before)
{
	__u64 in_page;

	if (!s->event.mapping)
		return 0;
	neighbours_fence(s, before);
	/* the piece in the page before, then the piece in the page where the write starts */
	in_page = s->event.offset & (KERNEL_PAGE_SIZE - 1);
	if (!in_page || in_page > before)
		in_page = before;
	if (window_cache(s, INSPECT_CARRY - in_page, s->event.offset - in_page, in_page))
		return 0;
	/* a token that ends before the write was there before it */
	s->reader.min_dot = INSPECT_CARRY - TOKEN_SECRET_LEN;
	if (in_page == before ||
	    !window_cache(s, INSPECT_CARRY - before, s->event.offset - before, before - in_page))
		return before;
	neighbours_fence(s, in_page);
	return in_page;
}

/*
 * What stands before these bytes can't be seen: must it be looked at? So it must if they could be the end of a token, or
 * if it was remembered of the place.
 * @seen: how many of the bytes before the write there are
 */
static __always_inline int neighbours_goes_on(struct scratch *s, __u64 seen)
{
	__u64 at = INSPECT_CARRY - seen, len = seen + s->reader.segment_left;
	struct begun_key key = neighbours_place(s, s->event.offset - seen);

	return token_goes_on(token_word(s->window.bytes, at), len) || begun_find(&key);
}

/*
 * The first bytes of the write stand at window[INSPECT_CARRY]: puts what is before them in front, if
 * they could go on with a token. Otherwise a zero stands there, which ends every token.
 */
static __always_inline void neighbours_before_body(struct scratch *s)
{
	struct reader *r = &s->reader;
	__u64 before = s->event.offset, seen;

	if (r->continued)
		return;
	*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
	r->min_dot = INSPECT_CARRY;
	if (!neighbours_in_file(s) || !before || !token_may_hold(s->window.bytes[INSPECT_CARRY]))
		return;
	if (before > INSPECT_CARRY)
		before = INSPECT_CARRY;
	seen = neighbours_cached(s, before);
	if (!seen)
		*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
	if (seen < before)
		r->ask_before = neighbours_goes_on(s, seen);
}

WINDOW_FUNCTION(neighbours_before)

/* Functions of their own, so that the verifier walks each once and forgets how it came to its result. */
__noinline __u64 neighbours_run(const struct token_window *window, __u64 len)
{
	return window ? token_run(window->bytes, len) : 0;
}

__noinline __u64 neighbours_begins(const struct token_window *window, __u64 len, __u64 run)
{
	return window && len >= 8 ? token_begun(window->bytes, len, run) : 0;
}

/* Does the window end with all of a token but a few bytes? Then it is worth remembering of a file. */
__noinline int neighbours_nearly(const struct token_window *window, __u64 len)
{
	__u64 run = neighbours_run(window, len);

	return run + TOKEN_FEW > TOKEN_SECRET_LEN && neighbours_begins(window, len, run);
}

/*
 * All of the write has been read and stands, as far as it fits, at the window's end: goes on with what
 * the file holds behind it, if that could matter, and remembers what can't be looked up later.
 */
/* Of reader.remember: done by the caller, when the frame here is gone: 6.1 counts all frames of a chain together. */
enum { NEIGHBOURS_NOTHING, NEIGHBOURS_REMEMBER, NEIGHBOURS_NOTE };

static __always_inline void neighbours_after_body(struct scratch *s)
{
	const struct address_space *mapping = (const struct address_space *)s->event.mapping;
	const struct file *file = (const struct file *)s->event.file;
	struct reader *r = &s->reader;
	__u64 end = s->event.offset + s->event.length, size;

	r->after = 1;
	if (!r->fill || !token_may_hold(token_byte(s->window.bytes, r->fill - 1)))
		return;
	if (!neighbours_is_stream(s) && !neighbours_in_file(s))
		return;
	r->begun = neighbours_begins(&s->window, r->fill, neighbours_run(&s->window, r->fill)) != 0;
	if (neighbours_is_stream(s)) {
		if (r->begun && r->joins)
			r->remember = NEIGHBOURS_REMEMBER;
		return;
	}
	if (r->begun && (!s->event.coherent || !(end & (KERNEL_PAGE_SIZE - 1))) &&
	    neighbours_nearly(&s->window, r->fill))
		r->remember = NEIGHBOURS_NOTE;
	size = mapping ? BPF_CORE_READ(mapping, host, i_size) : BPF_CORE_READ(file, f_inode, i_size);
	if (size <= end)
		return;
	if (!s->event.mapping || s->event.direct) {
		r->ask_behind = r->begun;
		return;
	}
	r->in_cache = 1;
	r->behind = 1;
	r->address = end;
	r->left = size - end < WINDOW_AFTER ? size - end : WINDOW_AFTER;
	r->segment_left = r->left;
	r->segments_left = 0;
}

WINDOW_FUNCTION(neighbours_after)
