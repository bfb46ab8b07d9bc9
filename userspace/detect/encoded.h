/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tokens that do not stand there as they are: encoded (a Kubernetes Secret is base64), written with escapes, wrapped by a terminal or
 * a mail, coloured. All families of detect/wide.h, each form by itself: what is encoded twice is not found.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/wide.h"

/* X(id, name, what it is) */
#define ENCODED_FORMS(X)                                                                                \
	X(BASE64, "base64", "RFC 4648, both alphabets, any alignment, also in lines")                   \
	X(HEX, "hex", "two digits a byte, also in lines")                                               \
	X(UTF16, "utf-16", "a NUL between each two characters; from the first one to the last")         \
	X(PERCENT, "percent", "%2E and the like, in any place")                                         \
	X(BACKSLASH, "backslash", "\\x2e, \\u002e, \\056 and the like, with any number of backslashes") \
	X(REFERENCE, "reference", "&#46; and the like, of HTML and XML")                                \
	X(QUOTED_PRINTABLE, "quoted-printable", "=2E and lines that end in =")                          \
	X(COLOURED, "coloured", "with a terminal's control sequences in it")                            \
	X(WRAPPED, "wrapped", "goes on in the next line, where the one before is as long as is usual")

enum encoded_form {
#define ENCODED_FORM(id, name, what) ENCODED_##id,
	ENCODED_FORMS(ENCODED_FORM)
#undef ENCODED_FORM
};

/* No form of a token is read further than this, in bytes. */
#define ENCODED_MAX_LEN 4096UL

/* A token in some form. Its owner wipes the secret portion. */
struct encoded_token {
	struct wide_token token;
	enum encoded_form form;
	size_t start, end; /* of its form, in the text that was searched */
	uint8_t secret[TOKEN_SECRET_LEN];
};

/*
 * encoded_match() - the first token in one of these forms that starts at `from` or later in bytes[0, len). What stands there as it is,
 * is none.
 * Returns 1 and sets *ret_token, or 0 (outputs untouched). Go on with from = ret_token->end.
 */
int encoded_match(const uint8_t *bytes, size_t len, size_t from, struct encoded_token *ret_token);

/* encoded_name() - "base64", …; static. */
const char *encoded_name(enum encoded_form form);
