/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The commands: each parses its own arguments and returns an exit code. */
#pragma once

#include <stdbool.h>

struct option_entry;

struct command {
	const char *name;
	const char *summary; /* one line, for `help` */
	const char *usage; /* `help NAME`, before the options … */
	const char *notes; /* … and behind them; NULL: nothing */
	const struct option_entry *options; /* its own (cmd/options.h); NULL: none */
	bool monitors; /* has those as well that `run` and `exec` share */
	bool runs; /* its first argument is another command, whose options are not ours */
	/* argv[0] is the command's name; returns an enum exit_code, or for exec its command's status */
	int (*main)(int argc, char **argv);
};

extern const struct command command_run, command_exec, command_audit, command_scan, command_mask,
	command_identify, command_rules, command_check, command_status, command_follow, command_forward,
	command_stop, command_reload, command_version, command_help;

/* All of them, in the order `help` shows; the last is NULL. */
extern const struct command *const commands[];

/* command_find() - by name, NULL if there is none. */
const struct command *command_find(const char *name);

/* command_unknown() - says that there is none of that name, and which one may be meant. Returns EXIT_CODE_USAGE. */
int command_unknown(const char *name);
