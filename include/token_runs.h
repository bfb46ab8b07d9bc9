/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is there a token in memory that is only to be looked at where it lies? Plain C that the BPF object and the host
 * compile alike, for a text that is full of what a token is made of: what is loaded is bounded, whatever it holds.
 *
 *     … A B C . S S S S S S S S … S S S S - …
 *               ├p─────── 64 ────────────┤
 *                 8th  …  3rd 4th  2nd  1st                 the order in which the 8 words of a candidate are looked at
 *
 * A byte that is not of [A-Z0-9] at q rules out every secret portion that begins at p to q: the next candidate begins
 * behind it. The last word is looked at first, so that most are passed over by one load, without asking which of its bytes
 * it is; then one in the middle, then from the end on. Two candidates in a row advance by 58 bytes or more: either each
 * had such a byte in its second half; or all of that is of [A-Z0-9], and the next one is a run or ends in a byte behind it.
 *
 * Who includes this says how memory is loaded: TOKEN_MEMORY(address) makes something of an address of which
 * TOKEN_MEMORY_WORD(memory, at) gives the 8 bytes at a constant distance of 0 to 127.
 */
#pragma once

#include "token_search.h"

/* Bytes before a candidate that are looked at: the longest identifier and its dot. */
#define TOKEN_RUNS_BEFORE (TOKEN_IDENTIFIER_MAX + 1)

/* Candidates that are looked at for so many bytes of them: two for each 58, the last, and two more for each run behind a dot. */
#define TOKEN_RUNS_STEPS(bytes) (((bytes) / (TOKEN_SECRET_LEN - 6) + 1) * 2 + 1)

/*
 * token_secret_at() - does a token's secret portion begin at this address? Returns 1 if so.
 * Looks at the TOKEN_RUNS_BEFORE bytes before it and at the TOKEN_SECRET_LEN from it on.
 */
static __always_inline int token_secret_at(__u64 address)
{
	__auto_type memory = TOKEN_MEMORY(address - TOKEN_RUNS_BEFORE);
	__u64 secret = 0;

	TOKEN_UNROLL
	for (int i = 0; i < TOKEN_SECRET_LEN; i += 8) {
		secret |= token_word_outside(TOKEN_MEMORY_WORD(memory, TOKEN_RUNS_BEFORE + i));
		TOKEN_IN_ORDER(secret);
	}
	if (secret || TOKEN_MEMORY_WORD(memory, TOKEN_RUNS_BEFORE - 8) >> 56 != '.')
		return 0;
#define TOKEN_TRY_SECRET(id, name, public_len)                                                          \
	{                                                                                               \
		__u64 public = 0;                                                                       \
                                                                                                        \
		TOKEN_UNROLL                                                                            \
		for (int i = 0; i < (public_len); i += 8)                                               \
		public |= token_word_outside(                                                           \
			TOKEN_MEMORY_WORD(memory, TOKEN_RUNS_BEFORE - 1 - (public_len) + i));           \
		if (!public && token_prefix_word(TOKEN_MEMORY_WORD(                                     \
				       memory, TOKEN_RUNS_BEFORE - (public_len)-TOKEN_PREFIX_LEN - 2))) \
			return 1;                                                                       \
	}
	TOKEN_FORMATS(TOKEN_TRY_SECRET)
#undef TOKEN_TRY_SECRET
	return 0;
}

/*
 * token_runs_next() - looks at one candidate, whose secret portion would begin at `at`.
 * Returns where the next one could begin; `at` itself if this is a run of [A-Z0-9] behind a dot, which TOKEN_MEMORY is to be
 * asked of by token_secret_at().
 */
static __always_inline __u64 token_runs_next(__u64 at)
{
	__auto_type memory = TOKEN_MEMORY(at - 8);
	__u64 word;

#define TOKEN_RUNS_WORD(k)                           \
	word = TOKEN_MEMORY_WORD(memory, 8 + (k)*8); \
	if (token_word_leaves(word)) {               \
		at += (k)*8;                         \
		goto behind;                         \
	}
	word = TOKEN_MEMORY_WORD(memory, TOKEN_SECRET_LEN);
	if (token_word_leaves(word))
		return at + TOKEN_SECRET_LEN - 7;
	TOKEN_RUNS_WORD(4)
	TOKEN_RUNS_WORD(6)
	TOKEN_RUNS_WORD(5)
	TOKEN_RUNS_WORD(3)
	TOKEN_RUNS_WORD(2)
	TOKEN_RUNS_WORD(1)
	TOKEN_RUNS_WORD(0)
#undef TOKEN_RUNS_WORD
	/* no byte of it is a dot, so none of the next 64 is a secret portion's first */
	return TOKEN_MEMORY_WORD(memory, 0) >> 56 == '.' ? at : at + TOKEN_SECRET_LEN + 1;
behind:
	return at + token_marked_end(token_word_outside(word));
}
