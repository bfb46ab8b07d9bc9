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
 * The carry joins what lies across two windows. For regular files, the neighbours of the written range
 * are read from the page cache where they can matter (the write starts or ends with a byte of a
 * token), so that a token in pieces is found when its last piece is written, whoever wrote the others,
 * in which order and by which call, and nothing has to be remembered. For streams (pipes, sockets,
 * terminals) the last bytes of a write are remembered, if the next one could go on with a token, and
 * stand in front of it. A page that cannot be read is a hole, and nothing is joined across it.
 *
 * Reading and searching are two states of one bpf_loop(), so that the verifier sees one small step,
 * and any number of tokens, segments and pages takes only more steps.
 *
 * Invariant: reader.position - reader.fill is the place in the write of the window's first byte (it is
 * negative while that byte lies before the write).
 */
#include "inspect.bpf.h"

#include "cache.bpf.h"
#include "emit.bpf.h"
#include "token_search.h"

/* The longest part of a token that can lie outside a write. */
#define INSPECT_AFTER (TOKEN_MAX_LEN - 1)

/* Bytes kept from one window to the next: a token less one byte, rounded up to whole words. */
#define INSPECT_CARRY 96U
_Static_assert(INSPECT_CARRY >= TOKEN_MAX_LEN - 1 && INSPECT_CARRY % 8 == 0, "carry");

/* Once the window holds more, it is searched before the next page is read behind it. */
#define INSPECT_FILL_MASK (LIMIT_WINDOW_BYTES / 2 - 1)
_Static_assert(LIMIT_WINDOW_BYTES / 2 >= KERNEL_PAGE_SIZE, "a page fits behind a window's rest");

/* Pages, iovec entries, windows, tokens: enough for LIMIT_INSPECT_BYTES of tokens back to back. */
#define INSPECT_STEPS (1U << 19)

#define INSPECT_PROBES (LIMIT_WINDOW_BYTES / TOKEN_STRIDE + 1)

/*
 * A step as a function of its own, so that the verifier walks it once, alone, and not once for each way
 * that leads there. What it is given is then just memory, which may not even be there.
 */
#define INSPECT_FUNCTION(name)                 \
	__noinline int name(struct scratch *s) \
	{                                      \
		if (s)                         \
			name##_body(s);        \
		return 0;                      \
	}

struct inspect_context {
	struct scratch *s;
	__u32 finished;
};

/* token_verify() of one word; a function of its own, so that the verifier walks it once. */
__noinline __u64 inspect_verify(const struct token_window *window, __u64 len, __u64 at, __u64 min_dot)
{
	if (!window)
		return TOKEN_NONE;
	return token_verify(window->bytes, len, at, min_dot);
}

/* token_search() with the verifier's bounds; see token_search.h. */
__noinline __u64 inspect_search(const struct token_window *window, __u64 len, __u64 min_dot)
{
	__u64 at = min_dot / TOKEN_STRIDE * TOKEN_STRIDE;

	if (!window)
		return TOKEN_NONE;
	for (__u32 i = 0; i < INSPECT_PROBES; i++, at += TOKEN_STRIDE) {
		__u64 dot;

		if (at + 8 > len)
			break;
		if (!token_word_maybe(token_word(window->bytes, at)))
			continue;
		dot = inspect_verify(window, len, at, min_dot);
		if (dot != TOKEN_NONE)
			return dot;
	}
	return TOKEN_NONE;
}

/*
 * inspect_cache() - copies bytes of a file from the page cache, none past the page they start in.
 * @at: where in the window, below LIMIT_WINDOW_BYTES / 2; @len: at most a page
 * Returns 0, or 1 if the page is not resident. A function of its own (verified once).
 */
__noinline int inspect_cache(struct scratch *s, __u64 at, __u64 position, __u64 len)
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

