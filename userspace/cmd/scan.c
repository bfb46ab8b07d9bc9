// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch scan`: tokens that lie in files already, or in what git keeps or is about to keep: for a first look at a host, a pipeline
 * or a commit. The command line → scan/.
 *
 * Needs no privilege but to read. What can't be read costs only itself: it is named, and the rest is scanned.
 */
#include "cmd/command.h"
#include "cmd/known.h"
#include "cmd/options.h"
#include "lib/beside.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "scan/node/node.h"
#include "scan/progress.h"
#include "scan/scan.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scan_command {
	struct scan scan;
	unsigned long exit_code; /* if a token is found */
	enum scan_git git;
	const char *range;
	struct node_options node;
	const char *write_baseline; /* NULL: none */
	const char *reports[SCAN_OUTPUTS_MAX]; /* names of the outputs' files; [0] is standard output */
};

enum {
	OPTION_EXIT_CODE = OPTION_OWN,
	OPTION_REPORT,
	OPTION_MAX_BYTES,
	OPTION_BASELINE,
	OPTION_WRITE_BASELINE,
	OPTION_NO_IGNORE,
	OPTION_NO_ARCHIVES,
	OPTION_NO_DECODE,
	OPTION_STAGED,
	OPTION_COMMITS,
	OPTION_HISTORY,
	OPTION_CONTAINERS,
	OPTION_CONTAINER,
	OPTION_IMAGE,
	OPTION_STORAGE,
};

/* FORM=FILE */
static int scan_parse_report(struct scan_command *command, char *text)
{
	struct scan_output output = {0};
	const char *file;

	if (!scan_output_report(text, &output.form, &file)) {
		return options_takes("--report", text, "FORM=FILE, with a form of " SCAN_OUTPUT_NAMES);
	}
	if (command->scan.output_count == SCAN_OUTPUTS_MAX) {
		log_error("--report can be given %d times", SCAN_OUTPUTS_MAX - 1);
		return EXIT_CODE_USAGE;
	}
	command->reports[command->scan.output_count] = file;
	command->scan.outputs[command->scan.output_count++] = output;
	return 0;
}

static int scan_parse_write_baseline(struct scan_command *command, const char *path)
{
	command->write_baseline = path;
	if (command->scan.found || baseline_new(&command->scan.found) == 0)
		return 0;
	log_error("can't start: %s", strerror(ENOMEM));
	return EXIT_CODE_RUNTIME;
}

static int scan_parse_git(struct scan_command *command, enum scan_git git, const char *range)
{
	if (command->git != SCAN_GIT_NONE) {
		log_error("--staged, --commits and --history: one at a time");
		return EXIT_CODE_USAGE;
	}
	command->git = git;
	command->range = range;
	return 0;
}

static bool scan_is_of_node(const struct scan_command *command)
{
	return command->node.all || command->node.container_count || command->node.image_count;
}

/* One more of several. */
static int scan_parse_more(const char ***texts, size_t *count)
{
	const char **more = reallocarray(*texts, *count + 1, sizeof(**texts));

	if (!more) {
		log_error("can't start: %s", strerror(ENOMEM));
		return EXIT_CODE_RUNTIME;
	}
	more[(*count)++] = optarg;
	*texts = more;
	return 0;
}

static int scan_parse_node(struct scan_command *command, int option)
{
	struct node_options *node = &command->node;

	switch (option) {
	case OPTION_CONTAINERS:
		node->all = true;
		return 0;
	case OPTION_CONTAINER:
		return scan_parse_more(&node->containers, &node->container_count);
	case OPTION_IMAGE:
		return scan_parse_more(&node->images, &node->image_count);
	case OPTION_STORAGE:
		return scan_parse_more(&node->storages, &node->storage_count);
	case OPTION_HOST_ROOT:
		node->root = optarg;
		return 0;
	default:
		return EXIT_CODE_USAGE;
	}
}

static int scan_parse_number(const char *option, unsigned long max, unsigned long *ret_number)
{
	if (options_number(optarg, 0, max, ret_number))
		return 0;
	return options_takes(option, optarg, "a number from 0 to %lu", max);
}

