// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The search against the naive oracle, the matcher on top of it, and the kernel side's walk from run to run, on any bytes. */
#include "detect/token.h"
#include "oracle.h"

#define TOKEN_MEMORY(address) ((const uint8_t *)(uintptr_t)(address))
#define TOKEN_MEMORY_WORD(memory, at) token_load((memory) + (at))

#include "token_runs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* The walk looks at bytes on both sides of the text: it must find the same tokens with none there that matter. */
static void check_walk(const uint8_t *data, size_t size)
{
	uint8_t *bytes = calloc(1, TOKEN_RUNS_BEFORE + size + TOKEN_RUNS_BEHIND);
	__u64 start = (uint64_t)(uintptr_t)bytes + TOKEN_RUNS_BEFORE, at = start;
	uint64_t expected = token_search(data, size, 0);
	size_t steps = 0, suspects = 0;

	if (!bytes)
		abort();
	memcpy(bytes + TOKEN_RUNS_BEFORE, data, size);
	for (__u64 marks = token_runs_marks(at); at < start + size; steps++) {
		if (token_runs_next(&at, &marks)) {
			uint64_t dot = token_runs_dot(at, marks);

			suspects++;
			if (token_runs_token(dot)) {
				if (dot - start != expected)
					abort();
				expected = token_search(data, size, expected + 1);
			}
			at += TOKEN_SECRET_LEN;
			marks = token_runs_marks(at);
		}
	}
	if (expected != TOKEN_NONE || steps > TOKEN_RUNS_STEPS(size) || suspects > TOKEN_RUNS_SUSPECTS(size))
		abort();
	free(bytes);
}

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
	check_walk(data, size);
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
