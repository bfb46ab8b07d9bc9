/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tokens for live tests, made at run time from a number, by the writers and by those who check: a
 * whole token stands in no file and on no command line, unless that is what is tested.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAKER_IDENTIFIER_LEN 31
#define MAKER_SECRET_LEN 64
#define MAKER_TOKEN_LEN (MAKER_IDENTIFIER_LEN + 1 + MAKER_SECRET_LEN)

struct maker_token {
	char text[MAKER_TOKEN_LEN + 1];
	char identifier[MAKER_IDENTIFIER_LEN + 1];
	char secret[MAKER_SECRET_LEN + 1];
};

/* splitmix64 (Steele, Lea, Flood 2014): the secrets need to look random, no more. */
static inline uint64_t maker_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* maker_token() - token number n: another number is another identifier and another secret. */
static inline struct maker_token maker_token(uint64_t n)
{
	static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	struct maker_token token;
	uint64_t state = n * 2654435761U + 1;
	char *at = token.identifier;

	at += sprintf(at, "dt0%c01.", 'c');
	for (int i = 0; i < 12; i++)
		*at++ = base32[maker_next(&state) % 32];
	/* the number itself, so that no two collide */
	for (int i = 0; i < 12; i++)
		*at++ = base32[n >> (5 * i) & 31];
	*at = '\0';
	for (int i = 0; i < MAKER_SECRET_LEN; i++)
		token.secret[i] = base32[maker_next(&state) % 32];
	token.secret[MAKER_SECRET_LEN] = '\0';
	memcpy(token.text, token.identifier, MAKER_IDENTIFIER_LEN);
	token.text[MAKER_IDENTIFIER_LEN] = '.';
	memcpy(token.text + MAKER_IDENTIFIER_LEN + 1, token.secret, MAKER_SECRET_LEN + 1);
	return token;
}

/* A token of the other format: its public portion is of 8 and not of 24. */
#define MAKER_SHORTER_LEN (MAKER_TOKEN_LEN - 16)

/* maker_put() - writes the token to `to`, in the format that has this length. */
static inline void maker_put(void *to, const struct maker_token *token, size_t len)
{
	size_t prefix = MAKER_IDENTIFIER_LEN - 24;
	char *at = to;

	memcpy(at, token->text, prefix);
	memcpy(at + prefix, token->text + MAKER_TOKEN_LEN - (len - prefix), len - prefix);
}
