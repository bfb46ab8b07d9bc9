/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* By which call of the platform's API a token is disabled, given its identifier alone. */
#pragma once

/* What stands in .request for the identifier. */
#define DISABLE_ID "{id}"

struct disable {
	const char *prefix;
	const char *request; /* method and address; {environment}, {accountUuid}: the user's own */
	const char *body; /* JSON; NULL: none */
};

/* disable_request() - with the identifier in its place; malloc'ed, NULL: no memory. */
char *disable_request(const struct disable *call, const char *identifier);

/* disable_call() - for a prefix of TOKEN_PREFIX_LEN bytes; NULL: none is known. */
const struct disable *disable_call(const char *prefix);
