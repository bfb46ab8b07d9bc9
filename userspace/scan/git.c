// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What git is about to keep, or keeps → blobs → scan.
 *
 *   git diff --cached, or git rev-list | git diff-tree ⇒ list of objects ⇒ a file ⇒ git cat-file --batch ⇒ finder
 *
 * The list of objects is complete, and in a file in memory, before the first one is read: so no two pipes wait for each other.
 *
 * As git means it: of a link its target, of a submodule nothing (it is another repository), of what was deleted nothing. Only plumbing is asked
 * where there is some, so no configuration of a user's changes what is seen. A merge brings what differs from all of its parents; all else
 * came with one of them.
 *
 * Limit: what no reference and no reflog reaches is not history; annotated tags' own texts are not read, nor tags of blobs and trees.
 */
#include "scan/scan.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/memory_file.h"
#include "scan/git.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* What a commit says itself: its author, its message. No file of git's is
 * called like that. */
#define GIT_COMMIT_PATH "<commit>"

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Without settings of the user's, all ids whole. */
#define GIT_RAW                                                                      \
	"--raw", "-z", "--no-renames", "--no-abbrev", "--no-color", "--no-relative", \
		"--ignore-submodules=none"

struct git_blob {
	FILE *file;
	uint64_t left;
};

static ssize_t git_blob_pull(void *source, void *to, size_t room)
{
	struct git_blob *blob = source;
	size_t want = room < blob->left ? room : (size_t)blob->left;
	size_t got = want ? fread(to, 1, want, blob->file) : 0;

	if (got < want)
		return -EIO;
	blob->left -= got;
	return (ssize_t)got;
}

/* What was not read of it, and the newline behind it. */
static int git_blob_end(struct git_blob *blob)
{
	uint8_t away[4096];

	while (blob->left)
		if (git_blob_pull(blob, away, sizeof(away)) < 0)
			return -EIO;
	return fgetc(blob->file) == '\n' ? 0 : -EIO;
}

static void git_scan_origin(const struct git_commit *commit, struct scan_origin *ret_origin)
{
	*ret_origin = (struct scan_origin){commit->id, commit->author};
}

/* A directory whose ignore file was asked for. */
struct git_directory {
	UT_hash_handle hh;
	char path[];
};

struct git_scan {
	struct scan *scan;
	char *top; /* what leads from here to the work tree: "", or what ends with a
                slash; NULL: there is none */
	struct git_directory *directories;
};

/* Takes the ignore file of a directory, if that was not asked for yet. */
static void git_scan_directory(struct git_scan *git, const char *path, size_t len)
{
	struct git_directory *directory;

	HASH_FIND(hh, git->directories, path, len, directory);
	if (directory)
		return;
	directory = calloc(1, sizeof(*directory) + len + 1);
	if (directory) {
		memcpy(directory->path, path, len);
		HASH_ADD_KEYPTR(hh, git->directories, directory->path, len, directory);
	}
	if (directory && directory->hh.tbl) {
		scan_ignore(git->scan, git->top, directory->path);
		return;
	}
	free(directory);
	git->scan->error = -ENOMEM;
}

/* As the ignore files of the work tree say, from its top down. */
static bool git_scan_ignored(struct git_scan *git, const char *path)
{
	if (!git->top)
		return false;
	git_scan_directory(git, "", 0);
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		git_scan_directory(git, path, (size_t)(slash - path));
	return ignore_matches_above(git->scan->ignore, path, false);
}

static bool git_scan_name(void *context, const char *path, const struct git_commit *commit)
{
	struct git_scan *git = context;
	struct scan_origin origin;

	if (git_scan_ignored(git, path)) {
		git->scan->counts.ignored++;
		return false;
	}
	if (commit)
		git_scan_origin(commit, &origin);
	git->scan->origin = commit ? &origin : NULL;
	scan_name(git->scan, path, path);
	git->scan->origin = NULL;
	return true;
}

static void git_scan_submodule(void *context, const char *path)
{
	const struct git_scan *git = context;

	(void)path;
	git->scan->counts.submodules++;
}

static void git_scan_close(struct git_scan *git)
{
	struct git_directory *directory, *next;

	HASH_ITER(hh, git->directories, directory, next)
	{
		HASH_DEL(git->directories, directory);
		free(directory);
	}
	free(git->top);
}

/* "ID TYPE SIZE\n" and the content, or "ID missing\n". */
static int git_scan_object(struct scan *scan, const struct git_object *object, FILE *file)
{
	const char *path = object->path ? object->path : GIT_COMMIT_PATH;
	struct git_blob blob = {.file = file};
	struct scan_origin origin;
	char line[128], *size, *end;

	if (!fgets(line, sizeof(line), file))
		return -EIO;
	size = strrchr(line, ' ');
	if (!size)
		return -EBADMSG;
	if (strcmp(size, " missing\n") == 0) {
		scan_unread(scan, path, "git has no such object here");
		return 0;
	}
	blob.left = strtoull(size + 1, &end, 10);
	if (end == size + 1 || *end != '\n')
		return -EBADMSG;
	if (object->commit)
		git_scan_origin(object->commit, &origin);
	scan->origin = object->commit ? &origin : NULL;
	if (!scan_too_large(scan, blob.left))
		scan_source(scan, path, git_blob_pull, &blob);
	scan->origin = NULL;
	return scan->error < 0 ? scan->error : git_blob_end(&blob);
}

