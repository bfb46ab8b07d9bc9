// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Printable text out of bytes that may hold tokens; used by attribute and by the commands.
 *
 *     bytes ─ escape ─ text ─┬─ as it stands ─────────┬─ marks ─ text with MASK_TEXT
 *                            ├─ as hex, 2 phases ─────┤
 *                            └─ as base64, 4 phases ──┘
 *
 * Escaping comes first, so that what is searched is what will be read: no byte of a secret is ever
 * escaped, so none hides, and a shape that an escape's digits complete ("\x0d" and "t0c01.") is seen
 * too. Every reading of the text is then searched for the same shapes, and what they cover is marked.
 *
 * Invariant: a shape is a row of certain bytes and never asks what stands around it, and MASK_TEXT
 * can be no part of one: replacing what is marked makes no new shape, so masking twice changes
 * nothing.
 *
 * Limits: secrets that the caller does not know are recognised by their shape only, so a piece of
 * less than 64 bytes without its identifier is not. Encodings with separators ("41:42", lines of
 * base64 shorter than a fragment) are not read. Time is linear in the text.
 */
#include "detect/mask.h"

#include "token_search.h"

#include "lib/utf8.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One byte of input becomes at most four of text: \xNN. */
#define MASK_ESCAPE_LEN 4

/* What is no digit of an alphabet. */
#define MASK_NO_DIGIT 0xff

/* Slots for the fragments of a known secret, 57 at most: sparse enough to end a miss at once. */
#define MASK_SLOTS 256

/* The fragments of a known secret as words, open addressing; 0 is an empty slot. */
struct mask_fragments {
	uint64_t slots[MASK_SLOTS];
	bool any; /* each word in the class is one */
};
_Static_assert(MASK_FRAGMENT_LEN == sizeof(uint64_t), "a fragment is a word");
_Static_assert(TOKEN_SECRET_LEN < MASK_SLOTS / 2, "fragments of a secret portion");

/* One way to read a text: the bytes that its characters stand for. */
struct mask_view {
	const uint8_t *bytes;
	size_t len;
	size_t bits; /* of a byte in each character: 8, 4 (hex) or 6 (base64) */
	size_t phase; /* characters before the first byte */
	uint8_t *marks; /* of the text's characters */
};

