/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is there a token in memory that is only to be looked at where it lies? Plain C that the BPF object and the host
 * compile alike, for a text that is full of what a token is made of: what is loaded is bounded, whatever it holds.
 *
 *     … - A B . S S │S S S S S S S S│ …  │S S S S S S S S│S S - S S S S S│ …
 *      └── word 0 ─┘ └─── word 1 ────┘     └─── word 7 ────┘└─── word 8 ───┘
 *
 * A byte outside [A-Z0-9] is a mark. A secret portion begins behind one that is a dot, and has none in it. A step looks at words
 * of 8 bytes, from one on that has a mark:
 *
 *   - what begins in word 0 begins behind its last mark. It would end in word 8, at that same place in it: a mark that lies
 *     there or before rules it out, and so does any mark of words 1 to 7;
 *   - what begins in words 1 to 7 has all of word 8 in it, so any mark there rules it out. If that has none, a mark of words
 *     1 to 7 rules out what begins in the words before its own.
 *
 * So most texts are walked through by one load for 64 bytes, and no load waits for what another one has found: where it lies
 * follows from the tests alone.
 *
 * Who includes this says how memory is loaded: TOKEN_MEMORY(address) makes something of an address of which
 * TOKEN_MEMORY_WORD(memory, at) gives the 8 bytes at a constant distance of 0 to 127; anything if one of them can't be read. So a
 * walk begins at a multiple of 8, from where no word lies across the end of what can be.
 */
#pragma once

#include "token_search.h"

/* Bytes that are looked at before a step's word: the longest identifier and its dot. */
#define TOKEN_RUNS_BEFORE (TOKEN_IDENTIFIER_MAX + 1)

/* Bytes that are looked at from a step's word on. */
#define TOKEN_RUNS_BEHIND (8 + TOKEN_SECRET_LEN)

/*
 * Steps that so many bytes take. Each goes on by 4 words or more; or by fewer, but then words 4 to 8 have no mark, and the step
 * after it goes on to behind them.
 */
#define TOKEN_RUNS_STEPS(bytes) ((bytes) / 32 + 2)

/* Suspects that so many bytes can hold: each has a prefix, which is full of marks, and no mark behind its dot. */
#define TOKEN_RUNS_SUSPECTS(bytes) ((bytes) / TOKEN_MIN_LEN + 2)

/*
 * The marks of a word, in as few operations as do: top bit of each byte below '0' or above 'Z'. What lies between the digits and
 * the capitals has none, see token_runs_middle(). The byte behind one from 0xb0 on may lose its mark if it is '/', and behind
 * one from 0xdb on get one if it is 'Z', for what is carried; so the first mark is always a right one, and so is the last one
 * if it is a token's dot, with [A-Z0-9] on both sides.
 */
static __always_inline __u64 token_runs_word(__u64 word)
{
	return ((~(TOKEN_ONES * (0x80 - '0')) - word) | (word + TOKEN_ONES * 0x25) | word) & TOKEN_TOPS;
}

/* Of a word without a mark: has bit 6 of each byte between '9' and 'A'. That is, taking one from it and adding 6 differ there. */
static __always_inline __u64 token_runs_middle(__u64 word)
{
	return (word - TOKEN_ONES) ^ (word + TOKEN_ONES * 6);
}

/* The marks of a step's word. */
static __always_inline __u64 token_runs_marks(__u64 at)
{
	return token_runs_word(TOKEN_MEMORY_WORD(TOKEN_MEMORY(at), 0));
}

/* The 8 bytes where the prefix of an identifier with this public portion lies. @memory: TOKEN_IDENTIFIER_MAX bytes before its end */
#define TOKEN_RUNS_PREFIX(memory, public_len) \
	TOKEN_MEMORY_WORD(memory, TOKEN_IDENTIFIER_MAX - 1 - TOKEN_PREFIX_LEN - (public_len))

/* Does a token's identifier end before this address, where a dot is? */
static __always_inline int token_runs_identified(__u64 dot)
{
	__auto_type memory = TOKEN_MEMORY(dot - TOKEN_IDENTIFIER_MAX);
	__u64 missing = 1;

#define TOKEN_TRY_PUBLIC(id, name, public_len)                                                           \
	{                                                                                                \
		__u64 marks = 0, middle = 0;                                                             \
                                                                                                         \
		TOKEN_UNROLL                                                                             \
		for (int i = 0; i < (public_len); i += 8) {                                              \
			__u64 word = TOKEN_MEMORY_WORD(memory, TOKEN_IDENTIFIER_MAX - (public_len) + i); \
                                                                                                         \
			marks |= token_runs_word(word);                                                  \
			middle |= token_runs_middle(word);                                               \
			TOKEN_IN_ORDER(middle);                                                          \
		}                                                                                        \
		missing &= token_is_not(token_prefix_differs(TOKEN_RUNS_PREFIX(memory, public_len)) |    \
					marks | (middle << 1 & TOKEN_TOPS));                             \
	}
	TOKEN_FORMATS(TOKEN_TRY_PUBLIC)
#undef TOKEN_TRY_PUBLIC
	return !missing;
}

