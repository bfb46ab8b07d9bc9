// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch mask`: a filter, standard input → stream → standard output, for what leaves a host (logs,
 * bundles for support).
 *
 * Everything but secret portions passes unchanged, byte by byte, and at once; what may be the beginning of a token, when
 * nothing more has come for a moment (a prompt that ends in "d"). Needs no privilege.
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "detect/stream.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int mask_command_text(void *context, const void *bytes, size_t len)
{
	(void)context;
	return fwrite(bytes, 1, len, stdout) == len ? 0 : -errno;
}

/* ms that what may be the beginning of a token waits for its rest */
#define MASK_WAIT_MS 100

/* Reads once, or hands on what is held if nothing comes. Returns as stream_pull() does, but 1 if it did not read. */
static int64_t mask_command_turn(struct stream *stream)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int r;

	if (!stream_holds(stream) || poll(&input, 1, MASK_WAIT_MS) != 0)
		return stream_pull(stream, STDIN_FILENO);
	r = stream_flush(stream);
	return r < 0 ? r : 1;
}

static int mask_command_filter(void)
{
	struct stream *stream;
	int64_t r = stream_open(&(struct stream_use){.text = mask_command_text}, &stream);

	if (r < 0) {
		log_error("can't start: %s", strerror((int)-r));
		return EXIT_CODE_RUNTIME;
	}
	do {
		r = mask_command_turn(stream);
		/* somebody may be waiting for this much */
		if (fflush(stdout) != 0 && r >= 0)
			r = -errno;
	} while (r > 0);
	stream_close(stream);
	if (r == 0)
		return EXIT_CODE_OK;
	log_error("masking failed, the output is incomplete: %s", strerror((int)-r));
	return EXIT_CODE_RUNTIME;
}

static int mask_command_main(int argc, char **argv)
{
	struct options_reader reader;
	int option;

	options_begin(&command_mask, &reader);
	option = options_next(&reader, argc, argv);
	if (option == 'h')
		return command_help.main(2, (char *[]){"help", "mask", NULL});
	if (option != -1)
		return EXIT_CODE_USAGE;
	if (optind < argc) {
		log_error("'mask' takes no arguments: it reads standard input; see 'spillwatch help mask'");
		return EXIT_CODE_USAGE;
	}
	return mask_command_filter();
}

const struct command command_mask = {
	.name = "mask",
	.summary = "copy standard input to standard output without secrets",
	.usage = "Usage: spillwatch mask < FILE\n\n"
		 "Copies standard input to standard output and puts <masked> in place of the secret portion "
		 "of\n"
		 "each token; the token identifier stays. Everything else passes unchanged and at once. A "
		 "secret\n"
		 "portion that ends early, as where a line is cut, is masked as well. Needs no privilege.\n",
	.main = mask_command_main,
};
