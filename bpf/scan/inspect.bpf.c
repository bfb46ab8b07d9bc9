// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Inspect: a write's bytes, in order, whatever their segments, through one window.
 *
 *   what the file     segment 1    segment 2   segment 3 …     what the file
 *   holds before it   ├────────────┼───────────┼───────────    holds behind it
 *         ├ 96 ┤           page    page    page                 ├ 95 ┤
 *         [ 96 │ page or pieces of it   ]                      the window that is searched
 *              [ carry │ …              ]                      its last 96 bytes are the next one's first
 *
 * The carry joins what lies across two windows; what lies across two writes is in context.bpf.h. A
 * page that cannot be read is a hole, and nothing is joined across it.
 *
 * What landed in a regular file is read in its page cache: no thread can have changed it since, and it is
 * there for calls without a buffer too. All else is read from the caller's buffer.
 *
 * Reading and searching are two states of one bpf_loop(), so that the verifier sees one small step,
 * and any number of tokens, segments and pages takes only more steps.
 *
 * Invariant: reader.position - reader.fill is the place in the write of the window's first byte (it is
 * negative while that byte lies before the write).
 */
#include "scan/inspect.bpf.h"

#include "emit/emit.bpf.h"
#include "scan/cache.bpf.h"
#include "scan/in_place.bpf.h"
#include "scan/context.bpf.h"
#include "token_search.h"
#include "base/user.bpf.h"
#include "scan/window.bpf.h"

/* Pages, iovec entries, windows, tokens: enough for LIMIT_INSPECT_BYTES of tokens back to back. */
#define INSPECT_STEPS (1U << 19)

/* The smallest block of a device: what is written by O_DIRECT begins and ends with one. */
#define BLOCK_BYTES 512

#define INSPECT_PROBES (LIMIT_WINDOW_BYTES / TOKEN_STRIDE + 1)

__u64 marks[LIMIT_MARKS / 64] = {};

struct inspect_context {
	struct scratch *s;
	__u32 finished;
};

/* Functions of their own, so that the verifier walks each once, and not for every place that leads there. */
__noinline __u64 inspect_dot_before(const struct token_window *window, __u64 at)
{
	return window ? token_dot_before(window->bytes, at) : TOKEN_NONE;
}

/* Returns the dot if it is that of a token, else TOKEN_NONE. */
__noinline __u64 inspect_at_dot(const struct token_window *window, __u64 len, __u64 dot, __u64 min_dot)
{
	if (!window || dot == TOKEN_NONE || dot < min_dot)
		return TOKEN_NONE;
	return token_at_dot(window->bytes, len, dot) ? dot : TOKEN_NONE;
}

/* Probes that are gathered without a branch. */
#define INSPECT_BLOCK 8
#define INSPECT_BLOCK_BYTES (INSPECT_BLOCK * TOKEN_STRIDE)

/* The first block of probes at `at` or later of which one passes, or TOKEN_NONE; also what is behind `len` may. */
__noinline __u64 inspect_skip(const struct token_window *window, __u64 len, __u64 at)
{
	if (!window)
		return TOKEN_NONE;
	for (__u32 i = 0; i < INSPECT_PROBES / INSPECT_BLOCK + 1; i++, at += INSPECT_BLOCK_BYTES) {
		__u64 passed = 0;

		if (at + 8 > len)
			break;
#pragma unroll
		for (int k = 0; k < INSPECT_BLOCK; k++)
			passed |= token_nothing(
				token_word_leaves(token_word(window->bytes, at + k * TOKEN_STRIDE)));
		if ((__s64)passed < 0)
			return at;
	}
	return TOKEN_NONE;
}

/* The first probe of a block that a secret portion might cover: it passes, and a dot is near enough before it. */
__noinline __u64 inspect_block(const struct token_window *window, __u64 len, __u64 at)
{
	if (!window)
		return TOKEN_NONE;
	for (__u32 i = 0; i < INSPECT_BLOCK; i++, at += TOKEN_STRIDE) {
		if (at + 8 > len)
			break;
		if (!token_word_maybe(token_word(window->bytes, at)))
			continue;
		if (at < TOKEN_SECRET_LEN || !token_no_dot_before(window->bytes, at))
			return at;
	}
	return TOKEN_NONE;
}

