// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report → lookup → files/scan → remains: is it cleaned up?
 *
 * Invariant: "clean" and "gone" are only said of a file that is known to be the one; what can't be told is unknown.
 *
 * Limit: a copy under another name that was never written while we watched is looked for beside it only, and by what log rotation calls
 * it.
 */
#include "report/remains.h"

#include "bounds.h"
#include "files/safe_open.h"
#include "files/scan.h"
#include "detect/mask.h"
#include "report/lookup.h"
#include "report/unpacked.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* For how long packed copies are looked into, of all files. */
#define REMAINS_PACKED_SECONDS 600

/* The tokens that one file is to be searched for. */
struct remains_file {
	struct fact fact; /* of the one that was written last */
	const char *part; /* static: a token was written, but not as content; else NULL */
	struct lookup_views *views;
	struct lookup_listing *listing;
	int64_t packed_until; /* seconds of CLOCK_MONOTONIC */
	int64_t since; /* seconds since 1970: the first write of a token to it; 0: not known */
	struct remains_item *items;
	size_t count;
};

static void remains_say(struct remains_file *file, enum remains_state state, const char *why)
{
	for (size_t i = 0; i < file->count; i++) {
		if (file->items[i].found)
			continue;
		file->items[i].state = state;
		file->items[i].why = why;
	}
}

static int remains_token(void *context, const uint8_t *window, const struct token *token,
			 const struct token_span *span, uint64_t at)
{
	struct remains_file *file = context;

	(void)window;
	(void)span;
	for (size_t i = 0; i < file->count; i++) {
		struct remains_item *item = &file->items[i];

		if (item->told || strcmp(item->token, token->identifier) != 0)
			continue;
		if (item->found < REMAINS_OFFSETS)
			item->offsets[item->found] = at;
		item->found++;
		item->state = REMAINS_STILL;
	}
	return 0;
}

/* Is what was just searched no text, as git and grep tell that? Asked only where something was found in it. */
static void remains_kind(struct remains_file *file, int fd)
{
	char begin[64UL << 10];
	ssize_t len = 0;

	for (size_t i = 0; i < file->count; i++) {
		struct remains_item *item = &file->items[i];

		if (!item->found || item->told)
			continue;
		if (!len)
			len = pread(fd, begin, sizeof(begin), 0);
		item->binary = len > 0 && memchr(begin, '\0', (size_t)len);
	}
	if (len > 0)
		explicit_bzero(begin, (size_t)len);
}

/* Reads the file; where a token is not in it, `otherwise` is what that means. */
static void remains_scan(struct remains_file *file, int fd, const struct stat *st,
			 enum remains_state otherwise, const char *why)
{
	int64_t past =
		file_scan(fd, 0, (uint64_t)st->st_size, LIMIT_AUDIT_SCAN, FILE_SCAN_ALL, remains_token, file);

	remains_kind(file, fd);
	if (past < 0)
		remains_say(file, REMAINS_UNREADABLE, strerror((int)-past));
	else if (past > 0)
		remains_say(file, REMAINS_UNREADABLE, "only its beginning was read, it is too long");
	else if (file->part)
		remains_say(file, REMAINS_UNKNOWN, file->part);
	else
		remains_say(file, otherwise, why);
}

/*
 * Not under its name any more: perhaps beside it, as app.log.1. Only what is found there counts: an inode's number may
 * be another file's by now.
 */
static void remains_elsewhere(struct remains_file *file)
{
	struct stat st;
	char *path = NULL;
	int fd = lookup_moved(file->listing, &file->fact, &st, &path);

	if (fd < 0)
		return;
	/* what the new file of that name holds has been told */
	for (size_t i = 0; i < file->count; i++)
		file->items[i].told = file->items[i].found;
	if (file_scan(fd, 0, (uint64_t)st.st_size, LIMIT_AUDIT_SCAN, FILE_SCAN_ALL, remains_token, file) < 0)
		remains_say(file, REMAINS_UNREADABLE, "it was renamed and can't be read");
	remains_kind(file, fd);
	for (size_t i = 0; i < file->count; i++)
		if (file->items[i].found && !file->items[i].told)
			file->items[i].now = strdup(path);
	free(path);
	close(fd);
}

