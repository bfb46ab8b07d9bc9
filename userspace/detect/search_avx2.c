// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A kind of search.c: 64 bytes in two registers of 32. Only called where the processor has AVX2, whatever
 * the rest of the program is compiled for.
 */
#include "detect/search_kinds.h"

#if SEARCH_HAS_X86
#include <immintrin.h>
#include <stdbool.h>

#define SEARCH_TARGET __attribute__((target("avx2")))
#define SEARCH_WALK search_avx2_token
#define SEARCH_DOTTED search_avx2_dotted
#define SEARCH_MASKS search_avx2_masks

typedef __m256i_u search_avx2_bytes;

static inline SEARCH_TARGET __m256i search_avx2_load(const uint8_t *from)
{
	return _mm256_loadu_si256((const search_avx2_bytes *)from);
}

static inline SEARCH_TARGET __m256i search_avx2_dots(__m256i bytes)
{
	return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('.'));
}

/* Is byte >= from && byte <= to? Shifted so that `to` is the greatest signed number, one comparison does. */
static inline SEARCH_TARGET __m256i search_avx2_range(__m256i bytes, char from, char to)
{
	__m256i shifted = _mm256_add_epi8(bytes, _mm256_set1_epi8((char)(INT8_MAX - to)));

	return _mm256_cmpgt_epi8(shifted, _mm256_set1_epi8((char)(INT8_MAX - (to - from) - 1)));
}

static inline SEARCH_TARGET uint64_t search_avx2_mask(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline SEARCH_TARGET __m256i search_avx2_inside(__m256i bytes)
{
	return _mm256_or_si256(search_avx2_range(bytes, '0', '9'), search_avx2_range(bytes, 'A', 'Z'));
}

/* Is any of 64 bytes a dot? */
static inline SEARCH_TARGET bool search_avx2_dotted(const uint8_t *from)
{
	__m256i low = search_avx2_dots(search_avx2_load(from));
	__m256i high = search_avx2_dots(search_avx2_load(from + 32));

	return _mm256_movemask_epi8(_mm256_or_si256(low, high));
}

/* Sets both masks of 64 bytes. */
static inline SEARCH_TARGET void search_avx2_masks(const uint8_t *from, struct search_masks *ret_masks)
{
	__m256i low = search_avx2_load(from), high = search_avx2_load(from + 32);

	ret_masks->outside = ~search_avx2_mask(search_avx2_inside(low), search_avx2_inside(high));
	ret_masks->dots = search_avx2_mask(search_avx2_dots(low), search_avx2_dots(high));
}

#include "detect/search_walk.h"
#endif