static int scan_parse_option(struct scan_command *command, int option)
{
	static const char *const words[] = {"text", "json", "sarif", "junit", "github", "gitlab"};
	unsigned long bytes;
	size_t index;
	int r = 0;

	switch (option) {
	case OPTION_OUTPUT:
		if (scan_output_form(optarg, &command->scan.outputs[0].form))
			break;
		return options_choice(&command_scan, "--output", optarg, words,
				      sizeof(words) / sizeof(*words), &index);
	case OPTION_EXIT_CODE:
		return scan_parse_number("--exit-code", 255, &command->exit_code);
	case OPTION_MAX_BYTES:
		r = scan_parse_number("--max-bytes", LONG_MAX, &bytes);
		command->scan.max_bytes = r == 0 ? bytes : 0;
		break;
	case OPTION_REPORT:
		return scan_parse_report(command, optarg);
	case OPTION_BASELINE:
		return known_load(&command->scan.known, optarg);
	case OPTION_WRITE_BASELINE:
		return scan_parse_write_baseline(command, optarg);
	case OPTION_NO_IGNORE:
		command->scan.no_ignore = true;
		break;
	case OPTION_NO_ARCHIVES:
		command->scan.no_archives = true;
		break;
	case OPTION_NO_DECODE:
		command->scan.no_decode = true;
		break;
	case OPTION_FORMATS:
		return options_formats(&command_scan, &command->scan.agent);
	case OPTION_STAGED:
		return scan_parse_git(command, SCAN_GIT_STAGED, NULL);
	case OPTION_COMMITS:
		return scan_parse_git(command, SCAN_GIT_COMMITS, optarg);
	case OPTION_HISTORY:
		return scan_parse_git(command, SCAN_GIT_HISTORY, NULL);
	case 'h':
		return -1;
	default:
		return scan_parse_node(command, option);
	}
	return r;
}

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry scan_entries[] = {
	{.name = "staged", .id = OPTION_STAGED,
	 .help = "what git's index has and the last commit has not, as a pre-commit hook",
	 .more = "Contents, links' targets, names. The other index of a git commit FILE is taken as well."},
	{.name = "commits", .value = "A..B", .id = OPTION_COMMITS,
	 .help = "what these commits brought (any range of git-rev-list(1))",
	 .more = "A commit's own text (author, message) is shown as <commit>. Of a merge, what differs from "
		 "all parents is its own; what is a submodule belongs to another repository, and is counted."},
	{.name = "history", .id = OPTION_HISTORY,
	 .help = "what any commit of the repository brought, stashes as well; each content once, with the "
		 "commit, author and path of where it came first",
	 .more = "All commits of all references and reflogs."},
	{.name = "containers", .id = OPTION_CONTAINERS,
	 .help = "all that the container runtimes of this node keep on disk: layers of images and containers, "
		 "running or not, volumes, logs, configurations",
	 .more = "Of Docker, podman, CRI-O and containerd, users' own, and pods' logs. No runtime is asked. A layer is scanned once, and "
		 "named with its images; what a container has of the host's directories is counted. What was gone "
		 "when it was to be read, or is packed and not looked into, ends with 3 there. "
		 "No " IGNORE_FILE " and no line's comment counts there."},
	{.name = "container", .value = "NAME", .id = OPTION_CONTAINER, .many = true,
	 .help = "the same of one container: a name, the beginning of an id, NAMESPACE/POD or "
		 "NAMESPACE/POD/NAME; also several",
	 .more = "With the layers of its image."},
	{.name = "image", .value = "NAME", .id = OPTION_IMAGE, .many = true,
	 .help = "the same of one image: a name, with a tag or any, the beginning of an id, a digest; also several"},
	{.name = "storage", .value = "RUNTIME=DIR", .id = OPTION_STORAGE, .many = true,
	 .help = "where a runtime (docker, podman, containerd) keeps its files as well; also several",
	 .more = "The usual places, those that are in its configuration, and users' are known."},
	{.name = "host-root", .value = "DIR", .id = OPTION_HOST_ROOT,
	 .help = "below which the runtimes' files lie (default: /): a node's mounted disk",
	 .more = "No link leads out of it."},
	{.name = "output", .value = "text|json|sarif|junit|github|gitlab", .id = OPTION_OUTPUT,
	 .help = "text: a readable line for each token; json: a line of JSON; sarif: SARIF 2.1.0; junit: "
		 "JUnit's XML; github: workflow commands, which annotate a change; gitlab: a code quality "
		 "report, which does (default: text)",
	 .more = "JSON is described by scan.schema.json; SARIF has a fingerprint that stays when lines move."},
	{.name = "report", .value = "FORM=FILE", .id = OPTION_REPORT, .many = true,
	 .help = "the same, also to FILE; up to four times"},
	{.name = "baseline", .value = "FILE", .id = OPTION_BASELINE, .many = true,
	 .help = "findings that are known, by token identifier and path, are none; also several"},
	{.name = "write-baseline", .value = "FILE", .id = OPTION_WRITE_BASELINE,
	 .help = "write such a file of all findings"},
	{.name = "no-ignore", .id = OPTION_NO_IGNORE,
	 .help = IGNORE_FILE " (patterns as in .gitignore) and " FINDER_ALLOW " in a token's line count "
		 "for nothing",
	 .more = "Without it, what a " IGNORE_FILE " names is not scanned: where it is run, in the "
		 "directories that lead from there to a path, and in those that are scanned."},
	{.name = "no-archives", .id = OPTION_NO_ARCHIVES,
	 .help = "look into no archive and nothing that is packed",
	 .more = "Without it, they are looked into, up to 8 deep, and members are shown as ARCHIVE!MEMBER. "
		 "What can't be unpacked to its end (cut, a password, far more than it is) is named, and ends "
		 "with 3. That is the work of `spillwatch-scan`, which lies beside this program; without it "
		 "archives are scanned as they lie there, and counted."},
	{.name = "formats", .value = "default|agent", .id = OPTION_FORMATS,
	 .help = "agent: agents' tokens (dt0a01, hexadecimal) as well",
	 .more = "Theirs is a format of its own, seen in the field: the tenant, and 64 of 0-9 and a-f."},
	{.name = "no-decode", .id = OPTION_NO_DECODE,
	 .help = "only tokens as they are, not in base64, hex, UTF-16, escapes, wrapped, …",
	 .more = "Without it, tokens are found in base64 (both alphabets, any alignment, in lines), hex, "
		 "UTF-16, escaped (%2E, \\x2e, \\u002e, \\056, &#46;, quoted-printable), with a terminal's "
		 "colours in them, and wrapped at a usual width; also in base64 of a text that has such forms, and "
		 "of what gzip has packed (a release of Helm's in Kubernetes). The form is said behind the "
		 "finding."},
	{.name = "max-bytes", .value = "N", .id = OPTION_MAX_BYTES,
	 .help = "pass over what is larger than N bytes (default: 0, nothing)",
	 .more = "And count it."},
	{.name = "exit-code", .value = "N", .id = OPTION_EXIT_CODE,
	 .help = "end with N, from 0 to 255, instead of 10 if a token was found"},
	{0},
};
/* clang-format on */

