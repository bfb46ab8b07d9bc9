// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * path → files below it → scan.
 *
 * A path that can't be read costs only itself. What is named is read if it can
 * be: a file, a link to one, a FIFO, an open descriptor
 * (/dev/stdin; /dev/fd/63, which a shell makes of <(…)). What is met in a
 * directory is read only if it is a regular file: what a link leads to has a
 * place of its own, and a device or a pipe may never end. Each is counted.
 *
 * Limit: a file that changes meanwhile is seen as it is read.
 */
#include "scan/scan.h"

#include "files/safe_open.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#define WALK_SPECIAL "it is neither a regular file, nor a FIFO, nor a directory"

struct walk_file {
	int fd;
};

static ssize_t walk_pull(void *source, void *to, size_t room)
{
	const struct walk_file *file = source;
	ssize_t got;

	do
		got = read(file->fd, to, room);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

/* What was named and is no file: a FIFO, whose writer is waited for. */
static int walk_fifo(int place)
{
	char path[32];
	struct stat st;
	int fd;

	if (fstat(place, &st) < 0)
		return -errno;
	if (!S_ISFIFO(st.st_mode))
		return -EMEDIUMTYPE;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void walk_open(struct scan *scan, const char *path, int fd, const struct stat *st)
{
	if (!scan_too_large(scan, (uint64_t)st->st_size))
		scan_input(scan, path,
			   &(struct scan_input){
				   .pull = walk_pull,
				   .source = &(struct walk_file){fd},
				   .fd = S_ISREG(st->st_mode) ? fd : -1,
			   });
}

/* @named: by the user; a link that was met is not followed, even if it is new.
 */
static void walk_file(struct scan *scan, const char *path, const char *accpath, bool named)
{
	AUTO_CLOSE int place = open(accpath, O_PATH | O_CLOEXEC | (named ? 0 : O_NOFOLLOW));
	struct stat st = {0};
	AUTO_CLOSE int fd = place < 0 ? -errno : safe_reopen(place, &st);

	if (fd == -EMEDIUMTYPE && named)
		fd = walk_fifo(place);
	if (fd >= 0) {
		walk_open(scan, path, fd, &st);
	} else if (named || (fd != -EMEDIUMTYPE && fd != -ELOOP)) {
		scan_unread(scan, path, fd == -EMEDIUMTYPE ? WALK_SPECIAL : strerror(-fd));
	} else {
		/* it has become one since it was met */
		scan->counts.links += fd == -ELOOP;
		scan->counts.special += fd == -EMEDIUMTYPE;
	}
}

/* A team_work. */
static void walk_handed(struct scan *scan, const char *path, bool named)
{
	walk_file(scan, path, path, named);
}

/* The kernel's own: no file lies there, and reading some never ends. */
static bool walk_is_of_kernel(const struct statfs *fs)
{
	return fs->f_type == PROC_SUPER_MAGIC || fs->f_type == SYSFS_MAGIC;
}

/* A mount of it. */
static bool walk_is_kernels(const FTSENT *entry)
{
	struct statfs fs;

	return entry->fts_level != FTS_ROOTLEVEL && entry->fts_dev != entry->fts_parent->fts_dev &&
	       statfs(entry->fts_accpath, &fs) == 0 && walk_is_of_kernel(&fs);
}

/*
 * A directory's end. Of one that can't be entered, though its names can be read (mode 0744), fts_read(3) tells nothing else; nor of one
 * that was exchanged for another between the two (ENOENT).
 */
static void walk_end(struct scan *scan, const char *path, const FTSENT *entry)
{
	if (entry->fts_errno)
		scan_unread(scan, path,
			    entry->fts_errno == ENOENT ? "another one has its name meanwhile"
						       : strerror(entry->fts_errno));
}

static const char *walk_plain(const char *path)
{
	return strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

/* Of a path that was named: the ignore files of the directories that lead to it
 * from here. */
static void walk_ignore_above(struct scan *scan, const char *path)
{
	AUTO_FREE char *above = strdup(walk_plain(path));

	if (!above || above[0] == '/' || strncmp(above, "..", 2) == 0 || strstr(above, "/../"))
		return;
	scan_ignore(scan, "", "");
	for (char *slash = strchr(above, '/'); slash && slash[1]; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		scan_ignore(scan, "", above);
		*slash = '/';
	}
}

static bool walk_ignored(struct scan *scan, const FTSENT *entry)
{
	const char *path = walk_plain(entry->fts_path);
	bool is_directory = entry->fts_info == FTS_D;
	bool ignored = entry->fts_level == FTS_ROOTLEVEL
			       ? ignore_matches_above(scan->ignore, path, is_directory)
			       : ignore_matches(scan->ignore, path, is_directory);

	/* no pattern is about here itself */
	ignored = ignored && strcmp(path, ".") != 0;
	scan->counts.ignored += ignored;
	return ignored;
}

static void walk_directory(struct scan *scan, FTS *tree, FTSENT *entry)
{
	const char *path = walk_plain(entry->fts_path);

	scan_name(scan, entry->fts_path, entry->fts_name);
	if (walk_is_kernels(entry)) {
		scan->counts.kernels++;
		fts_set(tree, entry, FTS_SKIP);
		return;
	}
	/* the one here was taken for what leads to it */
	if (strcmp(path, ".") != 0)
		scan_ignore(scan, "", path);
}

static void walk_regular(struct scan *scan, const FTSENT *entry, bool named)
{
	int r;

	if (!scan->team) {
		walk_file(scan, entry->fts_path, entry->fts_accpath, named);
		return;
	}
	/* both are one: nobody changes the directory here */
	r = team_hand(scan->team, entry->fts_path, named, (uint64_t)entry->fts_statp->st_size);
	scan->error = r < 0 ? r : scan->error;
}

static void walk_entry(struct scan *scan, FTS *tree, FTSENT *entry)
{
	bool named = entry->fts_level == FTS_ROOTLEVEL;

	/* what a directory ignores ends with it, and its end is told even if it is
   * passed over */
	if (entry->fts_info == FTS_D)
		entry->fts_number = (long)ignore_count(scan->ignore);
	if ((entry->fts_info == FTS_F || entry->fts_info == FTS_D) && walk_ignored(scan, entry)) {
		fts_set(tree, entry, FTS_SKIP);
		return;
	}
	switch (entry->fts_info) {
	case FTS_F:
		scan_name(scan, entry->fts_path, entry->fts_name);
		walk_regular(scan, entry, named);
		break;
	case FTS_D:
		walk_directory(scan, tree, entry);
		break;
	case FTS_DP:
		ignore_truncate(scan->ignore, (size_t)entry->fts_number);
		walk_end(scan, entry->fts_path, entry);
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
	case FTS_SL:
		scan_name(scan, entry->fts_path, entry->fts_name);
		scan->counts.links++;
		break;
	case FTS_DEFAULT:
		if (named)
			walk_file(scan, entry->fts_path, entry->fts_accpath, named);
		else
			scan->counts.special++;
		break;
	default:
		break;
	}
}

/* The same order every time. */
static int walk_compare(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Is it one of our own descriptors, which may be what no name opens (a socket)?
 * Returns it, or -1. */
static int walk_descriptor(const char *path)
{
	static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/"};

	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
		size_t len = strlen(directories[i]);
		unsigned long fd;
		char *end;

		if (strncmp(path, directories[i], len) != 0)
			continue;
		errno = 0;
		fd = strtoul(path + len, &end, 10);
		if (path[len] >= '0' && path[len] <= '9' && !*end && errno == 0 && fd <= 1U << 20)
			return (int)fd;
	}
	return -1;
}

static void walk_tree(struct scan *scan, char *path)
{
	FTS *tree =
		fts_open((char *[]){path, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, walk_compare);
	FTSENT *entry;

	if (!tree) {
		scan_unread(scan, path, strerror(errno));
		return;
	}
	for (errno = 0; scan->error == 0 && (entry = fts_read(tree)); errno = 0)
		walk_entry(scan, tree, entry);
	if (errno && scan->error == 0)
		scan_unread(scan, path, strerror(errno));
	fts_close(tree);
}

void scan_paths(struct scan *scan, char **paths, int count)
{
	team_open(scan, walk_handed);
	for (int i = 0; i < count && scan->error == 0; i++)
		scan_path(scan, paths[i]);
	team_close(scan);
}

void scan_path(struct scan *scan, const char *path)
{
	AUTO_FREE char *copy = strdup(path);
	size_t before = ignore_count(scan->ignore);
	int fd = walk_descriptor(path);

	if (fd >= 0) {
		scan_source(scan, path, walk_pull, &(struct walk_file){fd});
	} else if (copy) {
		walk_ignore_above(scan, path);
		walk_tree(scan, copy);
		ignore_truncate(scan->ignore, before);
	} else {
		scan->error = -ENOMEM;
	}
}

/* Of a directory that is being walked from inside: what its entry is called from outside. */
static void walk_below_entry(struct scan *scan, FTS *tree, FTSENT *entry, const char *path)
{
	bool top = entry->fts_level == FTS_ROOTLEVEL;

	if (!top && entry->fts_info != FTS_DP)
		scan_name(scan, path, entry->fts_name);
	switch (entry->fts_info) {
	case FTS_F:
		walk_file(scan, path, entry->fts_accpath, false);
		break;
	case FTS_D:
		if (!top && walk_is_kernels(entry)) {
			scan->counts.kernels++;
			fts_set(tree, entry, FTS_SKIP);
		}
		break;
	case FTS_DP:
		walk_end(scan, path, entry);
		break;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		/* whoever writes there goes on while this is read */
		if (!top && entry->fts_errno == ENOENT)
			scan->counts.gone++;
		else
			scan_unread(scan, path, strerror(entry->fts_errno));
		break;
	case FTS_SL:
	case FTS_SLNONE:
		scan->counts.links++;
		break;
	case FTS_DEFAULT:
		scan->counts.special++;
		break;
	default:
		break;
	}
}

static void walk_below(struct scan *scan, const char *path)
{
	/* without FTS_NOCHDIR: a directory that has become a link since it was met is not entered */
	FTS *tree = fts_open((char *[]){".", NULL}, FTS_PHYSICAL, walk_compare);
	FTSENT *entry;

	if (!tree) {
		scan_unread(scan, path, strerror(errno));
		return;
	}
	for (errno = 0; scan->error == 0 && (entry = fts_read(tree)); errno = 0) {
		AUTO_FREE char *shown = NULL;

		if (asprintf(&shown, "%s%s", path, entry->fts_path + 1) < 0) {
			shown = NULL;
			scan->error = -ENOMEM;
			break;
		}
		walk_below_entry(scan, tree, entry, shown);
	}
	if (errno && scan->error == 0)
		scan_unread(scan, path, strerror(errno));
	fts_close(tree);
}

static void walk_place(struct scan *scan, const char *path, int place)
{
	struct stat st = {0};
	AUTO_CLOSE int fd = safe_reopen(place, &st);

	if (fd >= 0)
		walk_open(scan, path, fd, &st);
	else
		scan_unread(scan, path, fd == -EMEDIUMTYPE ? WALK_SPECIAL : strerror(-fd));
}

void scan_below(struct scan *scan, int place, const char *path)
{
	AUTO_CLOSE int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st = {0};
	struct statfs fs;

	/* a link that a user has put on the way may have led there */
	if (fstatfs(place, &fs) == 0 && walk_is_of_kernel(&fs)) {
		scan->counts.kernels++;
		return;
	}
	if (fstat(place, &st) == 0 && !S_ISDIR(st.st_mode)) {
		walk_place(scan, path, place);
		return;
	}
	if (here < 0 || fchdir(place) < 0) {
		scan_unread(scan, path, strerror(errno));
		return;
	}
	walk_below(scan, path);
	if (fchdir(here) < 0)
		scan->error = -errno;
}
