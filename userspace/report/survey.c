// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store → survey → grouping. Two passes over rows of numbers: the facts, then their activity by the hour, merged by the
 * fact's id.
 *
 * What is not asked for is read as well, for who wrote each token first: a filter must not make an origin of a carrier.
 *
 * Limit: counts are kept by the hour; of a period that begins or ends inside an hour, that hour counts whole.
 */
#include "report/survey.h"

#include "report/derived.h"
#include "report/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* A clock that was wrong by decades must not make us allocate for every hour of them. */
#define SURVEY_HOURS (50UL * 366 * 24)

/* Ids, rising once they are all there. */
struct survey_ids {
	int64_t *ids;
	size_t count, room;
};

struct survey_build {
	const struct survey_options *options;
	struct reader *reader;
	struct survey survey;
	/* of each token the first write that is not asked for: its number, and the fact */
	struct idmap other_tokens;
	struct reader_fact *others;
	size_t other_room, known_others;
	int64_t token; /* the id asked for, 0: any */
	struct survey_ids containers; /* those asked for */
	struct survey_ids facts; /* likewise, of which it was said */
	size_t fact_at; /* of these, while reading facts */
	bool said; /* is anything of that asked for? */
	struct survey_ids matches[READER_PATTERNS]; /* likewise */
	bool partial; /* there are facts of which some writes lie outside of the period */
	size_t at; /* of the facts, while reading activity */
	uint64_t *hours; /* SURVEY_HOURS, from hour_base on */
	int64_t hour_base;
};