struct inspect_search {
	const struct token_window *window;
	__u64 len, min_dot;
	__u64 at; /* of the next probe */
	__u64 dot;
};

static long inspect_search_step(__u32 index, struct inspect_search *search)
{
	__u64 at = inspect_skip(search->window, search->len, search->at), dot;

	(void)index;
	if (at == TOKEN_NONE)
		return 1;
	search->at = at + INSPECT_BLOCK_BYTES;
	at = inspect_block(search->window, search->len, at);
	if (at == TOKEN_NONE)
		return 0;
	search->at = at + TOKEN_STRIDE;
	dot = inspect_at_dot(search->window, search->len, inspect_dot_before(search->window, at),
			     search->min_dot);
	if (dot == TOKEN_NONE)
		return 0;
	search->dot = dot;
	return 1;
}

__noinline __u64 inspect_search(const struct token_window *window, __u64 len, __u64 min_dot)
{
	struct inspect_search search = {.window = window,
					.len = len,
					.min_dot = min_dot,
					.at = min_dot / TOKEN_STRIDE * TOKEN_STRIDE,
					.dot = TOKEN_NONE};

	bpf_loop(INSPECT_PROBES + INSPECT_PROBES / INSPECT_BLOCK + 1, inspect_search_step, &search, 0);
	return search.dot;
}

__noinline int inspect_begins(const struct token_window *window, __u64 len)
{
	return neighbours_nearly(window, len);
}

#include "scan/suspect.bpf.h"

/* The next iovec entry becomes the current segment. */
static __always_inline void inspect_next_segment(struct scratch *s)
{
	struct reader *r = &s->reader;
	__u64 base, len;

	if (s->event.source == WRITE_SOURCE_BIO) {
		struct bio_vec entry = {};

		bpf_probe_read_kernel(&entry, sizeof(entry), (const void *)r->next_segment);
		base = cache_page((__u64)entry.bv_page) + entry.bv_offset;
		len = entry.bv_len;
		r->next_segment += sizeof(entry);
	} else if (s->event.flags & SAMPLE_COMPAT) {
		struct user_iovec_32 entry = {};

		if (bpf_probe_read_user(&entry, sizeof(entry), (const void *)r->next_segment))
			count(COUNTER_iovecs_unreadable);
		base = entry.iov_base;
		len = entry.iov_len;
		r->next_segment += sizeof(entry);
	} else {
		struct user_iovec entry = {};

		if (bpf_probe_read_user(&entry, sizeof(entry), (const void *)r->next_segment))
			count(COUNTER_iovecs_unreadable);
		base = entry.iov_base;
		len = entry.iov_len;
		r->next_segment += sizeof(entry);
	}
	r->segments_left--;
	r->address = base;
	r->segment_left = len < r->left ? len : r->left;
}

static __always_inline void inspect_pass(struct reader *r, __u64 bytes)
{
	r->address += bytes;
	r->segment_left -= bytes;
	r->left -= bytes;
	r->position += bytes;
}

/*
 * Has a reader let go of what was read in a pipe's own buffers? Their pages may have been others' by then. It takes the oldest
 * first; what is in a buffer keeps its end while bytes are taken off its front, unless that was seen half done.
 */
static __always_inline int inspect_was_taken(const struct write_event *event)
{
	const struct file *file = (const struct file *)event->file;
	const struct pipe_inode_info *pipe =
		(const struct pipe_inode_info *)BPF_CORE_READ(file, private_data);
	const struct pipe_buffer *oldest = (const struct pipe_buffer *)event->piped;
	__u32 end = BPF_CORE_READ(oldest, offset) + BPF_CORE_READ(oldest, len);
	__u32 tail = BPF_CORE_READ(pipe, tail);

	return (__s32)(tail - event->piped_index) > 0 || end != event->piped_end;
}

