// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of commands. */
#include "cmd/command.h"

#include "lib/exit_code.h"
#include "lib/log.h"
#include "rules/nearest.h"

#include <stddef.h>
#include <string.h>

#define COMMANDS_MAX 32

const struct command *const commands[] = {
	&command_run,    &command_exec,    &command_status,   &command_stop,
	&command_reload, &command_follow,  &command_forward,  &command_audit,
	&command_scan,   &command_mask,    &command_identify, &command_rules,
	&command_check,  &command_version, &command_help,     NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

int command_unknown(const char *name)
{
	const char *known[COMMANDS_MAX], *nearest;
	size_t count = 0;

	for (const struct command *const *c = commands; *c && count < COMMANDS_MAX; c++)
		known[count++] = (*c)->name;
	nearest = nearest_word(name, known, count);
	/* what was given is not repeated: it may be a token */
	if (nearest)
		log_error("there is no such command; did you mean '%s'? Try 'spillwatch help'", nearest);
	else
		log_error("there is no such command; try 'spillwatch help'");
	return EXIT_CODE_USAGE;
}
