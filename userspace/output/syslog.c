// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus → queue → output → a syslog server, or the journal.
 *
 * Invariant: as long as nobody is there, nothing is lost but what the queue has no room for: a write waits, and tries again.
 *
 * Limits: by UDP nobody knows what arrives. By TCP, what the kernel had taken when a connection breaks is lost unseen; a server that
 * has closed it is noticed before anything is written.
 */
#include "output/syslog.h"

#include "lib/cleanup.h"
#include "output/journald.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ms between two looks at whether to go on, and until it is tried again. */
#define SYSLOG_LOOK_MS 100
#define SYSLOG_AGAIN_MS 500
/* ms for a connection, and for what was sent to be acknowledged. */
#define SYSLOG_CONNECT_MS 5000
#define SYSLOG_ACKNOWLEDGED_MS 30000

struct output_syslog {
	struct output output;
	int facility;
	struct sockaddr_storage address;
	socklen_t address_len;
	int type; /* SOCK_… */
	int fd; /* -1: not connected */
	bool given_up; /* by __atomic_… */
};

static struct output_syslog *syslog_of(struct output *output)
{
	return (struct output_syslog *)(void *)output;
}

static int syslog_unix(const char *path, struct output_syslog *to)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	memcpy(&to->address, &address, sizeof(address));
	to->address_len = sizeof(address);
	to->type = SOCK_DGRAM;
	return 0;
}

/* "192.0.2.1:514", "[2001:db8::1]:514". Numbers only: nobody is asked. */
static int syslog_inet(const char *text, struct output_syslog *to)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = to->type,
	};
	bool brackets = *text == '[';
	const char *end = brackets ? strchr(text, ']') : strchr(text, ':');
	const char *port = end ? end + brackets : NULL;
	AUTO_FREE char *host = NULL;
	struct addrinfo *found;
	unsigned long number;

	if (!port || *port != ':' || !port[1] || strspn(port + 1, "0123456789") != strlen(port + 1))
		return -EINVAL;
	number = strtoul(port + 1, NULL, 10);
	if (!number || number > UINT16_MAX)
		return -EINVAL;
	host = strndup(text + brackets, (size_t)(end - text) - brackets);
	if (!host)
		return -ENOMEM;
	if (!*host || getaddrinfo(host, port + 1, &hints, &found) != 0)
		return -EINVAL;
	memcpy(&to->address, found->ai_addr, found->ai_addrlen);
	to->address_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int syslog_target(const char *target, struct output_syslog *to)
{
	if (*target == '/')
		return syslog_unix(target, to);
	to->type = strncmp(target, "udp://", 6) == 0   ? SOCK_DGRAM
		   : strncmp(target, "tcp://", 6) == 0 ? SOCK_STREAM
						       : 0;
	return to->type ? syslog_inet(target + 6, to) : -EINVAL;
}

bool syslog_is_target(const char *target)
{
	struct output_syslog to = {0};

	return syslog_target(target, &to) == 0;
}

/* By TCP, its length comes before it. */
static int syslog_form(const struct output *output, const struct alert *alert, const struct loss *loss,
		       bool text, char **ret_message, size_t *ret_len)
{
	const struct output_syslog *of = (const void *)output;
	AUTO_FREE char *message = NULL;
	char count[24], *counted;
	size_t len, head;
	int r = syslog_message(of->facility, alert, loss, text, &message, &len);

	if (r < 0)
		return r;
	if (of->type != SOCK_STREAM) {
		*ret_message = TAKE(message);
		*ret_len = len;
		return 0;
	}
	head = (size_t)snprintf(count, sizeof(count), "%zu ", len);
	counted = malloc(head + len);
	if (!counted)
		return -ENOMEM;
	memcpy(counted, count, head);
	memcpy(counted + head, message, len);
	*ret_message = counted;
	*ret_len = head + len;
	return 0;
}

static int syslog_form_journald(const struct output *output, const struct alert *alert,
				const struct loss *loss, bool text, char **ret_message, size_t *ret_len)
{
	(void)output;
	return journald_message(alert, loss, text, ret_message, ret_len);
}

static void syslog_disconnect(struct output_syslog *to)
{
	if (to->fd >= 0)
		close(to->fd);
	to->fd = -1;
}

static bool syslog_given_up(const struct output_syslog *to)
{
	return __atomic_load_n(&to->given_up, __ATOMIC_ACQUIRE);
}

/* Waits until something can be written, for so long. Returns 0, -ETIMEDOUT, or -ECANCELED: nobody waits any more. */
static int syslog_wait(const struct output_syslog *to, int ms)
{
	struct pollfd room = {.fd = to->fd, .events = POLLOUT};

	for (; ms > 0; ms -= SYSLOG_LOOK_MS) {
		if (syslog_given_up(to))
			return -ECANCELED;
		if (poll(&room, 1, SYSLOG_LOOK_MS) > 0)
			return 0;
	}
	return -ETIMEDOUT;
}

