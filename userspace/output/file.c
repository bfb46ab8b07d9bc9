// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus → queue → output: a descriptor that takes lines.
 *
 * Invariant: a line that did not arrive whole (a full disk, a daemon that was killed) spoils no other
 * one: the next one starts on a line of its own. Where lines are written at once, that is true of each: what was not written of
 * them is not there, and what was is whole but for the last one.
 *
 * Limit: a write to a pipe or terminal that nobody reads blocks. That is why each output has a thread
 * (bus.c).
 */
#include "output/file.h"

#include "lib/answers.h"
#include "lib/cleanup.h"
#include "lib/own_file.h"
#include "output/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Of a file that is made, if nothing else is asked for. */
#define FILE_MODE 0600

struct file {
	struct output output;
	char *path; /* NULL: a descriptor that was given to us */
	int fd; /* negative: it did not answer, and is opened by the thread */
	unsigned long bytes; /* bound of the file, 0: none; by __atomic_… */
	unsigned long over; /* what it is exceeded by, where that can't be helped */
	char *full; /* the full file's name; NULL: it has no bound */
	unsigned int mode; /* of a file that is made; by __atomic_… */
	int64_t group; /* likewise; -1: as its directory has it */
	bool torn; /* what is there ends inside a line */
	size_t room; /* for several lines at once, of a file; 0: not known */
};

/*
 * Does the path name a descriptor of ours? Such names are links, and who gave it to us has opened what it
 * leads to.
 */
static bool file_is_descriptor(const char *path)
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
static int file_open_fifo(const char *path, int flags)
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
 * @must: without that group it is of no use; else, of a file that follows a full one, it is for us alone then
 */
static int file_open_path(const char *path, unsigned int mode, int64_t group, bool must)
{
	bool descriptor = file_is_descriptor(path);
	int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
		    (descriptor ? 0 : O_CREAT | O_NOFOLLOW);
	int fd = descriptor ? -1 : open(path, flags | O_EXCL, mode), r;

	/* a new one: its mode was asked for, so no umask takes any of it away; and a group gets it before it can read it */
	if (fd >= 0) {
		bool given = group < 0 || fchown(fd, (uid_t)-1, (gid_t)group) == 0;

		/* whoever it is of instead was not meant */
		if ((!given && must) || fchmod(fd, given ? mode : mode & 0700) < 0) {
			r = -errno;
			close(fd);
			unlink(path);
			return r;
		}
	}
	if (fd < 0)
		fd = open(path, flags, mode);
	if (fd < 0)
		fd = errno == ENXIO ? file_open_fifo(path, flags) : -errno;
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
static bool file_is_torn(int fd, const char *path)
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

static struct file *file_of(struct output *output)
{
	return (struct file *)(void *)output;
}

/* A descriptor shared with others may be non-blocking: wait for room, then go on. */
static int file_write_all(struct file *file, const char *line, size_t len)
{
	while (len) {
		ssize_t written = write(file->fd, line, len);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd room = {.fd = file->fd, .events = POLLOUT};

			poll(&room, 1, -1);
			continue;
		}
		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			line += written;
			len -= (size_t)written;
			file->torn = len != 0;
		}
	}
	return 0;
}

static int file_reopen(struct output *output)
{
	struct file *file = file_of(output);
	int fd;

	if (!file->path)
		return 0;
	fd = file_open_path(file->path, __atomic_load_n(&file->mode, __ATOMIC_RELAXED),
			    __atomic_load_n(&file->group, __ATOMIC_RELAXED), file->fd < 0);
	__atomic_store_n(&output->trouble, 0, __ATOMIC_RELAXED);
	if (fd < 0)
		return fd;
	if (file->fd >= 0)
		close(file->fd);
	file->fd = fd;
	file->over = 0;
	file->torn = file_is_torn(fd, file->path);
	return 0;
}

static int file_write(struct output *output, const char *line, size_t len, bool alert)
{
	struct file *file = file_of(output);
	int r = file->fd < 0 ? file_reopen(output) : 0;

	(void)alert;
	if (r == 0 && file->torn)
		r = file_write_all(file, "\n", 1);
	return r < 0 ? r : file_write_all(file, line, len);
}

/* Also pipes take several at once, but those that others write into as well would not have each line whole (pipe(7), PIPE_BUF). */
static size_t file_room(const struct output *output)
{
	const struct file *file = (const void *)output;

	return file->fd < 0 || file->torn ? 0 : file->room;
}

static size_t file_write_lines(struct output *output, const struct iovec *lines, size_t count, int *ret_error)
{
	struct file *file = file_of(output);
	struct iovec rest[OUTPUT_LINES];
	size_t whole = 0;

	memcpy(rest, lines, count * sizeof(*lines));
	*ret_error = 0;
	while (whole < count) {
		ssize_t written = writev(file->fd, &rest[whole], (int)(count - whole));

		if (written < 0 && errno != EINTR) {
			*ret_error = -errno;
			break;
		}
		for (size_t left = written > 0 ? (size_t)written : 0; left;) {
			size_t part = left < rest[whole].iov_len ? left : rest[whole].iov_len;

			rest[whole].iov_base = (char *)rest[whole].iov_base + part;
			rest[whole].iov_len -= part;
			left -= part;
			file->torn = rest[whole].iov_len != 0;
			whole += !file->torn;
		}
	}
	return whole;
}

/* Is that still the file's name? Others may have moved it, or rotated it as well. */
static bool file_is_named(const struct file *file, const struct stat *st)
{
	struct stat named;

	return lstat(file->path, &named) == 0 && named.st_ino == st->st_ino && named.st_dev == st->st_dev;
}