static bool mask_in_class(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

/* Marks every character that holds a bit of the view's bytes [from, to). */
static void mask_mark(const struct mask_view *view, size_t from, size_t to)
{
	size_t first = view->phase + 8 * from / view->bits;
	size_t end = view->phase + (8 * to + view->bits - 1) / view->bits;

	memset(view->marks + first, 1, end - first);
}

/* End of the run of [A-Z0-9] from `at` on. */
static size_t mask_run_end(const struct mask_view *view, size_t at)
{
	while (at < view->len && mask_in_class(view->bytes[at]))
		at++;
	return at;
}

/*
 * What follows an identifier and a dot is a secret portion, whole or cut. Lengths of the public
 * portion are not asked: a near-miss is masked as well.
 */
static void mask_mark_tokens(const struct mask_view *view)
{
	for (size_t at = 0; at + TOKEN_PREFIX_LEN < view->len; at++) {
		size_t dot;

		if (view->bytes[at] != 'd' || !token_prefix_at(view->bytes, at) ||
		    view->bytes[at + TOKEN_PREFIX_LEN] != '.')
			continue;
		dot = mask_run_end(view, at + TOKEN_PREFIX_LEN + 1);
		if (dot < view->len && view->bytes[dot] == '.')
			mask_mark(view, dot + 1, mask_run_end(view, dot + 1));
	}
}

/* A run as long as a secret portion may be one whose identifier stands elsewhere. */
static void mask_mark_runs(const struct mask_view *view)
{
	for (size_t at = 0; at < view->len;) {
		size_t end = mask_run_end(view, at);

		if (end - at >= TOKEN_SECRET_LEN)
			mask_mark(view, at, end);
		at = end + 1;
	}
}

/* The slot that holds the fragment, or the empty one where it would be. */
static size_t mask_slot(const struct mask_fragments *fragments, uint64_t fragment)
{
	/* Fibonacci hashing (Knuth, TAOCP 3, 6.4) */
	size_t slot = (fragment * 0x9e3779b97f4a7c15ULL) >> 56;

	while (fragments->slots[slot] && fragments->slots[slot] != fragment)
		slot = (slot + 1) % MASK_SLOTS;
	return slot;
}

static void mask_fragments_fill(struct mask_fragments *fragments, const struct mask_known *known)
{
	memset(fragments, 0, sizeof(*fragments));
	fragments->any = known && known->any;
	for (size_t at = 0; known && at + MASK_FRAGMENT_LEN <= known->len; at++) {
		uint64_t fragment = token_word(known->secret, at);

		fragments->slots[mask_slot(fragments, fragment)] = fragment;
	}
}

static bool mask_is_fragment(const struct mask_fragments *fragments, const uint8_t *bytes)
{
	if (!fragments->any)
		return fragments->slots[mask_slot(fragments, token_word(bytes, 0))];
	for (size_t i = 0; i < MASK_FRAGMENT_LEN; i++)
		if (!mask_in_class(bytes[i]))
			return false;
	return true;
}

static void mask_mark_fragments(const struct mask_view *view, const struct mask_fragments *fragments)
{
	for (size_t at = 0; at + MASK_FRAGMENT_LEN <= view->len;) {
		/* no fragment reaches over a byte that is in none */
		if (!mask_in_class(view->bytes[at + MASK_FRAGMENT_LEN - 1])) {
			at += MASK_FRAGMENT_LEN;
			continue;
		}
		if (mask_is_fragment(fragments, view->bytes + at))
			mask_mark(view, at, at + MASK_FRAGMENT_LEN);
		at++;
	}
}

static void mask_mark_view(const struct mask_view *view, const struct mask_fragments *fragments)
{
	mask_mark_tokens(view);
	mask_mark_runs(view);
	mask_mark_fragments(view, fragments);
}

/*
 * The bytes that text[0, len) stands for, from the phase on, in characters of `bits` bits each; 0 for
 * a byte whose characters are not all digits. Returns how many.
 */
static size_t mask_decode(const uint8_t *text, size_t len, const uint8_t *digits, size_t bits, size_t phase,
			  uint8_t *to)
{
	size_t count = 0, pending = 0, valid = 0;
	uint32_t sum = 0;

	for (size_t at = phase; at < len; at++) {
		uint8_t digit = digits[text[at]];

		sum = sum << bits | (digit & ((1U << bits) - 1));
		valid = digit == MASK_NO_DIGIT ? 0 : valid + bits;
		pending += bits;
		if (pending < 8)
			continue;
		pending -= 8;
		to[count++] = valid >= 8 + pending ? (uint8_t)(sum >> pending) : 0;
	}
	return count;
}

/* The values of an alphabet's characters; of hex, both cases, of base64, both of RFC 4648. */
static void mask_digits(size_t bits, uint8_t *digits)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char hex[] = "0123456789abcdef";

	memset(digits, MASK_NO_DIGIT, 256);
	for (size_t i = 0; i < (size_t)1 << bits; i++)
		digits[(uint8_t)(bits == 4 ? hex : base64)[i]] = (uint8_t)i;
	for (size_t i = 10; bits == 4 && i < 16; i++)
		digits['A' + i - 10] = (uint8_t)i;
	if (bits == 6) {
		digits['-'] = 62;
		digits['_'] = 63;
	}
}

/* Marks every shape in every view of a text, which `raw` has as it stands. `scratch` takes as much. */
static void mask_mark_text(const struct mask_view *raw, const struct mask_known *known, uint8_t *scratch)
{
	struct mask_fragments fragments;
	struct mask_view view = *raw;
	uint8_t digits[256];

	mask_fragments_fill(&fragments, known);
	mask_mark_view(raw, &fragments);
	view.bytes = scratch;
	for (view.bits = 4; view.bits <= 6; view.bits += 2) {
		mask_digits(view.bits, digits);
		for (view.phase = 0; view.phase < view.bits - 2 && view.phase < raw->len; view.phase++) {
			view.len = mask_decode(raw->bytes, raw->len, digits, view.bits, view.phase, scratch);
			mask_mark_view(&view, &fragments);
		}
	}
	explicit_bzero(&fragments, sizeof(fragments));
}

