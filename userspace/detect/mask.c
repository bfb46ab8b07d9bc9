// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Printable text out of bytes that may hold tokens; used by attribute and by the commands.
 *
 *     bytes ─ escape ─ text ─┬─ as it stands ─────────┬─ marks ─ text with MASK_TEXT
 *                       ↑    ├─ as hex, 2 phases ─────┤
 *                       │    └─ as base64, 4 phases ──┘
 *                       └──── what escapes in it stand for, MASK_LEVELS times
 *
 * Escaping comes first, so that what is searched is what will be read: no byte of a secret is ever
 * escaped, so none hides, and a shape that an escape's digits complete ("\x0d" and "t0c01.") is seen
 * too. Every reading of the text is then searched for the same shapes, in either case of letters, and
 * what they cover is marked.
 *
 * Invariant: MASK_TEXT can be no part of a shape. What was masked is searched again until nothing is
 * found, so masking twice changes nothing.
 *
 * Limits: secrets that the caller does not know are recognised by their shape only, so a piece of
 * less than 64 bytes without its identifier is not, nor is one of lower case that could be a hash
 * (hexadecimal digits only). Encodings with separators ("41:42", lines of base64 shorter than a
 * fragment) are not read, nor escapes inside of hex or base64. Time is linear in the text.
 */
#include "detect/mask.h"

#include "detect/escapes.h"
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

/* How many times over an escape may be escaped: "%252541". */
#define MASK_LEVELS 4

/* What was masked is searched again at most so often; more than two times has not been seen. */
#define MASK_TURNS 8

/* Slots for the fragments of a known secret, 57 at most: sparse enough to end a miss at once. */
#define MASK_SLOTS 256

/* The fragments of a known secret as words, open addressing; 0 is an empty slot. */
struct mask_fragments {
	uint64_t slots[MASK_SLOTS];
	bool any; /* each word of the class in either case is one */
};
_Static_assert(MASK_FRAGMENT_LEN == sizeof(uint64_t), "a fragment is a word");
_Static_assert(MASK_CASELESS_LEN == 2 * MASK_FRAGMENT_LEN, "two fragments in a row");
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

static bool mask_is_lower(uint8_t byte)
{
	return byte >= 'a' && byte <= 'z';
}

/* The class in either case. */
static bool mask_in_either(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10;
}

/* A public portion of any family. */
static bool mask_in_public(uint8_t byte)
{
	return mask_in_either(byte) || byte == '-';
}

/* A word of bytes of the class in either case, in capitals: letters have bit 6, and small ones bit 5 with it. */
static uint64_t mask_upper(uint64_t word)
{
	return word & ~((word & 0x4040404040404040ULL) >> 1);
}

/* Marks every character that holds a bit of the view's bytes [from, to). */
static void mask_mark(const struct mask_view *view, size_t from, size_t to)
{
	size_t first = view->phase + 8 * from / view->bits;
	size_t end = view->phase + (8 * to + view->bits - 1) / view->bits;

	memset(view->marks + first, 1, end - first);
}

/* End of the run of bytes of a kind from `at` on. */
static inline size_t mask_run_end(const struct mask_view *view, size_t at, bool (*kind)(uint8_t byte))
{
	while (at < view->len && kind(view->bytes[at]))
		at++;
	return at;
}

/* Does the run [from, end) end with a prefix, in either case? */
static bool mask_ends_with_prefix(const struct mask_view *view, size_t from, size_t end)
{
	uint8_t prefix[TOKEN_PREFIX_LEN];

	if (end - from < TOKEN_PREFIX_LEN)
		return false;
	memcpy(prefix, view->bytes + end - TOKEN_PREFIX_LEN, sizeof(prefix));
	/* "dt" is all that has a case, but for the letter that has either */
	prefix[0] |= 0x20;
	prefix[1] |= 0x20;
	return token_prefix_at(prefix, 0);
}

/*
 * What follows an identifier and a dot is a secret portion, whole or cut. Lengths of the public
 * portion are not asked: a near-miss is masked as well. @dot: behind the prefix
 *
 * A few small letters may be a file's suffix, so of them a fragment at least is asked for.
 */
