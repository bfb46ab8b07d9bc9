// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → sink: a descriptor and how an alert becomes a line.
 *
 * Invariant: a line that did not arrive whole (a full disk, a daemon that was killed) spoils no other
 * one: the next one starts on a line of its own.
 *
 * Limit: a write to a pipe or terminal that nobody reads blocks, and samples wait in the ring
 * meanwhile; what the ring can't hold is counted there (ring_full).
 */
#include "sink/sink.h"

#include "alert/json.h"
#include "alert/text.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

struct sink {
	char *path; /* NULL: a descriptor that was given to us */
	int fd;
	bool text;
	bool colour;
	bool torn; /* what is there ends inside a line */
};

static int sink_open_path(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	return fd < 0 ? -errno : fd;
}

/* Does the file end inside a line? Not if it can't be told: pipes, files that we may not read. */
static bool sink_is_torn(int fd, const char *path)
{
	AUTO_CLOSE int file = -1;
	struct stat st;
	char last;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return file >= 0 && pread(file, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

int sink_file_open(const char *path, struct sink **ret_sink)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return -ENOMEM;
	sink->fd = STDOUT_FILENO;
	if (strcmp(path, "-") != 0) {
		sink->path = strdup(path);
		sink->fd = sink->path ? sink_open_path(path) : -ENOMEM;
	}
	if (sink->fd < 0) {
		int r = sink->fd;

		sink_close(sink);
		return r;
	}
	sink->torn = sink->path && sink_is_torn(sink->fd, sink->path);
	*ret_sink = sink;
	return 0;
}

/* https://no-color.org: any value but the empty one forbids colour. */
static bool sink_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

int sink_text_open(struct sink **ret_sink)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return -ENOMEM;
	sink->fd = STDERR_FILENO;
	sink->text = true;
	sink->colour = sink_colour(sink->fd);
	*ret_sink = sink;
	return 0;
}

/* A descriptor shared with others may be non-blocking: wait for room, then go on. */
static int sink_write(struct sink *sink, const char *line, size_t len)
{
	while (len) {
		ssize_t written = write(sink->fd, line, len);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd room = {.fd = sink->fd, .events = POLLOUT};

			poll(&room, 1, -1);
			continue;
		}
		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			line += written;
			len -= (size_t)written;
			sink->torn = len != 0;
		}
	}
	return 0;
}

int sink_emit(struct sink *sink, const struct alert *alert)
{
	AUTO_FREE char *line = NULL;
	int r = sink->text ? alert_to_text(alert, sink->colour, &line) : alert_to_json(alert, &line);

	if (r == 0 && sink->torn)
		r = sink_write(sink, "\n", 1);
	return r < 0 ? r : sink_write(sink, line, strlen(line));
}

int sink_reopen(struct sink *sink)
{
	int fd;

	if (!sink->path)
		return 0;
	fd = sink_open_path(sink->path);
	if (fd < 0)
		return fd;
	close(sink->fd);
	sink->fd = fd;
	sink->torn = sink_is_torn(fd, sink->path);
	return 0;
}

void sink_close(struct sink *sink)
{
	if (!sink)
		return;
	if (sink->path && sink->fd >= 0)
		close(sink->fd);
	free(sink->path);
	free(sink);
}
