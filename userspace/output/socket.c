// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus → queue → output → readers. The lines of the last moment lie in a ring that all readers share, each with a place of his own
 * in it:
 *
 *         tail                 slow           quick, head
 *     ─────┴────────────────────┴─────────────────┴──────
 *
 * A line that needs the room of the oldest one takes it, and whoever stands there has lost that one: so a reader who does not read
 * costs nobody else anything, and all of them together no more memory than one. A line that was sent in part is kept beside, so
 * what a reader gets is always whole lines.
 *
 * Invariant: each alert is sent to each reader who was connected when it came, or is counted once, however many readers lost it.
 *
 * Limit: who connects gets what comes from then on, and nothing of before.
 */
#include "output/socket.h"

#include "lib/monotonic.h"
#include "lib/thread.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections that wait to be taken. */
#define SOCKET_BACKLOG 64
/* ms after which it is tried again to take one, if there was no descriptor left. */
#define SOCKET_AGAIN_MS 1000

struct socket_reader {
	int fd;
	uint64_t at; /* of the ring, where the next line for it begins */
	char *rest; /* of a line that was sent in part; NULL: none */
	size_t rest_len, rest_sent;
	bool rest_alert;
};

/* What stands before a line in the ring. */
struct socket_head {
	uint32_t len;
	bool alert;
};

struct output_socket {
	struct output output;
	char *path;
	size_t size; /* of the ring */
	dev_t dev; /* of what was made there */
	ino_t ino;
	int listener, wake; /* wake: an eventfd(2) */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of all that follows */
	char *ring; /* NULL: there is no reader */
	uint64_t head, tail; /* bytes since the beginning */
	struct socket_reader readers[SOCKET_READERS];
	size_t count;
	int64_t moved; /* ms, CLOCK_MONOTONIC */
	bool end; /* asked for */
};

static struct output_socket *socket_of(struct output *output)
{
	return (struct output_socket *)(void *)output;
}

/* bytes to and from the ring, around its end */
static void socket_copy_in(struct output_socket *to, uint64_t at, const void *from, size_t len)
{
	size_t first = to->size - at % to->size;

	first = len < first ? len : first;
	memcpy(to->ring + at % to->size, from, first);
	memcpy(to->ring, (const char *)from + first, len - first);
}

static void socket_copy_out(const struct output_socket *from, uint64_t at, void *to, size_t len)
{
	size_t first = from->size - at % from->size;

	first = len < first ? len : first;
	memcpy(to, from->ring + at % from->size, first);
	memcpy((char *)to + first, from->ring, len - first);
}

static struct socket_head socket_head_at(const struct output_socket *of, uint64_t at)
{
	struct socket_head head;

	socket_copy_out(of, at, &head, sizeof(head));
	return head;
}

/* Locked. */
static void socket_forget(struct output_socket *of, size_t number)
{
	struct socket_reader *reader = &of->readers[number];

	close(reader->fd);
	free(reader->rest);
	*reader = of->readers[--of->count];
	if (of->count)
		return;
	free(of->ring);
	of->ring = NULL;
	of->head = of->tail = 0;
}

/* Forgets who has hung up. Only the thread may, since it knows readers by their order. Locked. */
static void socket_forget_gone(struct output_socket *of)
{
	for (size_t i = of->count; i-- > 0;) {
		struct pollfd reader = {.fd = of->readers[i].fd};

		if (poll(&reader, 1, 0) > 0)
			socket_forget(of, i);
	}
}

/*
 * Takes who wants to read. Returns 0, or a negative errno if that is to be tried later. Locked.
 * @thread: it is asked by the thread, which turns away who is too many
 */
