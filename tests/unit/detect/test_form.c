// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is secret in another form is masked in it: in whatever pieces it comes, cut anywhere, and nothing of it is shown before. */
#include "unit.h"

#include "detect/form.h"
#include "detect/stream.h"
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 8192

struct seen {
	char text[TEXT_MAX], told[TEXT_MAX]; /* what was handed on, and what is so by what was told */
	const char *before, *expected;
	size_t len, tokens, forms;
};

/* of a form in another one, what passed on already is not told again */
static bool seen_within;
/* what is told of one is told again, a few bits otherwise */
static bool seen_again;

static int seen_text(void *context, const void *bytes, size_t len)
{
	struct seen *seen = context;

	assert_true(seen->len + len <= sizeof(seen->text));
	memcpy(seen->text + seen->len, bytes, len);
	seen->len += len;
	return 0;
}

static int seen_token(void *context, const struct wide_token *token, const struct mask_known *known,
		      const struct stream_place *place)
{
	struct seen *seen = context;

	assert_non_null(place->encoding);
	assert_true(place->end > place->start + TOKEN_SECRET_LEN);
	assert_int_equal(known->len, TOKEN_SECRET_LEN);
	assert_string_equal(token->prefix, "dt0c01");
	seen->tokens++;
	return 0;
}

static int seen_form(void *context, uint64_t at, const void *bytes, size_t len, size_t same)
{
	struct seen *seen = context;

	assert_true((same >= 15 || seen_within) && same < len && at + len <= sizeof(seen->text));
	for (size_t i = 0; i < len; i++) {
		char byte = ((const char *)bytes)[i];

		if (byte)
			seen->told[at + i] = byte;
		if (seen_again)
			continue;
		assert_true(!byte || byte == (i < same ? seen->before : seen->expected)[at + i]);
		/* all that was exchanged is told */
		assert_true(i < same || byte || seen->before[at + i] == seen->expected[at + i]);
	}
	seen->forms++;
	return 0;
}

/* Nothing that was handed on is ever other than in the end. */
static void check_begins(const struct seen *seen, const char *expected, size_t len)
{
	assert_true(seen->len <= len);
	if (memcmp(seen->text, expected, seen->len) != 0)
		fail_msg("'%.*s' is no beginning of '%.*s'", (int)seen->len, seen->text, (int)len, expected);
}

static void mask_in_pieces(const char *text, size_t len, const char *expected, size_t most, bool flush,
			   uint64_t *seed, struct seen *seen)
{
	struct stream *stream;
	size_t piece, room;

	*seen = (struct seen){.before = text, .expected = expected};
	memcpy(seen->told, text, len);
	assert_int_equal(stream_open(&(struct stream_use){.context = seen,
							  .text = seen_text,
							  .token = seen_token,
							  .form = seen_form},
				     &stream),
			 0);
	for (size_t at = 0; at < len; at += piece) {
		piece = 1 + maker_next(seed) % most;
		piece = piece < len - at ? piece : len - at;
		memcpy(stream_room(stream, &room), text + at, piece);
		assert_int_equal(stream_push(stream, piece), 0);
		check_begins(seen, expected, len);
		if (!flush || maker_next(seed) % 2)
			continue;
		assert_int_equal(stream_flush(stream), 0);
		assert_false(stream_holds(stream));
		check_begins(seen, expected, len);
	}
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
}

static void expect(const char *text, size_t len, const char *expected, size_t tokens, size_t forms,
		   uint64_t *seed)
{
	static const size_t most[] = {TEXT_MAX, 1, 7, 60};
	struct seen seen;

	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		mask_in_pieces(text, len, expected, most[i], i, seed, &seen);
		if (seen.len != len || memcmp(seen.text, expected, len) != 0)
			fail_msg("in pieces of %zu: '%.*s' and not '%.*s'", most[i], (int)seen.len, seen.text,
				 (int)len, expected);
		if (seen_again)
			assert_memory_equal(seen.told, expected, len);
		assert_int_equal(seen.tokens, tokens);
		assert_int_equal(seen.forms, forms);
	}
}

/* A token with a public portion of so many characters; and the same with stars. */
static void make(char *token, char *masked, size_t public_len, uint64_t *seed)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char *at = stpcpy(token, "dt0c01.");

	for (size_t i = 0; i < public_len + 1 + TOKEN_SECRET_LEN; i++)
		*at++ = i == public_len ? '.' : letters[maker_next(seed) % 32];
	*at = '\0';
	strcpy(masked, token);
	memset(masked + 8 + public_len, '*', TOKEN_SECRET_LEN);
}

