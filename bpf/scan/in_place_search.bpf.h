/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * In place: could a token have come into being by what was just written to a file? Asked of the page
 * cache, by plain loads and without copying a byte. Nearly every write ends here; one that might hold a
 * token, or of which not all could be seen, is inspected as a whole (inspect.bpf.c).
 *
 *     ├─ page before ─┤├──────── page ────────┤├─ page behind ─┤
 *                 ├96┤├─ the write ─┤├95┤
 *                 │        │        │        │             one word in 8, which is 64 in a page, is looked at
 *
 * include/token_search.h tells why that is enough (TOKEN_RUN_STRIDE). What has passed goes, as far as it must,
 *
 *   1. by the exact test, of the word and of those beside it (in_place_hit);
 *   2. by a look for a dot or a beginning anywhere near, which a text of capitals has not (in_place_begun);
 *   3. from run to run, for one that is as long as a secret portion and has an identifier before it (in_place_run); where
 *      it would lie across two pages, in a copy of their ends (in_place_across).
 *
 * A page beside the write is looked at only if the write's own first byte, or its end, could stand in a token that goes
 * on there. The pages of a large folio lie in a row: some are searched in one go.
 *
 * Invariant: a write is found innocent only if every page that matters was seen.
 *
 * What counts on the writer's side is calls: where returns are guarded against speculation, each costs as much as
 * five probes or more. What counts at the start is the verifier, which walks each of these functions alone, on kernels without
 * plain loads as well: there, the test of direct_loads that each begins with leaves nothing to walk.
 *
 * Part of syscall.bpf.c alone, whose hook most of it is compiled into.
 */
#pragma once

#include "scan/in_place.bpf.h"

#include "scan/partial.bpf.h"
#include "scan/cache.bpf.h"
#include "base/direct.bpf.h"
#include "base/file.bpf.h"
#include "scan/inspect.bpf.h"

#define TOKEN_MEMORY(address) DIRECT_AT(address)
#define TOKEN_MEMORY_WORD(memory, at) DIRECT_WORD(memory, at)

#include "token_runs.h"

#define IN_PLACE_WORDS (KERNEL_PAGE_SIZE / 8)
#define IN_PLACE_STRIDE (TOKEN_RUN_STRIDE / 8)
/* Words of a block of probes. */
#define IN_PLACE_BLOCK 64U
#define IN_PLACE_BLOCK_BYTES (IN_PLACE_BLOCK * 8)
#define IN_PLACE_BLOCKS (IN_PLACE_WORDS / IN_PLACE_BLOCK)
_Static_assert(IN_PLACE_BLOCK % IN_PLACE_STRIDE == 0 && IN_PLACE_WORDS % IN_PLACE_BLOCK == 0,
	       "one grid for all pages");
_Static_assert(IN_PLACE_BLOCK / IN_PLACE_STRIDE == 8, "a block's probes");

/* Pages of a folio that are searched in one go. */
#define IN_PLACE_PAGES 2

/* Blocks that are judged at once. */
#define IN_PLACE_DENSE_BLOCKS 8U

/*
 * Where a token that a probe of a block meets begins, and has its second dot: from the block's first byte on. Its last probe
 * is IN_PLACE_STRIDE words before its end; a run begins with the dot behind the prefix. The walk for the dots goes by whole
 * words: one across a page's end reads as 0 if the memory behind that can't be read.
 */
#define IN_PLACE_BEGIN_FIRST (8 - TOKEN_MAX_LEN)
#define IN_PLACE_BEGIN_LAST (IN_PLACE_BLOCK_BYTES - TOKEN_RUN_STRIDE - TOKEN_PREFIX_LEN)
#define IN_PLACE_DOT_FIRST (-TOKEN_SECRET_LEN)
#define IN_PLACE_DOT_END (IN_PLACE_BLOCK_BYTES - TOKEN_RUN_STRIDE + 1 + TOKEN_PUBLIC_MAX + 1)
/* From where on the second dot of a token can lie that begins in the same page, at a whole word. */
#define IN_PLACE_DOT_IN_PAGE (TOKEN_IDENTIFIER_MIN / 8 * 8)

