/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `exec` has told of, in the forms of `scan`: a finding is a token in a place, however often and by whom it was written there. For a
 * pipeline, which shows it or keeps it.
 */
#pragma once

#include <stdbool.h>

#include "alert/alert.h"
#include "scan/baseline.h"
#include "scan/output.h"

/* Reports, with that of --annotate. */
#define EXEC_FINDINGS_OUTPUTS 5

struct exec_findings {
	struct scan_output outputs[EXEC_FINDINGS_OUTPUTS];
	const char *files[EXEC_FINDINGS_OUTPUTS]; /* borrowed; NULL: standard error, in the end */
	size_t output_count;
	char *annotations; /* what is to be printed in the end */
	size_t annotations_len;
	struct baseline *known; /* by --baseline; NULL: none. Freed by exec_findings_close() */
	struct baseline *told; /* what is no finding any more */
	struct spillwatch_token *token; /* the one that is told */
	size_t count, untold;
	size_t known_count; /* findings that are none */
	bool alerted; /* of anything but those */
	char *directory; /* where the command begins, with a slash: what lies below has its path from there on */
	uint64_t streams
		[2]; /* inodes of what standard output and error are to the command; 0: none that has one */
	int error; /* a negative errno: not all was written */
};

/*
 * exec_findings_report(), exec_findings_annotate() - take what the option of that name was given.
 * Return 0, or an exit code after saying what is wrong.
 */
int exec_findings_report(struct exec_findings *findings, char *text);
int exec_findings_annotate(struct exec_findings *findings, const char *where);

/* exec_findings_open() - opens the files, while all privileges are there. Returns likewise. */
int exec_findings_open(struct exec_findings *findings);

/* exec_findings_add() - of an alert that goes out. @context: struct exec_findings */
void exec_findings_add(void *context, const struct alert *alert);

/*
 * exec_findings_end() - no more comes: writes what is left, and says if that can't be done.
 * @whole: nothing was lost
 * Returns whether all was written, and is where it belongs.
 */
bool exec_findings_end(struct exec_findings *findings, bool whole);

/* exec_findings_close() - prints the annotations, when nothing else prints any more, and frees what it owns. */
void exec_findings_close(struct exec_findings *findings);