/* bytes → base64 in lines of `width` characters (0: one) with `newline` between. */
static size_t base64(char *to, const char *bytes, size_t len, bool url, size_t width, const char *newline)
{
	const char *alphabet = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
				   : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = to;
	size_t column = 0;

	for (size_t bit = 0; bit < 8 * len; bit += 6) {
		unsigned int value = 0;

		for (size_t i = bit; i < bit + 6; i++)
			value = value << 1 | (i < 8 * len ? (uint8_t)bytes[i / 8] >> (7 - i % 8) & 1 : 0);
		if (width && column++ == width) {
			at = stpcpy(at, newline);
			column = 1;
		}
		*at++ = alphabet[value];
	}
	for (; !width && !url && (at - to) % 4;)
		*at++ = '=';
	*at = '\0';
	return (size_t)(at - to);
}

static void test_base64(void **state)
{
	static const size_t widths[] = {0, 64, 76};
	static const char *const newlines[] = {"\n", "\r\n    ", "\\n"};
	uint64_t seed = 41;

	(void)state;
	for (size_t before = 0; before < 9; before++)
		for (size_t behind = 0; behind < 4; behind++)
			for (size_t i = 0; i < 9; i++) {
				char token[256], masked[256], raw[512], text[TEXT_MAX], expected[TEXT_MAX];
				size_t len;

				make(token, masked, before % 2 ? 8 : 24, &seed);
				len = (size_t)sprintf(raw, "%.*s%s%.*s", (int)before, "\xfe\xff~~?>\x80xyz",
						      token, (int)behind, "~~~~");
				base64(text, raw, len, i % 2, widths[i / 3], newlines[i % 3]);
				sprintf(raw, "%.*s%s%.*s", (int)before, "\xfe\xff~~?>\x80xyz", masked,
					(int)behind, "~~~~");
				base64(expected, raw, len, i % 2, widths[i / 3], newlines[i % 3]);
				strcat(text, "\n next");
				strcat(expected, "\n next");
				expect(text, strlen(text), expected, 1, 1, &seed);
			}
}

/* Cut anywhere, what is there of it is masked, the last bits as well; what is encoded behind it stays. */
static void test_cut(void **state)
{
	uint64_t seed = 43;

	(void)state;
	for (size_t cut = 1; cut < TOKEN_SECRET_LEN; cut++)
		for (size_t before = 0; before < 3; before++)
			for (size_t way = 0; way < 6; way++) {
				char token[256], masked[256], raw[512], text[TEXT_MAX], expected[TEXT_MAX];
				size_t len, lost = way < 3 ? 0 : way - 2;

				make(token, masked, 8, &seed);
				strcpy(token + 16 + cut, way == 2 ? " and more, and more" : "");
				strcpy(masked + 16 + cut, token + 16 + cut);
				len = (size_t)sprintf(raw, "%.*s%s", (int)before, "~~", token);
				len = base64(text, raw, len, way == 1, 0, "");
				sprintf(raw, "%.*s%s", (int)before, "~~", masked);
				base64(expected, raw, strlen(raw), way == 1, 0, "");
				if (lost) {
					/* in the middle of a byte: what is left of it reads as zero */
					size_t whole, least = (before + 16) * 8 + 8;

					len -= strspn(text + len - 2, "=") ? 2 : text[len - 1] == '=';
					len -= lost;
					whole = len * 6 / 8;
					if (len * 6 < least)
						continue;
					base64(expected, raw, whole, false, 0, "");
					expected[strcspn(expected, "=")] = '\0';
					if (strlen(expected) < len)
						strcat(expected, "A");
					text[len] = '\0';
				}
				expect(text, strlen(text), expected, 0, 1, &seed);
			}
}

/* Another line belongs to a cut one if enough of it fits. */
static void test_cut_lines(void **state)
{
	uint64_t seed = 47;

	(void)state;
	for (size_t cut = 1; cut < 40; cut++) {
		char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX];

		make(token, masked, 8, &seed);
		token[16 + cut] = masked[16 + cut] = '\0';
		strcpy(text + base64(text, token, 16 + cut, true, 0, ""), "\nkey: value\n");
		strcpy(expected + base64(expected, masked, 16 + cut, true, 0, ""), "\nkey: value\n");
		expect(text, strlen(text), expected, 0, 1, &seed);
		if (cut < 8)
			continue;
		/* two lines of it */
		strcpy(text + base64(text, token, 16 + cut, true, 8 * (16 + cut - 8) / 6, "\n"), "!");
		strcpy(expected + base64(expected, masked, 16 + cut, true, 8 * (16 + cut - 8) / 6, "\n"),
		       "!");
		expect(text, strlen(text), expected, 0, 1, &seed);
	}
}

