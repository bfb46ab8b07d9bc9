// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The mask: no secret gets through, in any form we know; everything else does, printable. */
#include "unit.h"

#include "detect/mask.h"
#include "detect/token.h"
#include "generate.h"
#include "oracle.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static void check(const char *text, size_t len, const struct mask_known *known, const char *expected)
{
	char *masked, *again;

	assert_int_equal(mask_text(text, len, known, &masked), 0);
	assert_string_equal(masked, expected);
	/* once more changes nothing */
	assert_int_equal(mask_more(masked, known, &again), 0);
	assert_string_equal(again, masked);
	free(masked);
	free(again);
}

static void check_all(const char *text, const char *expected)
{
	check(text, strlen(text), NULL, expected);
}

static void test_plain(void **state)
{
	(void)state;
	check_all("", "");
	check_all("/var/log/app.log", "/var/log/app.log");
	check_all("d\xc3\xa9j\xc3\xa0 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "d\xc3\xa9j\xc3\xa0 \xe2\x82\xac \xf0\x9f\x98\x80");
	check_all("a\nb\tc\033[31m\x7f", "a\\x0ab\\x09c\\x1b[31m\\x7f");
	/* overlong, surrogate, past the end, cut, C1 control */
	check_all("\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82 \xc2\x9b",
		  "\\xc0\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80 \\xe2\\x82 \\xc2\\x9b");
	check("a\0b", 3, NULL, "a\\x00b");
	/* the last and the first of their kinds: C1, overlong forms of three and four bytes */
	check_all("\xc2\x9f\xc2\xa0 \xe0\x9f\xbf\xe0\xa0\x80 \xf0\x8f\xbf\xbf\xf0\x90\x80\x80",
		  "\\xc2\\x9f\xc2\xa0 \\xe0\\x9f\\xbf\xe0\xa0\x80 \\xf0\\x8f\\xbf\\xbf\xf0\x90\x80\x80");
}

static void test_tokens(void **state)
{
	struct maker_token token = maker_token(5);
	char text[512], expected[256];

	(void)state;
	snprintf(text, sizeof(text), "--token=%s --x", token.text);
	snprintf(expected, sizeof(expected), "--token=%s.<masked> --x", token.identifier);
	check_all(text, expected);
	/* cut anywhere in the secret portion */
	for (int cut = 1; cut < MAKER_SECRET_LEN; cut++) {
		snprintf(text, sizeof(text), "/x/%.*s", MAKER_IDENTIFIER_LEN + 1 + cut, token.text);
		snprintf(expected, sizeof(expected), "/x/%s.<masked>", token.identifier);
		check_all(text, expected);
	}
	/* two in a row; a longer run */
	snprintf(text, sizeof(text), "%s%sAAAA", token.text, token.text);
	snprintf(expected, sizeof(expected), "%s.<masked>%s.<masked>", token.identifier, token.identifier);
	check_all(text, expected);
	/* the secret portion alone */
	snprintf(text, sizeof(text), "a %s b", token.secret);
	check_all(text, "a <masked> b");
	/* an escape's digit makes a run of 63 one of 64 */
	snprintf(text, sizeof(text), "\xf4%.63s", token.secret);
	check_all(text, "\\xf<masked>");
	/* an identifier alone is safe */
	check_all(token.identifier, token.identifier);
}

static void test_known_fragments(void **state)
{
	struct maker_token token = maker_token(6);
	struct mask_known known = {(const uint8_t *)token.secret, MAKER_SECRET_LEN, NULL};
	char text[256], hex[32];

	(void)state;
	for (int from = 0; from + MASK_FRAGMENT_LEN <= MAKER_SECRET_LEN; from++) {
		snprintf(text, sizeof(text), "x%.*sy", MASK_FRAGMENT_LEN, token.secret + from);
		check(text, strlen(text), &known, "x<masked>y");
		for (int i = 0; i < MASK_FRAGMENT_LEN; i++)
			snprintf(hex + 2 * i, 3, "%02x", (unsigned char)token.secret[from + i]);
		snprintf(text, sizeof(text), "x%sy", hex);
		check(text, strlen(text), &known, "x<masked>y");
	}
	/* shorter ones can't be told from any other text */
	snprintf(text, sizeof(text), "%.7s", token.secret);
	check(text, strlen(text), &known, text);
}

/* What nobody reads stays, and is not taken for shown: a capital letter is another escape, or none. */
static void test_known_capital(void **state)
{
	struct maker_token token = maker_token(6);
	struct mask_known known = {(const uint8_t *)token.secret, MAKER_SECRET_LEN, NULL};
	char text[ORACLE_ENCODED_MAX(16)];

	(void)state;
	oracle_encode(token.secret, MASK_FRAGMENT_LEN, ORACLE_PERCENT_U, text);
	assert_true(oracle_shows(text, token.secret, MAKER_SECRET_LEN));
	check(text, strlen(text), &known, "<masked>");
	for (char *u = text; (u = strchr(u, 'u'));)
		*u = 'U';
	assert_false(oracle_shows(text, token.secret, MAKER_SECRET_LEN));
	check(text, strlen(text), &known, text);
}

static void test_known_base64(void **state)
{
	struct maker_token token = maker_token(8);
	struct mask_known known = {(const uint8_t *)token.secret, MAKER_SECRET_LEN, NULL};
	char whole[128], text[256], *masked;

	(void)state;
	for (int pad = 0; pad < 3; pad++) {
		size_t len;

		snprintf(whole, sizeof(whole), "%.*s%s", pad, "##", token.text);
		len = oracle_encode(whole, strlen(whole), ORACLE_BASE64, text);
		assert_int_equal(mask_text(text, len, &known, &masked), 0);
		assert_non_null(strstr(masked, MASK_TEXT));
		/* at most a few characters at the edges of the secret are left */
		assert_true(strlen(masked) < 4 * (MAKER_IDENTIFIER_LEN + 4) / 3 + 16 + strlen(MASK_TEXT));
		free(masked);
	}
}

static void test_args(void **state)
{
	struct maker_token token = maker_token(9);
	char args[256], expected[256], *masked;
	int len = snprintf(args, sizeof(args), "curl%c-H%cApi-Token %s%c%c", 0, 0, token.text, 0, 0);

	(void)state;
	snprintf(expected, sizeof(expected), "curl -H Api-Token %s.<masked>", token.identifier);
	assert_int_equal(mask_args(args, (size_t)len, NULL, &masked), 0);
	assert_string_equal(masked, expected);
	free(masked);
	assert_int_equal(mask_args("\0\0", 2, NULL, &masked), 0);
	assert_string_equal(masked, "");
	free(masked);
}

/* Bytes as text, with 0 to 2 others in the same group before and behind. Returns the text's length. */
static size_t encode_between(const char *bytes, size_t len, size_t neighbours, enum oracle_encoding encoding,
			     char *to)
{
	char raw[MAKER_TOKEN_LEN + 8];
	size_t before = neighbours % 3, behind = neighbours / 3 % 3;
	int count = snprintf(raw, sizeof(raw), "%.*s%.*s%.*s", (int)before, "#~", (int)len, bytes,
			     (int)behind, "~#");

	return oracle_encode(raw, (size_t)count, encoding, to);
}

/* Every stretch, in every encoding, at every alignment: nothing of it is left. */
static void test_known_encoded(void **state)
{
	struct maker_token token = maker_token(10);
	struct mask_known known = {(const uint8_t *)token.secret, MAKER_SECRET_LEN, NULL};
	char text[ORACLE_ENCODED_MAX(MAKER_TOKEN_LEN + 8)], *masked;

	(void)state;
	for (int encoding = 0; encoding < ORACLE_ENCODING_MAX; encoding++)
		for (size_t from = 0; from < MAKER_SECRET_LEN; from++)
			for (size_t len = oracle_least((enum oracle_encoding)encoding);
			     from + len <= MAKER_SECRET_LEN; len += encoding > ORACLE_BASE64_URL ? 7 : 1) {
				encode_between(token.secret + from, len, from + len * 5,
					       (enum oracle_encoding)encoding, text);
				assert_int_equal(mask_text(text, strlen(text), &known, &masked), 0);
				assert_false(oracle_shows(masked, token.secret, MAKER_SECRET_LEN));
				assert_non_null(strstr(masked, MASK_TEXT));
				/* but the neighbours' own characters, and one whose rest was cut */
				assert_in_range(strlen(masked), strlen(MASK_TEXT),
						strlen(MASK_TEXT) + 1 +
							8 * oracle_encode("~", 1,
									  (enum oracle_encoding)encoding,
									  text));
				free(masked);
			}
}

/* Mixed case; an upper-case digit more, an odd place. */
static void test_known_hex(void **state)
{
	struct maker_token token = maker_token(12);
	struct mask_known known = {(const uint8_t *)token.secret, MAKER_SECRET_LEN, NULL};
	char text[2 * MAKER_SECRET_LEN + 2] = "";

	(void)state;
	for (int i = 0; i < MAKER_SECRET_LEN; i++)
		sprintf(text + 2 * i, i % 2 ? "%02x" : "%02X", (unsigned char)token.secret[i]);
	check(text, strlen(text), &known, "<masked>");
	memmove(text + 1, text, strlen(text) + 1);
	*text = 'F';
	check(text, strlen(text), &known, "F<masked>");
	/* what only looks like digits between digits stands for nothing */
	memset(text, 0, sizeof(text));
	for (int i = 0; i < 16; i++)
		sprintf(text + 3 * i, "%02x:", (unsigned char)token.secret[i]);
	check(text, strlen(text), &known, text);
}

/* Base64 characters that hold bits of a neighbour as well; '-' and '_', '+' and '/' among them. */
static void test_known_shared(void **state)
{
	struct mask_known known = {(const uint8_t *)"ABCDEFGHIJ", 10, NULL};

	(void)state;
	/* ab ABCDEFGH zz */
	check("YWJBQkNERUZHSHp6", 16, &known, "YW<masked>p6");
	/* what is no digit between them ends a stretch */
	check("YWJBQkNE!RUZHSHp6", 17, &known, "YWJBQkNE!RUZHSHp6");
	/* ABCDEFGO, then 0xbf: six bits of one at the end of a byte of the other */
	known = (struct mask_known){(const uint8_t *)"ABCDEFGO", 8, NULL};
	check("QUJDREVGR0+/", 12, &known, "<masked>/");
	check("QUJDREVGR0-_", 12, &known, "<masked>_");
	/* likewise, then 0xff */
	check("QUJDREVGR0//", 12, &known, "<masked>/");
	check("QUJDREVGR0__", 12, &known, "<masked>_");
	/* nor does what is no digit stand for one */
	check("414243444546474!", 16, &known, "414243444546474!");
}

/* The shapes are masked in their encoded forms too, whole and cut, when nobody knows the secret. */
static void test_encoded_tokens(void **state)
{
	struct maker_token token = maker_token(13);
	char text[ORACLE_ENCODED_MAX(MAKER_TOKEN_LEN + 8)], *masked;

	(void)state;
	for (int encoding = 0; encoding < ORACLE_ENCODING_MAX; encoding++)
		for (size_t neighbours = 0; neighbours < (encoding > ORACLE_BASE64_URL ? 1 : 9);
		     neighbours++) {
			size_t len = encode_between(token.text, MAKER_TOKEN_LEN, neighbours,
						    (enum oracle_encoding)encoding, text);

			for (; len; len--) {
				assert_int_equal(mask_text(text, len, NULL, &masked), 0);
				assert_false(oracle_shows(masked, token.secret, MAKER_SECRET_LEN));
				free(masked);
			}
			/* the secret portion alone */
			len = encode_between(token.secret, MAKER_SECRET_LEN, neighbours,
					     (enum oracle_encoding)encoding, text);
			assert_int_equal(mask_text(text, len, NULL, &masked), 0);
			assert_non_null(strstr(masked, MASK_TEXT));
			assert_false(oracle_shows(masked, token.secret, MAKER_SECRET_LEN));
			free(masked);
		}
}

/* What is written otherwise only in part, or more than once, or in letters of both cases. */
static void test_known_mixed(void **state)
{
	struct maker_token token = maker_token(14);
	struct mask_known known = {.secret = (const uint8_t *)token.secret, .len = MAKER_SECRET_LEN};
	char text[ORACLE_ENCODED_MAX(MAKER_TOKEN_LEN)], expected[128], *to;

	(void)state;
	/* dots as in a URL */
	snprintf(text, sizeof(text), "?t=%.6s%%2E%.24s%%2e%s&", token.text, token.text + 7, token.secret);
	snprintf(expected, sizeof(expected), "?t=%.6s%%2E%.24s%%2e<masked>&", token.text, token.text + 7);
	check_all(text, expected);
	/* now and then */
	for (int every = 2; every < 8; every++) {
		to = text + sprintf(text, "/");
		for (int i = 0; i < MAKER_SECRET_LEN; i++)
			to += sprintf(to,
				      i % every   ? "%c"
				      : every % 2 ? "\\x%02x"
						  : "%%%02x",
				      token.secret[i]);
		sprintf(to, "/");
		check(text, strlen(text), &known, "/<masked>/");
		check_all(text, "/<masked>/");
	}
	/* every other letter small */
	for (int i = 0; i < MAKER_SECRET_LEN; i++)
		text[i] = (char)(i % 2 ? tolower(token.secret[i]) : token.secret[i]);
	text[MAKER_SECRET_LEN] = '\0';
	check(text, strlen(text), &known, "<masked>");
	/* hex, of which the digits are escaped */
	to = text;
	for (int i = 0; i < MAKER_SECRET_LEN; i++) {
		char hex[3];

		sprintf(hex, "%02x", (unsigned char)token.secret[i]);
		to += sprintf(to, "%%%02x%%%02x", (unsigned char)hex[0], (unsigned char)hex[1]);
	}
	check(text, strlen(text), &known, "<masked>");
	/* escaped so often that nobody reads it */
	snprintf(text, sizeof(text), "%%2525252525252541");
	check(text, strlen(text), &known, text);
}

/* Small letters where there is no token: names, hashes, suffixes. */
static void test_small_letters(void **state)
{
	static const char hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct maker_token token = maker_token(16);
	struct mask_known known = {.secret = (const uint8_t *)"CONTAINERDANDMORE", .len = 17};
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "/var/lib/docker/overlay2/%s/diff", hash);
	check_all(text, text);
	snprintf(text, sizeof(text), "/x/%s.json", token.identifier);
	check_all(text, text);
	/* a made-up token hides no name */
	check("/usr/bin/containerd", 19, &known, "/usr/bin/containerd");
	check("/usr/bin/containerdandmo", 24, &known, "/usr/bin/containerdandmo");
	check("/usr/bin/containerdandmor", 25, &known, "/usr/bin/<masked>");
	check("/usr/bin/CONTAINERD", 19, &known, "/usr/bin/<masked>");
	/* 41 to 44 are no letters that are escaped, if what is before them is none */
	check_all("100%41 a\\y41 &41;", "100%41 a\\y41 &41;");
}

