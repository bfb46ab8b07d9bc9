/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the options' table (cmd/options.h) says of them, as help and as the OPTIONS of a man page. */
#pragma once

#include <stdio.h>

#include "cmd/command.h"
#include "cmd/options.h"

/* usage_print() - the whole text of `help NAME`. */
void usage_print(const struct command *command, FILE *out);

/* usage_roff() - options, with the macros of man(7); tools/man puts them into a page. */
void usage_roff(const struct option_entry *entries, FILE *out);
