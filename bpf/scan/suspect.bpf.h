/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the search does not know, and the daemon does: where may it be (settings.suspects)? Asked of each window that has
 * passed the search.
 *
 * Of files as well as of streams the bytes themselves are sent, LIMIT_TEXT_BYTES from such a place on. If the daemon finds nothing in
 * those of a file, it reads there. From the third place of a write on it is asked to read the file up to the last one, and what may
 * be of a token there. What has begun before the write is looked for in the page cache.
 *
 *     ├─ SUSPECT_BEFORE ─┤├──────────── the write ────────────┤
 *               ZHQw… ───────→ read from here …  R0ME… ──→ … SUSPECT_REACH behind that
 *
 * Streams: nobody can read them again. What goes on in the next write is not joined; where that may be so the daemon counts it (texts_cut).
 *
 * Part of inspect.bpf.c alone.
 */
#pragma once

#include "scan/window.bpf.h"
#include "token_suspect.h"

/* Bytes before a write in which what goes on in it may begin. */
#define SUSPECT_BEFORE SUSPECT_REACH

/* Of a write to a file, so many of the first ones are sent. */
#define SUSPECT_TEXTS 2U

/* Bytes kept from one window to the next. */
#define SUSPECT_CARRY (SUSPECT_REACH + INSPECT_CARRY)

struct suspect_walk {
	const struct token_window *window;
	__u64 len, from;
	__u64 at; /* of the next block */
	__u64 found;
	__u64 row; /* suspect_row() of the one that is gone through */
	__u32 blocks; /* of it, so many are left */
};

/*
 * Functions of their own, so that the verifier walks each once, and not for every place that leads there. Each begins with a test of the
 * settings: where nothing is asked for, it has nothing more to walk.
 */
__noinline __u64 suspect_row_in(const struct token_window *window, __u64 at)
{
	return settings.suspects && window ? suspect_row(window->bytes, at) : 0;
}

__noinline int suspect_plain_in(const struct token_window *window, __u64 at)
{
	return settings.suspects && window && suspect_plain_block(window->bytes, at);
}

__noinline int suspect_run_in(const struct token_window *window, __u64 at)
{
	return settings.suspects && window && suspect_run_block(window->bytes, at);
}

__noinline int suspect_pairs_in(const struct token_window *window, __u64 at)
{
	return settings.suspects && window && suspect_pairs_block(window->bytes, at);
}

/* The first place in a block, from `from` on and before `end`. */
__noinline __u64 suspect_in_block(const struct token_window *window, __u64 block, __u64 from, __u64 end)
{
	if (!settings.suspects || !window)
		return TOKEN_NONE;
	for (__u64 i = 0; i < SUSPECT_BLOCK; i++)
		if (block + i >= from && block + i < end &&
		    suspect_form(token_word(window->bytes, block + i)))
			return block + i;
	return TOKEN_NONE;
}

/* A row; or, of one in which there may be something, a block. */
static long suspect_step(__u32 index, struct suspect_walk *walk)
{
	__u64 block = walk->at, row = walk->row;
	__u32 k;

	(void)index;
	if (block + SUSPECT_LOOK > walk->len)
		return 1;
	if (!walk->blocks) {
		walk->row = suspect_row_in(walk->window, block);
		if (walk->row)
			walk->blocks = SUSPECT_ROW_BLOCKS;
		else
			walk->at = block + SUSPECT_ROW;
		return 0;
	}
	k = SUSPECT_ROW_BLOCKS - walk->blocks--;
	walk->at = block + SUSPECT_BLOCK;
	if (!(row & SUSPECT_PLAIN && suspect_plain_in(walk->window, block)) &&
	    !(row >> (SUSPECT_RUN + k) & 1 && suspect_run_in(walk->window, block)) &&
	    !(row >> (SUSPECT_PAIRS + k) & 1 && suspect_pairs_in(walk->window, block)))
		return 0;
	walk->found = suspect_in_block(walk->window, block, walk->from, walk->len - SUSPECT_LOOK + 1);
	return walk->found != TOKEN_NONE;
}

/*
 * Always 0, which the verifier can't know. Before Linux 6.8 it walks a loop's step once, as if all were as it is before the first one: with
 * walk.blocks known, what looks at blocks would be dead code.
 */
