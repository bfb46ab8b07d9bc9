// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The search in place (bpf/scan/in_place_search.bpf.h) on a page cache that is made up: files of some folios that lie about in memory,
 * with other files' bytes or nothing between them. A write that a token lies in, or touches, must never be innocent; and of the
 * others nearly all must be.
 */
#include "unit.h"

#include "bounds.h"
#include "token_runs_load.h"
#include "types.h"

#include <stdlib.h>

#define KERNEL_PAGE_SIZE 4096ULL
#define FRAMES 40
#define FILE_PAGES 12
#define CASES 60000

/* --- what the search asks the kernel for ---------------------------------------------------------- */

struct folio___counted {
	uint64_t flags;
	uint32_t _nr_pages, _folio_nr_pages;
};

struct folio {
	struct folio___counted counted;
	uint64_t index;
};

struct inode {
	uint64_t i_size;
};

struct address_space {
	struct inode *host;
};

enum pageflags { PG_head };
enum in_place { IN_PLACE_UNSURE, IN_PLACE_UNWATCHED, IN_PLACE_LATE, IN_PLACE_INNOCENT };
#define IN_PLACE_LONG 32

static struct memory {
	uint8_t frames[FRAMES][KERNEL_PAGE_SIZE] __attribute__((aligned(4096)));
	bool mapped[FRAMES];
} memory;

static struct scratch {
	struct {
		uint8_t bytes[4096];
	} window;
} scratch;

static struct cache {
	struct inode inode;
	struct address_space mapping;
	struct folio folios[FILE_PAGES]; /* of each page */
	int frames[FILE_PAGES]; /* -1: not resident */
} cache;

static const bool direct_loads = true;
static const struct {
	uint64_t page_offset, vmemmap;
	bool direct;
} cache_bases;

static const struct {
	uint64_t hook_ns;
} settings = {1};

/* Time stands still. */
static uint64_t bpf_ktime_get_ns(void)
{
	return 1;
}

static bool memory_is_mapped(uint64_t address)
{
	uint64_t at = address - (uint64_t)(uintptr_t)memory.frames;

	return at < sizeof(memory.frames) && memory.mapped[at / KERNEL_PAGE_SIZE];
}

static bool memory_within(const void *object, size_t size, uint64_t address)
{
	return address - (uint64_t)(uintptr_t)object <= size - 8;
}

/* As the kernel's loads: 0 if any byte of the word can't be read. */
static __u64 direct_word(uint64_t address)
{
	if (!memory_within(&scratch, sizeof(scratch), address) &&
	    !memory_within(&cache, sizeof(cache), address) &&
	    !(memory_is_mapped(address) && memory_is_mapped(address + 7)))
		return 0;
	return token_load((const uint8_t *)(uintptr_t)address);
}

__u64 token_runs_load(const uint8_t *bytes)
{
	return direct_word((uint64_t)(uintptr_t)bytes);
}

static long bpf_probe_read_kernel(void *to, uint32_t size, const void *from)
{
	uint64_t address = (uint64_t)(uintptr_t)from;

	if (!memory_is_mapped(address) || !memory_is_mapped(address + size - 1))
		return -1;
	memcpy(to, from, size);
	return 0;
}

static uint64_t cache_address(uint64_t mapping, uint64_t index, uint64_t page_offset, uint64_t vmemmap)
{
	(void)mapping, (void)page_offset, (void)vmemmap;
	return index < FILE_PAGES && cache.frames[index] >= 0
		       ? (uint64_t)(uintptr_t)memory.frames[cache.frames[index]]
		       : 0;
}

static const uint64_t begun_nothing[TOKEN_MAX_LEN / 8];

static uint64_t cache_folio(uint64_t mapping, uint64_t index)
{
	return cache_address(mapping, index, 0, 0) ? (uint64_t)(uintptr_t)&cache.folios[index] : 0;
}

#define cache_address_in(folio, index, page_offset, vmemmap) cache_address(0, index, page_offset, vmemmap)

