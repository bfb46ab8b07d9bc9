/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `scan` as a whole: what is looked at, by what, and what becomes of a finding. cmd/scan.c reads the command line. */
#pragma once

#include "scan/baseline.h"
#include "scan/finding.h"
#include "scan/ignore.h"
#include "scan/input.h"
#include "scan/output.h"
#include "scan/finder.h"
#include "scan/team.h"

/* Where findings go at the same time. */
#define SCAN_OUTPUTS_MAX 5

struct scan {
	struct scan_output outputs[SCAN_OUTPUTS_MAX];
	size_t output_count;
	struct scan_counts counts;
	struct finder *finder;
	struct spillwatch_token *named; /* the next one in a name */
	struct ignore *ignore;
	struct baseline *known; /* NULL: none */
	struct baseline *found; /* NULL: none is to be written */
	bool no_ignore; /* neither .spillwatchignore nor what a line says counts */
	bool no_archives; /* what is packed is scanned as it lies there */
	bool no_decode; /* only tokens that stand there as they are */
	bool agent; /* agents' tokens as well */
	void *unpacking; /* archive/unpack.c's, while it is at work */
	struct progress *progress; /* NULL: nobody looks on */
	uint64_t max_bytes; /* of a file; 0: any */
	int error; /* a negative errno that ends it all */
	struct team *team; /* who reads files for it, or that it is of; NULL: it reads them itself */
	/* of what is being read */
	const char *path;
	const struct scan_origin *origin;
	const struct scan_holder *holder;
};

/* scan_open() - what is needed whatever is scanned. Returns 0 or -ENOMEM; end with scan_close() in any case. */
int scan_open(struct scan *scan);
void scan_close(struct scan *scan);

/* scan_open_finder() - of that, what reading takes: for who reads for another. Returns likewise; finder and named are its owner's to free. */
int scan_open_finder(struct scan *scan);

/* scan_input() - reads an input of that name to its end, unpacked; what goes wrong is told and counted. */
void scan_input(struct scan *scan, const char *path, struct scan_input *input);

/* scan_source() - the same of what can't be sought in; scan_plain_source() - as it comes, even if it looks as if it were packed. */
void scan_source(struct scan *scan, const char *path, finder_pull *pull, void *source);
void scan_plain_source(struct scan *scan, const char *path, finder_pull *pull, void *source);

/*
 * Looks into what is packed: archive/unpack.h. NULL in the daemon's program, which links no library for that.
 * Returns 0, or a negative errno: then it was not looked into (-ENOEXEC: it is no archive, cut at its beginning, or there is
 * no memory for it, which is told and counted).
 */
typedef int scan_unpack(struct scan *scan, const char *path, struct scan_input *input);
extern scan_unpack *scan_unpacker;

/* scan_name() - tokens in a name of that path. */
void scan_name(struct scan *scan, const char *path, const char *name);

/* scan_unread() - names what can't be read, and counts it. */
void scan_unread(struct scan *scan, const char *path, const char *why);

/* scan_too_large() - is a file of so many bytes not to be read? Then it is counted. */
bool scan_too_large(struct scan *scan, uint64_t bytes);

/* scan_ignore() - takes the .spillwatchignore of a directory, which `prefix` leads to: "", or what ends with a slash. */
void scan_ignore(struct scan *scan, const char *prefix, const char *directory);

/* scan_path() - a file, a directory with all that is below it, a FIFO, or standard input ("-"). */
void scan_path(struct scan *scan, const char *path);

/* scan_paths() - some of them, by as many threads as there are processors for us; told in their order all the same. */
void scan_paths(struct scan *scan, char **paths, int count);

/*
 * scan_below() - what a place (O_PATH) holds: a regular file, or a directory with all that is below it. No link is followed, and no
 * .spillwatchignore counts. @path: how it is called
 */
void scan_below(struct scan *scan, int place, const char *path);

/* What git is asked for. */
enum scan_git {
	SCAN_GIT_NONE,
	SCAN_GIT_STAGED, /* what a commit would bring */
	SCAN_GIT_COMMITS, /* what the commits of a range brought */
	SCAN_GIT_HISTORY, /* what any commit brought, stashes as well */
};

/*
 * scan_git() - the repository that git finds from here. @range: for SCAN_GIT_COMMITS, as git-rev-list(1) takes one.
 * Returns 0, or a negative errno: git has said what is wrong, or it can't be run, and something was not looked at.
 */
int scan_git(struct scan *scan, enum scan_git what, const char *range);
