// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch mask`: a filter, standard input → stream → standard output, for what leaves a host (logs,
 * bundles for support); or files, where they are (mask_file.h).
 *
 * Everything but secret portions passes unchanged, byte by byte, and at once; what may be the beginning of a token, when
 * nothing more has come for a moment (a prompt that ends in "d"). Needs no privilege.
 */
#include "cmd/command.h"
#include "cmd/mask_file.h"
#include "cmd/options.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "spillwatch.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ms that what may be the beginning of a token waits for its rest */
#define MASK_WAIT_MS 100

/* Of a secret portion of another length nothing is to be told but that there was one. */
#define MASK_STARS "********"
_Static_assert(sizeof(MASK_STARS) == sizeof(SPILLWATCH_MASKED), "one length");

/* Types that are counted by themselves; there are not so many. */
#define MASK_TYPES 32

struct mask_command {
	bool in_place, keep_length, stars, log, no_decode, agent;
	uint64_t masked, tokens;
	struct {
		const char *type; /* static */
		uint64_t count;
	} types[MASK_TYPES];
};

static enum spillwatch_look mask_command_look(const struct mask_command *command)
{
	if (command->agent)
		return command->no_decode ? SPILLWATCH_PLAIN_AGENT : SPILLWATCH_ENCODED_AGENT;
	return command->no_decode ? SPILLWATCH_PLAIN : SPILLWATCH_ENCODED;
}

/* What stands for a secret portion. */
static size_t mask_command_mark(void *context, size_t len, char *to)
{
	const struct mask_command *command = context;
	const char *text = command->stars ? MASK_STARS : SPILLWATCH_MASKED;
	size_t text_len = sizeof(SPILLWATCH_MASKED) - 1;

	if (!command->keep_length) {
		memcpy(to, text, text_len);
		return text_len;
	}
	memset(to, '*', len);
	if (len >= text_len)
		memcpy(to, text, text_len);
	return len;
}

static int mask_command_text(void *context, const void *bytes, size_t len)
{
	(void)context;
	return fwrite(bytes, 1, len, stdout) == len ? 0 : -errno;
}

static int mask_command_secret(void *context, uint64_t at, size_t len)
{
	struct mask_command *command = context;
	char text[MASK_FILE_ROOM] = {0};

	(void)at;
	command->masked++;
	return mask_command_text(NULL, text, mask_command_mark(command, len, text));
}

static int mask_command_form(void *context, uint64_t at, const void *bytes, size_t len, size_t same)
{
	struct mask_command *command = context;

	(void)at;
	(void)bytes;
	(void)len;
	(void)same;
	command->masked++;
	return 0;
}

static int mask_command_token(void *context, const struct spillwatch_token *token)
{
	struct mask_command *command = context;
	const char *type = spillwatch_token_type(token);

	command->tokens++;
	for (size_t i = 0; i < MASK_TYPES; i++) {
		if (command->types[i].type && strcmp(command->types[i].type, type) != 0)
			continue;
		command->types[i].type = type;
		command->types[i].count++;
		break;
	}
	return 0;
}

/* Reads once, or hands on what is held if nothing comes. Returns as spillwatch_stream_pull() does, but 1 if it did not read. */
static int64_t mask_command_turn(struct spillwatch_stream *stream)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int r;

	/* also where somebody has made it non-blocking, for all who have it */
	do
		r = poll(&input, 1, spillwatch_stream_holds(stream) ? MASK_WAIT_MS : -1);
	while (r < 0 && errno == EINTR);
	if (r != 0)
		return spillwatch_stream_pull(stream, STDIN_FILENO);
	r = spillwatch_stream_flush(stream);
	return r < 0 ? r : 1;
}

static int mask_command_filter(struct mask_command *command)
{
	struct spillwatch_stream *stream = spillwatch_stream_new(command);
	int64_t r;

	if (!stream) {
		log_error("can't start: %s", strerror(ENOMEM));
		return EXIT_CODE_RUNTIME;
	}
	spillwatch_stream_on_token(stream, mask_command_token);
	spillwatch_stream_on_text(stream, mask_command_text);
	spillwatch_stream_on_secret(stream, mask_command_secret);
	spillwatch_stream_on_form(stream, mask_command_form);
	spillwatch_stream_look(stream, mask_command_look(command));
	do {
		r = mask_command_turn(stream);
		/* somebody may be waiting for this much */
		if (fflush(stdout) != 0 && r >= 0)
			r = -errno;
	} while (r > 0);
	spillwatch_stream_free(stream);
	if (r == 0)
		return EXIT_CODE_OK;
	log_error("masking failed, the output is incomplete: %s", strerror((int)-r));
	return EXIT_CODE_RUNTIME;
}

