// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The numbers of include/write_call.h against the C library's headers; and what is looked at when. */
#include "unit.h"

#include "capture/calls.h"
#include "file_kind.h"

#include <stdio.h>

#define ALL_WATCHED 0xffU

/* The number a header gives a call, -1 if it does not know it. */
static int header_number(const char *path, const char *name)
{
	char line[256], key[128];
	int number = -1, value;
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	while (number < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "#define __NR_%127s %d", key, &value) == 2 && strcmp(key, name) == 0)
			number = value;
	fclose(file);
	return number;
}

static void check_number(const char *name, int number, int narrow)
{
	int expected = header_number(narrow ? "/usr/include/x86_64-linux-gnu/asm/unistd_32.h"
					    : "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
				     name);

	/* newer than Debian 12's headers */
	if (expected < 0 && strcmp(name, "setxattrat") == 0)
		return;
	if (expected != number)
		fail_msg("%s: %d, not %d", name, expected, number);
}

static void test_numbers(void **state)
{
	(void)state;
#define CHECK(id, name, nr64, nr32, ...) \
	check_number(name, nr64, 0);     \
	check_number(name, nr32, 1);
	WRITE_CALLS(CHECK)
	WRITE_CALLS_SOCKET(CHECK)
	WRITE_CALLS_NAME(CHECK)
	WRITE_CALLS_XATTR(CHECK)
	WRITE_CALLS_OPEN(CHECK)
#undef CHECK
}

static size_t count(const struct write_call_table *table, int narrow, enum write_call call)
{
	size_t n = 0;

	for (size_t i = 0; i < WRITE_CALL_NUMBERS; i++)
		n += table->call[narrow][i] == call;
	return n;
}

/* Those of x32 and the second ones of the 32-bit table beside the first. */
static void test_doubled(void **state)
{
	struct write_call_table table;

	(void)state;
	calls_fill(ALL_WATCHED, &table);
	assert_int_equal(count(&table, 0, WRITE_CALL_WRITE), 1);
	assert_int_equal(count(&table, 0, WRITE_CALL_WRITEV), 2);
	assert_int_equal(count(&table, 0, WRITE_CALL_PWRITEV2), 2);
	assert_int_equal(count(&table, 0, WRITE_CALL_IO_SUBMIT), 2);
	assert_int_equal(count(&table, 1, WRITE_CALL_SENDFILE), 2);
	assert_int_equal(count(&table, 1, WRITE_CALL_MMAP), 2);
	assert_int_equal(count(&table, 1, WRITE_CALL_WRITEV), 1);
	assert_int_equal(table.call[0][0], WRITE_CALL_UNKNOWN); /* read */
	assert_int_equal(table.call[1][3], WRITE_CALL_UNKNOWN);
}

/* Each call by the number that an x32 program has for it. */
static void test_x32(void **state)
{
	struct write_call_table table;
	char line[256], name[128];
	size_t found = 0;
	int number;
	FILE *file = fopen("/usr/include/x86_64-linux-gnu/asm/unistd_x32.h", "re");

	(void)state;
	assert_non_null(file);
	calls_fill(ALL_WATCHED, &table);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "#define __NR_%127s (__X32_SYSCALL_BIT + %d)", name, &number) != 2)
			continue;
#define CHECK(id, text, ...)                                              \
	if (strcmp(name, text) == 0) {                                    \
		assert_int_equal(table.call[0][number], WRITE_CALL_##id); \
		found++;                                                  \
	}
		WRITE_CALLS(CHECK)
		WRITE_CALLS_SOCKET(CHECK)
		WRITE_CALLS_NAME(CHECK)
		CHECK(SETXATTR, "setxattr")
		CHECK(IO_SUBMIT, "io_submit")
		CHECK(FICLONE, "ioctl")
		CHECK(FALLOCATE, "fallocate")
		CHECK(MMAP, "mmap")
#undef CHECK
	}
	fclose(file);
	assert_int_equal(found, 10 + 3 + 11 + 5);
}

/* What nobody watches costs what any other call does. */
static void test_watched(void **state)
{
	struct write_call_table table;

	(void)state;
	calls_fill(FILE_KIND_BIT(DISK), &table);
	assert_int_equal(count(&table, 0, WRITE_CALL_SENDTO), 0);
	assert_int_equal(count(&table, 0, WRITE_CALL_RENAMEAT2), 1);
	calls_fill(FILE_KIND_BIT(SOCKET), &table);
	assert_int_equal(count(&table, 0, WRITE_CALL_SENDTO), 1);
	assert_int_equal(count(&table, 0, WRITE_CALL_RENAMEAT2), 0);
	assert_int_equal(count(&table, 0, WRITE_CALL_OPENAT), 0);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(calls_name(WRITE_CALL_PWRITE64), "pwrite64");
	assert_string_equal(calls_name(WRITE_CALL_FICLONE), "ioctl_ficlone");
	assert_string_equal(calls_name(WRITE_CALL_UNKNOWN), "unknown");
	assert_string_equal(calls_name(WRITE_CALL_MAX), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_doubled), cmocka_unit_test(test_x32),
		cmocka_unit_test(test_watched), cmocka_unit_test(test_names),
	};

	return UNIT_RUN(tests);
}
