// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A name was chosen by whoever wrote the file: so nothing of it may end its word, start a command, or deceive who reads it
 * before it is run.
 */
#include "report/shell.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "$'\x00'" around, and four for each byte */
#define SHELL_ROOM 4

static bool shell_plain(const char *bytes)
{
	for (; *bytes; bytes++)
		if (*bytes < ' ' || *bytes > '~')
			return false;
	return true;
}

int shell_quote(const char *bytes, char **ret_word)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-:@+,%=";
	size_t len = strlen(bytes);
	bool plain = shell_plain(bytes);
	char *word = malloc(len * SHELL_ROOM + sizeof("$''")), *at = word;

	if (!word)
		return -ENOMEM;
	if (len && strspn(bytes, safe) == len) {
		memcpy(word, bytes, len + 1);
		*ret_word = word;
		return 0;
	}
	at = stpcpy(at, plain ? "'" : "$'");
	for (; *bytes; bytes++) {
		bool special = *bytes == '\'' || (!plain && *bytes == '\\');

		if (*bytes < ' ' || *bytes > '~')
			at += sprintf(at, "\\x%02x", (unsigned char)*bytes);
		else if (special && plain)
			at = stpcpy(at, "'\\''");
		else if (special)
			at += sprintf(at, "\\%c", *bytes);
		else
			*at++ = *bytes;
	}
	stpcpy(at, "'");
	*ret_word = word;
	return 0;
}