static int64_t remains_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void remains_packed_token(void *context, const char *identifier)
{
	struct remains_file *file = context;

	for (size_t i = 0; i < file->count; i++) {
		struct remains_item *item = &file->items[i];

		if (item->told || strcmp(item->token, identifier) != 0)
			continue;
		item->found++;
		item->packed = item->binary = true;
		item->state = REMAINS_STILL;
	}
}

/* A copy beside it: each token that was found nowhere yet is looked for. */
static int remains_rotated_one(void *context, int fd, const struct stat *st, const char *path)
{
	struct remains_file *file = context;
	bool other = false;
	int64_t past;

	for (size_t i = 0; i < file->count; i++)
		file->items[i].told = file->items[i].found;
	if (unpacked_is(fd)) {
		past = remains_seconds() > file->packed_until ? -ETIME
							      : unpacked_find(fd, remains_packed_token, file);
	} else {
		past = file_scan(fd, 0, (uint64_t)st->st_size, LIMIT_AUDIT_SCAN, FILE_SCAN_ALL, remains_token,
				 file);
		remains_kind(file, fd);
		other = unpacked_may_be(fd, path);
	}
	for (size_t i = 0; i < file->count; i++)
		if (file->items[i].found && !file->items[i].told && !file->items[i].now)
			file->items[i].now = strdup(path);
	if (past == -ENOEXEC)
		remains_say(file, REMAINS_UNKNOWN,
			    "a packed copy lies beside it, and spillwatch-scan is not there to look into it");
	else if (past == -ETIME)
		remains_say(file, REMAINS_UNKNOWN,
			    "a packed copy lies beside it, and no time was left for it");
	else if (past)
		remains_say(file, REMAINS_UNKNOWN, "a copy beside it was not looked into to its end");
	else if (other)
		remains_say(file, REMAINS_UNKNOWN,
			    "a copy beside it is no text, and may be packed in a way that is not known");
	return 0;
}

/* Rotated away: what lies beside it under the names that log rotation gives. */
static void remains_rotated(struct remains_file *file, const struct lookup_root *root, const char *path)
{
	int r = lookup_rotated(file->listing, root, path, file->since, remains_rotated_one, file);

	if (r == -E2BIG)
		remains_say(file, REMAINS_UNKNOWN, "more copies lie beside it than are looked into");
	else if (r == -ELOOP)
		remains_say(file, REMAINS_UNKNOWN, "a copy beside it is a link");
	else if (r == -ETIME)
		remains_say(file, REMAINS_UNKNOWN, "no time was left to look for copies beside it");
	else if (r < 0)
		remains_say(file, REMAINS_UNKNOWN, "copies beside it can't be looked for");
}

/* Is every token found already? */
static bool remains_all(const struct remains_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		if (!file->items[i].found)
			return false;
	return true;
}

/* Beside it in another's mounts, which go with the last who lives there: then nothing would lie there. */
static void remains_beside(struct remains_file *file, const struct lookup_root *root, bool alike)
{
	const char *path = file->fact.file_path ? file->fact.file_path : file->fact.file;
	struct stat st;
	int place;

	remains_rotated(file, root, path);
	/* unknown anyway */
	if (alike)
		return;
	place = safe_place(root->fd, path, O_NOFOLLOW);
	if (place < 0 || fstat(place, &st) < 0 || !lookup_is_exactly(&file->fact, &st))
		remains_say(file, REMAINS_UNKNOWN, "what has it was unmounted meanwhile");
	if (place >= 0)
		close(place);
}

