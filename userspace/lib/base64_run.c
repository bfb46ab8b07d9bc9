// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text → a long line of base64 → what it begins with → all that it stands for.
 *
 * Hardly any text has so many of these characters without a space. So lines of it are looked for by steps of their least length, as
 * long as what ends one lies near (as in detect/encoded.c), and of one that is found its beginning decides: random bytes are no text
 * of that length, once in 2^25.
 *
 * What stands before a run may be of its alphabet as well ("key/SDRz…"): it may begin RUN_SHIFT characters later.
 *
 * Limit: a run that begins in the middle of a line of another one's characters is not seen.
 */
#include "lib/base64_run.h"

#include "lib/utf8.h"

#include <string.h>

#define RUN_SHIFT 16

/* A line has a whole block in it at each step. */
#define RUN_BLOCK 16UL
#define RUN_STEP (RUN_LINE - RUN_BLOCK)

/* Bytes of the beginning that are looked at; the first few of them. */
#define RUN_FIRST ((RUN_LINE - RUN_SHIFT) / 4 * 3)
#define RUN_FEW 6UL

const uint8_t run_six[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['-'] = 63,
	['/'] = 64, ['_'] = 64,
};

uint8_t run_letter(unsigned int value, uint8_t there)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return run_value(there) == value ? there : (uint8_t)letters[value];
}

static enum run_kind run_text(const uint8_t *bytes, size_t len)
{
	/* and a terminal's colours */
	static const uint8_t spaces[] = {'\t', '\n', '\r', '\f', 0x1b};

	for (size_t at = 0; at < len;) {
		size_t length = utf8_length(bytes + at, len - at);

		/* the last one may be cut */
		if (!length)
			return bytes[at] >= 0xc2 && len - at < 4 ? RUN_TEXT : RUN_OTHER;
		if (bytes[at] == 0x7f || (bytes[at] < ' ' && !memchr(spaces, bytes[at], sizeof(spaces))))
			return RUN_OTHER;
		at += length;
	}
	return RUN_TEXT;
}

/* Every other byte is a NUL, perhaps behind the mark of their order. */
static bool run_is_pairs(const uint8_t *bytes, size_t len)
{
	size_t odd = 0, even = 0, from = bytes[0] >= 0xfe && bytes[1] >= 0xfe ? 2 : 0;

	for (size_t i = from; i + 1 < len; i += 2) {
		even += !bytes[i];
		odd += !bytes[i + 1];
	}
	return (even == (len - from) / 2) != (odd == (len - from) / 2);
}

static enum run_kind run_first(const uint8_t *bytes, size_t len)
{
	if (bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8)
		return RUN_GZIP;
	return run_is_pairs(bytes, len) ? RUN_PAIRS : run_text(bytes, len);
}

static void run_decode(const uint8_t *line, uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len; i += 3, line += 4) {
		unsigned int held = 0;

		for (size_t k = 0; k < 4; k++)
			held = held << 6 | (run_six[line[k]] - 1U);
		to[i] = (uint8_t)(held >> 16);
		to[i + 1] = (uint8_t)(held >> 8);
		to[i + 2] = (uint8_t)held;
	}
}

typedef uint8_t run_block __attribute__((vector_size(RUN_BLOCK)));

/* Can all of these bytes be of a run? */
static bool run_is_block(const uint8_t *bytes)
{
	run_block block, letters, digits, is;
	uint64_t halves[2];

	_Static_assert(sizeof(block) == sizeof(halves), "two of them");
	memcpy(&block, bytes, sizeof(block));
	letters = (block | 0x20) - 'a';
	/* with the slash */
	digits = block - '/';
	is = (run_block)(letters < 26) | (run_block)(digits < 11) | (run_block)(block == '+') |
	     (run_block)(block == '-') | (run_block)(block == '_');
	memcpy(halves, &is, sizeof(halves));
	return (halves[0] & halves[1]) == UINT64_MAX;
}

/* A digest, as a text has most of such lines: no text is in base64 of so few characters. */
static bool run_is_hex(const uint8_t *line)
{
	uint64_t halves[2] = {UINT64_MAX, UINT64_MAX};

	for (size_t at = 0; at + RUN_BLOCK <= RUN_LINE && (halves[0] & halves[1]) == UINT64_MAX;
	     at += RUN_BLOCK) {
		run_block block, is;

		memcpy(&block, line + at, sizeof(block));
		is = (run_block)((run_block)(block - '0') < 10) |
		     (run_block)((run_block)((block | 0x20) - 'a') < 6);
		memcpy(halves, &is, sizeof(halves));
	}
	return (halves[0] & halves[1]) == UINT64_MAX;
}

