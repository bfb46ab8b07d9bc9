// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Messages, byte for byte and by their bound; and servers that come late, go, or are never there: what waits is not lost, and an end
 * is an end.
 */
#include "unit.h"

#include "lib/monotonic.h"
#include "output/bus.h"
#include "output/syslog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ms; nothing here takes long, unless the machine does */
#define LONG 60000

/* The fields are not const, these texts are. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static struct alert make_alert(void)
{
	return (struct alert){
		.time = {1700000000, 1234000},
		.series = 1,
		.number = 2,
		.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGH", .type = "API token"},
		.process = {.pid = 42, .uid = 1000, .name = TEXT("sh"), .thread_name = TEXT("sh")},
		.file = {.path = TEXT("/x\"]\\"), .type = "regular", .fs_type = TEXT("ext4")},
		.write = {.syscall = "write", .seen_by = "buffer"},
		.host_name = "no de\xc3\xa9",
	};
}

static void check(const struct alert *alert, const struct loss *loss, bool text, const char *expected)
{
	char *message, *shown;
	size_t len;

	assert_int_equal(syslog_message(3, alert, loss, text, &message, &len), 0);
	shown = strndup(message, len);
	if (strncmp(shown, expected, strlen(expected)) != 0)
		fail_msg("%s instead of %s", shown, expected);
	free(shown);
	free(message);
}

static void test_message(void **state)
{
	const struct loss_kind kind = {.name = "x", .text = "samples", .count = 5, .total = 9};
	const struct loss loss = {.time = {1700000000, 0}, .kinds = &kind, .kind_count = 1};
	struct alert alert = make_alert();
	char expected[1024];

	(void)state;
	snprintf(
		expected, sizeof(expected),
		"<27>1 2023-11-14T22:13:20.001234Z no_de__ spillwatch %d token-written [spillwatch@32473 "
		"event.id=\"0000000000000001-2\" event.action=\"token-written\" event.severity=\"73\" "
		"rule.name=\"token-written-to-file\" token.identifier=\"dt0c01.ABCDEFGH\" "
		"token.prefix=\"dt0c01\" token.type=\"API token\" process.pid=\"42\" process.name=\"sh\" "
		"user.id=\"1000\" write.syscall=\"write\" file.path=\"/x\\\"\\]\\\\\"] sh (pid 42, uid 1000) "
		"wrote API token dt0c01.ABCDEFGH to /x\"]\\",
		getpid());
	check(&alert, NULL, true, expected);
	alert.ruling.severity = 99;
	check(&alert, NULL, true, "<26>1 ");
	alert.ruling.severity = 47;
	check(&alert, NULL, true, "<28>1 ");
	alert.ruling.severity = 21;
	check(&alert, NULL, true, "<29>1 ");
	snprintf(expected, sizeof(expected),
		 "<28>1 2023-11-14T22:13:20.000000Z - spillwatch %d samples-lost [spillwatch@32473 "
		 "event.id=\"0000000000000000-0\" event.action=\"samples-lost\" event.severity=\"47\"] lost "
		 "just "
		 "now: 5 samples",
		 getpid());
	check(NULL, &loss, true, expected);
	assert_int_equal(syslog_facility("local7"), 23);
	assert_int_equal(syslog_facility("kern"), -1);
}

/* However long everything is, the message is whole: its data end, and what it says is JSON or a sentence. */
static void test_bound(void **state)
{
	static const char *const parts[] = {"/", "x", "\"", "]", "\\", "\xc3\xa9", "\\x01", "\u202e"};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		for (size_t size = 100; size < 20000; size *= 3) {
			struct alert alert = make_alert();
			char *text = calloc(1, size + 8), *message;
			size_t len;

			while (strlen(text) < size)
				strcat(text, parts[i]);
			alert.file.path = alert.file.host_path = alert.process.executable = text;
			alert.process.command_line = alert.process.script = alert.container.id = text;
			alert.container.name = alert.container.pod = alert.container.pod_namespace = text;
			alert.container.image = alert.container.pod_uid = text;
			alert.host_name = text;
			for (int words = 0; words < 2; words++) {
				char *end, *shown;

				assert_int_equal(syslog_message(3, &alert, NULL, words, &message, &len), 0);
				assert_true(len <= SYSLOG_BYTES);
				shown = strndup(message, len);
				end = strstr(shown, "\"] ");
				assert_non_null(end);
				if (end[3] == '{') {
					json_t *json = json_loads(end + 3, 0, NULL);

					assert_non_null(json);
					json_decref(json);
				} else
					assert_non_null(strstr(end, "wrote API token"));
				free(shown);
				free(message);
			}
			free(text);
		}
}

