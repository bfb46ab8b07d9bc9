// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * In place: could a token have come into being by what was just written to a file? Asked of the page
 * cache, by plain loads and without copying a byte. Nearly every write ends here; one that might hold a
 * token, or of which not all could be seen, is inspected as a whole (inspect.bpf.c).
 *
 *     ├─ page before ─┤├──────── page ────────┤├─ page behind ─┤
 *                 ├96┤├─ the write ─┤├95┤
 *                 │        │        │        │                    one word in 7 is looked at
 *
 * include/token_search.h tells why that is enough. Words count from the page's start, so each page begins a
 * grid of its own, and no gap is longer than 6 words. A word of [A-Z0-9] alone is common in some texts; one
 * in a run of 7 is not. Where there is one, that page is copied, with what is around it, and searched.
 *
 * Invariant: a write is found innocent only if every page that matters was seen.
 *
 * The verifier walks each of these functions alone, on kernels without plain loads as well: there, the test of
 * direct_loads that each begins with leaves nothing to walk.
 */
#define DIRECT_LOADS

#include "in_place.bpf.h"

#include "cache.bpf.h"
#include "direct.bpf.h"
#include "file.bpf.h"
#include "inspect.bpf.h"
#include "token_search.h"

#define IN_PLACE_WORDS (KERNEL_PAGE_SIZE / 8)
#define IN_PLACE_STRIDE (TOKEN_STRIDE / 8)
/* Words from one block's first probe to the next's: as many whole strides as one cast can reach. */
#define IN_PLACE_BLOCK (DIRECT_WORDS / IN_PLACE_STRIDE * IN_PLACE_STRIDE)
/* Where a block can begin last. */
#define IN_PLACE_LAST_BLOCK ((IN_PLACE_WORDS - DIRECT_WORDS) / IN_PLACE_STRIDE * IN_PLACE_STRIDE)
#define IN_PLACE_BLOCKS (IN_PLACE_WORDS / IN_PLACE_BLOCK + 2)

#define IN_PLACE_PROBES 9
_Static_assert(IN_PLACE_STRIDE == 7 && IN_PLACE_BLOCK == IN_PLACE_PROBES * IN_PLACE_STRIDE,
	       "a block's probes");

/* A page that is not resident; no page's address. */
#define IN_PLACE_UNKNOWN 1ULL
/* What is there can be no part of a token: before a file's first byte, behind its last. */
#define IN_PLACE_NOTHING 0ULL

/*
 * Could the word, which is all [A-Z0-9], be part of a secret portion? That holds 7 whole words or more, so the
 * third before this one or the third behind it is such a word too; what lies in another page counts as one.
 */
static __always_inline int in_place_in_run(__u64 page, __u64 word)
{
	return word < 3 || token_word_maybe(direct_word(page + (word - 3) * 8)) ||
	       word + 3 >= IN_PLACE_WORDS || token_word_maybe(direct_word(page + (word + 3) * 8));
}

/* A probe that leaves nothing moves a top bit into `passed`: less one, only nothing has it. */
#define IN_PLACE_GATHER(left) (((left) >> 7) - 1)

/* One of a block's probes has passed. Returns 1 if one of them lies in a run that could be a secret portion. */
__noinline int in_place_block(__u64 page, __u64 word)
{
	const struct bpf_verifier_log___aligned *words;
	__u64 exact = 0;

	if (!direct_loads)
		return 1;
	words = DIRECT_AT(page + word * 8);
#define IN_PLACE_EXACT(i) \
	exact |= IN_PLACE_GATHER(token_word_outside(DIRECT_WORD(words, (i)*IN_PLACE_STRIDE)));
	IN_PLACE_EXACT(0)
	IN_PLACE_EXACT(1)
	IN_PLACE_EXACT(2)
	IN_PLACE_EXACT(3)
	IN_PLACE_EXACT(4)
	IN_PLACE_EXACT(5)
	IN_PLACE_EXACT(6)
	IN_PLACE_EXACT(7)
	IN_PLACE_EXACT(8)
#undef IN_PLACE_EXACT
	if ((__s64)exact >= 0)
		return 0;
	for (int i = 0; i < IN_PLACE_PROBES; i++, word += IN_PLACE_STRIDE) {
		__u64 probe = direct_word(page + word * 8);

		if (token_word_maybe(probe) && !token_word_outside(probe) && in_place_in_run(page, word))
			return 1;
	}
	return 0;
}

