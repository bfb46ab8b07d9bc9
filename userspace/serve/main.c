// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * spillwatch-metrics: daemon → board → this process → whoever asks, over HTTP. An executable of its own, so that the daemon links no
 * HTTP server, takes no connection and parses no request. `spillwatch run --metrics` starts it (status/server.h), with what it needs open.
 *
 * By libmicrohttpd, without threads: connections are few and answers short. Bounds: SERVER_CONNECTIONS at a time, SERVER_SECONDS for each
 * from its beginning, however it goes on, SERVER_MEMORY bytes of a request. Of more than SERVER_CROWD the oldest is ended, so who holds
 * many open keeps nobody from an answer.
 */
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/monotonic.h"
#include "serve/confine.h"
#include "status/metrics.h"
#include "status/server.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_CONNECTIONS 48
#define SERVER_CROWD 32
#define SERVER_SECONDS 5
#define SERVER_MEMORY 8192

/* Those that are open; begun of 0: none. */
struct server_peer {
	int fd;
	int64_t begun; /* ms, CLOCK_MONOTONIC */
};

static struct server_peer server_peers[SERVER_CONNECTIONS];

/* Who is ended reads the end of it, and so does the library, which closes it then. */
static void server_end(struct server_peer *peer)
{
	shutdown(peer->fd, SHUT_RDWR);
	peer->begun = INT64_MAX;
}

/* Ends those whose time is over, and the oldest one of a crowd. */
static void server_bound(int64_t now)
{
	struct server_peer *oldest = NULL;
	size_t open = 0;

	for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
		struct server_peer *peer = &server_peers[i];

		if (!peer->begun || peer->begun == INT64_MAX)
			continue;
		if (now - peer->begun >= SERVER_SECONDS * INT64_C(1000)) {
			server_end(peer);
			continue;
		}
		open++;
		if (!oldest || peer->begun < oldest->begun)
			oldest = peer;
	}
	if (open > SERVER_CROWD)
		server_end(oldest);
}

/* A connection begins or has ended. */
static void server_peer(void *context, struct MHD_Connection *connection, void **socket_context,
			enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;
	struct server_peer *peer = *socket_context;

	(void)context;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (peer)
			*peer = (struct server_peer){0};
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (size_t i = 0; info && i < SERVER_CONNECTIONS; i++)
		if (!server_peers[i].begun) {
			server_peers[i] = (struct server_peer){info->connect_fd, monotonic_ms()};
			*socket_context = &server_peers[i];
			break;
		}
	server_bound(monotonic_ms());
}

/* The status as it is now, NULL if there is none. */
static json_t *server_status(const struct board *board)
{
	AUTO_FREE char *text = NULL;

	return board_read(board, &text) == 0 ? json_loads(text, 0, NULL) : NULL;
}

static enum MHD_Result server_send(struct MHD_Connection *connection, unsigned int code, const char *type,
				   const char *text)
{
	char *copy = strdup(text);
	struct MHD_Response *response =
		copy ? MHD_create_response_from_buffer(strlen(copy), copy, MHD_RESPMEM_MUST_FREE) : NULL;
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	r = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return r;
}

/* In the form that is asked for; who does not ask for OpenMetrics gets what was before it. */
static enum MHD_Result server_metrics(struct MHD_Connection *connection, const json_t *status)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	bool open = accept && strstr(accept, "application/openmetrics-text");
	AUTO_FREE char *text = NULL;

	if (metrics_text(status, open ? METRICS_OPENMETRICS : METRICS_PROMETHEUS, &text) < 0)
		return MHD_NO;
	return server_send(connection, MHD_HTTP_OK, open ? METRICS_OPENMETRICS_TYPE : METRICS_PROMETHEUS_TYPE,
			   text);
}

static enum MHD_Result server_health(struct MHD_Connection *connection, const json_t *status, bool ready)
{
	const char *why = metrics_health(status, ready);
	char text[128];

	snprintf(text, sizeof(text), "%s\n", why ? why : "ok");
	return server_send(connection, why ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
			   "text/plain; charset=utf-8", text);
}

static enum MHD_Result server_answer(void *context, struct MHD_Connection *connection, const char *url,
				     const char *method, const char *version, const char *upload,
				     size_t *upload_size, void **state)
{
	json_t *status;
	enum MHD_Result r;

	(void)version;
	(void)upload;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		*upload_size = 0;
		return server_send(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
				   "only GET and HEAD\n");
	}
	status = server_status(context);
	if (strcmp(url, "/metrics") == 0)
		r = server_metrics(connection, status);
	else if (strcmp(url, "/healthz") == 0)
		r = server_health(connection, status, false);
	else if (strcmp(url, "/readyz") == 0)
		r = server_health(connection, status, true);
	else
		r = server_send(connection, MHD_HTTP_NOT_FOUND, "text/plain",
				"/metrics, /healthz, /readyz\n");
	json_decref(status);
	return r;
}

/* Until the daemon has gone. */
static void server_loop(struct MHD_Daemon *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd waits[] = {{.fd = info ? info->epoll_fd : -1, .events = POLLIN},
				 {.fd = SERVER_LIFE_FD}};

	while (waits[0].fd >= 0 && !waits[1].revents) {
		MHD_UNSIGNED_LONG_LONG left;
		int ms = -1;

		if (MHD_get_timeout(server, &left) == MHD_YES)
			ms = left < SERVER_SECONDS * 1000ULL ? (int)left : SERVER_SECONDS * 1000;
		if (poll(waits, sizeof(waits) / sizeof(*waits), ms) < 0 && errno != EINTR)
			return;
		server_bound(monotonic_ms());
		if (MHD_run(server) != MHD_YES)
			return;
	}
}

int main(void)
{
	struct MHD_Daemon *server;
	void *board = mmap(NULL, sizeof(struct board), PROT_READ, MAP_SHARED, SERVER_BOARD_FD, 0);

	if (board == MAP_FAILED) {
		fputs("spillwatch-metrics is started by 'spillwatch run --metrics ADDRESS'\n", stderr);
		return EXIT_CODE_USAGE;
	}
	if (confine() < 0)
		return EXIT_CODE_RUNTIME;
	server = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, server_answer, board,
				  MHD_OPTION_LISTEN_SOCKET, SERVER_LISTEN_FD, MHD_OPTION_CONNECTION_LIMIT,
				  (unsigned int)SERVER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
				  (unsigned int)SERVER_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				  (size_t)SERVER_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, server_peer, NULL,
				  MHD_OPTION_END);
	if (server)
		server_loop(server);
	return EXIT_CODE_RUNTIME;
}
