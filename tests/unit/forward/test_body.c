// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What each kind of receivers gets of an alert, and what its answers mean. */
#include "unit.h"

#include "forward/body.h"
#include "version.h"

#include <errno.h>

#include <stdlib.h>
#include <string.h>

static const char line[] =
	"{\"@timestamp\":\"2026-01-31T10:00:00.000001Z\",\"event\":{\"id\":\"0123456789abcdef-1\",\"kind\":"
	"\"alert\","
	"\"action\":\"token-written\",\"category\":[\"file\"],\"sequence\":1,\"severity\":73},\"message\":"
	"\"it wrote\","
	"\"rule\":{\"name\":\"mine\"},\"token\":{\"identifier\":\"dt0c01.ABCDEFGH\",\"placeholder\":false},"
	"\"file\":{\"path\":\"/a "
	"\xc3\xa4\"},\"host\":{\"name\":\"node\"},\"process\":{\"name\":\"sh\",\"pid\":7}}";

/* Two alerts of the same text but for the id. */
struct batch {
	struct event events[2];
	struct event *refs[2];
};

static void batch_make(struct batch *batch)
{
	char id[EVENT_ID_BYTES];

	memset(batch, 0, sizeof(*batch));
	for (int i = 0; i < 2; i++) {
		batch->events[i].line = strdup(line);
		*strstr(batch->events[i].line, "-1\"") = '-';
		strstr(batch->events[i].line, "abcdef-")[7] = (char)('1' + i);
		assert_int_equal(
			event_parse(batch->events[i].line, strlen(line), &batch->events[i].alert, id), 0);
		batch->refs[i] = &batch->events[i];
	}
}

static void batch_free(struct batch *batch)
{
	for (int i = 0; i < 2; i++) {
		free(batch->events[i].line);
		json_decref(batch->events[i].alert);
	}
}

static char *body_of(const struct receiver_kind *kind, const struct batch *batch, size_t count)
{
	const struct receiver receiver = {.kind = kind, .index = "an-index"};
	char *body = NULL;
	size_t len = 0;

	assert_int_equal(kind->body(&receiver, batch->refs, count, &body, &len), 0);
	assert_int_equal(len, strlen(body));
	return body;
}

/* One alert's body is this JSON. */
static void assert_body(const struct receiver_kind *kind, const char *expected)
{
	struct batch batch;
	char *body;
	json_t *got, *want = json_loads(expected, 0, NULL);

	batch_make(&batch);
	body = body_of(kind, &batch, 1);
	got = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(want);
	assert_non_null(got);
	if (!json_equal(got, want))
		fail_msg("%s: %s", kind->name, body);
	json_decref(got);
	json_decref(want);
	free(body);
	batch_free(&batch);
}

static void test_webhook(void **state)
{
	char *expected;

	(void)state;
	assert_true(asprintf(&expected,
			     "{\"specversion\":\"1.0\",\"id\":\"0123456789abcdef-1\",\"source\":\"/"
			     "spillwatch/node\","
			     "\"type\":\"spillwatch.token-written\",\"datacontenttype\":\"application/json\","
			     "\"time\":\"2026-01-31T10:00:00.000001Z\",\"subject\":\"dt0c01.ABCDEFGH\","
			     "\"data\":%s}",
			     line) > 0);
	assert_body(&receiver_webhook, expected);
	free(expected);
}

static void test_otlp(void **state)
{
	(void)state;
	assert_body(
		&receiver_otlp,
		"{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"
		"\"stringValue\":"
		"\"spillwatch\"}},{\"key\":\"host.name\",\"value\":{\"stringValue\":\"node\"}}]},"
		"\"scopeLogs\":[{\"scope\":"
		"{\"name\":\"spillwatch\",\"version\":\"" SPILLWATCH_VERSION "\"},\"logRecords\":[{"
		"\"timeUnixNano\":\"1769853600000001000\",\"observedTimeUnixNano\":\"1769853600000001000\","
		"\"severityNumber\":17,\"severityText\":\"high\",\"body\":{\"stringValue\":\"it "
		"wrote\"},\"attributes\":["
		"{\"key\":\"event.id\",\"value\":{\"stringValue\":\"0123456789abcdef-1\"}},"
		"{\"key\":\"event.kind\",\"value\":{\"stringValue\":\"alert\"}},"
		"{\"key\":\"event.action\",\"value\":{\"stringValue\":\"token-written\"}},"
		"{\"key\":\"event.category\",\"value\":{\"stringValue\":\"[\\\"file\\\"]\"}},"
		"{\"key\":\"event.sequence\",\"value\":{\"intValue\":\"1\"}},"
		"{\"key\":\"event.severity\",\"value\":{\"intValue\":\"73\"}},"
		"{\"key\":\"rule.name\",\"value\":{\"stringValue\":\"mine\"}},"
		"{\"key\":\"token.identifier\",\"value\":{\"stringValue\":\"dt0c01.ABCDEFGH\"}},"
		"{\"key\":\"token.placeholder\",\"value\":{\"boolValue\":false}},"
		"{\"key\":\"file.path\",\"value\":{\"stringValue\":\"/a \xc3\xa4\"}},"
		"{\"key\":\"process.name\",\"value\":{\"stringValue\":\"sh\"}},"
		"{\"key\":\"process.pid\",\"value\":{\"intValue\":\"7\"}}]}]}]}]}");
}