static void check_exact(const char *bytes, const char *expected)
{
	char *text, *exact;

	check(bytes, strlen(bytes), NULL, expected);
	assert_int_equal(mask_text(bytes, strlen(bytes), NULL, &text), 0);
	assert_int_equal(mask_exact(text, &exact), 0);
	assert_string_equal(exact, bytes);
	free(exact);
	free(text);
}

/* No two texts look alike: an escape is a byte, and what only looks like one is told apart. */
static void test_exact(void **state)
{
	char *exact;

	(void)state;
	check_exact("", "");
	check_exact("a\x01", "a\\x01");
	check_exact("a\\x01", "a\\x5cx01");
	check_exact("a\\\\x01", "a\\\\x5cx01");
	check_exact("a\\x5cx01", "a\\x5cx5cx01");
	check_exact("a\\\x01", "a\\\\x01");
	check_exact("C:\\temp\\n\\", "C:\\temp\\n\\");
	check_exact("\\x", "\\x5cx");
	check_exact("\\X41 \\u0041 \\101", "\\X41 \\u0041 \\101");
	check_exact("\xff\xc2\x9b", "\\xff\\xc2\\x9b");
	assert_int_equal(mask_exact("a<masked>", &exact), -ENOENT);
	assert_int_equal(mask_exact("a\\x00", &exact), -ENOENT);
	/* of an earlier version */
	assert_int_equal(mask_exact("a\\xg", &exact), 0);
	assert_string_equal(exact, "a\\xg");
	free(exact);
}