#define __noinline
#define bpf_core_enum_value(type, value) ((void)sizeof(type), (value))
#define bpf_core_field_exists(field) ((void)sizeof(field), 1)
#define bpf_loop(count, function, context, flags)                 \
	for (uint64_t step = 0; step < (uint64_t)(count); step++) \
		if (function((uint32_t)step, context))            \
	break
#define DIRECT_BYTES 16384U
#define DIRECT(type, address) ((const type *)(uintptr_t)(address))
#define DIRECT_AT(address) DIRECT(char, address)
#define DIRECT_WORD(memory, at) direct_word((uint64_t)(uintptr_t)(memory) + (at))
#define KERNEL_READ(type, address, field) (DIRECT(type, address)->field)
#define KERNEL_POINTER(type, address, field) KERNEL_READ(type, address, field)

#define INSPECT_CARRY TOKEN_MAX_LEN
#define inspect_take() (&scratch)
#define inspect_end(s) ((void)(s))
#define inspect_wipe(s) memset(&(s)->window, 0, sizeof((s)->window))
#define inspect_window(s) ((uint64_t)(uintptr_t)(s)->window.bytes)
#define inspect_begins(window, len) ((void)(window), (void)(len), 0)

struct begun_value {
	uint8_t bytes[TOKEN_MAX_LEN];
};

struct begun_key {
	uint64_t position;
};

#define begun_key(inode, at) ((void)(inode), (struct begun_key){at})
#define begun_remember(key, bytes) ((void)(key), (void)(bytes))

/* the search itself, without what it includes and the hook's part of it */
#include "in_place_search.h"

/* --- files ---------------------------------------------------------------------------------------- */

