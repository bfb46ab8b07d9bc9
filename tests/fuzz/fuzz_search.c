// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The search against the naive oracle, and the matcher on top of it, on any bytes. */
#include "detect/token.h"
#include "oracle.h"
#include "token_search.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t expected = oracle_next(data, size, 0);
	struct token_span span = {0};
	struct token token;

	for (uint64_t dot = token_search(data, size, 0); dot != TOKEN_NONE;
	     dot = token_search(data, size, dot + 1)) {
		if (dot - token_public_len(data, dot) - 1 - TOKEN_PREFIX_LEN != expected)
			abort();
		if (!token_match(data, size, span.end, &token, &span) || span.start != expected)
			abort();
		if (memcmp(token.identifier, data + span.start, strlen(token.identifier)) != 0)
			abort();
		expected = oracle_next(data, size, expected + 1);
	}
	if (expected != size)
		abort();
	return 0;
}

/* Coverage alone hardly ever finds 96 bytes that fit: now and then a whole token is planted. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	size_t len = seed / 4 & 1 ? 96 : 80, at;

	if (seed % 4 || max < len)
		return LLVMFuzzerMutate(data, size, max);
	if (size < len) {
		memset(data + size, '.', len - size);
		size = len;
	}
	at = seed / 8 % (size - len + 1);
	memcpy(data + at, "dt0c01.", 7);
	memset(data + at + 7, 'A' + seed % 26, len - 7);
	data[at + len - 65] = '.';
	if (seed % 16 == 0)
		data[at + seed % len] ^= 1;
	return size;
}
