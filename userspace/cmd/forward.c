// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `spillwatch forward`: runs spillwatch-forward, which is beside this program and links what talks to a network (forward/). */
#include "cmd/command.h"
#include "cmd/options.h"
#include "lib/beside.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

static int forward_main(int argc, char **argv)
{
	char path[PATH_MAX];

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return command_help.main(2, (char *[]){"help", "forward", NULL});
	if (beside_path("spillwatch-forward", path) == 0)
		execv(path, argv);
	log_error("there is no spillwatch-forward beside this program: it is a package of its own, and the "
		  "static build has none");
	return EXIT_CODE_CONFIG;
}

/* spillwatch-forward reads them */
/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry forward_entries[] = {
	{.name = "config", .value = "FILE", .id = OPTION_CONFIG,
	 .help = "which receivers (default: /etc/spillwatch/forward.yaml)"},
	{.name = "check", .id = OPTION_CHECK,
	 .help = "say what is wrong with it, of credentials as well, and end"},
	{0},
};
/* clang-format on */

/* clang-format off */
const struct command command_forward = {
	.name = "forward",
	.summary = "deliver what a daemon alerts to other systems",
	.usage =
		"Usage: spillwatch forward [--config FILE] [--check]\n\n"
		"Follows a daemon's socket, keeps what it alerts on disk, and delivers it to the receivers that\n"
		"the configuration names, until each has it: at least once, and event.id tells what came twice.\n"
		"Needs no privilege but to connect to the socket. Ends with SIGTERM; what waits is delivered after\n"
		"the next start. With SIGHUP it reads the configuration anew.\n",
	.options = forward_entries,
	.main = forward_main,
};
/* clang-format on */
