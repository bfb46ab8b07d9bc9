// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch stop` ends the daemon, and detaches what it has left or would leave; `spillwatch reload` has it read its configuration.
 *
 * Who has the lock of the pins is the daemon, by the kernel's own word; nobody else is ever sent a signal.
 */
#include "cmd/command.h"
#include "capture/pin.h"
#include "cmd/check_config.h"
#include "cmd/options.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A daemon ends within less. */
#define STOP_MS 10000
#define STOP_PAUSE_NS 20000000L

enum { OPTION_PIN = OPTION_OWN };

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry stop_entries[] = {
	{.name = "pin", .value = "DIR", .id = OPTION_PIN,
	 .help = "the daemon that pins its programs there (default: " PIN_DIRECTORY ")"},
	{0},
};
/* clang-format on */

/* Tells whoever has it; a pid that has become somebody else's meanwhile gets nothing. Returns 0 or a negative errno. */
static int stop_ask(const char *directory, pid_t holder, int signal)
{
	struct pin_set *set;
	pid_t again;
	int pidfd = holder ? (int)syscall(SYS_pidfd_open, holder, 0) : -1;
	int r = pidfd < 0 ? -ESRCH : pin_open(directory, &again, &set);

	if (r == 0) {
		pin_close(set);
		r = -ESRCH;
	} else if (r == -EBUSY && again == holder) {
		r = syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
	}
	if (pidfd >= 0)
		close(pidfd);
	return r;
}

/* Takes the directory, from a daemon if need be. Returns 0 and *ret_set, or a negative errno. */
static int stop_take(const char *directory, bool *ret_ended, struct pin_set **ret_set)
{
	const struct timespec pause = {.tv_nsec = STOP_PAUSE_NS};
	int64_t until = monotonic_ms() + STOP_MS;
	pid_t holder = 0, asked = 0;
	int r;

	while ((r = pin_open(directory, &holder, ret_set)) == -EBUSY && monotonic_ms() < until) {
		if (holder && holder != asked && stop_ask(directory, holder, SIGINT) == 0) {
			asked = holder;
			*ret_ended = true;
		}
		nanosleep(&pause, NULL);
	}
	return r;
}

static int stop_one(const char *directory)
{
	AUTO_FREE char *shown = options_shown(directory, strlen(directory));
	struct pin_set *set = NULL;
	bool ended = false, left;
	int r = access(directory, F_OK) < 0 ? -errno : stop_take(directory, &ended, &set);

	/* a daemon that ends takes the directory with it */
	if (r == -ENOENT && !ended)
		return r;
	if (r < 0 && r != -ENOENT) {
		log_error("%s: %s", shown ? shown : "the pins",
			  r == -EBUSY ? "the daemon does not end" : pin_error_asked(r));
		return r;
	}
	left = set && pin_state(set);
	if (set) {
		pin_remove(set);
		pin_close(set);
	}
	if (ended)
		log_note("%s: the daemon has ended, and its programs are detached", shown ? shown : "");
	else if (left)
		log_note("%s: the programs that a daemon had left are detached", shown ? shown : "");
	return 0;
}

static int stop_main(int argc, char **argv)
{
	const char *pin = PIN_DIRECTORY;
	struct options_reader reader;
	int option, r;

	options_begin(&command_stop, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		if (option == 'h')
			return command_help.main(2, (char *[]){"help", "stop", NULL});
		if (option != OPTION_PIN)
			return EXIT_CODE_USAGE;
		pin = optarg;
	}
	if (options_none(&command_stop, argc))
		return EXIT_CODE_USAGE;
	r = stop_one(pin);
	if (r == -ENOENT) {
		AUTO_FREE char *shown = options_shown(pin, strlen(pin));

		log_note("nothing is pinned at %s", shown ? shown : "that place");
	}
	return r < 0 && r != -ENOENT ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
}

/* clang-format off */
const struct command command_stop = {
	.name = "stop",
	.summary = "end the daemon, and detach what it would leave",
	.usage =
		"Usage: spillwatch stop [--pin DIR]\n\n"
		"Ends the daemon, and detaches the programs that one has left for the next (after SIGTERM, or when\n"
		"it was killed). Needs root.\n",
	.options = stop_entries,
	.main = stop_main,
};
/* clang-format on */

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry reload_entries[] = {
	{.name = "config", .value = "FILE", .id = OPTION_CONFIG,
	 .help = "the one that the daemon was started with, if it was told"},
	{.name = "pin", .value = "DIR", .id = OPTION_PIN,
	 .help = "the daemon that pins its programs there (default: " PIN_DIRECTORY ")"},
	{0},
};
/* clang-format on */

static int reload_tell(const char *directory)
{
	AUTO_FREE char *shown = options_shown(directory, strlen(directory));
	struct pin_set *set = NULL;
	pid_t holder = 0;
	int r = access(directory, F_OK) < 0 ? -ESRCH : pin_open(directory, &holder, &set);

	if (set) {
		pin_close(set);
		r = -ESRCH;
	} else if (r == -EBUSY) {
		r = stop_ask(directory, holder, SIGHUP);
	}
	if (r == -ESRCH)
		log_error("no daemon has %s; one that pins nothing gets SIGHUP by kill(1)",
			  shown ? shown : "the pins");
	else if (r < 0)
		log_error("%s: %s", shown ? shown : "the pins", pin_error_asked(r));
	else
		log_note("the daemon reads its configuration anew; its log says what came of it");
	return r < 0 ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
}

static int reload_main(int argc, char **argv)
{
	const char *pin = PIN_DIRECTORY, *config = NULL;
	struct options_reader reader;
	int option, r;

	options_begin(&command_reload, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_PIN:
			pin = optarg;
			break;
		case OPTION_CONFIG:
			config = optarg;
			break;
		case 'h':
			return command_help.main(2, (char *[]){"help", "reload", NULL});
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (options_none(&command_reload, argc))
		return EXIT_CODE_USAGE;
	/* a mistake is for whoever has made it, and not for a log */
	r = check_config(config, NULL);
	return r ? r : reload_tell(pin);
}

/* clang-format off */
const struct command command_reload = {
	.name = "reload",
	.summary = "check the configuration, and have the daemon read it",
	.usage =
		"Usage: spillwatch reload [--config FILE] [--pin DIR]\n\n"
		"Checks the configuration, and if there is no mistake in it has the daemon read it anew: its rules\n"
		"and outputs are in force between two alerts, nothing is missed. Needs root.\n",
	.options = reload_entries,
	.main = reload_main,
};
/* clang-format on */
