// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch scan PATH…`: tokens that lie in files already, for a first look at a host, a pipeline or a
 * commit. Files → stream → matcher → a line for each token.
 *
 * Needs no privilege but to read the files. A path that can't be read costs only itself: it is named, and
 * the rest is scanned.
 *
 * Limits: what is met in a directory and is no regular file is passed over (links too: what they lead to
 * has a place of its own), and so are the kernel's own file systems. A file that changes meanwhile is seen
 * as it is read.
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "detect/mask.h"
#include "detect/stream.h"
#include "files/safe_open.h"
#include "lib/cleanup.h"
#include "lib/deceive.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <getopt.h>
#include <jansson.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

struct scan {
	struct stream *stream;
	const char *path; /* of the file being read; masked before it is shown */
	unsigned long exit_code; /* if a token is found */
	bool json, found, unread;
};

enum { OPTION_EXIT_CODE = OPTION_OWN };

/* Names what can't be read and remembers that something could not. */
static void scan_unread(struct scan *scan, const char *path, const char *why)
{
	AUTO_FREE char *shown = NULL;

	scan->unread = true;
	if (mask_text(path, strlen(path), NULL, &shown) == 0)
		log_error("can't read %s: %s", shown, why);
	else
		log_error("can't read a path: %s", why);
}

static int scan_json(const char *path, const struct token *token, uint64_t at)
{
	json_t *line =
		json_pack("{s:{s:s}, s:{s:s, s:s, s:s, s:b, s:I}}", "file", "path", path, "token",
			  "identifier", token->identifier, "prefix", token->prefix, "type", token->type,
			  "placeholder", (int)token->placeholder, "offset", (json_int_t)at);

	if (!line)
		return -ENOMEM;
	json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(line);
	putchar('\n');
	return 0;
}

/* Whether standard output took it all is asked at the end. */
static int scan_token(void *context, const struct token *token, const struct mask_known *known, uint64_t at)
{
	struct scan *scan = context;
	AUTO_FREE char *shown = NULL;
	AUTO_FREE char *seen = NULL;
	int r = mask_text(scan->path, strlen(scan->path), known, &shown);

	scan->found = true;
	if (r < 0)
		return r;
	if (scan->json)
		return scan_json(shown, token, at);
	seen = deceive_shown(shown);
	if (!seen)
		return -ENOMEM;
	printf("%s: byte %llu: %s %s%s\n", seen, (unsigned long long)at, token->type, token->identifier,
	       token->placeholder ? " (placeholder)" : "");
	return 0;
}

static void scan_fd(struct scan *scan, const char *path, int fd)
{
	int64_t r;

	scan->path = path;
	do
		r = stream_pull(scan->stream, fd);
	while (r > 0);
	if (r == 0)
		return;
	scan_unread(scan, path, strerror((int)-r));
	stream_end(scan->stream);
}

