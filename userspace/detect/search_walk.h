/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The walk that all vector kinds share. A kind defines SEARCH_TARGET (function attributes), SEARCH_WALK
 * (the function's name), SEARCH_DOTTED and SEARCH_MASKS, and includes this once.
 *
 *        ┌───────────── 64: judged on a hit ─────────────┐
 *     … ─┴───────────────────────────────────────┬───────┴─────────────────────────────── …
 *      first                                      probe: 8 bytes
 *        └──────────────── 57 ────────────────────┘
 *
 * Before each step every dot before `first` has been judged, and the word at `probe` = first + 57 is
 * looked at. The secret portions that cover it are those behind the dots in [first, probe).
 *
 *   miss  it is not wholly [A-Z0-9]: none of these dots has a secret behind it, go on by 57;
 *   hit   judge the dots in [first, first + 64), go on by 64.
 *
 * A secret behind a dot at i of the 64 bytes fills what is left of them and i + 1 of the next 64. So only
 * the last byte that is not [A-Z0-9] can be that dot, and one comparison of bit masks tells for all 64
 * whether it is, another one whether the next 64 begin with enough of [A-Z0-9]. No loop depends on what
 * a text holds: the worst one costs a constant for every 64 bytes.
 *
 * Which bytes of a run the probe meets does not matter: token_search() returns the first dot that has a
 * token around it, whatever its own probes, and so does this.
 */
#include "token_search.h"

/* From a dot to the last place where a word is within its secret portion. */
#define SEARCH_REACH (TOKEN_SECRET_LEN - 7ULL)
/* Bytes that are judged at a time, one bit each. */
#define SEARCH_BLOCK 64ULL
/* From a probe to the end of the second block. */
#define SEARCH_AHEAD (2 * SEARCH_BLOCK - SEARCH_REACH)
#define SEARCH_TURN 4ULL

_Static_assert(TOKEN_SECRET_LEN == SEARCH_BLOCK, "a secret portion reaches exactly into the next block");

/* Might the word lie in a secret portion? Never wrongly no. */
static __always_inline bool search_hits(const uint8_t *bytes, uint64_t probe)
{
	return token_word_maybe(token_load(bytes + probe));
}

/* The first probe from this one on that hits, or one too near the end for a turn of several. */
static __always_inline uint64_t search_skip(const uint8_t *bytes, uint64_t len, uint64_t probe)
{
	while (probe + (SEARCH_TURN - 1) * SEARCH_REACH + SEARCH_AHEAD <= len) {
		if (search_hits(bytes, probe))
			return probe;
		if (search_hits(bytes, probe + SEARCH_REACH))
			return probe + SEARCH_REACH;
		if (search_hits(bytes, probe + 2 * SEARCH_REACH))
			return probe + 2 * SEARCH_REACH;
		if (search_hits(bytes, probe + 3 * SEARCH_REACH))
			return probe + 3 * SEARCH_REACH;
		probe += SEARCH_TURN * SEARCH_REACH;
	}
	while (probe + SEARCH_AHEAD <= len && !search_hits(bytes, probe))
		probe += SEARCH_REACH;
	return probe;
}

/*
 * The dot in the block at `first` that has a token around it, or TOKEN_NONE. Reads two blocks and what is
 * before. @next: the masks of the second block, if they were needed, for the judgement that follows it.
 */
static __always_inline SEARCH_TARGET uint64_t search_judge(const uint8_t *bytes, uint64_t first,
							   struct search_masks *next)
{
	struct search_masks block = *next;
	uint64_t dot;

	next->known = false;
	if (!block.known) {
		if (!SEARCH_DOTTED(bytes + first))
			return TOKEN_NONE;
		SEARCH_MASKS(bytes + first, &block);
	}
	/* the last byte outside is a dot: the greater of two numbers has the higher top bit */
	if (block.dots <= (block.outside & ~block.dots))
		return TOKEN_NONE;
	SEARCH_MASKS(bytes + first + SEARCH_BLOCK, next);
	next->known = true;
	/* all that is below the next block's first byte outside must reach up to that dot's place */
	if (block.dots > (~next->outside & (next->outside - 1)))
		return TOKEN_NONE;
	dot = first + SEARCH_BLOCK - 1 - (uint64_t)__builtin_clzll(block.dots);
	return token_public_len(bytes, dot) ? dot : TOKEN_NONE;
}

SEARCH_TARGET uint64_t SEARCH_WALK(const uint8_t *bytes, uint64_t len, uint64_t min_dot)
{
	uint64_t probe = min_dot + SEARCH_REACH;

	if (min_dot >= len)
		return TOKEN_NONE;
	for (;;) {
		struct search_masks next = {0};

		probe = search_skip(bytes, len, probe);
		if (probe + SEARCH_AHEAD > len)
			break;
		do {
			uint64_t dot = search_judge(bytes, probe - SEARCH_REACH, &next);

			if (dot != TOKEN_NONE)
				return dot;
			probe += SEARCH_BLOCK;
		} while (probe + SEARCH_AHEAD <= len && search_hits(bytes, probe));
	}
	/* less than two blocks are left */
	return token_search(bytes, len, probe - SEARCH_REACH);
}
