// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Options shared by the commands that monitor. Bad input gets one sentence that says what to do,
 * and EXIT_CODE_USAGE.
 */
#include "cmd/options.h"

#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "bounds.h"
#include "capture/watch.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Who is told what is wrong with a value, if it is no command line's. */
static void (*options_wrong_taker)(void *context, const char *text);
static void *options_wrong_context;

void options_wrong_to(void (*taker)(void *context, const char *text), void *context)
{
	options_wrong_taker = taker;
	options_wrong_context = context;
}

void options_wrong(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (options_wrong_taker)
		options_wrong_taker(options_wrong_context, text);
	else
		log_error("%s", text);
}

bool options_number(const char *text, unsigned long min, unsigned long max, unsigned long *ret_number)
{
	unsigned long number;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return false;
	*ret_number = number;
	return true;
}

static int options_output(const struct command *command, struct pipeline_options *options)
{
	if (strcmp(optarg, "auto") == 0)
		options->output = PIPELINE_OUTPUT_AUTO;
	else if (strcmp(optarg, "text") == 0)
		options->output = PIPELINE_OUTPUT_TEXT;
	else if (strcmp(optarg, "json") == 0)
		options->output = PIPELINE_OUTPUT_JSON;
	else {
		options_wrong("--output takes auto, text or json; see 'spillwatch help %s'", command->name);
		return EXIT_CODE_USAGE;
	}
	return 0;
}

static int options_attach(const struct command *command, struct pipeline_options *options)
{
	for (int i = 0; i < PROBE_ATTACHMENT_MAX; i++) {
		if (strcmp(optarg, probe_attachment_name(i)) != 0)
			continue;
		options->probe.attachment = i;
		return 0;
	}
	options_wrong("--attach takes auto, fexit or syscall; see 'spillwatch help %s'", command->name);
	return EXIT_CODE_USAGE;
}

static int options_directory(const char *name, const char **ret_path)
{
	struct stat st;

	if (stat(optarg, &st) < 0 || !S_ISDIR(st.st_mode)) {
		options_wrong("%s takes a directory that exists", name);
		return EXIT_CODE_CONFIG;
	}
	*ret_path = optarg;
	return 0;
}

char *options_shown(const char *text, size_t len)
{
	char *shown;

	return mask_text(text, len, NULL, &shown) < 0 ? NULL : shown;
}

int options_user(struct privileges_user *ret_user)
{
	int r = privileges_user(optarg, ret_user);

	if (r == 0)
		return 0;
	if (r == -ENOENT)
		options_wrong("--user takes the name or the number of a user that exists");
	else
		options_wrong("--user: can't look the user up: %s", strerror(-r));
	return EXIT_CODE_CONFIG;
}

static int options_watch(const struct command *command, struct pipeline_options *options)
{
	AUTO_FREE char *shown = NULL;
	const char *bad;
	size_t bad_len;

	options->watch_given = true;
	if (watch_parse(optarg, &options->probe.watch, &bad, &bad_len) == 0)
		return 0;
	shown = options_shown(bad, bad_len);
	options_wrong("--watch does not know '%s'; see 'spillwatch help %s'", shown ? shown : "this",
		      command->name);
	return EXIT_CODE_USAGE;
}

int options_shared(const struct command *command, int option, struct pipeline_options *options)
{
	unsigned long number;

	switch (option) {
	case OPTION_CONFIG: /* it was read before */
		return 0;
	case OPTION_ALERTS:
		options->alerts = optarg;
		return 0;
	case OPTION_ALERTS_BYTES:
		if (options_number(optarg, 0, 1UL << 40, &number) &&
		    (number == 0 || number >= PIPELINE_ALERTS_BYTES_MIN)) {
			options->alerts_bytes = number;
			return 0;
		}
		options_wrong("--alerts-bytes takes a number from %ld to %lu, or 0 for no bound",
			      PIPELINE_ALERTS_BYTES_MIN, 1UL << 40);
		return EXIT_CODE_USAGE;
	case OPTION_OUTPUT:
		return options_output(command, options);
	case OPTION_SOCKET:
		options->socket = optarg;
		return 0;
	case OPTION_ATTACH:
		return options_attach(command, options);
	case OPTION_WATCH:
		return options_watch(command, options);
	case OPTION_INSPECT_BYTES:
		if (options_number(optarg, 1, LIMIT_INSPECT_BYTES, &number)) {
			options->probe.inspect_bytes = (uint32_t)number;
			return 0;
		}
		options_wrong("--inspect-bytes takes a number from 1 to %u", LIMIT_INSPECT_BYTES);
		return EXIT_CODE_USAGE;
	case OPTION_RING_BYTES:
		if (options_number(optarg, 4096, 1UL << 30, &number) && !(number & (number - 1))) {
			options->probe.ring_bytes = (uint32_t)number;
			return 0;
		}
		options_wrong("--ring-bytes takes a power of two from 4096 to %lu", 1UL << 30);
		return EXIT_CODE_USAGE;
	case OPTION_PROCFS:
		return options_directory("--procfs", &options->procfs);
	case OPTION_HOST_ROOT:
		return options_directory("--host-root", &options->root);
	case OPTION_STORE:
		options->store = optarg;
		return 0;
	case OPTION_NO_STORE:
		options->store = NULL;
		return 0;
	case OPTION_STORE_DAYS:
		if (options_number(optarg, 1, 36500, &options->store_limits.days))
			return 0;
		options_wrong("--store-days takes a number of days from 1 to 36500");
		return EXIT_CODE_USAGE;
	case OPTION_NET:
		if (strcmp(optarg, "on") == 0 || strcmp(optarg, "off") == 0) {
			options->probe.no_net = strcmp(optarg, "off") == 0;
			return 0;
		}
		options_wrong("--net takes on or off; see 'spillwatch help %s'", command->name);
		return EXIT_CODE_USAGE;
	case OPTION_STORE_BYTES:
		if (options_number(optarg, STORE_BYTES_MIN, 1UL << 40, &options->store_limits.bytes))
			return 0;
		options_wrong("--store-bytes takes a number from %ld to %lu", STORE_BYTES_MIN, 1UL << 40);
		return EXIT_CODE_USAGE;
	default:
		return -1;
	}
}

int options_unknown(const struct command *command, int option, char *const *argv)
{
	const char *what = argv[optind - 1];
	size_t len = strcspn(what, "=");
	const char letter[] = {'-', (char)optopt};
	AUTO_FREE char *shown = NULL;

	/* of letters, getopt_long() may still be inside the argument that argv[optind] is */
	if (optopt > 0 && optopt <= UCHAR_MAX && optopt != 'h') {
		what = letter;
		len = sizeof(letter);
	}
	/* a token may stand in a mistyped option: only its name is repeated, masked */
	shown = options_shown(what, len);
	if (option == ':')
		log_error("option '%s' needs a value; see 'spillwatch help %s'", shown ? shown : "given",
			  command->name);
	else
		log_error("unknown option '%s'; see 'spillwatch help %s'", shown ? shown : "given",
			  command->name);
	return EXIT_CODE_USAGE;
}
