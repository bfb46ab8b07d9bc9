// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch mask`: a filter, standard input → stream → standard output, for what leaves a host (logs,
 * bundles for support); or files, where they are (mask_file.h).
 *
 * Everything but secret portions passes unchanged, byte by byte, and at once; what may be the beginning of a token, when
 * nothing more has come for a moment (a prompt that ends in "d"). Needs no privilege.
 */
#include "cmd/command.h"
#include "cmd/mask_digest.h"
#include "cmd/mask_file.h"
#include "cmd/options.h"
#include "lib/beside.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "spillwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ms that what may be the beginning of a token waits for its rest */
#define MASK_WAIT_MS 100

/* Of a secret portion of another length nothing is to be told but that there was one. */
#define MASK_STARS "********"
_Static_assert(sizeof(MASK_STARS) == sizeof(SPILLWATCH_MASKED), "one length");

/* "<masked:" and the first digits of SHA-256, of a whole secret portion; not of a part, which somebody could try all of. */
#define MASK_SHA "<masked:"
#define MASK_SHA_LEN (sizeof(MASK_SHA) - 1 + MASK_DIGEST_LEN + 1)
_Static_assert(MASK_SHA_LEN <= SPILLWATCH_SECRET_MAX, "no longer than what it stands for");

/* A key shorter than that could be tried out as well. */
#define MASK_KEY_MIN 16
#define MASK_KEY_MAX 4096

/* What was read last: more than a stream holds, and a piece. */
#define MASK_RING (64UL << 10)
#define MASK_PIECE (32UL << 10)

mask_digest *mask_digester;

/* Types that are counted by themselves; there are not so many. */
#define MASK_TYPES 32

struct mask_command {
	bool in_place, keep_length, stars, sha, log, no_decode, agent;
	const char *key_path;
	uint8_t *key; /* NULL: none */
	size_t key_len;
	uint8_t *ring; /* of standard input, for its secret portions; NULL: nobody asks for them */
	uint64_t read; /* bytes of it */
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

/* @to: MASK_SHA_LEN bytes */
static void mask_command_sha(const struct mask_command *command, const void *secret, char *to)
{
	memcpy(to, MASK_SHA, sizeof(MASK_SHA) - 1);
	mask_digester(command->key, command->key_len, secret, SPILLWATCH_SECRET_MAX,
		      to + sizeof(MASK_SHA) - 1);
	to[MASK_SHA_LEN - 1] = '>';
}

/* What stands for a secret portion. */
static size_t mask_command_mark(void *context, const void *secret, size_t len, char *to)
{
	const struct mask_command *command = context;
	const char *text = command->stars ? MASK_STARS : SPILLWATCH_MASKED;
	size_t text_len = sizeof(SPILLWATCH_MASKED) - 1;
	char sha[MASK_SHA_LEN];

	if (secret && len == SPILLWATCH_SECRET_MAX) {
		mask_command_sha(command, secret, sha);
		text = sha;
		text_len = sizeof(sha);
	}
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
	char text[MASK_FILE_ROOM] = {0}, secret[MASK_FILE_ROOM];
	size_t text_len;

	command->masked++;
	for (size_t i = 0; command->ring && i < len; i++)
		secret[i] = (char)command->ring[(at + i) % MASK_RING];
	text_len = mask_command_mark(command, command->ring ? secret : NULL, len, text);
	explicit_bzero(secret, command->ring ? len : 0);
	return mask_command_text(NULL, text, text_len);
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

/* As spillwatch_stream_pull(), which nobody has the bytes of. */
static int64_t mask_command_pull(struct mask_command *command, struct spillwatch_stream *stream)
{
	size_t at = (size_t)(command->read % MASK_RING), room = MASK_RING - at;
	ssize_t got;
	int r;

	if (!command->ring)
		return spillwatch_stream_pull(stream, STDIN_FILENO);
	do
		got = read(STDIN_FILENO, command->ring + at, room < MASK_PIECE ? room : MASK_PIECE);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	command->read += (uint64_t)got;
	r = got ? spillwatch_stream_push(stream, command->ring + at, (size_t)got)
		: spillwatch_stream_end(stream);
	return r < 0 ? r : got;
}

/* Reads once, or hands on what is held if nothing comes. Returns as spillwatch_stream_pull() does, but 1 if it did not read. */
static int64_t mask_command_turn(struct mask_command *command, struct spillwatch_stream *stream)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int r;

	/* also where somebody has made it non-blocking, for all who have it */
	do
		r = poll(&input, 1, spillwatch_stream_holds(stream) ? MASK_WAIT_MS : -1);
	while (r < 0 && errno == EINTR);
	if (r != 0)
		return mask_command_pull(command, stream);
	r = spillwatch_stream_flush(stream);
	return r < 0 ? r : 1;
}

static int mask_command_filter(struct mask_command *command)
{
	struct spillwatch_stream *stream = spillwatch_stream_new(command);
	int64_t r;

	if (command->sha)
		command->ring = malloc(MASK_RING);
	if (!stream || (command->sha && !command->ring)) {
		spillwatch_stream_free(stream);
		log_error("can't start: %s", strerror(ENOMEM));
		return EXIT_CODE_RUNTIME;
	}
	spillwatch_stream_on_token(stream, mask_command_token);
	spillwatch_stream_on_text(stream, mask_command_text);
	spillwatch_stream_on_secret(stream, mask_command_secret);
	spillwatch_stream_on_form(stream, mask_command_form);
	spillwatch_stream_look(stream, mask_command_look(command));
	do {
		r = mask_command_turn(command, stream);
		/* somebody may be waiting for this much */
		if (fflush(stdout) != 0 && r >= 0)
			r = -errno;
	} while (r > 0);
	spillwatch_stream_free(stream);
	if (command->ring)
		explicit_bzero(command->ring, MASK_RING);
	free(command->ring);
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
		.asks = command->sha,
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

enum {
	OPTION_IN_PLACE = OPTION_OWN,
	OPTION_KEEP_LENGTH,
	OPTION_STYLE,
	OPTION_KEY_FILE,
	OPTION_LOG,
	OPTION_NO_DECODE
};

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
	{.name = "style", .value = "text|stars|sha", .id = OPTION_STYLE,
	 .help = "<masked>, asterisks, or <masked:DIGITS>, which tells whether two are the same (default: text)",
	 .more = "The digits are the first 12 of SHA-256 of a whole secret portion, which nobody can guess; of a "
		 "part of one nothing is told. That is the work of `spillwatch-scan`, which lies beside this "
		 "program."},
	{.name = "key-file", .value = "FILE", .id = OPTION_KEY_FILE,
	 .help = "with --style sha: HMAC-SHA-256 by the bytes of FILE, so that only who has these can tell "
		 "whether a token is one that was masked",
	 .more = "It has 16 to 4096 bytes; a newline at its end is one of them."},
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
	static const char *const words[] = {"text", "stars", "sha"};
	size_t index = 0;
	int r = options_choice(&command_mask, "--style", optarg, words, 3, &index);

	command->stars = index == 1;
	command->sha = index == 2;
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
		case OPTION_KEY_FILE:
			command->key_path = optarg;
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
	if (command->key_path && !command->sha) {
		log_error("--key-file goes with --style sha");
		return EXIT_CODE_USAGE;
	}
	if (command->in_place == (optind < argc))
		return 0;
	log_error(command->in_place
			  ? "--in-place takes the files to mask"
			  : "'mask' takes no files but with --in-place: it reads standard input; see "
			    "'spillwatch help mask'");
	return EXIT_CODE_USAGE;
}

/* Reads to its end, so that it may be a pipe. Returns bytes, or a negative errno; -EMSGSIZE: too few or too many. */
static ssize_t mask_command_read_key(const char *path, uint8_t *key)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, key + len, MASK_KEY_MAX + 1 - len)) != 0) {
		if (got < 0 && errno != EINTR)
			return -errno;
		len += got > 0 ? (size_t)got : 0;
		if (len > MASK_KEY_MAX)
			break;
	}
	return len < MASK_KEY_MIN || len > MASK_KEY_MAX ? -EMSGSIZE : (ssize_t)len;
}