/* In place nothing of a secret is left, and of a token as it stands the same is told afterwards. */
static void test_wipe(void **state)
{
	struct maker_token token = maker_token(26);
	char text[ORACLE_ENCODED_MAX(MAKER_TOKEN_LEN) + 32], before[sizeof(text)], *expected, *masked;

	(void)state;
	for (int encoding = 0; encoding < ORACLE_ENCODING_MAX; encoding++) {
		size_t len = (size_t)sprintf(text, "curl -H ");

		len += oracle_encode(token.text, MAKER_TOKEN_LEN, (enum oracle_encoding)encoding, text + len);
		len += (size_t)sprintf(text + len, " x");
		memcpy(before, text, len);
		assert_int_equal(mask_wipe(text, len), 0);
		assert_int_equal(strlen(text), len);
		assert_false(oracle_shows(text, token.secret, MAKER_SECRET_LEN));
		assert_int_equal(mask_args(before, len, NULL, &expected), 0);
		assert_int_equal(mask_args(text, len, NULL, &masked), 0);
		if (encoding == ORACLE_RAW)
			assert_string_equal(masked, expected);
		free(expected);
		free(masked);
	}
	assert_int_equal(mask_wipe(text, 0), 0);
}

/* A secret that would not be masked is refused, not passed over. */
static void test_known_refused(void **state)
{
	static const char secret[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct mask_known too_long = {(const uint8_t *)secret, MAKER_SECRET_LEN + 1, NULL};
	struct mask_known lower = {(const uint8_t *)"abcdefgh", 8, NULL}, none = {0};
	char *masked = NULL;

	(void)state;
	assert_int_equal(mask_text("a", 1, &too_long, &masked), -EINVAL);
	assert_int_equal(mask_text("a", 1, &lower, &masked), -EINVAL);
	assert_int_equal(mask_args("a", 1, &lower, &masked), -EINVAL);
	assert_null(masked);
	assert_int_equal(mask_text("", 0, &none, &masked), 0);
	assert_string_equal(masked, "");
	free(masked);
}

/* An agent's, of small letters. */
static void test_known_lower(void **state)
{
	static const char secret[] = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";
	struct mask_known known = {(const uint8_t *)secret, MAKER_SECRET_LEN, NULL};
	char text[128], *masked;
	size_t len = (size_t)sprintf(text, "/a.%.30s/%.15s", secret, secret + 20);

	(void)state;
	assert_int_equal(mask_text(text, len, &known, &masked), 0);
	assert_string_equal(masked, "/a.<masked>/a4b5c6d7e8f90a1");
	free(masked);
	len = (size_t)sprintf(text, "/dt0a01.0a1b-2c3d-4e5f.%s", secret);
	assert_int_equal(mask_text(text, len, NULL, &masked), 0);
	assert_string_equal(masked, "/dt0a01.0a1b-2c3d-4e5f.<masked>");
	free(masked);
}

/* What holds of every output, on texts full of tokens and of pieces of one that is known. */
static void test_invariants(void **state)
{
	uint64_t seed = 15;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct maker_token token = maker_token(maker_next(&seed));
		struct mask_known known = {(const uint8_t *)token.secret, MAKER_SECRET_LEN, NULL};
		size_t len = maker_next(&seed) % 300, at, count;
		uint8_t *bytes = malloc(len ? len : 1);
		char encoded[ORACLE_ENCODED_MAX(MAKER_SECRET_LEN)], *masked, *again;

		generate_text(bytes, len, &seed);
		at = maker_next(&seed) % MAKER_SECRET_LEN;
		count = oracle_encode(token.secret + at, MAKER_SECRET_LEN - at,
				      (enum oracle_encoding)(maker_next(&seed) % ORACLE_ENCODING_MAX),
				      encoded);
		if (count < len)
			memcpy(bytes + maker_next(&seed) % (len - count), encoded, count);
		for (int j = 0; j < 4 && len; j++)
			bytes[maker_next(&seed) % len] = (uint8_t)maker_next(&seed);
		assert_int_equal((i % 2 ? mask_text : mask_args)(bytes, len, &known, &masked), 0);
		assert_true(oracle_printable(masked));
		assert_false(oracle_shows(masked, token.secret, MAKER_SECRET_LEN));
		assert_int_equal(oracle_next((uint8_t *)masked, strlen(masked), 0), strlen(masked));
		assert_int_equal(mask_more(masked, &known, &again), 0);
		assert_string_equal(again, masked);
		free(again);
		if (i % 2 && !memchr(bytes, 0, len) && mask_exact(masked, &again) == 0) {
			assert_int_equal(strlen(again), len);
			assert_memory_equal(again, bytes, len);
			free(again);
		}
		free(masked);
		free(bytes);
	}
}

