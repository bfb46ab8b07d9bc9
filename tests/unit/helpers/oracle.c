// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See oracle.h. Written without a look at token_search.h and mask.c, on purpose. */
#include "oracle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool oracle_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool oracle_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool oracle_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool oracle_portion(const uint8_t *bytes, size_t len, size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (at + i >= len || !(oracle_upper(bytes[at + i]) || oracle_digit(bytes[at + i])))
			return false;
	return true;
}

static size_t oracle_shape(const uint8_t *bytes, size_t len, size_t at, size_t public_len)
{
	size_t secret = at + 7 + public_len + 1;

	if (secret + 64 > len)
		return 0;
	if (bytes[at] != 'd' || bytes[at + 1] != 't' || bytes[at + 2] != '0')
		return 0;
	if (!oracle_upper(bytes[at + 3]) && !oracle_lower(bytes[at + 3]))
		return 0;
	if (!oracle_digit(bytes[at + 4]) || !oracle_digit(bytes[at + 5]) || bytes[at + 6] != '.')
		return 0;
	if (!oracle_portion(bytes, len, at + 7, public_len) || bytes[secret - 1] != '.')
		return 0;
	return oracle_portion(bytes, len, secret, 64) ? secret + 64 - at : 0;
}

size_t oracle_wide_at(const uint8_t *bytes, size_t len, size_t at)
{
	size_t public_len = 0;

	if (len - at < 7 + 8 + 1 + 64 || bytes[at] != 'd' || bytes[at + 1] != 't' || bytes[at + 2] != '0')
		return 0;
	if (!oracle_upper(bytes[at + 3]) && !oracle_lower(bytes[at + 3]))
		return 0;
	if (!oracle_digit(bytes[at + 4]) || !oracle_digit(bytes[at + 5]) || bytes[at + 6] != '.')
		return 0;
	for (size_t i = at + 7; i < len && bytes[i] != '.'; i++, public_len++)
		if (!oracle_upper(bytes[i]) && !oracle_lower(bytes[i]) && !oracle_digit(bytes[i]) &&
		    bytes[i] != '-')
			return 0;
	if (public_len < 8 || public_len > 128 || len - at < 7 + public_len + 1 + 64)
		return 0;
	return oracle_portion(bytes, len, at + 7 + public_len + 1, 64) ? 7 + public_len + 1 + 64 : 0;
}

size_t oracle_wide_next(const uint8_t *bytes, size_t len, size_t from)
{
	for (; from < len; from++)
		if (oracle_wide_at(bytes, len, from))
			return from;
	return len;
}

size_t oracle_at(const uint8_t *bytes, size_t len, size_t at)
{
	size_t found = oracle_shape(bytes, len, at, 24);

	return found ? found : oracle_shape(bytes, len, at, 8);
}

size_t oracle_next(const uint8_t *bytes, size_t len, size_t from)
{
	for (; from < len; from++)
		if (oracle_at(bytes, len, from))
			return from;
	return len;
}

/* Every beginning, filled up to a whole token with what the shape asks for. */
static bool oracle_begun_at(const uint8_t *bytes, size_t len, size_t at, const char *rest)
{
	uint8_t whole[128];
	size_t wanted = strlen(rest), have = len - at;

	if (have >= wanted)
		return false;
	memcpy(whole, rest, wanted);
	memcpy(whole, bytes + at, have);
	return oracle_at(whole, wanted, 0) == wanted;
}

bool oracle_begun(const uint8_t *bytes, size_t len)
{
	char shapes[2][128];

	/* put together here: a whole one in the source would look like a leak */
	for (size_t i = 0; i < 2; i++) {
		memset(shapes[i], 'A', sizeof(shapes[i]));
		memcpy(shapes[i], "dt0c01.", 7);
		shapes[i][i ? 15 : 31] = '.';
		shapes[i][i ? 80 : 96] = '\0';
	}
	for (size_t at = len > 96 ? len - 96 : 0; at < len; at++)
		for (size_t i = 0; i < 2; i++)
			if (oracle_begun_at(bytes, len, at, shapes[i]))
				return true;
	return false;
}

