/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the store holds of a period, in numbers: each fact's token, file, program and container are counted from 0, so
 * that a million of them are grouped by plain arrays. Stores that are read as one are one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/idmap.h"
#include "store/reader.h"

enum dimension {
	DIMENSION_TOKEN,
	DIMENSION_FILE,
	DIMENSION_PROGRAM,
	DIMENSION_CONTAINER,
	DIMENSION_NODE,
	DIMENSION_DERIVED, /* a text of another kind (derived.h); only if survey_options.derive */
	DIMENSION_MAX
};

struct survey_fact {
	int64_t id;
	uint32_t member[DIMENSION_MAX];
	uint8_t verdict; /* enum fact_verdict */
	bool relayed; /* the program writes what the container prints */
	bool outside; /* the program is the host's, and the file the container's */
	int64_t first, last; /* microseconds; first and last at all, also outside of the period */
	uint64_t count; /* writes within the period; whole hours at its ends */
};

struct survey_options {
	bool derive; /* tell apart what is derived: */
	int derived; /* enum derived_kind */
	bool several; /* more than one store was asked for, however many there are */
	bool allowed; /* only what a rule allows, and not all but that */
	bool hours; /* tell the writes in each hour */
	int64_t since, until; /* microseconds since 1970: [since, until) */
	const char *token; /* only this identifier; NULL: all */
	const char *patterns[READER_PATTERNS]; /* only what matches them; NULL: all */
	struct reader_said said; /* only those of which that was said */
	const char *container; /* only containers of this name (reader_find_containers()); NULL: all */
};

struct survey {
	struct survey_fact *facts; /* `count` of them, by rising id */
	size_t count, room;
	struct idmap members[DIMENSION_MAX];
	size_t distinct[DIMENSION_DERIVED]; /* members that `facts` have; the host is no container */
	/* first writes of tokens in `facts` that were not asked for; by token */
	struct survey_fact *outside;
	size_t outside_count;
	char **texts; /* by member of DIMENSION_DERIVED; text_count of them */
	size_t text_count;
	size_t allowed; /* facts that a rule allows, and that are left out for it */
	uint64_t writes;
	int64_t first, last;
	/* writes in each hour from hour on; NULL if there are none, or nobody asked */
	uint64_t *hours;
	int64_t hour;
	size_t hour_count;
	struct reader_meta meta; /* of all stores together, but for told_until */
};

/*
 * survey_make() - reads the store, all of one moment. Returns 0 and *ret_survey (survey_free()), or a negative errno.
 * A name that nothing goes by gives an empty survey.
 */
int survey_make(struct reader *reader, const struct survey_options *options, struct survey *ret_survey);
void survey_free(struct survey *survey);

/* survey_row() - a fact as reader_fact() takes it. */
struct reader_fact survey_row(const struct survey *survey, const struct survey_fact *fact);

/* survey_is_host() - is a member of DIMENSION_CONTAINER none? Each node has one. */
static inline bool survey_is_host(const struct survey *survey, uint32_t member)
{
	return reader_is_host(survey->members[DIMENSION_CONTAINER].ids[member]);
}

/* survey_id() - the store's id of a member of a dimension. */
static inline int64_t survey_id(const struct survey *survey, enum dimension dimension, uint32_t member)
{
	return survey->members[dimension].ids[member];
}
