// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Statuses as the daemon writes them, and worse ones, as text and as health. */
#include "status/metrics.h"
#include "status/server.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With a time so many seconds ago, and a canary in that state. */
static json_t *status_of(time_t ago, const char *state, int ago_ms)
{
	time_t when = time(NULL) - ago;
	char stamp[32];
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S.000000Z", gmtime_r(&when, &tm));
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:i, s:i, s:i}, s:{s:i, s:i, s:i}, s:[{s:s, s:i}, "
			 "{s:s, s:i}, {s:s, "
			 "s:i}, {s:s, s:i}], s:{s:i}, s:[{s:s, s:i, s:i}, {s:s, s:i, s:i}, {s:s, s:i, s:i}]}",
			 "time", stamp, "version", "1.0", "kernel", "6.1 \"a\\b\nc", "attachment", "fexit",
			 "canary", "state", state, "ago_ms", ago_ms, "rounds", 7, "failed", 2, "alerts",
			 "raised", 12, "placeholders", 3, "found_late", 4, "losses", "name", "ring_full",
			 "count", 5, "name", "pages_unreadable", "count", 0, "name", "output_errors", "count",
			 4, "name", "output_errors", "count", 1, "counters", "writes_inspected", 99,
			 "outputs", "name", "standard output", "lost", 0, "waiting", 6, "name",
			 "/var/log/one/alerts.json", "lost", 4, "waiting", 0, "name", "/srv/two/alerts.json",
			 "lost", 1, "waiting", 0);
}

static void check_has(const char *text, const char *line)
{
	const char *found = strstr(text, line);

	if (!found || (found != text && found[-1] != '\n') || found[strlen(line)] != '\n')
		fail_msg("no line '%s' in:\n%s", line, text);
}

static char *text_of(json_t *status, enum metrics_form form)
{
	char *text;

	assert_int_equal(metrics_text(status, form, &text), 0);
	json_decref(status);
	return text;
}

static void test_text(void **state)
{
	char *text = text_of(status_of(1, "comes", 900), METRICS_OPENMETRICS);

	(void)state;
	check_has(text, "spillwatch_healthy 1");
	check_has(text, "# TYPE spillwatch_build info");
	check_has(text, "spillwatch_build_info{version=\"1.0\",kernel=\"6.1 "
			"\\\"a\\\\b\\nc\",attachment=\"fexit\"} 1");
	check_has(text, "# TYPE spillwatch_alerts counter");
	check_has(text, "spillwatch_alerts_total 12");
	check_has(text, "spillwatch_found_late_alerts_total 4");
	check_has(text, "spillwatch_writes_inspected_total 99");
	check_has(text, "spillwatch_lost_total{reason=\"ring_full\"} 5");
	check_has(text, "spillwatch_lost_total{reason=\"pages_unreadable\"} 0");
	assert_null(strstr(text, "output_errors"));
	check_has(text, "spillwatch_output_lost_total{output=\"alerts.json\"} 4");
	check_has(text, "spillwatch_output_lost_total{output=\"alerts.json (2)\"} 1");
	check_has(text, "spillwatch_output_waiting{output=\"standard output\"} 6");
	assert_null(strstr(text, "/var/log"));
	check_has(text, "spillwatch_canary_failures_total 2");
	assert_string_equal(text + strlen(text) - strlen("# EOF\n"), "# EOF\n");
	free(text);
}

/* The form before OpenMetrics: the type is of the whole name, and there are no infos. */
static void test_text_before(void **state)
{
	char *text = text_of(status_of(1, "comes", 900), METRICS_PROMETHEUS);

	(void)state;
	check_has(text, "# TYPE spillwatch_build_info gauge");
	check_has(text, "# TYPE spillwatch_alerts_total counter");
	check_has(text, "# TYPE spillwatch_output_waiting gauge");
	assert_null(strstr(text, "# EOF"));
	free(text);
	text = text_of(NULL, METRICS_PROMETHEUS);
	check_has(text, "spillwatch_healthy 0");
	assert_null(strstr(text, "alerts"));
	free(text);
}

static void test_health(void **state)
{
	static const struct {
		time_t ago;
		const char *state;
		int ago_ms;
		bool healthy, ready;
	} cases[] = {
		{1, "comes", 900, true, true},
		{1, "waits", 0, true, false},
		{1, "none", 0, true, false},
		{1, "fails", 900, false, false},
		{1, "comes", METRICS_CANARY_MS + 1, false, false},
		{METRICS_SILENT_SECONDS + 5, "comes", 900, false, false},
		{-30, "comes", 900, true, true}, /* a clock that was set back */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *status = status_of(cases[i].ago, cases[i].state, cases[i].ago_ms);

		assert_int_equal(metrics_health(status, false) == NULL, cases[i].healthy);
		assert_int_equal(metrics_health(status, true) == NULL, cases[i].ready);
		json_decref(status);
	}
	assert_non_null(metrics_health(NULL, false));
}

static void test_address(void **state)
{
	static const char *const wrong[] = {
		"",       "0",           "65536",    "localhost:1", "1.2.3:1",   ":",  "[::1]",
		"[::1]:", "[::1:9464",   "::1:9464", "1.2.3.4",     "9464x",     "-1", " 9464",
		"[]:1",   "[1.2.3.4]:1", "a:9464",   "[:1",         "127.0.0.1:"};
	struct sockaddr_storage address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address;
	socklen_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (server_address(wrong[i], &address, &size) == 0)
			fail_msg("'%s' was taken", wrong[i]);
	assert_int_equal(server_address("9464", &address, &size), 0);
	assert_int_equal(four->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(four->sin_port, htons(9464));
	assert_int_equal(server_address("0.0.0.0:1", &address, &size), 0);
	assert_int_equal(four->sin_addr.s_addr, htonl(INADDR_ANY));
	assert_int_equal(server_address("[::1]:65535", &address, &size), 0);
	assert_int_equal(size, sizeof(*six));
	assert_memory_equal(&six->sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback));
}

/* What was written last is read, and what is too long does not replace it. */
static void test_board(void **state)
{
	struct board *board = calloc(1, sizeof(*board));
	char *text, *longer = calloc(1, BOARD_BYTES);

	(void)state;
	assert_true(board && longer);
	assert_int_equal(board_read(board, &text), -ENOENT);
	board_say(board, "one", 3);
	board_say(board, "second", 6);
	board_say(board, longer, BOARD_BYTES);
	assert_int_equal(board_read(board, &text), 0);
	assert_string_equal(text, "second");
	free(text);
	/* who wrote was killed meanwhile, and another one writes */
	board->changes++;
	assert_int_equal(board_read(board, &text), -ENOENT);
	board_say(board, "third", 5);
	assert_int_equal(board_read(board, &text), 0);
	assert_string_equal(text, "third");
	free(text);
	/* no length is believed */
	board->len = UINT32_MAX;
	assert_int_equal(board_read(board, &text), -ENOENT);
	free(longer);
	free(board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),   cmocka_unit_test(test_text_before),
		cmocka_unit_test(test_health), cmocka_unit_test(test_address),
		cmocka_unit_test(test_board),
	};

	return UNIT_RUN(tests);
}
