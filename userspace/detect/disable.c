// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The platform's public API: "Access tokens API", "ActiveGate tokens API", "Platform tokens" (Account Management). For the other types
 * nothing is said rather than something wrong.
 */
#include "detect/disable.h"

#include "token_formats.h"

#include <stdio.h>
#include <string.h>

static const struct disable disable_calls[] = {
	{"dt0c01", "PUT {environment}/api/v2/apiTokens/" DISABLE_ID, "{\"enabled\":false}"},
	{"dt0g01", "DELETE {environment}/api/v2/activeGateTokens/" DISABLE_ID, NULL},
	{"dt0g02", "DELETE {environment}/api/v2/activeGateTokens/" DISABLE_ID, NULL},
	{"dt0s16",
	 "PUT https://api.dynatrace.com/iam/v1/accounts/{accountUuid}/platform-tokens/" DISABLE_ID "/status",
	 "{\"status\":\"INACTIVE\"}"},
};

const struct disable *disable_call(const char *prefix)
{
	for (size_t i = 0; i < sizeof(disable_calls) / sizeof(*disable_calls); i++)
		if (memcmp(disable_calls[i].prefix, prefix, TOKEN_PREFIX_LEN) == 0)
			return &disable_calls[i];
	return NULL;
}

char *disable_request(const struct disable *call, const char *identifier)
{
	const char *place = strstr(call->request, DISABLE_ID);
	char *text;

	return asprintf(&text, "%.*s%s%s", (int)(place - call->request), call->request, identifier,
			place + strlen(DISABLE_ID)) < 0
		       ? NULL
		       : text;
}
