/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a token looks like: the one table that the kernel's search, the matcher, the masker and the
 * tests are made from.
 *
 *     dt0c01 . 24 or 8 of [A-Z0-9] . 64 of [A-Z0-9]
 *     prefix   public portion        secret portion
 *     └──── token identifier ────┘
 *
 * Documented pattern: dt0[a-zA-Z]{1}[0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64} (Dynatrace documentation,
 * "Access tokens", token format). Public portions of 8 are seen in the field for the OAuth2 and
 * ActiveGate families.
 */
#pragma once

#define TOKEN_PREFIX_LEN 6 /* "dt0" letter digit digit */
#define TOKEN_SECRET_LEN 64

/*
 * X(id, name, bytes of the public portion): public portions are a multiple of 8 (the search compares
 * words), and none is a possible tail of a longer one because a public portion holds no dot.
 */
#define TOKEN_FORMATS(X)         \
	X(PUBLIC24, "24.64", 24) \
	X(PUBLIC8, "8.64", 8)

/*
 * What an agent's or a function's token looks like, seen in the field: not looked for unless that is asked for, and never by the kernel's side.
 *
 *     dt0a01 . the tenant . 64 of [0-9a-f]
 */
#define TOKEN_AGENT_PREFIX "dt0a01"
#define TOKEN_AGENT_FAMILY "agent"

#define TOKEN_PUBLIC_MAX 24
#define TOKEN_PUBLIC_MIN 8
#define TOKEN_IDENTIFIER_MAX (TOKEN_PREFIX_LEN + 1 + TOKEN_PUBLIC_MAX)
#define TOKEN_IDENTIFIER_MIN (TOKEN_PREFIX_LEN + 1 + TOKEN_PUBLIC_MIN)
#define TOKEN_MAX_LEN (TOKEN_IDENTIFIER_MAX + 1 + TOKEN_SECRET_LEN)
#define TOKEN_MIN_LEN (TOKEN_IDENTIFIER_MIN + 1 + TOKEN_SECRET_LEN)

#define TOKEN_FORMAT_CHECK(id, name, public_len)                                    \
	_Static_assert((public_len) % 8 == 0 && (public_len) <= TOKEN_PUBLIC_MAX && \
			       (public_len) >= TOKEN_PUBLIC_MIN,                    \
		       "public portion of " name);
TOKEN_FORMATS(TOKEN_FORMAT_CHECK)
#undef TOKEN_FORMAT_CHECK

/*
 * X(prefix, type): a prefix that is not here still makes a token, of unknown type.
 * Documented: dt0s01 to dt0s16; the others from other public sources.
 */
#define TOKEN_PREFIXES(X)                                        \
	X(TOKEN_AGENT_PREFIX, "Agent token")                     \
	X("dt0c01", "API token")                                 \
	X("dt0e01", "EdgeConnect token")                         \
	X("dt0g01", "ActiveGate token")                          \
	X("dt0g02", "ActiveGate token")                          \
	X("dt0n01", "Kubernetes security posture token")         \
	X("dt0s01", "API token (SCIM)")                          \
	X("dt0s02", "OAuth2 client (Account Management)")        \
	X("dt0s03", "OAuth2 client (services and integrations)") \
	X("dt0s04", "Chat and identity linking")                 \
	X("dt0s06", "OAuth2 refresh token")                      \
	X("dt0s08", "OAuth2 client (services and integrations)") \
	X("dt0s09", "Chat and identity linking")                 \
	X("dt0s16", "Platform token")                            \
	X("dt0x01", "Extensions token")

#define TOKEN_TYPE_UNKNOWN "Unknown Dynatrace token type"