static void mask_mark_token(const struct mask_view *view, size_t dot)
{
	size_t public_end = mask_run_end(view, dot + 1, mask_in_public);
	size_t secret = public_end + 1, end, either;

	if (public_end >= view->len || view->bytes[public_end] != '.')
		return;
	end = mask_run_end(view, secret, mask_in_class);
	either = mask_run_end(view, secret, mask_in_either);
	if (mask_run_end(view, dot + 1, mask_in_class) != public_end ||
	    !token_prefix_at(view->bytes, dot - TOKEN_PREFIX_LEN))
		end = secret;
	/* behind a whole one comes what is none of it */
	if (end - secret < TOKEN_SECRET_LEN && either - secret >= MASK_FRAGMENT_LEN)
		end = either;
	mask_mark(view, secret, end);
}

static bool mask_in_lower(uint8_t byte)
{
	return mask_is_lower(byte) || (byte >= '0' && byte <= '9');
}

/* A hash in hex is no secret portion: of those in small letters, none is made of a to f and digits alone. */
static bool mask_is_hash(const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at < len; at++)
		if (bytes[at] > 'f')
			return false;
	return true;
}

/* A run as long as a secret portion may be one whose identifier stands elsewhere. */
static void mask_mark_long(const struct mask_view *view, size_t from, size_t end)
{
	size_t upper = from, lower = from;

	for (size_t at = from; at <= end; at++) {
		if (at == end || !mask_in_class(view->bytes[at])) {
			if (at > upper && at - upper >= TOKEN_SECRET_LEN)
				mask_mark(view, upper, at);
			upper = at + 1;
		}
		if (at == end || !mask_in_lower(view->bytes[at])) {
			if (at > lower && at - lower >= TOKEN_SECRET_LEN &&
			    !mask_is_hash(view->bytes + lower, at - lower))
				mask_mark(view, lower, at);
			lower = at + 1;
		}
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
	fragments->any = known->any;
	for (size_t at = 0; at + MASK_FRAGMENT_LEN <= known->len; at++) {
		uint64_t fragment = mask_upper(token_word(known->secret, at));

		fragments->slots[mask_slot(fragments, fragment)] = fragment;
	}
}

static bool mask_is_fragment(const struct mask_fragments *fragments, uint64_t word)
{
	return fragments->any || fragments->slots[mask_slot(fragments, word)];
}

/*
 * In capitals a fragment is enough. In other letters two in a row are asked for: a name of eight small letters is
 * in many a path, and whoever makes up a token would choose what is masked.
 */
static void mask_mark_fragments(const struct mask_view *view, const struct mask_fragments *fragments,
				size_t from, size_t end)
{
	for (size_t at = from; at + MASK_FRAGMENT_LEN <= end; at++) {
		uint64_t word = token_word(view->bytes, at), upper = mask_upper(word);

		if (!mask_is_fragment(fragments, upper))
			continue;
		if (word == upper)
			mask_mark(view, at, at + MASK_FRAGMENT_LEN);
		else if (at + MASK_CASELESS_LEN <= end &&
			 mask_is_fragment(fragments,
					  mask_upper(token_word(view->bytes, at + MASK_FRAGMENT_LEN))))
			mask_mark(view, at, at + MASK_CASELESS_LEN);
	}
}

/* From run to run: whatever is a shape is one or holds some. @fragments: NULL without a known secret */
static void mask_mark_view(const struct mask_view *view, const struct mask_fragments *fragments)
{
	for (size_t at = 0, end; at < view->len; at = end + 1) {
		end = mask_run_end(view, at, mask_in_either);
		if (end < view->len && view->bytes[end] == '.' && mask_ends_with_prefix(view, at, end))
			mask_mark_token(view, end);
		if (end - at >= TOKEN_SECRET_LEN)
			mask_mark_long(view, at, end);
		if (fragments)
			mask_mark_fragments(view, fragments, at, end);
	}
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

/* What a text's escapes stand for. */
struct mask_escaped {
	uint8_t *bytes;
	uint8_t *marks; /* of the bytes */
	size_t *from; /* where in the text each byte stands, and where the last one ends */
	size_t len, size;
};

static bool mask_may_escape(const uint8_t *text, size_t len)
{
	for (size_t at = 0; at < len; at++)
		if (escapes_begin(text[at]))
			return true;
	return false;
}

static int mask_escaped_open(struct mask_escaped *escaped, const uint8_t *text, size_t len)
{
	*escaped = (struct mask_escaped){.len = len, .size = len};
	escaped->bytes = malloc(2 * len);
	escaped->from = malloc((len + 1) * sizeof(*escaped->from));
	if (!escaped->bytes || !escaped->from) {
		free(escaped->bytes);
		free(escaped->from);
		return -ENOMEM;
	}
	escaped->marks = escaped->bytes + len;
	memcpy(escaped->bytes, text, len);
	for (size_t at = 0; at <= len; at++)
		escaped->from[at] = at;
	return 0;
}

static void mask_escaped_close(struct mask_escaped *escaped)
{
	explicit_bzero(escaped->bytes, escaped->size);
	free(escaped->bytes);
	free(escaped->from);
}

/* One level less, in place. Returns false if there was none. */
static bool mask_unescape(struct mask_escaped *escaped)
{
	size_t count = 0;
	uint8_t before = 0;

	for (size_t at = 0; at < escaped->len; count++) {
		uint8_t byte = escaped->bytes[at];
		/* a row of backslashes was read as a whole, or is none */
		bool begins = escapes_begin(byte) && (byte != '\\' || before != '\\');
		size_t len = begins ? escapes_read(escaped->bytes + at, escaped->len - at, &byte) : 0;

		before = len ? 0 : byte;
		escaped->bytes[count] = byte;
		escaped->from[count] = escaped->from[at];
		at += len ? len : 1;
	}
	escaped->from[count] = escaped->from[escaped->len];
	if (count == escaped->len)
		return false;
	escaped->len = count;
	return true;
}

/* Marks every shape in every reading of a text, which `raw` has as it stands. `scratch` takes as much. */
static void mask_mark_readings(const struct mask_view *raw, const struct mask_fragments *fragments,
			       uint8_t *scratch)
{
	struct mask_view view = *raw;
	uint8_t digits[256];

	mask_mark_view(raw, fragments);
	view.bytes = scratch;
	for (view.bits = 4; view.bits <= 6; view.bits += 2) {
		/* shorter than any shape */
		if (raw->len * view.bits / 8 < MASK_FRAGMENT_LEN)
			continue;
		mask_digits(view.bits, digits);
		for (view.phase = 0; view.phase < view.bits - 2 && view.phase < raw->len; view.phase++) {
			view.len = mask_decode(raw->bytes, raw->len, digits, view.bits, view.phase, scratch);
			mask_mark_view(&view, fragments);
		}
	}
}

/*
 * Marks what escapes in the text stand for, and what escapes in that stand for, and so on. Returns 0 or -ENOMEM.
 * `scratch` takes as much as the text.
 */
static int mask_mark_escaped(const struct mask_view *raw, const struct mask_fragments *fragments,
			     uint8_t *scratch)
{
	struct mask_escaped escaped;

	if (!mask_may_escape(raw->bytes, raw->len))
		return 0;
	if (mask_escaped_open(&escaped, raw->bytes, raw->len) < 0)
		return -ENOMEM;
	for (size_t level = 0; level < MASK_LEVELS && mask_unescape(&escaped); level++) {
		memset(escaped.marks, 0, escaped.len);
		mask_mark_readings(&(struct mask_view){.bytes = escaped.bytes,
						       .len = escaped.len,
						       .bits = 8,
						       .marks = escaped.marks},
				   fragments, scratch);
		for (size_t at = 0; at < escaped.len; at++)
			if (escaped.marks[at])
				memset(raw->marks + escaped.from[at], 1,
				       escaped.from[at + 1] - escaped.from[at]);
	}
	mask_escaped_close(&escaped);
	return 0;
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

/* Would a backslash be taken for the beginning of an escape? */
static bool mask_looks_escaped(const uint8_t *bytes, size_t len)
{
	return len >= 2 && bytes[0] == '\\' && bytes[1] == 'x';
}

/* Printable text, at most MASK_ESCAPE_LEN times as long; a NUL becomes a space where it separates. */
static size_t mask_escape(uint8_t *to, const uint8_t *bytes, size_t len, bool nul_separates)
{
	uint8_t *start = to;

	for (size_t at = 0; at < len;) {
		size_t count = utf8_length(bytes + at, len - at);

		if (nul_separates && !bytes[at]) {
			*to++ = ' ';
		} else if (count && !mask_is_control(bytes + at, count) &&
			   !mask_looks_escaped(bytes + at, len - at)) {
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

/*
 * A known secret that is none would be a caller's mistake, and its fragments would go unmasked. Of small letters (an agent's) are those that
 * are long enough to be masked in any case.
 */
static bool mask_known_valid(const struct mask_known *known)
{
	if (known->len > TOKEN_SECRET_LEN)
		return false;
	for (size_t i = 0; i < known->len; i++)
		if (!(known->len < MASK_CASELESS_LEN ? mask_in_class : mask_in_either)(known->secret[i]))
			return false;
	return true;
}

/* A printable text → masked. Its memory is wiped. Returns a text or NULL. */
static char *mask_once(uint8_t *text, size_t len, const struct mask_fragments *fragments, bool *ret_found)
{
	uint8_t *marks = calloc(2, len + 1);
	char *masked = NULL;

	if (marks) {
		uint8_t *scratch = marks + len + 1;
		struct mask_view raw = {.bytes = text, .len = len, .bits = 8, .marks = marks};

		mask_mark_readings(&raw, fragments, scratch);
		if (mask_mark_escaped(&raw, fragments, scratch) == 0)
			masked = mask_replace(text, marks, len);
		*ret_found = memchr(marks, 1, len);
		explicit_bzero(scratch, len);
	}
	explicit_bzero(text, len);
	free(marks);
	return masked;
}

int mask_wipe(void *bytes, size_t len)
{
	uint8_t *at = bytes, *marks = calloc(2, len + 1);
	struct mask_view raw = {.bytes = bytes, .len = len, .bits = 8, .marks = marks};
	int r;

	if (!marks)
		return -ENOMEM;
	mask_mark_readings(&raw, NULL, marks + len + 1);
	r = mask_mark_escaped(&raw, NULL, marks + len + 1);
	/* of the same shape still */
	for (size_t i = 0; r == 0 && i < len; i++)
		if (marks[i])
			at[i] = 'A';
	explicit_bzero(marks, 2 * (len + 1));
	free(marks);
	return r;
}

/* Takes `text`, which is printable. */
static int mask_printable(char *text, size_t len, const struct mask_known *known, char **ret_text)
{
	struct mask_fragments fragments;
	bool asked = known && (known->any || known->len >= MASK_FRAGMENT_LEN), found = true;

	if (asked)
		mask_fragments_fill(&fragments, known);
	/* what is cut out may leave another shape in sight */
	for (size_t turn = 0; text && found && turn < MASK_TURNS; turn++) {
		char *masked = mask_once((uint8_t *)text, len, asked ? &fragments : NULL, &found);

		if (known && known->any)
			*known->any |= found;
		free(text);
		text = masked;
		len = text ? strlen(text) : 0;
	}
	if (asked)
		explicit_bzero(&fragments, sizeof(fragments));
	*ret_text = text;
	return text ? 0 : -ENOMEM;
}

static int mask_bytes(const uint8_t *bytes, size_t len, bool nul_separates, const struct mask_known *known,
		      char **ret_text)
{
	char *text;

	if (known && !mask_known_valid(known))
		return -EINVAL;
	text = malloc(MASK_ESCAPE_LEN * len + 1);
	if (!text)
		return -ENOMEM;
	len = mask_escape((uint8_t *)text, bytes, len, nul_separates);
	return mask_printable(text, len, known, ret_text);
}

int mask_text(const void *bytes, size_t len, const struct mask_known *known, char **ret_text)
{
	return mask_bytes(bytes, len, false, known, ret_text);
}

int mask_more(const char *text, const struct mask_known *known, char **ret_text)
{
	char *copy;

	if (known && !mask_known_valid(known))
		return -EINVAL;
	copy = strdup(text);
	return mask_printable(copy, strlen(text), known, ret_text);
}

int mask_exact(const char *text, char **ret_bytes)
{
	size_t len = strlen(text);
	uint8_t *bytes, *to;

	if (strstr(text, MASK_TEXT))
		return -ENOENT;
	bytes = to = malloc(len + 1);
	if (!bytes)
		return -ENOMEM;
	for (size_t at = 0; at < len; to++) {
		const uint8_t *from = (const uint8_t *)text + at;
		size_t count = mask_looks_escaped(from, len - at) ? escapes_read(from, len - at, to) : 0;

		if (!count)
			*to = *from;
		if (!*to) {
			free(bytes);
			return -ENOENT;
		}
		at += count ? count : 1;
	}
	*to = '\0';
	*ret_bytes = (char *)bytes;
	return 0;
}

int mask_args(const void *bytes, size_t len, const struct mask_known *known, char **ret_text)
{
	const uint8_t *from = bytes;

	while (len && !from[len - 1])
		len--;
	return mask_bytes(bytes, len, true, known, ret_text);
}
