/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers that stand for a token, a place and a writer while repeats are watched for: in the kernel's maps `seen` and
 * `placed` and in the daemon's tables, never anywhere else.
 *
 * A multilinear hash, twice, each giving 32 bits: every 32-bit piece of what is hashed is multiplied by a random
 * number of 64 bits of its own, and the sum's upper half counts. So two different inputs have the same number with a chance
 * of 2^-64, whoever chose them, as long as the random numbers are not known (Lemire and Kaser, "Strongly universal
 * string hashing is fast"). They are drawn when the daemon starts.
 */
#pragma once

#include "token_formats.h"
#include "types.h"

/* Words of 8 bytes that are hashed at once: a token's. */
#define TOKEN_SEED_WORDS (TOKEN_MAX_LEN / 8)

/* For each of the two: one to begin with, two for what went before, two a word. */
struct token_seed {
	__u64 number[2][3 + 2 * TOKEN_SEED_WORDS];
};

/*
 * token_hash() - of `count` words (a constant, TOKEN_SEED_WORDS at most; where fewer are given, it is always the same
 * number of them).
 * @before: the hash of what went before, or 0
 */
static __always_inline __u64 token_hash(const volatile struct token_seed *seed, __u64 before,
					const __u64 *words, __u32 count)
{
	__u64 one =
		seed->number[0][0] + (__u32)before * seed->number[0][1] + (before >> 32) * seed->number[0][2];
	__u64 other =
		seed->number[1][0] + (__u32)before * seed->number[1][1] + (before >> 32) * seed->number[1][2];

	/* a loop also for the verifier: unrolled, it takes more of the stack than there is */
#ifdef __bpf__
#pragma unroll 1
#endif
	for (__u32 i = 0; i < count; i++) {
		__u64 word = words[i];

		one += (__u32)word * seed->number[0][3 + 2 * i] + (word >> 32) * seed->number[0][4 + 2 * i];
		other += (__u32)word * seed->number[1][3 + 2 * i] + (word >> 32) * seed->number[1][4 + 2 * i];
	}
	return one >> 32 << 32 | other >> 32;
}

/*
 * token_key() - of a whole token.
 * @window: TOKEN_MAX_LEN bytes, aligned to 8: the token, zeros behind it
 */
static __always_inline __u64 token_key(const volatile struct token_seed *seed, const __u8 *window)
{
	return token_hash(seed, 0, (const __u64 *)(const void *)window, TOKEN_SEED_WORDS);
}
