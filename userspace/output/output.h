/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A place where lines go: a file, or a descriptor that was given to us. What writes to it may block. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct output;

/*
 * output_file_open() - a file; "-" is standard output. The file is made with mode 0600 and only ever
 * appended to, each line by one write(2) where the file system takes it whole, so that several writers may
 * share it. A FIFO without a reader is opened at once.
 * Returns 0 and *ret_output (output_close()), or a negative errno, for which output_error() has words: -ELOOP: a link (what
 * names a descriptor of ours is followed); -EUSERS: a regular file that others own or may write to.
 */
int output_file_open(const char *path, struct output **ret_output);

/* output_error() - what a negative errno of output_file_open() or output_reopen() means; static. */
const char *output_error(int error);

/* output_text_open() - standard error. */
int output_text_open(struct output **ret_output);

/* output_colour() - it is a terminal, and NO_COLOR is unset. */
bool output_colour(const struct output *output);

/*
 * output_write() - a line, with its newline. Returns 0, or a negative errno: it did not arrive whole. What
 * did of it stays where it is, and the next one begins on a new line.
 */
int output_write(struct output *output, const char *line, size_t len);

/*
 * output_bound() - a bound of the file's size: what would not fit any more goes to a new file, and the full
 * one is called FILE.1, instead of what had that name. 0: none. Nothing for what is no regular file, or was
 * given to us.
 * Returns 0 or -ENOMEM.
 */
int output_bound(struct output *output, unsigned long bytes);

/*
 * output_make_room() - for a line of that length, by the bound. Who shares the file may have done so: then
 * it is only opened anew. Returns 0, or a negative errno: the file goes on past its bound, for as much
 * again.
 */
int output_make_room(struct output *output, size_t len);

/* output_ends() - is that line the last one of a regular file? Nothing else can tell. */
bool output_ends(const struct output *output, const char *line);

/* output_reopen() - opens the file of that name anew (log rotation); on failure the old one stays. */
int output_reopen(struct output *output);

/* output_close() - NULL is fine. */
void output_close(struct output *output);
