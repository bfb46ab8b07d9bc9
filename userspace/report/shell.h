/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words of commands that people copy into a shell. */
#pragma once

/*
 * shell_quote() - one word of a POSIX shell that stands for these bytes; where they are not plain ASCII, of bash, by escapes: no byte
 * of what is returned is anything else. Returns 0 and *ret_word (malloc'ed), or -ENOMEM.
 */
int shell_quote(const char *bytes, char **ret_word);