/* Reads the next bytes, from the page cache or from the caller's memory; returns 0 if it could. */
static __always_inline int inspect_copy(struct scratch *s, __u64 len)
{
	struct reader *r = &s->reader;
	__u64 address = r->address;

	if (r->in_cache) {
		if (!window_cache(s, r->fill & WINDOW_FILL_MASK, r->address, len))
			return 0;
		/* the page is gone already; the buffer may be there */
		if (r->behind || s->event.source != WRITE_SOURCE_BUFFER)
			return 1;
		address = s->event.address + r->position;
	}
	if (s->event.source == WRITE_SOURCE_BIO) {
		long failed = bpf_probe_read_kernel(&s->window.bytes[r->fill & WINDOW_FILL_MASK], len,
						    (const void *)address);

		if (s->event.piped && inspect_was_taken(&s->event)) {
			count(COUNTER_landed_unseen);
			/* once a call, and by that name, though there may have been nothing to be read where it was looked for */
			s->event.piped = 0;
			return 0;
		}
		return failed != 0;
	}
	return bpf_probe_read_user(&s->window.bytes[r->fill & WINDOW_FILL_MASK], len,
				   (const void *)address) != 0;
}

/* One read into the window, at most to the end of a page. */
static __always_inline void inspect_read_body(struct scratch *s)
{
	struct reader *r = &s->reader;
	__u64 len;

	if (!r->left && !r->after && r->fill <= WINDOW_FILL_MASK)
		neighbours_after(s);
	if (r->remember == NEIGHBOURS_REMEMBER)
		neighbours_remember(s);
	if (r->remember == NEIGHBOURS_NOTE)
		neighbours_note(s);
	r->remember = NEIGHBOURS_NOTHING;
	if (!r->left || (!r->segment_left && !r->segments_left) || r->fill > WINDOW_FILL_MASK) {
		r->searching = 1;
		return;
	}
	if (!r->segment_left) {
		inspect_next_segment(s);
		return;
	}
	len = KERNEL_PAGE_SIZE - (r->address & (KERNEL_PAGE_SIZE - 1));
	if (len > r->segment_left)
		len = r->segment_left;
	asm volatile("" : "+r"(len)); /* keep the bound where the verifier can see it */
	if (len > KERNEL_PAGE_SIZE)
		len = KERNEL_PAGE_SIZE;
	if (!inspect_copy(s, len)) {
		if (!r->position && r->fill == INSPECT_CARRY)
			neighbours_before(s);
		inspect_pass(r, len);
		r->fill += len;
		return;
	}
	if (r->behind) {
		/* what stands behind the write is not there to be seen, and was judged when written */
		r->ask_behind = r->begun;
		r->left = 0;
		r->searching = 1;
		return;
	}
	if (r->fill) {
		/* search what stands before the hole; the page is tried once more, then passed over */
		r->searching = 1;
		r->hole = 1;
		return;
	}
	if (r->in_cache) {
		r->unread = 1;
	} else if (!s->event.entry) { /* a page that is missing when the call begins is there when it ends */
		count(COUNTER_pages_unreadable);
		count_add(COUNTER_bytes_unreadable, len);
	}
	inspect_pass(r, len);
}

WINDOW_FUNCTION(inspect_read)

/* Moves the window's last bytes to its front. */
static __always_inline void inspect_carry_body(struct scratch *s)
{
	struct reader *r = &s->reader;
	__u64 carry = settings.suspects ? SUSPECT_CARRY : INSPECT_CARRY;

	/* where a block of the device ends, another write can go on */
	if (neighbours_in_file(s) && !s->event.coherent && !((s->event.offset + r->position) % BLOCK_BYTES) &&
	    neighbours_nearly(&s->window, r->fill))
		neighbours_note(s);
	for (__u64 i = 0; i < carry; i += 8)
		*(__u64 *)(s->window.bytes + i) = token_word(s->window.bytes, r->fill - carry + i);
	r->fill = carry;
	/* a token that ends inside the carry was reported from the window before */
	r->min_dot = carry - TOKEN_SECRET_LEN;
}

