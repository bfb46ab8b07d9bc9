/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tokens that the kernel side does not know, in a text: of the wide family (detect/wide.h), and of any in another form
 * (detect/encoded.h). As the daemon tells of them: with what stands for them while repeats are watched for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/form.h"
#include "detect/token.h"
#include "scope.h"
#include "token_key.h"

/* Words of 8 bytes that hold any of them: as many as are hashed at once, three times. */
#define FORMS_WORDS (3 * TOKEN_SEED_WORDS)
_Static_assert(8 * FORMS_WORDS >= WIDE_MAX_LEN, "a window holds any token");

/* Bytes around a range in which what lies in it may begin and end, with what is looked at before it. */
#define FORMS_AROUND (ENCODED_MAX_LEN + FORM_BEFORE)

/* What was found, with its secret portion: gone and wiped after the call. */
struct forms_found {
	struct token token;
	struct token_span span; /* in the window */
	size_t at, end; /* of its form, in the text */
	uint64_t window[FORMS_WORDS]; /* the token, zeros behind it */
};

/* A negative result ends the search. */
typedef int (*forms_take)(void *context, const struct forms_found *found);

/*
 * forms_search() - calls back for each in bytes[0, len): those of the wide family, then those in another form, each in its order.
 * @suspects: enum suspect, added up: which are looked for; in another form, of the wide family only if that one is
 * Returns 0, or what the callback returned.
 */
int forms_search(const uint8_t *bytes, size_t len, uint32_t suspects, forms_take take, void *context);

/*
 * forms_window() - a token as it stands at text[0, len), as forms_search() tells of it: what another process has found.
 * @form, @more: as of the token and its span; believed
 * Returns false if it is none, or one that token_match() knows as it stands there.
 */
bool forms_window(const uint8_t *text, size_t len, unsigned int form, size_t more,
		  struct forms_found *ret_found);

/* forms_wipe() - the secret portion. */
void forms_wipe(struct forms_found *found);

/*
 * forms_key() - as token_key(), of any token; the same for one that both know. The form is not in it: a token in base64 and as it is,
 * in one file by one program, is one leak.
 * @window: words[FORMS_WORDS], or TOKEN_SEED_WORDS of it where len <= TOKEN_MAX_LEN; zeros behind the token
 */
uint64_t forms_key(const volatile struct token_seed *seed, const uint8_t *window, size_t len);
