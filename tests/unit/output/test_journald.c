// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Datagrams for the journal, byte for byte. */
#include "unit.h"

#include "output/journald.h"

#include <stdlib.h>
#include <string.h>

/* The fields are not const, these texts are. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static void check(const struct alert *alert, const struct loss *loss, const void *expected, size_t size)
{
	char *message;
	size_t len;

	assert_int_equal(journald_message(alert, loss, true, &message, &len), 0);
	if (len != size || memcmp(message, expected, size) != 0)
		fail_msg("%.*s instead of %.*s", (int)len, message, (int)size, (const char *)expected);
	free(message);
}

static void test_alert(void **state)
{
	static const char expected[] =
		"MESSAGE=sh (pid 42, uid 1000) wrote API token dt0c01.ABCDEFGH to /x\n"
		"PRIORITY=3\nSYSLOG_IDENTIFIER=spillwatch\nMESSAGE_ID=d7a5f1c04e8b4b6c9f5e2a9a3b1c7d60\n"
		"SPILLWATCH_EVENT_ID=0000000000000001-2\nSPILLWATCH_EVENT_ACTION=token-written\n"
		"SPILLWATCH_EVENT_SEVERITY=73\nSPILLWATCH_RULE_NAME=a\n"
		"SPILLWATCH_TOKEN_IDENTIFIER=dt0c01.ABCDEFGH\nSPILLWATCH_TOKEN_PREFIX=dt0c01\n"
		"SPILLWATCH_TOKEN_TYPE=API token\nSPILLWATCH_PROCESS_PID=42\nSPILLWATCH_PROCESS_NAME=sh\n"
		"SPILLWATCH_USER_ID=1000\nSPILLWATCH_WRITE_SYSCALL=write\nSPILLWATCH_FILE_PATH=/x\n";
	/* what a field can't be said by a line has its length before it */
	static const char lines[] = "SPILLWATCH_RULE_NAME\n\x03\0\0\0\0\0\0\0b\nc\n";
	struct alert alert = {
		.series = 1,
		.number = 2,
		.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGH", .type = "API token"},
		.process = {.pid = 42, .uid = 1000, .name = TEXT("sh")},
		.file = {.path = TEXT("/x"), .type = "regular"},
		.write = {.syscall = "write", .seen_by = "buffer"},
		.ruling = {.rule = "a"},
	};
	char *message;
	size_t len;

	(void)state;
	check(&alert, NULL, expected, sizeof(expected) - 1);
	alert.ruling.rule = "b\nc";
	assert_int_equal(journald_message(&alert, NULL, true, &message, &len), 0);
	assert_non_null(memmem(message, len, lines, sizeof(lines) - 1));
	free(message);
	alert.host_name = "h";
	alert.process.thread_name = TEXT("sh");
	assert_int_equal(journald_message(&alert, NULL, false, &message, &len), 0);
	assert_memory_equal(message, "MESSAGE={\"", 10);
	free(message);
}

static void test_loss(void **state)
{
	static const char expected[] =
		"MESSAGE=lost just now: 5 samples\nPRIORITY=4\nSYSLOG_IDENTIFIER=spillwatch\n"
		"MESSAGE_ID=4c1e9b7f2a8d45d0b3f6e8c27a905d13\nSPILLWATCH_EVENT_ID=0000000000000001-3\n"
		"SPILLWATCH_EVENT_ACTION=samples-lost\nSPILLWATCH_EVENT_SEVERITY=47\n";
	const struct loss_kind kind = {.name = "x", .text = "samples", .count = 5, .total = 9};
	const struct loss loss = {.series = 1, .number = 3, .kinds = &kind, .kind_count = 1};

	(void)state;
	check(NULL, &loss, expected, sizeof(expected) - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alert),
		cmocka_unit_test(test_loss),
	};

	return UNIT_RUN(tests);
}
