/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a line for a person is put together of: an alert, or what was made of one before (retell.h). */
#pragma once

#include "alert/alert.h"

/* ECMA-48 SGR */
#define TEXT_RED "\033[1;31m"
#define TEXT_DIM "\033[2m"
#define TEXT_BOLD "\033[1m"
#define TEXT_PLAIN "\033[0m"

struct text_parts {
	time_t time;
	bool low; /* a notice, dim from end to end */
	const char *message; /* alert_message() */
	const char *place; /* of text_place() or text_samples() */
	uint64_t repeats;
	const struct alert_ruling *ruling;
};

/* text_place() - where in the destination the token starts. Returns 0 and *ret_text (malloc'ed), or -ENOMEM. */
int text_place(const struct alert_write *write, char **ret_text);

/* text_samples() - which other tokens are known of a flood. Likewise. */
int text_samples(size_t tokens, size_t files, char **ret_text);

/* text_loss() - the line of a loss, likewise. @message: loss_message() */
int text_loss(time_t time, const char *message, bool colour, char **ret_line);

/* text_line() - all of it, with its newline. Likewise. */
int text_line(const struct text_parts *parts, bool colour, char **ret_line);
