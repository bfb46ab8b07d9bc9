/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that a privileged process keeps for itself, at paths where others may have put something before. */
#pragma once

/*
 * own_file_check() - may what is written here be trusted to stay ours? A regular file must belong to root or to us, and
 * neither group nor others may write to it. What is no regular file passes: who may use it is said elsewhere.
 * Returns 0, -EUSERS, or another negative errno.
 */
int own_file_check(int fd);

/* own_file_error() - what a negative errno of it, or of opening with O_NOFOLLOW, means; static. */
const char *own_file_error(int error);
