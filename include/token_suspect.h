/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where could a token begin that does not stand there as the search knows it: encoded, escaped, wrapped, with a public portion of
 * another length? Plain C that the BPF object and the host compile alike. What is found is only a place to be looked at: the daemon
 * tells whether it is a token (userspace/detect/form.h, wide.h).
 *
 * All begin with "dt0", so that is what is looked for, as it is and in the forms that it can have:
 *
 *     form                 | the bytes                              | looked for
 *     ---------------------+----------------------------------------+------------------------------------------------
 *     as it is, but for    | dt0 letter digit digit, or a line's    | everywhere
 *     what comes behind    | end or an escape among these           |
 *     base64, by alignment | ZHQw, R0M[E-H], kdDB                   | beside two words of its characters
 *     hex                  | 647430                                 | likewise
 *     UTF-16               | d NUL t NUL 0                          | beside a word with a NUL between each two bytes
 *
 * Rows of blocks of SUSPECT_BLOCK places are judged without a branch, and only a block that has something is gone through. Of forms in a
 * run of base64 or hex (RFC 4648 and MIME have lines of 64 and 76 columns, `base64` and `xxd -p` of 76 and 60) two words in a row are looked
 * at in each block: a run of SUSPECT_BLOCK + 15 characters or more has two such words, in the block where the form begins or in one
 * beside it. So a form is met if it begins in such a line, and is not cut by its end in what tells of it.
 */
#pragma once

#include "token_search.h"

/* Bytes from where a form may begin to where it ends: base64 of the longest one is 268, UTF-16 398; with escapes, lines and colours more. */
#define SUSPECT_REACH 512U

/*
 * Bytes of a text that is sent (SAMPLE_SUSPECT) before the place that it is sent for: where a form begins, or of the wide family alone, the
 * dot before a secret portion. What has that place in the first SUSPECT_REACH bytes behind these has no other text.
 */
#define SUSPECT_LEAD(suspects) ((suspects)&SUSPECT_ENCODED ? 8U : 144U)

_Static_assert(LIMIT_TEXT_BYTES >= 2 * SUSPECT_REACH, "in a text, what begins in its first half is whole");

/* Places that are judged at once, and rows of such blocks. */
#define SUSPECT_BLOCK 40ULL
#define SUSPECT_ROW_BLOCKS 8
#define SUSPECT_ROW (SUSPECT_BLOCK * SUSPECT_ROW_BLOCKS)
/* Loads of 8 bytes that see what begins there: of 2 bytes from each of 7 places, of 3 from each of 6, of 5 from each of 4. */
#define SUSPECT_LOADS_2 ((SUSPECT_ROW + 6) / 7)
#define SUSPECT_LOADS_3 ((SUSPECT_BLOCK + 5) / 6)
#define SUSPECT_LOADS_5 (SUSPECT_BLOCK / 4)
/* Bytes from a place on that tell. */
#define SUSPECT_LOOK 8ULL
/* Bytes before a row that are looked at: a block. */
#define SUSPECT_FIRST SUSPECT_BLOCK

/* Of suspect_row(): there may be something as it is; in a run, and in UTF-16, from here on a bit each block. */
#define SUSPECT_PLAIN 1ULL
#define SUSPECT_RUN 8
#define SUSPECT_PAIRS 16

/* Has top bits if a byte is zero: that of the lowest one, and perhaps of others. The caller takes TOKEN_TOPS. */
static __always_inline __u64 suspect_zero(__u64 word)
{
	return (word - TOKEN_ONES) & ~word;
}

/* suspect_zero() of where these three bytes follow each other, of the word's bytes 0 to 5; none of them is 0. */
static __always_inline __u64 suspect_three(__u64 word, __u8 first, __u8 second, __u8 third)
{
	return suspect_zero((word ^ TOKEN_ONES * first) | ((word >> 8) ^ TOKEN_ONES * second) |
			    ((word >> 16) ^ TOKEN_ONES * third));
}

/* The same of "t0", of the word's bytes 0 to 6. */
static __always_inline __u64 suspect_two(__u64 word)
{
	return suspect_zero((word ^ TOKEN_ONES * 't') | ((word >> 8) ^ TOKEN_ONES * '0'));
}

/* Where "dt0" stands in UTF-16, of the word's bytes 0 to 3. */
static __always_inline __u64 suspect_pairs(__u64 word)
{
	return suspect_zero((word ^ TOKEN_ONES * 'd') | word >> 8 | ((word >> 16) ^ TOKEN_ONES * 't') |
			    word >> 24 | ((word >> 32) ^ TOKEN_ONES * '0')) &
	       0x80808080;
}