static int socket_accept(struct output_socket *of, bool thread)
{
	/* who connects without end must not keep the lock from everybody else */
	for (int i = 0; thread ? i < SOCKET_BACKLOG : of->count < SOCKET_READERS; i++) {
		int fd = accept4(of->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno == EAGAIN)
			break;
		if (fd < 0)
			return -errno;
		if (of->count == SOCKET_READERS && i == 0)
			socket_forget_gone(of);
		if (!of->ring)
			of->ring = malloc(of->size);
		if (of->ring && of->count < SOCKET_READERS)
			of->readers[of->count++] = (struct socket_reader){.fd = fd, .at = of->head};
		else
			close(fd);
	}
	/* who is too many is looked at once a second */
	return thread && of->count == SOCKET_READERS ? -EUSERS : 0;
}

static bool socket_waits(const struct output_socket *of, const struct socket_reader *reader)
{
	return reader->rest || reader->at != of->head;
}

/* Locked. */
static bool socket_is_idle(const struct output_socket *of)
{
	for (size_t i = 0; i < of->count; i++)
		if (socket_waits(of, &of->readers[i]))
			return false;
	return true;
}

/* The oldest line makes room. Returns whether that was an alert which somebody had not been sent. Locked. */
static bool socket_drop(struct output_socket *of)
{
	struct socket_head head = socket_head_at(of, of->tail);
	uint64_t next = of->tail + sizeof(head) + head.len;
	bool missed = false;

	for (size_t i = 0; i < of->count; i++)
		if (of->readers[i].at == of->tail) {
			of->readers[i].at = next;
			missed = true;
		}
	of->tail = next;
	return missed && head.alert;
}

/* Returns how many alerts somebody lost by it, which are older ones; or a negative errno: this one. */
static int socket_write(struct output *output, const char *line, size_t len, bool alert)
{
	struct output_socket *to = socket_of(output);
	struct socket_head head = {.len = (uint32_t)len, .alert = alert};
	const uint64_t one = 1;
	int r = 0;

	pthread_mutex_lock(&to->lock);
	/* who is connected gets it, also if the thread has not seen him yet; if he can't be taken, it tries again */
	(void)socket_accept(to, false);
	if (to->count && sizeof(head) + len > to->size) {
		r = -EMSGSIZE;
	} else if (to->count) {
		if (socket_is_idle(to))
			to->moved = monotonic_ms();
		while (to->head + sizeof(head) + len - to->tail > to->size)
			r += socket_drop(to);
		socket_copy_in(to, to->head, &head, sizeof(head));
		socket_copy_in(to, to->head + sizeof(head), line, len);
		to->head += sizeof(head) + len;
	}
	pthread_mutex_unlock(&to->lock);
	if (write(to->wake, &one, sizeof(one)) < 0)
		return r;
	return r;
}

/* Sends what is left of a line. Returns 0 or a negative errno. Locked. */
static int socket_send_rest(struct socket_reader *reader)
{
	while (reader->rest_sent < reader->rest_len) {
		ssize_t sent = write(reader->fd, reader->rest + reader->rest_sent,
				     reader->rest_len - reader->rest_sent);

		if (sent < 0)
			return -errno;
		reader->rest_sent += (size_t)sent;
	}
	free(reader->rest);
	reader->rest = NULL;
	return 0;
}

/* Sends the next line. What is not taken of it is kept beside the ring. Returns 0 or a negative errno. Locked. */
static int socket_send_next(const struct output_socket *of, struct socket_reader *reader)
{
	struct socket_head head = socket_head_at(of, reader->at);
	uint64_t line = reader->at + sizeof(head);
	size_t from = line % of->size, first = of->size - from;
	struct iovec parts[2] = {{of->ring + from, head.len < first ? head.len : first}, {of->ring, 0}};
	ssize_t sent;

	parts[1].iov_len = head.len - parts[0].iov_len;
	sent = writev(reader->fd, parts, 2);
	if (sent < 0)
		return -errno;
	reader->at = line + head.len;
	if ((size_t)sent == head.len)
		return 0;
	reader->rest_len = head.len - (size_t)sent;
	reader->rest_sent = 0;
	reader->rest_alert = head.alert;
	reader->rest = malloc(reader->rest_len);
	if (!reader->rest)
		return -ENOMEM;
	socket_copy_out(of, line + (uint64_t)sent, reader->rest, reader->rest_len);
	return 0;
}