/* Does one word lie in a run that could be a secret portion? */
static __always_inline int in_place_hit(__u64 page, __u64 word)
{
	return !token_word_outside(direct_word(page + word * 8)) && in_place_in_run(page, word);
}

/*
 * in_place_search() - the probes of a page from the grid's word at or before `first` on, to `last`.
 * Returns the word of the first block of which one has passed, IN_PLACE_WORDS if none has. Probes past `last` are
 * harmless: they stay in the page.
 *
 * A block's probes are gathered without a branch; where one has passed, they are gathered again with the exact test
 * (a time of day passes the first one), and only then looked at one by one.
 */
__noinline __u64 in_place_search(__u64 page, __u64 first, __u64 last)
{
	/* a seventh, of anything below a page's words */
	__u64 word = (first * 9363 >> 16) * IN_PLACE_STRIDE;

	if (!direct_loads)
		return 0;
#define IN_PLACE_PROBE(i) \
	passed |= IN_PLACE_GATHER(token_word_leaves(DIRECT_WORD(words, (i)*IN_PLACE_STRIDE)));
	for (__u32 i = 0; i < IN_PLACE_BLOCKS && word <= last; i++, word += IN_PLACE_BLOCK) {
		__u64 at = word > IN_PLACE_LAST_BLOCK ? IN_PLACE_LAST_BLOCK : word, passed = 0;
		const struct bpf_verifier_log___aligned *words = DIRECT_AT(page + at * 8);

		IN_PLACE_PROBE(0)
		IN_PLACE_PROBE(1)
		IN_PLACE_PROBE(2)
		IN_PLACE_PROBE(3)
		IN_PLACE_PROBE(4)
		IN_PLACE_PROBE(5)
		IN_PLACE_PROBE(6)
		IN_PLACE_PROBE(7)
		IN_PLACE_PROBE(8)
		if ((__s64)passed < 0)
			return at;
	}
#undef IN_PLACE_PROBE
	return IN_PLACE_WORDS;
}

/* May one of those probes lie in a secret portion? Returns 1 if so. */
__noinline int in_place_suspect(__u64 page, __u64 first, __u64 last)
{
	if (!direct_loads)
		return 1;
	for (__u32 i = 0; i < IN_PLACE_BLOCKS; i++) {
		__u64 word = in_place_search(page, first, last);

		if (word >= IN_PLACE_WORDS)
			break;
		if (in_place_block(page, word))
			return 1;
		first = word + IN_PLACE_BLOCK;
		if (first > last)
			break;
	}
	/* the one word of the grid that no block reaches */
	return last == IN_PLACE_WORDS - 1 && in_place_hit(page, IN_PLACE_WORDS - 1);
}

/* The address of page `index` of a mapping, IN_PLACE_UNKNOWN if it is not resident. */
__noinline __u64 in_place_page(__u64 mapping, __u64 index)
{
	__u64 address = cache_address(mapping, index, cache_bases.page_offset, cache_bases.vmemmap);

	return address ? address : IN_PLACE_UNKNOWN;
}

struct in_place_walk {
	struct scratch *s; /* for copies; NULL: a hit is enough to be unsure */
	__u64 mapping;
	__u64 index; /* of the first page */
	__u64 last_page; /* counted from the first one */
	__u64 first_word, last_word; /* of the first page and of the last one */
	__u64 written_first, written_last; /* the pages that the write itself lies in */
	__u64 page; /* the address of the one before */
	__u32 ends_page; /* the write ends with its last page */
	__u32 unsure;
	__u32 begins; /* it ends with the beginning of a token, which stands in the window */
};

static __always_inline __u8 in_place_byte(__u64 page, __u64 at)
{
	return direct_word(page + (at & ~7ULL)) >> (at & 7) * 8;
}