/* In mounts that others have: as one of them sees it. Returns false if nobody does. */
static bool remains_inhabited(struct remains_file *file)
{
	struct stat st;
	char *path = NULL;
	struct lookup_root root;
	bool alike;
	int fd = lookup_inhabited(&file->fact, file->views, &st, &path, &root, &alike);

	if (fd < 0)
		return false;
	remains_scan(file, fd, &st, alike ? REMAINS_UNKNOWN : REMAINS_CLEAN,
		     alike ? "another subvolume may have it" : NULL);
	for (size_t i = 0; i < file->count; i++)
		if (file->items[i].found && !file->items[i].now)
			file->items[i].now = strdup(path);
	if (!file->part && !remains_all(file))
		remains_beside(file, &root, alike);
	free(path);
	close(root.fd);
	close(fd);
	return true;
}

static const char remains_inexact[] = "its name can't be told exactly";

/* Can the name be what we have of it? Not if a part of it is missing or masked. */
static const char *remains_vague(const struct fact *fact)
{
	if (fact->file_type && strcmp(fact->file_type, "regular") != 0)
		return "it was no regular file";
	if (*fact->file != '/')
		return "it had no path";
	if (fact->path_truncated)
		return "its whole path is not known";
	if (strstr(fact->file, MASK_TEXT))
		return remains_inexact;
	return NULL;
}

/*
 * The name as it is, in place of its text, if the file is there. A store of an earlier version may have had no escape in
 * mind, so the file itself has to be the one. Returns false if that is not so.
 */
static bool remains_exact(struct fact *fact)
{
	struct stat st;
	char *exact;
	int fd;

	if (!strstr(fact->file, "\\x"))
		return true;
	if (!fact->inode || mask_exact(fact->file, &exact) < 0)
		return false;
	fd = lookup_open(exact, &st);
	if (fd >= 0)
		close(fd);
	if (fd < 0 || !lookup_is(fact, &st)) {
		free(exact);
		return false;
	}
	free(fact->file);
	fact->file = exact;
	return true;
}

/* A symbolic link holds what was written as its target, and nothing else can become of it: what is another one replaces it. */
static void remains_link(struct remains_file *file)
{
	AUTO_CLOSE int target = memfd_create("target", MFD_CLOEXEC);
	char text[PATH_MAX];
	ssize_t len = lookup_link(file->fact.file, text, sizeof(text));
	struct stat st = {.st_size = len};

	if (len == -ENOENT || len == -ENOTDIR) {
		remains_say(file, REMAINS_GONE, NULL);
	} else if (len == -EINVAL) {
		remains_say(file, REMAINS_REPLACED, "what has its name now is no link");
	} else if (len < 0 || target < 0 || write(target, text, (size_t)len) != len) {
		remains_say(file, REMAINS_UNREADABLE, strerror(len < 0 ? (int)-len : errno));
	} else {
		for (size_t i = 0; i < file->count; i++)
			file->items[i].link = true;
		file->part = NULL;
		remains_scan(file, target, &st, REMAINS_REPLACED, "another link has its name now");
	}
	explicit_bzero(text, sizeof(text));
}

/* Whose it is. @token: the facts of one token in one file */
static void remains_whose(struct report *report, const struct group *token, struct remains_item *item)
{
	const struct survey_fact *last = NULL;

	if (report_several(report))
		item->node = labels_node(&report->labels, DIMENSION_FILE, item->file_member);
	for (size_t i = 0; i < token->count; i++) {
		const struct survey_fact *fact = &report->survey.facts[token->facts[i]];

		if (!survey_is_host(&report->survey, fact->member[DIMENSION_CONTAINER]) &&
		    (!last || fact->last >= last->last))
			last = fact;
	}
	if (!last)
		return;
	item->container = labels_container(&report->labels, last->member[DIMENSION_CONTAINER]);
	item->container_label =
		labels_text(&report->labels, DIMENSION_CONTAINER, last->member[DIMENSION_CONTAINER]);
}

/* A path says nothing of another host's files. */
static bool remains_here(const struct report *report, uint32_t file)
{
	int64_t id = survey_id(&report->survey, DIMENSION_FILE, file);

	return report->stores[reader_store(report->reader, id)].here;
}

