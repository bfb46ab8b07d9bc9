/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finding a token fast: plain C that the BPF object and the host compile alike.
 *
 *       .. d t 0 c 0 1 . P P … P . S S S S S S S S S S … S S S S S ..
 *                                │ └───────── 64 ──────────────┘
 *                               dot      └─at─┘   one aligned word in 56 bytes is looked at
 *
 * A secret portion is a run of 64 bytes of [A-Z0-9], so wherever it starts it holds 7 whole aligned
 * 8-byte words, and one aligned word in every 56 bytes is enough to meet it. A word that is not
 * wholly [A-Z0-9] rules out every secret around it; most text ends there. On a hit:
 *
 *   1. walk back by words to the last byte below '0'; it must be a dot, at most 57 bytes
 *      before the word (were it further, the secret's first 64 bytes would end inside the word, and
 *      an earlier probe has met them); that nothing else stands between is seen in 3;
 *   2. a dot must stand 25 or 9 bytes before that one, with "dt0", a letter and two digits before it
 *      and only [A-Z0-9] between;
 *   3. the 64 bytes after the dot must all be [A-Z0-9].
 *
 * So the work is bounded by a constant for every 56 bytes, whatever the text.
 * As documented, there is no boundary on either side: of a longer run the first 64 bytes count.
 * Two tokens never overlap (a token can only start with a lower-case letter, and has none after its
 * prefix), so the second dot names a token.
 *
 * The word tests are the usual SWAR ones (Mycroft 1987; Bit Twiddling Hacks, "hasless"): for bytes
 * below 0x80, (b + (0x80 - n)) has its top bit set exactly when b >= n, and no carry crosses.
 */
#pragma once

#include "bounds.h"
#include "token_formats.h"
#include "types.h"

/* No token found. */
#define TOKEN_NONE (~0ULL)

/* Bytes between two probes: the whole aligned words that any run of a secret's length must hold. */
#define TOKEN_STRIDE ((TOKEN_SECRET_LEN - 7ULL) / 8 * 8)

/*
 * With the dots, from the one before the public portion on, a token is a longer run, of [A-Z0-9.]: 74 bytes or more,
 * which hold 8 whole aligned words. Where only whether there might be one is asked, so many fewer probes do.
 */
#define TOKEN_RUN_MIN (1 + TOKEN_PUBLIC_MIN + 1 + TOKEN_SECRET_LEN)
#define TOKEN_RUN_STRIDE ((TOKEN_RUN_MIN - 7ULL) / 8 * 8)

#define TOKEN_ONES 0x0101010101010101ULL
#define TOKEN_TOPS 0x8080808080808080ULL

/*
 * In BPF the index is hidden from the compiler and masked, so that the verifier sees the bound at
 * every access; on the host it is left alone.
 */
#ifdef __bpf__
#define TOKEN_INDEX(i)                                 \
	({                                             \
		__u64 token_index = (i);               \
		asm volatile("" : "+r"(token_index));  \
		token_index &(LIMIT_WINDOW_BYTES - 1); \
	})
#else
#define TOKEN_INDEX(i) (i)
#endif

/* Before a loop that has to be written out, because BPF needs its places as constants. */
#ifdef __clang__
#define TOKEN_UNROLL _Pragma("unroll")
#else
#define TOKEN_UNROLL
#endif

/* Between loads of which clang would do many first, and keep what they gave in the few bytes of a BPF stack. */
#ifdef __bpf__
#define TOKEN_IN_ORDER(gathered) asm volatile("" : "+r"(gathered) : : "memory")
#else
#define TOKEN_IN_ORDER(gathered)
#endif

/* BPF would load what it is not told to be aligned byte by byte. */
static __always_inline __u64 token_load(const __u8 *from)
{
#ifdef __bpf__
	return *(const __u64 *)from;
#else
	__u64 word;

	__builtin_memcpy(&word, from, sizeof(word));
	return word;
#endif
}

static __always_inline __u64 token_word(const __u8 *bytes, __u64 at)
{
	return token_load(bytes + TOKEN_INDEX(at));
}

static __always_inline __u8 token_byte(const __u8 *bytes, __u64 at)
{
	return bytes[TOKEN_INDEX(at)];
}

/* Three operations that leave nothing of a word of [A-Z0-9]: all bytes lie in '0' … 'Z' (or borrow from
 * a neighbour that does not, which the exact test settles). */
static __always_inline __u64 token_word_leaves(__u64 word)
{
	return (word | (word - TOKEN_ONES * '0') | (word + TOKEN_ONES * 0x25)) & TOKEN_TOPS;
}

