// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store → survey → grouping. Two passes over rows of numbers: the facts, then their activity by the hour, merged by the
 * fact's id.
 *
 * Limit: counts are kept by the hour; of a period that begins or ends inside an hour, that hour counts whole.
 */
#include "report/survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* A clock that was wrong by decades must not make us allocate for every hour of them. */
#define SURVEY_HOURS (50UL * 366 * 24)

struct survey_build {
	const struct survey_options *options;
	struct survey survey;
	int64_t token; /* the id asked for, 0: any */
	int64_t *containers; /* those asked for */
	size_t container_count;
	bool partial; /* there are facts of which some writes lie outside of the period */
	size_t at; /* of the facts, while reading activity */
	uint64_t *hours; /* SURVEY_HOURS, from hour_base on */
	int64_t hour_base;
};

static int survey_container(void *context, int64_t id)
{
	struct survey_build *build = context;
	int64_t *more = realloc(build->containers, (build->container_count + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	more[build->container_count++] = id;
	build->containers = more;
	return 0;
}

static bool survey_wanted(const struct survey_build *build, const struct reader_fact *row)
{
	if (build->token && row->token != build->token)
		return false;
	if (!build->options->container)
		return true;
	for (size_t i = 0; i < build->container_count; i++)
		if (build->containers[i] == row->container)
			return true;
	return false;
}

static int survey_fact(void *context, const struct reader_fact *row)
{
	struct survey_build *build = context;
	struct survey *survey = &build->survey;
	const int64_t ids[] = {row->token, row->file, row->program, row->container};
	struct survey_fact *fact;
	int r = 0;

	if (!survey_wanted(build, row))
		return 0;
	if ((row->verdict == FACT_ALLOWED) != build->options->allowed) {
		survey->allowed += row->verdict == FACT_ALLOWED;
		return 0;
	}
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
		.first = row->first,
		.last = row->last,
	};
	/* the hours tell; but for those that lie wholly inside we know it exactly */
	if (row->first >= build->options->since && row->last < build->options->until)
		fact->count = row->count;
	else
		build->partial = true;
	for (int i = 0; r == 0 && i < DIMENSION_POD; i++)
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
static void survey_drop_silent(struct survey *survey)
{
	size_t kept = 0;

	for (size_t i = 0; i < survey->count; i++)
		if (survey->facts[i].count)
			survey->facts[kept++] = survey->facts[i];
	survey->count = kept;
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
	if (!options->container)
		return 0;
	if (strcmp(options->container, SURVEY_HOST) == 0)
		return survey_container(build, 0);
	r = reader_find_containers(reader, options->container, survey_container, build);
	return r < 0 ? r : build->container_count == 0;
}

struct survey_pod {
	char *name; /* NAMESPACE/POD */
	int64_t container;
	UT_hash_handle hh;
};

/* The container that stands for a container's pod: the first of the same name; itself if it is in none. */
static int survey_pod(struct survey_pod **pods, struct reader *reader, int64_t container, int64_t *ret_pod)
{
	struct fact facts = {0};
	struct survey_pod *pod = NULL;
	char *name = NULL;
	int r = reader_container(reader, container, &facts);

	*ret_pod = container;
	if (r == 0 && facts.pod &&
	    asprintf(&name, "%s/%s", facts.pod_namespace ? facts.pod_namespace : "", facts.pod) < 0)
		r = -ENOMEM;
	fact_free(&facts);
	if (r < 0 || !name)
		return r;
	HASH_FIND_STR(*pods, name, pod);
	if (pod) {
		*ret_pod = pod->container;
		free(name);
		return 0;
	}
	pod = calloc(1, sizeof(*pod));
	if (!pod) {
		free(name);
		return -ENOMEM;
	}
	pod->name = name;
	pod->container = container;
	HASH_ADD_KEYPTR(hh, *pods, pod->name, strlen(pod->name), pod);
	return 0;
}

/* Gives each fact its pod, by its container's. */
static int survey_pods(struct survey *survey, struct reader *reader)
{
	struct idmap *containers = &survey->members[DIMENSION_CONTAINER];
	uint32_t *numbers = calloc(containers->count + 1, sizeof(*numbers));
	struct survey_pod *pods = NULL, *pod, *next;
	int r = numbers ? 0 : -ENOMEM;
	int64_t id;

	for (size_t i = 0; r == 0 && i < containers->count; i++) {
		r = survey_pod(&pods, reader, containers->ids[i], &id);
		if (r == 0)
			r = idmap_number(&survey->members[DIMENSION_POD], id, &numbers[i]);
	}
	for (size_t i = 0; r == 0 && i < survey->count; i++)
		survey->facts[i].member[DIMENSION_POD] =
			numbers[survey->facts[i].member[DIMENSION_CONTAINER]];
	HASH_ITER(hh, pods, pod, next)
	{
		HASH_DEL(pods, pod);
		free(pod->name);
		free(pod);
	}
	free(numbers);
	return r;
}

static int survey_read(struct survey_build *build, struct reader *reader)
{
	const struct survey_options *options = build->options;
	int r = reader_meta(reader, &build->survey.meta);

	if (r == 0)
		r = survey_resolve(build, reader);
	if (r)
		return r < 0 ? r : 0;
	r = reader_facts(reader, options->since, options->until, survey_fact, build);
	/* as many rows again: only if they tell something that the facts don't */
	if (r == 0 && (options->hours || build->partial))
		r = reader_activity(reader, survey_activity, build);
	if (build->partial)
		survey_drop_silent(&build->survey);
	return r == 0 && options->pods ? survey_pods(&build->survey, reader) : r;
}

int survey_make(struct reader *reader, const struct survey_options *options, struct survey *ret_survey)
{
	struct survey_build build = {.options = options};
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
	free(build.containers);
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
	};
}

size_t survey_containers(const struct survey *survey)
{
	const struct idmap *containers = &survey->members[DIMENSION_CONTAINER];
	size_t count = containers->count;

	for (size_t i = 0; i < containers->count; i++)
		count -= containers->ids[i] == 0;
	return count;
}