/* Is a secret portion's length that has no mark of [A-Z0-9]? */
static __always_inline int token_runs_secret(__u64 at)
{
	__auto_type memory = TOKEN_MEMORY(at);
	__u64 middle = 0;

	TOKEN_UNROLL
	for (int i = 0; i < TOKEN_SECRET_LEN; i += 8) {
		middle |= token_runs_middle(TOKEN_MEMORY_WORD(memory, i));
		TOKEN_IN_ORDER(middle);
	}
	return !(middle << 1 & TOKEN_TOPS);
}

/* The last mark of a step's word; the byte before a word without one. */
static __always_inline __u64 token_runs_dot(__u64 at, __u64 marks)
{
	return at + token_last_marked(marks);
}

/* token_runs_token() - is a suspect's dot, by token_runs_dot(), the second one of a token? */
static __always_inline int token_runs_token(__u64 dot)
{
	return token_runs_identified(dot) && token_runs_secret(dot + 1);
}

/*
 * Can't an identifier end before this address, as there is no dot, or no prefix where one would begin? If more than one format's
 * place has what all prefixes have, that is left to token_runs_token().
 */
static __always_inline int token_runs_unprefixed(__u64 dot)
{
	__auto_type memory = TOKEN_MEMORY(dot - TOKEN_IDENTIFIER_MAX);
	__u64 prefix = 0, found = 0;

	if ((__u8)TOKEN_MEMORY_WORD(memory, TOKEN_IDENTIFIER_MAX) != '.')
		return 1;
#define TOKEN_TRY_PREFIX(id, name, public_len)                           \
	{                                                                \
		__u64 word = TOKEN_RUNS_PREFIX(memory, public_len);      \
		__u64 here = token_is_not(token_prefix_fixed(word)) ^ 1; \
                                                                         \
		prefix ^= (prefix ^ word) & -here;                       \
		found += here;                                           \
	}
	TOKEN_FORMATS(TOKEN_TRY_PREFIX)
#undef TOKEN_TRY_PREFIX
	return !found || (token_is_not(token_prefix_differs(prefix)) & ~token_is_not(found - 1));
}

/* Has one of these words of a step a mark? */
static __always_inline int token_runs_marked(__u64 at, int from, int to)
{
	__auto_type memory = TOKEN_MEMORY(at);
	__u64 marks = 0;

	TOKEN_UNROLL
	for (int i = from * 8; i < to * 8; i += 8) {
		marks |= token_runs_word(TOKEN_MEMORY_WORD(memory, i));
		TOKEN_IN_ORDER(marks);
	}
	return marks != 0;
}

/* A step's new place is reckoned where it is known: clang would keep what is added, and the old place in memory. */
#ifdef __bpf__
#define TOKEN_RUNS_GO(at, bytes) ((at) += (bytes), ({ asm volatile("" : "+r"(at)); }))
#else
#define TOKEN_RUNS_GO(at, bytes) ((at) += (bytes))
#endif

/*
 * token_runs_next() - a step: from the word at *at to the next one that a secret portion could begin in.
 * @marks: token_runs_marks() of the word; the next one's on return
 *
 * Returns 0, or 1 and leaves all as it was if there is a suspect: a dot, a prefix where one can begin, and no mark in the 64
 * bytes behind. If that is no token, the next word is TOKEN_SECRET_LEN further.
 */
static __always_inline int token_runs_next(__u64 *at, __u64 *marks)
{
	__auto_type memory = TOKEN_MEMORY(*at);
	__u64 far = token_runs_word(TOKEN_MEMORY_WORD(memory, TOKEN_SECRET_LEN)), between;

	if (far) {
		/* its first mark lies no further in it than the last one of word 0 */
		if ((far & -far) - 1 < *marks)
			goto far;
	} else {
#define TOKEN_RUNS_WORD(k)                                             \
	between = token_runs_word(TOKEN_MEMORY_WORD(memory, 8 * (k))); \
	if (between) {                                                 \
		TOKEN_RUNS_GO(*at, 8 * (k));                           \
		*marks = between;                                      \
		return 0;                                              \
	}
		TOKEN_RUNS_WORD(4)
		TOKEN_RUNS_WORD(5)
		TOKEN_RUNS_WORD(6)
		TOKEN_RUNS_WORD(7)
		TOKEN_RUNS_WORD(3)
		TOKEN_RUNS_WORD(2)
		TOKEN_RUNS_WORD(1)
#undef TOKEN_RUNS_WORD
	}
	/* nothing but what begins in word 0 is left, if anything; the words are asked in any case: one way for the verifier */
	if (!token_runs_unprefixed(token_runs_dot(*at, *marks)) && !token_runs_marked(*at, 1, 4) &&
	    !token_runs_marked(*at, 4, 8))
		return 1;
far:
	TOKEN_RUNS_GO(*at, TOKEN_SECRET_LEN);
	*marks = far;
	return 0;
}