/* Reads INSPECT_CARRY bytes of another page to `to`, from its byte `from` on; returns 0 if it could. */
static __always_inline int in_place_beside(__u64 mapping, __u64 index, __u64 from, __u8 *to)
{
	__u64 page = in_place_page(mapping, index);

	return page == IN_PLACE_UNKNOWN ||
	       bpf_probe_read_kernel(to, INSPECT_CARRY, (const void *)(page + from));
}

/*
 * The words [first, last] of a page, and at its borders what stands in the pages beside: is there a token?
 * Returns 1 if so, or if it can't be told.
 */
__noinline int in_place_copied(struct scratch *s, __u64 mapping, __u64 index, __u64 first, __u64 last)
{
	__u64 page = in_place_page(mapping, index), len = (last + 1 - first) * 8, fill;

	if (!s || page == IN_PLACE_UNKNOWN)
		return 1;
	asm volatile("" : "+r"(len)); /* keep the bound where the verifier can see it */
	if (len > KERNEL_PAGE_SIZE)
		return 1;
	fill = INSPECT_CARRY + len;
	if (bpf_probe_read_kernel(&s->window.bytes[INSPECT_CARRY], len, (const void *)(page + first * 8)))
		return 1;
	if (first || !index ||
	    in_place_beside(mapping, index - 1, KERNEL_PAGE_SIZE - INSPECT_CARRY, s->window.bytes))
		*(__u64 *)(s->window.bytes + INSPECT_CARRY - 8) = 0;
	if (last == IN_PLACE_WORDS - 1 &&
	    !in_place_beside(mapping, index + 1, 0, &s->window.bytes[fill & (LIMIT_WINDOW_BYTES - 1)]))
		fill += INSPECT_CARRY;
	return inspect_search(&s->window, fill, INSPECT_CARRY - TOKEN_SECRET_LEN) != TOKEN_NONE;
}

/* Does a page end with the beginning of a token, which a later write at the next page may go on with? */
__noinline int in_place_begins(struct scratch *s, __u64 page)
{
	if (!direct_loads)
		return 1;
	if (!token_may_hold(in_place_byte(page, KERNEL_PAGE_SIZE - 1)))
		return 0;
	if (!s || bpf_probe_read_kernel(s->window.bytes, 2 * INSPECT_CARRY,
					(const void *)(page + KERNEL_PAGE_SIZE - 2 * INSPECT_CARRY)))
		return 1;
	return inspect_begins(&s->window, 2 * INSPECT_CARRY);
}

/* Returns 1 if page i of the walk might hold a token, or does not tell. */
static __always_inline int in_place_step_body(__u64 i, struct in_place_walk *w)
{
	__u64 first = i ? 0 : w->first_word;
	__u64 last = i < w->last_page ? IN_PLACE_WORDS - 1 : w->last_word;
	__u64 before = w->page, page = in_place_page(w->mapping, w->index + i);

	w->page = page;
	if (page == IN_PLACE_UNKNOWN) {
		/* a neighbour matters if a token could go on in it */
		if (i > w->written_last)
			return token_may_hold(in_place_byte(before, KERNEL_PAGE_SIZE - 1));
		return i >= w->written_first;
	}
	if (i == w->written_first && before == IN_PLACE_UNKNOWN && token_may_hold(in_place_byte(page, 0)))
		return 1;
	if (in_place_suspect(page, first, last) &&
	    in_place_copied(w->s, w->mapping, w->index + i, first, last))
		return 1;
	if (i == w->written_last && w->ends_page)
		w->begins = in_place_begins(w->s, page);
	return 0;
}

static long in_place_step(__u32 i, struct in_place_walk *w)
{
	w->unsure = in_place_step_body(i, w);
	return w->unsure;
}