static void test_hex(void **state)
{
	uint64_t seed = 53;

	(void)state;
	for (size_t cut = 1; cut <= TOKEN_SECRET_LEN; cut++) {
		char token[256], masked[256], text[TEXT_MAX] = "0x", expected[TEXT_MAX] = "0x";
		enum oracle_encoding how = cut % 2 ? ORACLE_HEX_LOWER : ORACLE_HEX_UPPER;

		make(token, masked, 24, &seed);
		token[32 + cut] = '\0';
		for (size_t i = 0; token[i]; i++) {
			const char *newline = i && i % 30 == 0 && cut % 3 == 0 && cut == 64 ? "\n" : "";

			strcat(text, newline);
			strcat(expected, newline);
			oracle_encode(token + i, 1, how, text + strlen(text));
			oracle_encode(masked + i, 1, how, expected + strlen(expected));
		}
		strcat(text, ";");
		strcat(expected, ";");
		expect(text, strlen(text), expected, cut == TOKEN_SECRET_LEN, 1, &seed);
	}
}

/* bytes → hex in lines of 60 digits. Returns its length. */
static size_t hex_lines(const char *bytes, char *to)
{
	size_t len = 0;

	for (size_t i = 0; bytes[i]; i++) {
		if (i && i % 30 == 0)
			to[len++] = '\n';
		len += (size_t)sprintf(to + len, "%02x", (unsigned char)bytes[i]);
	}
	return len;
}

/* No dump: the last line's digits are no offset, though they are as many as one has, and what stands behind them looks like bytes. */
static void test_hex_lines(void **state)
{
	static const char *const tails[] = {" be", " added later", " dead", " 41 x", ": 12", ""};
	uint64_t seed = 139;

	(void)state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++)
		for (size_t before = 0; before < 30; before++) {
			char token[256], masked[256], raw[512], text[TEXT_MAX], expected[TEXT_MAX];
			size_t len;

			make(token, masked, before % 2 ? 24 : 8, &seed);
			sprintf(raw, "%.*s%s", (int)before, "##############################", token);
			len = hex_lines(raw, text);
			sprintf(text + len, "%s\n<>\n", tails[i]);
			sprintf(raw, "%.*s%s", (int)before, "##############################", masked);
			sprintf(expected + hex_lines(raw, expected), "%s\n<>\n", tails[i]);
			expect(text, strlen(text), expected, 1, 1, &seed);
		}
}

/* As xxd -c has it, or od -t x1z -w. */
static size_t wide_dump(const char *bytes, size_t len, size_t width, bool od, char *to)
{
	size_t out = 0;

	for (size_t line = 0; line < len; line += width) {
		size_t own = len - line < width ? len - line : width;

		out += (size_t)sprintf(to + out, od ? "%07zo" : "%08zx:", line);
		for (size_t i = 0; i < width; i++) {
			out += (size_t)sprintf(to + out, od || i % 2 == 0 ? " " : "");
			out += (size_t)sprintf(to + out, i < own ? "%02x" : "  ",
					       (unsigned char)bytes[i < own ? line + i : line]);
		}
		out += (size_t)sprintf(to + out, od ? "  >" : "  ");
		for (size_t i = 0; i < own; i++)
			to[out++] = bytes[line + i] >= ' ' ? bytes[line + i] : '.';
		out += (size_t)sprintf(to + out, od ? "<\n" : "\n");
	}
	return out;
}

/* A dump's lines may be long, and what they show as text is far away from its digits then. */
static void test_wide_dumps(void **state)
{
	static const size_t widths[] = {80, 100, 128, 256};
	uint64_t seed = 149;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(widths) / sizeof(*widths); i++)
		for (size_t before = 0; before < 300; before += 71)
			for (size_t cut = 0; cut < TOKEN_SECRET_LEN; cut += 45) {
				char token[256], masked[256], bytes[1024], others[1024];
				static char text[TEXT_MAX], expected[TEXT_MAX];
				size_t len;

				make(token, masked, 8, &seed);
				len = strlen(token) - cut;
				token[len] = masked[len] = '\0';
				memset(bytes, '\t', sizeof(bytes));
				memset(others, '\t', sizeof(others));
				memcpy(bytes + before, token, len);
				memcpy(others + before, masked, len);
				len = wide_dump(bytes, 640, widths[i / 2], i % 2, text);
				wide_dump(others, 640, widths[i / 2], i % 2, expected);
				expect(text, len, expected, !cut, 1, &seed);
			}
}

/* In a dump, the digits and what is shown of them as text; of a token that is cut as well, and of two in one line. */
static void test_dumps(void **state)
{
	uint64_t seed = 57;

	(void)state;
	for (enum oracle_dump dump = 0; dump < ORACLE_DUMP_MAX; dump++) {
		for (size_t before = 0; before < 18; before++) {
			char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX], bytes[512],
				others[512];
			size_t places[512], len;

			make(token, masked, before % 2 ? 24 : 8, &seed);
			memset(bytes, '\t', sizeof(bytes));
			memset(others, '\t', sizeof(others));
			sprintf(bytes + before, "%s 64 dt0 %s|", token, token);
			sprintf(others + before, "%s 64 dt0 %s|", masked, masked);
			len = oracle_dump(bytes, before + strlen(bytes + before), dump, text, places);
			oracle_dump(others, before + strlen(bytes + before), dump, expected, places);
			expect(text, len, expected, 2, 2, &seed);
			/* enough of it in the last line */
			token[strlen(token) - 16 - before] = masked[strlen(masked) - 16 - before] = '\0';
			sprintf(bytes + before, "%s <>\"", token);
			sprintf(others + before, "%s <>\"", masked);
			len = oracle_dump(bytes, before + strlen(bytes + before), dump, text, places);
			oracle_dump(others, before + strlen(bytes + before), dump, expected, places);
			expect(text, len, expected, 0, 1, &seed);
		}
	}
}

