// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The public mask: detect/mask.h's, where a secret portion is known by its token alone. */
#include "library/token.h"

#include "detect/mask.h"

int spillwatch_mask(const void *bytes, size_t len, const struct spillwatch_token *token, char **ret_text)
{
	struct mask_known known = {.secret = token ? token->secret : NULL, .len = TOKEN_SECRET_LEN};

	return mask_text(bytes, len, token && token->has_secret ? &known : NULL, ret_text);
}

int spillwatch_mask_exact(const char *text, char **ret_bytes)
{
	return mask_exact(text, ret_bytes);
}
