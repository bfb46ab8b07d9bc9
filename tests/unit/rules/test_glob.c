// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Patterns: by hand, and against a naive oracle that tries all there is. */
#include "globs.h"
#include "unit.h"

#include "rules/glob.h"
#include "rules/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool match(const char *pattern, enum glob_kind kind, const char *text)
{
	struct glob *glob;
	size_t wrong;
	bool matches;

	assert_int_equal(glob_compile(pattern, kind, &glob, &wrong), 0);
	matches = glob_match(glob, &(struct glob_text){.text = text, .len = strlen(text)});
	glob_free(glob);
	return matches;
}

static void test_paths(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"/usr/bin/kubelet", "/usr/bin/kubelet", true},
		{"/usr/bin/kubelet", "/usr/bin/kubelet2", false},
		{"/usr/bin/kubelet", "/usr/bin/kubele", false},
		{"/usr/*/kubelet", "/usr/bin/kubelet", true},
		{"/usr/*/kubelet", "/usr/local/bin/kubelet", false},
		{"/usr/**/kubelet", "/usr/local/bin/kubelet", true},
		{"/usr/**/kubelet", "/usr/kubelet", true},
		{"/usr/**/kubelet", "/usr/notkubelet", false},
		{"**/kubelet", "/usr/bin/kubelet", true},
		{"**/kubelet", "kubelet", true},
		{"/usr/**", "/usr/", true},
		{"/usr/**", "/usr", false},
		{"/usr/**", "/usr/a/b", true},
		{"/a**b", "/a/x/b", true},
		{"/a/**/b/**/c", "/a/b/c", true},
		{"/a/**/b/**/c", "/a/x/b/y/z/c", true},
		{"/a/**/b/**/c", "/a/x/y/c", false},
		{"/var/lib/kubelet/pods/**/volumes/kubernetes.io~secret/**",
		 "/var/lib/kubelet/pods/0-1/volumes/kubernetes.io~secret/db/..2026/token", true},
		{"/a?c", "/abc", true},
		{"/a?c", "/a/c", false},
		{"/a[a-c]c", "/abc", true},
		{"/a[!a-c]c", "/abc", false},
		{"/a[^a-c]c", "/axc", true},
		{"/a[!x]c", "/a/c", false},
		{"/a[/]c", "/a/c", false},
		{"/[]]", "/]", true},
		{"/[a-]", "/-", true},
		{"/a\\*", "/a*", true},
		{"/a\\*", "/ab", false},
		{"", "", true},
		{"*", "", true},
		{"*", "/", false},
		{"**", "/a/b", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (match(cases[i].pattern, GLOB_PATH, cases[i].text) != cases[i].matches)
			fail_msg("%s on %s", cases[i].pattern, cases[i].text);
		assert_int_equal(globs_oracle(cases[i].pattern, true, cases[i].text), cases[i].matches);
	}
}

/* Where there are no directories, one star is enough for everything. */
static void test_texts(void **state)
{
	(void)state;
	assert_true(match("registry/*:v?", GLOB_TEXT, "registry/shop/app:v2"));
	assert_true(match("*--token*", GLOB_TEXT, "app --token x /a/b"));
	assert_true(match("a?c", GLOB_TEXT, "a/c"));
	assert_false(match("batch/migrate-*", GLOB_TEXT, "batch/other"));
}

static void test_wrong(void **state)
{
	char longer[GLOB_MAX + 2];
	struct glob *glob;
	size_t wrong;

	(void)state;
	assert_int_equal(glob_compile("/a/[b", GLOB_PATH, &glob, &wrong), -EINVAL);
	assert_int_equal(wrong, 3);
	assert_int_equal(glob_compile("ab\\", GLOB_PATH, &glob, &wrong), -EINVAL);
	assert_int_equal(wrong, 2);
	assert_int_equal(glob_compile("[", GLOB_TEXT, &glob, &wrong), -EINVAL);
	assert_int_equal(glob_compile("[]", GLOB_TEXT, &glob, &wrong), -EINVAL);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(glob_compile(longer, GLOB_TEXT, &glob, &wrong), -E2BIG);
	longer[GLOB_MAX] = '\0';
	assert_true(match(longer, GLOB_PATH, longer));
}

/* Short patterns on short texts of few letters meet every case there is. */
static void test_against_oracle(void **state)
{
	static const char letters[] = "ab/*?[]!-\\*/";
	uint64_t random = 1;
	size_t matched = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		char pattern[12], text[10];
		bool path = maker_next(&random) & 1;
		struct glob *glob;
		size_t wrong;
		int r;

		globs_random(&random, letters, sizeof(letters) - 1, pattern, sizeof(pattern));
		globs_random(&random, "ab/", 3, text, sizeof(text));
		r = glob_compile(pattern, path ? GLOB_PATH : GLOB_TEXT, &glob, &wrong);
		assert_int_equal(r == 0, globs_valid(pattern));
		if (r < 0)
			continue;
		if (glob_match(glob, &(struct glob_text){.text = text, .len = strlen(text)}) !=
		    globs_oracle(pattern, path, text))
			fail_msg("'%s' on '%s' (%s)", pattern, text, path ? "path" : "text");
		matched += globs_oracle(pattern, path, text);
		glob_free(glob);
	}
	assert_true(matched > 1000);
}

/* What makes a matcher that tries again run for years. */
static void test_no_explosion(void **state)
{
	char pattern[GLOB_MAX + 1], text[4096];

	(void)state;
	*pattern = '\0';
	while (strlen(pattern) < 400)
		strcat(pattern, "**/*a*");
	strcat(pattern, "b");
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 3 ? 'a' : '/';
	text[sizeof(text) - 1] = '\0';
	assert_false(match(pattern, GLOB_PATH, text));
	assert_false(match(pattern, GLOB_TEXT, text));
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"executable", "path", "host_path", "seen_by", "user"};

	(void)state;
	assert_string_equal(nearest_word("executible", words, 5), "executable");
	assert_string_equal(nearest_word("exeuctable", words, 5), "executable");
	assert_string_equal(nearest_word("hostpath", words, 5), "host_path");
	assert_string_equal(nearest_word("pth", words, 5), "path");
	assert_null(nearest_word("colour", words, 5));
	assert_null(nearest_word("", words, 5));
	assert_null(nearest_word("x", words, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),        cmocka_unit_test(test_texts),
		cmocka_unit_test(test_wrong),        cmocka_unit_test(test_against_oracle),
		cmocka_unit_test(test_no_explosion), cmocka_unit_test(test_nearest),
	};

	return UNIT_RUN(tests);
}
