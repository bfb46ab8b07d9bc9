// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A command line → options, for each command; and the options that those share which monitor. Bad input gets one sentence that says what
 * to do, and EXIT_CODE_USAGE. Nothing of it is repeated but through options_shown(): a token may stand anywhere.
 */
#include "cmd/options.h"

#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/utf8.h"
#include "bounds.h"
#include "capture/watch.h"
#include "rules/nearest.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* a text is as wide as it is */
/* clang-format off */
const struct option_entry options_shared_table[] = {
	{.name = "alerts", .value = "FILE", .id = OPTION_ALERTS,
	 .help = "append each alert to FILE as a line of JSON (- is standard output)",
	 .more = "And each loss, within a second, then every ten seconds while it goes on (`event.action` is "
		 "samples-lost then). A link is refused (but /dev/stdout and the like are not), and so is a "
		 "file that belongs to another user or that others may write to. A FIFO is not waited for: "
		 "alerts that nobody reads are counted as lost. What any output does not take (a full disk, a "
		 "pipe that nobody reads; 8 MiB wait for it) is lost to that output only, told within a "
		 "second and counted in the summary."},
	{.name = "alerts-bytes", .value = "N", .id = OPTION_ALERTS_BYTES,
	 .help = "bound of FILE: a full one is called FILE.1, instead of the one before (default: 1073741824; "
		 "0: none)",
	 .more = "From 65536 to 1099511627776. An alert is a line of 16 KiB at most. In what it shows of "
		 "names and arguments, \\xNN is a byte that is no text or that a terminal would obey; a "
		 "backslash before an x is \\x5c."},
	{.name = "output", .value = "auto|text|json", .id = OPTION_OUTPUT,
	 .help = "text: a readable line for each alert on standard error; json: JSON on standard output; "
		 "auto: text on a terminal or without --alerts"},
	{.name = "socket", .value = "PATH", .id = OPTION_SOCKET,
	 .help = "each alert as a line of JSON to whoever connects to this unix socket (spillwatch follow)",
	 .more = "It has mode 0600. Whoever connects gets each alert from then on; 256 at a time. The last 4 "
		 "MiB are kept for those who are slow; what they don't get is counted and told. What lies "
		 "there is replaced only if it is a socket of the same user or root's where nobody listens."},
	{.name = "watch", .value = "LIST", .id = OPTION_WATCH,
	 .help = "destinations, by commas: disk, tmpfs, block, memfd, pipe, socket, tty; or default "
		 "(disk,tmpfs,block), or all",
	 .more = "What keeps no bytes can't be watched, so all leaves it out as well: character devices, "
		 "procfs, sysfs and cgroupfs, eventfd and the like."},
	{.name = "formats", .value = "default|wide", .id = OPTION_FORMATS,
	 .help = "wide: tokens with a public portion of any length from 8 to 128, of letters, digits and hyphens, "
		 "as well",
	 .more = "Agents' tokens are not looked for while they are written; `scan` and `mask` know them."},
	{.name = "decode", .id = OPTION_DECODE,
	 .help = "tokens in base64, UTF-16 or hex, and with escapes in them, as well; the alert names the form",
	 .more = "The families are those of --formats. What is encoded twice, or packed, is not seen; `scan` "
		 "finds that."},
	{.name = "attach", .value = "auto|fexit|syscall", .id = OPTION_ATTACH,
	 .help = "how to attach; auto takes fexit where the kernel allows it and has what carries contents"},
	{.name = "inspect-bytes", .value = "N", .id = OPTION_INSPECT_BYTES,
	 .help = "bound of one write call; bytes past it are counted (from 1 to 16777216, which is the "
		 "default)"},
	{.name = "ring-bytes", .value = "N", .id = OPTION_RING_BYTES,
	 .help = "size of the ring buffer, a power of two from 4096 to 1073741824 (default: 2097152)"},
	{.name = "store", .value = "FILE", .id = OPTION_STORE,
	 .help = "keep what `audit` shows in this database (run: by default in " STORE_PATH "; "
		 "exec: only if given)",
	 .more = "A file that is no store, a link, or what another user owns or may write to, is refused and "
		 "left as it is."},
	{.name = "no-store", .id = OPTION_NO_STORE,
	 .help = "keep nothing for `audit`"},
	{.name = "store-days", .value = "N", .id = OPTION_STORE_DAYS,
	 .help = "forget what was not seen for N days (from 1 to 36500; default: 90)",
	 .more = "Nothing goes for its age because the clock is more than a day ahead of what the store "
		 "knows, until it has been so for a week."},
	{.name = "store-bytes", .value = "N", .id = OPTION_STORE_BYTES,
	 .help = "bound of the database's size; what was longest not seen goes (from 1048576 to "
		 "1099511627776; default: 268435456)"},
	{.name = "net", .value = "on|off", .id = OPTION_NET,
	 .help = "look once more at what is on its way to a block device (default: on)"},
	{.name = "config", .value = "FILE", .id = OPTION_CONFIG,
	 .help = "settings and rules, beside it rules.d/*.yaml (run: by default "
		 "/etc/spillwatch/spillwatch.yaml, if it is there; exec: only if given); the command line wins",
	 .more = "See `spillwatch.yaml`(5)."},
	{.name = "procfs", .value = "DIR", .id = OPTION_PROCFS,
	 .help = "where the host's procfs is mounted, in a container (default: /proc)"},
	{.name = "host-root", .value = "DIR", .id = OPTION_HOST_ROOT,
	 .help = "below which the container runtimes' files lie (default: /)"},
	{0},
};
/* clang-format on */

