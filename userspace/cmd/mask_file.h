/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that is masked where it is. */
#pragma once

#include <stdbool.h>

#include "spillwatch.h"

/*
 * What is put in place of a secret portion of `len` bytes. Returns how many bytes of `to`, MASK_FILE_ROOM at most.
 * @secret: NULL if nobody asks for it
 */
#define MASK_FILE_ROOM SPILLWATCH_SECRET_MAX
typedef size_t mask_file_text(void *context, const void *secret, size_t len, char *to);

struct mask_file_use {
	void *context;
	mask_file_text *text;
	spillwatch_on_token *token; /* may be NULL */
	enum spillwatch_look look; /* as of spillwatch_stream_look() */
	bool asks; /* text() is given the secret portion */
	bool same_length; /* text() returns `len`: only the secret portions are written, into the same file */
};

/*
 * mask_file() - masks a regular file. One in which there is nothing to mask is left alone.
 *
 * Not of the same length, the file is written anew beside itself, with its mode, owner, group, extended attributes (so ACLs as well) and
 * times of access and modification, and then takes the other one's name: it is there whole at any time, with all secrets or with
 * none. It has another inode, and what had it open has the old one. Of the same length, it is the same file.
 *
 * Returns how many secret portions were masked, or a negative errno, and the file is as it was (of the same length: as far as it came):
 * -ELOOP: a link; -EMLINK: it has other names, which would keep the secrets; -ESTALE: somebody wrote meanwhile, or emptied it; -ETXTBSY: not of
 * the same length, and a writer has it open (where the file system has leases, fcntl(2), and the caller may take one); -EMEDIUMTYPE: no regular file.
 */
int64_t mask_file(const char *path, const struct mask_file_use *use);

/* mask_file_error() - what such an errno means; static. */
const char *mask_file_error(int error);
