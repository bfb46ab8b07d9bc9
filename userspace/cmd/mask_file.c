// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * file → stream → a new file beside it, or the same one.
 *
 * The directory is opened once, and the file in it: what somebody makes of the path meanwhile leads nowhere else. What a crash
 * leaves is the file as it was, and perhaps a masked one, .NAME.XXXXXX, which its user alone may read.
 */
#include "cmd/mask_file.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

/* A list of names, and a value, are no longer (xattr(7)). */
#define MASK_FILE_XATTR (64UL << 10)

/* As statfs(2) has them. */
#define MASK_FILE_CIFS 0xff534d42U
#define MASK_FILE_SMB2 0xfe534d42U

struct mask_file {
	const struct mask_file_use *use;
	int fd; /* of the file, */
	int to; /* and of where it is written to */
	bool leased;
	uint64_t masked;
	size_t len; /* bytes in the buffer */
	uint8_t buffer[64UL << 10];
	char names[MASK_FILE_XATTR], value[MASK_FILE_XATTR], own[MASK_FILE_XATTR];
};

static int mask_file_flush(struct mask_file *file)
{
	size_t at = 0;

	/* a hole stays one */
	if (file->len == sizeof(file->buffer) && !file->buffer[0] &&
	    memcmp(file->buffer, file->buffer + 1, file->len - 1) == 0) {
		file->len = 0;
		return lseek(file->to, sizeof(file->buffer), SEEK_CUR) < 0 ? -errno : 0;
	}
	while (at < file->len) {
		ssize_t written = write(file->to, file->buffer + at, file->len - at);

		if (written < 0 && errno != EINTR)
			return -errno;
		at += written > 0 ? (size_t)written : 0;
	}
	file->len = 0;
	return 0;
}

static int mask_file_write(void *context, const void *bytes, size_t len)
{
	struct mask_file *file = context;
	int r = 0;

	if (file->use->same_length)
		return 0;
	while (len && r == 0) {
		size_t room = sizeof(file->buffer) - file->len, part = len < room ? len : room;

		memcpy(file->buffer + file->len, bytes, part);
		file->len += part;
		bytes = (const uint8_t *)bytes + part;
		len -= part;
		if (file->len == sizeof(file->buffer))
			r = mask_file_flush(file);
	}
	return r;
}

