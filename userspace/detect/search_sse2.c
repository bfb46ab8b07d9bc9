// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A kind of search.c: 64 bytes in four registers of 16. Every x86-64 has SSE2. */
#include "detect/search_kinds.h"

#if SEARCH_HAS_X86
#include <emmintrin.h>
#include <stdbool.h>

#define SEARCH_TARGET
#define SEARCH_WALK search_sse2_token
#define SEARCH_DOTTED search_sse2_dotted
#define SEARCH_MASKS search_sse2_masks

/* Registers of 16 bytes in 64. */
#define SEARCH_SSE2_PARTS 4

typedef __m128i_u search_sse2_bytes;

static inline __m128i search_sse2_load(const uint8_t *from, int part)
{
	return _mm_loadu_si128((const search_sse2_bytes *)from + part);
}

static inline __m128i search_sse2_dots(__m128i bytes)
{
	return _mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'));
}

/* Is byte >= from && byte <= to? Shifted so that `to` is the greatest signed number, one comparison does. */
static inline __m128i search_sse2_range(__m128i bytes, char from, char to)
{
	__m128i shifted = _mm_add_epi8(bytes, _mm_set1_epi8((char)(INT8_MAX - to)));

	return _mm_cmpgt_epi8(shifted, _mm_set1_epi8((char)(INT8_MAX - (to - from) - 1)));
}

static inline uint64_t search_sse2_mask(__m128i bytes, int part)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(bytes) << 16 * part;
}

/* Is any of 64 bytes a dot? */
static inline bool search_sse2_dotted(const uint8_t *from)
{
	__m128i dots = search_sse2_dots(search_sse2_load(from, 0));

	for (int part = 1; part < SEARCH_SSE2_PARTS; part++)
		dots = _mm_or_si128(dots, search_sse2_dots(search_sse2_load(from, part)));
	return _mm_movemask_epi8(dots);
}

/* Sets both masks of 64 bytes. */
static inline void search_sse2_masks(const uint8_t *from, struct search_masks *ret_masks)
{
	uint64_t inside = 0, dots = 0;

	for (int part = 0; part < SEARCH_SSE2_PARTS; part++) {
		__m128i bytes = search_sse2_load(from, part);

		inside |= search_sse2_mask(
			_mm_or_si128(search_sse2_range(bytes, '0', '9'), search_sse2_range(bytes, 'A', 'Z')),
			part);
		dots |= search_sse2_mask(search_sse2_dots(bytes), part);
	}
	ret_masks->outside = ~inside;
	ret_masks->dots = dots;
}

#include "detect/search_walk.h"
#endif
