// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the daemon finds that the kernel side does not know. */
#include "unit.h"

#include "detect/forms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDE "dt0s12.dtctl-prod"

struct taken {
	size_t count;
	struct forms_found last;
};

static int take(void *context, const struct forms_found *found)
{
	struct taken *taken = context;

	taken->count++;
	taken->last = *found;
	return 0;
}

static struct taken search(const char *text, uint32_t suspects)
{
	struct taken taken = {0};

	assert_int_equal(forms_search((const uint8_t *)text, strlen(text), suspects, take, &taken), 0);
	return taken;
}

static void put_hex(char *to, const char *token)
{
	for (; *token; token++, to += 2)
		sprintf(to, "%02x", (unsigned char)*token);
}

static void test_wide(void **state)
{
	const struct maker_token token = maker_token(1);
	char text[512];
	struct taken taken;

	(void)state;
	sprintf(text, "it is " WIDE ".%s, and %s", token.secret, token.text);
	taken = search(text, SUSPECT_WIDE);
	/* the other one is known */
	assert_int_equal(taken.count, 1);
	assert_true(taken.last.token.wide);
	assert_int_equal(taken.last.token.form, 0);
	assert_string_equal(taken.last.token.identifier, WIDE);
	assert_int_equal(taken.last.at, 6);
	assert_int_equal(taken.last.end, 6 + sizeof(WIDE) + TOKEN_SECRET_LEN);
	assert_int_equal(token_span_len(&taken.last.span), taken.last.end - taken.last.at);
	assert_memory_equal((const char *)taken.last.window + taken.last.span.secret, token.secret,
			    TOKEN_SECRET_LEN);
	assert_int_equal(search(text, SUSPECT_ENCODED).count, 0);
	assert_int_equal(search(text, 0).count, 0);
}

static void test_encoded(void **state)
{
	const struct maker_token token = maker_token(2);
	char wide[256], text[1024] = "see ";
	struct taken taken;

	(void)state;
	put_hex(text + 4, token.text);
	taken = search(text, SUSPECT_ENCODED);
	assert_int_equal(taken.count, 1);
	assert_false(taken.last.token.wide);
	assert_string_equal(encoded_name(taken.last.token.form - 1U), "hex");
	assert_string_equal(taken.last.token.identifier, token.identifier);
	assert_int_equal(taken.last.at, 4);
	assert_int_equal(token_span_len(&taken.last.span), 2 * MAKER_TOKEN_LEN);
	assert_int_equal(search(text, SUSPECT_WIDE).count, 0);
	/* of the wide family in another form only if both are looked for */
	sprintf(wide, WIDE ".%s", token.secret);
	put_hex(text + 4, wide);
	assert_int_equal(search(text, SUSPECT_ENCODED).count, 0);
	taken = search(text, SUSPECT_WIDE | SUSPECT_ENCODED);
	assert_int_equal(taken.count, 1);
	assert_true(taken.last.token.wide);
}

/* A callback that has had enough ends the search. */
static int refuse(void *context, const struct forms_found *found)
{
	(void)found;
	++*(size_t *)context;
	return -7;
}

static void test_ended(void **state)
{
	const struct maker_token token = maker_token(3);
	char text[512];
	size_t count = 0;

	(void)state;
	sprintf(text, WIDE ".%s " WIDE "-2.%s", token.secret, token.secret);
	assert_int_equal(forms_search((const uint8_t *)text, strlen(text), SUSPECT_WIDE, refuse, &count), -7);
	assert_int_equal(count, 1);
}

/* What another process has found: believed only if it is a token. */
static void test_window(void **state)
{
	const struct maker_token token = maker_token(4);
	struct forms_found found;
	char text[512];
	size_t len;

	(void)state;
	len = (size_t)sprintf(text, WIDE ".%s", token.secret);
	assert_true(forms_window((const uint8_t *)text, len, 0, 0, &found));
	assert_string_equal(found.token.identifier, WIDE);
	assert_true(forms_window((const uint8_t *)token.text, MAKER_TOKEN_LEN, 2, 96, &found));
	assert_int_equal(found.token.form, 2);
	assert_int_equal(token_span_len(&found.span), MAKER_TOKEN_LEN + 96);
	/* as it stands there it is for token_match() */
	assert_false(forms_window((const uint8_t *)token.text, MAKER_TOKEN_LEN, 0, 0, &found));
	assert_false(forms_window((const uint8_t *)token.text, MAKER_TOKEN_LEN - 1, 1, 0, &found));
	assert_false(forms_window((const uint8_t *)token.text, MAKER_TOKEN_LEN, ENCODED_FORM_COUNT + 1, 0,
				  &found));
	assert_false(
		forms_window((const uint8_t *)token.text, MAKER_TOKEN_LEN, 1, ENCODED_MAX_LEN + 1, &found));
	text[0] = 'x';
	assert_false(forms_window((const uint8_t *)text, len, 0, 0, &found));
	forms_wipe(&found);
}

/* Of what both sides know it is the same number; of others, all of it counts. */
static void test_key(void **state)
{
	static struct token_seed seed;
	const struct maker_token token = maker_token(5);
	uint64_t window[FORMS_WORDS] = {0}, state_of = 6, key;
	struct taken taken;
	char text[512];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(seed) / sizeof(uint64_t); i++)
		((uint64_t *)&seed)[i] = maker_next(&state_of);
	memcpy(window, token.text, MAKER_TOKEN_LEN);
	assert_int_equal(forms_key(&seed, (const uint8_t *)window, MAKER_TOKEN_LEN),
			 token_key(&seed, (const uint8_t *)window));
	len = (size_t)sprintf(text, WIDE "-of-a-client-with-a-long-name.%s", token.secret);
	taken = search(text, SUSPECT_WIDE);
	assert_int_equal(taken.count, 1);
	key = forms_key(&seed, (const uint8_t *)taken.last.window, len);
	text[len - 1] = text[len - 1] == 'A' ? 'B' : 'A';
	taken = search(text, SUSPECT_WIDE);
	assert_true(forms_key(&seed, (const uint8_t *)taken.last.window, len) != key);
	forms_wipe(&taken.last);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide),   cmocka_unit_test(test_encoded), cmocka_unit_test(test_ended),
		cmocka_unit_test(test_window), cmocka_unit_test(test_key),
	};

	return UNIT_RUN(tests);
}
