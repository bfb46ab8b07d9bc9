// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text → matchers (detect/wide.h, detect/encoded.h) → a token that tells what may be told.
 *
 * Invariant: a secret portion that is in a token is wiped when another one takes its place, and when it is given back.
 */
#include "library/token.h"

#include "detect/encoded.h"
#include "detect/form.h"
#include "version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A text is searched for other forms in parts of that length: or each that is found would cost a search of all the rest. */
#define LIBRARY_PART (512UL << 10)

_Static_assert(SPILLWATCH_BEFORE == FORM_BEFORE, "one length");

const char *spillwatch_version(void)
{
	return SPILLWATCH_VERSION;
}

struct spillwatch_token *spillwatch_token_new(void)
{
	struct spillwatch_token *token = calloc(1, sizeof(*token));

	if (token)
		token->of.type = token->of.family = "";
	return token;
}

void spillwatch_token_free(struct spillwatch_token *token)
{
	if (token)
		explicit_bzero(token, sizeof(*token));
	free(token);
}

const char *spillwatch_token_identifier(const struct spillwatch_token *token)
{
	return token->of.identifier;
}

const char *spillwatch_token_prefix(const struct spillwatch_token *token)
{
	return token->of.prefix;
}

const char *spillwatch_token_type(const struct spillwatch_token *token)
{
	return token->of.type;
}

const char *spillwatch_token_family(const struct spillwatch_token *token)
{
	return token->of.family;
}

bool spillwatch_token_is_documented(const struct spillwatch_token *token)
{
	return token->of.documented;
}

bool spillwatch_token_has_secret(const struct spillwatch_token *token)
{
	return token->has_secret;
}

bool spillwatch_token_is_placeholder(const struct spillwatch_token *token)
{
	return token->of.placeholder;
}

const char *spillwatch_token_encoding(const struct spillwatch_token *token)
{
	return token->encoding;
}

uint64_t spillwatch_token_start(const struct spillwatch_token *token)
{
	return token->start;
}

uint64_t spillwatch_token_end(const struct spillwatch_token *token)
{
	return token->end;
}

static int library_plain(const uint8_t *bytes, size_t len, size_t from, bool agent,
			 struct spillwatch_token *ret_token)
{
	struct token_span span;

	if (!wide_match(bytes, len, from, agent, &ret_token->of, &span))
		return 0;
	ret_token->encoding = NULL;
	ret_token->start = span.start;
	ret_token->end = span.end;
	ret_token->has_secret = true;
	memcpy(ret_token->secret, bytes + span.secret, TOKEN_SECRET_LEN);
	return 1;
}

/* The next in a part: what begins in it has its end at most ENCODED_MAX_LEN behind it. */
static int library_encoded_part(const uint8_t *bytes, size_t len, size_t from, bool agent,
				struct spillwatch_token *ret_token)
{
	size_t part = len - from < LIBRARY_PART ? len : from + LIBRARY_PART;
	size_t end = len - part < ENCODED_MAX_LEN ? len : part + ENCODED_MAX_LEN;
	struct encoded_token found;
	int r = encoded_match(bytes, end, from, agent, &found);

	if (!r)
		return 0;
	if (part == len || found.start < part) {
		ret_token->of = found.token;
		ret_token->encoding = encoded_name(found.form);
		ret_token->start = found.start;
		ret_token->end = found.end;
		ret_token->has_secret = true;
		memcpy(ret_token->secret, found.secret, TOKEN_SECRET_LEN);
	} else {
		r = 0;
	}
	explicit_bzero(found.secret, sizeof(found.secret));
	return r;
}

static int library_encoded(const uint8_t *bytes, size_t len, size_t from, bool agent,
			   struct spillwatch_token *ret_token)
{
	for (; from < len; from += LIBRARY_PART) {
		if (library_encoded_part(bytes, len, from, agent, ret_token))
			return 1;
		if (len - from <= LIBRARY_PART)
			return 0;
	}
	return 0;
}

static int library_identifier(const uint8_t *bytes, size_t len, size_t from,
			      struct spillwatch_token *ret_token)
{
	for (size_t at = from; at < len; at++) {
		const uint8_t *next = memchr(bytes + at, 'd', len - at);
		size_t secret, end;

		if (!next)
			return 0;
		at = (size_t)(next - bytes);
		end = wide_begin(next, len - at, false, &secret);
		/* a dot behind it, as a masked one has, is none of it */
		end = secret ? secret - 1 : end;
		if (end < TOKEN_PREFIX_LEN + 1 + WIDE_PUBLIC_MIN)
			continue;
		explicit_bzero(ret_token, sizeof(*ret_token));
		wide_identify(next, end, &ret_token->of);
		ret_token->start = at;
		ret_token->end = at + end;
		return 1;
	}
	return 0;
}

int spillwatch_match(enum spillwatch_look look, const void *bytes, size_t len, size_t from,
		     struct spillwatch_token *ret_token)
{
	switch (look) {
	case SPILLWATCH_PLAIN:
	case SPILLWATCH_PLAIN_AGENT:
		return library_plain(bytes, len, from, look == SPILLWATCH_PLAIN_AGENT, ret_token);
	case SPILLWATCH_ENCODED:
	case SPILLWATCH_ENCODED_AGENT:
		return library_encoded(bytes, len, from, look == SPILLWATCH_ENCODED_AGENT, ret_token);
	case SPILLWATCH_IDENTIFIER:
		return library_identifier(bytes, len, from, ret_token);
	}
	return -EINVAL;
}

size_t spillwatch_longest(enum spillwatch_look look)
{
	switch (look) {
	case SPILLWATCH_PLAIN:
	case SPILLWATCH_PLAIN_AGENT:
		return WIDE_MAX_LEN;
	case SPILLWATCH_ENCODED:
	case SPILLWATCH_ENCODED_AGENT:
		return ENCODED_MAX_LEN;
	case SPILLWATCH_IDENTIFIER:
		return WIDE_IDENTIFIER_MAX;
	}
	return 0;
}