static void test_target(void **state)
{
	static const char *const good[] = {"/dev/log", "udp://192.0.2.1:514", "tcp://[2001:db8::1]:601",
					   "tcp://127.0.0.1:65535"};
	static const char *const bad[] = {"",
					  "log",
					  "udp://",
					  "udp://localhost:514",
					  "udp://192.0.2.1",
					  "udp://192.0.2.1:",
					  "udp://192.0.2.1:0",
					  "udp://192.0.2.1:65536",
					  "udp://192.0.2.1:syslog",
					  "udp://:514",
					  "tcp://2001:db8::1:601",
					  "tcp://[2001:db8::1]601",
					  "tcp://[::1",
					  "http://192.0.2.1:1"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(syslog_is_target(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(syslog_is_target(bad[i]));
}

static void emit(struct bus *bus, uint64_t from, uint64_t to)
{
	for (; from <= to; from++) {
		struct alert alert = make_alert();

		alert.number = from;
		bus_emit(bus, &alert);
	}
	bus_flush(bus);
}

static struct bus *open_bus(const char *target)
{
	const struct output_spec spec = {
		.what = OUTPUT_SYSLOG, .target = target, .text = true, .facility = 3};
	struct bus *bus;

	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add(bus, &spec), 0);
	assert_int_equal(bus_begin(bus), 0);
	return bus;
}

static struct bus_loss loss_of(struct bus *bus)
{
	struct bus_loss losses[BUS_LOSSES];

	assert_int_equal(bus_losses(bus, losses), 2);
	return losses[1];
}

static void check_number(const char *message, uint64_t number)
{
	char id[64];

	snprintf(id, sizeof(id), "event.id=\"0000000000000001-%lx\"", (unsigned long)number);
	if (!strstr(message, id))
		fail_msg("no %s in %s", id, message);
}

/* The server comes when alerts wait already, and is another one later. */
static void test_unix(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char message[SYSLOG_BYTES + 1];
	struct bus *bus;
	int server;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/log", dir);
	bus = open_bus(address.sun_path);
	for (int round = 0; round < 2; round++) {
		emit(bus, 1, 3);
		server = socket(AF_UNIX, SOCK_DGRAM, 0);
		assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
		for (uint64_t i = 1; i <= 3; i++) {
			ssize_t len = recv(server, message, sizeof(message) - 1, 0);

			assert_true(len > 0);
			message[len] = '\0';
			check_number(message, i);
		}
		bus_settle(bus, LONG);
		close(server);
		unlink(address.sun_path);
	}
	assert_int_equal(loss_of(bus).alerts, 0);
	bus_close(bus);
	rmdir(dir);
}

static int listen_at(int type, char target[64])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	snprintf(target, 64, "%s://127.0.0.1:%d", type == SOCK_STREAM ? "tcp" : "udp",
		 ntohs(address.sin_port));
	return fd;
}

static void test_udp(void **state)
{
	char target[64], message[SYSLOG_BYTES + 1];
	int server = listen_at(SOCK_DGRAM, target);
	struct bus *bus = open_bus(target);
	ssize_t len;

	(void)state;
	emit(bus, 1, 2);
	for (uint64_t i = 1; i <= 2; i++) {
		len = recv(server, message, sizeof(message) - 1, 0);
		assert_true(len > 0);
		message[len] = '\0';
		check_number(message, i);
	}
	bus_settle(bus, LONG);
	assert_int_equal(loss_of(bus).alerts, 0);
	bus_close(bus);
	close(server);
}

/* One message, by its length. */
static void take(int fd, uint64_t number)
{
	char message[SYSLOG_BYTES + 1], byte = '0';
	size_t len = 0;

	for (; byte != ' '; len = byte == ' ' ? len : len * 10 + (size_t)(byte - '0'))
		assert_int_equal(recv(fd, &byte, 1, 0), 1);
	assert_true(len && len <= SYSLOG_BYTES);
	assert_int_equal(recv(fd, message, len, MSG_WAITALL), len);
	message[len] = '\0';
	check_number(message, number);
}

/* A server that closes a connection between two messages costs none. */
static void test_tcp(void **state)
{
	char target[64];
	int server = listen_at(SOCK_STREAM, target), fd;
	struct bus *bus = open_bus(target);

	(void)state;
	emit(bus, 1, 100);
	fd = accept(server, NULL, NULL);
	assert_true(fd >= 0);
	for (uint64_t i = 1; i <= 100; i++)
		take(fd, i);
	bus_settle(bus, LONG);
	close(fd);
	emit(bus, 101, 102);
	fd = accept(server, NULL, NULL);
	assert_true(fd >= 0);
	take(fd, 101);
	take(fd, 102);
	bus_settle(bus, LONG);
	assert_int_equal(loss_of(bus).alerts, 0);
	bus_close(bus);
	close(fd);
	close(server);
}

/* Nobody is there: it waits, says why, and at the end they are lost. */
static void test_nobody(void **state)
{
	struct bus *bus = open_bus("/nowhere/log");

	(void)state;
	emit(bus, 1, 3);
	for (int i = 0; !loss_of(bus).stuck && i < LONG / 10; i++)
		usleep(10000);
	assert_int_equal(loss_of(bus).stuck, 3);
	assert_string_equal(loss_of(bus).trouble, strerror(ENOENT));
	assert_int_equal(loss_of(bus).alerts, 0);
	bus_settle(bus, 0);
	assert_int_equal(loss_of(bus).alerts, 3);
	assert_string_equal(loss_of(bus).reason, strerror(ENOENT));
	/* the thread comes to its end by itself */
	usleep(300000);
	bus_close(bus);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message), cmocka_unit_test(test_bound), cmocka_unit_test(test_target),
		cmocka_unit_test(test_unix),    cmocka_unit_test(test_udp),   cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_nobody),
	};

	return UNIT_RUN(tests);
}