static void test_loki(void **state)
{
	struct batch batch;
	json_t *expected = json_pack("{s:[{s:{s:s, s:s, s:s, s:s}, s:[[s, s]]}]}", "streams", "stream", "job",
				     "spillwatch", "host", "node", "level", "high", "action", "token-written",
				     "values", "1769853600000001000", line);
	char *text = json_dumps(expected, 0);

	(void)state;
	assert_body(&receiver_loki, text);
	free(text);
	json_decref(expected);
	/* two lines of one time are two */
	batch_make(&batch);
	text = body_of(&receiver_loki, &batch, 2);
	assert_non_null(strstr(text, "abcdef-1"));
	assert_non_null(strstr(text, "abcdef-2"));
	free(text);
	batch_free(&batch);
}

static void test_elasticsearch(void **state)
{
	struct batch batch;
	char *body, *expected;

	(void)state;
	batch_make(&batch);
	body = body_of(&receiver_elasticsearch, &batch, 2);
	assert_true(asprintf(&expected,
			     "{\"create\":{\"_index\":\"an-index\",\"_id\":\"0123456789abcdef-1\"}}\n%s\n"
			     "{\"create\":{\"_index\":\"an-index\",\"_id\":\"0123456789abcdef-2\"}}\n%s\n",
			     batch.events[0].line, batch.events[1].line) > 0);
	assert_string_equal(body, expected);
	free(body);
	free(expected);
	batch_free(&batch);
}

#define DYNATRACE_FIELDS                                                                                   \
	"\"event.id\":\"0123456789abcdef-1\",\"event.action\":\"token-written\",\"event.category\":\"["    \
	"\\\"file\\\"]\","                                                                                 \
	"\"event.sequence\":1,\"event.severity\":73,\"rule.name\":\"mine\",\"token.identifier\":\"dt0c01." \
	"ABCDEFGH\","                                                                                      \
	"\"token.placeholder\":false,\"file.path\":\"/a "                                                  \
	"\xc3\xa4\",\"host.name\":\"node\",\"process.name\":\"sh\","                                       \
	"\"process.pid\":7,\"timestamp\":\"2026-01-31T10:00:00.000001Z\""

static void test_dynatrace(void **state)
{
	(void)state;
	assert_body(&receiver_dynatrace,
		    "[{" DYNATRACE_FIELDS ",\"event.kind\":\"alert\",\"content\":\"it wrote\","
		    "\"severity\":\"ERROR\",\"log.source\":\"spillwatch\"}]");
	assert_body(
		&receiver_dynatrace_security,
		"[{" DYNATRACE_FIELDS
		",\"event.kind\":\"SECURITY_EVENT\",\"event.type\":\"DETECTION_FINDING\","
		"\"event.name\":\"Detection finding event\",\"event.provider\":\"spillwatch\","
		"\"product.name\":\"spillwatch\",\"product.vendor\":\"spillwatch\",\"finding.severity\":"
		"\"high\","
		"\"dt.security.risk.level\":\"HIGH\",\"dt.security.risk.score\":8.5,"
		"\"finding.id\":\"0123456789abcdef-1\",\"finding.title\":\"it wrote\","
		"\"finding.time.created\":\"2026-01-31T10:00:00.000001Z\",\"finding.type\":\"token-written\","
		"\"object.id\":\"/a \xc3\xa4\",\"object.name\":\"/a \xc3\xa4\",\"object.type\":\"FILE\"}]");
}

