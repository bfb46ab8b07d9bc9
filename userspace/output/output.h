/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where alerts go. One output's failure is not another's. */
#pragma once

#include "alert/alert.h"

struct output;

/*
 * output_file_open() - a file that gets a line of JSON for each alert; "-" is standard output.
 * The file is made with mode 0600 and only ever appended to, each line by one write(2) where the
 * file system takes it whole, so that several writers may share it. A FIFO without a reader is opened at once.
 * Returns 0 and *ret_output (output_close()), or a negative errno, for which output_error() has words: -ELOOP: a link (what
 * names a descriptor of ours is followed); -EUSERS: a regular file that others own or may write to.
 */
int output_file_open(const char *path, struct output **ret_output);

/* output_error() - what a negative errno of output_file_open() or output_reopen() means; static. */
const char *output_error(int error);

/* output_text_open() - a readable line on standard error; in colour on a terminal, if NO_COLOR is unset. */
int output_text_open(struct output **ret_output);

/*
 * output_emit() - Returns 0, or a negative errno: this alert did not arrive whole. What did of it stays
 * where it is, and the next alert begins on a new line.
 */
int output_emit(struct output *output, const struct alert *alert);

/* output_line() - a line of JSON that is no alert; an output of text has its own words on standard error. Returns as output_emit(). */
int output_line(struct output *output, const char *line);

/* output_reopen() - opens the file of that name anew (log rotation); on failure the old one stays. */
int output_reopen(struct output *output);

/* output_close() - NULL is fine. */
void output_close(struct output *output);