static void test_utf16(void **state)
{
	uint64_t seed = 59;

	(void)state;
	for (size_t cut = 1; cut <= TOKEN_SECRET_LEN; cut++)
		for (size_t big = 0; big < 2; big++) {
			char token[256], masked[256], text[TEXT_MAX] = {0}, expected[TEXT_MAX] = {0};
			size_t len;

			make(token, masked, 24, &seed);
			strcpy(token + 32 + cut, " end");
			strcpy(masked + 32 + cut, " end");
			len = strlen(token);
			for (size_t i = 0; i < len; i++) {
				text[2 * i + big] = token[i];
				expected[2 * i + big] = masked[i];
			}
			expect(text, 2 * len, expected, cut == TOKEN_SECRET_LEN, 1, &seed);
		}
}

/* Dots only, or each character. */
static void test_escapes(void **state)
{
	static const enum oracle_encoding ways[] = {
		ORACLE_PERCENT,

		ORACLE_PERCENT_U,
		ORACLE_BACKSLASH,
		ORACLE_BACKSLASH_TWICE,
		ORACLE_UNICODE,
		ORACLE_UNICODE_BRACES,
		ORACLE_UNICODE_LONG,
		ORACLE_OCTAL,
		ORACLE_OCTAL_PRINTF,
		ORACLE_REFERENCE,
		ORACLE_REFERENCE_HEX,
		ORACLE_PERCENT /* quoted-printable */,
	};
	uint64_t seed = 61;

	(void)state;
	for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++)
		for (size_t cut = 1; cut <= TOKEN_SECRET_LEN; cut += 9)
			for (int each = 0; each < 2; each++) {
				char token[256], masked[256], text[TEXT_MAX] = "{\"a\":\"",
							      expected[TEXT_MAX];
				size_t len = strlen(text);

				make(token, masked, 8, &seed);
				strcpy(expected, text);
				token[16 + cut] = '\0';
				for (size_t i = 0; token[i]; i++) {
					char one[ORACLE_ENCODED_MAX(1)];

					oracle_encode(token + i, 1,
						      each || token[i] == '.' ? ways[way] : ORACLE_RAW, one);
					if (way == sizeof(ways) / sizeof(*ways) - 1 && one[0] == '%')
						one[0] = '=';
					memcpy(text + len, one, strlen(one));
					if (i >= 16)
						memset(one, '*', strlen(one));
					memcpy(expected + len, one, strlen(one));
					len += strlen(one);
				}
				strcpy(text + len, "\"}\n");
				strcpy(expected + len, "\"}\n");
				expect(text, len + 3, expected, cut == TOKEN_SECRET_LEN, 1, &seed);
			}
}

/* Colours and soft ends of lines stay; the end of a line that only its length tells counts if the token goes on to its end. */
static void test_between(void **state)
{
	static const char *const between[] = {"\033[0m\033[1;31m", "\\u001b[32m", "=\n", "=\r\n"};
	uint64_t seed = 67;

	(void)state;
	for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++)
		for (size_t at = 1; at < 96; at++)
			for (size_t cut = 40; cut <= TOKEN_SECRET_LEN; cut += 24) {
				char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX];

				if (at >= 32 + cut)
					continue;
				make(token, masked, 24, &seed);
				token[32 + cut] = masked[32 + cut] = '\0';
				sprintf(text, "> %.*s%s%s <", (int)at, token, between[i], token + at);
				sprintf(expected, "> %.*s%s%s <", (int)at, masked, between[i], masked + at);
				expect(text, strlen(text), expected, cut == TOKEN_SECRET_LEN, 1, &seed);
			}
}

