/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stores that `audit` was asked for: files, and directories of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "report/report.h"
#include "store/reader.h"
#include "store/triage.h"

struct audit_store {
	char *path, *shown; /* shown: masked */
	char *name; /* its node, if it does not tell; masked */
	bool unread; /* it is told of already */
};

struct audit_stores {
	const char **asked; /* as they were given, asked_count of them; borrowed texts */
	size_t asked_count;
	char **shown; /* these, masked */
	char *all; /* likewise, by commas */
	bool several; /* more than one was asked for, however many there are */
	struct audit_store *stores;
	size_t count;
	struct report_unread *unread; /* unread_count of them; their texts are those above, or static */
	size_t unread_count,
		aside_count; /* of these, how many are damaged ones that were moved aside: no failure of this report's */
	char **asides; /* their paths, masked; aside_count of them */
};

/* audit_stores_ask() - for one more; @path is borrowed. Returns 0 or an exit code. */
int audit_stores_ask(struct audit_stores *stores, const char *path);

/*
 * audit_stores_find() - which files these are; without any, the usual one. What can't be looked at is told, and is among those unread.
 * Returns 0, or an exit code after saying why.
 */
int audit_stores_find(struct audit_stores *stores);

/*
 * audit_stores_open() - all that are not unread. What can't be opened is told, and is among those unread then.
 * Returns 0 and *ret_reader (reader_close()); or an exit code: there is none left.
 */
int audit_stores_open(struct audit_stores *stores, struct reader **ret_reader);

/* audit_stores_check() - one of them could not be read to its end: tells which. Returns how many these are. */
size_t audit_stores_check(struct audit_stores *stores);

/*
 * audit_stores_mark() - keeps what was decided of a token in the first store, and in each other one that has the token.
 * Returns 0, or an exit code: those that could not be written to were told.
 */
int audit_stores_mark(struct audit_stores *stores, const struct triage *triage);

void audit_stores_free(struct audit_stores *stores);