_Static_assert(IN_PLACE_DOT_FIRST <= 8 - TOKEN_SECRET_LEN - 1 && IN_PLACE_DOT_FIRST % 8 == 0,
	       "no dot left out, whole words");

/* Bytes from the first dot of so many blocks to the last one. */
#define IN_PLACE_DOTS \
	((IN_PLACE_DENSE_BLOCKS - 1) * IN_PLACE_BLOCK_BYTES + IN_PLACE_DOT_END - IN_PLACE_DOT_FIRST)

_Static_assert(IN_PLACE_BEGIN_LAST - IN_PLACE_BEGIN_FIRST + 8 <= DIRECT_BYTES,
	       "in_place_begun() is in reach of one cast");

/* Steps from run to run in one go: the verifier walks each. */
#define IN_PLACE_STEPS 16

/* Calls of in_place_run() that walk so many bytes, whatever they hold. */
#define IN_PLACE_GOES(bytes) (TOKEN_RUNS_STEPS(bytes) / IN_PLACE_STEPS + 1 + TOKEN_RUNS_SUSPECTS(bytes))

/* The address of page `index` of a mapping, 0 if it is not resident. */
__noinline __u64 in_place_page(__u64 mapping, __u64 index)
{
	return direct_loads ? cache_address(mapping, index, cache_bases.page_offset, cache_bases.vmemmap) : 0;
}

/* Could a token begin in the bytes from this address on, a constant number? */
static __always_inline int in_place_begun(__u64 from, __u32 bytes)
{
	__auto_type memory = TOKEN_MEMORY(from + TOKEN_PREFIX_LEN);
	__u64 begins = 0;

	TOKEN_UNROLL
	for (__u32 i = 0; i * TOKEN_BEGUN_STEP < bytes; i++) {
		begins |= token_word_begins(TOKEN_MEMORY_WORD(memory, i * TOKEN_BEGUN_STEP));
		TOKEN_IN_ORDER(begins);
	}
	return (begins & TOKEN_TOPS) != 0;
}

/* Bytes in which most of what has beginnings has one: the others are not looked at then. */
#define IN_PLACE_BEGUN_SOON (8 * TOKEN_BEGUN_STEP)

/* The same for a whole block, from the first beginning that is a matter of it. */
static __always_inline int in_place_block_begun(__u64 from)
{
	return in_place_begun(from, IN_PLACE_BEGUN_SOON) ||
	       in_place_begun(from + IN_PLACE_BEGUN_SOON,
			      IN_PLACE_BEGIN_LAST + 1 - IN_PLACE_BEGIN_FIRST - IN_PLACE_BEGUN_SOON);
}

/*
 * Walks from run to run, by IN_PLACE_STEPS or to the next suspect, in search of a token whose second dot lies from `at` on and
 * before `end`. Returns the address that it has come to; 0 if there is none, 1 if there is one.
 */
__noinline __u64 in_place_run(__u64 at, __u64 end)
{
	__u64 marks;

	if (!direct_loads)
		return 1;
	marks = token_runs_marks(at);
	for (__u32 i = 0; i < IN_PLACE_STEPS && at < end; i++)
		if (token_runs_next(&at, &marks))
			goto suspect;
	return at < end ? at : 0;
suspect:
	/* behind the loop: the verifier walks that for each step, and this once */
	return token_runs_token(token_runs_dot(at, marks)) ? 1 : at + TOKEN_SECRET_LEN;
}

/*
 * Is there a token whose second dot lies from `at` on and before `end`? Returns 1 if so, or if that can't be told, as memory has
 * changed meanwhile.
 * @goes: IN_PLACE_GOES() of the bytes
 */
static __always_inline int in_place_secrets(__u64 at, __u64 end, __u32 goes)
{
	for (__u32 i = 0; i < goes; i++) {
		at = in_place_run(at, end);
		if (at <= 1)
			return at;
	}
	return 1;
}