/* The ids, a line each, in a file of its own. Returns its descriptor. */
static int git_scan_ids(const struct git_object *objects, size_t count, size_t id_len)
{
	int fd = memory_file();
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int copy;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return fd < 0 ? fd : -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t byte = 0; byte < id_len; byte++)
			fprintf(file, "%02x", objects[i].id[byte]);
		fputc('\n', file);
	}
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fclose(file) != 0 || copy < 0 || lseek(copy, 0, SEEK_SET) < 0) {
		if (copy >= 0)
			close(copy);
		return -ENOMEM;
	}
	return copy;
}

static int git_scan_objects(struct scan *scan, const struct git_list *list)
{
	size_t count, id_len;
	const struct git_object *objects = git_list_objects(list, &count, &id_len);
	struct git_program program = {0};
	int r = count ? git_scan_ids(objects, count, id_len) : 0, ended;

	if (r < 0 || !count)
		return r;
	r = git_start(ARGUMENTS("cat-file", "--batch", "--buffer"), r, &program);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = git_scan_object(scan, &objects[i], program.output);
	ended = git_end(&program);
	return r < 0 ? r : ended;
}

/* What one program lists, which has another one's output to read, or nothing.
 */
static int git_scan_list(struct git_list *list, const char *const *arguments, struct git_program *before)
{
	struct git_program program = {0};
	int input = -1, r, ended;

	if (before) {
		input = fcntl(fileno(before->output), F_DUPFD_CLOEXEC, 0);
		if (input < 0)
			return -errno;
		fclose(TAKE(before->output));
	}
	r = git_start(arguments, input, &program);
	if (r < 0)
		return r;
	r = git_list_read(list, program.output);
	ended = git_end(&program);
	return r < 0 ? r : ended;
}

static int git_scan_commits(struct git_list *list, const char *const *arguments)
{
	struct git_program commits = {0};
	int r = git_start(arguments, -1, &commits), ended;

	if (r < 0)
		return r;
	r = git_scan_list(list,
			  ARGUMENTS("diff-tree", "--stdin", "-r", "--root", "-c", "--always",
				    "--encoding=UTF-8", GIT_LIST_FORMAT, GIT_RAW),
			  &commits);
	ended = git_end(&commits);
	return r < 0 ? r : ended;
}

static int git_scan_what(struct git_list *list, enum scan_git what, const char *range)
{
	switch (what) {
	case SCAN_GIT_STAGED:
		return git_scan_list(
			list, ARGUMENTS("diff", "--cached", "--no-ext-diff", "-O/dev/null", GIT_RAW), NULL);
	case SCAN_GIT_COMMITS:
		return git_scan_commits(list, ARGUMENTS("rev-list", "--reverse", "--date-order",
							"--end-of-options", range, "--"));
	case SCAN_GIT_HISTORY:
		return git_scan_commits(
			list, ARGUMENTS("rev-list", "--reverse", "--date-order", "--all", "--reflog", "--"));
	case SCAN_GIT_NONE:
		break;
	}
	return 0;
}

/* Where the work tree's top is; git says itself if there is no repository here.
 */
static int git_scan_top(struct git_scan *git)
{
	struct git_program program = {0};
	int r = git_start(ARGUMENTS("rev-parse", "--show-cdup"), -1, &program);
	size_t size = 0;
	ssize_t len;

	if (r < 0)
		return r;
	len = getline(&git->top, &size, program.output);
	if (len > 0 && git->top[len - 1] == '\n')
		git->top[len - 1] = '\0';
	if (len < 0)
		free(TAKE(git->top));
	return git_end(&program);
}

/* A clone may have been made without what came before some commit: that is no history to be well about. */
static int git_scan_shallow(struct scan *scan)
{
	struct git_program program = {0};
	int r = git_start(ARGUMENTS("rev-parse", "--is-shallow-repository"), -1, &program);
	char line[16];

	if (r < 0)
		return r;
	if (fgets(line, sizeof(line), program.output) && strcmp(line, "true\n") == 0)
		scan_unread(scan, "the whole history",
			    "this clone is a shallow one (git fetch --unshallow gets the rest)");
	return git_end(&program);
}

/* What references are called: who pushes one tells its name. */
static int git_scan_references(struct scan *scan)
{
	struct git_program program = {0};
	int r = git_start(ARGUMENTS("for-each-ref", "--format=%(refname)"), -1, &program), ended;
	AUTO_FREE char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (r == 0 && (len = getline(&line, &size, program.output)) > 0) {
		line[len - 1] = '\0';
		scan_name(scan, line, line);
	}
	ended = git_end(&program);
	return r < 0 ? r : ended;
}

int scan_git(struct scan *scan, enum scan_git what, const char *range)
{
	struct git_scan git = {.scan = scan};
	const struct git_list_use use = {&git, git_scan_name, git_scan_submodule};
	struct git_list *list = NULL;
	int r = git_environment();

	if (r == 0)
		r = git_scan_top(&git);
	if (r == 0 && what == SCAN_GIT_HISTORY)
		r = git_scan_shallow(scan);
	if (r == 0 && what == SCAN_GIT_HISTORY)
		r = git_scan_references(scan);
	if (r == 0)
		r = git_list_open(&use, what != SCAN_GIT_STAGED, &list);
	if (r == 0)
		r = git_scan_what(list, what, range);
	if (r == 0)
		r = git_scan_objects(scan, list);
	git_list_close(list);
	git_scan_close(&git);
	return r;
}
