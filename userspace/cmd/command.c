// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of commands. */
#include "cmd/command.h"

#include <stddef.h>
#include <string.h>

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