static const struct {
	size_t bits;
	const char *alphabet;
} oracle_encodings[] = {[ORACLE_RAW] = {8, NULL},
#define ORACLE_ENCODING_ENTRY(id, bits, alphabet) [ORACLE_##id] = {bits, alphabet},
			ORACLE_ENCODINGS(ORACLE_ENCODING_ENTRY)
#undef ORACLE_ENCODING_ENTRY
};

size_t oracle_least(enum oracle_encoding encoding)
{
	switch (encoding) {
#define ORACLE_FORM_CASE(id, format, lower, least) \
	case ORACLE_##id:                          \
		return least;
		ORACLE_FORMS(ORACLE_FORM_CASE)
#undef ORACLE_FORM_CASE
	default:
		return 8;
	}
}

/* Byte by byte. Returns false if that encoding is none of these. */
static bool oracle_spell(const uint8_t *bytes, size_t len, enum oracle_encoding encoding, char *to)
{
	*to = '\0';
	switch (encoding) {
#define ORACLE_FORM_CASE(id, format, lower, least)                                                           \
	case ORACLE_##id:                                                                                    \
		for (size_t at = 0; at < len; at++)                                                          \
			to += sprintf(to, format, (unsigned int)((lower) ? tolower(bytes[at]) : bytes[at])); \
		return true;
		ORACLE_FORMS(ORACLE_FORM_CASE)
#undef ORACLE_FORM_CASE
	default:
		return false;
	}
}

size_t oracle_encode(const void *bytes, size_t len, enum oracle_encoding encoding, char *to)
{
	const uint8_t *from = bytes;
	size_t bits, count = 0;

	if (oracle_spell(from, len, encoding, to))
		return strlen(to);
	bits = oracle_encodings[encoding].bits;
	for (; bits * count < 8 * len; count++) {
		unsigned int value = 0;

		for (size_t bit = bits * count; bit < bits * (count + 1); bit++)
			value = value << 1 | (bit / 8 < len ? from[bit / 8] >> (7 - bit % 8) & 1U : 0);
		to[count] = encoding == ORACLE_RAW ? (char)value : oracle_encodings[encoding].alphabet[value];
	}
	to[count] = '\0';
	return count;
}