/* Also of an agent's, whose secret portion is hexadecimal. */
static bool mask_file_may_be_secret(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

/* Is a secret portion still there? A log that was emptied meanwhile has others' lines where it was, or nothing. */
static bool mask_file_is_there(const struct mask_file *file, uint64_t at, size_t len)
{
	char now[1 + MASK_FILE_ROOM];
	bool there = at && pread(file->fd, now, len + 1, (off_t)at - 1) == (ssize_t)len + 1 && now[0] == '.';

	for (size_t i = 1; there && i <= len; i++)
		there = mask_file_may_be_secret(now[i]);
	explicit_bzero(now, sizeof(now));
	return there;
}

static int mask_file_secret(void *context, uint64_t at, size_t len)
{
	struct mask_file *file = context;
	char text[MASK_FILE_ROOM], secret[MASK_FILE_ROOM];
	bool asks = file->use->asks;
	size_t text_len;

	if (asks && pread(file->fd, secret, len, (off_t)at) != (ssize_t)len)
		return -ESTALE;
	text_len = file->use->text(file->use->context, asks ? secret : NULL, len, text);
	explicit_bzero(secret, asks ? len : 0);
	file->masked++;
	if (!file->use->same_length)
		return mask_file_write(context, text, text_len);
	if (!mask_file_is_there(file, at, len))
		return -ESTALE;
	return pwrite(file->to, text, text_len, (off_t)at) == (ssize_t)text_len ? 0 : -EIO;
}

/* Is what is told of a form still there? A NUL stands for what is none of it. */
static bool mask_file_has_form(const struct mask_file *file, uint64_t at, const char *bytes, size_t len)
{
	char now[256];
	bool there = true;

	for (size_t from = 0, part; there && from < len; from += part) {
		part = len - from < sizeof(now) ? len - from : sizeof(now);
		there = pread(file->fd, now, part, (off_t)(at + from)) == (ssize_t)part;
		for (size_t i = 0; there && i < part; i++)
			there = !bytes[from + i] || now[i] == bytes[from + i];
	}
	explicit_bzero(now, sizeof(now));
	return there;
}

/* Writes what is of a form, and leaves what lies between. */
static int mask_file_write_form(const struct mask_file *file, uint64_t at, const char *bytes, size_t len)
{
	for (size_t from = 0, part; from < len; from += part) {
		part = strnlen(bytes + from, len - from);
		if (part && pwrite(file->to, bytes + from, part, (off_t)(at + from)) != (ssize_t)part)
			return -EIO;
		part += !part;
	}
	return 0;
}

/* In another form: what is to stand there instead is told. The identifier before it says whether that is still there. */
static int mask_file_form(void *context, uint64_t at, const void *bytes, size_t len, size_t same)
{
	struct mask_file *file = context;

	file->masked++;
	if (!file->use->same_length)
		return 0;
	if (!mask_file_has_form(file, at, bytes, same))
		return -ESTALE;
	return mask_file_write_form(file, at + same, (const char *)bytes + same, len - same);
}

static int mask_file_token(void *context, const struct spillwatch_token *token)
{
	struct mask_file *file = context;

	return file->use->token ? file->use->token(file->use->context, token) : 0;
}

static int mask_file_pass(struct mask_file *file)
{
	struct spillwatch_stream *stream = spillwatch_stream_new(file);
	int64_t r;

	if (!stream)
		return -ENOMEM;
	spillwatch_stream_on_token(stream, mask_file_token);
	spillwatch_stream_on_text(stream, mask_file_write);
	spillwatch_stream_on_secret(stream, mask_file_secret);
	spillwatch_stream_on_form(stream, mask_file_form);
	spillwatch_stream_look(stream, file->use->look);
	do
		r = spillwatch_stream_pull(stream, file->fd);
	while (r > 0);
	spillwatch_stream_free(stream);
	if (r == 0)
		r = mask_file_flush(file);
	/* it may end in a hole */
	if (r == 0 && !file->use->same_length && ftruncate(file->to, lseek(file->to, 0, SEEK_CUR)) < 0)
		r = -errno;
	return (int)r;
}

/* Does the new file have it already? Who may not set a label need not, then. */
static bool mask_file_has(struct mask_file *file, const char *name, size_t len)
{
	return fgetxattr(file->to, name, file->own, sizeof(file->own)) == (ssize_t)len &&
	       memcmp(file->own, file->value, len) == 0;
}

/* What the new file has from its directory, as a default ACL, and the old one has not. */
static int mask_file_strip(struct mask_file *file)
{
	ssize_t len = flistxattr(file->to, file->names, sizeof(file->names));

	if (len < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (const char *name = file->names; name < file->names + len; name += strlen(name) + 1)
		if (fgetxattr(file->fd, name, NULL, 0) < 0 &&
		    (errno != ENODATA || fremovexattr(file->to, name) < 0))
			return -errno;
	return 0;
}

static int mask_file_attributes(struct mask_file *file)
{
	ssize_t len = flistxattr(file->fd, file->names, sizeof(file->names)), value_len;

	if (len < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (const char *name = file->names; name < file->names + len; name += strlen(name) + 1) {
		value_len = fgetxattr(file->fd, name, file->value, sizeof(file->value));
		if (value_len < 0)
			return -errno;
		if (!mask_file_has(file, name, (size_t)value_len) &&
		    fsetxattr(file->to, name, file->value, (size_t)value_len, 0) < 0)
			return -errno;
	}
	return 0;
}

/* All that a file is besides its content. What can't be kept is an error: somebody relies on it. */
static int mask_file_like(struct mask_file *file, const struct stat *st)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};
	int r;

	/* a change of owner takes bits of the mode and capabilities away, so these come behind it; and the mode behind an ACL, so that
	   nobody may read it meanwhile who may not in the end */
	r = mask_file_strip(file);
	if (r == 0 && fchown(file->to, st->st_uid, st->st_gid) < 0)
		r = -errno;
	if (r == 0)
		r = mask_file_attributes(file);
	if (r == 0 && (fchmod(file->to, st->st_mode & 07777) < 0 || futimens(file->to, times) < 0))
		r = -errno;
	return r;
}

/* Has a writer the file open? It would go on with the old one. Takes a lease, which whoever opens it to write then has to break. */
static int mask_file_lease(struct mask_file *file)
{
	struct statfs fs;

	file->leased = fcntl(file->fd, F_SETLEASE, F_RDLCK) == 0;
	/* of what a server has, this is also said where it gives none */
	if (file->leased || errno != EAGAIN ||
	    (fstatfs(file->fd, &fs) == 0 &&
	     ((uint32_t)fs.f_type == NFS_SUPER_MAGIC || (uint32_t)fs.f_type == MASK_FILE_CIFS ||
	      (uint32_t)fs.f_type == MASK_FILE_SMB2)))
		return 0;
	return -ETXTBSY;
}

/* Beside the file: its name is no longer than any may be, also where that one is as long. Returns a descriptor or a negative errno. */
static int mask_file_create(int directory, const char *name, char *ret_name, size_t size)
{
	uint64_t number;

	for (int turn = 0; turn < 100; turn++) {
		int fd;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -EIO;
		snprintf(ret_name, size, ".%.200s.%012" PRIx64, name, number >> 16);
		fd = openat(directory, ret_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

static bool mask_file_changed(const struct stat *a, const struct stat *b)
{
	return a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	       a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

/* Is it still the one of that name, as it was read? */
static int mask_file_check(const struct mask_file *file, int directory, const char *name,
			   const struct stat *before)
{
	struct stat now, named;

	if (file->leased && fcntl(file->fd, F_GETLEASE) != F_RDLCK)
		return -ETXTBSY;
	if (fstat(file->fd, &now) < 0 || fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return mask_file_changed(before, &now) || named.st_ino != now.st_ino || named.st_dev != now.st_dev
		       ? -ESTALE
		       : 0;
}

static int mask_file_replace(struct mask_file *file, int directory, const char *name, const struct stat *st)
{
	char new_name[NAME_MAX + 1];
	int r = mask_file_lease(file);

	if (r == 0)
		r = mask_file_create(directory, name, new_name, sizeof(new_name));
	if (r < 0)
		return r;
	file->to = r;
	r = mask_file_pass(file);
	if (r == 0 && file->masked) {
		r = mask_file_like(file, st);
		if (r == 0 && fsync(file->to) < 0)
			r = -errno;
		if (r == 0)
			r = mask_file_check(file, directory, name, st);
		if (r == 0 && renameat(directory, new_name, directory, name) < 0)
			r = -errno;
	}
	close(file->to);
	if (r < 0 || !file->masked)
		unlinkat(directory, new_name, 0);
	return r;
}

static int mask_file_overwrite(struct mask_file *file, int directory, const char *name, const struct stat *st)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};
	struct stat now;
	int r;

	file->to = openat(directory, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->to < 0)
		return -errno;
	r = fstat(file->to, &now) < 0                              ? -errno
	    : now.st_ino != st->st_ino || now.st_dev != st->st_dev ? -ESTALE
								   : mask_file_pass(file);
	if (r == 0 && file->masked && fsync(file->to) < 0)
		r = -errno;
	/* of a log in use, its own writer's times are newer */
	if (r == 0 && file->masked && fstat(file->to, &now) == 0 && now.st_size == st->st_size)
		futimens(file->to, times);
	close(file->to);
	return r;
}

static int mask_file_in(int directory, const char *name, struct mask_file *file)
{
	struct stat st;
	int r = -EMEDIUMTYPE;

	file->fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->fd < 0)
		return -errno;
	if (fstat(file->fd, &st) < 0)
		r = -errno;
	else if (S_ISREG(st.st_mode) && file->use->same_length)
		r = mask_file_overwrite(file, directory, name, &st);
	else if (S_ISREG(st.st_mode))
		r = st.st_nlink > 1 ? -EMLINK : mask_file_replace(file, directory, name, &st);
	close(file->fd);
	return r;
}

static int mask_file_at(const char *parent, const char *name, struct mask_file *file)
{
	AUTO_CLOSE int directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return directory < 0 ? -errno : *name ? mask_file_in(directory, name, file) : -EMEDIUMTYPE;
}

int64_t mask_file(const char *path, const struct mask_file_use *use)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	AUTO_FREE char *parent = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct mask_file *file = calloc(1, sizeof(*file));
	int64_t r = -ENOMEM;

	if (parent && file) {
		file->use = use;
		r = mask_file_at(parent, name, file);
		r = r < 0 ? r : (int64_t)file->masked;
		explicit_bzero(file->buffer, sizeof(file->buffer));
	}
	free(file);
	return r;
}

const char *mask_file_error(int error)
{
	switch (error) {
	case -ELOOP:
		return "it is a link, which is not followed";
	case -EMLINK:
		return "it has other names, which would keep the secrets (--keep-length masks all)";
	case -ESTALE:
		return "somebody wrote to it meanwhile (--keep-length is for files that grow; one that was "
		       "emptied "
		       "is to be masked again)";
	case -ETXTBSY:
		return "it is open elsewhere (--keep-length masks it where it is)";
	case -EMEDIUMTYPE:
		return "it is no regular file";
	default:
		return strerror(-error);
	}
}