/* Bytes of a page in which a token that goes on in the next one could begin, for in_place_begun(). */
#define IN_PLACE_ACROSS ((TOKEN_MAX_LEN + TOKEN_BEGUN_STEP - 1) / TOKEN_BEGUN_STEP * TOKEN_BEGUN_STEP)

/*
 * Is there a token that lies in both of two pages, of which one follows the other in the file? Returns 1 if so, or if it
 * can't be told.
 */
static __always_inline int in_place_across(__u64 before, __u64 behind)
{
	struct scratch *s;
	int result = 1;
	__u64 middle;

	/* the last word ends where the page does */
	if (!in_place_begun(before + KERNEL_PAGE_SIZE - IN_PLACE_ACROSS, IN_PLACE_ACROSS))
		return 0;
	s = inspect_take();
	if (!s)
		return 1;
	middle = inspect_window(s) + INSPECT_CARRY;
	if (!bpf_probe_read_kernel(s->window.bytes, INSPECT_CARRY,
				   (const void *)(before + KERNEL_PAGE_SIZE - INSPECT_CARRY)) &&
	    !bpf_probe_read_kernel(s->window.bytes + INSPECT_CARRY, INSPECT_CARRY, (const void *)behind))
		result = in_place_secrets(middle - TOKEN_SECRET_LEN, middle + TOKEN_IDENTIFIER_MAX,
					  IN_PLACE_GOES(TOKEN_SECRET_LEN + TOKEN_IDENTIFIER_MAX));
	if (result)
		inspect_wipe(s);
	inspect_end(s);
	return result;
}

static __always_inline __u8 in_place_byte(__u64 page, __u64 at)
{
	return direct_word(page + (at & ~7ULL)) >> (at & 7) * 8;
}

/* The pages of a write, one folio after the other. As small as it can be: it lies in the hook's own frame. */
struct in_place_walk {
	__u64 mapping;
	__u64 until; /* when the time is over, ns; 0: it is short */
	__u64 index, last; /* of the next page, of the last one */
	__u64 page; /* address of the last page that was looked at */
	/* the pages in a row: where the first one is, the address behind the last block */
	__u64 address, end;
	__u32 first_block, last_block; /* of the next page, of the last one */
	__u32 at; /* what is asked for in the next page: its byte at this place */
	__u32 more; /* pages that lie in a row with the last one, behind it */
	__u16 byte;
	__u32 unsure; /* not 0: the last pages could not be seen, or are not seen yet */
};

/* Of `unsure`: these pages are in a row with the last ones, whose folio was looked up before. */
#define IN_PLACE_CONTINUED 2U

/*
 * How many pages lie in a row from page `index` of its file on, which the folio has: without a branch, of which the
 * verifier would follow each. What stands for a small folio's number of pages is its neighbour's, and not used.
 */
static __always_inline __u64 in_place_row(__u64 folio, __u64 index)
{
	const struct folio___counted *counted = (const void *)folio;
	/* its flags come first; their type has changed */
	__u64 large = direct_word(folio) >> bpf_core_enum_value(enum pageflags, PG_head) & 1;
	__u64 pages = 1;

	if (bpf_core_field_exists(counted->_nr_pages))
		pages = DIRECT(struct folio___counted, folio)->_nr_pages;
	else if (bpf_core_field_exists(counted->_folio_nr_pages))
		pages = DIRECT(struct folio___counted, folio)->_folio_nr_pages;
	return 1 + ((pages - 1 - (index - KERNEL_READ(struct folio, folio, index))) & -large);
}

/* Of in_place_hit(); any other value is the last block of which it is known that no probe meets a token. */
enum {
	IN_PLACE_PASSED, /* no token at this probe */
	IN_PLACE_SOME, /* there is one, or it can't be told */
};

/*
 * A probe has passed the first tests. Could it be part of a token's run? That holds 8 whole words or more, so the fourth
 * before this one or the fourth behind it is another. If so, the block is judged, and those behind it that are alike.
 */
