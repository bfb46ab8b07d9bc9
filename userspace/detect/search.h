/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * token_search() (include/token_search.h) with the host's vector instructions: the same result for the
 * same bytes, sooner. The kernel side keeps the plain one; so does a host that has no other.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* X(id, name): slowest first, so that the last one that a host supports is the one to take. */
#define SEARCH_KINDS(X)     \
	X(SCALAR, "scalar") \
	X(SSE2, "sse2")     \
	X(AVX2, "avx2")     \
	X(NEON, "neon")

enum search_kind {
#define SEARCH_KIND_ENUM(id, name) SEARCH_##id,
	SEARCH_KINDS(SEARCH_KIND_ENUM)
#undef SEARCH_KIND_ENUM
		SEARCH_KIND_MAX
};

/*
 * search_token() - the first token in bytes[0, len) whose second dot is at min_dot or later.
 * Returns the index of that dot or TOKEN_NONE, as token_search() does; no byte outside [0, len) is read.
 * The kind is chosen at the first call; any thread may call.
 */
uint64_t search_token(const uint8_t *bytes, uint64_t len, uint64_t min_dot);

/* search_with() - the same by one kind, which search_supports() must allow; for tests and measurements. */
uint64_t search_with(enum search_kind kind, const uint8_t *bytes, uint64_t len, uint64_t min_dot);

/* search_supports() - was this kind compiled in, and can this processor run it? */
bool search_supports(enum search_kind kind);

/* search_chosen() - the kind that search_token() uses. */
enum search_kind search_chosen(void);

/* search_name() - "scalar", "avx2", …; static, never NULL. */
const char *search_name(enum search_kind kind);