/*
 * The cheapest test of a word for [A-Z0-9.]: what leaves nothing has all its bytes in '.' … 'Z', or from 0xdb on (they
 * carry), or borrows from such a neighbour.
 */
static __always_inline __u64 token_run_far(__u64 word)
{
	return ((word - TOKEN_ONES * '.') | (word + TOKEN_ONES * 0x25)) & TOKEN_TOPS;
}

/*
 * token_word_leaves() of a word of [A-Z0-9.]: what leaves nothing has all its bytes in '.' … 'Z', but none from ':' to '?', as the
 * time of day has (adding 6 moves those into the half of the capitals, and nothing of [A-Z0-9.] out of its own); or
 * borrows or carries, as above. Of what lies from 0x80 on, one of the first two leaves the top bit: the one that does
 * not carry.
 */
static __always_inline __u64 token_run_leaves(__u64 word)
{
	return ((word - TOKEN_ONES * '.') | (word + TOKEN_ONES * 0x25) |
		((word + TOKEN_ONES * 6) ^ word) << 1) &
	       TOKEN_TOPS;
}

/* What is left over as a number whose top bit is set if it is nothing: to be gathered without a branch. */
static __always_inline __u64 token_nothing(__u64 left)
{
	return (left >> 7) - 1;
}

static __always_inline int token_word_maybe(__u64 word)
{
	return !token_word_leaves(word);
}

/*
 * token_no_dot_before() - are the TOKEN_SECRET_LEN bytes before `at`, which is that or more, without a dot (and
 * without most below '0')? Then no secret portion covers `at`: the usual end in a text of nothing but [A-Z0-9].
 *
 * Taking '0' from every byte leaves the top bit of the lowest one that is smaller, whatever is borrowed above it.
 */
static __always_inline int token_no_dot_before(const __u8 *bytes, __u64 at)
{
	const __u8 *from = bytes + TOKEN_INDEX(at - TOKEN_SECRET_LEN);
	__u64 below = 0;

	TOKEN_UNROLL
	for (int i = 0; i < TOKEN_SECRET_LEN; i += 8)
		below |= token_load(from + i) - TOKEN_ONES * '0';
	return !(below & TOKEN_TOPS);
}

/* Top bit of every byte that is not in [A-Z0-9]. */
static __always_inline __u64 token_word_outside(__u64 word)
{
	__u64 low = word & ~TOKEN_TOPS;
	__u64 digit = (low + TOKEN_ONES * (0x80 - '0')) & ~(low + TOKEN_ONES * (0x80 - '9' - 1));
	__u64 upper = (low + TOKEN_ONES * (0x80 - 'A')) & ~(low + TOKEN_ONES * (0x80 - 'Z' - 1));

	return (~(digit | upper) | word) & TOKEN_TOPS;
}

/* Top bit of every byte that is a dot. */
static __always_inline __u64 token_word_dots(__u64 word)
{
	__u64 other = word ^ TOKEN_ONES * '.';

	return ~(((other & ~TOKEN_TOPS) + ~TOKEN_TOPS) | other) & TOKEN_TOPS;
}

/* Top bit of every byte that is not in [A-Z0-9.]. */
static __always_inline __u64 token_run_outside(__u64 word)
{
	return token_word_outside(word) & ~token_word_dots(word);
}

/*
 * Has a top bit (of which the caller takes TOKEN_TOPS) if a byte of the word could be the 'd' or the 't' that a token
 * begins with, or one of its dots; most other lower-case letters and all from 0x80 on count as well. No such byte is
 * missed for its neighbours' carries: what is zero leaves its top bit, whatever is borrowed from it.
 */
static __always_inline __u64 token_word_begins(__u64 word)
{
	return (word + TOKEN_ONES * 0x25) | ((word ^ TOKEN_ONES * '.') - TOKEN_ONES);
}

/*
 * 8 bytes at W meet a token that begins at W-6 to W+7: by its 'd', its 't', or the dot behind its prefix. So of words at
 * every 14th byte, one or more pass token_word_begins() for every token. (With the other dot's help it could be fewer for
 * tokens with a public portion of 24, but not for those with 8.)
 */
#define TOKEN_BEGUN_STEP (TOKEN_PREFIX_LEN + 8)

/* Top bit of every byte below '0'. */
static __always_inline __u64 token_word_below(__u64 word)
{
	return ~(((word & ~TOKEN_TOPS) + TOKEN_ONES * (0x80 - '0')) | word) & TOKEN_TOPS;
}

