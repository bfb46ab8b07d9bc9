// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Printable text out of bytes that may hold tokens; used by attribute and by the commands.
 *
 * Two passes over one copy: first every byte that belongs to a secret is marked, then the text is
 * written with each marked stretch as MASK_TEXT and every other byte as it is or escaped.
 *
 * Invariant: marking comes first and sees the bytes as they were, so that escaping can't split a
 * secret. Masking twice changes nothing: MASK_TEXT holds no [A-Z0-9] run.
 *
 * Limits: secrets that the caller does not know are recognised by their shape only. Time is linear
 * in the text but for known secrets (64 bytes against each position).
 */
#include "detect/mask.h"

#include "token_search.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One byte can become four (\xNN); a marked stretch is at least one byte. */
#define MASK_GROWTH (sizeof(MASK_TEXT) - 1)

static bool mask_in_class(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

/* Does a prefix ("dt0c01") stand at `at`? */
static bool mask_prefix_at(const uint8_t *bytes, size_t len, size_t at)
{
	return at + TOKEN_PREFIX_LEN <= len && token_prefix_at(bytes, at);
}

/* The run of [A-Z0-9] from `at` on. */
static size_t mask_run(const uint8_t *bytes, size_t len, size_t at)
{
	size_t end = at;

	while (end < len && mask_in_class(bytes[end]))
		end++;
	return end - at;
}

/*
 * What follows an identifier and a dot is a secret portion, whole or cut. Lengths of the public
 * portion are not asked: a near-miss is masked as well.
 */
static void mask_mark_tokens(const uint8_t *bytes, size_t len, uint8_t *marks)
{
	for (size_t at = 0; at + TOKEN_PREFIX_LEN < len; at++) {
		size_t public_at = at + TOKEN_PREFIX_LEN + 1, secret_at;

		if (bytes[at] != 'd' || !mask_prefix_at(bytes, len, at) || bytes[public_at - 1] != '.')
			continue;
		secret_at = public_at + mask_run(bytes, len, public_at) + 1;
		if (secret_at < len && bytes[secret_at - 1] == '.')
			memset(marks + secret_at, 1, mask_run(bytes, len, secret_at));
	}
}

/* A run as long as a secret portion may be one whose identifier stands elsewhere. */
static void mask_mark_runs(const uint8_t *bytes, size_t len, uint8_t *marks)
{
	for (size_t at = 0; at < len;) {
		size_t run = mask_run(bytes, len, at);

		if (run >= TOKEN_SECRET_LEN)
			memset(marks + at, 1, run);
		at += run + 1;
	}
}

/* Marks every stretch of at least `least` bytes that also stands somewhere in the needle. */
static void mask_mark_common(const uint8_t *bytes, size_t len, uint8_t *marks, const uint8_t *needle,
			     size_t needle_len, size_t least)
{
	for (size_t at = 0; at + least <= len; at++)
		for (size_t from = 0; from + least <= needle_len; from++)
			if (bytes[at] == needle[from] && memcmp(bytes + at, needle + from, least) == 0)
				memset(marks + at, 1, least);
}

/* The hexadecimal forms, upper and lower case. */
static void mask_mark_hex(const uint8_t *bytes, size_t len, uint8_t *marks, const struct mask_known *known)
{
	uint8_t hex[2 * TOKEN_SECRET_LEN];

	for (int lower = 0; lower < 2; lower++) {
		const char *digits = lower ? "0123456789abcdef" : "0123456789ABCDEF";

		for (size_t i = 0; i < known->len; i++) {
			hex[2 * i] = (uint8_t)digits[known->secret[i] >> 4];
			hex[2 * i + 1] = (uint8_t)digits[known->secret[i] & 15];
		}
		mask_mark_common(bytes, len, marks, hex, 2 * known->len, (size_t)2 * MASK_FRAGMENT_LEN);
	}
	explicit_bzero(hex, sizeof(hex));
}

/*
 * The base64 forms at the three alignments that the secret can have in what was encoded. A secret
 * portion's bytes never encode to '+' or '/', so the URL-safe alphabet gives the same text.
 */
static void mask_mark_base64(const uint8_t *bytes, size_t len, uint8_t *marks, const struct mask_known *known)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t text[TOKEN_SECRET_LEN / 3 * 4];

	for (size_t skip = 0; skip < 3; skip++) {
		size_t count = 0;

		/* whole groups only: what shares a character with its neighbours is left out */
		for (size_t i = skip; i + 3 <= known->len && count + 4 <= sizeof(text); i += 3) {
			uint32_t group = (uint32_t)known->secret[i] << 16 |
					 (uint32_t)known->secret[i + 1] << 8 | known->secret[i + 2];

			for (int shift = 18; shift >= 0; shift -= 6)
				text[count++] = (uint8_t)alphabet[group >> shift & 63];
		}
		mask_mark_common(bytes, len, marks, text, count, MASK_FRAGMENT_LEN);
	}
	explicit_bzero(text, sizeof(text));
}

