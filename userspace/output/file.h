/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file, or a descriptor that was given to us. */
#pragma once

#include <stdbool.h>

#include "output/output.h"
#include "output/spec.h"

/*
 * output_file_open() - a file; "-" is standard output. The file is only ever
 * appended to, each line by one write(2) where the file system takes it whole, so that several writers may
 * share it. A FIFO without a reader is opened at once.
 * Its bytes are a bound of the file's size: what would not fit any more goes to a new file, and the full one is called FILE.1, instead
 * of what had that name. Who shares the file may have done so: then it is only opened anew. If it can't be, the file goes on past
 * its bound, for as much again. 0: none. Nothing for what is no regular file, or was given to us.
 * @spec: of it, its mode is that of a file that is made, whatever the umask is; 0: 0600. So is its group, if it has one; whoever makes the
 * file has to be in that, or to have CAP_CHOWN. A full one hands its own on to the next.
 * Returns 0 and *ret_output (output_close()); 1 likewise, if what lies there does not answer (lib/answers.h): it is opened by the first
 * write, which may hang. Or a negative errno, for which output_error() has words: -ELOOP: a link (what
 * names a descriptor of ours is followed); -EUSERS: a regular file that others own or may write to.
 */
int output_file_open(const struct output_spec *spec, struct output **ret_output);

/*
 * output_file_later() - likewise, but it is opened by output_reopen(), or by the first write: for who must not wait, and can't ask first
 * whether it answers. Returns 0 and *ret_output, or -ENOMEM.
 */
int output_file_later(const struct output_spec *spec, struct output **ret_output);

/* output_errors_open() - standard error. @ret_colour: it is a terminal, and NO_COLOR is unset */
int output_errors_open(struct output **ret_output, bool *ret_colour);