/* Control characters: C0, DEL, and C1 in its two-byte form, which terminals obey as well. */
static bool mask_is_control(const uint8_t *bytes, size_t count)
{
	return bytes[0] < 0x20 || bytes[0] == 0x7f || (count == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
}

static uint8_t *mask_escape_byte(uint8_t *to, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'x';
	*to++ = (uint8_t)digits[byte >> 4];
	*to++ = (uint8_t)digits[byte & 15];
	return to;
}

/* Printable text, at most MASK_ESCAPE_LEN times as long; a NUL becomes a space where it separates. */
static size_t mask_escape(uint8_t *to, const uint8_t *bytes, size_t len, bool nul_separates)
{
	uint8_t *start = to;

	for (size_t at = 0; at < len;) {
		size_t count = utf8_length(bytes + at, len - at);

		if (nul_separates && !bytes[at]) {
			*to++ = ' ';
		} else if (count && !mask_is_control(bytes + at, count)) {
			memcpy(to, bytes + at, count);
			to += count;
		} else {
			count = count ? count : 1;
			for (size_t i = 0; i < count; i++)
				to = mask_escape_byte(to, bytes[at + i]);
		}
		at += count;
	}
	return (size_t)(to - start);
}

/* The text with each marked stretch as MASK_TEXT; NULL if there is no memory. */
static char *mask_replace(const uint8_t *text, const uint8_t *marks, size_t len)
{
	size_t room = len + 1;
	char *masked, *to;

	for (size_t at = 0; at < len; at++)
		if (marks[at] && (!at || !marks[at - 1]))
			room += sizeof(MASK_TEXT) - 1;
	masked = to = malloc(room);
	if (!masked)
		return NULL;
	for (size_t at = 0; at < len; at++) {
		if (!marks[at]) {
			*to++ = (char)text[at];
		} else if (!at || !marks[at - 1]) {
			memcpy(to, MASK_TEXT, sizeof(MASK_TEXT) - 1);
			to += sizeof(MASK_TEXT) - 1;
		}
	}
	*to = '\0';
	return masked;
}

/* A known secret that is none would be a caller's mistake, and its fragments would go unmasked. */
static bool mask_known_valid(const struct mask_known *known)
{
	if (known->len > TOKEN_SECRET_LEN)
		return false;
	for (size_t i = 0; i < known->len; i++)
		if (!mask_in_class(known->secret[i]))
			return false;
	return true;
}

static int mask_bytes(const uint8_t *bytes, size_t len, bool nul_separates, const struct mask_known *known,
		      char **ret_text)
{
	size_t room = MASK_ESCAPE_LEN * len + 1, text_len;
	uint8_t *text, *marks, *scratch;
	char *masked;

	if (known && !mask_known_valid(known))
		return -EINVAL;
	text = calloc(3, room);
	if (!text)
		return -ENOMEM;
	marks = text + room;
	scratch = marks + room;
	text_len = mask_escape(text, bytes, len, nul_separates);
	mask_mark_text(&(struct mask_view){.bytes = text, .len = text_len, .bits = 8, .marks = marks}, known,
		       scratch);
	masked = mask_replace(text, marks, text_len);
	if (known && known->any)
		*known->any |= memchr(marks, 1, text_len) != NULL;
	explicit_bzero(text, text_len);
	explicit_bzero(scratch, text_len);
	free(text);
	if (!masked)
		return -ENOMEM;
	*ret_text = masked;
	return 0;
}

int mask_text(const void *bytes, size_t len, const struct mask_known *known, char **ret_text)
{
	return mask_bytes(bytes, len, false, known, ret_text);
}

int mask_args(const void *bytes, size_t len, const struct mask_known *known, char **ret_text)
{
	const uint8_t *from = bytes;

	while (len && !from[len - 1])
		len--;
	return mask_bytes(bytes, len, true, known, ret_text);
}