/* Sends a reader all that he takes. Returns 0, or a negative errno: he is gone. Locked. */
static int socket_send(struct output_socket *of, struct socket_reader *reader)
{
	int r = 0;

	while (r == 0 && (reader->rest || reader->at != of->head)) {
		r = reader->rest ? socket_send_rest(reader) : socket_send_next(of, reader);
		if (r == 0)
			of->moved = monotonic_ms();
	}
	return r == -EAGAIN || r == -EINTR ? 0 : r;
}

/* What is waited for. Returns how many. */
static nfds_t socket_poll(struct output_socket *of, struct pollfd *fds, bool accepts)
{
	nfds_t count;

	fds[0] = (struct pollfd){.fd = of->wake, .events = POLLIN};
	/* a negative one is not looked at */
	fds[1] = (struct pollfd){.fd = accepts ? of->listener : -1, .events = POLLIN};
	pthread_mutex_lock(&of->lock);
	/* that one is gone is told in any case; who only stops to send, which nobody asks for, goes on reading */
	for (size_t i = 0; i < of->count; i++)
		fds[2 + i] = (struct pollfd){
			.fd = of->readers[i].fd,
			.events = socket_waits(of, &of->readers[i]) ? POLLOUT : 0,
		};
	count = 2 + of->count;
	pthread_mutex_unlock(&of->lock);
	return count;
}

/* Sends, and forgets who is gone. Only the thread itself does. */
static void socket_serve(struct output_socket *of, const struct pollfd *fds, nfds_t count)
{
	pthread_mutex_lock(&of->lock);
	/* from the last on, since the last one takes the place of who is forgotten; more may have come, whose turn is the next one */
	for (size_t i = (size_t)count - 2; i-- > 0;)
		if (fds[2 + i].revents & (POLLERR | POLLHUP) || socket_send(of, &of->readers[i]) < 0)
			socket_forget(of, i);
	pthread_mutex_unlock(&of->lock);
}

static void *socket_thread(void *context)
{
	struct pollfd fds[2 + SOCKET_READERS];
	struct output_socket *of = context;
	bool accepts = true, end = false;
	uint64_t value;

	while (!end) {
		nfds_t count = socket_poll(of, fds, accepts);

		if (poll(fds, count, accepts ? -1 : SOCKET_AGAIN_MS) < 0 && errno != EINTR)
			return NULL;
		if (fds[0].revents && read(of->wake, &value, sizeof(value)) < 0 && errno != EAGAIN)
			return NULL;
		socket_serve(of, fds, count);
		pthread_mutex_lock(&of->lock);
		accepts = socket_accept(of, true) == 0;
		end = of->end;
		pthread_mutex_unlock(&of->lock);
	}
	return NULL;
}

static int socket_begin(struct output *output)
{
	struct output_socket *of = socket_of(output);
	int r = thread_start(&of->thread, socket_thread, of);

	of->started = r == 0;
	return r;
}

static bool socket_idle(struct output *output, int64_t *ret_moved)
{
	struct output_socket *of = socket_of(output);
	bool idle;

	pthread_mutex_lock(&of->lock);
	idle = socket_is_idle(of);
	*ret_moved = of->moved;
	pthread_mutex_unlock(&of->lock);
	return idle;
}

/* Each alert that somebody is not sent counts once. */
static uint64_t socket_give_up(struct output *output)
{
	struct output_socket *of = socket_of(output);
	uint64_t from, lost = 0, rest = 0;

	pthread_mutex_lock(&of->lock);
	from = of->head;
	for (size_t i = 0; i < of->count; i++) {
		if (of->readers[i].at < from)
			from = of->readers[i].at;
		/* rather one too many, of two who have not got the same one, than none */
		rest += of->readers[i].rest && of->readers[i].rest_alert;
	}
	while (from != of->head) {
		struct socket_head head = socket_head_at(of, from);

		lost += head.alert;
		from += sizeof(head) + head.len;
	}
	/* they are left to the thread */
	for (size_t i = 0; i < of->count; i++)
		of->readers[i].at = of->head;
	pthread_mutex_unlock(&of->lock);
	return lost + rest;
}

