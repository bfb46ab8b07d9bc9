// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → sink: a descriptor and how an alert becomes a line.
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

struct sink {
	char *path; /* NULL: a descriptor that was given to us */
	int fd;
	bool text;
	bool colour;
};

static int sink_open_path(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	return fd < 0 ? -errno : fd;
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
static int sink_write(int fd, const char *line, size_t len)
{
	while (len) {
		ssize_t written = write(fd, line, len);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd room = {.fd = fd, .events = POLLOUT};

			poll(&room, 1, -1);
			continue;
		}
		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			line += written;
			len -= (size_t)written;
		}
	}
	return 0;
}

int sink_emit(struct sink *sink, const struct alert *alert)
{
	AUTO_FREE char *line = NULL;
	int r = sink->text ? alert_to_text(alert, sink->colour, &line) : alert_to_json(alert, &line);

	return r < 0 ? r : sink_write(sink->fd, line, strlen(line));
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
