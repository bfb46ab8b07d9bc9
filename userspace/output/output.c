// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus → queue → output: a descriptor that takes lines.
 *
 * Invariant: a line that did not arrive whole (a full disk, a daemon that was killed) spoils no other
 * one: the next one starts on a line of its own.
 *
 * Limit: a write to a pipe or terminal that nobody reads blocks. That is why each output has a thread
 * (bus.c).
 */
#include "output/output.h"

#include "lib/cleanup.h"
#include "lib/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

struct output {
	char *path; /* NULL: a descriptor that was given to us */
	int fd;
	unsigned long bytes; /* bound of the file, 0: none */
	unsigned long over; /* what it is exceeded by, where that can't be helped */
	char *full; /* the full file's name */
	bool colour;
	bool torn; /* what is there ends inside a line */
};

/*
 * Does the path name a descriptor of ours? Such names are links, and who gave it to us has opened what it
 * leads to.
 */
static bool output_is_descriptor(const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

	if (strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0)
		return true;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		size_t len = strlen(folders[i]);

		if (strncmp(path, folders[i], len) == 0)
			return path[len] && path[len + strspn(path + len, "0123456789")] == '\0';
	}
	return false;
}

/*
 * Only where there is no reader either; a moment later we are none again, so that a write is refused, not
 * kept.
 */
static int output_open_fifo(const char *path, int flags)
{
	AUTO_CLOSE int reader = open(path, (flags & ~(O_ACCMODE | O_CREAT)) | O_RDWR);
	struct stat st;
	int fd;

	if (reader < 0 || fstat(reader, &st) < 0)
		return -errno;
	/* a device that nobody answers */
	if (!S_ISFIFO(st.st_mode))
		return -ENXIO;
	fd = open(path, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/*
 * Never waits: a FIFO that nobody reads yet is opened all the same, and takes alerts from when somebody
 * does. A link is not followed, since it may lead anywhere, by the choice of who may write to its folder;
 * but for the names of our own descriptors, which are links everywhere. What is opened is looked at then,
 * not the path before.
 */
static int output_open_path(const char *path)
{
	bool descriptor = output_is_descriptor(path);
	int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
		    (descriptor ? 0 : O_CREAT | O_NOFOLLOW);
	int fd = open(path, flags, 0600), r;

	if (fd < 0)
		fd = errno == ENXIO ? output_open_fifo(path, flags) : -errno;
	if (fd < 0)
		return fd;
	r = descriptor ? 0 : own_file_check(fd);
	/* a reader that is slow is waited for, as before */
	if (r == 0 && fcntl(fd, F_SETFL, O_APPEND) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* Does the file end inside a line? Not if it can't be told: pipes, files that we may not read. */
static bool output_is_torn(int fd, const char *path)
{
	AUTO_CLOSE int file = -1;
	struct stat st, again;
	char last;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file < 0 || fstat(file, &again) < 0 || again.st_ino != st.st_ino || again.st_dev != st.st_dev)
		return false;
	return pread(file, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

const char *output_error(int error)
{
	return own_file_error(error);
}

int output_file_open(const char *path, struct output **ret_output)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return -ENOMEM;
	output->fd = STDOUT_FILENO;
	if (strcmp(path, "-") != 0) {
		output->path = strdup(path);
		output->fd = output->path ? output_open_path(path) : -ENOMEM;
	}
	if (output->fd < 0) {
		int r = output->fd;

		output_close(output);
		return r;
	}
	output->torn = output->path && output_is_torn(output->fd, output->path);
	*ret_output = output;
	return 0;
}

/* https://no-color.org: any value but the empty one forbids colour. */
static bool output_may_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

int output_text_open(struct output **ret_output)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return -ENOMEM;
	output->fd = STDERR_FILENO;
	output->colour = output_may_colour(output->fd);
	*ret_output = output;
	return 0;
}

bool output_colour(const struct output *output)
{
	return output->colour;
}

/* A descriptor shared with others may be non-blocking: wait for room, then go on. */
static int output_write_all(struct output *output, const char *line, size_t len)
{
	while (len) {
		ssize_t written = write(output->fd, line, len);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd room = {.fd = output->fd, .events = POLLOUT};

			poll(&room, 1, -1);
			continue;
		}
		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			line += written;
			len -= (size_t)written;
			output->torn = len != 0;
		}
	}
	return 0;
}

int output_write(struct output *output, const char *line, size_t len)
{
	int r = output->torn ? output_write_all(output, "\n", 1) : 0;

	return r < 0 ? r : output_write_all(output, line, len);
}

int output_bound(struct output *output, unsigned long bytes)
{
	if (!output->path || output_is_descriptor(output->path) || !bytes)
		return 0;
	if (asprintf(&output->full, "%s.1", output->path) < 0) {
		output->full = NULL;
		return -ENOMEM;
	}
	output->bytes = bytes;
	return 0;
}

/* Is that still the file's name? Others may have moved it, or rotated it as well. */
static bool output_is_named(const struct output *output, const struct stat *st)
{
	struct stat named;

	return lstat(output->path, &named) == 0 && named.st_ino == st->st_ino && named.st_dev == st->st_dev;
}

/* The new one is for the same readers. Where that can't be had, it is for us alone. */
static void output_like(const struct output *output, const struct stat *st)
{
	int r = fchown(output->fd, st->st_uid, st->st_gid);

	r = r < 0 ? r : fchmod(output->fd, st->st_mode & 0777);
	(void)r;
}

static int output_rotate(struct output *output, const struct stat *st)
{
	int r = 0;

	/* one at a time, of those that share it: who is late must not move the new one */
	if (flock(output->fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (output_is_named(output, st) && rename(output->path, output->full) < 0)
		r = -errno;
	r = r < 0 ? r : output_reopen(output);
	if (r < 0)
		flock(output->fd, LOCK_UN);
	else
		output_like(output, st);
	return r;
}

int output_make_room(struct output *output, size_t len)
{
	struct stat st;
	int r;

	if (!output->bytes || fstat(output->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    (unsigned long)st.st_size + len <= output->bytes + output->over)
		return 0;
	r = output_rotate(output, &st);
	/* not tried for each line */
	output->over = r < 0 ? (unsigned long)st.st_size : 0;
	return r;
}

int output_reopen(struct output *output)
{
	int fd;

	if (!output->path)
		return 0;
	fd = output_open_path(output->path);
	if (fd < 0)
		return fd;
	close(output->fd);
	output->fd = fd;
	output->over = 0;
	output->torn = output_is_torn(fd, output->path);
	return 0;
}

void output_close(struct output *output)
{
	if (!output)
		return;
	if (output->path && output->fd >= 0)
		close(output->fd);
	free(output->path);
	free(output->full);
	free(output);
}

bool output_ends(const struct output *output, const char *line)
{
	size_t len = strlen(line);
	AUTO_FREE char *last = malloc(len + 1);
	AUTO_CLOSE int fd =
		output->path ? open(output->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY)
			     : -1;
	struct stat ours, st;

	return last && fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       fstat(output->fd, &ours) == 0 && ours.st_ino == st.st_ino && ours.st_dev == st.st_dev &&
	       (size_t)st.st_size >= len && pread(fd, last, len, st.st_size - (off_t)len) == (ssize_t)len &&
	       memcmp(last, line, len) == 0;
}