WINDOW_FUNCTION(inspect_carry)

static long inspect_step(__u32 index, struct inspect_context *context)
{
	struct scratch *s = context->s;
	struct reader *r = &s->reader;
	__u64 dot;

	(void)index;
	if (inspect_late(s, 1)) {
		r->late = 1;
		return 1;
	}
	if (!r->searching) {
		inspect_read(s);
		return 0;
	}
	dot = inspect_search(&s->window, r->fill, r->min_dot);
	if (dot != TOKEN_NONE) {
		/* one that lies wholly behind the write was there before it: emit_token() leaves it out */
		emit_token(s, dot);
		r->min_dot = dot + 1;
		return 0;
	}
	if (suspect_asked(s)) {
		int found = suspect_look(s);

		if (found == SUSPECT_SEND)
			emit_text(s);
		if (found != SUSPECT_DONE)
			return 0;
	}
	r->searching = 0;
	if (r->hole) {
		r->hole = 0;
		r->fill = 0;
		r->min_dot = 0;
		return 0;
	}
	if (r->fill <= WINDOW_FILL_MASK) {
		context->finished = 1;
		return 1;
	}
	inspect_carry(s);
	return 0;
}

/* Is the first page of what was written in the page cache? */
static __always_inline int inspect_landed(const struct scratch *s)
{
	const struct write_event *event = &s->event;

	return event->coherent && event->mapping && event->offset >= 0 &&
	       cache_folio(event->mapping, event->offset / KERNEL_PAGE_SIZE);
}

/* Sets the reader to the write's first byte. */
__noinline int inspect_start(struct scratch *s, __u64 left)
{
	__u32 cut;

	if (!s)
		return 0;
	cut = left < s->event.length;

	/* behind a cut nothing is a neighbour */
	__builtin_memset(&s->reader, 0, sizeof(s->reader));
	s->reader.left = left;
	s->reader.fill = INSPECT_CARRY;
	s->reader.cut = cut;
	s->reader.after = cut || s->event.entry;
	*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
	if (neighbours_is_stream(s))
		s->reader.joins = begun_joins(s->event.file, s->event.kind);
	if (s->reader.joins)
		neighbours_begun(s);
	if (s->event.source == WRITE_SOURCE_LANDED || inspect_landed(s)) {
		s->reader.in_cache = 1;
		s->reader.address =
			s->event.source == WRITE_SOURCE_LANDED ? s->event.address : s->event.offset;
		s->reader.segment_left = left;
	} else if (s->event.source == WRITE_SOURCE_VECTOR || s->event.source == WRITE_SOURCE_BIO) {
		s->reader.next_segment = s->event.address;
		s->reader.segments_left = s->event.segments;
	} else {
		s->reader.address = s->event.address;
		s->reader.segment_left = left;
	}
	s->reader.landed = s->reader.in_cache;
	/* what stands before the write may be in the window: the dot of a secret portion that ends in it */
	s->reader.suspect_at = neighbours_in_file(s) ? -TOKEN_SECRET_LEN : 0;
	return 0;
}

/* A token that was in a stream's buffer when the call began, and is not any more: sends it. */
static __always_inline void inspect_entered_token(struct scratch *s, const struct entered_token *token)
{
	/* found again, or not delivered */
	if (token->reported || token->at + (__s64)token->len > (__s64)s->event.length)
		return;
#pragma unroll
	for (__u64 i = 0; i < TOKEN_MAX_LEN; i += 8)
		*(__u64 *)(s->window.bytes + INSPECT_CARRY + i) = *(const __u64 *)(token->window + i);
	s->reader.fill = INSPECT_CARRY + token->len;
	s->reader.position = token->at + token->len;
	s->reader.described = 0;
	s->reader.facts = 0;
	s->event.flags |= SAMPLE_ENTRY;
	emit_token(s, INSPECT_CARRY + token->len - TOKEN_SECRET_LEN - 1);
}

