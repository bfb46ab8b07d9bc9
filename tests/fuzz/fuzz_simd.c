// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every kind of search that this machine has, against each other and the naive oracle, on any bytes.
 * An input's first byte is where the search starts, in bytes from the text's beginning.
 */
#include "detect/search.h"
#include "oracle.h"
#include "token_search.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* The oracle's second dot of the first token that has it at min_dot or later. */
static uint64_t oracle_dot(const uint8_t *bytes, size_t len, uint64_t min_dot)
{
	for (size_t at = oracle_next(bytes, len, 0); at < len; at = oracle_next(bytes, len, at + 1)) {
		uint64_t dot = at + oracle_at(bytes, len, at) - TOKEN_SECRET_LEN - 1;

		if (dot >= min_dot)
			return dot;
	}
	return TOKEN_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t min_dot, dot;

	if (!size)
		return 0;
	min_dot = *data++;
	size--;
	do {
		dot = oracle_dot(data, size, min_dot);
		for (int kind = 0; kind < SEARCH_KIND_MAX; kind++)
			if (search_supports(kind) && search_with(kind, data, size, min_dot) != dot)
				abort();
		if (search_token(data, size, min_dot) != dot)
			abort();
		min_dot = dot + 1;
	} while (dot != TOKEN_NONE);
	return 0;
}

/* Now and then a run is planted that might be a secret portion, with or without an identifier before it. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	size_t run = 56 + seed / 4 % 80, at, len = 32 + run;

	if (seed % 4 || max < len + 1)
		return LLVMFuzzerMutate(data, size, max);
	if (size < len + 1) {
		memset(data + size, '.', len + 1 - size);
		size = len + 1;
	}
	at = 1 + seed / 512 % (size - len);
	memset(data + at + 31, 'A' + seed % 26, len - 31);
	data[at + 31] = '.';
	if (seed / 8 % 2) {
		memset(data + at, '0' + seed % 10, 31);
		memcpy(data + at + (seed / 16 % 2 ? 0 : 16), "dt0c01.", 7);
	}
	if (seed % 64 == 0)
		data[at + seed / 64 % len] ^= 1;
	return size;
}