/* What TCP does about a server that is not there any more: by itself it would take a quarter of an hour. */
static void syslog_impatient(const struct output_syslog *to)
{
	const int on = 1, ms = SYSLOG_ACKNOWLEDGED_MS;

	/* without it a dead server is noticed later */
	if (setsockopt(to->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) < 0 ||
	    setsockopt(to->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)) < 0)
		return;
}

/* Returns 0 or a negative errno. */
static int syslog_connect(struct output_syslog *to)
{
	int error = 0, r;
	socklen_t len = sizeof(error);

	to->fd = socket(to->address.ss_family, to->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (to->fd < 0)
		return -errno;
	if (to->type == SOCK_STREAM)
		syslog_impatient(to);
	r = connect(to->fd, (const struct sockaddr *)&to->address, to->address_len) < 0 ? -errno : 0;
	if (r == -EINPROGRESS) {
		r = syslog_wait(to, SYSLOG_CONNECT_MS);
		if (r == 0 && getsockopt(to->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
			r = -errno;
		r = r < 0 ? r : -error;
	}
	if (r < 0)
		syslog_disconnect(to);
	return r;
}

/* Has the server closed it? It never says anything. */
static bool syslog_is_over(const struct output_syslog *to)
{
	struct pollfd end = {.fd = to->fd, .events = POLLRDHUP};

	return to->type == SOCK_STREAM && poll(&end, 1, 0) > 0;
}

static int syslog_send(const struct output_syslog *to, const char *message, size_t len)
{
	while (len) {
		ssize_t sent = write(to->fd, message, len);
		int r = 0;

		if (sent < 0 && errno == EAGAIN)
			r = syslog_wait(to, SYSLOG_ACKNOWLEDGED_MS);
		else if (sent < 0 && errno != EINTR)
			r = -errno;
		if (r < 0)
			return r;
		message += sent > 0 ? sent : 0;
		len -= sent > 0 ? (size_t)sent : 0;
	}
	return 0;
}

static int syslog_try(struct output_syslog *to, const char *message, size_t len)
{
	int r = 0;

	if (to->fd >= 0 && syslog_is_over(to))
		syslog_disconnect(to);
	if (to->fd < 0)
		r = syslog_connect(to);
	if (r == 0)
		r = syslog_send(to, message, len);
	if (r < 0)
		syslog_disconnect(to);
	return r;
}

static int syslog_write(struct output *output, const char *message, size_t len, bool alert)
{
	struct output_syslog *to = syslog_of(output);
	int r;

	(void)alert;
	for (;;) {
		r = syslog_try(to, message, len);
		__atomic_store_n(&output->trouble, r, __ATOMIC_RELAXED);
		/* what is too long stays so */
		if (r == 0 || r == -EMSGSIZE)
			return r;
		for (int ms = 0; ms < SYSLOG_AGAIN_MS; ms += SYSLOG_LOOK_MS) {
			if (syslog_given_up(to))
				return r;
			poll(NULL, 0, SYSLOG_LOOK_MS);
		}
	}
}

static uint64_t syslog_give_up(struct output *output)
{
	__atomic_store_n(&syslog_of(output)->given_up, true, __ATOMIC_RELEASE);
	return 0;
}

/* Who hands over makes the message as well. */
static void syslog_adjust(struct output *output, const struct output_spec *spec)
{
	syslog_of(output)->facility = spec->facility;
}

static void syslog_close(struct output *output)
{
	syslog_disconnect(syslog_of(output));
	free(output);
}

static const struct output_kind syslog_kind = {
	.form = syslog_form,
	.write = syslog_write,
	.give_up = syslog_give_up,
	.adjust = syslog_adjust,
	.close = syslog_close,
};

static const struct output_kind journald_kind = {
	.form = syslog_form_journald,
	.write = syslog_write,
	.give_up = syslog_give_up,
	.adjust = syslog_adjust,
	.close = syslog_close,
};

int output_syslog_open(const struct output_spec *spec, struct output **ret_output)
{
	struct output_syslog *to = calloc(1, sizeof(*to));
	int r;

	if (!to)
		return -ENOMEM;
	to->output.kind = spec->what == OUTPUT_JOURNALD ? &journald_kind : &syslog_kind;
	to->facility = spec->facility;
	to->fd = -1;
	r = syslog_target(spec->target, to);
	if (r < 0) {
		free(to);
		return r;
	}
	*ret_output = &to->output;
	return 0;
}