__noinline __u64 in_place_hit(struct in_place_walk *w, __u64 block, __u64 probe)
{
	__u64 index, before, behind, from, to, last;
	int first;

	if (!direct_loads || !w)
		return IN_PLACE_SOME;
	if (token_run_outside(direct_word(probe)))
		return IN_PLACE_PASSED;
	/* before the first page in a row is nothing to be looked at */
	if (probe != w->address && token_run_outside(direct_word(probe - IN_PLACE_STRIDE / 2 * 8)) &&
	    token_run_outside(direct_word(probe + IN_PLACE_STRIDE / 2 * 8)))
		return IN_PLACE_PASSED;

	from = block + IN_PLACE_DOT_FIRST;
	last = w->end - IN_PLACE_BLOCK_BYTES;
	if (last > block + (IN_PLACE_DENSE_BLOCKS - 1) * IN_PLACE_BLOCK_BYTES)
		last = block + (IN_PLACE_DENSE_BLOCKS - 1) * IN_PLACE_BLOCK_BYTES;
	/* the block that a token from the page before would end in is judged by itself */
	first = block == w->address && w->unsure != IN_PLACE_CONTINUED;
	if (first) {
		from = block + IN_PLACE_DOT_IN_PAGE;
		last = block;
	}
	/* what lies behind the pages in a row is not the file's; tokens across that edge come below */
	to = last + IN_PLACE_DOT_END;
	if (to > w->page + KERNEL_PAGE_SIZE - TOKEN_SECRET_LEN && !w->more)
		to = w->page + KERNEL_PAGE_SIZE - TOKEN_SECRET_LEN;

	/* most of what is all capitals has no beginning */
	for (__u32 i = 0; i < IN_PLACE_DENSE_BLOCKS; i++) {
		if (in_place_block_begun(block + IN_PLACE_BEGIN_FIRST)) {
			if (in_place_secrets(from, to, IN_PLACE_GOES(IN_PLACE_DOTS)))
				return IN_PLACE_SOME;
			block = last;
			break;
		}
		if (block >= last || token_run_leaves(direct_word(block + IN_PLACE_BLOCK_BYTES)))
			break;
		block += IN_PLACE_BLOCK_BYTES;
		from += IN_PLACE_BLOCK_BYTES;
	}

	if (first) {
		index = w->index - 1 - (w->page - block) / KERNEL_PAGE_SIZE;
		if (!index)
			return block;
		before = in_place_page(w->mapping, index - 1);
		behind = block;
		if (!before)
			return IN_PLACE_SOME;
	} else if (block == w->page + KERNEL_PAGE_SIZE - IN_PLACE_BLOCK_BYTES && !w->more) {
		before = w->page;
		behind = in_place_page(w->mapping, w->index);
		/* if it matters that it is missing, that is seen when it is looked at itself */
		if (!behind)
			return block;
	} else {
		return block;
	}
	return in_place_across(before, behind) ? IN_PLACE_SOME : block;
}

/*
 * Probe i of the block at the address `block`, and what is to be done if it passes. That stands behind all probes: the
 * verifier follows the usual way first, and then finds known what the others come back to.
 */
#define IN_PLACE_PROBE(i)                                               \
	if (!token_run_far(DIRECT_WORD(words, TOKEN_RUN_STRIDE * (i)))) \
		goto passed_##i;                                        \
	behind_##i:
#define IN_PLACE_PASSED_AT(i)                                                                           \
	passed_##i : if (token_run_leaves(DIRECT_WORD(words, TOKEN_RUN_STRIDE * (i)))) goto behind_##i; \
	judged = in_place_hit(w, block, block + TOKEN_RUN_STRIDE * (i));                                \
	if (!judged)                                                                                    \
		goto behind_##i;                                                                        \
	goto judged;

/*
 * in_place_pages() - searches the next pages of a walk that lie in a row.
 * Returns 1 if that was the end of it: it is done, or it might hold a token, or can't be seen (unsure).
 */