/* 1 for any number but 0: without a branch, of which the verifier would follow both ways. */
static __always_inline __u64 token_is_not(__u64 difference)
{
	__u64 negative = -difference;

#ifdef __bpf__
	asm volatile("" : "+r"(negative)); /* clang would see through it, and branch */
#endif
	return (difference | negative) >> 63;
}

/*
 * Bytes of a word up to the last one (in memory) whose top bit is set, itself counted; 0 if there is none. The marks are
 * spread to all bytes before them and counted by a multiplication: without a branch, of which the verifier would follow
 * both ways, and in few steps that wait for each other.
 */
static __always_inline __u64 token_marked_end(__u64 mask)
{
	mask = (mask & TOKEN_TOPS) >> 7;
	mask |= mask >> 8;
	mask |= mask >> 16;
	mask |= mask >> 32;
	return (mask * TOKEN_ONES) >> 56;
}

/* Index (0 first in memory) of the last byte whose top bit is set; mask must not be 0. */
static __always_inline __u64 token_last_marked(__u64 mask)
{
	return token_marked_end(mask) - 1;
}

static __always_inline int token_is_letter(__u8 byte)
{
	__u8 lower = byte | 0x20;

	return lower >= 'a' && lower <= 'z';
}

static __always_inline int token_is_digit(__u8 byte)
{
	return byte >= '0' && byte <= '9';
}

/* Could this byte stand in a token? Only letters, digits and a dot could. */
static __always_inline int token_may_hold(__u8 byte)
{
	return token_is_letter(byte) || token_is_digit(byte) || byte == '.';
}

/* Could it stand in the run from the dot before the public portion on? */
static __always_inline int token_run_may_hold(__u8 byte)
{
	return (byte >= 'A' && byte <= 'Z') || token_is_digit(byte) || byte == '.';
}

/* Is there "dt0", a letter, two digits at `at`? */
static __always_inline int token_prefix_at(const __u8 *bytes, __u64 at)
{
	return token_byte(bytes, at) == 'd' && token_byte(bytes, at + 1) == 't' &&
	       token_byte(bytes, at + 2) == '0' && token_is_letter(token_byte(bytes, at + 3)) &&
	       token_is_digit(token_byte(bytes, at + 4)) && token_is_digit(token_byte(bytes, at + 5));
}

/* Top bit of every byte that is a digit. */
static __always_inline __u64 token_word_digits(__u64 word)
{
	__u64 low = word & ~TOKEN_TOPS;

	return (low + TOKEN_ONES * (0x80 - '0')) & ~(low + TOKEN_ONES * (0x80 - '9' - 1)) & ~word &
	       TOKEN_TOPS;
}

/* Top bit of every byte that is a letter. */
static __always_inline __u64 token_word_letters(__u64 word)
{
	__u64 lower = (word & ~TOKEN_TOPS) | TOKEN_ONES * 0x20;

	return (lower + TOKEN_ONES * (0x80 - 'a')) & ~(lower + TOKEN_ONES * (0x80 - 'z' - 1)) & ~word &
	       TOKEN_TOPS;
}

/* 0 if these 8 bytes have "dt0" and the dot of what begins with a prefix. */
static __always_inline __u64 token_prefix_fixed(__u64 word)
{
	return (word ^ ('d' | 't' << 8 | '0' << 16 | (__u64)'.' << 48)) & 0x00ff000000ffffff;
}

/*
 * 0 if these 8 bytes begin with "dt0", a letter, two digits and a dot. Without a branch, of which the verifier would follow
 * both ways.
 */
static __always_inline __u64 token_prefix_differs(__u64 word)
{
	const __u64 kinds = TOKEN_TOPS & 0xffffff000000;

	return token_prefix_fixed(word) |
	       (((token_word_letters(word) & 0xff000000) | (token_word_digits(word) & 0xffff00000000)) ^
		kinds);
}

/* Does a public portion of public_len bytes, with its prefix, end right before `dot`? */
static __always_inline int token_public_before(const __u8 *bytes, __u64 dot, __u64 public_len)
{
	if (dot < public_len + 1 + TOKEN_PREFIX_LEN)
		return 0;
	if (token_byte(bytes, dot - public_len - 1) != '.')
		return 0;
	if (!token_prefix_at(bytes, dot - public_len - 1 - TOKEN_PREFIX_LEN))
		return 0;
	for (__u64 i = 0; i < public_len; i += 8)
		if (token_word_outside(token_word(bytes, dot - public_len + i)))
			return 0;
	return 1;
}

