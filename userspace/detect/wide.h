/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The matcher of `scan`, `mask` and `identify`: besides the families of a fixed length (include/token_formats.h), which it knows as such, the
 * wide one that is seen in the field:
 *
 *     dt0 letter 2 digits . 8 to 128 of [A-Za-z0-9-] . 64 of [A-Z0-9]
 *
 * (mongodb/kingfisher#413; trufflehog and betterleaks have the same.) Every token of a fixed length is one of these, so one search finds
 * all. The kernel side has no room for so long a look back; it goes on to know those of a fixed length only.
 *
 * Where `agent` is said, an agent's token is one as well: TOKEN_AGENT_PREFIX, and a secret portion of 64 of [0-9a-f].
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/token.h"

/* A token without its secret portion; safe to keep, show and log. */
struct wide_token {
	char prefix[TOKEN_PREFIX_LEN + 1];
	char identifier[WIDE_IDENTIFIER_MAX + 1]; /* prefix, dot, public portion */
	const char *type; /* static; TOKEN_TYPE_UNKNOWN for an unlisted prefix */
	const char *family; /* static: the name of a format, or WIDE_FAMILY */
	bool documented; /* the family is, or else was seen in the field */
	bool placeholder; /* low entropy, or the documentation's own sample */
};

/* wide_match() - as token_match() (detect/token.h). */
int wide_match(const uint8_t *bytes, size_t len, size_t from, bool agent, struct wide_token *ret_token,
	       struct token_span *ret_span);

/*
 * wide_begin() - reads the beginning of a token at bytes[0, len), as far as it goes. Returns how many bytes can be of one, and
 * *ret_secret: where its secret portion begins, 0 if that has not been reached. All of len: more may make it a token.
 */
size_t wide_begin(const uint8_t *bytes, size_t len, bool agent, size_t *ret_secret);

/* wide_identify() - what an identifier of len bytes, which wide_begin() has read, is by itself: all but .placeholder. */
void wide_identify(const uint8_t *bytes, size_t len, struct wide_token *ret_token);

/* wide_name() - the same of a whole token, whose secret portion begins at bytes[secret]. */
void wide_name(const uint8_t *bytes, size_t secret, struct wide_token *ret_token);

/* wide_is_agent() - has a token this prefix, that may be an agent's? */
bool wide_is_agent(const uint8_t *bytes);

static inline bool wide_is_secret(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

static inline bool wide_is_agent_secret(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'f') || (byte >= '0' && byte <= '9');
}