static void test_wrapped(void **state)
{
	uint64_t seed = 71;

	(void)state;
	for (size_t at = 1; at < 80; at++) {
		char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX];
		struct seen seen;

		make(token, masked, 24, &seed);
		sprintf(text, "%*s%.*s\n  %s <", (int)(80 - at), "", (int)at, token, token + at);
		sprintf(expected, "%*s%.*s\n  %s <", (int)(80 - at), "", (int)at, masked, masked + at);
		expect(text, strlen(text), expected, 1, 1, &seed);
		if (at <= 32)
			continue;
		/* cut in the next line, or that is another's: as it is known without */
		sprintf(text, "%*s%.*s\nAB1 %s", (int)(80 - at), "", (int)at, token, "more");
		sprintf(expected, "%*s%.*s<masked>\nAB1 %s", (int)(80 - at), "", 32, token, "more");
		for (size_t most = 1; most < 80; most += 13) {
			struct stream *stream;
			size_t room, piece, len = strlen(text);

			seen = (struct seen){0};
			assert_int_equal(
				stream_open(&(struct stream_use){.context = &seen, .text = seen_text},
					    &stream),
				0);
			for (size_t from = 0; from < len; from += piece) {
				piece = most < len - from ? most : len - from;
				memcpy(stream_room(stream, &room), text + from, piece);
				assert_int_equal(stream_push(stream, piece), 0);
				assert_int_equal(stream_flush(stream), 0);
			}
			assert_int_equal(stream_end(stream), 0);
			stream_close(stream);
			assert_int_equal(seen.len, strlen(expected));
			assert_memory_equal(seen.text, expected, seen.len);
		}
	}
}

/* A token in two records of a log: each of its parts is masked where it is. */
static void test_records(void **state)
{
	static const char *const seams[] = {
		"\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.678901234Z\"}\n{\"log\":\"",
		"\n2026-01-02T03:04:05.678901234Z stdout F ",
	};
	uint64_t seed = 79;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t at = 1; at < 96; at++) {
			char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX];

			make(token, masked, 24, &seed);
			sprintf(text, "%600s%.*s%s%s <", "", (int)at, token, seams[i], token + at);
			sprintf(expected, "%600s%.*s%s%s <", "", (int)at, masked, seams[i], masked + at);
			expect(text, strlen(text), expected, 1, 1, &seed);
		}
}

/* Cut in the second record: what is there of it is masked in both. A record of Docker's surely goes on; elsewhere a few characters are another's. */
static void test_records_cut(void **state)
{
	static const char *const seams[] = {
		"\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.678901234Z\"}\n{\"log\":\"",
		"\n2026-01-02T03:04:05.678901234Z stdout P ",
	};
	uint64_t seed = 89;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t first = 1; first < TOKEN_SECRET_LEN; first += 3)
			for (size_t then = i ? 8 : 1; first + then < TOKEN_SECRET_LEN; then++) {
				char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX];

				make(token, masked, 24, &seed);
				token[32 + first + then] = masked[32 + first + then] = '\0';
				sprintf(text, "%600s%.*s%s%s rest", "", (int)(32 + first), token, seams[i],
					token + 32 + first);
				sprintf(expected, "%600s%.*s%s%s rest", "", (int)(32 + first), masked,
					seams[i], masked + 32 + first);
				expect(text, strlen(text), expected, 0, 1, &seed);
			}
}

/* A few characters of base64 as well. */
static void test_records_cut_base64(void **state)
{
	static const char seam[] = "\",\"stream\":\"stderr\",\"time\":\"2026-01-02T03:04:05Z\"}\n{\"log\":\"";
	uint64_t seed = 97;

	(void)state;
	for (size_t then = 4; then < 40; then += 4) {
		char token[256], masked[256], whole[512], text[TEXT_MAX], expected[TEXT_MAX];
		/* 17 characters of the secret portion are in the first one: 44 of base64 */
		const int first = 44;

		make(token, masked, 8, &seed);
		token[33 + then / 4 * 3] = masked[33 + then / 4 * 3] = '\0';
		base64(whole, token, strlen(token), true, 0, "");
		sprintf(text, "%.*s%s%s rest", first, whole, seam, whole + first);
		base64(whole, masked, strlen(masked), true, 0, "");
		sprintf(expected, "%.*s%s%s rest", first, whole, seam, whole + first);
		expect(text, strlen(text), expected, 0, 1, &seed);
	}
}

/* Both streams of a container are in one log, in the order in which they were written: the other one's records are none of it. */
static void test_records_between(void **state)
{
	static const char *const others[] = {
		"{\"log\":\"AN ERROR\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-02T03:04:05Z\"}\n",
		"{\"log\":\"A7K\",\"stream\":\"stderr\",\"attrs\":{\"a\":\"b\"},\"time\":\"2026-01-02T03:04:"
		"05Z\"}\n"
		"{\"log\":\"\\\",\\\"stream\\\":\\\"stdout\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-"
		"02T03:04:05Z\"}\n",
	};
	static const char end[] = "\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}\n";
	uint64_t seed = 101;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t at = 1; at < 96; at += 5)
			for (size_t cut = 40; cut <= TOKEN_SECRET_LEN; cut += 24) {
				char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX];

				make(token, masked, 24, &seed);
				if (at >= 32 + cut)
					continue;
				token[32 + cut] = masked[32 + cut] = '\0';
				sprintf(text, "{\"log\":\"%.*s%s%s{\"log\":\"%s <%s", (int)at, token, end,
					others[i], token + at, end);
				sprintf(expected, "{\"log\":\"%.*s%s%s{\"log\":\"%s <%s", (int)at, masked,
					end, others[i], masked + at, end);
				expect(text, strlen(text), expected, cut == TOKEN_SECRET_LEN, 1, &seed);
			}
}