/* 64 KiB of what is dearest; far from what a sanitized build takes, near enough to see a square. */
static void test_time(void **state)
{
	static const char *const fills[] = {"A", "41",   "dt0c01.", "dt0c01.A.B", "QUFB",
					    "a", "\xff", "\\x41",   "%25",        "\\"};
	enum { LEN = 65536 };
	struct mask_known known = {
		(const uint8_t *)"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		MAKER_SECRET_LEN, NULL};
	char *text = malloc(LEN), *masked;

	(void)state;
	for (size_t f = 0; f < sizeof(fills) / sizeof(*fills); f++) {
		clock_t start = clock();

		for (size_t i = 0; i < LEN; i++)
			text[i] = fills[f][i % strlen(fills[f])];
		assert_int_equal(mask_text(text, LEN, &known, &masked), 0);
		assert_true(clock() - start < CLOCKS_PER_SEC);
		free(masked);
	}
	free(text);
}

/* Whatever could be a fragment of any secret, in each reading: what has none is the same whatever the secret is. */
static void test_any(void **state)
{
	static const struct {
		const char *text;
		bool any;
	} cases[] = {
		{"/var/log/syslog", false},
		{"ABCDEFG/HIJKLMN", false},
		{"ABCDEFGH", true},
		{"x/0123456789", true},
		/* ABCDEFGH as hex and as base64, at any place */
		{"414243444546", true},
		{"4a4b4c4d4e4f4g", false},
		{"4142434445464748", true},
		{"x4142434445464748", true},
		/* in small letters, and escaped */
		{"/abcdefghijklmno/", false},
		{"/abcdefghijklmnop/", true},
		{"\\x41\\x42\\x43\\x44\\x45\\x46\\x47", false},
		{"\\x41\\x42\\x43\\x44\\x45\\x46\\x47\\x48", true},
		{"QUJDREVGR0g=", true},
		{"xyQUJDREVGR0g=", true},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool any = false;
		const struct mask_known every = {.any = &any};
		char *text, *plain;

		assert_int_equal(mask_text(cases[i].text, strlen(cases[i].text), &every, &text), 0);
		assert_int_equal(any, cases[i].any);
		assert_int_equal(mask_text(cases[i].text, strlen(cases[i].text), NULL, &plain), 0);
		if (!any)
			assert_string_equal(text, plain);
		free(text);
		free(plain);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_known_fragments),
		cmocka_unit_test(test_known_capital),
		cmocka_unit_test(test_known_base64),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_known_encoded),
		cmocka_unit_test(test_known_hex),
		cmocka_unit_test(test_known_shared),
		cmocka_unit_test(test_known_mixed),
		cmocka_unit_test(test_small_letters),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_encoded_tokens),
		cmocka_unit_test(test_known_refused),
		cmocka_unit_test(test_known_lower),
		cmocka_unit_test(test_invariants),
		cmocka_unit_test(test_time),
	};

	return UNIT_RUN(tests);
}