__noinline int in_place_pages(struct in_place_walk *w)
{
	__u64 index, left, folio, row, address, block;

	if (!direct_loads || !w)
		return 1;
	w->unsure = 1;
	index = w->index;
	left = w->last - index;
	row = w->more;
	if (row) {
		w->unsure = IN_PLACE_CONTINUED;
		address = w->page + KERNEL_PAGE_SIZE;
	} else {
		folio = cache_folio(w->mapping, index);
		if (!folio)
			return 1;
		address = cache_address_in(folio, index, cache_bases.page_offset, cache_bases.vmemmap);
		if (!address)
			return 1;
		row = left ? in_place_row(folio, index) : 1;
	}
	if (row > left)
		row = left + 1;
	w->more = row;
	if (row > IN_PLACE_PAGES)
		row = IN_PLACE_PAGES;
	w->more -= row;
	w->byte = in_place_byte(address, w->at);
	w->page = address + (row - 1) * KERNEL_PAGE_SIZE;
	w->index = index + row;
	/* out of the verifier's sight, who would go through the loop for each way that leads here */
	w->address = address;
	w->end = address +
		 (row > left ? (row - 1) * KERNEL_PAGE_SIZE + (w->last_block + 1) * IN_PLACE_BLOCK_BYTES
			     : row * KERNEL_PAGE_SIZE);

	block = w->address + (__u64)w->first_block * IN_PLACE_BLOCK_BYTES;
	w->first_block = 0;
	for (__u32 i = 0; i < IN_PLACE_PAGES * IN_PLACE_BLOCKS && block < w->end;
	     i++, block += IN_PLACE_BLOCK_BYTES) {
		const char *words = DIRECT_AT(block);
		__u64 judged;

		IN_PLACE_PROBE(0)
		IN_PLACE_PROBE(1)
		IN_PLACE_PROBE(2)
		IN_PLACE_PROBE(3)
		IN_PLACE_PROBE(4)
		IN_PLACE_PROBE(5)
		IN_PLACE_PROBE(6)
		IN_PLACE_PROBE(7)
		continue;
		IN_PLACE_PASSED_AT(0)
		IN_PLACE_PASSED_AT(1)
		IN_PLACE_PASSED_AT(2)
		IN_PLACE_PASSED_AT(3)
		IN_PLACE_PASSED_AT(4)
		IN_PLACE_PASSED_AT(5)
		IN_PLACE_PASSED_AT(6)
		IN_PLACE_PASSED_AT(7)
	judged:
		if (judged == IN_PLACE_SOME)
			return 1;
		block = judged;
	}
	/* a folio that was moved meanwhile has left us with memory of others */
	if (w->unsure == IN_PLACE_CONTINUED && !w->more && w->mapping &&
	    in_place_page(w->mapping, w->index - 1) != w->page)
		return 1;
	w->unsure = 0;
	return w->index > w->last;
}

static long in_place_step(__u32 i, struct in_place_walk *w)
{
	/* what was last looked at is not the end */
	if (i % IN_PLACE_LONG == IN_PLACE_LONG - 1 && bpf_ktime_get_ns() > w->until) {
		w->unsure = 1;
		return 1;
	}
	return in_place_pages(w) & 1;
}

/* A block of a page beside the write, in which a token could lie in part. Returns 1 if there might be one. */
static __always_inline int in_place_edge(struct in_place_walk *w, __u64 index, __u64 block)
{
	w->index = index;
	w->last = index;
	w->more = 0;
	w->first_block = block;
	w->last_block = block;
	in_place_pages(w);
	return w->unsure;
}

/*
 * If a page ends with all of a token but a few bytes, remembers it for a later write at the next page, by whose time this one may have
 * been evicted. Returns 1 if that can't be told.
 * @position: in the file, behind the page
 */
__noinline int in_place_begins(__u64 mapping, __u64 page, __u64 position)
{
	struct scratch *s;
	int result = 1;

	if (!direct_loads)
		return 1;
	s = inspect_take();
	if (!s)
		return 1;
	if (!bpf_probe_read_kernel(s->window.bytes, 2 * INSPECT_CARRY,
				   (const void *)(page + KERNEL_PAGE_SIZE - 2 * INSPECT_CARRY))) {
		result = 0;
		if (inspect_begins(&s->window, 2 * INSPECT_CARRY)) {
			struct begun_key key =
				begun_key(KERNEL_POINTER(struct address_space, mapping, host), position);

			begun_remember(&key, (const struct begun_value *)begun_nothing);
			inspect_wipe(s);
		}
	}
	inspect_end(s);
	return result;
}