/* CRI's tell it by their beginning alone: 16 KiB before, or in the next record. */
static void test_records_between_cri(void **state)
{
	static const char *const others[] = {
		"AN ERROR",
		"A7K\n2026-01-02T03:04:05.7Z stderr P more of them",
		"A7K2\n2026-01-02T03:04:05.7Z stderr P \n2026-01-02T03:04:05.8+01:00 stderr F x stdout F ",
	};
	uint64_t seed = 107;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		for (size_t at = 1; at < 96; at += 5)
			for (size_t cut = 16; cut <= TOKEN_SECRET_LEN; cut += 24) {
				char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX];
				static const char seam[] = "\n2026-01-02T03:04:05Z stderr F ",
						  own[] = "\n2026-01-02T03:04:05.9Z stdout F ";

				make(token, masked, 24, &seed);
				/* of a line's rest some characters are asked for */
				if (at + 8 > 32 + cut)
					continue;
				token[32 + cut] = masked[32 + cut] = '\0';
				sprintf(text, "%600s%.*s%s%s%s%s <", "", (int)at, token, seam, others[i], own,
					token + at);
				sprintf(expected, "%600s%.*s%s%s%s%s <", "", (int)at, masked, seam, others[i],
					own, masked + at);
				expect(text, strlen(text), expected, cut == TOKEN_SECRET_LEN, 1, &seed);
			}
}

/* The same of wrapped lines: eight characters that fit are no chance. */
/* Quoted or indented as a whole after it was wrapped; and at a width that only the other lines tell. */
static void test_folded(void **state)
{
	static const size_t widths[] = {64, 76, 16, 20, 32, 47, 90};
	static const char *const quotes[] = {"> ", "\t", ""};
	uint64_t seed = 107;

	(void)state;
	for (size_t i = 0; i < 7 * 3; i++)
		for (size_t before = 3; before + 3 < widths[i / 3]; before += 1 + i % 5) {
			char token[256], masked[256], whole[512], text[TEXT_MAX], expected[TEXT_MAX];
			size_t len, width = widths[i / 3];

			make(token, masked, 24, &seed);
			if (before + strlen(token) <= width)
				break;
			sprintf(whole, "%*s%s and more %150s", (int)before, "", token, "of it");
			len = oracle_fold(whole, width, quotes[i % 3], i % 2 ? "\r\n" : "\n", text);
			sprintf(whole, "%*s%s and more %150s", (int)before, "", masked, "of it");
			oracle_fold(whole, width, quotes[i % 3], i % 2 ? "\r\n" : "\n", expected);
			expect(text, len, expected, 1, 1, &seed);
		}
}

/* Quoted, and what tells so comes later: the line ends in what may be a token's first characters, and nothing is behind it yet. */
static void test_folded_later(void **state)
{
	static const size_t widths[] = {72, 80};
	static const char *const quotes[] = {"> ", "| ", "\t", ">> "};
	uint64_t seed = 137;

	(void)state;
	for (size_t i = 0; i < 2 * 4 * 8; i++) {
		char token[256], masked[256], whole[512], text[TEXT_MAX], expected[TEXT_MAX];
		const char *quote = quotes[i / 2 % 4];
		size_t width = widths[i % 2], len;
		int at = (int)(1 + i / 8);

		make(token, masked, 24, &seed);
		sprintf(whole, "%*s%s", (int)width - at, "", token);
		len = oracle_fold(whole, width, quote, "\n", text);
		sprintf(whole, "%*s%s", (int)width - at, "", masked);
		oracle_fold(whole, width, quote, "\n", expected);
		expect(text, len, expected, 1, 1, &seed);
	}
}

static void test_wrapped_cut(void **state)
{
	uint64_t seed = 103;

	(void)state;
	for (size_t at = 33; at < 80; at += 3)
		for (size_t then = 8; at + then < 32 + TOKEN_SECRET_LEN; then += 5) {
			char token[256], masked[256], text[TEXT_MAX], expected[TEXT_MAX];

			make(token, masked, 24, &seed);
			token[at + then] = masked[at + then] = '\0';
			sprintf(text, "%*s%.*s\n%s <", (int)(80 - at), "", (int)at, token, token + at);
			sprintf(expected, "%*s%.*s\n%s <", (int)(80 - at), "", (int)at, masked, masked + at);
			expect(text, strlen(text), expected, 0, 1, &seed);
		}
}

/* A public portion may be base64, and of a token: both are masked. */
static void test_inside(void **state)
{
	char token[256], masked[256], text[TEXT_MAX] = "dt0c01.", expected[TEXT_MAX] = "dt0c01.";
	uint64_t seed = 83;

	(void)state;
	make(token, masked, 8, &seed);
	base64(text + 7, token, strlen(token), true, 0, "");
	base64(expected + 7, masked, strlen(masked), true, 0, "");
	sprintf(text + strlen(text), "&#46;%s <", token + 16);
	sprintf(expected + strlen(expected), "&#46;%s <", masked + 16);
	expect(text, strlen(text), expected, 2, 2, &seed);
}