/* What files are full of: what tokens are made of, and what could be taken for their ends. */
static const struct filling {
	const char *bytes;
	size_t len;
} fillings[] = {
	{"A", 1},
	{"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 36},
	{".", 1},
	{".A", 2},
	{"\xff", 1},
	{"\xff\xdb\xb0\xafZ/.A", 8},
	{"Z/\xff", 3},
	{"AAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 47},
	{"dt0c01.A", 8},
	{"abc def\n", 8},
	{"", 1},
	{"@:?A0Z9", 7},
	{"dt0c01.ABCDEFGH.", 16},
	{SUSPECT, sizeof(SUSPECT) - 1},
};

static uint64_t below(uint64_t *seed, uint64_t bound)
{
	return maker_next(seed) % bound;
}

static void fill(uint8_t *bytes, size_t len, uint64_t *seed)
{
	const struct filling *filling = fillings;
	bool in_order = below(seed, 2);

	for (size_t i = 0; i < len; i++) {
		if (i % 128 == 0 && (i == 0 || below(seed, 4) == 0))
			filling = &fillings[below(seed, sizeof(fillings) / sizeof(*fillings))];
		bytes[i] = (uint8_t)filling->bytes[(in_order ? i : below(seed, filling->len)) % filling->len];
	}
}

/* A file of some pages in folios of 1 to 8, somewhere in memory; what is beside them may not be mapped. Returns its pages. */
static size_t make_file(uint8_t *file, uint64_t *seed)
{
	size_t pages = 1 + below(seed, FILE_PAGES), frame = 2;
	bool holes = below(seed, 2);

	memset(&cache, -1, sizeof(cache));
	cache.mapping.host = &cache.inode;
	for (size_t i = 0; i < FRAMES; i++) {
		memory.mapped[i] = !holes || below(seed, 2);
		fill(memory.frames[i], KERNEL_PAGE_SIZE, seed);
	}
	for (size_t i = 0, size; i < pages; i += size, frame += size) {
		size = 1UL << below(seed, 4);
		if (size > pages - i)
			size = pages - i;
		frame += below(seed, 3);
		for (size_t k = 0; k < size; k++) {
			cache.folios[i + k] = (struct folio){{size > 1, (uint32_t)size, (uint32_t)size}, i};
			cache.frames[i + k] = (int)(frame + k);
			memory.mapped[frame + k] = true;
		}
	}
	fill(file, pages * KERNEL_PAGE_SIZE, seed);
	return pages;
}

static void show_file(const uint8_t *file, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		memcpy(memory.frames[cache.frames[i]], file + i * KERNEL_PAGE_SIZE, KERNEL_PAGE_SIZE);
}

/* As in_place_written() asks. */
static bool innocent(size_t start, size_t len)
{
	uint64_t mapping = (uint64_t)(uintptr_t)&cache.mapping;

	return in_place_short(mapping, start, len) ||
	       in_place_write(mapping, start, len, 0) == IN_PLACE_INNOCENT;
}

static bool cases_missed(uint8_t *file, size_t pages, uint64_t *seed, size_t *controls)
{
	struct maker_token token = maker_token(maker_next(seed));
	size_t total = pages * KERNEL_PAGE_SIZE, edge = below(seed, 4) ? KERNEL_PAGE_SIZE : 512;
	size_t len = below(seed, 2) ? MAKER_SHORTER_LEN : MAKER_TOKEN_LEN, at = below(seed, total), start,
	       end;
	uint8_t kept[MAKER_TOKEN_LEN];
	bool missed;

	/* mostly around an edge */
	if (below(seed, 3))
		at = at / edge * edge + below(seed, 2 * MAKER_TOKEN_LEN) - MAKER_TOKEN_LEN - 8;
	if (at > total || at + len > total)
		return false;
	/* the write has one of its bytes or more */
	start = at + len - 1 - below(seed, below(seed, 2) ? len : at + len);
	end = at + 1 + below(seed, below(seed, 2) ? len : total - at);
	if (end <= start)
		end = start + 1;
	memcpy(kept, file + at, len);
	maker_put(file + at, &token, len);
	cache.inode.i_size = end > at + len ? end : at + len;
	show_file(file, pages);
	missed = innocent(start, end - start);
	if (missed)
		print_message("token of %zu at %zu, write from %zu to %zu, %zu pages\n", len, at, start, end,
			      pages);
	memcpy(file + at, kept, len);
	show_file(file, pages);
	*controls += innocent(start, end - start);
	return missed;
}

static void test_never_innocent(void **state)
{
	static uint8_t file[FILE_PAGES * KERNEL_PAGE_SIZE];
	size_t missed = 0, controls = 0, pages = 0;
	uint64_t seed = 27;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		if (i % 16 == 0)
			pages = make_file(file, &seed);
		missed += cases_missed(file, pages, &seed, &controls);
	}
	assert_int_equal(missed, 0);
	/* some lie past the file's end, and are no case; some fillings hold what could be a part of a token */
	print_message("%zu of %d innocent without the token\n", controls, CASES);
	assert_true(controls > CASES / 2);
}

/* The most that a write can make the search look at: still it comes to an end in time. */
static void test_suspects(void **state)
{
	static uint8_t file[FILE_PAGES * KERNEL_PAGE_SIZE];

	(void)state;
	_Static_assert(sizeof(SUSPECT) - 1 == TOKEN_MIN_LEN, "as dense as can be");
	for (size_t shift = 0; shift < TOKEN_MIN_LEN; shift++) {
		for (int large = 0; large < 2; large++) {
			memset(&cache, -1, sizeof(cache));
			memset(memory.mapped, 1, sizeof(memory.mapped));
			cache.mapping.host = &cache.inode;
			cache.inode.i_size = sizeof(file);
			for (size_t i = 0; i < FILE_PAGES; i++) {
				cache.folios[i] = (struct folio){{large ? 1 : 0, FILE_PAGES, FILE_PAGES},
								 large ? 0 : i};
				cache.frames[i] = (int)(large ? i + 2 : i * 2 + 2);
			}
			for (size_t i = 0; i < sizeof(file); i++)
				file[i] = (uint8_t)SUSPECT[(i + shift) % TOKEN_MIN_LEN];
			show_file(file, FILE_PAGES);
			assert_true(innocent(0, sizeof(file)));
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_innocent),
		cmocka_unit_test(test_suspects),
	};

	return UNIT_RUN(tests);
}
