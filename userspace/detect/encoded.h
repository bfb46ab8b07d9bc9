/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tokens that do not stand there as they are (detect/form.h), in a text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/form.h"

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
 * @agent: an agent's is one as well
 * Returns 1 and sets *ret_token, or 0 (outputs untouched). Go on with from = ret_token->end.
 */
int encoded_match(const uint8_t *bytes, size_t len, size_t from, bool agent, struct encoded_token *ret_token);
