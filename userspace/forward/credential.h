/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Secrets that receivers ask for. They come from files only, are read when they are needed, and nothing shows them. */
#pragma once

/* Bytes of one. */
#define CREDENTIAL_MAX 16384

/*
 * credential_read() - a file's one line. Links are followed: Kubernetes has its secrets behind them.
 * Returns 0 and *ret_text (credential_free()), or a negative errno: -EUSERS: others may read it, or others than its owner write to
 * it, or it belongs to neither root nor us; -EINVAL: it is empty, has more than one line, or bytes that can't stand in a header;
 * -EMEDIUMTYPE: it is no regular file; -EFBIG.
 */
int credential_read(const char *path, char **ret_text);

/* credential_free() - overwrites it before. */
void credential_free(char **text);

#define AUTO_CREDENTIAL CLEANUP(credential_free)

/* credential_error() - what a negative errno of it means; static. */
const char *credential_error(int error);
