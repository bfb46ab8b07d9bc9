// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The hash that stands for tokens and places: every bit counts, it is another one with another seed. */
#include "unit.h"

#include "token_key.h"

#include <string.h>

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct token_seed seed_make(void)
{
	struct token_seed seed;

	for (size_t i = 0; i < sizeof(seed) / sizeof(__u64); i++)
		((__u64 *)&seed)[i] = next_random();
	return seed;
}

static void test_bits(void **state)
{
	struct token_seed seed = seed_make(), other = seed_make();
	_Alignas(8) __u8 window[TOKEN_MAX_LEN];
	__u64 key;

	(void)state;
	for (size_t i = 0; i < sizeof(window); i++)
		window[i] = (__u8)('A' + i % 26);
	key = token_key(&seed, window);
	assert_int_not_equal(key, token_key(&other, window));
	for (size_t bit = 0; bit < 8 * sizeof(window); bit++) {
		window[bit / 8] ^= (__u8)(1U << bit % 8);
		assert_int_not_equal(key, token_key(&seed, window));
		/* both halves */
		assert_int_not_equal(key >> 32, token_key(&seed, window) >> 32);
		assert_int_not_equal((__u32)key, (__u32)token_key(&seed, window));
		window[bit / 8] ^= (__u8)(1U << bit % 8);
	}
	assert_int_equal(key, token_key(&seed, window));
}

/* The hash that was here before: two tokens whose differences cancel out, whatever it begins with. */
static __u64 unseeded(__u64 key, const __u64 *words)
{
	for (size_t i = 0; i < TOKEN_MAX_LEN / 8; i++) {
		key = (key ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		key ^= key >> 32;
	}
	return key;
}

static void test_crafted(void **state)
{
	struct token_seed seed = seed_make();
	__u64 one[TOKEN_MAX_LEN / 8], other[TOKEN_MAX_LEN / 8];

	(void)state;
	for (size_t i = 0; i < TOKEN_MAX_LEN / 8; i++)
		one[i] = other[i] = next_random();
	/* the top bit passes a multiplication by an odd number as it is */
	other[3] ^= 1ULL << 63;
	other[4] ^= 1ULL << 63 | 1ULL << 31;
	assert_int_equal(unseeded(7, one), unseeded(7, other));
	assert_int_equal(unseeded(8, one), unseeded(8, other));
	assert_int_not_equal(token_key(&seed, (const __u8 *)one), token_key(&seed, (const __u8 *)other));
}

/* What went before counts, and so does the order. */
static void test_chain(void **state)
{
	struct token_seed seed = seed_make();
	__u64 words[2] = {1, 2}, turned[2] = {2, 1};

	(void)state;
	assert_int_not_equal(token_hash(&seed, 0, words, 2), token_hash(&seed, 1, words, 2));
	assert_int_not_equal(token_hash(&seed, 0, words, 2), token_hash(&seed, 1ULL << 32, words, 2));
	assert_int_not_equal(token_hash(&seed, 0, words, 2), token_hash(&seed, 0, turned, 2));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits), cmocka_unit_test(test_crafted),
						  cmocka_unit_test(test_chain)};

	return UNIT_RUN(tests);
}
