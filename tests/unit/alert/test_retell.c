// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What was told as JSON is told again as the line that the alert itself gives, byte for byte. */
#include "unit.h"

#include "alert/json.h"
#include "alert/loss.h"
#include "alert/retell.h"
#include "alert/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The fields are not const, these texts are. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static struct alert make_alert(void)
{
	return (struct alert){
		.time = {1700000000, 0},
		.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGH", .type = "API token"},
		.process = {.pid = 42,
			    .uid = 1000,
			    .name = TEXT("sh"),
			    .thread_name = TEXT("sh"),
			    .user_name = TEXT("ada")},
		.file = {.path = TEXT("/x"), .type = "regular", .fs_type = TEXT("ext4")},
		.write = {.syscall = "write",
			  .seen_by = "buffer",
			  .offset = 0,
			  .length = 96,
			  .token_offset = 8},
		.host_name = "h",
	};
}

static void check(const struct alert *alert)
{
	char *json, *text, *again;

	assert_int_equal(alert_to_json(alert, &json), 0);
	for (int colour = 0; colour < 2; colour++) {
		assert_int_equal(alert_to_text(alert, colour, &text), 0);
		assert_int_equal(retell(json, strlen(json), colour, &again), 0);
		assert_string_equal(again, text);
		free(again);
		free(text);
	}
	free(json);
}

/* Of a container, at each length: for a part of the sentence there may be no room in the line. */
static void check_brief(struct alert *alert)
{
	char words[700], *json;
	size_t briefs = 0;

	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	for (size_t from = 0; from < sizeof(words); from += 5) {
		alert->process.command_line = words + from;
		check(alert);
		assert_int_equal(alert_to_json(alert, &json), 0);
		briefs += !strstr(json, "API token dt0c01");
		free(json);
	}
	assert_true(briefs > 1);
	assert_true(briefs < sizeof(words) / 5);
}

static void test_alerts(void **state)
{
	struct alert_flood flood = {.lost = 3, .token_count = 1, .tokens = {"dt0c01.ABCDEFGH"}};
	struct alert alert = make_alert();

	(void)state;
	check(&alert);
	alert.write.found_late = true;
	check(&alert);
	alert.write.found_late = false;
	alert.token.placeholder = true;
	check(&alert);
	alert = make_alert();
	alert.repeats = 1;
	check(&alert);
	alert.repeats = 7;
	alert.write.offset = -1;
	check(&alert);
	alert.write.syscall = "unknown";
	check(&alert);
	alert = make_alert();
	alert.ruling = (struct alert_ruling){.rule = "prod", .reason = "so", .severity = 99};
	check(&alert);
	alert.ruling = (struct alert_ruling){.severity = 21, .expired = "the job", .until = 1798761600000000};
	check(&alert);
	alert = make_alert();
	alert.container = (struct alert_container){
		.id = TEXT("6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4"),
		.runtime = "docker",
		.name = TEXT("web"),
		.image = TEXT("app"),
		.digest = TEXT("sha256:6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4")};
	check_brief(&alert);
	alert.container.relayed = true;
	alert.token.placeholder = true;
	check_brief(&alert);
	alert.container.pod = TEXT("pod-0");
	alert.container.pod_namespace = TEXT("shop");
	check_brief(&alert);
	alert.container.runtime = "podman";
	alert.container.pod_namespace = NULL;
	alert.container.outside = true;
	alert.container.relayed = false;
	check_brief(&alert);
	alert = make_alert();
	alert.file.path = TEXT("/tmp/a\u202egpj.\u200bexe \\x41 \"q\"");
	alert.container.id = TEXT("0123456789abcdef");
	check(&alert);
	alert = make_alert();
	alert.flood = &flood;
	check(&alert);
}

static void test_loss(void **state)
{
	const struct loss_kind kind = {.name = "x", .text = "samples", .count = 5, .total = 9};
	const struct loss loss = {
		.time = {1700000000, 0},
		.since = {1700000000, 0},
		.kinds = &kind,
		.kind_count = 1,
		.host_name = "h",
	};
	char *json, *text, *again;

	(void)state;
	assert_int_equal(loss_to_json(&loss, &json), 0);
	assert_int_equal(retell(json, strlen(json), false, &text), 0);
	assert_string_equal(text, "22:13:20  LOST    lost just now: 5 samples\n");
	assert_int_equal(loss_to_text(&loss, false, &again), 0);
	assert_string_equal(again, text);
	free(again);
	free(text);
	free(json);
}

static int tell(const char *json, char **text)
{
	*text = NULL;
	return retell(json, strlen(json), true, text);
}

#define EVENT "\"@timestamp\":\"2023-11-14T22:13:20Z\",\"event\":{\"action\":\"token-written\"}"

/* What is no daemon's: refused, or nothing in it that a terminal would obey. */
static void test_others(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"[]",
		"{}",
		"{" EVENT "}",
		"{" EVENT ",\"message\":1}",
		"{" EVENT ",\"message\":\"m\"}",
		"{\"@timestamp\":\"never\",\"event\":{\"action\":\"samples-lost\"},\"message\":\"m\"}",
	};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(tell(bad[i], &text), -EBADMSG);
	assert_int_equal(tell("{" EVENT
			      ",\"message\":\"\\u001b[2J \\u009b m\",\"write\":{\"syscall\":\"\\u0007\"}"
			      ",\"token\":{\"identifier\":\"\\u001b[2J\"}"
			      ",\"rule\":{\"category\":\"c\",\"name\":\"\\u001b]\"}}",
			      &text),
			 0);
	/* its own colours only */
	for (const char *at = text; (at = strchr(at, '\033')); at++)
		assert_true(at[1] == '[' && at[2] != '2' ? true : at[3] == 'm');
	assert_null(strchr(text, '\007'));
	assert_null(strstr(text, "\xc2\x9b"));
	assert_non_null(strstr(text, "\\x1b[2J"));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_others),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return UNIT_RUN(tests);
}
