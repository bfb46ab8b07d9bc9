/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Between search.c and its kinds, one file per instruction set; nobody else includes this.
 * Each function is search_token() on its own; those that a build leaves out are not defined.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Of 64 bytes, bit 0 the first: which are not [A-Z0-9], and which of these are dots? */
struct search_masks {
	uint64_t outside;
	uint64_t dots;
	bool known;
};

uint64_t search_sse2_token(const uint8_t *bytes, uint64_t len, uint64_t min_dot);
uint64_t search_avx2_token(const uint8_t *bytes, uint64_t len, uint64_t min_dot);
uint64_t search_neon_token(const uint8_t *bytes, uint64_t len, uint64_t min_dot);

/* What search_neon.c can be compiled for: its masks count bytes from the low end. */
#if defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SEARCH_HAS_NEON 1
#else
#define SEARCH_HAS_NEON 0
#endif

#if defined(__x86_64__)
#define SEARCH_HAS_X86 1
#else
#define SEARCH_HAS_X86 0
#endif
