// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * file → header of a request.
 *
 * Invariant: no message holds any of it, nor says what is wrong in it by more than its kind.
 */
#include "forward/credential.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

void credential_free(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

/* systemd's credentials have an access control list, which shows as bits of the group: those may be. */
static int credential_check(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return -EMEDIUMTYPE;
	if (st->st_mode & (S_IRWXO | S_IWGRP) || (st->st_uid && st->st_uid != geteuid()))
		return -EUSERS;
	return st->st_size > CREDENTIAL_MAX ? -EFBIG : 0;
}

/* One line of what can stand in a header (RFC 9110, 5.5). */
static int credential_trim(char *text, size_t len)
{
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
		text[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] >= 0x7f)
			return -EINVAL;
	return len ? 0 : -EINVAL;
}

int credential_read(const char *path, char **ret_text)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	AUTO_CREDENTIAL char *text = NULL;
	struct stat st;
	ssize_t got;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = credential_check(&st);
	if (r < 0)
		return r;
	text = calloc(1, CREDENTIAL_MAX + 1);
	if (!text)
		return -ENOMEM;
	got = read(fd, text, CREDENTIAL_MAX);
	if (got < 0)
		return -errno;
	r = credential_trim(text, (size_t)got);
	if (r < 0) {
		explicit_bzero(text, (size_t)got);
		return r;
	}
	*ret_text = TAKE(text);
	return 0;
}

const char *credential_error(int error)
{
	switch (error) {
	case -EUSERS:
		return "others may read it or write to it, or it belongs to neither root nor this user "
		       "(chmod 0400)";
	case -EINVAL:
		return "it is not one line of printable characters";
	case -EMEDIUMTYPE:
		return "it is no regular file";
	case -EFBIG:
		return "it is larger than 16 KiB";
	default:
		return strerror(-error);
	}
}
