// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The line for a person, byte for byte: with and without colour, tokens and placeholders. */
#include "unit.h"

#include "alert/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The fields are not const, these texts are. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static struct alert alert_make(void)
{
	return (struct alert){
		.time = {1700000000, 0},
		.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGH", .type = "API token"},
		.process = {.pid = 42, .uid = 1000, .name = TEXT("sh")},
		.file = {.path = TEXT("/x"), .type = "regular"},
		.write = {.syscall = "write",
			  .seen_by = "buffer",
			  .offset = 0,
			  .length = 96,
			  .token_offset = 8},
	};
}

static void check(const struct alert *alert, bool colour, const char *expected)
{
	char *line;

	assert_int_equal(alert_to_text(alert, colour, &line), 0);
	assert_string_equal(line, expected);
	free(line);
}

static void test_plain(void **state)
{
	struct alert alert = alert_make();

	(void)state;
	check(&alert, false,
	      "22:13:20  ALERT   sh (pid 42, uid 1000) wrote API token dt0c01.ABCDEFGH to /x"
	      "  (write of 96 bytes, token at byte 8)\n");
	alert.process.user_name = TEXT("ada");
	alert.token.placeholder = true;
	alert.token.type = TOKEN_TYPE_UNKNOWN;
	check(&alert, false,
	      "22:13:20  notice  sh (pid 42, ada) wrote a placeholder for unknown token dt0c01.ABCDEFGH to /x"
	      "  (write of 96 bytes, token at byte 8)\n");
}

/* What a rule says stands behind how it was written. */
static void test_ruling(void **state)
{
	struct alert alert = alert_make();

	(void)state;
	alert.ruling = (struct alert_ruling){.rule = "prod", .severity = 99};
	check(&alert, false,
	      "22:13:20  ALERT   sh (pid 42, uid 1000) wrote API token dt0c01.ABCDEFGH to /x"
	      "  (write of 96 bytes, token at byte 8; rule: prod)\n");
	alert.ruling = (struct alert_ruling){
		.rule = "quiet",
		.severity = 21,
		.expired = "the job",
		.until = 1798761600000000,
	};
	check(&alert, false,
	      "22:13:20  notice  sh (pid 42, uid 1000) wrote API token dt0c01.ABCDEFGH to /x"
	      "  (write of 96 bytes, token at byte 8; rule: quiet; the rule 'the job' is over since "
	      "2027-01-01)\n");
}

static void test_repeats(void **state)
{
	struct alert alert = alert_make();

	(void)state;
	alert.repeats = 1;
	check(&alert, false,
	      "22:13:20  ALERT   sh (pid 42, uid 1000) wrote API token dt0c01.ABCDEFGH to /x"
	      "  (write of 96 bytes, token at byte 8; 1 time more since)\n");
	alert.repeats = UINT64_MAX;
	check(&alert, false,
	      "22:13:20  ALERT   sh (pid 42, uid 1000) wrote API token dt0c01.ABCDEFGH to /x"
	      "  (write of 96 bytes, token at byte 8; 18446744073709551615 times more since)\n");
}

/* It stands behind where it was found. */
static void test_found_late(void **state)
{
	struct alert alert = alert_make();

	(void)state;
	alert.write.found_late = true;
	check(&alert, false,
	      "22:13:20  ALERT   sh (pid 42, uid 1000) wrote API token dt0c01.ABCDEFGH to /x"
	      "  (write of 96 bytes, token at byte 8, found late)\n");
}

/* What can't be known: no name, no call, no offsets. */
static void test_unknown(void **state)
{
	struct alert alert = alert_make();

	(void)state;
	alert.process.name = TEXT("");
	alert.write.syscall = "unknown";
	alert.write.offset = -1;
	alert.write.token_offset = -50;
	check(&alert, false,
	      "22:13:20  ALERT   a process (pid 42, uid 1000) wrote API token dt0c01.ABCDEFGH to /x"
	      "  (unknown call of 96 bytes)\n");
}

static void test_colour(void **state)
{
	struct alert alert = alert_make();

	(void)state;
	check(&alert, true,
	      "22:13:20  \033[1;31mALERT \033[0m  sh (pid 42, uid 1000) wrote API token "
	      "\033[1mdt0c01.ABCDEFGH\033[0m to /x  \033[2m(write of 96 bytes, token at byte 8)\033[0m\n");
	alert.token.placeholder = true;
	check(&alert, true,
	      "\033[2m22:13:20  notice  sh (pid 42, uid 1000) wrote a placeholder for API token "
	      "dt0c01.ABCDEFGH to /x  (write of 96 bytes, token at byte 8)\033[0m\n");
}

/* Whoever names a file can't turn the line that tells of it. */
static void test_deceiving(void **state)
{
	struct alert alert = alert_make();
	char *line;

	(void)state;
	alert.file.path = TEXT("/tmp/a\u202egpj.\u200bexe");
	assert_int_equal(alert_to_text(&alert, true, &line), 0);
	assert_non_null(strstr(line, " to /tmp/a\\xe2\\x80\\xaegpj.\\xe2\\x80\\x8bexe"));
	assert_null(strstr(line, "\u202e"));
	free(line);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deceiving), cmocka_unit_test(test_plain),
		cmocka_unit_test(test_repeats),   cmocka_unit_test(test_found_late),
		cmocka_unit_test(test_unknown),   cmocka_unit_test(test_colour),
		cmocka_unit_test(test_ruling),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return UNIT_RUN(tests);
}