/* In base64 of base64, of UTF-16, of escapes; in lines, in strings, at every place, three deep. */
static void test_within(void **state)
{
	static const char *const newlines[] = {"\n", "\r\n    ", "\\n"};
	uint64_t seed = 109;

	(void)state;
	seen_within = true;
	for (size_t i = 0; i < 180; i++) {
		char token[256], masked[256], text[2][TEXT_MAX], expected[2][TEXT_MAX], line[512];
		size_t before = i % 9, deep = i % 4 == 3 ? 2 : 1, len = 0, at = 0;
		bool cut = i % 5 == 4 && i % 3 != 2;

		make(token, masked, i % 2 ? 24 : 8, &seed);
		if (cut)
			token[strlen(token) - 20] = masked[strlen(masked) - 20] = '\0';
		memset(line, '<', before);
		for (int star = 0; star < 2; star++) {
			char *whole = star ? expected[0] : text[0];

			strcpy(line + before, star ? masked : token);
			at = (size_t)sprintf(whole, "a: \"");
			if (i % 3 == 0)
				at += base64(whole + at, line, strlen(line), i % 2, 0, "");
			else if (i % 3 == 1)
				for (size_t j = 0; line[j]; j++)
					at += (size_t)sprintf(whole + at, "%%%02X", (unsigned char)line[j]);
			else
				at += base64(whole + at, line, strlen(line), i % 2, 76, "\n");
			at += (size_t)sprintf(whole + at, "\", and more of a text, longer than a line");
			/* of an escape that is masked are stars, not what stands for some */
			if (star && i % 3 == 1)
				memset(whole + 4 +
					       3 * (strlen(line) - strlen(strchr(line + before + 8, '.')) +
						    1),
				       '*', 3 * (strlen(strchr(line + before + 8, '.')) - 1));
		}
		for (size_t layer = 0; layer < deep; layer++) {
			static const char name[] = "data: ";
			size_t width = i % 7 < 3 ? 0 : i % 2 ? 64 : 76;

			strcpy(text[1], name);
			strcpy(expected[1], name);
			len = base64(text[1] + 6, text[0], at, i % 11 == 0, width, newlines[i % 3]) + 6;
			base64(expected[1] + 6, expected[0], at, i % 11 == 0, width, newlines[i % 3]);
			strcpy(text[0], text[1]);
			strcpy(expected[0], expected[1]);
			at = len;
		}
		strcpy(text[1] + len, " <\n");
		strcpy(expected[1] + len, " <\n");
		expect(text[1], len + 3, expected[1], !cut, 1, &seed);
	}
	seen_within = false;
}

/* In a run as well: what the first pass has read of it as one that is cut ends where its own stream finds more between two characters. */
static void test_within_between(void **state)
{
	static const char *const betweens[] = {
		"\033[0m\033[1;31m",
		"\\u001b[32m",
		"=\n",
		"=\r\n",
		"\n",
		"\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}\n{\"log\":\"",
	};
	uint64_t seed = 113;

	(void)state;
	seen_within = true;
	for (size_t i = 0; i < sizeof(betweens) / sizeof(*betweens); i++)
		for (size_t at = 9; at < 16 + TOKEN_SECRET_LEN; at += 1 + at % 3) {
			char token[256], masked[256], whole[512], text[TEXT_MAX], expected[TEXT_MAX];
			/* a line of 80 */
			int indent = i == 4 ? (int)(80 - at) : (int)(at % 5);
			size_t len;

			make(token, masked, 8, &seed);
			sprintf(whole, "%*s%.*s%s%s and more", indent, "", (int)at, token, betweens[i],
				token + at);
			len = base64(text, whole, strlen(whole), i % 2, at % 2 ? 76 : 0, "\n");
			sprintf(whole, "%*s%.*s%s%s and more", indent, "", (int)at, masked, betweens[i],
				masked + at);
			base64(expected, whole, strlen(whole), i % 2, at % 2 ? 76 : 0, "\n");
			strcpy(text + len, " <\n");
			strcpy(expected + len, " <\n");
			expect(text, len + 3, expected, 1, at > 16 ? 2 : 1, &seed);
			/* it is no token any more */
			expect(expected, len + 3, expected, 0, 0, &seed);
		}
	seen_within = false;
}

