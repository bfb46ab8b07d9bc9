/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `scan` finds, and what it counts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scan/ignore.h"
#include "spillwatch.h"

/* What was not looked at, by the reason; X(field, one of it, several). Each is in the summary. */
#define SCAN_SKIPPED(X)                                                                               \
	X(links, "link", "links")                                                                     \
	X(special, "device, pipe or socket", "devices, pipes or sockets")                             \
	X(kernels, "file system of the kernel's", "file systems of the kernel's")                     \
	X(submodules, "submodule", "submodules")                                                      \
	X(too_large, "too large", "too large")                                                        \
	X(packed, "archive not looked into", "archives not looked into")                              \
	X(closed, "PDF, database, Parquet file or pack of git's only as it lies there",               \
	  "PDFs, databases, Parquet files or packs of git's only as they lie there")                  \
	X(partly, "archive not unpacked to its end", "archives not unpacked to their end")            \
	X(gone, "gone meanwhile", "gone meanwhile")                                                   \
	X(binds, "directory of the host's in a container", "directories of the host's in containers") \
	X(ignored, "ignored by " IGNORE_FILE, "ignored by " IGNORE_FILE)                              \
	X(unreadable, "unreadable", "unreadable")

struct scan_counts {
	uint64_t files, bytes, findings;
	uint64_t known,
		allowed; /* tokens that are no findings: of the baseline, or by what their line says */
#define SCAN_COUNT(field, one, several) uint64_t field;
	SCAN_SKIPPED(SCAN_COUNT)
#undef SCAN_COUNT
};

/* Of what git keeps: who brought it. Borrowed. */
struct scan_origin {
	const char *commit; /* in hexadecimal */
	const char *author; /* NAME <MAIL>, as it is, not yet masked */
};

struct scan_holder;

#define FINDING_NOWHERE UINT64_MAX

/* A token in a place. All of it is borrowed, for the call only. */
struct finding {
	const char *path; /* as it is, not yet masked */
	bool in_name; /* of the path itself; line, column and offset are 0 then */
	uint64_t line, column; /* from 1; columns are characters; 0: not known */
	uint64_t offset; /* bytes before it; FINDING_NOWHERE: not known */
	const struct spillwatch_token *token;
	const char *encoding; /* the forms in which it stands there, "base64, gzip"; NULL: as it is */
	bool placeholder; /* its secret portion is none, as the token says, or who has seen that */
	const struct scan_origin *origin; /* NULL: a file as it lies there */
	const struct scan_holder *holder; /* whose it is of what container runtimes keep; NULL: not known */
	const char *writer; /* the program that wrote it, masked; NULL: nobody saw that */
};