static void remains_look(struct remains_file *file)
{
	const struct fact *fact = &file->fact;
	bool link = fact->part && strcmp(fact->part, "link_target") == 0 && *fact->file == '/' &&
		    !fact->path_truncated && !strstr(fact->file, MASK_TEXT);
	const char *vague = link ? NULL : remains_vague(fact);
	/* only the process's own name for it is known, and it is none of the host's */
	bool inside = *fact->container && !fact->file_path && !fact->relayed && !fact->outside &&
		      !(fact->place && strcmp(fact->place, "host") == 0);
	struct stat st;
	bool same, elsewhere;
	int fd;

	if (!vague && !remains_exact(&file->fact))
		vague = remains_inexact;
	if (vague) {
		remains_say(file, REMAINS_UNKNOWN, vague);
		return;
	}
	if (link && !inside) {
		remains_link(file);
		return;
	}
	fd = lookup_open(fact->file, &st);
	same = fd >= 0 && (inside ? lookup_is_exactly(fact, &st) : lookup_is(fact, &st));
	elsewhere = !same && (inside || lookup_elsewhere(fact));
	if (elsewhere && remains_inhabited(file)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (inside && !same)
		remains_say(file, REMAINS_UNKNOWN, "its path holds inside the container only");
	else if (elsewhere)
		remains_say(file, REMAINS_UNKNOWN, "its file system is not mounted there now");
	else if (fd >= 0)
		remains_scan(file, fd, &st, same ? REMAINS_CLEAN : REMAINS_REPLACED,
			     same ? NULL : "another file has its name now, without the token");
	else if (fd == -ENOENT || fd == -ENOTDIR)
		remains_say(file, REMAINS_GONE, file->part);
	else if (fd == -ELOOP || fd == -EMEDIUMTYPE)
		remains_say(file, REMAINS_REPLACED, "what has its name now is no regular file");
	else
		remains_say(file, REMAINS_UNREADABLE, strerror(-fd));
	if (fd >= 0)
		close(fd);
	if (!inside && !same && !remains_all(file))
		remains_elsewhere(file);
	if (!elsewhere && !file->part && !remains_all(file)) {
		struct lookup_root root = {.fd = safe_root("/")};

		remains_rotated(file, &root, fact->file);
		if (root.fd >= 0)
			close(root.fd);
	}
}

static const char *remains_part(const char *part)
{
	if (!part)
		return NULL;
	if (strcmp(part, "name") == 0)
		return "it was written as the file's name";
	return strcmp(part, "xattr") == 0 ? "it was written as an attribute"
					  : "it was written as a link's target";
}

/* Has the report every write of a token to its files? What it has not may have been the first one. */
static bool remains_whole(const struct report *report)
{
	const struct survey_options *asked = &report->options.survey;

	for (size_t i = 0; i < READER_PATTERNS; i++)
		if (asked->patterns[i])
			return false;
	return !asked->allowed && !asked->token && !asked->container && !asked->said.rule &&
	       !asked->said.place && !asked->said.severity && !report->options.has_since &&
	       !report->options.has_until && !report->survey.allowed && !report->survey.meta.removed;
}

/* What was in a container's layer is in each image that was made of it by then, and those are not looked into. */
static void remains_layer(struct remains_file *file)
{
	bool layer = file->fact.place && strcmp(file->fact.place, "layer") == 0;

	for (size_t i = 0; layer && i < file->count; i++) {
		struct remains_item *item = &file->items[i];

		item->layer = true;
		if ((item->state == REMAINS_GONE || item->state == REMAINS_CLEAN) && !item->why)
			item->why = "an image that was made of its container may have it";
	}
}

/* One file of the report: finds its newest facts, then looks into it. */
static int remains_file(struct report *report, const struct group *group, struct lookup_views *views,
			struct lookup_listing *listing, int64_t packed_until, struct remains *remains)
{
	struct remains_file file = {.items = remains->items + remains->count,
				    .views = views,
				    .listing = listing,
				    .packed_until = packed_until};
	struct grouping tokens;
	int r = grouping_make(&report->survey, &report->scratch, DIMENSION_TOKEN, group->facts, group->count,
			      &tokens);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < group->count; i++) {
		struct reader_fact row = survey_row(&report->survey, &report->survey.facts[group->facts[i]]);
		struct fact fact;

		r = reader_fact(report->reader, &row, &fact);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		if (!file.since || fact.first / 1000000 < file.since)
			file.since = fact.first / 1000000;
		file.part = fact.part ? remains_part(fact.part) : file.part;
		fact_free(&file.fact);
		file.fact = fact;
	}
	if (!remains_whole(report))
		file.since = 0;
	if (r == 0 && file.fact.file) {
		for (size_t i = 0; i < tokens.count; i++) {
			struct remains_item *item = &file.items[file.count++];

			*item = (struct remains_item){
				.token = labels_text(&report->labels, DIMENSION_TOKEN,
						     tokens.groups[i].member),
				.file = labels_text(&report->labels, DIMENSION_FILE, group->member),
				.token_member = tokens.groups[i].member,
				.file_member = group->member,
				.mark = marks_of(&report->marks, tokens.groups[i].member),
			};
			remains_whose(report, &tokens.groups[i], item);
		}
		if (remains_here(report, group->member))
			remains_look(&file);
		else
			remains_say(&file, REMAINS_UNKNOWN, "it is on another node");
		remains_layer(&file);
		remains->count += file.count;
	}
	fact_free(&file.fact);
	grouping_free(&tokens);
	return r;
}