/* Bytes of a value that a sentence repeats. */
#define OPTIONS_VALUE_BYTES 60
#define OPTIONS_FOUND_SIZE (OPTIONS_VALUE_BYTES + sizeof("…"))

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

/* What was given, as far as a sentence repeats it. */
static void options_found(const char *value, char ret_found[OPTIONS_FOUND_SIZE])
{
	AUTO_FREE char *shown = options_shown(value, strlen(value));
	size_t len = shown ? strlen(shown) : 0;
	bool cut = len > OPTIONS_VALUE_BYTES;

	if (cut)
		len = utf8_cut(shown, OPTIONS_VALUE_BYTES);
	snprintf(ret_found, OPTIONS_FOUND_SIZE, "%.*s%s", (int)len, shown ? shown : "", cut ? "…" : "");
}

int options_takes(const char *option, const char *value, const char *format, ...)
{
	char what[256], found[OPTIONS_FOUND_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	options_found(value, found);
	options_wrong("%s takes %s; found '%s'", option, what, found);
	return EXIT_CODE_USAGE;
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
	static const char *const words[] = {"auto", "text", "json"};
	static const enum pipeline_output outputs[] = {PIPELINE_OUTPUT_AUTO, PIPELINE_OUTPUT_TEXT,
						       PIPELINE_OUTPUT_JSON};
	size_t index;
	int r = options_choice(command, "--output", optarg, words, sizeof(words) / sizeof(*words), &index);

	if (r == 0)
		options->output = outputs[index];
	return r;
}

static int options_attach(const struct command *command, struct pipeline_options *options)
{
	const char *words[PROBE_ATTACHMENT_MAX];
	size_t index;
	int r;

	for (int i = 0; i < PROBE_ATTACHMENT_MAX; i++)
		words[i] = probe_attachment_name(i);
	r = options_choice(command, "--attach", optarg, words, PROBE_ATTACHMENT_MAX, &index);
	if (r == 0)
		options->probe.attachment = (enum probe_attachment)index;
	return r;
}

static int options_net(const struct command *command, struct pipeline_options *options)
{
	static const char *const words[] = {"on", "off"};
	size_t index;
	int r = options_choice(command, "--net", optarg, words, 2, &index);

	if (r == 0)
		options->probe.no_net = index == 1;
	return r;
}

static int options_wide(const struct command *command, struct pipeline_options *options)
{
	static const char *const words[] = {"default", "wide"};
	size_t index;
	int r;

	if (strcmp(optarg, "agent") == 0)
		return options_takes("--formats", optarg,
				     "default or wide (agents' tokens are found by scan and mask only)");
	r = options_choice(command, "--formats", optarg, words, 2, &index);
	if (r == 0 && index == 1)
		options->probe.suspects |= SUSPECT_WIDE;
	else if (r == 0)
		options->probe.suspects &= ~(uint32_t)SUSPECT_WIDE;
	return r;
}

int options_formats(const struct command *command, bool *ret_agent)
{
	static const char *const words[] = {"default", "agent"};
	size_t index = 0;
	int r = options_choice(command, "--formats", optarg, words, 2, &index);

	*ret_agent = index == 1;
	return r;
}

static int options_directory(const char *name, const char **ret_path)
{
	struct stat st;

	int error = stat(optarg, &st) < 0 ? errno : !S_ISDIR(st.st_mode) ? ENOTDIR : 0;

	if (error) {
		options_takes(name, optarg, "a directory that can be used (%s)", strerror(error));
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
		options_takes("--user", optarg, "the name or the number of a user that exists (id(1))");
	else
		options_wrong("--user: can't look the user up: %s", strerror(-r));
	return EXIT_CODE_CONFIG;
}

static int options_watch(const struct command *command, struct pipeline_options *options)
{
	const char *bad, *known[WATCH_NAMES_MAX];
	AUTO_FREE char *word = NULL;
	size_t bad_len, index;

	options->watch_given = true;
	if (watch_parse(optarg, &options->probe.watch, &bad, &bad_len) == 0)
		return 0;
	word = strndup(bad, bad_len);
	options_choice(command, "--watch", word ? word : "", known, watch_names(known), &index);
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
		return options_takes("--alerts-bytes", optarg,
				     "a number of bytes, without a unit, from %ld to %lu, or 0 for no bound",
				     PIPELINE_ALERTS_BYTES_MIN, 1UL << 40);
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
		return options_takes("--inspect-bytes", optarg,
				     "a number of bytes, without a unit, from 1 to %u", LIMIT_INSPECT_BYTES);
	case OPTION_RING_BYTES:
		if (options_number(optarg, 4096, 1UL << 30, &number) && !(number & (number - 1))) {
			options->probe.ring_bytes = (uint32_t)number;
			return 0;
		}
		return options_takes("--ring-bytes", optarg, "a power of two from 4096 to %lu", 1UL << 30);
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
		return options_takes("--store-days", optarg, "a number of days from 1 to 36500");
	case OPTION_NET:
		return options_net(command, options);
	case OPTION_FORMATS:
		return options_wide(command, options);
	case OPTION_DECODE:
		options->probe.suspects |= SUSPECT_ENCODED;
		return 0;
	case OPTION_STORE_BYTES:
		if (options_number(optarg, STORE_BYTES_MIN, 1UL << 40, &options->store_limits.bytes))
			return 0;
		return options_takes("--store-bytes", optarg,
				     "a number of bytes, without a unit, from %ld to %lu", STORE_BYTES_MIN,
				     1UL << 40);
	default:
		return -1;
	}
}

/* --- a command line --------------------------------------------------------------------------------- */

static void options_put(struct options_reader *reader, size_t *count, const struct option_entry *entries)
{
	for (; entries && entries->name; entries++) {
		reader->entries[*count] = entries;
		reader->table[(*count)++] = (struct option){
			.name = entries->name,
			.has_arg = entries->value ? required_argument : no_argument,
			.val = entries->id,
		};
	}
}

void options_begin(const struct command *command, struct options_reader *reader)
{
	size_t count = 0;

	memset(reader, 0, sizeof(*reader));
	reader->command = command;
	options_put(reader, &count, command->options);
	if (command->monitors)
		options_put(reader, &count, options_shared_table);
	reader->table[count] = (struct option){"help", no_argument, NULL, 'h'};
	opterr = 0;
	optind = 0;
}

const char *options_letters(const struct command *command)
{
	/* '+': options end at another command, whose own options are not ours */
	return command->runs ? "+:h" : ":h";
}

static const struct option_entry *options_find(const struct option_entry *entries, const char *name,
					       size_t len)
{
	for (; entries && entries->name; entries++)
		if (strncmp(entries->name, name, len) == 0 && !entries->name[len])
			return entries;
	return NULL;
}

static bool options_has(const struct command *command, const char *name, size_t len)
{
	return options_find(command->options, name, len) ||
	       (command->monitors && options_find(options_shared_table, name, len));
}

static size_t options_count(const struct options_reader *reader)
{
	size_t count = 0;

	while (reader->entries[count])
		count++;
	return count;
}

static int options_say(const struct options_reader *reader, const char *shown, const char *what)
{
	log_error("option '%s' %s; see 'spillwatch help %s'", shown ? shown : "given", what,
		  reader->command->name);
	return OPTION_WRONG;
}

/* Adds words up to a bound, as far as they are whole. */
static void options_add(char *text, size_t size, const char *before, const char *word)
{
	size_t len = strlen(text);

	if (len + strlen(before) + strlen(word) + 3 < size)
		snprintf(text + len, size - len, "%s'%s'", before, word);
}

/* A long option that none is, or several are. */
static int options_unknown(const struct options_reader *reader, const char *name, size_t len,
			   const char *shown)
{
	const char *known[OPTIONS_MAX], *nearest = NULL, *name_of = reader->command->name;
	AUTO_FREE char *word = strndup(name, len);
	char others[192] = "", begun[192] = "";
	size_t count = options_count(reader), begin = 0;

	for (const struct command *const *c = commands; *c; c++)
		if (options_has(*c, name, len))
			options_add(others, sizeof(others), *others ? ", " : "", (*c)->name);
	for (size_t i = 0; i < count; i++) {
		known[i] = reader->entries[i]->name;
		if (!len || strncmp(known[i], name, len) != 0)
			continue;
		begin++;
		options_add(begun, sizeof(begun), *begun ? ", " : "", known[i]);
	}
	nearest = word ? nearest_word(word, known, count) : NULL;
	if (begin > 1)
		log_error("option '%s' is the beginning of several: %s", shown, begun);
	else if (*others)
		log_error("option '%s' belongs to %s, and not to '%s'; see 'spillwatch help %s'", shown,
			  others, name_of, name_of);
	else if (nearest)
		log_error("unknown option '%s'; did you mean '--%s'? See 'spillwatch help %s'", shown,
			  nearest, name_of);
	else
		log_error("unknown option '%s'; see 'spillwatch help %s'", shown, name_of);
	return OPTION_WRONG;
}

/* What getopt_long(3) stumbled over. */
static int options_stumble(const struct options_reader *reader, int option, char *const *argv)
{
	const char *what = argv[optind - 1];
	size_t len = strcspn(what, "=");
	const char letter[] = {'-', (char)optopt};
	bool help = optopt == 'h' && strncmp(what, "--", 2) == 0;
	AUTO_FREE char *shown = NULL;

	/* of letters, getopt_long() may still be inside the argument that argv[optind] is */
	if (optopt > 0 && optopt <= UCHAR_MAX && !help) {
		what = letter;
		len = sizeof(letter);
	}
	shown = options_shown(what, len);
	if (option == ':')
		return options_say(reader, shown, "needs a value");
	if (help || optopt > UCHAR_MAX)
		return options_say(reader, shown, "takes no value");
	if (what == letter || !shown)
		return options_say(reader, shown, "is not known");
	return options_unknown(reader, what + 2, len - 2, shown);
}

/* Is the value what was meant to be the next option? */
static bool options_swallowed(const struct options_reader *reader, char *const *argv)
{
	const char *name = optarg + 2;

	return optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0 &&
	       (!*name || options_has(reader->command, name, strcspn(name, "=")));
}

int options_next(struct options_reader *reader, int argc, char *const *argv)
{
	char shown[64];
	int index = -1;
	int option = getopt_long(argc, argv, options_letters(reader->command), reader->table, &index);

	if (option == '?' || option == ':')
		return options_stumble(reader, option, argv);
	if (option == -1 || option == 'h')
		return option;
	snprintf(shown, sizeof(shown), "--%s", reader->table[index].name);
	if (reader->given[index] && !reader->entries[index]->many)
		return options_say(reader, shown, "is given twice");
	reader->given[index] = true;
	if (!reader->entries[index]->value)
		return option;
	if (!*optarg)
		return options_say(reader, shown, "needs a value, and has an empty one");
	if (options_swallowed(reader, argv))
		return options_say(reader, shown, "needs a value, and the next option follows");
	return option;
}

int options_none(const struct command *command, int argc)
{
	if (optind >= argc)
		return 0;
	log_error("'%s' takes no arguments; see 'spillwatch help %s'", command->name, command->name);
	return EXIT_CODE_USAGE;
}

int options_choice(const struct command *command, const char *option, const char *value,
		   const char *const *words, size_t count, size_t *ret_index)
{
	const char *nearest;
	char all[256] = "", found[OPTIONS_FOUND_SIZE];

	for (size_t i = 0; i < count; i++) {
		const char *between = i == 0 ? "" : i + 1 == count ? " or " : ", ";
		size_t len = strlen(all);

		if (strcmp(value, words[i]) == 0) {
			*ret_index = i;
			return 0;
		}
		snprintf(all + len, sizeof(all) - len, "%s%s", between, words[i]);
	}
	nearest = nearest_word(value, words, count);
	options_found(value, found);
	if (nearest)
		options_wrong("%s takes %s; found '%s'; did you mean '%s'?", option, all, found, nearest);
	else
		options_wrong("%s takes %s; found '%s'; see 'spillwatch help %s'", option, all, found,
			      command->name);
	return EXIT_CODE_USAGE;
}
