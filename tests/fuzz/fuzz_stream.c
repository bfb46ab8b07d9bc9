// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Any bytes through the mask of streams: in whatever pieces they come and whenever it is asked for what is held, the same comes out; it is
 * as long if what replaces a secret portion is; and what comes out holds no token, as it is or decoded by the plainest means.
 */
#include "detect/stream.h"
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

/* Longer texts hold nothing new and take longer. */
#define INPUT_MAX 2048
#define SECRET_LEN 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

struct seen {
	uint8_t text[INPUT_MAX];
	size_t len;
};

static struct seen seen;
/* What is told of forms; 0: nothing. */
static uint8_t forms[INPUT_MAX];

static int seen_text(void *context, const void *bytes, size_t len)
{
	struct seen *to = context;

	if (to->len + len > sizeof(to->text))
		abort();
	memcpy(to->text + to->len, bytes, len);
	to->len += len;
	return 0;
}

static int seen_mask(void *context, uint64_t at, size_t len)
{
	static const uint8_t stars[SECRET_LEN] =
		"****************************************************************";
	struct seen *to = context;

	if (at != to->len || len > sizeof(stars))
		abort();
	return seen_text(context, stars, len);
}

static int seen_form(void *context, uint64_t at, const void *bytes, size_t len, size_t same)
{
	(void)context;
	if (same >= len || at + len > sizeof(forms))
		abort();
	for (size_t i = same; i < len; i++)
		if (((const uint8_t *)bytes)[i])
			forms[at + i] = ((const uint8_t *)bytes)[i];
	return 0;
}

/* What was told of forms stands there, or was of a token as it is. */
static void check_forms(void)
{
	for (size_t i = 0; i < seen.len; i++)
		if (forms[i] && seen.text[i] != forms[i] && seen.text[i] != '*')
			abort();
}

/* `pieces`: a state that lengths are made of; 0: in one piece. */
static void run(const uint8_t *data, size_t size, uint32_t pieces)
{
	const struct stream_use use = {
		.context = &seen, .text = seen_text, .mask = seen_mask, .form = seen_form};
	bool agent = size % 2;
	/* each is used anew, as its end allows: a new one would take longer than all else */
	static struct stream *stream;
	size_t room, piece;

	seen.len = 0;
	memset(forms, 0, sizeof(forms));
	if (!stream && stream_open(&use, &stream))
		abort();
	stream_look(stream, false, agent);
	for (size_t at = 0; at < size; at += piece) {
		pieces = pieces * 1664525 + (pieces ? 1013904223 : 0);
		piece = pieces ? 1 + (pieces >> 16) % (pieces & 0x1000 ? 4 : 300) : size;
		piece = piece < size - at ? piece : size - at;
		memcpy(stream_room(stream, &room), data + at, piece);
		if (stream_push(stream, piece))
			abort();
		if (pieces >> 30 == 1 && (stream_flush(stream) || stream_holds(stream)))
			abort();
	}
	if (stream_end(stream))
		abort();
	check_forms();
}

static int digit_of(uint8_t byte, size_t bits)
{
	static const char six[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char four[] = "0123456789abcdef";
	const char *found;

	if (bits == 6)
		byte = byte == '-' ? '+' : byte == '_' ? '/' : byte;
	else if (byte >= 'A' && byte <= 'F')
		byte = (uint8_t)(byte + 32);
	found = byte ? strchr(bits == 6 ? six : four, byte) : NULL;
	return found ? (int)(found - (bits == 6 ? six : four)) : -1;
}

static void check_none(const uint8_t *bytes, size_t len)
{
	if (oracle_wide_next(bytes, len, 0) != len)
		abort();
}

/* Each run of digits from its first, second, … one on. */
static void check_digits(const struct seen *text, size_t bits)
{
	static uint8_t decoded[INPUT_MAX];

	for (size_t phase = 0; phase < 8 / (bits == 6 ? 2 : 4); phase++) {
		size_t count = 0, held = 0;
		unsigned int value = 0;

		for (size_t at = phase; at < text->len; at++) {
			int digit = digit_of(text->text[at], bits);

			if (digit < 0) {
				check_none(decoded, count);
				count = held = 0;
				at += phase;
				continue;
			}
			value = value << bits | (unsigned int)digit;
			held += bits;
			if (held < 8)
				continue;
			held -= 8;
			decoded[count++] = (uint8_t)(value >> held);
		}
		check_none(decoded, count);
	}
}

/* Every other byte, where those between are NUL. */
static void check_pairs(const struct seen *text)
{
	static uint8_t decoded[INPUT_MAX];

	for (size_t phase = 0; phase < 2; phase++) {
		size_t count = 0;

		for (size_t at = phase; at < text->len; at += 2) {
			decoded[count++] = text->text[at];
			if (at + 1 < text->len && !text->text[at + 1])
				continue;
			check_none(decoded, count);
			count = 0;
		}
		check_none(decoded, count);
	}
}

/* What URLs and mails do, with one sign. */
static void check_percent(const struct seen *text, uint8_t sign)
{
	static uint8_t decoded[INPUT_MAX];
	size_t count = 0;

	for (size_t at = 0; at < text->len; at++) {
		bool two = text->text[at] == sign && at + 2 < text->len &&
			   digit_of(text->text[at + 1], 4) >= 0 && digit_of(text->text[at + 2], 4) >= 0;

		decoded[count++] = two ? (uint8_t)(digit_of(text->text[at + 1], 4) << 4 |
						   digit_of(text->text[at + 2], 4))
				       : text->text[at];
		at += two ? 2 : 0;
	}
	check_none(decoded, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seen whole;
	uint32_t state = 1;

	if (size > INPUT_MAX)
		return 0;
	for (size_t i = 0; i < size; i++)
		state = state * 31 + data[i];
	run(data, size, 0);
	whole = seen;
	run(data, size, state | 1);
	if (whole.len != size || seen.len != size || memcmp(whole.text, seen.text, size) != 0)
		abort();
	check_none(whole.text, whole.len);
	check_digits(&whole, 4);
	check_digits(&whole, 6);
	check_pairs(&whole);
	check_percent(&whole, '%');
	check_percent(&whole, '=');
	return 0;
}

/* Now and then a token, or a part of one, is written into the text in some form. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	char raw[3 + 16 + SECRET_LEN + 1] = "~ xdt0c01.ABCDEFGH.", encoded[ORACLE_ENCODED_MAX(sizeof(raw))];
	size_t from = seed / 4 % 4, at, len;

	max = max < INPUT_MAX ? max : INPUT_MAX;
	size = size < max ? size : max;
	if (seed % 4)
		return LLVMFuzzerMutate(data, size, max);
	for (size_t i = 0; i < SECRET_LEN; i++)
		raw[19 + i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(seed >> i % 16) % 32];
	len = strlen(raw) - from - seed / 16 % 2 * (seed / 32 % 64);
	len = oracle_encode(raw + from, len, seed / 65536 % ORACLE_ENCODING_MAX, encoded);
	at = seed / 1048576 % (size + 1);
	if (at + len > max)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(data + at, encoded, len);
	return at + len > size ? at + len : size;
}
