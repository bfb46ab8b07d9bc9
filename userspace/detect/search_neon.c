// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A kind of search.c: 64 bytes in four registers of 16. Every aarch64 has NEON. */
#include "detect/search_kinds.h"

#if SEARCH_HAS_NEON
#include <arm_neon.h>
#include <stdbool.h>

#define SEARCH_TARGET
#define SEARCH_WALK search_neon_token
#define SEARCH_DOTTED search_neon_dotted
#define SEARCH_MASKS search_neon_masks

/* Registers of 16 bytes in 64. */
#define SEARCH_NEON_PARTS 4

static inline uint8x16_t search_neon_dots(uint8x16_t bytes)
{
	return vceqq_u8(bytes, vdupq_n_u8('.'));
}

static inline uint8x16_t search_neon_range(uint8x16_t bytes, uint8_t from, uint8_t to)
{
	return vcleq_u8(vsubq_u8(bytes, vdupq_n_u8(from)), vdupq_n_u8((uint8_t)(to - from)));
}

static inline uint8x16_t search_neon_outside(uint8x16_t bytes)
{
	return vmvnq_u8(vorrq_u8(search_neon_range(bytes, '0', '9'), search_neon_range(bytes, 'A', 'Z')));
}

/*
 * One bit for each of 64 bytes of ones or zeros: each byte keeps the bit of its place in 8, and three
 * rounds of adding neighbours gather 8 bytes in one.
 */
static inline uint64_t search_neon_mask(const uint8x16_t *parts)
{
	static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	uint8x16_t place = vld1q_u8(places);
	uint8x16_t low = vpaddq_u8(vandq_u8(parts[0], place), vandq_u8(parts[1], place));
	uint8x16_t high = vpaddq_u8(vandq_u8(parts[2], place), vandq_u8(parts[3], place));

	low = vpaddq_u8(low, high);
	low = vpaddq_u8(low, low);
	return vgetq_lane_u64(vreinterpretq_u64_u8(low), 0);
}

/* Is any of 64 bytes a dot? */
static inline bool search_neon_dotted(const uint8_t *from)
{
	uint8x16_t dots = search_neon_dots(vld1q_u8(from));

	for (int part = 1; part < SEARCH_NEON_PARTS; part++)
		dots = vorrq_u8(dots, search_neon_dots(vld1q_u8(from + 16 * part)));
	return vmaxvq_u8(dots);
}

/* Sets both masks of 64 bytes. */
static inline void search_neon_masks(const uint8_t *from, struct search_masks *ret_masks)
{
	uint8x16_t outside[SEARCH_NEON_PARTS], dots[SEARCH_NEON_PARTS];

	for (int part = 0; part < SEARCH_NEON_PARTS; part++) {
		uint8x16_t bytes = vld1q_u8(from + 16 * part);

		outside[part] = search_neon_outside(bytes);
		dots[part] = search_neon_dots(bytes);
	}
	ret_masks->outside = search_neon_mask(outside);
	ret_masks->dots = search_neon_mask(dots);
}

#include "detect/search_walk.h"
#endif