/* endsAt is an hour after now, so it is looked at by itself. */
static void test_alertmanager(void **state)
{
	struct batch batch;
	char *body;
	json_t *got, *alert, *want;
	const char *ends;

	(void)state;
	batch_make(&batch);
	body = body_of(&receiver_alertmanager, &batch, 2);
	got = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_array_size(got), 2);
	alert = json_array_get(got, 0);
	ends = json_string_value(json_object_get(alert, "endsAt"));
	assert_non_null(ends);
	assert_true(strcmp(ends, "2026-01-31T10:00:00") > 0 &&
		    strlen(ends) == strlen("2026-01-31T10:00:00Z"));
	json_object_del(alert, "endsAt");
	want = json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s}, s:s}", "labels", "alertname",
			 "SpillwatchTokenWritten", "severity", "high", "node", "node", "token",
			 "dt0c01.ABCDEFGH", "process", "sh", "rule", "mine", "annotations", "summary",
			 "it wrote", "event_id", "0123456789abcdef-1", "file", "/a \xc3\xa4", "startsAt",
			 "2026-01-31T10:00:00.000001Z");
	if (!json_equal(alert, want))
		fail_msg("%s", body);
	json_decref(want);
	json_decref(got);
	free(body);
	batch_free(&batch);
}

/* The verdicts of two alerts after an answer. */
static void assert_judged(const struct receiver_kind *kind, long status, const char *body, enum verdict first,
			  enum verdict second, bool refused)
{
	struct attempt attempt = {0};
	struct batch batch;

	batch_make(&batch);
	kind->judge(batch.refs, 2, status, body, &attempt);
	assert_int_equal(batch.events[0].verdict, first);
	assert_int_equal(batch.events[1].verdict, second);
	assert_int_equal(attempt.refused, refused);
	/* what is not delivered has a reason */
	if (first == VERDICT_RETRY || second == VERDICT_RETRY)
		assert_true(*attempt.problem);
	batch_free(&batch);
}

static void test_judge_otlp(void **state)
{
	const struct receiver_kind *kind = &receiver_otlp;

	(void)state;
	assert_judged(kind, 200, "", VERDICT_DELIVERED, VERDICT_DELIVERED, false);
	assert_judged(kind, 200, "{}", VERDICT_DELIVERED, VERDICT_DELIVERED, false);
	assert_judged(kind, 200, "{\"partialSuccess\":{}}", VERDICT_DELIVERED, VERDICT_DELIVERED, false);
	assert_judged(kind, 200, "{\"partialSuccess\":{\"errorMessage\":\"a warning\"}}", VERDICT_DELIVERED,
		      VERDICT_DELIVERED, false);
	assert_judged(kind, 200, "{\"partialSuccess\":{\"rejectedLogRecords\":\"1\"}}", VERDICT_REJECTED,
		      VERDICT_DELIVERED, false);
	assert_judged(kind, 200, "{\"partialSuccess\":{\"rejectedLogRecords\":1}}", VERDICT_REJECTED,
		      VERDICT_DELIVERED, false);
	assert_judged(kind, 200, "{\"partialSuccess\":{\"rejectedLogRecords\":\"99999999999999999999\"}}",
		      VERDICT_REJECTED, VERDICT_REJECTED, false);
	assert_judged(kind, 200, "{\"partialSuccess\":{\"rejectedLogRecords\":-5}}", VERDICT_DELIVERED,
		      VERDICT_DELIVERED, false);
	/* a success that is told in other words: sent again, it would come twice */
	assert_judged(kind, 200, "<html>", VERDICT_DELIVERED, VERDICT_DELIVERED, false);
	assert_judged(kind, 200, "[]", VERDICT_DELIVERED, VERDICT_DELIVERED, false);
}