/* token_may_go_on() of the text that ends before the address `end`. */
static __always_inline int in_place_may_go_on(__u64 end)
{
	const char *memory = DIRECT_AT(end - 16);

	return token_may_go_on(DIRECT_WORD(memory, 0), DIRECT_WORD(memory, 8));
}

/*
 * A write that is shorter than a token, and lies in one page with what stands before it: it makes one only if it goes
 * on with one, or is gone on with. Returns 1 if it does neither, so that its other bytes need not be looked at.
 */
static __always_inline int in_place_short(__u64 mapping, __u64 start, __u64 len)
{
	__u64 at = start % KERNEL_PAGE_SIZE, page;

	/* 16 bytes are looked at before either end, of which none lies before the page: that may not even be there */
	if (len >= TOKEN_MIN_LEN || at + len > KERNEL_PAGE_SIZE || at + len < 16 || (start && at < 16))
		return 0;
	page = in_place_page(mapping, start / KERNEL_PAGE_SIZE);
	return page && (!start || !in_place_may_go_on(page + at)) && !in_place_may_go_on(page + at + len);
}

/* @until: when the time is over, or 0: then it begins now */
static __always_inline int in_place_write(__u64 mapping, __u64 start, __u64 len, __u64 until)
{
	__u64 last_byte = start + len - 1, last_at = last_byte % KERNEL_PAGE_SIZE;
	__u64 first = start / KERNEL_PAGE_SIZE, last = last_byte / KERNEL_PAGE_SIZE, page;
	__u64 first_at = start % KERNEL_PAGE_SIZE,
	      last_block = (last_at + TOKEN_MAX_LEN - 1) / IN_PLACE_BLOCK_BYTES;
	struct in_place_walk w = {.mapping = mapping, .index = first, .last = last, .at = first_at};

	if (!len)
		return IN_PLACE_INNOCENT;
	if (first_at > TOKEN_MAX_LEN)
		w.first_block = (first_at - TOKEN_MAX_LEN) / IN_PLACE_BLOCK_BYTES;
	w.last_block = last_block < IN_PLACE_BLOCKS ? last_block : IN_PLACE_BLOCKS - 1;
	if (last - first >= IN_PLACE_LONG)
		w.until = until ? until : bpf_ktime_get_ns() + settings.hook_ns;
	if (!in_place_pages(&w)) {
		/* its first byte stands there already; the others are not asked for */
		__u32 byte = w.byte;

		bpf_loop(last - first, in_place_step, &w, 0);
		w.byte = byte;
	}
	if (w.unsure)
		return w.until && bpf_ktime_get_ns() > w.until - settings.hook_ns / 2 ? IN_PLACE_LATE
										      : IN_PLACE_UNSURE;
	page = w.page;
	if (first_at < TOKEN_MAX_LEN && first && token_run_may_hold(w.byte) &&
	    in_place_edge(&w, first - 1, IN_PLACE_BLOCKS - 1))
		return IN_PLACE_UNSURE;
	if (last_at + TOKEN_MAX_LEN <= KERNEL_PAGE_SIZE || !in_place_may_go_on(page + last_at + 1))
		return IN_PLACE_INNOCENT;
	/* behind the file's end there are zeros up to the page's end, and no page behind that */
	if ((__u64)KERNEL_READ(struct inode, KERNEL_POINTER(struct address_space, mapping, host), i_size) >
		    (last + 1) * KERNEL_PAGE_SIZE &&
	    in_place_edge(&w, last + 1, 0))
		return IN_PLACE_UNSURE;
	if (last_at == KERNEL_PAGE_SIZE - 1 && in_place_begins(mapping, page, (last + 1) * KERNEL_PAGE_SIZE))
		return IN_PLACE_UNSURE;
	return IN_PLACE_INNOCENT;
}

int in_place_innocent(__u64 mapping, __u64 start, __u64 len, __u64 until)
{
	return direct_loads ? in_place_write(mapping, start, len, until) : IN_PLACE_UNSURE;
}

