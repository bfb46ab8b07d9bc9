// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Any bytes: what is found lies in them, is a token, and its form is found by itself as well. */
#include "detect/encoded.h"

#include <stdlib.h>
#include <string.h>

/* Longer texts hold nothing new and take longer. */
#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_token(const struct encoded_token *found)
{
	char token[WIDE_MAX_LEN + 1];
	size_t len = strlen(found->token.identifier);
	struct token_span span;
	struct wide_token again;

	memcpy(token, found->token.identifier, len);
	token[len++] = '.';
	memcpy(token + len, found->secret, TOKEN_SECRET_LEN);
	len += TOKEN_SECRET_LEN;
	if (!wide_match((const uint8_t *)token, len, 0, false, &again, &span) || span.start != 0 ||
	    span.end != len || strcmp(again.identifier, found->token.identifier) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct encoded_token found;
	size_t from = 0;

	if (size > INPUT_MAX)
		return 0;
	while (encoded_match(data, size, from, false, &found)) {
		if (found.start < from || found.end <= found.start || found.end > size ||
		    found.end - found.start > ENCODED_MAX_LEN)
			abort();
		check_token(&found);
		from = found.end;
	}
	return 0;
}