/* A character of it is written in some way, in a run. */
static void test_within_escapes(void **state)
{
	static const enum oracle_encoding ways[] = {ORACLE_PERCENT, ORACLE_BACKSLASH, ORACLE_UNICODE,
						    ORACLE_REFERENCE};
	uint64_t seed = 127;

	(void)state;
	seen_within = seen_again = true;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		for (size_t at = 0; at < 16 + TOKEN_SECRET_LEN; at++) {
			char token[256], masked[256], one[ORACLE_ENCODED_MAX(1)], whole[512];
			char text[TEXT_MAX], expected[TEXT_MAX];
			size_t len;

			make(token, masked, 8, &seed);
			oracle_encode(token + at, 1, ways[i], one);
			sprintf(whole, "%.*s%s%s and more", (int)at, token, one, token + at + 1);
			len = base64(text, whole, strlen(whole), false, 0, "");
			if (at >= 16)
				memset(one, '*', strlen(one));
			sprintf(whole, "%.*s%s%s and more", (int)at, masked, one, masked + at + 1);
			base64(expected, whole, strlen(whole), false, 0, "");
			expect(text, len, expected, 1, at > 16 ? 2 : 1, &seed);
		}
	seen_within = seen_again = false;
}

/* As early in a run as there can be one that is coloured in it: nothing of it is handed on before that is known to be a run. */
static void test_within_first(void **state)
{
	static const char *const betweens[] = {"\033[m", "\033(B", "=\n", "=\r\n"};
	uint64_t seed = 131;

	(void)state;
	seen_within = true;
	for (size_t i = 0; i < 4 * 8; i++) {
		char token[256], masked[256], whole[512], text[TEXT_MAX], expected[TEXT_MAX];
		size_t len, at = 9 + i / 4;

		make(token, masked, 8, &seed);
		sprintf(whole, "%.*s%s%s and more", (int)at, token, betweens[i % 4], token + at);
		len = base64(text, whole, strlen(whole), false, 0, "");
		sprintf(whole, "%.*s%s%s and more", (int)at, masked, betweens[i % 4], masked + at);
		base64(expected, whole, strlen(whole), false, 0, "");
		expect(text, len, expected, 1, at > 16 ? 2 : 1, &seed);
	}
	seen_within = false;
}

/* What is none passes unchanged, and what a line ends with is not kept back. */
static void test_none(void **state)
{
	static const char *const texts[] = {
		"a word\n",  "password\r\n", "50%",          "a && b\n",
		"C:\\dir\n", "x = 6\n",      "ZHQwYzAx\n",   "647430\n",
		"d\\n",      "\\u0064t0\n",  "dt0c01%2EAB ", "\"dt0c01\\u002eABCDEFGH\\u002e\"}",
		"R0MwMS5B!",
	};
	static const size_t held[] = {0, 0, 1, 0, 0, 0, 9, 7, 0, 0, 0, 0, 0};
	uint64_t seed = 73;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct seen seen = {0};
		struct stream *stream;
		size_t room, len = strlen(texts[i]);

		expect(texts[i], len, texts[i], 0, 0, &seed);
		assert_int_equal(
			stream_open(&(struct stream_use){.context = &seen, .text = seen_text}, &stream), 0);
		memcpy(stream_room(stream, &room), texts[i], len);
		assert_int_equal(stream_push(stream, len), 0);
		if (len - seen.len != held[i])
			fail_msg("'%s': %zu are held", texts[i], len - seen.len);
		stream_close(stream);
	}
}

/* What a form begins with again and again costs no more than so much a byte, also where each byte comes by itself. */
static void test_costly(void **state)
{
	static const char *const pieces[] = {
		"\\",
		"d\\",
		"dt0",
		"ZHQw",
		"R0M",
		"GR0M",
		"kdDB",
		"647430",
		"d\n",
		"%64%74",
		"ZHQw\n ",
		"d\0",
		"dt0c01%2EAAAAAAAA",
		"&#100;&#116;&#48;",
		"d\",\"stream\":\"stdout\"}\n{\"log\":\"",
		"{\"log\":\"d\",\"stream\":\"stdout\"}\n{\"log\":\"d\",\"stream\":\"stderr\"}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct stream *stream;
		size_t piece = strlen(pieces[i]) + (pieces[i][1] == '\0' && pieces[i][0] == 'd');

		assert_int_equal(stream_open(&(struct stream_use){0}, &stream), 0);
		for (size_t at = 0; at < 100000; at++) {
			size_t room;

			*stream_room(stream, &room) = (uint8_t)pieces[i][at % piece];
			assert_int_equal(stream_push(stream, 1), 0);
		}
		assert_int_equal(stream_end(stream), 0);
		stream_close(stream);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_lines),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_hex_lines),
		cmocka_unit_test(test_wide_dumps),
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_folded_later),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_within_between),
		cmocka_unit_test(test_within_escapes),
		cmocka_unit_test(test_within_first),
		cmocka_unit_test(test_costly),
		cmocka_unit_test(test_records_cut),
		cmocka_unit_test(test_records_cut_base64),
		cmocka_unit_test(test_records_between),
		cmocka_unit_test(test_records_between_cri),
		cmocka_unit_test(test_wrapped_cut),
	};

	return UNIT_RUN(tests);
}
