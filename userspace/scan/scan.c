// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* token in a place → finding → outputs, counts. */
#include "scan/scan.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "scan/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "./a" and "a" are one file. */
static const char *scan_plain(const char *path)
{
	while (path[0] == '.' && path[1] == '/' && path[2]) {
		path += 2;
		path += strspn(path, "/");
	}
	return path;
}

void scan_unread(struct scan *scan, const char *path, const char *why)
{
	AUTO_FREE char *shown = NULL;

	team_turn(scan);
	progress_wipe(scan->progress);
	scan->counts.unreadable++;
	if (spillwatch_mask(path, strlen(path), NULL, &shown) == 0)
		log_error("can't read %s: %s", shown, why);
	else
		log_error("can't read a path: %s", why);
}

static void scan_wrong(struct scan *scan, const char *path, size_t line)
{
	AUTO_FREE char *shown = NULL;

	team_turn(scan);
	progress_wipe(scan->progress);
	if (spillwatch_mask(path, strlen(path), NULL, &shown) == 0)
		log_warning("%s:%zu: no pattern, so nothing is ignored by it", shown, line);
}

bool scan_too_large(struct scan *scan, uint64_t bytes)
{
	bool too_large = scan->max_bytes && bytes > scan->max_bytes;

	scan->counts.too_large += too_large;
	return too_large;
}

static int scan_finding(struct scan *scan, const struct finding *finding)
{
	const char *path = scan_plain(finding->path);
	AUTO_FREE char *shown = NULL;
	const char *identifier = spillwatch_token_identifier(finding->token);
	int r = spillwatch_mask(path, strlen(path), finding->token, &shown);

	struct scan *teller = team_turn(scan);

	progress_wipe(scan->progress);
	if (r == 0 && teller->found)
		r = baseline_add(teller->found, identifier, shown);
	if (r == 0 && teller->known && baseline_has(teller->known, identifier, shown)) {
		scan->counts.known++;
		return 0;
	}
	for (size_t i = 0; r == 0 && i < teller->output_count; i++)
		r = scan_output_finding(&teller->outputs[i], finding, shown);
	scan->counts.findings++;
	if (r < 0)
		scan->error = r;
	return r;
}

static int scan_token(void *context, const struct spillwatch_token *token, const struct finder_place *place)
{
	struct scan *scan = context;

	if (place->allowed && !scan->no_ignore) {
		scan->counts.allowed++;
		return 0;
	}
	return scan_finding(scan, &(struct finding){
					  .path = scan->path,
					  .line = place->line,
					  .column = place->column,
					  .offset = place->offset,
					  .token = token,
					  .encoding = place->encoding,
					  .placeholder = spillwatch_token_is_placeholder(token),
					  .origin = scan->origin,
					  .holder = scan->holder,
				  });
}

static void scan_left(void *context, const struct finder_place *place)
{
	struct scan *scan = context;
	AUTO_FREE char *shown = NULL;

	team_turn(scan);
	progress_wipe(scan->progress);
	scan->counts.partly++;
	if (spillwatch_mask(scan->path, strlen(scan->path), NULL, &shown) == 0)
		log_warning("%s:%" PRIu64 ":%" PRIu64
			    ": not unpacked to its end: there is too much in this base64",
			    shown, place->line, place->column);
}

int scan_open_finder(struct scan *scan)
{
	scan->named = spillwatch_token_new();
	if (!scan->named)
		return -ENOMEM;
	return finder_open(&(struct finder_use){.context = scan,
						.token = scan_token,
						.left = scan_left,
						.plain = scan->no_decode,
						.agent = scan->agent},
			   &scan->finder);
}

int scan_open(struct scan *scan)
{
	int r = ignore_open(&scan->ignore);

	return r < 0 ? r : scan_open_finder(scan);
}

void scan_close(struct scan *scan)
{
	finder_close(scan->finder);
	spillwatch_token_free(scan->named);
	ignore_close(scan->ignore);
	baseline_free(scan->known);
	baseline_free(scan->found);
}

void scan_ignore(struct scan *scan, const char *prefix, const char *directory)
{
	AUTO_FREE char *file = NULL;
	size_t wrong;
	int r;

	if (scan->no_ignore)
		return;
	if (asprintf(&file, "%s%s%s" IGNORE_FILE, prefix, directory,
		     *directory && directory[strlen(directory) - 1] != '/' ? "/" : "") < 0) {
		file = NULL;
		scan->error = -ENOMEM;
		return;
	}
	r = ignore_load(scan->ignore, scan_plain(directory), file, &wrong);
	if (r < 0)
		scan_unread(scan, file, strerror(-r));
	else if (wrong)
		scan_wrong(scan, file, wrong);
}

scan_unpack *scan_unpacker;

struct scan_shown {
	struct progress *progress;
	finder_pull *pull;
	void *source;
};

static ssize_t scan_shown_pull(void *source, void *to, size_t room)
{
	const struct scan_shown *shown = source;
	ssize_t got = shown->pull(shown->source, to, room);

	progress_add(shown->progress, 0, got > 0 ? (uint64_t)got : 0);
	return got;
}

void scan_plain_source(struct scan *scan, const char *path, finder_pull *pull, void *source)
{
	struct scan_shown shown = {.progress = scan->progress, .pull = pull, .source = source};
	uint64_t bytes;
	int r;

	scan->path = path;
	progress_add(scan->progress, 1, 0);
	r = finder_read(scan->finder, scan_shown_pull, &shown, &bytes);
	scan->counts.bytes += bytes;
	if (r == 0)
		scan->counts.files++;
	else if (scan->error == 0)
		scan_unread(scan, path, strerror(-r));
}

void scan_input(struct scan *scan, const char *path, struct scan_input *input)
{
	int r = scan_input_begin(input);

	if (r < 0) {
		scan_unread(scan, path, strerror(-r));
		return;
	}
	if (scan_input_is_packed(input)) {
		/* one at a time: the bound of what unpacking takes is the process's (archive/main.c) */
		if (scan_unpacker && !scan->no_archives)
			team_turn(scan);
		r = scan_unpacker && !scan->no_archives ? scan_unpacker(scan, path, input) : -ENOSYS;
		if (r == 0)
			return;
		scan->counts.packed += r != -ENOEXEC;
		/* something of it may have been read, and is gone if it came from a pipe; what was told is not told again */
		if (r != -ENOSYS && scan_input_seek(input, 0, SEEK_SET) < 0) {
			if (r != -ENOEXEC && scan->error == 0)
				scan_unread(scan, path, "it looks packed, is not, and can't be read again");
			return;
		}
	}
	scan->counts.closed += scan_input_is_closed(input);
	scan_plain_source(scan, path, scan_input_pull, input);
}

void scan_source(struct scan *scan, const char *path, finder_pull *pull, void *source)
{
	scan_input(scan, path, &(struct scan_input){.pull = pull, .source = source, .fd = -1});
}

void scan_name(struct scan *scan, const char *path, const char *name)
{
	size_t len = strlen(name), from = 0;

	while (spillwatch_match(scan->agent ? SPILLWATCH_PLAIN_AGENT : SPILLWATCH_PLAIN, name, len, from,
				scan->named) > 0) {
		if (scan_finding(scan, &(struct finding){
					       .path = path,
					       .in_name = true,
					       .token = scan->named,
					       .placeholder = spillwatch_token_is_placeholder(scan->named),
					       .origin = scan->origin,
					       .holder = scan->holder,
				       }) < 0)
			return;
		from = (size_t)spillwatch_token_end(scan->named);
	}
}
