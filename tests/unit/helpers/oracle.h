/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the fast search must find and what the mask must hide, by the slowest and plainest means: the
 * pattern of include/token_formats.h, byte by byte, at every place; every piece of a secret, written
 * out in every encoding and looked for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* oracle_at() - length of the token that starts at `at`, 0 if none does. */
size_t oracle_at(const uint8_t *bytes, size_t len, size_t at);

/* oracle_next() - start of the first token at `from` or later, or len if there is none. */
size_t oracle_next(const uint8_t *bytes, size_t len, size_t from);

/* oracle_wide_at(), oracle_wide_next() - the same of any family (detect/wide.h). */
size_t oracle_wide_at(const uint8_t *bytes, size_t len, size_t at);
size_t oracle_wide_next(const uint8_t *bytes, size_t len, size_t from);

/* oracle_begun() - does the text end with the beginning of a token, but not with a whole one? */
bool oracle_begun(const uint8_t *bytes, size_t len);

/* How bytes can be written as text; X(id, bits of a byte in each character, alphabet). */
#define ORACLE_ENCODINGS(X)                                                              \
	X(HEX_LOWER, 4, "0123456789abcdef")                                              \
	X(HEX_UPPER, 4, "0123456789ABCDEF")                                              \
	X(BASE64, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") \
	X(BASE64_URL, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

/* How each byte can be written by itself; X(id, format of a byte, in small letters first?, bytes that must not be read in a row). */
#define ORACLE_FORMS(X)                           \
	X(LOWER, "%c", true, 16)                  \
	X(PERCENT, "%%%02X", false, 8)            \
	X(PERCENT_LOWER, "%%%02x", true, 16)      \
	X(PERCENT_TWICE, "%%25%02x", false, 8)    \
	X(PERCENT_U, "%%u%04X", false, 8)         \
	X(BACKSLASH, "\\x%02x", false, 8)         \
	X(BACKSLASH_TWICE, "\\\\x%02X", false, 8) \
	X(BACKSLASH_LOWER, "\\x%02x", true, 16)   \
	X(UNICODE, "\\u%04x", false, 8)           \
	X(UNICODE_BRACES, "\\u{%X}", false, 8)    \
	X(UNICODE_LONG, "\\U%08x", false, 8)      \
	X(OCTAL, "\\%03o", false, 8)              \
	X(OCTAL_PRINTF, "\\0%03o", false, 8)      \
	X(REFERENCE, "&#%u;", false, 8)           \
	X(REFERENCE_HEX, "&#x%02x;", false, 8)

enum oracle_encoding {
	ORACLE_RAW,
#define ORACLE_ENCODING_ENUM(id, bits, alphabet) ORACLE_##id,
	ORACLE_ENCODINGS(ORACLE_ENCODING_ENUM)
#undef ORACLE_ENCODING_ENUM
#define ORACLE_FORM_ENUM(id, format, lower, least) ORACLE_##id,
		ORACLE_FORMS(ORACLE_FORM_ENUM)
#undef ORACLE_FORM_ENUM
			ORACLE_ENCODING_MAX
};

/* Room for `len` bytes in any encoding, with a terminator. */
#define ORACLE_ENCODED_MAX(len) (10 * (len) + 1)

/* oracle_least() - how many bytes of a secret in a row must not be read in that encoding. */
size_t oracle_least(enum oracle_encoding encoding);

/* oracle_encode() - the text, terminated, without padding; returns its length. */
size_t oracle_encode(const void *bytes, size_t len, enum oracle_encoding encoding, char *to);

/* X(id, bytes of a line, digits between what stands between; digits of the offset; what stands behind that, between, between the halves, before the text, behind it) */
#define ORACLE_DUMPS(X)                                         \
	X(XXD, 16, 4, 8, ": ", " ", " ", "  ", "\n")            \
	X(XXD_SHORT, 8, 4, 8, ": ", " ", " ", "  ", "\n")       \
	X(HEXDUMP, 16, 2, 8, "  ", " ", "  ", "  |", "|\n")     \
	X(OD, 16, 2, 7, " ", " ", " ", NULL, "\n")              \
	X(OD_TEXT, 16, 2, 6, " ", " ", " ", "  >", "<\n")       \
	X(OPENSSL, 16, 2, 4, " - ", " ", "-", "   ", "\r\n")    \
	X(BARE, 16, 2, 0, " ", " ", " ", NULL, "\n")            \
	X(ARRAY, 12, 2, 0, "  0x", ", 0x", ", 0x", NULL, ",\n") \
	X(COLONS, 4096, 2, 0, "", ":", ":", NULL, "")

enum oracle_dump {
#define ORACLE_DUMP_ENUM(id, ...) ORACLE_##id,
	ORACLE_DUMPS(ORACLE_DUMP_ENUM)
#undef ORACLE_DUMP_ENUM
		ORACLE_DUMP_MAX
};

/* Room for the dump of `len` bytes. */
#define ORACLE_DUMPED_MAX(len) (16 * (len) + 128)

/* oracle_dump() - as that program dumps it, terminated; places[i]: of the first digit of byte i. Returns its length. */
size_t oracle_dump(const void *bytes, size_t len, enum oracle_dump dump, char *to, size_t *places);

/* oracle_fold() - in lines of that width, each with `quote` before it and `newline` behind it, terminated. Returns its length. */
size_t oracle_fold(const char *text, size_t width, const char *quote, const char *newline, char *to);

/* oracle_shows() - can oracle_least() bytes in a row of the secret be read in the text, in any encoding? */
bool oracle_shows(const char *text, const void *secret, size_t secret_len);

/* oracle_printable() - is this valid UTF-8 without a control character (Cc)? */
bool oracle_printable(const char *text);
