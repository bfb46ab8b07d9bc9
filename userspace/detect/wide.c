// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text → the next secret portion with a public portion of any family before it.
 *
 * The probes are those of include/token_search.h: a secret portion is the same in all families, and where none covers a probe there is no
 * token. What is behind a dot is looked at before what is before it, so a look back of up to 128 bytes is rare.
 *
 * An agent's token is looked for by its prefix, in parts of the text in turn with the others, so that the one search does not go over again what the
 * other one has found.
 *
 * Invariant: what is handed out holds no byte of a secret portion.
 */
#include "detect/wide.h"

#include "token_search.h"

#include <string.h>

/* So far one search goes before the other one is asked. */
#define WIDE_PART (4UL << 10)

static bool wide_is_public(uint8_t byte)
{
	return token_is_letter(byte) || token_is_digit(byte) || byte == '-';
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

void wide_name(const uint8_t *bytes, size_t secret, struct wide_token *ret_token)
{
	size_t portions = TOKEN_PREFIX_LEN + 1;

	wide_identify(bytes, secret - 1, ret_token);
	ret_token->placeholder = token_is_placeholder(bytes + portions, secret + TOKEN_SECRET_LEN - portions);
	for (size_t i = 0; i < TOKEN_SECRET_LEN; i++) {
		if (wide_is_secret(bytes[secret + i]))
			continue;
		ret_token->family = TOKEN_AGENT_FAMILY;
		ret_token->documented = false;
		return;
	}
}

/* The first in bytes[from, len), but for agents'. */
static bool wide_find(const uint8_t *bytes, size_t len, size_t from, struct token_span *ret_span)
{
	size_t public_len = 0;
	uint64_t dot = wide_search(bytes + from, len - from, &public_len);

	if (dot == TOKEN_NONE)
		return false;
	ret_span->secret = from + dot + 1;
	ret_span->start = ret_span->secret - 1 - public_len - 1 - TOKEN_PREFIX_LEN;
	ret_span->end = ret_span->secret + TOKEN_SECRET_LEN;
	return true;
}

bool wide_is_agent(const uint8_t *bytes)
{
	return memcmp(bytes, TOKEN_AGENT_PREFIX, TOKEN_PREFIX_LEN) == 0;
}

/* The first of an agent's in bytes[from, len). */
static bool wide_find_agent(const uint8_t *bytes, size_t len, size_t from, struct token_span *ret_span)
{
	const uint8_t *found;

	for (size_t at = from;
	     (found = memmem(bytes + at, len - at, TOKEN_AGENT_PREFIX ".", sizeof(TOKEN_AGENT_PREFIX)));
	     at++) {
		size_t secret, end;

		at = (size_t)(found - bytes);
		end = wide_begin(found, len - at, true, &secret);
		if (!secret || end != secret + TOKEN_SECRET_LEN)
			continue;
		*ret_span = (struct token_span){.start = at, .secret = at + secret, .end = at + end};
		return true;
	}
	return false;
}

/* The first of both. */
static bool wide_find_both(const uint8_t *bytes, size_t len, size_t from, struct token_span *ret_span)
{
	for (; from < len; from += WIDE_PART) {
		/* what begins in the part ends in what is looked at */
		size_t end = len - from < WIDE_PART + WIDE_MAX_LEN ? len : from + WIDE_PART + WIDE_MAX_LEN;
		struct token_span agent;
		bool found = wide_find(bytes, end, from, ret_span);

		if (wide_find_agent(bytes, end, from, &agent) && (!found || agent.start < ret_span->start)) {
			*ret_span = agent;
			found = true;
		}
		if (found)
			return true;
	}
	return false;
}

int wide_match(const uint8_t *bytes, size_t len, size_t from, bool agent, struct wide_token *ret_token,
	       struct token_span *ret_span)
{
	struct token_span span = {0};

	if (from >= len)
		return 0;
	if (!(agent ? wide_find_both(bytes, len, from, &span) : wide_find(bytes, len, from, &span)))
		return 0;
	wide_name(bytes + span.start, span.secret - span.start, ret_token);
	*ret_span = span;
	return 1;
}

/* How many bytes from `at` on, up to `most`, are of that kind. */
static size_t wide_run(const uint8_t *bytes, size_t at, size_t most, bool (*is)(uint8_t byte))
{
	size_t end = at;

	while (end < most && is(bytes[end]))
		end++;
	return end;
}

size_t wide_begin(const uint8_t *bytes, size_t len, bool agent, size_t *ret_secret)
{
	static const char start[] = "dt0";
	size_t at = 0, public_at = TOKEN_PREFIX_LEN + 1, secret, most;

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
	most = len - secret < TOKEN_SECRET_LEN ? len : secret + TOKEN_SECRET_LEN;
	at = wide_run(bytes, secret, most, wide_is_secret);
	if (agent && wide_is_agent(bytes)) {
		size_t end = wide_run(bytes, secret, most, wide_is_agent_secret);

		at = end > at ? end : at;
	}
	return at;
}