static void mask_mark_known(const uint8_t *bytes, size_t len, uint8_t *marks, const struct mask_known *known)
{
	if (!known || !known->secret || known->len < MASK_FRAGMENT_LEN || known->len > TOKEN_SECRET_LEN)
		return;
	mask_mark_common(bytes, len, marks, known->secret, known->len, MASK_FRAGMENT_LEN);
	mask_mark_hex(bytes, len, marks, known);
	mask_mark_base64(bytes, len, marks, known);
}

/* Length of the valid UTF-8 character at bytes (RFC 3629, section 4), 0 if there is none. */
static size_t mask_utf8(const uint8_t *bytes, size_t len)
{
	uint8_t first = bytes[0], low = 0x80, high = 0xbf;
	size_t count;

	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		count = 2;
	else if (first >= 0xe0 && first <= 0xef)
		count = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		count = 4;
	else
		return 0;
	if (len < count)
		return 0;
	/* no overlong forms, no surrogates, nothing past U+10FFFF */
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < count; i++)
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	return count;
}

/* Control characters: C0, DEL, and C1 in its two-byte form, which terminals obey as well. */
static bool mask_is_control(const uint8_t *bytes, size_t count)
{
	return bytes[0] < 0x20 || bytes[0] == 0x7f || (count == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
}

static char *mask_escape(char *to, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'x';
	*to++ = digits[byte >> 4];
	*to++ = digits[byte & 15];
	return to;
}

static char *mask_write(char *to, const uint8_t *bytes, const uint8_t *marks, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t count;

		if (marks[at]) {
			memcpy(to, MASK_TEXT, sizeof(MASK_TEXT) - 1);
			to += sizeof(MASK_TEXT) - 1;
			while (at < len && marks[at])
				at++;
			continue;
		}
		count = mask_utf8(bytes + at, len - at);
		if (count && !mask_is_control(bytes + at, count)) {
			memcpy(to, bytes + at, count);
			to += count;
		} else {
			count = count ? count : 1;
			for (size_t i = 0; i < count; i++)
				to = mask_escape(to, bytes[at + i]);
		}
		at += count;
	}
	return to;
}

static int mask_once(const void *bytes, size_t len, const struct mask_known *known, char **ret_text)
{
	uint8_t *marks = calloc(1, len + 1);
	char *text = calloc(len + 1, MASK_GROWTH);

	if (!marks || !text) {
		free(marks);
		free(text);
		return -ENOMEM;
	}
	mask_mark_tokens(bytes, len, marks);
	mask_mark_runs(bytes, len, marks);
	mask_mark_known(bytes, len, marks, known);
	*mask_write(text, bytes, marks, len) = '\0';
	free(marks);
	*ret_text = text;
	return 0;
}

int mask_text(const void *bytes, size_t len, const struct mask_known *known, char **ret_text)
{
	char *once;
	int r = mask_once(bytes, len, known, &once);

	/* the digits of an escape can lengthen a run; a second look has nothing left to escape */
	if (r < 0 || !strchr(once, '\\')) {
		*ret_text = r < 0 ? *ret_text : once;
		return r;
	}
	r = mask_once(once, strlen(once), known, ret_text);
	free(once);
	return r;
}

int mask_args(const void *bytes, size_t len, const struct mask_known *known, char **ret_text)
{
	const char *from = bytes;
	char *joined;
	int r;

	while (len && !from[len - 1])
		len--;
	joined = calloc(1, len + 1);
	if (!joined)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		joined[i] = from[i] ? from[i] : ' ';
	r = mask_text(joined, len, known, ret_text);
	explicit_bzero(joined, len);
	free(joined);
	return r;
}
