// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * matcher → search → the kind for this processor.
 *
 * Invariant: all kinds return what token_search() returns, for every text; the unit tests and the fuzzer
 * compare them.
 */
#include "detect/search.h"

#include "detect/search_kinds.h"
#include "token_search.h"

#include <stdatomic.h>
#include <stddef.h>

typedef uint64_t search_function(const uint8_t *bytes, uint64_t len, uint64_t min_dot);

static search_function search_choose;

/* Two threads that meet here first choose the same. */
static search_function *_Atomic search_function_chosen = search_choose;

static uint64_t search_scalar_token(const uint8_t *bytes, uint64_t len, uint64_t min_dot)
{
	return min_dot < len ? token_search(bytes, len, min_dot) : TOKEN_NONE;
}

/* NULL where this build or this processor lacks it. */
static search_function *search_function_of(enum search_kind kind)
{
	switch (kind) {
	case SEARCH_SCALAR:
		return search_scalar_token;
#if SEARCH_HAS_X86
	case SEARCH_SSE2:
		return search_sse2_token;
	case SEARCH_AVX2:
		return __builtin_cpu_supports("avx2") ? search_avx2_token : NULL;
#endif
#if SEARCH_HAS_NEON
	case SEARCH_NEON:
		return search_neon_token;
#endif
	default:
		return NULL;
	}
}

bool search_supports(enum search_kind kind)
{
	return search_function_of(kind) != NULL;
}

enum search_kind search_chosen(void)
{
	enum search_kind best = SEARCH_SCALAR;

	for (int kind = SEARCH_SCALAR; kind < SEARCH_KIND_MAX; kind++)
		if (search_supports(kind))
			best = kind;
	return best;
}

static uint64_t search_choose(const uint8_t *bytes, uint64_t len, uint64_t min_dot)
{
	search_function *chosen = search_function_of(search_chosen());

	atomic_store_explicit(&search_function_chosen, chosen, memory_order_relaxed);
	return chosen(bytes, len, min_dot);
}

uint64_t search_token(const uint8_t *bytes, uint64_t len, uint64_t min_dot)
{
	return atomic_load_explicit(&search_function_chosen, memory_order_relaxed)(bytes, len, min_dot);
}

uint64_t search_with(enum search_kind kind, const uint8_t *bytes, uint64_t len, uint64_t min_dot)
{
	return search_function_of(kind)(bytes, len, min_dot);
}

const char *search_name(enum search_kind kind)
{
	switch (kind) {
#define SEARCH_NAME_ENTRY(id, name) \
	case SEARCH_##id:           \
		return name;
		SEARCH_KINDS(SEARCH_NAME_ENTRY)
#undef SEARCH_NAME_ENTRY
	default:
		return "unknown";
	}
}