static int mask_command_files(struct mask_command *command, char **paths, int count)
{
	const struct mask_file_use use = {
		.context = command,
		.text = mask_command_mark,
		.token = mask_command_token,
		.same_length = command->keep_length,
		.look = mask_command_look(command),
	};
	int result = EXIT_CODE_OK;

	/* whoever opens a file to write meanwhile is told us by that (mask_file.h) */
	signal(SIGIO, SIG_IGN);
	for (int i = 0; i < count; i++) {
		const struct mask_command before = *command;
		int64_t r = mask_file(paths[i], &use);
		AUTO_FREE char *shown = r < 0 ? options_shown(paths[i], strlen(paths[i])) : NULL;

		command->masked += r > 0 ? (uint64_t)r : 0;
		if (r >= 0)
			continue;
		/* what was found in it was not masked */
		*command = before;
		log_error("can't mask %s: %s", shown ? shown : "a file", mask_file_error((int)r));
		result = EXIT_CODE_CONFIG;
	}
	return result;
}

/* In one line, by type. */
static void mask_command_log(const struct mask_command *command)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	bool ok = file;

	for (size_t i = 0; ok && i < MASK_TYPES && command->types[i].type; i++)
		fprintf(file, "%s%s %" PRIu64, i ? ", " : ": ", command->types[i].type,
			command->types[i].count);
	if (ok && command->masked > command->tokens)
		fprintf(file, "%scut short %" PRIu64, command->tokens ? ", " : ": ",
			command->masked - command->tokens);
	ok = file && fclose(file) == 0;
	log_note("%" PRIu64 " secret portion%s masked%s", command->masked, command->masked == 1 ? "" : "s",
		 ok ? text : "");
}

enum { OPTION_IN_PLACE = OPTION_OWN, OPTION_KEEP_LENGTH, OPTION_STYLE, OPTION_LOG, OPTION_NO_DECODE };

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry mask_entries[] = {
	{.name = "in-place", .id = OPTION_IN_PLACE,
	 .help = "mask the files instead: each is written anew, with its mode, owner, times and extended "
		 "attributes, and then takes the place of the old one",
	 .more = "A link, a file with other names, and one that is open for writing, or is written to "
		 "meanwhile, is refused."},
	{.name = "keep-length", .id = OPTION_KEEP_LENGTH,
	 .help = "put as many bytes as a secret portion has in its place; with --in-place, into the same "
		 "file, which may be in use"},
	{.name = "style", .value = "text|stars", .id = OPTION_STYLE,
	 .help = "<masked>, or asterisks (default: text)"},
	{.name = "no-decode", .id = OPTION_NO_DECODE,
	 .help = "mask only what stands there as it is, and not in base64, hex, UTF-16, escapes, or wrapped"},
	{.name = "formats", .value = "default|agent", .id = OPTION_FORMATS,
	 .help = "agent: agents' tokens (dt0a01, hexadecimal) as well"},
	{.name = "log", .id = OPTION_LOG,
	 .help = "say in the end on standard error how many of which type there were"},
	{0},
};
/* clang-format on */

static int mask_command_style(struct mask_command *command)
{
	static const char *const words[] = {"text", "stars"};
	size_t index = 0;
	int r = options_choice(&command_mask, "--style", optarg, words, 2, &index);

	command->stars = index == 1;
	return r;
}

static int mask_command_parse(int argc, char **argv, struct mask_command *command)
{
	struct options_reader reader;
	int option, r;

	options_begin(&command_mask, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_IN_PLACE:
			command->in_place = true;
			break;
		case OPTION_KEEP_LENGTH:
			command->keep_length = true;
			break;
		case OPTION_STYLE:
			r = mask_command_style(command);
			if (r)
				return r;
			break;
		case OPTION_NO_DECODE:
			command->no_decode = true;
			break;
		case OPTION_FORMATS:
			r = options_formats(&command_mask, &command->agent);
			if (r)
				return r;
			break;
		case OPTION_LOG:
			command->log = true;
			break;
		case 'h':
			return -1;
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (command->in_place == (optind < argc))
		return 0;
	log_error(command->in_place
			  ? "--in-place takes the files to mask"
			  : "'mask' takes no files but with --in-place: it reads standard input; see "
			    "'spillwatch help mask'");
	return EXIT_CODE_USAGE;
}

static int mask_command_main(int argc, char **argv)
{
	struct mask_command command = {0};
	int r = mask_command_parse(argc, argv, &command);

	if (r < 0)
		return command_help.main(2, (char *[]){"help", "mask", NULL});
	if (r > 0)
		return r;
	r = command.in_place ? mask_command_files(&command, argv + optind, argc - optind)
			     : mask_command_filter(&command);
	if (command.log)
		mask_command_log(&command);
	return r;
}

/* its versions differ here */
/* clang-format off */
const struct command command_mask = {
	.name = "mask",
	.summary = "take the secrets out of a text, or out of files",
	.usage = "Usage: spillwatch mask [OPTION…] < FILE\n"
		 "       spillwatch mask --in-place [OPTION…] FILE…\n\n"
		 "Copies standard input to standard output and puts <masked> in place of the secret portion of\n"
		 "each token; the token identifier stays. Everything else passes unchanged and at once. A secret\n"
		 "portion that ends early, as where a line is cut, is masked as well. One in another form, as base64\n"
		 "or with escapes, keeps form and length: its characters become asterisks. Needs no privilege.\n",
	.options = mask_entries,
	.main = mask_command_main,
};
/* clang-format on */