int in_place_innocent(struct scratch *s, __u64 mapping, __u64 start, __u64 len)
{
	__u64 from = start > TOKEN_MAX_LEN ? start - TOKEN_MAX_LEN : 0, end = start + len;
	__u64 to = end + TOKEN_MAX_LEN - 1;
	struct in_place_walk w = {.s = s, .mapping = mapping};

	if (!direct_loads)
		return IN_PLACE_UNSURE;
	if (!len)
		return IN_PLACE_INNOCENT;
	/* behind the file's end there are zeros up to the page's end, and no page behind that */
	if (to / KERNEL_PAGE_SIZE != (end - 1) / KERNEL_PAGE_SIZE &&
	    to >= (__u64)KERNEL_READ(struct inode, KERNEL_POINTER(struct address_space, mapping, host),
				     i_size))
		to = (end - 1) | (KERNEL_PAGE_SIZE - 1);
	w.index = from / KERNEL_PAGE_SIZE;
	w.last_page = to / KERNEL_PAGE_SIZE - w.index;
	w.first_word = from % KERNEL_PAGE_SIZE / 8;
	w.last_word = to % KERNEL_PAGE_SIZE / 8;
	w.written_first = start / KERNEL_PAGE_SIZE - w.index;
	w.written_last = (end - 1) / KERNEL_PAGE_SIZE - w.index;
	w.ends_page = !(end % KERNEL_PAGE_SIZE);
	w.page = IN_PLACE_NOTHING;
	if (!w.last_page)
		w.unsure = in_place_step_body(0, &w);
	else
		bpf_loop(w.last_page + 1, in_place_step, &w, 0);
	if (w.unsure)
		return IN_PLACE_UNSURE;
	return w.begins ? IN_PLACE_BEGINS : IN_PLACE_INNOCENT;
}

/*
 * Where a write's bytes went, as far as it can be told at once; what can't is left to the slow way.
 * @exact: the position is where they went, whatever the file was opened with; otherwise it is the call's own, or -1
 */
static __always_inline int in_place_written(const struct file *file, __s64 position, __u64 len, int exact)
{
	const struct super_block *sb;
	const struct inode *inode;
	__u64 magic, mapping;
	__u32 kind, flags;
	struct scratch *s;
	__u8 cached = 0;
	int result;

	inode = KERNEL_POINTER(struct file, file, f_inode);
	if ((KERNEL_READ(struct inode, inode, i_mode) & KERNEL_S_IFMT) != KERNEL_S_IFREG)
		return settings.watch & (1U << file_kind(file)) ? IN_PLACE_UNSURE : IN_PLACE_UNWATCHED;
	sb = KERNEL_POINTER(struct inode, inode, i_sb);
	magic = KERNEL_READ(struct super_block, sb, s_magic);
	kind = file_kind_on(magic, sb);
	if (!(settings.watch & (1U << kind)))
		return IN_PLACE_UNWATCHED;
	if (!cache_bases.direct || len > settings.inspect_bytes)
		return IN_PLACE_UNSURE;
	flags = KERNEL_READ(struct file, file, f_flags);
	if (flags & KERNEL_O_DIRECT || (!exact && position >= 0 && flags & KERNEL_O_APPEND))
		return IN_PLACE_UNSURE;
	mapping = file_mapping_on(file, magic, &cached);
	if (!mapping || !cached)
		return IN_PLACE_UNSURE;
	if (position < 0) {
		if (exact || !file_position_is_ours(bpf_get_current_task_btf(), file))
			return IN_PLACE_UNSURE;
		position = KERNEL_READ(struct file, file, f_pos) - len;
	}
	s = inspect_take();
	if (!s)
		return IN_PLACE_UNSURE;
	result = in_place_innocent(s, mapping, position, len);
	inspect_end(s);
	return result == IN_PLACE_BEGINS ? IN_PLACE_UNSURE : result;
}

int in_place_call(__u32 number, __s64 position, __u64 len)
{
	const struct file *file = file_by_number(bpf_get_current_task_btf(), number);

	return direct_loads && file ? in_place_written(file, position, len, 0) : IN_PLACE_UNSURE;
}

int in_place_file(__u64 address, __s64 position, __u64 len)
{
	const struct file *file = (const struct file *)address;

	/* a stacked file system's own file is not for us to count */
	if (!direct_loads || !file || (__u64)KERNEL_READ(struct file, file, f_mode) & KERNEL_FMODE_NOACCOUNT)
		return IN_PLACE_UNSURE;
	return in_place_written(file, position, len, 1);
}

__u64 in_place_peek(__u64 address)
{
	return direct_loads ? direct_word(address) : 0;
}