static void socket_end(struct output_socket *of)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&of->lock);
	of->end = true;
	pthread_mutex_unlock(&of->lock);
	if (write(of->wake, &one, sizeof(one)) < 0)
		return;
	pthread_join(of->thread, NULL);
}

static void socket_close(struct output *output)
{
	struct output_socket *of = socket_of(output);
	struct stat st;

	if (of->started)
		socket_end(of);
	while (of->count)
		socket_forget(of, 0);
	/* another daemon may have taken its place */
	if (of->path && of->ino && lstat(of->path, &st) == 0 && st.st_ino == of->ino && st.st_dev == of->dev)
		unlink(of->path);
	if (of->listener >= 0)
		close(of->listener);
	if (of->wake >= 0)
		close(of->wake);
	pthread_mutex_destroy(&of->lock);
	free(of->path);
	free(of);
}

static const struct output_kind socket_kind = {
	.begin = socket_begin,
	.write = socket_write,
	.idle = socket_idle,
	.give_up = socket_give_up,
	.close = socket_close,
	.live = true,
};

static int socket_address(const char *path, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	*ret_address = address;
	return 0;
}

/* May what has that name be replaced? Only a socket of ours or root's, which nobody answers. */
static int socket_check(const char *path, const struct sockaddr_un *address)
{
	struct stat st;
	int fd, r;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return -EUSERS;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : -EADDRINUSE;
	close(fd);
	/* nobody listens; or too many wait for who does */
	if (r == -ECONNREFUSED)
		return 0;
	return r == -EAGAIN ? -EADDRINUSE : r;
}

/*
 * It is made beside, and takes the name when it is ready: so whoever finds it can connect. What is bound has the mode of its descriptor, so
 * nothing is changed by a name, which others may have given to something else meanwhile. For a process of one thread.
 */
static int socket_bind(struct output_socket *of, const char *path, unsigned int mode)
{
	struct sockaddr_un address, beside;
	char *name;
	struct stat st;
	mode_t mask;
	int r;

	if (asprintf(&name, "%s.%d", path, getpid()) < 0)
		return -ENOMEM;
	r = socket_address(name, &beside);
	if (r == 0)
		r = socket_address(path, &address);
	if (r == 0)
		r = socket_check(path, &address);
	/* of a daemon that had our number, and was killed right here */
	if (r == 0 && lstat(name, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid())
		unlink(name);
	mask = umask(0);
	if (r == 0 && (fchmod(of->listener, mode) < 0 ||
		       bind(of->listener, (const struct sockaddr *)&beside, sizeof(beside)) < 0))
		r = errno == EADDRINUSE ? -EEXIST : -errno;
	umask(mask);
	if (r == 0 &&
	    (listen(of->listener, SOCKET_BACKLOG) < 0 || lstat(name, &st) < 0 || rename(name, path) < 0)) {
		r = -errno;
		unlink(name);
	}
	if (r == 0) {
		of->dev = st.st_dev;
		of->ino = st.st_ino;
	}
	free(name);
	return r;
}

int output_socket_open(const struct output_spec *spec, struct output **ret_output)
{
	struct output_socket *of = calloc(1, sizeof(*of));
	int r = 0;

	if (!of)
		return -ENOMEM;
	of->output.kind = &socket_kind;
	pthread_mutex_init(&of->lock, NULL);
	of->path = strdup(spec->target);
	of->size = spec->queue_bytes ? spec->queue_bytes : SOCKET_BYTES;
	of->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	of->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!of->path)
		r = -ENOMEM;
	else if (of->listener < 0 || of->wake < 0)
		r = -errno;
	else
		r = socket_bind(of, spec->target, spec->mode ? spec->mode : 0600);
	if (r < 0) {
		socket_close(&of->output);
		return r;
	}
	*ret_output = &of->output;
	return 0;
}
