// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text → wide_match(), encoded_match() → what is told.
 *
 * Invariant: what is told is a token by wide_match() on the bytes that it stands for.
 */
#include "detect/forms.h"

#include "detect/encoded.h"
#include "detect/wide.h"

#include <string.h>

static bool forms_is_wide(const struct wide_token *token)
{
	return strcmp(token->family, WIDE_FAMILY) == 0;
}

static void forms_name(const struct wide_token *wide, struct token *ret_token)
{
	*ret_token = (struct token){
		.type = wide->type, .placeholder = wide->placeholder, .wide = forms_is_wide(wide)};
	memcpy(ret_token->prefix, wide->prefix, sizeof(wide->prefix));
	memcpy(ret_token->identifier, wide->identifier, sizeof(wide->identifier));
}

/* @secret: TOKEN_SECRET_LEN bytes */
static void forms_put(struct forms_found *found, const struct wide_token *wide, const uint8_t *secret)
{
	size_t len = strlen(wide->identifier);
	uint8_t *window = (uint8_t *)found->window;

	memset(found->window, 0, sizeof(found->window));
	forms_name(wide, &found->token);
	memcpy(window, wide->identifier, len);
	window[len] = '.';
	memcpy(window + len + 1, secret, TOKEN_SECRET_LEN);
	found->span = (struct token_span){.start = 0, .secret = len + 1, .end = len + 1 + TOKEN_SECRET_LEN};
}

void forms_wipe(struct forms_found *found)
{
	explicit_bzero(found->window, sizeof(found->window));
}

static int forms_wide(const uint8_t *bytes, size_t len, forms_take take, void *context)
{
	struct token_span span = {0};
	struct forms_found found;
	struct wide_token wide;
	int r = 0;

	while (r >= 0 && wide_match(bytes, len, span.end, false, &wide, &span)) {
		if (!forms_is_wide(&wide))
			continue;
		forms_put(&found, &wide, bytes + span.secret);
		found.at = span.start;
		found.end = span.end;
		r = take(context, &found);
		forms_wipe(&found);
	}
	return r;
}

static int forms_encoded(const uint8_t *bytes, size_t len, bool wide, forms_take take, void *context)
{
	struct encoded_token token = {0};
	struct forms_found found;
	int r = 0;

	while (r >= 0 && encoded_match(bytes, len, token.end, false, &token)) {
		if (wide || !forms_is_wide(&token.token)) {
			forms_put(&found, &token.token, token.secret);
			found.token.form = (uint8_t)(1 + token.form);
			found.at = token.start;
			found.end = token.end;
			if (found.end - found.at > found.span.end)
				found.span.more = found.end - found.at - found.span.end;
			r = take(context, &found);
			forms_wipe(&found);
		}
		explicit_bzero(token.secret, sizeof(token.secret));
	}
	return r;
}

int forms_search(const uint8_t *bytes, size_t len, uint32_t suspects, forms_take take, void *context)
{
	int r = suspects & SUSPECT_WIDE ? forms_wide(bytes, len, take, context) : 0;

	if (r >= 0 && suspects & SUSPECT_ENCODED)
		r = forms_encoded(bytes, len, suspects & SUSPECT_WIDE, take, context);
	return r < 0 ? r : 0;
}

bool forms_window(const uint8_t *text, size_t len, unsigned int form, size_t more,
		  struct forms_found *ret_found)
{
	struct token_span span;
	struct wide_token wide;

	if (len > WIDE_MAX_LEN || form > ENCODED_FORM_COUNT || more > ENCODED_MAX_LEN ||
	    !wide_match(text, len, 0, false, &wide, &span) || span.start != 0 || span.end != len ||
	    (!form && !forms_is_wide(&wide)))
		return false;
	forms_put(ret_found, &wide, text + span.secret);
	ret_found->token.form = (uint8_t)form;
	ret_found->span.more = more;
	return true;
}

uint64_t forms_key(const volatile struct token_seed *seed, const uint8_t *window, size_t len)
{
	const uint64_t *words = (const uint64_t *)(const void *)window;
	uint64_t key = 0;

	for (size_t at = 0; at < len; at += TOKEN_MAX_LEN)
		key = token_hash(seed, key, (const __u64 *)words + at / 8, TOKEN_SEED_WORDS);
	return key;
}