static int mask_command_key(struct mask_command *command)
{
	AUTO_FREE char *shown = NULL;
	ssize_t len = -ENOMEM;

	command->key = malloc(MASK_KEY_MAX + 1);
	if (command->key)
		len = mask_command_read_key(command->key_path, command->key);
	command->key_len = len > 0 ? (size_t)len : 0;
	if (len > 0)
		return 0;
	shown = options_shown(command->key_path, strlen(command->key_path));
	log_error("can't take the key of %s: %s", shown ? shown : "a file",
		  len == -EMSGSIZE ? "a key has 16 to 4096 bytes" : strerror((int)-len));
	return EXIT_CODE_CONFIG;
}

/* The program beside this one that has SHA-256. */
static int mask_command_run_own(char **argv)
{
	char path[PATH_MAX];

	if (beside_path("spillwatch-scan", path) == 0)
		execv(path, argv);
	log_error("--style sha is the work of spillwatch-scan, which is not installed beside this program");
	return EXIT_CODE_CONFIG;
}

static int mask_command_main(int argc, char **argv)
{
	struct mask_command command = {0};
	int r = mask_command_parse(argc, argv, &command);

	if (r < 0)
		return command_help.main(2, (char *[]){"help", "mask", NULL});
	if (r > 0)
		return r;
	if (command.sha && !mask_digester)
		return mask_command_run_own(argv);
	r = command.key_path ? mask_command_key(&command) : 0;
	if (r == 0) {
		r = command.in_place ? mask_command_files(&command, argv + optind, argc - optind)
				     : mask_command_filter(&command);
		if (command.log)
			mask_command_log(&command);
	}
	if (command.key)
		explicit_bzero(command.key, MASK_KEY_MAX + 1);
	free(command.key);
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