__u64 suspect_nothing __weak = 0;

/* suspect_next() of window[0, len) with the verifier's bounds. */
__noinline __u64 suspect_encoded(const struct token_window *window, __u64 len, __u64 from)
{
	struct suspect_walk walk = {
		.window = window, .len = len, .from = from, .at = from / 8 * 8, .found = TOKEN_NONE};

	walk.row = suspect_nothing;
	walk.blocks = suspect_nothing;
	/* the block before a row is looked at as well */
	if (walk.at < SUSPECT_FIRST)
		walk.at = SUSPECT_FIRST;
	if (!settings.suspects)
		return TOKEN_NONE;
	bpf_loop(LIMIT_WINDOW_BYTES / SUSPECT_BLOCK + LIMIT_WINDOW_BYTES / SUSPECT_ROW + 2, suspect_step,
		 &walk, 0);
	return walk.found;
}

/* Is a secret portion's length of [A-Z0-9] behind the dot, and no token that is known? */
__noinline int suspect_secret(const struct token_window *window, __u64 len, __u64 dot)
{
	__u64 outside = 0;

	if (!settings.suspects || !window || dot + TOKEN_SECRET_LEN >= len ||
	    token_at_dot(window->bytes, len, dot))
		return 0;
	for (__u64 i = 0; i < TOKEN_SECRET_LEN; i += 8)
		outside |= token_word_outside(token_word(window->bytes, dot + 1 + i));
	return !outside && suspect_prefix_before(window->bytes, dot);
}

static long suspect_wide_step(__u32 index, struct suspect_walk *walk)
{
	__u64 at = inspect_skip(walk->window, walk->len, walk->at), dot;

	(void)index;
	if (at == TOKEN_NONE)
		return 1;
	walk->at = at + INSPECT_BLOCK_BYTES;
	at = inspect_block(walk->window, walk->len, at);
	if (at == TOKEN_NONE)
		return 0;
	walk->at = at + TOKEN_STRIDE;
	dot = inspect_dot_before(walk->window, at);
	if (dot == TOKEN_NONE || dot < walk->from || !suspect_secret(walk->window, walk->len, dot))
		return 0;
	walk->found = dot;
	return 1;
}

/* The dot before what may be a secret portion, of a token that has no public portion of a known length: `from` or later, or TOKEN_NONE. */
__noinline __u64 suspect_wide(const struct token_window *window, __u64 len, __u64 from)
{
	struct suspect_walk walk = {.window = window,
				    .len = len,
				    .from = from,
				    .at = from / TOKEN_STRIDE * TOKEN_STRIDE,
				    .found = TOKEN_NONE};

	if (!settings.suspects)
		return TOKEN_NONE;
	bpf_loop(INSPECT_PROBES + INSPECT_PROBES / INSPECT_BLOCK + 1, suspect_wide_step, &walk, 0);
	return walk.found;
}

/* Is the write one of which that is asked? Not a second look, not where a call begins, and not a name or an attribute. */
static __always_inline int suspect_asked(const struct scratch *s)
{
	return settings.suspects && !s->event.entry && !s->event.recheck && !(s->event.flags & SAMPLE_PARTS);
}

/* The first place in window[from, len) that may be of a token that the search does not know, or TOKEN_NONE. @last: all of the write is there */
static __always_inline __u64 suspect_find(struct scratch *s, __u64 len, __u64 from, int last)
{
	__u64 found;

	if (settings.suspects & SUSPECT_ENCODED)
		return suspect_encoded(&s->window, len, from);
	found = suspect_wide(&s->window, len, from);
	/* what it ends with may be gone on with by what stands there already */
	if (found == TOKEN_NONE && last)
		found = suspect_encoded(&s->window, len,
					from + SUSPECT_REACH < len ? len - SUSPECT_REACH : from);
	return found;
}