static int survey_id_add(void *context, int64_t id)
{
	struct survey_ids *set = context;

	if (set->count == set->room) {
		size_t room = set->room ? set->room * 2 : 64;
		int64_t *more = realloc(set->ids, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		set->ids = more;
		set->room = room;
	}
	set->ids[set->count++] = id;
	return 0;
}

static int survey_id_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void survey_id_sort(struct survey_ids *set)
{
	if (set->count)
		qsort(set->ids, set->count, sizeof(*set->ids), survey_id_compare);
}

static bool survey_id_has(const struct survey_ids *set, int64_t id)
{
	return set->count && bsearch(&id, set->ids, set->count, sizeof(*set->ids), survey_id_compare);
}

/* Was that said of it which is asked for? Facts come by rising id, as those do of which it was. */
static bool survey_said(struct survey_build *build, int64_t id)
{
	while (build->fact_at < build->facts.count && build->facts.ids[build->fact_at] < id)
		build->fact_at++;
	return build->fact_at < build->facts.count && build->facts.ids[build->fact_at] == id;
}

static bool survey_wanted(struct survey_build *build, const struct reader_fact *row)
{
	const int64_t ids[READER_PATTERNS] = {row->file, row->program, row->container, row->container,
					      row->node};

	if (build->token && row->token != build->token)
		return false;
	if (build->said && !survey_said(build, row->id))
		return false;
	for (int i = 0; i < READER_PATTERNS; i++)
		if (build->options->patterns[i] && !survey_id_has(&build->matches[i], ids[i]))
			return false;
	return !build->options->container || survey_id_has(&build->containers, row->container);
}

/* By its program's name, for what was written at the same time. Unknown is none. */
static bool survey_relays(struct survey_build *build, const struct reader_fact *row)
{
	char *program = NULL;
	bool relays = row->relayed;

	if (!relays && reader_name(build->reader, row->program, &program) == 0)
		relays = relay_known(program);
	free(program);
	return relays;
}

/* As leaks.c has it of what is asked for. */
static bool survey_before(struct survey_build *build, const struct reader_fact *a,
			  const struct reader_fact *b)
{
	bool relay_a, relay_b;

	if ((a->verdict == FACT_CARRIER) != (b->verdict == FACT_CARRIER))
		return b->verdict == FACT_CARRIER;
	if (a->first != b->first)
		return a->first < b->first;
	relay_a = survey_relays(build, a);
	relay_b = survey_relays(build, b);
	return relay_a != relay_b ? relay_b : a->id < b->id;
}

/* What is not asked for, but may be who wrote the token first. */
static int survey_other(struct survey_build *build, const struct reader_fact *row)
{
	size_t known = build->other_tokens.count;
	uint32_t number;
	int r;

	if (build->token && row->token != build->token)
		return 0;
	r = idmap_number(&build->other_tokens, row->token, &number);
	if (r < 0)
		return r;
	if (number == build->other_room) {
		size_t room = build->other_room ? build->other_room * 2 : 64;
		struct reader_fact *more = realloc(build->others, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		build->others = more;
		build->other_room = room;
	}
	if (number == known || survey_before(build, row, &build->others[number]))
		build->others[number] = *row;
	return 0;
}

static int survey_fact(void *context, const struct reader_fact *row)
{
	struct survey_build *build = context;
	struct survey *survey = &build->survey;
	const int64_t ids[] = {row->token, row->file, row->program, row->container, row->node};
	bool within = row->last >= build->options->since && row->first < build->options->until;
	bool wanted = within && survey_wanted(build, row);
	struct survey_fact *fact;
	int r = 0;

	if ((row->verdict == FACT_ALLOWED) != build->options->allowed) {
		survey->allowed += wanted && row->verdict == FACT_ALLOWED;
		return 0;
	}
	if (!wanted)
		return survey_other(build, row);
	if (survey->count == survey->room) {
		size_t room = survey->room ? survey->room * 2 : 1024;
		struct survey_fact *more = realloc(survey->facts, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		survey->facts = more;
		survey->room = room;
	}
	fact = &survey->facts[survey->count];
	*fact = (struct survey_fact){
		.id = row->id,
		.verdict = (uint8_t)row->verdict,
		.relayed = row->relayed,
		.outside = row->outside,
		.first = row->first,
		.last = row->last,
	};
	/* the hours tell; but for those that lie wholly inside we know it exactly */
	if (row->first >= build->options->since && row->last < build->options->until)
		fact->count = row->count;
	else
		build->partial = true;
	for (int i = 0; r == 0 && i < DIMENSION_DERIVED; i++)
		r = idmap_number(&survey->members[i], ids[i], &fact->member[i]);
	survey->count += r == 0;
	return r;
}

static int survey_activity(void *context, int64_t id, int64_t hour, uint64_t count)
{
	struct survey_build *build = context;
	const struct survey_options *options = build->options;
	struct survey *survey = &build->survey;
	struct survey_fact *fact;
	bool whole;

	while (build->at < survey->count && survey->facts[build->at].id < id)
		build->at++;
	if (build->at == survey->count || survey->facts[build->at].id != id)
		return 0;
	if (hour < fact_hour(options->since) || hour > fact_hour(options->until))
		return 0;
	fact = &survey->facts[build->at];
	whole = fact->first >= options->since && fact->last < options->until;
	fact->count += whole ? 0 : count;
	if (hour >= build->hour_base && (uint64_t)(hour - build->hour_base) < SURVEY_HOURS)
		build->hours[hour - build->hour_base] += count;
	return 0;
}

/* Facts that had their first and last write around the period, but none within. */
static int survey_drop_silent(struct survey_build *build)
{
	struct survey *survey = &build->survey;
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < survey->count; i++) {
		if (survey->facts[i].count) {
			survey->facts[kept++] = survey->facts[i];
		} else {
			struct reader_fact row = survey_row(survey, &survey->facts[i]);

			r = survey_other(build, &row);
		}
	}
	survey->count = kept;
	return r;
}

/* What is shown, counted before there is more that it is compared with. */
static void survey_distinct(struct survey *survey)
{
	const struct idmap *containers = &survey->members[DIMENSION_CONTAINER];

	for (int i = 0; i < DIMENSION_DERIVED; i++)
		survey->distinct[i] = survey->members[i].count;
	for (size_t i = 0; i < containers->count; i++)
		survey->distinct[DIMENSION_CONTAINER] -= reader_is_host(containers->ids[i]);
}

/* Of the tokens that are shown, the first write that is not. */
static int survey_outside(struct survey_build *build)
{
	struct survey *survey = &build->survey;
	size_t tokens = survey->members[DIMENSION_TOKEN].count;
	int r = 0;

	if (!build->other_tokens.count || !tokens)
		return 0;
	survey->outside = calloc(tokens, sizeof(*survey->outside));
	if (!survey->outside)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < tokens; i++) {
		struct survey_fact *fact = &survey->outside[survey->outside_count];
		const struct reader_fact *row;
		uint32_t number;

		/* one that is new there has no other write */
		r = idmap_number(&build->other_tokens, survey->members[DIMENSION_TOKEN].ids[i], &number);
		if (r < 0 || number >= build->known_others)
			continue;
		row = &build->others[number];
		*fact = (struct survey_fact){
			.id = row->id,
			.verdict = (uint8_t)row->verdict,
			.relayed = row->relayed,
			.outside = row->outside,
			.first = row->first,
			.last = row->last,
			.count = row->count,
		};
		const int64_t ids[] = {row->token, row->file, row->program, row->container, row->node};

		for (int j = 0; r == 0 && j < DIMENSION_DERIVED; j++)
			r = idmap_number(&survey->members[j], ids[j], &fact->member[j]);
		survey->outside_count += r == 0;
	}
	return r;
}

static void survey_total(struct survey_build *build)
{
	struct survey *survey = &build->survey;
	size_t from = 0, to = SURVEY_HOURS;

	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_fact *fact = &survey->facts[i];

		survey->writes += fact->count;
		if (i == 0 || fact->first < survey->first)
			survey->first = fact->first;
		if (i == 0 || fact->last > survey->last)
			survey->last = fact->last;
	}
	while (from < to && !build->hours[from])
		from++;
	while (to > from && !build->hours[to - 1])
		to--;
	if (from == to)
		return;
	memmove(build->hours, build->hours + from, (to - from) * sizeof(*build->hours));
	survey->hours = build->hours;
	survey->hour = build->hour_base + (int64_t)from;
	survey->hour_count = to - from;
	build->hours = NULL;
}

