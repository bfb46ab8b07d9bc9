/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tokens in a file that is packed (gzip, zstd, xz, bzip2, lz4, lzip, zip, …), by spillwatch-scan: a program of its own, which links what unpacks. */
#pragma once

#include <stdbool.h>

/* unpacked_is() - does it begin as one of these? Its offset is not moved. */
bool unpacked_is(int fd);

/*
 * unpacked_may_be() - of what is none of these: may it be packed all the same? If it is no text, as git and grep tell that, or by its name.
 */
bool unpacked_may_be(int fd, const char *path);

/*
 * unpacked_find() - the tokens in a file, unpacked to its end. As root, the program runs as nobody.
 * @token: gets each one's identifier, once a place
 * Returns 0: all of it was looked into; -ENODATA: only a part; -ENOEXEC: there is no such program beside this one; or another negative
 * errno.
 */
int unpacked_find(int fd, void (*token)(void *context, const char *identifier), void *context);
