/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where alerts go. One sink's failure is not another's. */
#pragma once

#include "alert/alert.h"

struct sink;

/*
 * sink_file_open() - a file that gets a line of JSON for each alert; "-" is standard output.
 * The file is made with mode 0600 and only ever appended to, each line by one write(2) where the
 * file system takes it whole, so that several writers may share it. A FIFO without a reader is opened at once.
 * Returns 0 and *ret_sink (sink_close()), or a negative errno, for which sink_error() has words: -ELOOP: a link (what
 * names a descriptor of ours is followed); -EUSERS: a regular file that others own or may write to.
 */
int sink_file_open(const char *path, struct sink **ret_sink);

/* sink_error() - what a negative errno of sink_file_open() or sink_reopen() means; static. */
const char *sink_error(int error);

/* sink_text_open() - a readable line on standard error; in colour on a terminal, if NO_COLOR is unset. */
int sink_text_open(struct sink **ret_sink);

/*
 * sink_emit() - Returns 0, or a negative errno: this alert did not arrive whole. What did of it stays
 * where it is, and the next alert begins on a new line.
 */
int sink_emit(struct sink *sink, const struct alert *alert);

/* sink_reopen() - opens the file of that name anew (log rotation); on failure the old one stays. */
int sink_reopen(struct sink *sink);

/* sink_close() - NULL is fine. */
void sink_close(struct sink *sink);
