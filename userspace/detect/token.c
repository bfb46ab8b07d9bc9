// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sample_view → matcher → attribute: which token is it?
 *
 * Built on the search that the kernel side uses, or on one that the tests show to be equal
 * (detect/search.c), so both agree. Invariant: what is handed out holds no byte of a secret portion; the only trace of
 * one on the stack, a count of its characters, is wiped.
 *
 * Limit: a placeholder is told by its entropy and, for the documentation's own sample, by a hash of
 * the whole: its identifier alone would let somebody hide a real secret behind it.
 */
#include "detect/token.h"

#include "detect/search.h"
#include "token_search.h"
#include "token_seen.h"

#include <math.h>
#include <string.h>

/*
 * The sample token of the public documentation ("Access tokens", public portion
 * ST2EY72KQINMH574WMNVI7YN), as two FNV-1a hashes with different starts over its public and secret
 * portions: it is copied around with other prefixes too. 128 bits that are no cryptographic hash; a
 * collision would only make one alert's severity low.
 */
#define TOKEN_SAMPLE_HASH_1 0x1003a8cb178125f3ULL
#define TOKEN_SAMPLE_HASH_2 0x88ccdb6dd02b4443ULL
#define TOKEN_HASH_START_1 0xcbf29ce484222325ULL
#define TOKEN_HASH_START_2 0x9e3779b97f4a7c15ULL

static uint64_t token_hash(const uint8_t *bytes, size_t len, uint64_t hash)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash;
}

static bool token_is_documented_sample(const uint8_t *bytes, size_t len)
{
	return token_hash(bytes, len, TOKEN_HASH_START_1) == TOKEN_SAMPLE_HASH_1 &&
	       token_hash(bytes, len, TOKEN_HASH_START_2) == TOKEN_SAMPLE_HASH_2;
}

/*
 * Has it less than that many bits of Shannon entropy a character? By Rényi's of order 2, which is never more and needs no logarithm for
 * each character, most have not.
 */
static bool token_entropy_below(const uint8_t *bytes, size_t len, double least)
{
	unsigned int counts[256] = {0}, squares = 0;
	double entropy = 0;

	for (size_t i = 0; i < len; i++)
		counts[bytes[i]]++;
	for (size_t i = 0; i < len; i++)
		squares += counts[bytes[i]];
	if ((double)squares < (double)(len * len) * exp2(-least) * 0.99) {
		explicit_bzero(counts, sizeof(counts));
		return false;
	}
	for (size_t i = 0; i < 256; i++) {
		double share = (double)counts[i] / (double)len;

		if (counts[i])
			entropy -= share * log2(share);
	}
	explicit_bzero(counts, sizeof(counts));
	return entropy < least;
}

bool token_is_placeholder(const uint8_t *portions, size_t len)
{
	const uint8_t *secret = portions + len - TOKEN_SECRET_LEN;
	double least = TOKEN_PLACEHOLDER_ENTROPY;

	/* an agent's: only that one has small letters */
	for (size_t i = 0; i < TOKEN_SECRET_LEN; i++)
		if (secret[i] >= 'a')
			least = TOKEN_PLACEHOLDER_ENTROPY_HEX;
	return token_entropy_below(secret, TOKEN_SECRET_LEN, least) ||
	       token_is_documented_sample(portions, len);
}

const char *token_type(const char *prefix)
{
#define TOKEN_TYPE_ENTRY(name, type)                     \
	if (memcmp(prefix, name, TOKEN_PREFIX_LEN) == 0) \
		return type;
	TOKEN_PREFIXES(TOKEN_TYPE_ENTRY)
	TOKEN_SEEN_PREFIXES(TOKEN_TYPE_ENTRY)
#undef TOKEN_TYPE_ENTRY
	return TOKEN_TYPE_UNKNOWN;
}

int token_match(const uint8_t *bytes, size_t len, size_t from, struct token *ret_token,
		struct token_span *ret_span)
{
	struct token token = {0};
	struct token_span span = {0};
	size_t identifier_len;
	uint64_t dot;

	if (from >= len)
		return 0;
	bytes += from;
	len -= from;
	dot = search_token(bytes, len, 0);
	if (dot == TOKEN_NONE)
		return 0;
	identifier_len = TOKEN_PREFIX_LEN + 1 + token_public_len(bytes, dot);
	span.start = dot - identifier_len;
	span.secret = dot + 1;
	span.end = span.secret + TOKEN_SECRET_LEN;
	memcpy(token.prefix, bytes + span.start, TOKEN_PREFIX_LEN);
	memcpy(token.identifier, bytes + span.start, identifier_len);
	token.type = token_type(token.prefix);
	token.placeholder = token_is_placeholder(bytes + span.start + TOKEN_PREFIX_LEN + 1,
						 span.end - span.start - TOKEN_PREFIX_LEN - 1);
	span.start += from;
	span.secret += from;
	span.end += from;
	*ret_token = token;
	*ret_span = span;
	return 1;
}