static __always_inline void inspect_entered_body(struct scratch *s)
{
	struct entered *mine = entered_mine();

	if (!mine || !mine->count)
		return;
	for (__u32 i = 0; i < LIMIT_ENTERED; i++)
		if (i < mine->count)
			inspect_entered_token(s, &mine->tokens[i]);
	bpf_task_storage_delete(&entered, bpf_get_current_task_btf());
}

WINDOW_FUNCTION(inspect_entered)

/* Bytes that there was no time for: those not read, and the window's from min_dot on, which wait to be searched. */
static __always_inline __u64 inspect_rest(const struct reader *r)
{
	__u64 waiting = r->fill > r->min_dot ? r->fill - r->min_dot : 0;

	return r->left + (waiting < r->position ? waiting : r->position);
}

static __always_inline void inspect_over_time(__u64 bytes)
{
	count(COUNTER_over_time_writes);
	count_add(COUNTER_over_time_bytes, bytes);
}

/* What there was no time for the daemon reads, if it lies in a file; elsewhere it is lost. */
static __always_inline void inspect_ask_rest(struct scratch *s)
{
	struct write_event *event = &s->event;
	__u64 rest = inspect_rest(&s->reader);

	if (event->offset < 0 || (event->flags & SAMPLE_OFFSET_APPROX && !event->guess)) {
		inspect_over_time(rest);
		if (event->offset < 0)
			return;
	}
	event->offset += s->reader.position + s->reader.left - rest;
	event->length = rest;
	count(COUNTER_files_deferred);
	emit_request(s, SAMPLE_UNREAD);
}

/* Where the daemon has to look for what only it knows. */
static __always_inline void inspect_ask_suspect(struct scratch *s)
{
	__u8 deferred = s->reader.deferred;

	/* it is no request for the tokens that found no room, which comes by itself */
	s->reader.deferred = 0;
	count(COUNTER_files_deferred);
	emit_request(s, SAMPLE_UNREAD | SAMPLE_SUSPECT);
	s->reader.deferred = deferred;
}

/* What the daemon has to look up in the file. */
static __always_inline void inspect_ask(struct scratch *s)
{
	struct write_event *event = &s->event;

	if (s->reader.suspect_from != s->reader.suspect_to)
		inspect_ask_suspect(s);
	if (s->reader.deferred) {
		__u64 at = s->reader.defer_at > 0 ? s->reader.defer_at : 0;

		event->offset += at;
		event->length -= at;
		count(COUNTER_files_deferred);
		emit_request(s, SAMPLE_UNREAD);
		return;
	}
	if (s->reader.late && s->reader.behind) {
		s->reader.ask_behind = s->reader.begun;
	} else if (s->reader.late && !s->reader.unread) {
		inspect_ask_rest(s);
		return;
	}
	if (s->reader.unread) {
		count(COUNTER_files_deferred);
		emit_request(s, SAMPLE_UNREAD);
		return;
	}
	/* only around the write's beginning, and its end */
	if (s->reader.ask_before) {
		__u64 length = event->length;

		if (length > 2 * WINDOW_AFTER)
			event->length = WINDOW_AFTER;
		else
			s->reader.ask_behind = 0;
		count(COUNTER_files_deferred);
		emit_request(s, SAMPLE_UNREAD);
		event->length = length;
	}
	if (s->reader.ask_behind) {
		if (event->length > WINDOW_AFTER) {
			event->offset += event->length - WINDOW_AFTER;
			event->length = WINDOW_AFTER;
		}
		count(COUNTER_files_deferred);
		emit_request(s, SAMPLE_UNREAD);
	}
}

static __always_inline void inspect_loop(struct scratch *s)
{
	struct inspect_context context = {.s = s};

	bpf_loop(INSPECT_STEPS, inspect_step, &context, 0);
	if (!context.finished && !s->reader.late)
		count(COUNTER_steps_exhausted);
}

