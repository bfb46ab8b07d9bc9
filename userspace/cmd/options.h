/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options that `run` and `exec` share, as a table and as one switch; and how each command reads its own. */
#pragma once

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "cmd/command.h"
#include "lib/privileges.h"
#include "engine/pipeline.h"

/* What getopt_long() returns for the shared options; commands number their own from OPTION_OWN on. */
enum {
	OPTION_ALERTS = 256,
	OPTION_ALERTS_BYTES,
	OPTION_OUTPUT,
	OPTION_SOCKET,
	OPTION_ATTACH,
	OPTION_WATCH,
	OPTION_INSPECT_BYTES,
	OPTION_RING_BYTES,
	OPTION_PROCFS,
	OPTION_HOST_ROOT,
	OPTION_STORE,
	OPTION_NO_STORE,
	OPTION_STORE_DAYS,
	OPTION_STORE_BYTES,
	OPTION_NET,
	OPTION_DECODE,
	OPTION_CONFIG,
	OPTION_CHECK, /* of `forward` */
	OPTION_FORMATS, /* shared; `scan`, `mask` and `rules` have one with other values */
	OPTION_OWN,
};

/* One option of a command; a table of them ends with a name that is NULL. --help is every command's, and in none. */
struct option_entry {
	const char *name; /* without its hyphens */
	const char *value; /* what help calls its value; NULL: it takes none */
	int id; /* what options_next() returns for it */
	bool many; /* may be given more than once */
	/*
	 * What help, the man page and completions say: the first is a fragment of a sentence, the second whole ones that only the man page
	 * has. `x` is a command, an option or a file's name. NULL: it is told of nowhere.
	 */
	const char *help, *more;
};

/* Those that `run` and `exec` share. */
extern const struct option_entry options_shared_table[];

/* Entries of one command, and getopt_long(3)'s end. */
#define OPTIONS_MAX 48

/* A command line, while it is read. */
struct options_reader {
	const struct command *command;
	const struct option_entry *entries[OPTIONS_MAX]; /* of table */
	struct option table[OPTIONS_MAX];
	bool given[OPTIONS_MAX];
};

/* What options_next() returns when it has said what is wrong: EXIT_CODE_USAGE is due. */
#define OPTION_WRONG '?'

/* options_begin() - for options_next(), and for getopt_long(3) itself. options_letters(): what that is given beside the table. */
void options_begin(const struct command *command, struct options_reader *reader);
const char *options_letters(const struct command *command);

/*
 * options_next() - getopt_long(3): an option's id with `optarg`, 'h' if help is asked for, -1 at the end of the options; or OPTION_WRONG
 * after saying what is: one that is not known or is another command's, that lacks a value, has an empty one or one too many, or stands
 * there a second time.
 */
int options_next(struct options_reader *reader, int argc, char *const *argv);

/* options_none() - for who takes no arguments: says so and returns EXIT_CODE_USAGE if there are any behind the options, else 0. */
int options_none(const struct command *command, int argc);

/*
 * options_choice() - one of some words; they are put into *ret_index. Returns 0; or EXIT_CODE_USAGE after saying what
 * `option` takes, what was found, and which of them may have been meant.
 */
int options_choice(const struct command *command, const char *option, const char *value,
		   const char *const *words, size_t count, size_t *ret_index);

/* options_formats() - of --formats, with `optarg`: are agents' tokens looked for as well? Returns as options_choice() does. */
int options_formats(const struct command *command, bool *ret_agent);

/*
 * options_shared() - takes one shared option, as getopt_long() returned it with `optarg`.
 * Returns 0; or an exit code after saying what is wrong; or -1 if the option is not a shared one.
 */
int options_shared(const struct command *command, int option, struct pipeline_options *options);

/* options_wrong() - says what is wrong with a value; format as printf(3). */
void options_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * options_takes() - the same: "OPTION takes WHAT; found 'VALUE'", where what it takes is a format as of printf(3), and the value is shown
 * as by options_shown(), and its beginning only if it is long. Returns EXIT_CODE_USAGE.
 */
int options_takes(const char *option, const char *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* options_wrong_to() - who is told that instead of standard error; NULL: standard error. */
void options_wrong_to(void (*taker)(void *context, const char *text), void *context);

/* options_user() - takes a user's name or number in `optarg`. Returns 0; or an exit code after saying what is wrong. */
int options_user(struct privileges_user *ret_user);

/*
 * options_shown() - what the user gave, as a sentence may repeat it: printable, secrets masked. Nothing of a command
 * line is printed without it. Returns malloc'ed text; NULL if there is no memory.
 */
char *options_shown(const char *text, size_t len);

/* options_number() - a whole decimal number in [min, max]; false if text is anything else. */
bool options_number(const char *text, unsigned long min, unsigned long max, unsigned long *ret_number);
