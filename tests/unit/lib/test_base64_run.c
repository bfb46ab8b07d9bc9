// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Runs of base64: found as the plainest search finds them, and read as the plainest decoder reads them, in whatever pieces. */
#include "unit.h"

#include "lib/base64_run.h"

#include <string.h>

#define CASES 20000
#define LEN_MAX 700

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is(uint8_t byte)
{
	return byte && (strchr(standard, byte) || byte == '-' || byte == '_');
}

/* Words, lines, and lines of these characters: random ones, and what a text is in base64. */
static size_t make(uint8_t *bytes, uint64_t *seed)
{
	size_t len = 0, most = 1 + maker_next(seed) % LEN_MAX;

	while (len < most) {
		uint64_t kind = maker_next(seed) % 6, count = 1 + maker_next(seed) % (kind ? 90 : 8);
		const char *between = "\0 \n\n\"\\" + maker_next(seed) % 6;

		for (uint64_t i = 0; i < count && len < most; i++) {
			/* "lala" of any alignment */
			static const char text[] = "bGFsYWxhbGFsYWxh";

			bytes[len++] = (uint8_t)(kind > 3 ? text[i % 16] : standard[maker_next(seed) % 64]);
		}
		if (len < most)
			bytes[len++] = (uint8_t)*between;
	}
	return len;
}

/* Where a line of enough characters begins, from `at` on. */
static bool plain_find(const uint8_t *bytes, size_t len, size_t at, size_t *ret_start)
{
	for (; at + RUN_LINE <= len; at++) {
		size_t count = 0;

		while (at + count < len && is(bytes[at + count]))
			count++;
		if (count >= RUN_LINE) {
			*ret_start = at;
			return true;
		}
		at += count;
	}
	return false;
}

/* All that run_find() tells, in pieces of the text that grow. */
static size_t find_all(const uint8_t *bytes, size_t len, size_t piece, size_t *starts)
{
	struct run run = {0};
	size_t from = 0, count = 0;

	for (size_t seen = piece < len ? piece : len;; seen = seen + piece < len ? seen + piece : len) {
		while (run_find(&run, bytes, seen, &from)) {
			starts[count++] = from;
			assert_int_not_equal(run.kind, RUN_OTHER);
			/* as if nothing of it were looked into */
			run_refuse(&run);
		}
		assert_true(from <= seen);
		if (seen == len)
			return count;
	}
}

static void test_find(void **state)
{
	uint64_t seed = 5;
	size_t found = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		uint8_t bytes[LEN_MAX];
		size_t len = make(bytes, &seed), starts[LEN_MAX], pieced[LEN_MAX], at = 0, start;
		size_t count = find_all(bytes, len, LEN_MAX, starts);

		/* each is in a line that is long enough, not far from its beginning */
		for (size_t k = 0; k < count; k++) {
			while (plain_find(bytes, len, at, &start) && start + 16 <= starts[k])
				for (at = start; at < len && is(bytes[at]);)
					at++;
			assert_true(plain_find(bytes, len, at, &start));
			assert_in_range(starts[k], start, start + 15);
		}
		found += count;
		assert_int_equal(find_all(bytes, len, 1 + maker_next(&seed) % 120, pieced), count);
		assert_memory_equal(pieced, starts, count * sizeof(*starts));
	}
	assert_true(found > CASES / 4);
}

/* A line with so much before it, of which the text is known. */
static void test_begins(void **state)
{
	static const struct {
		const char *line;
		enum run_kind kind;
		size_t start;
	} cases[] = {
		{"x: TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQsIGNvbnNlY3RldHVyIGFkaXBpc2NpbmcgZWxpdA==", RUN_TEXT,
		 3},
		{"key/TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQsIGNvbnNlY3RldHVyIGFkaXBpc2NpbmcgZWxpdA==", RUN_TEXT,
		 4},
		{"H4sIAAAAAAAAA8tIzcnJVyjPL8pJUchIzcnJVyjPL8pJUchIzcnJVyjPL8pJUQQAr2wQ", RUN_GZIP, 0},
		{"TABvAHIAZQBtACAAaQBwAHMAdQBtACAAZABvAGwAbwByACAAcwBpAHQAIABhAG0A", RUN_PAIRS, 0},
		{"//5MAG8AcgBlAG0AIABpAHAAcwB1AG0AIABkAG8AbABvAHIAIABzAGkAdAAgAGEAbQA=", RUN_PAIRS, 0},
		{"w5bDpMO8IMOWw6TDvCDDlsOkw7wgw5bDpMO8IMOWw6TDvCDDlsOkw7wgw5bDpMO8IMOWw6TDvA==", RUN_TEXT, 0},
		{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", RUN_OTHER,
		 0},
		{"----------------------------------------------------------------------------", RUN_OTHER,
		 0},
		{"TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQsIGNvbnNlY3Rl", RUN_OTHER, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const uint8_t *line = (const uint8_t *)cases[i].line;
		struct run run = {0};
		size_t from = 0;

		if (run_find(&run, line, strlen(cases[i].line), &from) != (cases[i].kind != RUN_OTHER) ||
		    run.kind != cases[i].kind || (run.kind != RUN_OTHER && from != cases[i].start))
			fail_msg("case %zu: %u at %zu", i, run.kind, from);
	}
}

/* Lines of so many characters, with these ends and indentations, in any pieces. */
static void test_read(void **state)
{
	static const char *const ends[] = {"\n", "\r\n", "\n    ", "\\n", "\\r\\n", "\r\n\t\t"};
	uint64_t seed = 8;

	(void)state;
	for (int i = 0; i < CASES / 10; i++) {
		uint8_t wanted[LEN_MAX], text[6 * LEN_MAX], got[LEN_MAX];
		size_t len = 3 * (1 + maker_next(&seed) % (LEN_MAX / 3 - 1)), text_len = 0, at = 0, count = 0;
		size_t width = RUN_LINE + maker_next(&seed) % 40, end, seen = 0, run_len;
		const char *between = ends[maker_next(&seed) % 6];
		struct run run = {0};

		for (size_t k = 0; k < len; k++)
			wanted[k] = (uint8_t)maker_next(&seed);
		for (size_t k = 0; k < len; k += 3) {
			unsigned int held =
				(unsigned int)wanted[k] << 16 | wanted[k + 1] << 8 | wanted[k + 2];

			for (int shift = 18; shift >= 0; shift -= 6) {
				if (k + (size_t)shift < len + 18 && at == width) {
					memcpy(text + text_len, between, strlen(between));
					text_len += strlen(between);
					at = 0;
				}
				text[text_len++] = (uint8_t)standard[held >> shift & 63];
				at++;
			}
		}
		run_len = text_len;
		memcpy(text + text_len, "\n.", 2);
		text_len += 2;
		for (end = 0; !run.ended;) {
			size_t room = 1 + maker_next(&seed) % 50;

			seen = seen + maker_next(&seed) % 100;
			seen = seen < text_len ? seen : text_len;
			count += run_read(&run, text, seen, seen == text_len, &end, got + count,
					  room < LEN_MAX - count ? room : LEN_MAX - count);
			assert_true(count < LEN_MAX);
		}
		assert_int_equal(end, run_len);
		assert_int_equal(count, len);
		assert_memory_equal(got, wanted, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_read),
	};

	return UNIT_RUN(tests);
}