/* Whom was asked for? Returns 1 if there is nobody of that name. */
static int survey_resolve(struct survey_build *build, struct reader *reader)
{
	const struct survey_options *options = build->options;
	int r;

	if (options->token) {
		r = reader_find_token(reader, options->token, &build->token);
		if (r < 0)
			return r == -ENOENT ? 1 : r;
	}
	for (int i = 0; i < READER_PATTERNS; i++) {
		if (!options->patterns[i])
			continue;
		r = reader_find(reader, i, options->patterns[i], survey_id_add, &build->matches[i]);
		if (r < 0 || !build->matches[i].count)
			return r < 0 ? r : 1;
		survey_id_sort(&build->matches[i]);
	}
	build->said = options->said.rule || options->said.place || options->said.severity;
	if (build->said) {
		r = reader_find_facts(reader, &options->said, survey_id_add, &build->facts);
		if (r < 0)
			return r;
	}
	if (!options->container)
		return 0;
	r = reader_find_containers(reader, options->container, survey_id_add, &build->containers);
	survey_id_sort(&build->containers);
	return r < 0 ? r : build->containers.count == 0;
}

static int64_t survey_later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int survey_meta(struct reader *reader, struct reader_meta *meta)
{
	for (size_t i = 0; i < reader_count(reader); i++) {
		struct reader_meta one;
		int r = reader_meta(reader, i, &one);

		if (r < 0)
			return r;
		meta->removed += one.removed;
		meta->removed_until = survey_later(meta->removed_until, one.removed_until);
		meta->lost += one.lost;
		meta->lost_until = survey_later(meta->lost_until, one.lost_until);
	}
	return 0;
}

static int survey_read(struct survey_build *build, struct reader *reader)
{
	const struct survey_options *options = build->options;
	int r = survey_meta(reader, &build->survey.meta);

	if (r == 0)
		r = survey_resolve(build, reader);
	if (r)
		return r < 0 ? r : 0;
	r = reader_facts(reader, INT64_MIN, INT64_MAX, survey_fact, build);
	/* as many rows again: only if they tell something that the facts don't */
	if (r == 0 && (options->hours || build->partial))
		r = reader_activity(reader, survey_activity, build);
	if (r == 0 && build->partial)
		r = survey_drop_silent(build);
	survey_distinct(&build->survey);
	build->known_others = build->other_tokens.count;
	if (r == 0)
		r = survey_outside(build);
	return r == 0 && options->derive
		       ? derived_make(&build->survey, reader, options->derived, options->several)
		       : r;
}

int survey_make(struct reader *reader, const struct survey_options *options, struct survey *ret_survey)
{
	struct survey_build build = {.options = options, .reader = reader};
	int r;

	/* up to a day ahead of now, for a clock that was set back */
	build.hour_base = fact_hour(options->until) + 24 - (int64_t)SURVEY_HOURS;
	build.hours = calloc(SURVEY_HOURS, sizeof(*build.hours));
	if (!build.hours)
		return -ENOMEM;
	r = reader_begin(reader);
	if (r == 0) {
		r = survey_read(&build, reader);
		reader_end(reader);
	}
	if (r == 0)
		survey_total(&build);
	free(build.hours);
	free(build.containers.ids);
	free(build.facts.ids);
	for (int i = 0; i < READER_PATTERNS; i++)
		free(build.matches[i].ids);
	free(build.others);
	idmap_free(&build.other_tokens);
	if (r < 0) {
		survey_free(&build.survey);
		return r;
	}
	*ret_survey = build.survey;
	return 0;
}

void survey_free(struct survey *survey)
{
	free(survey->facts);
	free(survey->outside);
	for (size_t i = 0; i < survey->text_count; i++)
		free(survey->texts[i]);
	free(survey->texts);
	free(survey->hours);
	for (int i = 0; i < DIMENSION_MAX; i++)
		idmap_free(&survey->members[i]);
	memset(survey, 0, sizeof(*survey));
}

struct reader_fact survey_row(const struct survey *survey, const struct survey_fact *fact)
{
	return (struct reader_fact){
		.id = fact->id,
		.token = survey_id(survey, DIMENSION_TOKEN, fact->member[DIMENSION_TOKEN]),
		.file = survey_id(survey, DIMENSION_FILE, fact->member[DIMENSION_FILE]),
		.program = survey_id(survey, DIMENSION_PROGRAM, fact->member[DIMENSION_PROGRAM]),
		.container = survey_id(survey, DIMENSION_CONTAINER, fact->member[DIMENSION_CONTAINER]),
		.first = fact->first,
		.last = fact->last,
		.count = fact->count,
		.verdict = fact->verdict,
		.relayed = fact->relayed,
		.outside = fact->outside,
		.node = survey_id(survey, DIMENSION_NODE, fact->member[DIMENSION_NODE]),
	};
}
