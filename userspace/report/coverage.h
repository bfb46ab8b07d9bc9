/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a report can't tell of: when nobody watched, or only a part, and what was lost. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/reader.h"

struct coverage_span {
	int64_t from, until; /* microseconds */
};

struct coverage_loss {
	int64_t since, until; /* microseconds */
	uint64_t count;
	char *counter, *text;
	char *writer; /* NULL: not known */
};

struct coverage {
	struct coverage_span period; /* what is reported of */
	bool known; /* is anything known of who watched? */
	int64_t known_since; /* from then on */
	int64_t losses_known_since; /* from then on all losses; the start of the period, or later */
	int64_t watched, partly; /* microseconds: all of this host, and besides only a cgroup or a command */
	char *parts; /* which: "the cgroup /x, the command y"; NULL: none */
	char *missing; /* what was not watched, since the kernel has nothing to attach to; NULL: nothing */
	struct coverage_span *gaps; /* gap_count of them, by time: nobody watched anything */
	size_t gap_count;
	struct coverage_loss *losses; /* loss_count of them, by time */
	size_t loss_count;
};

/*
 * coverage_make() - of a store and a period, `until` at most now. @since: INT64_MIN: from when the store knows anything, `first` at the latest
 * Returns 0 and *ret_coverage (coverage_free()), or a negative errno.
 */
int coverage_make(struct reader *reader, size_t store, int64_t since, int64_t until, int64_t first,
		  int64_t told_until, int64_t now, struct coverage *ret_coverage);
void coverage_free(struct coverage *coverage);

/* coverage_whole() - was all of it watched, and nothing lost? */
bool coverage_whole(const struct coverage *coverage);

/*
 * coverage_say() - in sentences, which are few whatever happened. @grave: is it something that may hide a token?
 * Returns 0, what `line` returned, or -ENOMEM.
 */
typedef int (*coverage_line)(void *context, bool grave, const char *text);
int coverage_say(const struct coverage *coverage, coverage_line line, void *context);

/* Room for what coverage_duration() makes. */
#define COVERAGE_DURATION 32

/* coverage_duration() - "6 d 23 h", "2 min 5 s", "0 s". Returns text. */
char *coverage_duration(int64_t time, char text[COVERAGE_DURATION]);
