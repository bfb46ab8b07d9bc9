// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* --watch: names to a mask. */
#include "unit.h"

#include "file_kind.h"
#include "capture/watch.h"

#include <errno.h>

static void test_good(void **state)
{
	const char *bad;
	size_t len;
	uint32_t mask;

	(void)state;
	assert_int_equal(watch_parse("default", &mask, &bad, &len), 0);
	assert_int_equal(mask, FILE_KINDS_DEFAULT);
	assert_int_equal(watch_parse("all", &mask, &bad, &len), 0);
	assert_int_equal(mask, FILE_KINDS_ALL);
	assert_int_equal(watch_parse("pipe,tty", &mask, &bad, &len), 0);
	assert_int_equal(mask, FILE_KIND_BIT(UNKNOWN) | FILE_KIND_BIT(PIPE) | FILE_KIND_BIT(TTY));
	assert_int_equal(watch_parse("default,socket", &mask, &bad, &len), 0);
	assert_int_equal(mask, FILE_KINDS_DEFAULT | FILE_KIND_BIT(SOCKET));
}

static void check_bad(const char *text, const char *name)
{
	uint32_t mask = 42;
	const char *bad;
	size_t len;

	assert_int_equal(watch_parse(text, &mask, &bad, &len), -EINVAL);
	assert_int_equal(mask, 42);
	assert_int_equal(len, strlen(name));
	assert_memory_equal(bad, name, len);
}

static void test_bad(void **state)
{
	(void)state;
	check_bad("", "");
	check_bad("disk,", "");
	check_bad("disk,moon", "moon");
	check_bad("Disk", "Disk");
	/* not to be watched: they keep no bytes */
	check_bad("char", "char");
	check_bad("pseudo", "pseudo");
	check_bad("anon", "anon");
	check_bad("unknown", "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};

	return UNIT_RUN(tests);
}