/* What is scanned, is it one thing? */
static int scan_parsed(struct scan_command *command, int argc)
{
	bool node = scan_is_of_node(command);

	if (command->git != SCAN_GIT_NONE && node) {
		log_error("--staged, --commits and --history are about a repository, and --containers, "
			  "--container "
			  "and --image about a node: one at a time");
		return EXIT_CODE_USAGE;
	}
	if (!node && (command->node.root || command->node.storage_count)) {
		log_error("--host-root and --storage are for --containers, --container and --image");
		return EXIT_CODE_USAGE;
	}
	if ((command->git != SCAN_GIT_NONE || node) && optind < argc) {
		log_error(node ? "--containers, --container and --image take no PATH"
			       : "--staged, --commits and --history take no PATH: they are about the whole "
				 "repository");
		return EXIT_CODE_USAGE;
	}
	if (command->git != SCAN_GIT_NONE || node || optind < argc)
		return 0;
	log_error("no path to scan; use 'spillwatch scan PATH…', where - is standard input");
	return EXIT_CODE_USAGE;
}

static int scan_parse(int argc, char **argv, struct scan_command *command)
{
	struct options_reader reader;
	int option, r;

	options_begin(&command_scan, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		r = scan_parse_option(command, option);
		if (r)
			return r;
	}
	return scan_parsed(command, argc);
}

/* A report that can't be written is said before anything is read. */
static FILE *scan_open_report(const char *path)
{
	FILE *file = fopen(path, "we");
	int error = errno;
	AUTO_FREE char *shown = file ? NULL : options_shown(path, strlen(path));

	if (!file)
		log_error("can't write %s: %s", shown ? shown : "a report", strerror(error));
	return file;
}

static int scan_begin(struct scan_command *command)
{
	struct scan *scan = &command->scan;

	scan->outputs[0].file = stdout;
	for (size_t i = 1; i < scan->output_count; i++) {
		scan->outputs[i].file = scan_open_report(command->reports[i]);
		if (!scan->outputs[i].file)
			return EXIT_CODE_CONFIG;
	}
	for (size_t i = 0; i < scan->output_count; i++) {
		int r = scan_output_begin(&scan->outputs[i]);

		if (r == 0)
			continue;
		log_error("can't start: %s", strerror(-r));
		return EXIT_CODE_RUNTIME;
	}
	return 0;
}

/*
 * Was all looked at? Of what runtimes keep, this is an answer about a node: there it counts as well what was gone, and archives that were
 * not looked into without that being asked for.
 */
static bool scan_is_whole(const struct scan_command *command)
{
	const struct scan_counts *counts = &command->scan.counts;

	if (counts->unreadable || counts->partly)
		return false;
	if (!scan_is_of_node(command))
		return true;
	return !counts->gone && (!counts->packed || command->scan.no_archives);
}