int in_place_memory(__u64 address, __u64 len)
{
	__u64 first = address & ~(KERNEL_PAGE_SIZE - 1), end = address + len, pages;
	struct in_place_walk w = {};

	if (!direct_loads || !cache_bases.direct || len < TOKEN_BEGUN_STEP)
		return IN_PLACE_UNSURE;
	pages = (end - first + KERNEL_PAGE_SIZE - 1) / KERNEL_PAGE_SIZE;
	/* as if the page before had been looked at, in a row with these */
	w.page = first - KERNEL_PAGE_SIZE;
	w.last = pages - 1;
	w.more = pages;
	w.last_block = IN_PLACE_BLOCKS - 1;
	bpf_loop(pages, in_place_step, &w, 0);
	if (w.unsure || w.index <= w.last)
		return IN_PLACE_UNSURE;
	/* what goes on behind it lies elsewhere in memory */
	if (len >= IN_PLACE_ACROSS && in_place_begun(end - IN_PLACE_ACROSS, IN_PLACE_ACROSS))
		return IN_PLACE_UNSURE;
	return IN_PLACE_INNOCENT;
}

/*
 * Where a write's bytes went, as far as it can be told at once; what can't is left to the slow way.
 * @exact: the position is where they went, whatever the file was opened with; otherwise it is the call's own, or -1
 */
static __always_inline int in_place_written(const struct task_struct *task, const struct file *file,
					    __s64 position, __u64 len, int exact)
{
	const struct super_block *sb;
	const struct inode *inode;
	__u64 magic, mapping;
	__u32 kind, flags;
	__u8 cached = 0;

	inode = KERNEL_POINTER(struct file, file, f_inode);
	if ((KERNEL_READ(struct inode, inode, i_mode) & KERNEL_S_IFMT) != KERNEL_S_IFREG)
		return settings.watch & (1U << file_kind(file)) ? IN_PLACE_UNSURE : IN_PLACE_UNWATCHED;
	sb = KERNEL_POINTER(struct inode, inode, i_sb);
	magic = KERNEL_READ(struct super_block, sb, s_magic);
	kind = file_kind_on(magic, sb);
	if (!(settings.watch & (1U << kind)))
		return IN_PLACE_UNWATCHED;
	if (settings.suspects || !cache_bases.direct || len > settings.inspect_bytes)
		return IN_PLACE_UNSURE;
	flags = KERNEL_READ(struct file, file, f_flags);
	if (flags & KERNEL_O_DIRECT || (!exact && position >= 0 && flags & KERNEL_O_APPEND))
		return IN_PLACE_UNSURE;
	mapping = file_mapping_on(file, magic, &cached);
	if (!mapping || !cached)
		return IN_PLACE_UNSURE;
	if (position < 0) {
		if (exact || !file_position_is_ours(task, file))
			return IN_PLACE_UNSURE;
		position = KERNEL_READ(struct file, file, f_pos) - len;
	}
	return in_place_short(mapping, position, len) ? IN_PLACE_INNOCENT
						      : in_place_write(mapping, position, len, 0);
}

/*
 * in_place_call() - enum in_place of a write call of the current task that has returned len > 0. Only where
 * direct_loads.
 * @number: of the descriptor; @position: the call's own, or -1 if it used the file's
 */
static __always_inline int in_place_call(const struct task_struct *task, __u32 number, __s64 position,
					 __u64 len)
{
	const struct file *file = file_by_number(task, number);

	return file ? in_place_written(task, file, position, len, 0) : IN_PLACE_UNSURE;
}

int in_place_file(__u64 address, __s64 position, __u64 len)
{
	const struct file *file = (const struct file *)address;

	/* a stacked file system's own file is not for us to count */
	if (!direct_loads || !file || (__u64)KERNEL_READ(struct file, file, f_mode) & KERNEL_FMODE_NOACCOUNT)
		return IN_PLACE_UNSURE;
	return in_place_written(NULL, file, position, len, 1);
}

__u64 in_place_peek(__u64 address)
{
	return direct_loads ? direct_word(address) : 0;
}