/* Does what begins there stand there as it is? Then it has been found. */
static __always_inline int suspect_is_known(const struct scratch *s, __u64 at)
{
#define SUSPECT_TRY_PUBLIC(id, name, public_len)                                                       \
	if (inspect_at_dot(&s->window, s->reader.fill, at + TOKEN_PREFIX_LEN + 1 + (public_len), 0) != \
	    TOKEN_NONE)                                                                                \
		return 1;
	TOKEN_FORMATS(SUSPECT_TRY_PUBLIC)
#undef SUSPECT_TRY_PUBLIC
	return 0;
}

/* From there to there, counted from the write's first byte, is to be read in the file. */
static __always_inline void suspect_note(struct reader *r, __s64 from, __s64 to)
{
	if (r->suspect_from == r->suspect_to)
		r->suspect_from = from;
	if (r->suspect_to < to)
		r->suspect_to = to;
}

/* What is to be done after suspect_look(). */
enum {
	SUSPECT_DONE,
	SUSPECT_GO_ON, /* it has to be called once more */
	SUSPECT_SEND, /* first the bytes from reader.suspect_text on are to be sent: the calls of that are too deep for it */
};

/* suspect_look() - looks at the window that has passed the search, from where the last look has come to. */
static __always_inline int suspect_look_body(struct scratch *s)
{
	struct reader *r = &s->reader;
	__s64 start = (__s64)(r->position - r->fill);
	int last = r->hole || r->fill <= WINDOW_FILL_MASK;
	/* what begins in the rest is whole in the next window */
	__u64 end = last ? r->fill : r->fill - (SUSPECT_CARRY - SUSPECT_FIRST), from, found;

	from = r->suspect_at > start ? r->suspect_at - start : 0;
	found = from < end ? suspect_find(s, end, from, last) : TOKEN_NONE;
	if (found == TOKEN_NONE || start + (__s64)found >= (__s64)s->event.length) {
		r->suspect_at = start + end;
		return SUSPECT_DONE;
	}
	r->found = 1;
	/* nothing but the rest is searched again */
	r->min_dot = r->fill;
	if (suspect_is_known(s, found)) {
		r->suspect_at = start + found + SUSPECT_LOOK;
		return SUSPECT_GO_ON;
	}
	if (!neighbours_is_stream(s) && !neighbours_in_file(s))
		return SUSPECT_DONE;
	/*
	 * What is in a buffer of which it is only likely where it went is sent, and not looked for there; and so are a file's first ones:
	 * it may have another name soon (who writes a file anew gives it its name in the end).
	 */
	if (neighbours_in_file(s) && !(s->event.again && !s->reader.landed) &&
	    r->suspect_texts >= SUSPECT_TEXTS) {
		suspect_note(r, start + found, start + r->fill + SUSPECT_REACH);
		r->suspect_at = start + end;
		return SUSPECT_DONE;
	}
	r->suspect_texts++;
	r->suspect_text =
		found > SUSPECT_LEAD(settings.suspects) ? found - SUSPECT_LEAD(settings.suspects) : 0;
	r->suspect_at = start + found + SUSPECT_REACH;
	return SUSPECT_SEND;
}

__noinline int suspect_look(struct scratch *s)
{
	return settings.suspects && s ? suspect_look_body(s) : SUSPECT_DONE;
}

/* Looks for what has begun before the write, in the page cache. */
static __always_inline void suspect_before_body(struct scratch *s)
{
	__u64 before = s->event.offset, in_page, seen = 0, found;

	if (before > SUSPECT_BEFORE)
		before = SUSPECT_BEFORE;
	in_page = s->event.offset & (KERNEL_PAGE_SIZE - 1);
	if (!in_page || in_page > before)
		in_page = before;
	if (window_cache(s, before - in_page, s->event.offset - in_page, in_page)) {
		*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
		return;
	}
	/* if that page is not there, only what stands in the write's own */
	if (in_page < before)
		seen = window_cache(s, 0, s->event.offset - before, before - in_page) ? before - in_page : 0;
	found = suspect_encoded(&s->window, before, seen + SUSPECT_FIRST);
	if (found != TOKEN_NONE) {
		s->reader.found = 1;
		suspect_note(&s->reader, (__s64)found - (__s64)before, SUSPECT_REACH);
	}
	/* as inspect_start() leaves it */
	*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
}

__noinline int suspect_before(struct scratch *s)
{
	if (settings.suspects && s)
		suspect_before_body(s);
	return 0;
}