/* @follow: the path was named by the user; a link that was met is not followed, even if it is new. */
static void scan_file(struct scan *scan, const char *path, const char *accpath, bool follow)
{
	AUTO_CLOSE int place = open(accpath, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
	AUTO_CLOSE int fd = place < 0 ? -errno : safe_reopen(place, NULL);

	if (fd >= 0)
		scan_fd(scan, path, fd);
	else if (fd != -EMEDIUMTYPE && fd != -ELOOP)
		scan_unread(scan, path, strerror(-fd));
	else if (follow)
		scan_unread(scan, path, "it is neither a regular file nor a directory");
}

/* A mount of the kernel's own: no file lies there, and reading some never ends. */
static bool scan_is_kernels(const FTSENT *entry)
{
	struct statfs fs;

	if (entry->fts_level == FTS_ROOTLEVEL || entry->fts_dev == entry->fts_parent->fts_dev ||
	    statfs(entry->fts_accpath, &fs) < 0)
		return false;
	return fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC;
}

static void scan_entry(struct scan *scan, FTS *tree, FTSENT *entry)
{
	bool named = entry->fts_level == FTS_ROOTLEVEL;

	switch (entry->fts_info) {
	case FTS_F:
		scan_file(scan, entry->fts_path, entry->fts_accpath, named);
		break;
	case FTS_D:
		if (scan_is_kernels(entry))
			fts_set(tree, entry, FTS_SKIP);
		break;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		scan_unread(scan, entry->fts_path, strerror(entry->fts_errno));
		break;
	case FTS_SLNONE:
		/* a link that was named and leads nowhere */
		scan_unread(scan, entry->fts_path, strerror(ENOENT));
		break;
	case FTS_DEFAULT:
		if (named)
			scan_unread(scan, entry->fts_path, "it is neither a regular file nor a directory");
		break;
	default:
		break;
	}
}

/* The same order every time. */
static int scan_compare(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void scan_path(struct scan *scan, char *path)
{
	FTS *tree;
	FTSENT *entry;

	if (strcmp(path, "-") == 0) {
		scan_fd(scan, path, STDIN_FILENO);
		return;
	}
	tree = fts_open((char *[]){path, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, scan_compare);
	if (!tree) {
		scan_unread(scan, path, strerror(errno));
		return;
	}
	for (errno = 0; (entry = fts_read(tree)); errno = 0)
		scan_entry(scan, tree, entry);
	if (errno)
		scan_unread(scan, path, strerror(errno));
	fts_close(tree);
}

static int scan_parse(int argc, char **argv, struct scan *scan)
{
	static const struct option long_options[] = {
		{"output", required_argument, NULL, OPTION_OUTPUT},
		{"exit-code", required_argument, NULL, OPTION_EXIT_CODE},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_OUTPUT:
			scan->json = strcmp(optarg, "json") == 0;
			if (scan->json || strcmp(optarg, "text") == 0)
				break;
			log_error("--output takes text or json; see 'spillwatch help scan'");
			return EXIT_CODE_USAGE;
		case OPTION_EXIT_CODE:
			if (options_number(optarg, 0, 255, &scan->exit_code))
				break;
			log_error("--exit-code takes a number from 0 to 255");
			return EXIT_CODE_USAGE;
		case 'h':
			return -1;
		default:
			return options_unknown(&command_scan, option, argv);
		}
	}
	if (optind < argc)
		return 0;
	log_error("no path to scan; use 'spillwatch scan PATH…', where - is standard input");
	return EXIT_CODE_USAGE;
}

static int scan_main(int argc, char **argv)
{
	struct scan scan = {.exit_code = 1};
	int r = scan_parse(argc, argv, &scan);

	if (r < 0)
		return command_help.main(2, (char *[]){"help", "scan", NULL});
	if (r > 0)
		return r;
	r = stream_open(&(struct stream_use){.context = &scan, .token = scan_token}, &scan.stream);
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		return EXIT_CODE_RUNTIME;
	}
	for (int i = optind; i < argc; i++)
		scan_path(&scan, argv[i]);
	stream_close(scan.stream);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("can't write to standard output: not every token was shown");
		return EXIT_CODE_RUNTIME;
	}
	if (scan.found)
		return (int)scan.exit_code;
	return scan.unread ? EXIT_CODE_CONFIG : EXIT_CODE_OK;
}

const struct command command_scan = {
	.name = "scan",
	.summary = "find tokens that lie in files already",
	.usage =
		"Usage: spillwatch scan [OPTION…] PATH…\n\n"
		"Reads files, and directories with all that is below them, and prints a line for each token: "
		"the\n"
		"path, the place in bytes, the type and the token identifier, never the secret portion. - "
		"is\n"
		"standard input. Links are followed only where they are named as a PATH; what is no regular "
		"file\n"
		"is passed over, and so are /proc and /sys below a named directory. Needs no privilege.\n\n"
		"Ends with 0 if nothing was found, with 1 if a token was, with 3 if none was but something "
		"can't\n"
		"be read (the rest is scanned all the same).\n\n"
		"  --output text|json     a readable line for each token, or a line of JSON (default: text)\n"
		"  --exit-code N          end with N instead of 1 if a token was found\n",
	.main = scan_main,
};