/*
 * token_public_len() - length of the public portion of the token whose second dot is at `dot`,
 * or 0 if no public portion with a prefix ends there. Looks at bytes before `dot` only.
 */
static __always_inline __u64 token_public_len(const __u8 *bytes, __u64 dot)
{
#define TOKEN_TRY_PUBLIC(id, name, public_len)           \
	if (token_public_before(bytes, dot, public_len)) \
		return public_len;
	TOKEN_FORMATS(TOKEN_TRY_PUBLIC)
#undef TOKEN_TRY_PUBLIC
	return 0;
}

/*
 * token_dot_before() - the place of the dot that the secret portion covering the word at `at` would have to follow:
 * the last byte below '0' before it, if it is a dot and near enough; else TOKEN_NONE.
 * @bytes: the text; reads stay inside [0, at + 8)
 * @at:    a multiple of 8; the word there passed token_word_maybe()
 */
static __always_inline __u64 token_dot_before(const __u8 *bytes, __u64 at)
{
	__u64 below = 0, dot = at;

	if (token_word_outside(token_word(bytes, at)))
		return TOKEN_NONE;
	for (int i = 0; i < (TOKEN_SECRET_LEN + 7) / 8; i++) {
		if (dot < 8)
			return TOKEN_NONE;
		dot -= 8;
		below = token_word_below(token_word(bytes, dot));
		if (below)
			break;
	}
	if (!below)
		return TOKEN_NONE;
	dot += token_last_marked(below);
	return at - dot <= TOKEN_SECRET_LEN - 7 && token_byte(bytes, dot) == '.' ? dot : TOKEN_NONE;
}

/*
 * token_at_dot() - is there a token whose second dot is the one at `dot`?
 * @bytes: the text; reads stay inside [0, len); @len: its length in bytes
 */
static __always_inline int token_at_dot(const __u8 *bytes, __u64 len, __u64 dot)
{
	if (dot + TOKEN_SECRET_LEN >= len)
		return 0;
	/* the secret's end first: what only looks like a token mostly ends before it */
	if (token_word_outside(token_word(bytes, dot + 1 + TOKEN_SECRET_LEN - 8)) ||
	    !token_public_len(bytes, dot))
		return 0;
	for (__u64 i = 0; i < TOKEN_SECRET_LEN - 8; i += 8)
		if (token_word_outside(token_word(bytes, dot + 1 + i)))
			return 0;
	return 1;
}

/*
 * token_begun_prefix() - does a text that ends with these 8 bytes end with the beginning of a prefix?
 * Returns 1 if so.
 */
static __always_inline __u64 token_begun_prefix(__u64 end)
{
	const __u64 start = 'd' | 't' << 8 | '0' << 16;
	__u64 digit = token_word_digits(end), letter = token_word_letters(end), wrong;

	/* d; dt; dt0; then with the letter and the digits that must follow, as top bits of their bytes */
	wrong = token_is_not((end >> 56) ^ (start & 0xff));
	wrong &= token_is_not((end >> 48) ^ (start & 0xffff));
	wrong &= token_is_not((end >> 40) ^ start);
	wrong &= token_is_not((end >> 32 & 0xffffff) ^ start) | (~letter >> 63);
	wrong &= token_is_not((end >> 24 & 0xffffff) ^ start) | (~(letter << 8 & digit) >> 63);
	wrong &= token_is_not((end >> 16 & 0xffffff) ^ start) | (~(letter << 16 & digit << 8 & digit) >> 63);
	return !wrong;
}

/*
 * token_may_go_on() - could a text end with the beginning of a token? So it could if its last 8 bytes are all of a secret
 * or a public portion, or end with the beginning of a prefix, or if behind a dot such a portion begins in them: there,
 * what stands before the dot is a prefix or a public portion. What token_begun() finds, this finds, and more.
 * @before, @last: the text's last 16 bytes
 */
static __always_inline int token_may_go_on(__u64 before, __u64 last)
{
	const __u64 start = 'd' | 't' << 8 | '0' << 16;
	__u64 outside, at;
	__u8 end = last >> 56;

	/* most texts: no portion goes on behind such a byte, and a prefix only up to its letter */
	if (!token_run_may_hold(end))
		return end == 'd' || last >> 48 == (start & 0xffff) || (last >> 32 & 0xffffff) == start;
	outside = token_word_outside(last);
	if (!outside)
		return 1;
	at = token_last_marked(outside);
	if ((__u8)(last >> at * 8) != '.')
		return token_begun_prefix(last);
	/* the 8 bytes before the dot */
	if (at)
		before = before >> at * 8 | last << (8 - at) * 8;
	return !token_word_outside(before) || (before >> 16 & 0xffffff) == start;
}

