// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text → the next secret portion with a public portion of any family before it.
 *
 * The probes are those of include/token_search.h: a secret portion is the same in all families, and where none covers a probe there is no
 * token. What is behind a dot is looked at before what is before it, so a look back of up to 128 bytes is rare.
 *
 * Invariant: what is handed out holds no byte of a secret portion.
 */
#include "detect/wide.h"

#include "token_search.h"

#include <string.h>

static bool wide_is_public(uint8_t byte)
{
	return token_is_letter(byte) || token_is_digit(byte) || byte == '-';
}

static bool wide_is_secret(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || token_is_digit(byte);
}

/* Length of the public portion with a prefix that ends before `dot`, or 0. */
static size_t wide_public_len(const uint8_t *bytes, size_t dot)
{
	size_t len = 0;

	while (len < WIDE_PUBLIC_MAX && dot > len && wide_is_public(bytes[dot - 1 - len]))
		len++;
	if (len < WIDE_PUBLIC_MIN || dot < len + 1 + TOKEN_PREFIX_LEN || bytes[dot - len - 1] != '.')
		return 0;
	return token_prefix_at(bytes, dot - len - 1 - TOKEN_PREFIX_LEN) ? len : 0;
}

/* Is there a token whose second dot is at `dot`? Returns the length of its public portion, or 0. */
static size_t wide_at_dot(const uint8_t *bytes, size_t len, size_t dot)
{
	if (dot + TOKEN_SECRET_LEN >= len)
		return 0;
	/* the end first: what only looks like one mostly ends before it */
	for (size_t i = TOKEN_SECRET_LEN; i > 0; i -= 8)
		if (token_word_outside(token_load(bytes + dot + 1 + i - 8)))
			return 0;
	return wide_public_len(bytes, dot);
}

/* The second dot of the first token, and its public portion's length; TOKEN_NONE if there is none. */
static uint64_t wide_search(const uint8_t *bytes, size_t len, size_t *ret_public_len)
{
	for (uint64_t at = 0; at + 8 <= len; at += TOKEN_STRIDE) {
		uint64_t dot;

		if (!token_word_maybe(token_load(bytes + at)) ||
		    (at >= TOKEN_SECRET_LEN && token_no_dot_before(bytes, at)))
			continue;
		dot = token_dot_before(bytes, at);
		*ret_public_len = dot == TOKEN_NONE ? 0 : wide_at_dot(bytes, len, dot);
		if (*ret_public_len)
			return dot;
	}
	return TOKEN_NONE;
}

void wide_identify(const uint8_t *bytes, size_t len, struct wide_token *ret_token)
{
	size_t public_len = len - TOKEN_PREFIX_LEN - 1;
	bool wide = false;

	*ret_token = (struct wide_token){.family = WIDE_FAMILY};
	memcpy(ret_token->prefix, bytes, TOKEN_PREFIX_LEN);
	memcpy(ret_token->identifier, bytes, len);
	ret_token->type = token_type(ret_token->prefix);
	for (size_t i = 0; i < public_len; i++)
		wide |= !wide_is_secret(bytes[TOKEN_PREFIX_LEN + 1 + i]);
	if (wide)
		return;
#define WIDE_FORMAT(id, name, format_len)                               \
	if (public_len == (format_len)) {                               \
		ret_token->family = name;                               \
		ret_token->documented = public_len == TOKEN_PUBLIC_MAX; \
	}
	TOKEN_FORMATS(WIDE_FORMAT)
#undef WIDE_FORMAT
}

int wide_match(const uint8_t *bytes, size_t len, size_t from, struct wide_token *ret_token,
	       struct token_span *ret_span)
{
	struct token_span span;
	size_t public_len;
	uint64_t dot;

	if (from >= len)
		return 0;
	dot = wide_search(bytes + from, len - from, &public_len);
	if (dot == TOKEN_NONE)
		return 0;
	span.secret = from + dot + 1;
	span.start = span.secret - 1 - public_len - 1 - TOKEN_PREFIX_LEN;
	span.end = span.secret + TOKEN_SECRET_LEN;
	wide_identify(bytes + span.start, span.secret - 1 - span.start, ret_token);
	ret_token->placeholder = token_is_placeholder(bytes + span.start + TOKEN_PREFIX_LEN + 1,
						      span.end - span.start - TOKEN_PREFIX_LEN - 1);
	*ret_span = span;
	return 1;
}

size_t wide_begin(const uint8_t *bytes, size_t len, size_t *ret_secret)
{
	static const char start[] = "dt0";
	size_t at = 0, public_at = TOKEN_PREFIX_LEN + 1, secret;

	*ret_secret = 0;
	for (; at < len && at < public_at; at++) {
		bool fits = at < 3                  ? bytes[at] == (uint8_t)start[at]
			    : at == 3               ? token_is_letter(bytes[at])
			    : at < TOKEN_PREFIX_LEN ? token_is_digit(bytes[at])
						    : bytes[at] == '.';

		if (!fits)
			return at;
	}
	while (at < len && at < public_at + WIDE_PUBLIC_MAX && wide_is_public(bytes[at]))
		at++;
	if (at >= len || at < public_at + WIDE_PUBLIC_MIN || bytes[at] != '.')
		return at;
	*ret_secret = secret = ++at;
	while (at < len && at < secret + TOKEN_SECRET_LEN && wide_is_secret(bytes[at]))
		at++;
	return at;
}