/* What begins with a line's first characters, and how many of them come before it. */
static enum run_kind run_begins(const uint8_t *line, size_t *ret_shift)
{
	if (run_is_hex(line))
		return RUN_OTHER;
	for (size_t shift = 0; shift < RUN_SHIFT; shift++) {
		uint8_t first[RUN_FIRST];
		enum run_kind kind;

		/* mostly it is nothing, and few bytes tell */
		run_decode(line + shift, first, RUN_FEW);
		kind = run_first(first, RUN_FEW);
		if (kind != RUN_OTHER) {
			run_decode(line + shift, first, sizeof(first));
			kind = run_first(first, sizeof(first));
			explicit_bzero(first, sizeof(first));
		}
		if (kind != RUN_OTHER) {
			*ret_shift = shift;
			return kind;
		}
	}
	return RUN_OTHER;
}

/* The end of the characters from `at` on, up to `most`. */
static size_t run_end(const uint8_t *bytes, size_t at, size_t most)
{
	while (at < most && run_is(bytes[at]))
		at++;
	return at;
}

bool run_find(struct run *run, const uint8_t *bytes, size_t len, size_t *from)
{
	size_t at = *from, floor = at; /* none begins before that */

	if (run->refused) {
		at = floor = *from = run_end(bytes, at, len);
		run->refused = at == len;
	}
	while (at + RUN_BLOCK <= len) {
		size_t start = at, shift;

		if (!run_is_block(bytes + at)) {
			floor = at + 1;
			at += RUN_STEP;
			continue;
		}
		while (start > floor && run_is(bytes[start - 1]))
			start--;
		at = run_end(bytes, at + RUN_BLOCK, len);
		if (at - start < RUN_LINE) {
			floor = at == len ? start : at;
			continue;
		}
		run->kind = run_begins(bytes + start, &shift);
		if (run->kind != RUN_OTHER) {
			*from = start + shift;
			run->ended = false;
			run->line = 0;
			run->held = run->bits = 0;
			return true;
		}
		floor = at;
		run->refused = at == len;
	}
	*from = floor;
	return false;
}

/* Where the next line begins behind one that ends at `at`; `at` if none does, len if that is not known yet. */
static size_t run_next_line(const struct run *run, const uint8_t *bytes, size_t len, size_t at)
{
	size_t next = at, most = len - at < RUN_BREAK ? len : at + RUN_BREAK;

	if (run->line < RUN_LINE)
		return at;
	/* in a string of JSON or C */
	if (bytes[next] == '\\') {
		if (len - next > 2 && bytes[next + 1] == 'r' && bytes[next + 2] == '\\')
			next += 2;
		if (len - next < 2 || (len - next == 2 && bytes[next + 1] == 'r'))
			return len;
		if (bytes[next + 1] != 'n')
			return at;
		next += 2;
	} else {
		next += bytes[next] == '\r';
		if (next == len)
			return len;
		if (bytes[next] != '\n')
			return at;
		for (next++; next < most && (bytes[next] == ' ' || bytes[next] == '\t');)
			next++;
	}
	if (next == len)
		return len;
	return run_is(bytes[next]) ? next : at;
}

size_t run_read(struct run *run, const uint8_t *bytes, size_t len, bool whole, size_t *at, uint8_t *to,
		size_t room)
{
	size_t written = 0;

	while (written < room && *at < len) {
		unsigned int six = run_six[bytes[*at]];
		size_t next;

		if (six) {
			run->held = run->held << 6 | (six - 1);
			run->bits += 6;
			run->line++;
			++*at;
			if (run->bits >= 8) {
				run->bits -= 8;
				to[written++] = (uint8_t)(run->held >> run->bits);
			}
			continue;
		}
		next = run_next_line(run, bytes, len, *at);
		if (next == len && !whole)
			return written;
		if (next == *at || next == len) {
			run->ended = true;
			return written;
		}
		run->line = 0;
		*at = next;
	}
	run->ended = whole && *at == len;
	return written;
}

void run_refuse(struct run *run)
{
	run->refused = true;
	run->held = 0;
}