/* Is all of the write in the page cache, and was it seen there that it made no token? */
static __always_inline int inspect_innocent(struct scratch *s, __u64 left)
{
	const struct write_event *event = &s->event;

	if (!direct_loads || !cache_bases.direct || suspect_asked(s))
		return 0;
	if (!event->coherent || !event->mapping || event->offset < 0 || event->length != left)
		return 0;
	if (event->source == WRITE_SOURCE_LANDED && event->address != (__u64)event->offset)
		return 0;
	return in_place_innocent(event->mapping, event->offset, left, s->until) == IN_PLACE_INNOCENT;
}

/* What of a write is looked at, in bytes; it and what is beyond that are counted. */
static __always_inline __u64 inspect_bounded(struct scratch *s)
{
	__u64 left = s->event.length, budget = s->budget;

	if (s->event.again)
		return left < settings.inspect_bytes ? left : settings.inspect_bytes;
	count(COUNTER_writes_inspected);
	if (left <= budget) {
		s->budget = budget - left;
		return left;
	}
	s->budget = 0;
	count(COUNTER_over_bound_writes);
	count_add(COUNTER_over_bound_bytes, left - budget);
	return budget;
}

static __always_inline void inspect_count(const struct scratch *s, __u64 bytes)
{
	if (!s->event.again)
		count_add(COUNTER_bytes_inspected, bytes);
}

/* Is the buffer of such a call looked at when it begins (pre_write.bpf.h)? What is kept of another one is not its. */
static __always_inline int inspect_was_entered(__u32 call)
{
	return call != WRITE_CALL_IO_URING && (call < WRITE_CALL_VMSPLICE || call > WRITE_CALL_TEE);
}

/* Inspects a write as a whole, of which `left` bytes are looked at. */
static __always_inline void inspect_whole(struct scratch *s, __u64 left)
{
	/* too short to hold one, and no neighbours that could complete it */
	if (left < TOKEN_MIN_LEN && !neighbours_in_file(s) && !neighbours_is_stream(s)) {
		inspect_count(s, left);
		return;
	}
	inspect_start(s, left);
	if (suspect_asked(s) && settings.suspects & SUSPECT_ENCODED && s->reader.landed &&
	    s->event.offset > 0)
		suspect_before(s);
	inspect_loop(s);
	inspect_count(s, s->reader.position < left ? s->reader.position : left);
	if (s->reader.continued && !(neighbours_is_stream(s) && s->reader.begun))
		neighbours_forget(s);
	if (settings.watch & ENTERED_KINDS && neighbours_is_stream(s) && inspect_was_entered(s->event.call))
		inspect_entered(s);
	inspect_ask(s);
	if (s->reader.found)
		inspect_wipe(s);
}

int inspect_run(struct scratch *s)
{
	__u64 left;

	if (!s)
		return 0;
	left = inspect_bounded(s);
	if (s->event.late) {
		count(COUNTER_files_deferred);
		emit_request(s, SAMPLE_UNREAD);
		return 0;
	}
	if (s->event.source == WRITE_SOURCE_LANDED && !s->event.mapping) {
		if (file_kind_has_offset(s->event.kind)) {
			count(COUNTER_files_deferred);
			emit_request(s, SAMPLE_UNREAD);
		} else {
			count(COUNTER_landed_unseen);
		}
		return 0;
	}
	if (inspect_innocent(s, left))
		inspect_count(s, left);
	else
		inspect_whole(s, left);
	return 0;
}

/* Up to so many bytes, a buffer is looked at in any case; of a longer one so many words are compared. */
#define INSPECT_SHORT 4096
#define INSPECT_WORDS 8