/* Top bit of every byte that is this one. */
static __always_inline __u64 suspect_is(__u64 word, __u8 byte)
{
	__u64 other = word ^ TOKEN_ONES * byte;

	return ~(((other & ~TOKEN_TOPS) + ~TOKEN_TOPS) | other) & TOKEN_TOPS;
}

/* 1 if all bytes of the word are of base64, of either alphabet. */
static __always_inline __u64 suspect_run(__u64 word)
{
	__u64 is = token_word_letters(word) | token_word_digits(word) | suspect_is(word, '+') |
		   suspect_is(word, '/') | suspect_is(word, '-') | suspect_is(word, '_');

	return 1 ^ token_is_not(is ^ TOKEN_TOPS);
}

/* Leaves nothing of what suspect_run() takes: all bytes lie in '+' … 'z', or carry. */
static __always_inline __u64 suspect_run_leaves(__u64 word)
{
	return (word | (word - TOKEN_ONES * '+') | (word + TOKEN_ONES * 5)) & TOKEN_TOPS;
}

/* Leaves nothing of UTF-16 of what is below U+0080 and not NUL, of either kind: of two bytes one is NUL, and none has its top bit. */
static __always_inline __u64 suspect_pairs_leaves(__u64 word)
{
	const __u64 even = 0x00ff00ff00ff00ff;
	__u64 either = (word | word >> 8) & even;

	return (word & TOKEN_TOPS) | (word & word >> 8 & even) | (~(either + even) & 0x0100010001000100);
}

/* 1 if nothing is left. */
static __always_inline __u64 suspect_passes(__u64 left)
{
	return 1 ^ token_is_not(left);
}

/*
 * suspect_row() - may one of the forms begin in bytes[at, at + SUSPECT_ROW)? Most texts end here: without a branch, and in as few
 * operations as do. Reads from SUSPECT_BLOCK bytes before the row to 16 behind it.
 * @at: SUSPECT_FIRST or more, a multiple of 8
 */
static __always_inline __u64 suspect_row(const __u8 *bytes, __u64 at)
{
	__u64 plain = 0, run = 0, pairs = 0;

	TOKEN_UNROLL
	for (__u64 i = 0; i < SUSPECT_LOADS_2; i++) {
		plain |= suspect_two(token_word(bytes, at + 7 * i));
		TOKEN_IN_ORDER(plain);
	}
	/* from the block before the row to the one behind it */
	TOKEN_UNROLL
	for (int k = 0; k < SUSPECT_ROW_BLOCKS + 2; k++) {
		__u64 word = token_word(bytes, at + SUSPECT_BLOCK * k - SUSPECT_BLOCK),
		      next = token_word(bytes, at + SUSPECT_BLOCK * k - SUSPECT_BLOCK + 8);

		run |= token_nothing(suspect_run_leaves(word) | suspect_run_leaves(next)) >> 63 << k;
		pairs |= suspect_passes(suspect_pairs_leaves(word)) << k;
		TOKEN_IN_ORDER(run);
	}
	/* of a block those beside it count as well */
	run = ((run | run >> 1 | run >> 2) & 0xff) << SUSPECT_RUN;
	pairs = ((pairs | pairs >> 1 | pairs >> 2) & 0xff) << SUSPECT_PAIRS;
	return run | pairs | token_is_not(plain & TOKEN_TOPS);
}

/* The same of "dt0" as it is in a block. */
static __always_inline __u64 suspect_plain_block(const __u8 *bytes, __u64 at)
{
	__u64 found = 0;

	TOKEN_UNROLL
	for (__u64 i = 0; i < SUSPECT_LOADS_3; i++)
		found |= suspect_three(token_word(bytes, at + 6 * i), 'd', 't', '0');
	return found & TOKEN_TOPS;
}

/* Of base64 and hex in a block of which suspect_row() says so. */
static __always_inline __u64 suspect_run_block(const __u8 *bytes, __u64 at)
{
	__u64 found = 0;

	TOKEN_UNROLL
	for (__u64 i = 0; i < SUSPECT_LOADS_3; i++) {
		__u64 word = token_word(bytes, at + 6 * i);

		found |= suspect_three(word, 'Z', 'H', 'Q') | suspect_three(word, 'R', '0', 'M') |
			 suspect_three(word, 'k', 'd', 'D') | suspect_three(word, '6', '4', '7');
		TOKEN_IN_ORDER(found);
	}
	return found & TOKEN_TOPS;
}

/* Of UTF-16, likewise. */
static __always_inline __u64 suspect_pairs_block(const __u8 *bytes, __u64 at)
{
	__u64 found = 0;

	TOKEN_UNROLL
	for (__u64 i = 0; i < SUSPECT_LOADS_5; i++)
		found |= suspect_pairs(token_word(bytes, at + 4 * i));
	return found;
}