static void test_judge_elasticsearch(void **state)
{
	const struct receiver_kind *kind = &receiver_elasticsearch;

	(void)state;
	assert_judged(
		kind, 200,
		"{\"errors\":false,\"items\":[{\"create\":{\"status\":201}},{\"create\":{\"status\":201}}]}",
		VERDICT_DELIVERED, VERDICT_DELIVERED, false);
	assert_judged(
		kind, 200,
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":409}},{\"create\":{\"status\":429}}]}",
		VERDICT_DELIVERED, VERDICT_RETRY, false);
	assert_judged(
		kind, 200,
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":400}},{\"create\":{\"status\":503}}]}",
		VERDICT_REJECTED, VERDICT_RETRY, false);
	assert_judged(
		kind, 200,
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":403}},{\"index\":{\"status\":201}}]}",
		VERDICT_RETRY, VERDICT_RETRY, false);
	assert_judged(kind, 200, "{\"items\":[{\"create\":{\"status\":201}}]}", VERDICT_RETRY, VERDICT_RETRY,
		      false);
	assert_judged(kind, 200, "", VERDICT_RETRY, VERDICT_RETRY, false);
	assert_judged(kind, 200, "{\"items\":{}}", VERDICT_RETRY, VERDICT_RETRY, false);
}

static void test_judge_dynatrace(void **state)
{
	(void)state;
	assert_judged(&receiver_dynatrace, 204, "", VERDICT_DELIVERED, VERDICT_DELIVERED, false);
	assert_judged(&receiver_dynatrace, 200, "{}", VERDICT_RETRY, VERDICT_RETRY, true);
}

static void test_parse(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"[]",
		"{}",
		"{\"event\":{}}",
		"{\"event\":{\"id\":1}}",
		"{\"event\":{\"id\":\"\"}}",
		"{\"event\":{\"id\":\"a\\nb\"}}",
		"{\"event\":{\"id\":\"ABC\"}}",
		"{\"event\":{\"id\":\"0123456789abcdef0123456789abcdef0123456789\"}}"};
	char id[EVENT_ID_BYTES];
	json_t *alert;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(event_parse(bad[i], strlen(bad[i]), &alert, id), -EBADMSG);
	assert_int_equal(event_parse(line, sizeof(line) - 1, &alert, id), 0);
	assert_string_equal(id, "0123456789abcdef-1");
	assert_int_equal(event_time(alert), 1769853600000001000LL);
	assert_string_equal(event_text(alert, "message"), "it wrote");
	json_decref(alert);
}

/* For which a container's line has no room. */
static void test_sentence(void **state)
{
	static const char brief[] = "{\"event\":{\"id\":\"1-1\"},\"message\":\"sh wrote API "
				    "token\",\"process\":{\"name\":\"sh\"},\"token\":"
				    "{\"identifier\":\"dt0c01.ABCDEFGH\",\"type\":\"API "
				    "token\"},\"file\":{\"path\":\"/x\"},\"container\":"
				    "{\"id\":\"0123456789abcdef\",\"name\":\"web\"}}";
	char id[EVENT_ID_BYTES];
	json_t *alert;

	(void)state;
	assert_int_equal(event_parse(brief, sizeof(brief) - 1, &alert, id), 0);
	assert_string_equal(event_text(alert, "message"),
			    "sh in container web wrote API token dt0c01.ABCDEFGH to /x");
	json_decref(alert);
}

/* Long names stay apart and whole, also where a byte of a letter would be the last one; what lies too deep is a text. */
static void test_long_names(void **state)
{
	json_t *alert = json_object(), *below = json_object(), *flat = json_object();
	char name[2048] = "";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(name, i ? "\xc3\xa4" : "n");
	json_object_set_new(alert, name, below);
	json_object_set_new(below, "one", json_integer(1));
	json_object_set_new(below, "two", json_integer(2));
	assert_int_equal(body_flatten(alert, flat), 0);
	assert_int_equal(json_object_size(flat), 2);
	strcat(name, ".two");
	assert_int_equal(json_integer_value(json_object_get(flat, name)), 2);
	json_object_clear(flat);
	memset(name, 'a', 1500);
	name[1500] = '\0';
	json_object_clear(alert);
	json_object_set_new(alert, name, json_pack("{s:{s:i}}", "b", "c", 1));
	assert_int_equal(body_flatten(alert, flat), 0);
	assert_string_equal(json_string_value(json_object_get(flat, name)), "{\"b\":{\"c\":1}}");
	json_decref(alert);
	json_decref(flat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentence),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_webhook),
		cmocka_unit_test(test_alertmanager),
		cmocka_unit_test(test_otlp),
		cmocka_unit_test(test_loki),
		cmocka_unit_test(test_elasticsearch),
		cmocka_unit_test(test_dynatrace),
		cmocka_unit_test(test_judge_otlp),
		cmocka_unit_test(test_judge_elasticsearch),
		cmocka_unit_test(test_judge_dynatrace),
	};

	return UNIT_RUN(tests);
}