/* Does the page cache hold what the buffer does, at some places from end to end (of a vector, of its first entry)? Returns 1 if so. */
__noinline int inspect_alike(struct scratch *s)
{
	struct reader *r;

	if (!s)
		return 0;
	r = &s->reader;
	r->left = s->event.length;
	r->address = s->event.address;
	r->segment_left = s->event.length;
	r->next_segment = s->event.address;
	if (s->event.source != WRITE_SOURCE_BUFFER)
		inspect_next_segment(s);
	if (r->segment_left < INSPECT_SHORT)
		return 0;
		/* 6.1 takes a call at a loop's end for a way back into it */
#pragma unroll
	for (__u32 i = 0; i < INSPECT_WORDS; i++) {
		__u64 at = (r->segment_left - 16) / (INSPECT_WORDS - 1) * i, word = 0;

		/* in one page */
		at = ((s->event.offset + at + 7) & ~7ULL) - s->event.offset;
		if (bpf_probe_read_user(&word, sizeof(word), (const void *)(r->address + at)) ||
		    window_cache(s, 0, s->event.offset + at, sizeof(word)) ||
		    token_word(s->window.bytes, 0) != word)
			return 0;
	}
	return 1;
}

int inspect_guess(struct scratch *s)
{
	if (!s)
		return 0;
	if (!s->event.guess || !s->event.mapping || s->event.offset < 0)
		return inspect_run(s);
	s->kept = s->event;
	s->event.source = WRITE_SOURCE_LANDED;
	s->event.address = s->event.offset;
	s->event.coherent = 1;
	inspect_run(s);
	s->event = s->kept;
	s->event.guess = 0;
	s->event.again = 1;
	s->event.late = 0;
	if (s->event.length > INSPECT_SHORT && inspect_alike(s))
		return 0;
	return inspect_run(s);
}

int inspect_buffer(struct scratch *s)
{
	if (s)
		inspect_whole(s, inspect_bounded(s));
	return 0;
}

int inspect_entry(struct scratch *s)
{
	__u64 left;

	if (!s)
		return 0;
	left = s->event.length;
	inspect_start(s, left < settings.inspect_bytes ? left : settings.inspect_bytes);
	inspect_loop(s);
	if (s->reader.found)
		inspect_wipe(s);
	return 0;
}

__u64 inspect_describe(struct scratch *s)
{
	if (!s)
		return 0;
	return emit_request(s, SAMPLE_DESCRIBES) ? 0 : s->sample.head.seq;
}

int inspect_recheck(struct scratch *s)
{
	if (!s)
		return 0;
	inspect_start(s, s->event.length);
	s->reader.after = 1;
	inspect_loop(s);
	if (s->reader.found)
		inspect_wipe(s);
	return s->reader.late;
}

/* Sends the next token of a text. Without inspect_step(): what only knows texts need not have all of that verified. */
static long inspect_text_step(__u32 index, struct inspect_context *context)
{
	struct scratch *s = context->s;
	__u64 dot = inspect_search(&s->window, s->reader.fill, s->reader.min_dot);

	(void)index;
	if (dot == TOKEN_NONE)
		return 1;
	emit_token(s, dot);
	s->reader.min_dot = dot + 1;
	return 0;
}

int inspect_text(struct scratch *s, __u64 len, __u64 from)
{
	struct inspect_context context = {.s = s};

	if (!s || len > LIMIT_PATH_BYTES)
		return 0;
	count(COUNTER_writes_inspected);
	count_add(COUNTER_bytes_inspected, len);
	s->event.length = len;
	*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
	__builtin_memset(&s->reader, 0, sizeof(s->reader));
	s->reader.fill = INSPECT_CARRY + len;
	s->reader.position = len;
	s->reader.min_dot = INSPECT_CARRY + from;
	/* one step more than there can be tokens */
	bpf_loop(LIMIT_PATH_BYTES / TOKEN_MIN_LEN + 1, inspect_text_step, &context, 0);
	if (s->reader.found)
		inspect_wipe(s);
	return 0;
}

int inspect_file(struct scratch *s)
{
	if (!s)
		return 0;
	count(COUNTER_files_deferred);
	emit_request(s, SAMPLE_UNREAD);
	return 0;
}

int inspect_mapped(struct scratch *s)
{
	if (!s)
		return 0;
	count(COUNTER_files_deferred);
	return emit_request(s, SAMPLE_MAPPED);
}