/* Whether the outputs took it all is asked here. */
static int scan_finish(struct scan_command *command)
{
	struct scan *scan = &command->scan;
	AUTO_FREE char *summary = scan_output_summary(&scan->counts);
	bool whole = scan_is_whole(command);
	int result = 0;

	progress_wipe(scan->progress);
	for (size_t i = 0; i < scan->output_count; i++) {
		FILE *file = scan->outputs[i].file;
		int r = file ? scan_output_end(&scan->outputs[i], summary, whole) : 0;
		bool wrong = file && (fflush(file) != 0 || ferror(file));

		if (file && i > 0 && fclose(file) != 0)
			wrong = true;
		if (r == 0 && !wrong)
			continue;
		log_error("can't write to %s: not every token was shown",
			  i == 0 ? "standard output" : "a report");
		result = EXIT_CODE_RUNTIME;
	}
	if (command->write_baseline && scan->error == 0) {
		int r = baseline_write(scan->found, command->write_baseline);

		if (r < 0) {
			AUTO_FREE char *shown =
				options_shown(command->write_baseline, strlen(command->write_baseline));

			log_error("can't write the baseline %s: %s", shown ? shown : "", strerror(-r));
			result = EXIT_CODE_RUNTIME;
		}
	}
	if (summary)
		log_note("%s", summary);
	return result;
}

static int scan_run(struct scan_command *command, int argc, char **argv)
{
	struct scan *scan = &command->scan;
	int r = 0, unknown = 0;

	if (command->git != SCAN_GIT_NONE)
		r = scan_git(scan, command->git, command->range);
	if (r < 0 && scan->error == 0) {
		log_error(r == -EIO ? "git failed: not all was scanned"
				    : "git failed: not all was scanned: %s",
			  strerror(-r));
		scan->counts.unreadable++;
	}
	if (scan_is_of_node(command)) {
		/* what is audited does not say what is looked at */
		scan->no_ignore = true;
		unknown = scan_node(scan, &command->node);
	}
	if (argc && scan->error == 0)
		scan_paths(scan, argv, argc);
	if (unknown < 0 && scan->error == 0)
		scan->error = unknown;
	if (scan->error < 0)
		log_error("can't go on: %s", strerror(-scan->error));
	r = scan_finish(command);
	if (r > 0 || scan->error < 0)
		return EXIT_CODE_RUNTIME;
	if (unknown > 0)
		return EXIT_CODE_USAGE;
	if (scan->counts.findings)
		return (int)command->exit_code;
	return scan_is_whole(command) ? EXIT_CODE_OK : EXIT_CODE_CONFIG;
}

static int scan_start(struct scan_command *command, int argc, char **argv)
{
	struct progress progress = {0};
	int r = scan_begin(command);

	if (r > 0)
		return r;
	progress_open(&progress);
	command->scan.progress = &progress;
	r = scan_open(&command->scan);
	if (r < 0)
		log_error("can't start: %s", strerror(-r));
	r = r < 0 ? EXIT_CODE_RUNTIME : scan_run(command, argc, argv);
	command->scan.progress = NULL;
	return r;
}

/* The program beside this one that looks into archives as well. If there is none, that is counted. */
static void scan_run_own(char **argv)
{
	char path[PATH_MAX];

	if (beside_path("spillwatch-scan", path) == 0)
		execv(path, argv);
}

static int scan_main(int argc, char **argv)
{
	struct scan_command command = {.exit_code = EXIT_CODE_FOUND, .scan.output_count = 1};
	int r;

	if (!scan_unpacker)
		scan_run_own(argv);
	r = scan_parse(argc, argv, &command);
	if (r < 0)
		r = command_help.main(2, (char *[]){"help", "scan", NULL});
	else
		r = r > 0 ? r : scan_start(&command, argc - optind, argv + optind);
	scan_close(&command.scan);
	free(command.node.containers);
	free(command.node.images);
	free(command.node.storages);
	return r;
}

/* clang-format off */
const struct command command_scan = {
	.name = "scan",
	.summary = "find tokens that lie in files or in git already",
	.usage =
		"Usage: spillwatch scan [OPTION…] PATH…\n"
		"       spillwatch scan [OPTION…] --staged|--commits A..B|--history\n"
		"       spillwatch scan [OPTION…] --containers|--container NAME|--image NAME\n\n"
		"Reads files, and directories with all that is below them, and prints a line for each token:\n"
		"PATH:LINE:COLUMN, the type and the token identifier, never the secret portion. - is standard\n"
		"input. Links are followed only where they are named as a PATH; a device, pipe or socket is read\n"
		"only where it is named and a FIFO or standard input; /proc and /sys below a named directory are\n"
		"passed over. Archives and what is packed are looked into: ARCHIVE!MEMBER. A last line on\n"
		"standard error says what was scanned, what not, and why. Needs no privilege.\n\n"
		"Ends with 0 if nothing was found, with 10 if a token was, with 3 if none was but something can't\n"
		"be read (the rest is scanned all the same).\n",
	.options = scan_entries,
	.main = scan_main,
};
/* clang-format on */