/* Value of a character as hex, either case, or as base64, either alphabet; -1 if it is no digit. */
static int oracle_digit_value(unsigned char c, size_t bits)
{
	if (oracle_digit(c))
		return bits == 4 ? c - '0' : c - '0' + 52;
	if (bits == 4)
		return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
	if (oracle_upper(c))
		return c - 'A';
	if (oracle_lower(c))
		return c - 'a' + 26;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* The text as bytes, from its first character on; 0 for what a character that is no digit has part in. */
static size_t oracle_decode(const char *text, size_t len, size_t bits, uint8_t *to)
{
	size_t count = 0;

	for (; 8 * (count + 1) <= bits * len; count++) {
		bool says = true;

		to[count] = 0;
		for (size_t bit = 8 * count; bit < 8 * (count + 1); bit++) {
			int digit = oracle_digit_value((unsigned char)text[bit / bits], bits);

			says = says && digit >= 0;
			to[count] = (uint8_t)(to[count] << 1 | (digit >> (bits - 1 - bit % bits) & 1));
		}
		if (!says)
			to[count] = 0;
	}
	return count;
}

/* Do 8 bytes of the secret, which is [A-Z0-9], stand anywhere in the others? */
static bool oracle_shares(const uint8_t *bytes, size_t len, const void *secret, size_t secret_len)
{
	for (size_t at = 0; at + 8 <= len; at++)
		if (oracle_portion(bytes, len, at, 8) && memmem(secret, secret_len, bytes + at, 8))
			return true;
	return false;
}

/*
 * Does the text begin with what is spelt, in digits of either case? A letter that says how they are to be read has
 * one case ("%U0044" is nobody's), but for letters that stand for themselves.
 */
static bool oracle_begins(const char *text, const char *spelt, bool plain)
{
	for (; *spelt; text++, spelt++)
		if (*text != *spelt && (!(plain || isxdigit((unsigned char)*spelt)) ||
					tolower((unsigned char)*text) != tolower((unsigned char)*spelt)))
			return false;
	return true;
}

static bool oracle_holds(const char *text, const char *spelt, bool plain)
{
	for (; *text; text++)
		if (oracle_begins(text, spelt, plain))
			return true;
	return false;
}

/* Is a stretch of the secret spelt out in the text, in that encoding? */
static bool oracle_spells(const char *text, const uint8_t *secret, size_t secret_len,
			  enum oracle_encoding encoding)
{
	char spelt[ORACLE_ENCODED_MAX(16)];
	size_t least = oracle_least(encoding);

	/* not even one byte of it */
	if (!oracle_spell(secret, 1, encoding, spelt) || (encoding != ORACLE_LOWER && !strchr(text, *spelt)))
		return false;
	for (size_t at = 0; at + least <= secret_len; at++)
		if (oracle_spell(secret + at, least, encoding, spelt) &&
		    oracle_holds(text, spelt, encoding == ORACLE_LOWER))
			return true;
	return false;
}

size_t oracle_fold(const char *text, size_t width, const char *quote, const char *newline, char *to)
{
	char *at = to;

	for (size_t i = 0; text[i]; i++) {
		if (i % width == 0)
			at = stpcpy(at, quote);
		*at++ = text[i];
		if (i % width == width - 1 || !text[i + 1])
			at = stpcpy(at, newline);
	}
	*at = '\0';
	return (size_t)(at - to);
}

size_t oracle_dump(const void *bytes, size_t len, enum oracle_dump dump, char *to, size_t *places)
{
	static const struct {
		size_t line, group;
		int digits;
		const char *offset, *between, *halves, *text, *end;
	} dumps[] = {
#define ORACLE_DUMP(id, line, group, digits, offset, between, halves, text, end) \
	{line, group, digits, offset, between, halves, text, end},
		ORACLE_DUMPS(ORACLE_DUMP)
#undef ORACLE_DUMP
	};
	const uint8_t *from = bytes;
	char *at = to;

	for (size_t line = 0; line < len; line += dumps[dump].line) {
		size_t most = dumps[dump].line, own = len - line < most ? len - line : most;

		if (dumps[dump].digits)
			at += sprintf(at, "%0*zx", dumps[dump].digits, line);
		at = stpcpy(at, dumps[dump].offset);
		for (size_t i = 0; i < most && (i < own || dumps[dump].text); i++) {
			if (i && 2 * i % dumps[dump].group == 0)
				at = stpcpy(at, i == most / 2 ? dumps[dump].halves : dumps[dump].between);
			if (i < own)
				places[line + i] = (size_t)(at - to);
			at += i < own ? sprintf(at, "%02x", from[line + i]) : sprintf(at, "  ");
		}
		if (dumps[dump].text) {
			at = stpcpy(at, dumps[dump].text);
			for (size_t i = 0; i < own; i++)
				*at++ = from[line + i] >= ' ' && from[line + i] < 0x7f ? (char)from[line + i]
										       : '.';
		}
		at = stpcpy(at, dumps[dump].end);
	}
	*at = '\0';
	return (size_t)(at - to);
}

bool oracle_shows(const char *text, const void *secret, size_t secret_len)
{
	size_t len = strlen(text);
	bool shows = oracle_shares((const uint8_t *)text, len, secret, secret_len);
	uint8_t *bytes = malloc(len + 1);

	for (size_t bits = 4; bits <= 6; bits += 2)
		for (size_t phase = 0; phase < bits - 2 && phase < len; phase++) {
			size_t count = oracle_decode(text + phase, len - phase, bits, bytes);

			shows = shows || oracle_shares(bytes, count, secret, secret_len);
		}
	free(bytes);
	for (int encoding = 0; encoding < ORACLE_ENCODING_MAX; encoding++)
		shows = shows || oracle_spells(text, secret, secret_len, (enum oracle_encoding)encoding);
	return shows;
}

/* Decodes each character and asks whether its shortest form is the one that stands there. */
bool oracle_printable(const char *text)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

	while (*text) {
		unsigned char first = (unsigned char)*text++;
		int more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		uint32_t point = more > 0 ? first & (0x3fU >> more) : first;

		if (more < 0 || first >= 0xf8)
			return false;
		for (int i = 0; i < more; i++, text++) {
			if (((unsigned char)*text & 0xc0) != 0x80)
				return false;
			point = point << 6 | ((unsigned char)*text & 0x3f);
		}
		if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
			return false;
		if (point < 0x20 || (point >= 0x7f && point < 0xa0))
			return false;
	}
	return true;
}