/*
 * token_run() - how many bytes of [A-Z0-9] a text ends with; TOKEN_SECRET_LEN or more count as that many,
 * and so does a run that reaches into the first 7 bytes (a window has its carry in front).
 */
static __always_inline __u64 token_run(const __u8 *bytes, __u64 len)
{
	for (__u64 run = 0; run < TOKEN_SECRET_LEN && run + 8 <= len; run += 8) {
		__u64 outside = token_word_outside(token_word(bytes, len - run - 8));

		if (outside)
			return run + 7 - token_last_marked(outside);
	}
	return TOKEN_SECRET_LEN;
}

/*
 * token_begun() - does a text end with the beginning of a token?
 * @bytes: the text; reads stay inside [0, len)
 * @len:   8 or more; what begins in the first byte is not met for every length: see token_run()
 * @run:   token_run() of it
 *
 * Returns 1 if so: with some or all of a prefix, of a public portion behind one, or of a secret portion
 * behind both, but not with a whole token.
 */
static __always_inline __u64 token_begun(const __u8 *bytes, __u64 len, __u64 run)
{
	__u64 dot;

	if (token_begun_prefix(token_word(bytes, len - 8)))
		return 1;
	if (run >= TOKEN_SECRET_LEN || len < run + 1 + TOKEN_PREFIX_LEN)
		return 0;
	dot = len - run - 1;
	if (token_byte(bytes, dot) != '.')
		return 0;
	if (run <= TOKEN_PUBLIC_MAX && token_prefix_at(bytes, dot - TOKEN_PREFIX_LEN))
		return 1;
	return token_public_len(bytes, dot) != 0;
}

/* So many bytes, or less, of a token's end are what any text may begin with. */
#define TOKEN_FEW 4

/*
 * token_goes_on() - could a text that starts with these 8 bytes be the end of a token, if that is TOKEN_FEW bytes or more?
 * Of a shorter one any could. Then its first bytes are of a portion, a dot among them, or of a prefix from the second,
 * third or fourth byte on (what comes later looks like a portion).
 * @word: the first 8 bytes
 * @len:  of the text; of less than TOKEN_FEW bytes only those are looked at
 */
static __always_inline int token_goes_on(__u64 word, __u64 len)
{
	__u64 no_letter = ~token_word_letters(word) & TOKEN_TOPS,
	      no_digit = ~token_word_digits(word) & TOKEN_TOPS;
	__u64 looked = 0xffffffff >> 8 * (len < TOKEN_FEW ? TOKEN_FEW - len : 0);
	/* what differs from t0; from 0, a letter, a digit; from a letter, two digits, a dot */
	__u64 second = (word ^ ('t' | '0' << 8)) & 0xffff;
	__u64 third = ((word ^ '0') & 0xff) | (no_letter & 0xff00) | (no_digit & 0xff0000);
	__u64 fourth = (no_letter & 0xff) | (no_digit & 0xffff00) | ((word ^ (__u64)'.' << 24) & 0xff000000);

	return !(token_is_not(token_run_outside(word) & looked) & token_is_not(second & looked) &
		 token_is_not(third & looked) & token_is_not(fourth & looked));
}

#ifndef __bpf__
/*
 * token_search() - the first token in [0, len) whose second dot is at min_dot or later.
 * Returns the index of that dot or TOKEN_NONE; go on with min_dot = dot + 1. The token starts at
 * dot - token_public_len() - 1 - TOKEN_PREFIX_LEN and ends after dot + TOKEN_SECRET_LEN.
 * The BPF side has the same loop around the same functions (bpf/scan/inspect.bpf.c), with the
 * iteration bound the verifier wants.
 */
static inline __u64 token_search(const __u8 *bytes, __u64 len, __u64 min_dot)
{
	for (__u64 at = min_dot / TOKEN_STRIDE * TOKEN_STRIDE; at + 8 <= len; at += TOKEN_STRIDE) {
		__u64 dot;

		if (!token_word_maybe(token_word(bytes, at)))
			continue;
		if (at >= TOKEN_SECRET_LEN && token_no_dot_before(bytes, at))
			continue;
		dot = token_dot_before(bytes, at);
		if (dot != TOKEN_NONE && dot >= min_dot && token_at_dot(bytes, len, dot))
			return dot;
	}
	return TOKEN_NONE;
}
#endif
