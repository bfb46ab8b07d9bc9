/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The matcher: names the tokens in a text. What comes out holds no part of a secret portion.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "token_formats.h"

/* Under this many bits a character a secret portion is a placeholder (all X, A…A.B…B); random base32
 * secrets of 64 were never seen under 4.07 in 200,000. */
#define TOKEN_PLACEHOLDER_ENTROPY 3.5
/* Of 64 hexadecimal digits: random ones were never seen under 3.3 in 200,000. */
#define TOKEN_PLACEHOLDER_ENTROPY_HEX 3.0

/* The wide family (detect/wide.h): what token_match() does not know. */
#define WIDE_PUBLIC_MIN 8
#define WIDE_PUBLIC_MAX 128
#define WIDE_IDENTIFIER_MAX (TOKEN_PREFIX_LEN + 1 + WIDE_PUBLIC_MAX)
#define WIDE_MAX_LEN (WIDE_IDENTIFIER_MAX + 1 + TOKEN_SECRET_LEN)

#define WIDE_FAMILY "8-128.64"

/* A token without its secret portion; safe to keep, show and log. */
struct token {
	char prefix[TOKEN_PREFIX_LEN + 1]; /* "dt0c01" */
	char identifier[WIDE_IDENTIFIER_MAX + 1]; /* prefix, dot, public portion */
	const char *type; /* static; TOKEN_TYPE_UNKNOWN for an unlisted prefix */
	bool placeholder; /* low entropy, or the documentation's own sample */
	bool wide; /* of the wide family */
	uint8_t form; /* that it stands in: 1 + enum encoded_form (detect/form.h); 0: as it is */
};

/* Where a token lies in the text that was searched, in bytes. */
struct token_span {
	size_t start; /* first byte of the prefix */
	size_t secret; /* first byte of the secret portion */
	size_t end; /* one past the secret portion */
	size_t more; /* bytes that it takes beyond these in the form that it stands in; 0: it stands there as it is */
};

/* token_span_len() - bytes that it takes where it was found. */
static inline size_t token_span_len(const struct token_span *span)
{
	return span->end - span->start + span->more;
}

/*
 * token_match() - the first token that starts at `from` or later in bytes[0, len).
 * Returns 1 and sets *ret_token and *ret_span, or 0 (nothing found, outputs untouched).
 * Go on with from = ret_span->end. Pattern: include/token_formats.h.
 */
int token_match(const uint8_t *bytes, size_t len, size_t from, struct token *ret_token,
		struct token_span *ret_span);

/* token_is_placeholder() - of a token's public and secret portion, with the dot between: low entropy, or the documentation's own sample? */
bool token_is_placeholder(const uint8_t *portions, size_t len);

/* token_type() - what a prefix of TOKEN_PREFIX_LEN bytes stands for; never NULL, static. */
const char *token_type(const char *prefix);