static int remains_compare(const void *a, const void *b)
{
	const struct remains_item *x = a, *y = b;
	int r;

	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	r = strcmp(x->file, y->file);
	return r ? r : strcmp(x->token, y->token);
}

/* Those of one directory follow each other: it is read once then. */
static int remains_by_directory(const void *a, const void *b, void *context)
{
	const struct group *x = a, *y = b;
	struct labels *labels = context;
	const char *one = labels_text(labels, DIMENSION_FILE, x->member), *slash = strrchr(one, '/');
	const char *other = labels_text(labels, DIMENSION_FILE, y->member), *end = strrchr(other, '/');
	size_t len = slash ? (size_t)(slash - one) : 0, length = end ? (size_t)(end - other) : 0;

	if (len != length)
		return len < length ? -1 : 1;
	return strncmp(one, other, len);
}

int remains_find(struct report *report, struct remains *ret_remains)
{
	struct remains remains = {.items = calloc(report->survey.count + 1, sizeof(*remains.items))};
	int64_t packed_until = remains_seconds() + REMAINS_PACKED_SECONDS;
	struct lookup_listing listing = {0};
	struct lookup_views views = {0};
	struct grouping files;
	int r = remains.items ? 0 : -ENOMEM;

	if (r == 0)
		r = grouping_make(&report->survey, &report->scratch, DIMENSION_FILE, NULL,
				  report->survey.count, &files);
	if (r < 0) {
		free(remains.items);
		return r;
	}
	if (files.count)
		qsort_r(files.groups, files.count, sizeof(*files.groups), remains_by_directory,
			&report->labels);
	for (size_t i = 0; r == 0 && i < files.count; i++)
		r = remains_file(report, &files.groups[i], &views, &listing, packed_until, &remains);
	grouping_free(&files);
	lookup_listing_free(&listing);
	if (r < 0) {
		remains_free(&remains);
		return r;
	}
	for (size_t i = 0; i < remains.count; i++)
		remains.counts[remains.items[i].state]++;
	qsort(remains.items, remains.count, sizeof(*remains.items), remains_compare);
	*ret_remains = remains;
	return 0;
}

void remains_free(struct remains *remains)
{
	for (size_t i = 0; i < remains->count; i++)
		free(remains->items[i].now);
	free(remains->items);
	memset(remains, 0, sizeof(*remains));
}