/* Bytes before the dot of a secret portion in which the longest identifier begins (128 bytes of public portion, as seen in the field). */
#define SUSPECT_IDENTIFIER_MAX (TOKEN_PREFIX_LEN + 1 + 128ULL)

/* Does "dt0" stand there? It may, if that lies before the text. */
static __always_inline int suspect_prefix_before(const __u8 *bytes, __u64 dot)
{
	__u64 found = 0;

	if (dot < SUSPECT_IDENTIFIER_MAX)
		return 1;
	TOKEN_UNROLL
	for (__u64 i = 0; i < (SUSPECT_IDENTIFIER_MAX + 5) / 6; i++)
		found |=
			suspect_three(token_word(bytes, dot - SUSPECT_IDENTIFIER_MAX + 6 * i), 'd', 't', '0');
	return (found & TOKEN_TOPS) != 0;
}

/*
 * suspect_block() - block k of a row: may one of the forms begin there?
 * @row: what suspect_row() has said of it
 */
static __always_inline int suspect_block(const __u8 *bytes, __u64 at, __u64 row, int k)
{
	return (row & SUSPECT_PLAIN && suspect_plain_block(bytes, at)) ||
	       (row >> (SUSPECT_RUN + k) & 1 && suspect_run_block(bytes, at)) ||
	       (row >> (SUSPECT_PAIRS + k) & 1 && suspect_pairs_block(bytes, at));
}

/* Can it stand between the characters of a token that is wrapped, escaped or coloured? */
static __always_inline int suspect_breaks(__u8 byte)
{
	return byte == '\n' || byte == '\r' || byte == 0x1b || byte == '=' || byte == '\\' || byte == '%' ||
	       byte == '&' || byte == '"';
}

/* Does what begins with this word begin as a token does, up to the first line's end or escape? */
static __always_inline int suspect_begins(__u64 word)
{
	if ((word & 0xffffff) != ('d' | 't' << 8 | '0' << 16))
		return 0;
	if (suspect_breaks(word >> 24))
		return 1;
	if (!token_is_letter(word >> 24))
		return 0;
	if (suspect_breaks(word >> 32))
		return 1;
	return token_is_digit(word >> 32) && (token_is_digit(word >> 40) || suspect_breaks(word >> 40));
}

/* Is it one of the forms that begins with this word? */
static __always_inline int suspect_form(__u64 word)
{
	__u8 fourth = word >> 24, fifth = word >> 32;

	switch (word & 0xffffff) {
	case 'd' | 't' << 8 | '0' << 16:
		return suspect_begins(word);
	case 'Z' | 'H' << 8 | 'Q' << 16:
		/* what comes behind has the upper bits of a letter */
		return fourth == 'w' && ((fifth >= 'Q' && fifth <= 'Z') || (fifth >= 'a' && fifth <= 'e') ||
					 suspect_breaks(fifth));
	case 'R' | '0' << 8 | 'M' << 16:
		return (fourth >= 'E' && fourth <= 'H') || suspect_breaks(fourth);
	case 'k' | 'd' << 8 | 'D' << 16:
		return fourth == 'B' || suspect_breaks(fourth);
	case '6' | '4' << 8 | '7' << 16:
		return (word >> 24 & 0xffffff) == ('4' | '3' << 8 | '0' << 16);
	case 'd' | 't' << 16:
		return (word >> 24 & 0xffff) == '0' << 8;
	}
	return 0;
}

#ifndef __bpf__
/*
 * suspect_next() - the first place from `at` on where one of the forms may begin in bytes[0, len), or TOKEN_NONE; what begins in the last
 * SUSPECT_LOOK - 1 bytes is not told.
 * @bytes: SUSPECT_FIRST before the first one, and SUSPECT_ROW + 16 behind the last one, can be read
 * The BPF side has the same loop around the same functions (bpf/scan/suspect.bpf.h).
 */
static inline __u64 suspect_next(const __u8 *bytes, __u64 len, __u64 at)
{
	for (__u64 first = at / 8 * 8; first < len; first += SUSPECT_ROW) {
		__u64 row = suspect_row(bytes, first);

		for (int k = 0; row && k < SUSPECT_ROW_BLOCKS; k++) {
			__u64 block = first + SUSPECT_BLOCK * (__u64)k;

			if (!suspect_block(bytes, block, row, k))
				continue;
			for (__u64 i = block; i < block + SUSPECT_BLOCK && i + SUSPECT_LOOK <= len; i++)
				if (i >= at && suspect_form(token_word(bytes, i)))
					return i;
		}
	}
	return TOKEN_NONE;
}
#endif