/* The next iovec entry becomes the current segment. */
static __always_inline void inspect_next_segment(struct scratch *s)
{
	struct reader *r = &s->reader;
	__u64 base, len;

	if (s->event.flags & SAMPLE_COMPAT) {
		struct compat_iovec entry = {};

		if (bpf_probe_read_user(&entry, sizeof(entry), (const void *)r->next_segment))
			count(COUNTER_iovecs_unreadable);
		base = entry.iov_base;
		len = entry.iov_len;
		r->next_segment += sizeof(entry);
	} else {
		struct iovec entry = {};

		if (bpf_probe_read_user(&entry, sizeof(entry), (const void *)r->next_segment))
			count(COUNTER_iovecs_unreadable);
		base = (__u64)entry.iov_base;
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

/* Could this byte stand in a token? All that are not letters, digits or a dot could not. */
static __always_inline int inspect_in_token(__u8 byte)
{
	__u8 lower = byte | 0x20;

	return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '.';
}

/* Neighbours are joined only where the page cache shows them. */
static __always_inline int inspect_has_neighbours(const struct scratch *s)
{
	return s->event.mapping && s->event.offset >= 0;
}

/* Ends every token that would reach further back than `before` bytes in front of the write. */
static __always_inline void inspect_fence(struct scratch *s, __u64 before)
{
	if (before < INSPECT_CARRY)
		s->window.bytes[TOKEN_INDEX(INSPECT_CARRY - 1 - before)] = 0;
}

/*
 * The first bytes of the write stand at window[INSPECT_CARRY]: puts what the file holds before them
 * in front, if they could go on with a token. Otherwise a zero stands there, which ends every token.
 */
static __always_inline void inspect_before_body(struct scratch *s)
{
	struct reader *r = &s->reader;
	__u64 before = s->event.offset, in_page;

	if (r->continued)
		return;
	*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
	r->min_dot = INSPECT_CARRY;
	if (!inspect_has_neighbours(s) || !before || !inspect_in_token(s->window.bytes[INSPECT_CARRY]))
		return;
	if (before > INSPECT_CARRY)
		before = INSPECT_CARRY;
	inspect_fence(s, before);
	/* the piece in the page before, then the piece in the page where the write starts */
	in_page = s->event.offset & (KERNEL_PAGE_SIZE - 1);
	if (!in_page || in_page > before)
		in_page = before;
	if (inspect_cache(s, INSPECT_CARRY - in_page, s->event.offset - in_page, in_page))
		return;
	if (in_page < before &&
	    inspect_cache(s, INSPECT_CARRY - before, s->event.offset - before, before - in_page))
		inspect_fence(s, in_page);
	/* a token that ends before the write was there before it */
	r->min_dot = INSPECT_CARRY - TOKEN_SECRET_LEN;
}

INSPECT_FUNCTION(inspect_before)

/* A stream is a file without offsets; its inode is what its writers share. */
static __always_inline int inspect_is_stream(const struct scratch *s)
{
	return s->event.kind == FILE_KIND_PIPE || s->event.kind == FILE_KIND_SOCKET ||
	       s->event.kind == FILE_KIND_TTY;
}

static __always_inline struct stream_key inspect_stream_key(const struct scratch *s)
{
	const struct file *file = (const struct file *)s->event.file;
	struct stream_key key = {};

	key.inode = BPF_CORE_READ(file, f_inode, i_ino);
	key.device = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	return key;
}

/* Puts what was last written to the stream in front of the window, if that could go on with a token. */
static __always_inline void inspect_stream_before_body(struct scratch *s)
{
	struct stream_key key = inspect_stream_key(s);
	const struct stream_tail *tail = bpf_map_lookup_elem(&streams, &key);

	if (!tail)
		return;
	for (__u64 i = 0; i < INSPECT_CARRY; i += 8)
		*(__u64 *)(s->window.bytes + i) = *(const __u64 *)(tail->bytes + i);
	s->reader.min_dot = INSPECT_CARRY - TOKEN_SECRET_LEN;
	s->reader.continued = 1;
}

INSPECT_FUNCTION(inspect_stream_before)

/* Remembers the window's last bytes for the stream's next write, or forgets those before. */
static __always_inline void inspect_stream_after_body(struct scratch *s)
{
	struct reader *r = &s->reader;
	struct stream_key key = inspect_stream_key(s);
	__u64 at = r->fill - INSPECT_CARRY;
	struct stream_tail tail;

	if (!r->cut && r->fill >= INSPECT_CARRY &&
	    inspect_in_token(token_byte(s->window.bytes, r->fill - 1))) {
		/* through the stack: 6.1 takes a map's value from there, not from a function's argument */
		for (__u64 i = 0; i < INSPECT_CARRY; i += 8)
			*(__u64 *)(tail.bytes + i) = token_word(s->window.bytes, at + i);
		bpf_map_update_elem(&streams, &key, &tail, BPF_ANY);
	} else if (r->continued) {
		bpf_map_delete_elem(&streams, &key);
	}
}

INSPECT_FUNCTION(inspect_stream_after)

/* Behind the last byte of the write: goes on with what the file holds there, if that could matter. */
static __always_inline void inspect_after_body(struct scratch *s)
{
	struct reader *r = &s->reader;
	const struct address_space *mapping = (const struct address_space *)s->event.mapping;
	__u64 end = s->event.offset + s->event.length, size;

	r->after = 1;
	if (!inspect_has_neighbours(s) || !r->fill ||
	    !inspect_in_token(token_byte(s->window.bytes, r->fill - 1)))
		return;
	size = BPF_CORE_READ(mapping, host, i_size);
	if (size <= end)
		return;
	r->in_cache = 1;
	r->behind = 1;
	r->address = end;
	r->left = size - end < INSPECT_AFTER ? size - end : INSPECT_AFTER;
	r->segment_left = r->left;
	r->segments_left = 0;
}

INSPECT_FUNCTION(inspect_after)

/* Reads the next bytes, from the caller's memory or from the page cache; returns 0 if it could. */
static __always_inline int inspect_copy(struct scratch *s, __u64 len)
{
	struct reader *r = &s->reader;

	if (r->in_cache)
		return inspect_cache(s, r->fill & INSPECT_FILL_MASK, r->address, len);
	return bpf_probe_read_user(&s->window.bytes[r->fill & INSPECT_FILL_MASK], len,
				   (const void *)r->address) != 0;
}

/* One read into the window, at most to the end of a page. */
static __always_inline void inspect_read_body(struct scratch *s)
{
	struct reader *r = &s->reader;
	__u64 len;

	if (!r->left && !r->after && r->fill <= INSPECT_FILL_MASK)
		inspect_after(s);
	if (!r->left || (!r->segment_left && !r->segments_left) || r->fill > INSPECT_FILL_MASK) {
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
			inspect_before(s);
		inspect_pass(r, len);
		r->fill += len;
		return;
	}
	if (r->behind) {
		/* what stands behind the write is not there to be seen, and was judged when written */
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
	} else {
		count(COUNTER_pages_unreadable);
		count_add(COUNTER_bytes_unreadable, len);
	}
	inspect_pass(r, len);
}

INSPECT_FUNCTION(inspect_read)

/* Moves the window's last bytes to its front. */
static __always_inline void inspect_carry_body(struct scratch *s)
{
	struct reader *r = &s->reader;

	for (__u64 i = 0; i < INSPECT_CARRY; i += 8)
		*(__u64 *)(s->window.bytes + i) = token_word(s->window.bytes, r->fill - INSPECT_CARRY + i);
	r->fill = INSPECT_CARRY;
	/* a token that ends inside the carry was reported from the window before */
	r->min_dot = INSPECT_CARRY - TOKEN_SECRET_LEN;
}

INSPECT_FUNCTION(inspect_carry)

static long inspect_step(__u32 index, struct inspect_context *context)
{
	struct scratch *s = context->s;
	struct reader *r = &s->reader;
	__u64 dot;

	(void)index;
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
	r->searching = 0;
	if (r->hole) {
		r->hole = 0;
		r->fill = 0;
		r->min_dot = 0;
		return 0;
	}
	if (r->fill <= INSPECT_FILL_MASK) {
		context->finished = 1;
		return 1;
	}
	inspect_carry(s);
	return 0;
}

int inspect_run(struct scratch *s)
{
	struct inspect_context context = {.s = s};
	__u64 left, cut;

	if (!s)
		return 0;
	left = s->event.length;
	count(COUNTER_writes_inspected);
	if (left > settings.inspect_bytes) {
		count(COUNTER_over_bound_writes);
		count_add(COUNTER_over_bound_bytes, left - settings.inspect_bytes);
		left = settings.inspect_bytes;
	}
	if (s->event.source == WRITE_SOURCE_LANDED && !inspect_has_neighbours(s)) {
		if (file_kind_has_offset(s->event.kind)) {
			count(COUNTER_files_deferred);
			emit_request(s, SAMPLE_UNREAD);
		} else {
			count(COUNTER_landed_unseen);
		}
		return 0;
	}
	/* too short to hold one, and no neighbours that could complete it */
	if (left < TOKEN_MIN_LEN && !inspect_has_neighbours(s) && !inspect_is_stream(s)) {
		count_add(COUNTER_bytes_inspected, left);
		return 0;
	}

	/* behind a cut nothing is a neighbour */
	cut = left < s->event.length;
	s->reader = (struct reader){.left = left, .fill = INSPECT_CARRY, .cut = cut, .after = cut};
	*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
	if (inspect_is_stream(s))
		inspect_stream_before(s);
	if (s->event.source == WRITE_SOURCE_VECTOR) {
		s->reader.next_segment = s->event.address;
		s->reader.segments_left = s->event.segments;
	} else {
		s->reader.in_cache = s->event.source == WRITE_SOURCE_LANDED;
		s->reader.address = s->reader.in_cache ? s->event.offset : s->event.address;
		s->reader.segment_left = left;
	}
	bpf_loop(INSPECT_STEPS, inspect_step, &context, 0);
	count_add(COUNTER_bytes_inspected, s->reader.position < left ? s->reader.position : left);
	if (!context.finished)
		count(COUNTER_steps_exhausted);
	if (inspect_is_stream(s))
		inspect_stream_after(s);
	if (s->reader.unread) {
		count(COUNTER_files_deferred);
		emit_request(s, SAMPLE_UNREAD);
	}
	/* A failing read leaves zeros behind: the shortest way to wipe a window that held a secret. */
	if (s->reader.found)
		bpf_probe_read_kernel(&s->window, sizeof(s->window), NULL);
	return 0;
}

int inspect_mapped(struct scratch *s)
{
	if (!s)
		return 0;
	count(COUNTER_files_deferred);
	emit_request(s, SAMPLE_MAPPED);
	return 0;
}
