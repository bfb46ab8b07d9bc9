// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch identify`: standard input → which tokens are these, and how is one disabled?
 *
 * Never by an argument: those are in everybody's process list and in the shell's history. Identifiers alone will do. Nothing is sent
 * anywhere, and what was read is wiped.
 */
#include "alert/json_writer.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "detect/disable.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "spillwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of standard input: enough for some, and too little for a log, for which there is `scan`. */
#define IDENTIFY_BYTES (256UL << 10)

struct identify {
	bool json;
	size_t count;
	struct spillwatch_token *whole, *identifier; /* the next ones of either kind */
};

static int identify_json(const struct spillwatch_token *found, const struct disable *call,
			 const char *request)
{
	AUTO_FREE char *line = NULL;
	struct json_writer json = {0};
	int r;

	json_open(&json, NULL, '{');
	json_text(&json, "identifier", spillwatch_token_identifier(found));
	json_text(&json, "prefix", spillwatch_token_prefix(found));
	json_text(&json, "type", spillwatch_token_type(found));
	json_text(&json, "family", spillwatch_token_family(found));
	json_bool(&json, "documented", spillwatch_token_is_documented(found));
	json_bool(&json, "secret", spillwatch_token_has_secret(found));
	if (spillwatch_token_has_secret(found))
		json_bool(&json, "placeholder", spillwatch_token_is_placeholder(found));
	if (call) {
		json_open(&json, "disable", '{');
		json_text(&json, "request", request);
		json_text_if(&json, "body", call->body);
		json_close(&json, '}');
	}
	json_close(&json, '}');
	r = json_writer_take(&json, &line);
	if (r == 0)
		fputs(line, stdout);
	return r;
}

static int identify_text(const struct spillwatch_token *found, const struct disable *call,
			 const char *request)
{
	printf("%s: %s\n", spillwatch_token_identifier(found), spillwatch_token_type(found));
	printf("  family       %s, %s\n", spillwatch_token_family(found),
	       spillwatch_token_is_documented(found) ? "documented" : "seen in the field");
	printf("  secret       %s\n", spillwatch_token_has_secret(found) ? "given, not shown" : "not given");
	if (spillwatch_token_has_secret(found))
		printf("  placeholder  %s\n", spillwatch_token_is_placeholder(found) ? "yes" : "no");
	if (call)
		printf("  disable      %s%s%s\n", request, call->body ? "  " : "",
		       call->body ? call->body : "");
	else
		printf("  disable      no call is known for this type\n");
	return 0;
}

static int identify_show(struct identify *identify, const struct spillwatch_token *found)
{
	const struct disable *call = disable_call(spillwatch_token_prefix(found));
	AUTO_FREE char *request = call ? disable_request(call, spillwatch_token_identifier(found)) : NULL;

	identify->count++;
	if (call && !request)
		return -ENOMEM;
	return identify->json ? identify_json(found, call, request) : identify_text(found, call, request);
}

/* Identifiers alone in text[from, end). */
static int identify_identifiers(struct identify *identify, const uint8_t *text, size_t from, size_t end)
{
	int r = 0;

	while (r == 0 && spillwatch_match(SPILLWATCH_IDENTIFIER, text, end, from, identify->identifier) > 0) {
		r = identify_show(identify, identify->identifier);
		from = (size_t)spillwatch_token_end(identify->identifier);
	}
	return r;
}

static int identify_all(struct identify *identify, const uint8_t *text, size_t len)
{
	size_t from = 0;
	int r = 0;

	while (r == 0 && spillwatch_match(SPILLWATCH_PLAIN_AGENT, text, len, from, identify->whole) > 0) {
		r = identify_identifiers(identify, text, from,
					 (size_t)spillwatch_token_start(identify->whole));
		if (r == 0)
			r = identify_show(identify, identify->whole);
		from = (size_t)spillwatch_token_end(identify->whole);
	}
	return r < 0 ? r : identify_identifiers(identify, text, from, len);
}

static int identify_read(uint8_t *text, size_t *ret_len)
{
	size_t len = 0;
	ssize_t got;

	while (len < IDENTIFY_BYTES) {
		got = read(STDIN_FILENO, text + len, IDENTIFY_BYTES - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return len < IDENTIFY_BYTES ? 0 : -EFBIG;
}

static int identify_input(struct identify *identify)
{
	uint8_t *text = malloc(IDENTIFY_BYTES);
	size_t len = 0;
	int r;

	identify->whole = spillwatch_token_new();
	identify->identifier = spillwatch_token_new();
	r = text && identify->whole && identify->identifier ? identify_read(text, &len) : -ENOMEM;

	if (r < 0)
		log_error("can't read standard input: %s", strerror(-r));
	if (r == 0 && identify_all(identify, text, len) < 0)
		r = -ENOMEM;
	if (text)
		explicit_bzero(text, IDENTIFY_BYTES);
	free(text);
	spillwatch_token_free(identify->whole);
	spillwatch_token_free(identify->identifier);
	if (r < 0)
		return r == -ENOMEM ? EXIT_CODE_RUNTIME : EXIT_CODE_CONFIG;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("can't write to standard output");
		return EXIT_CODE_RUNTIME;
	}
	if (identify->count)
		return EXIT_CODE_OK;
	log_error("no token and no token identifier in what was read");
	return EXIT_CODE_CONFIG;
}

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry identify_entries[] = {
	{.name = "output", .value = "text|json", .id = OPTION_OUTPUT,
	 .help = "some readable lines for each, or a line of JSON (default: text)"},
	{0},
};
/* clang-format on */

static int identify_main(int argc, char **argv)
{
	static const char *const forms[] = {"text", "json"};
	struct identify identify = {0};
	size_t form;
	struct options_reader reader;
	int option;

	options_begin(&command_identify, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_OUTPUT:
			if (options_choice(&command_identify, "--output", optarg, forms, 2, &form))
				return EXIT_CODE_USAGE;
			identify.json = form == 1;
			break;
		case 'h':
			return command_help.main(2, (char *[]){"help", "identify", NULL});
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (optind == argc)
		return identify_input(&identify);
	log_error("'identify' takes no arguments: everybody can read those; give it standard input");
	return EXIT_CODE_USAGE;
}

/* clang-format off */
const struct command command_identify = {
	.name = "identify",
	.summary = "tell which token it is, and how it is disabled",
	.usage =
		"Usage: spillwatch identify < FILE\n\n"
		"Says of each token or token identifier on standard input which type it is, how its family\n"
		"looks, whether it is a placeholder, and by which call of the platform's API it is disabled.\n"
		"The secret portion is not needed, not shown and not sent anywhere. Needs no privilege.\n\n"
		"Ends with 0, or with 3 if there is none.\n",
	.options = identify_entries,
	.main = identify_main,
};
/* clang-format on */
