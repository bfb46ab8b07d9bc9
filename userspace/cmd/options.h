/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options that `run` and `exec` share, as getopt_long(3) entries and as one switch. */
#pragma once

#include <stdbool.h>

#include "cmd/command.h"
#include "lib/privileges.h"
#include "engine/pipeline.h"

struct option;

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
	OPTION_CONFIG,
	OPTION_OWN,
};

/* Entries for getopt_long(3)'s array. */
/* its versions differ here */
/* clang-format off */
#define OPTIONS_SHARED                                                            \
	{"alerts", required_argument, NULL, OPTION_ALERTS},                       \
		{"alerts-bytes", required_argument, NULL, OPTION_ALERTS_BYTES},   \
		{"output", required_argument, NULL, OPTION_OUTPUT},               \
		{"socket", required_argument, NULL, OPTION_SOCKET},               \
		{"attach", required_argument, NULL, OPTION_ATTACH},               \
		{"watch", required_argument, NULL, OPTION_WATCH},                 \
		{"inspect-bytes", required_argument, NULL, OPTION_INSPECT_BYTES}, \
		{"ring-bytes", required_argument, NULL, OPTION_RING_BYTES},       \
		{"procfs", required_argument, NULL, OPTION_PROCFS},               \
		{"host-root", required_argument, NULL, OPTION_HOST_ROOT},         \
		{"store", required_argument, NULL, OPTION_STORE},                 \
		{"no-store", no_argument, NULL, OPTION_NO_STORE},                 \
		{"store-days", required_argument, NULL, OPTION_STORE_DAYS},       \
		{"store-bytes", required_argument, NULL, OPTION_STORE_BYTES},     \
		{"net", required_argument, NULL, OPTION_NET},                     \
		{"config", required_argument, NULL, OPTION_CONFIG},               \
		{"help", no_argument, NULL, 'h'}
/* clang-format on */

/* Their part of `help NAME`. */
#define OPTIONS_SHARED_USAGE                                                                               \
	"  --alerts FILE          append each alert to FILE as a line of JSON (- is standard output)\n"    \
	"  --alerts-bytes N       bound of FILE: a full one is called FILE.1, instead of the one before\n" \
	"                         (default: 1073741824; 0: none)\n"                                        \
	"  --output auto|text|json\n"                                                                      \
	"                         text: a readable line for each alert on standard error; json: JSON\n"    \
	"                         on standard output; auto: text on a terminal or without --alerts\n"      \
	"  --socket PATH          each alert as a line of JSON to whoever connects to this unix socket\n"  \
	"                         (spillwatch follow)\n"                                                   \
	"  --watch LIST           destinations, by commas: disk, tmpfs, block, memfd, pipe, socket,\n"     \
	"                         tty; or default (disk,tmpfs,block), or all\n"                            \
	"  --attach auto|fexit|syscall\n"                                                                  \
	"                         how to attach; auto takes fexit where the kernel allows it\n"            \
	"  --inspect-bytes N      bound of one write call; bytes past it are counted (default and\n"       \
	"                         most: 16777216)\n"                                                       \
	"  --ring-bytes N         size of the ring buffer, a power of two (default: 2097152)\n"            \
	"  --store FILE           keep what `audit` shows in this database (run: by default in\n"          \
	"                         " STORE_PATH "; exec: only if given); --no-store: don't\n"               \
	"  --store-days N         forget what was not seen for N days (default: 90)\n"                     \
	"  --store-bytes N        bound of the database's size; the oldest goes (default: 268435456)\n"    \
	"  --net on|off           look once more at what is on its way to a block device (default: on)\n"  \
	"  --config FILE          settings and rules, beside it rules.d/*.yaml (run: by default\n"         \
	"                         /etc/spillwatch/spillwatch.yaml); the command line wins\n"               \
	"  --procfs DIR           where the host's procfs is mounted, in a container (default: /proc)\n"   \
	"  --host-root DIR        below which the container runtimes' files lie (default: /)\n"

/*
 * options_shared() - takes one shared option, as getopt_long() returned it with `optarg`.
 * Returns 0; or an exit code after saying what is wrong; or -1 if the option is not a shared one.
 */
int options_shared(const struct command *command, int option, struct pipeline_options *options);

/* options_wrong() - says what is wrong with a value; format as printf(3). */
void options_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* options_wrong_to() - who is told that instead of standard error; NULL: standard error. */
void options_wrong_to(void (*taker)(void *context, const char *text), void *context);

/* options_user() - takes a user's name or number in `optarg`. Returns 0; or an exit code after saying what is wrong. */
int options_user(struct privileges_user *ret_user);

/* options_unknown() - says what getopt_long() stumbled over ('?' or ':'); returns EXIT_CODE_USAGE. */
int options_unknown(const struct command *command, int option, char *const *argv);

/*
 * options_shown() - what the user gave, as a sentence may repeat it: printable, secrets masked. Nothing of a command
 * line is printed without it. Returns malloc'ed text; NULL if there is no memory.
 */
char *options_shown(const char *text, size_t len);

/* options_number() - a whole decimal number in [min, max]; false if text is anything else. */
bool options_number(const char *text, unsigned long min, unsigned long max, unsigned long *ret_number);