/* The new one is for the same readers. Where that can't be had, it is for us alone. */
static void file_like(const struct file *file, const struct stat *st)
{
	int r = fchown(file->fd, st->st_uid, st->st_gid);

	r = r < 0 ? r : fchmod(file->fd, st->st_mode & 0777);
	(void)r;
}

static int file_rotate(struct file *file, const struct stat *st)
{
	int r = 0;

	/* one at a time, of those that share it: who is late must not move the new one */
	if (flock(file->fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (file_is_named(file, st) && rename(file->path, file->full) < 0)
		r = -errno;
	r = r < 0 ? r : file_reopen(&file->output);
	if (r < 0)
		flock(file->fd, LOCK_UN);
	else
		file_like(file, st);
	return r;
}

static int file_make_room(struct output *output, size_t len)
{
	struct file *file = file_of(output);
	unsigned long bytes = __atomic_load_n(&file->bytes, __ATOMIC_RELAXED), most;
	struct stat st;
	int r;

	file->room = 0;
	/* standard output, wherever it goes, is nothing that file_ends() could look into */
	if (!file->path || fstat(file->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	most = bytes && file->full ? bytes + file->over : ULONG_MAX;
	if (st.st_size == 0 || (unsigned long)st.st_size + len <= most) {
		most = most > (unsigned long)st.st_size ? most - (unsigned long)st.st_size : 0;
		file->room = most < OUTPUT_LINES_BYTES ? most : OUTPUT_LINES_BYTES;
		return 0;
	}
	r = file_rotate(file, &st);
	/* not tried for each line */
	file->over = r < 0 ? (unsigned long)st.st_size : 0;
	return r;
}

/* Does the text have that line, with nothing before it? At its beginning that can't be told, and is not so. */
static bool file_has_line(const char *text, size_t text_len, const char *line, size_t len, bool whole)
{
	const char *at = text, *end = text + text_len;

	while ((at = memmem(at, (size_t)(end - at), line, len))) {
		if (at == text ? whole : at[-1] == '\n')
			return true;
		at++;
	}
	return false;
}

static bool file_ends(const struct output *output, const char *line, bool many)
{
	const struct file *of = (const void *)output;
	size_t len = strlen(line), look = many && len < OUTPUT_LINES_BYTES ? OUTPUT_LINES_BYTES + 1 : len;
	AUTO_FREE char *last = malloc(look + 1);
	/* what does not answer is not asked */
	AUTO_CLOSE int fd =
		of->path && of->fd >= 0
			? open(of->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY)
			: -1;
	struct stat ours, st;

	if (!last || fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || fstat(of->fd, &ours) < 0 ||
	    ours.st_ino != st.st_ino || ours.st_dev != st.st_dev || (size_t)st.st_size < len)
		return false;
	if ((size_t)st.st_size < look)
		look = (size_t)st.st_size;
	if (pread(fd, last, look, st.st_size - (off_t)look) != (ssize_t)look)
		return false;
	return memcmp(last + look - len, line, len) == 0 ||
	       (many && file_has_line(last, look, line, len, look == (size_t)st.st_size));
}

static void file_adjust(struct output *output, const struct output_spec *spec)
{
	struct file *file = file_of(output);

	__atomic_store_n(&file->bytes, spec->bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&file->group, spec->grouped ? (int64_t)spec->group : -1, __ATOMIC_RELAXED);
	__atomic_store_n(&file->mode, spec->mode ? spec->mode : FILE_MODE, __ATOMIC_RELAXED);
}

static void file_close(struct output *output)
{
	struct file *file = file_of(output);

	if (file->path && file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->full);
	free(file);
}

static const struct output_kind file_kind = {
	.write = file_write,
	.write_lines = file_write_lines,
	.room = file_room,
	.make_room = file_make_room,
	.reopen = file_reopen,
	.ends = file_ends,
	.adjust = file_adjust,
	.close = file_close,
};

/* What was given to us has no bound. */
static int file_bound(struct file *file, unsigned long bytes)
{
	file->bytes = bytes;
	if (!file->path || file_is_descriptor(file->path))
		return 0;
	if (asprintf(&file->full, "%s.1", file->path) < 0) {
		file->full = NULL;
		return -ENOMEM;
	}
	return 0;
}

int output_file_later(const struct output_spec *spec, struct output **ret_output)
{
	const char *path = spec->target;
	struct file *file = calloc(1, sizeof(*file));
	bool out = strcmp(path, "-") == 0;
	int r;

	if (!file)
		return -ENOMEM;
	file->output.kind = &file_kind;
	file->fd = out ? STDOUT_FILENO : -1;
	file->mode = spec->mode ? spec->mode : FILE_MODE;
	file->group = spec->grouped ? (int64_t)spec->group : -1;
	file->path = out ? NULL : strdup(path);
	r = out || file->path ? file_bound(file, spec->bytes) : -ENOMEM;
	if (r < 0) {
		file_close(&file->output);
		return r;
	}
	*ret_output = &file->output;
	return 0;
}

int output_file_open(const struct output_spec *spec, struct output **ret_output)
{
	struct output *output;
	struct file *file;
	bool late;
	int r = output_file_later(spec, &output);

	if (r < 0)
		return r;
	file = file_of(output);
	late = file->path && !file_is_descriptor(file->path) && answers_path(file->path) == -ETIME;
	r = late ? 0 : file_reopen(output);
	if (r < 0) {
		file_close(output);
		return r;
	}
	output->trouble = late ? -ETIME : 0;
	*ret_output = output;
	return late;
}

/* https://no-color.org: any value but the empty one forbids colour. */
static bool file_may_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

int output_errors_open(struct output **ret_output, bool *ret_colour)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->output.kind = &file_kind;
	file->fd = STDERR_FILENO;
	*ret_colour = file_may_colour(file->fd);
	*ret_output = &file->output;
	return 0;
}
