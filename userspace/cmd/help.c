// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `spillwatch help [COMMAND]` and `spillwatch version`: text on standard output, nothing else. */
#include "capture/pin.h"
#include "capture/probe.h"
#include "cmd/command.h"
#include "cmd/diagnose.h"
#include "cmd/usage.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "version.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* By which attachment the daemon watches that has pinned its programs where they are by default; NULL if that can't be seen. */
static const char *version_attachment(void)
{
	struct pin_state state;
	pid_t holder = 0;

	if (pin_peek(PIN_DIRECTORY, &holder, &state) < 0 || !holder ||
	    state.attachment >= PROBE_ATTACHMENT_MAX)
		return NULL;
	return probe_attachment_name((enum probe_attachment)state.attachment);
}

static int version_main(int argc, char **argv)
{
	struct options_reader reader;
	struct utsname host;
	const char *attachment;
	int option;

	options_begin(&command_version, &reader);
	option = options_next(&reader, argc, argv);
	if (option == 'h')
		return command_help.main(2, (char *[]){"help", "version", NULL});
	if (option != -1 || options_none(&command_version, argc))
		return EXIT_CODE_USAGE;
	printf("spillwatch %s\nlibbpf     %u.%u\n", SPILLWATCH_VERSION, libbpf_major_version(),
	       libbpf_minor_version());
	if (uname(&host) == 0)
		printf("kernel     %s %s, %s\n", host.release, host.machine,
		       diagnose_has_btf() ? "with BTF" : "WITHOUT BTF, which is needed");
	attachment = version_attachment();
	if (attachment)
		printf("attachment %s, by the daemon that runs\n", attachment);
	else
		printf("attachment none that can be seen; 'spillwatch check' says which can be had\n");
	return EXIT_CODE_OK;
}

const struct command command_version = {
	.name = "version",
	.summary = "print the version",
	.usage = "Usage: spillwatch version\n\n"
		 "Prints the version, and those of libbpf and of the kernel, whether that has BTF, and by "
		 "which\n"
		 "attachment the daemon watches, if one runs and may be asked (as root).\n",
	.main = version_main,
};

enum { OPTION_ROFF = OPTION_OWN };

/* for tools/man alone */
static const struct option_entry help_entries[] = {
	{.name = "roff", .value = "COMMAND", .id = OPTION_ROFF},
	{0},
};

static int help_roff(const char *name)
{
	const struct command *command = command_find(name);

	if (!command && strcmp(name, "shared") != 0)
		return command_unknown(name);
	usage_roff(command ? command->options : options_shared_table, stdout);
	return EXIT_CODE_OK;
}

static int help_one(const char *name)
{
	const struct command *command = command_find(name);

	if (!command)
		return command_unknown(name);
	usage_print(command, stdout);
	return EXIT_CODE_OK;
}

static int help_main(int argc, char **argv)
{
	struct options_reader reader;
	int option;

	options_begin(&command_help, &reader);
	option = options_next(&reader, argc, argv);
	if (option == 'h')
		return help_one("help");
	if (option == OPTION_ROFF)
		return help_roff(optarg);
	if (option != -1)
		return EXIT_CODE_USAGE;
	if (argc - optind > 1) {
		log_error("'help' takes one command's name");
		return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return help_one(argv[optind]);
	printf("spillwatch %s: catches secret tokens at the moment a process writes them\n\n"
	       "Usage: spillwatch COMMAND [OPTION…]\n\n",
	       SPILLWATCH_VERSION);
	for (const struct command *const *c = commands; *c; c++)
		printf("  %-8s  %s\n", (*c)->name, (*c)->summary);
	printf("\n'spillwatch help COMMAND' tells more.\n\n"
	       "Exit codes: 0 ok, 1 failed while running, 2 wrong usage, 3 what was named can't be used,\n"
	       "4 the kernel or a privilege is missing, 10 'scan' has found a token. 'exec' ends as its "
	       "command did.\n");
	return EXIT_CODE_OK;
}

const struct command command_help = {
	.name = "help",
	.summary = "explain a command",
	.usage = "Usage: spillwatch help [COMMAND]\n\nLists the commands, or explains one.\n",
	.options = help_entries,
	.main = help_main,
};
