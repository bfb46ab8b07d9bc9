// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * daemon → source → spool. When the daemon ends, the next one is waited for.
 *
 * Invariant: what was read is in the spool or still here; while the spool takes nothing, nothing is read, and the daemon counts what it can't
 * hand out. No secret passes: what has its shape is overwritten, although the daemon has masked it already.
 *
 * Limit: what is said while nobody is connected does not come; event.sequence tells how much that is (spool_status.gaps).
 */
#include "forward/source.h"

#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ms between two looks for a daemon, or for room on the disk. */
#define SOURCE_AGAIN_MS 200
/* Lines of one transaction. */
#define SOURCE_LINES 512
/* Reads of one turn: who turns has signals and a watchdog to see to as well. */
#define SOURCE_READS 16

struct source {
	const char *path;
	struct spool *spool;
	int fd; /* negative: not connected */
	int error; /* that was returned last */
	int64_t again; /* ms, CLOCK_MONOTONIC: nothing is tried before; 0: now */
	size_t len;
	bool skips; /* the rest of a line that was too long */
	int64_t malformed; /* not in the spool's number yet */
	char *bytes; /* SOURCE_LINE_BYTES */
};

struct source *source_open(const char *path, struct spool *spool)
{
	struct source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	*source = (struct source){.path = path, .spool = spool, .fd = -1, .bytes = malloc(SOURCE_LINE_BYTES)};
	if (source->bytes)
		return source;
	free(source);
	return NULL;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	if (source->fd >= 0)
		close(source->fd);
	free(source->bytes);
	free(source);
}

bool source_connected(const struct source *source)
{
	return source->fd >= 0;
}

bool source_holds(const struct source *source)
{
	return source->len > 0;
}

static int source_connect(struct source *source)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int r;

	if (strlen(source->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, source->path, strlen(source->path));
	source->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (source->fd < 0)
		return -errno;
	if (connect(source->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	r = -errno;
	close(source->fd);
	source->fd = -1;
	return r;
}

/* One line, whose end is a NUL by now. Returns whether it is an event. */
static bool source_line(char *text, size_t len, struct spool_line *ret_line)
{
	json_t *alert = NULL;

	if (mask_wipe(text, len) < 0 || event_parse(text, len, &alert, ret_line->id) < 0)
		return false;
	ret_line->text = text;
	ret_line->len = len;
	ret_line->sequence = event_int(alert, "event.sequence");
	json_decref(alert);
	return true;
}

/* Whole lines, at most SOURCE_LINES. Returns bytes of them, and how many are events. */
static size_t source_lines(struct source *source, struct spool_line *lines, size_t *ret_count)
{
	char *from = source->bytes, *end;
	size_t count = 0, left = source->len;

	while (count < SOURCE_LINES && (end = memchr(from, '\n', left))) {
		size_t len = (size_t)(end - from);

		if (source->skips)
			source->skips = false;
		else if (source_line(from, len, &lines[count]))
			count++;
		else
			source->malformed++;
		from = end + 1;
		left -= len + 1;
	}
	*ret_count = count;
	return (size_t)(from - source->bytes);
}

/* What is whole goes into the spool; if that does not take it, it stays here. */
static int source_take(struct source *source)
{
	struct spool_line *lines = calloc(SOURCE_LINES, sizeof(*lines));
	bool skips = source->skips;
	size_t taken, count;
	int r = 0;

	if (!lines)
		return -ENOMEM;
	do {
		int64_t malformed = source->malformed;

		taken = source_lines(source, lines, &count);
		if (taken && (count || source->malformed))
			r = spool_add(source->spool, lines, count, source->malformed);
		if (r < 0) {
			/* they are read again */
			source->malformed = malformed;
			source->skips = skips;
			break;
		}
		if (taken) {
			source->malformed = 0;
			source->len -= taken;
			memmove(source->bytes, source->bytes + taken, source->len);
		}
		skips = source->skips;
	} while (taken && source->len);
	free(lines);
	return r;
}

/* A line that fills the buffer is no alert: what is left of it is passed over. */
static void source_overflow(struct source *source)
{
	if (source->len < SOURCE_LINE_BYTES)
		return;
	source->malformed += !source->skips;
	source->skips = true;
	source->len = 0;
}

/* Whole lines stay, until the spool has them. */
static void source_hang_up(struct source *source)
{
	const char *newline = memrchr(source->bytes, '\n', source->len);

	close(source->fd);
	source->fd = -1;
	/* a line that breaks off was nobody's */
	source->len = newline ? (size_t)(newline + 1 - source->bytes) : 0;
	source->skips &= newline != NULL;
}

/* Returns whether there may be more. */
static bool source_read(struct source *source)
{
	ssize_t got = read(source->fd, source->bytes + source->len, SOURCE_LINE_BYTES - source->len);

	if (got > 0)
		source->len += (size_t)got;
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		source_hang_up(source);
	return got > 0;
}

void source_move(struct source *source, const char *path, struct spool *spool)
{
	if (source->fd >= 0 && strcmp(source->path, path) != 0) {
		/* what was said there by now, as far as there is room */
		while (source->len < SOURCE_LINE_BYTES && source_read(source))
			;
		if (source->fd >= 0)
			source_hang_up(source);
	}
	source->path = path;
	source->spool = spool;
	source->again = 0;
}

/* Waits a little after a failure, and returns it if it is a new one. */
static int source_fail(struct source *source, int error)
{
	bool told = error == source->error;

	source->error = error;
	source->again = error < 0 ? monotonic_ms() + SOURCE_AGAIN_MS : 0;
	return told ? 0 : error;
}

int source_turn(struct source *source)
{
	int r = 0;

	if (source->again && monotonic_ms() < source->again)
		return 0;
	/* what a failing spool has left here goes first */
	if (source->len)
		r = source_take(source);
	if (r == 0 && source->fd < 0)
		r = source_connect(source);
	for (int i = 0; i < SOURCE_READS && r == 0 && source->fd >= 0 && source_read(source); i++) {
		r = source_take(source);
		source_overflow(source);
	}
	return source_fail(source, r);
}

int source_fd(const struct source *source, int *ret_ms)
{
	*ret_ms = source->again || source->fd < 0 ? SOURCE_AGAIN_MS : -1;
	return source->again ? -1 : source->fd;
}
