// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `spillwatch help [COMMAND]` and `spillwatch version`: text on standard output, nothing else. */
#include "cmd/command.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "version.h"

#include <stdio.h>
#include <string.h>

static int version_main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		log_error("'version' takes no arguments");
		return EXIT_CODE_USAGE;
	}
	printf("spillwatch %s\n", SPILLWATCH_VERSION);
	return EXIT_CODE_OK;
}

const struct command command_version = {
	.name = "version",
	.summary = "print the version",
	.usage = "Usage: spillwatch version\n\nPrints the version.\n",
	.main = version_main,
};

static int help_main(int argc, char **argv)
{
	const struct command *command;

	if (argc > 2) {
		log_error("'help' takes one command's name");
		return EXIT_CODE_USAGE;
	}
	if (argc == 2) {
		command = command_find(argv[1]);
		if (!command) {
			log_error("there is no such command; try 'spillwatch help'");
			return EXIT_CODE_USAGE;
		}
		fputs(command->usage, stdout);
		return EXIT_CODE_OK;
	}
	printf("spillwatch %s: catches secret tokens at the moment a process writes them\n\n"
	       "Usage: spillwatch COMMAND [OPTION…]\n\n",
	       SPILLWATCH_VERSION);
	for (const struct command *const *c = commands; *c; c++)
		printf("  %-8s  %s\n", (*c)->name, (*c)->summary);
	printf("\n'spillwatch help COMMAND' tells more.\n\n"
	       "Exit codes: 0 ok, 1 failed while running, 2 wrong usage, 3 a file or path can't be used,\n"
	       "4 the kernel or a privilege is missing, 10 'scan' has found a token. 'exec' ends as its "
	       "command did.\n");
	return EXIT_CODE_OK;
}

const struct command command_help = {
	.name = "help",
	.summary = "explain a command",
	.usage = "Usage: spillwatch help [COMMAND]\n\nLists the commands, or explains one.\n",
	.main = help_main,
};
