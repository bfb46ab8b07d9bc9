// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * survey → leaks: a token that containerd-shim copied to a log, and a shipper to its buffer, was leaked once.
 *
 * Limit: the first writer is the first that was seen. Standard output of a container is a pipe, which is only watched if
 * asked for; then the origin is the relay that wrote it to disk, and is said to be one.
 */
#include "report/leaks.h"

#include "report/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAKS_NONE UINT32_MAX

/*
 * Of two first writes: the one that no rule calls a carrier's; the earlier; at the same time the one that is not known to pass
 * things on.
 */
static bool leaks_before(const struct leaks *leaks, const struct survey_fact *a, const struct survey_fact *b)
{
	bool relay_a = a->relayed || leaks->relays[a->member[DIMENSION_PROGRAM]];
	bool relay_b = b->relayed || leaks->relays[b->member[DIMENSION_PROGRAM]];

	if ((a->verdict == FACT_CARRIER) != (b->verdict == FACT_CARRIER))
		return b->verdict == FACT_CARRIER;
	if (a->first != b->first)
		return a->first < b->first;
	return relay_a != relay_b ? relay_b : a->id < b->id;
}

int leaks_find(const struct survey *survey, struct labels *labels, struct leaks *ret_leaks)
{
	size_t tokens = survey->members[DIMENSION_TOKEN].count;
	size_t programs = survey->members[DIMENSION_PROGRAM].count;
	struct leaks leaks = {
		.survey = survey,
		.origins = malloc((tokens + 1) * sizeof(*leaks.origins)),
		.relays = calloc(programs + 1, sizeof(*leaks.relays)),
	};

	if (!leaks.origins || !leaks.relays) {
		leaks_free(&leaks);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < programs; i++)
		leaks.relays[i] = relay_known(labels_text(labels, DIMENSION_PROGRAM, i));
	for (size_t i = 0; i < tokens; i++)
		leaks.origins[i] = LEAKS_NONE;
	for (uint32_t i = 0; i < survey->count; i++) {
		uint32_t *origin = &leaks.origins[survey->facts[i].member[DIMENSION_TOKEN]];

		if (*origin == LEAKS_NONE || leaks_before(&leaks, &survey->facts[i], &survey->facts[*origin]))
			*origin = i;
	}
	for (uint32_t i = 0; i < survey->outside_count; i++) {
		const struct survey_fact *fact = &survey->outside[i];
		uint32_t *origin = &leaks.origins[fact->member[DIMENSION_TOKEN]];

		if (*origin == LEAKS_NONE || leaks_before(&leaks, fact, &survey->facts[*origin]))
			*origin = (uint32_t)survey->count + i;
	}
	*ret_leaks = leaks;
	return 0;
}

void leaks_free(struct leaks *leaks)
{
	free(leaks->origins);
	free(leaks->relays);
	memset(leaks, 0, sizeof(*leaks));
}

const struct survey_fact *leaks_origin(const struct leaks *leaks, const struct survey_fact *fact)
{
	const struct survey *survey = leaks->survey;
	uint32_t origin = leaks->origins[fact->member[DIMENSION_TOKEN]];

	return origin < survey->count ? &survey->facts[origin] : &survey->outside[origin - survey->count];
}

bool leaks_carried(const struct leaks *leaks, const struct survey_fact *fact)
{
	const struct survey_fact *origin = leaks_origin(leaks, fact);

	if (fact->verdict == FACT_CARRIER && origin->verdict != FACT_CARRIER)
		return true;
	return origin->member[DIMENSION_PROGRAM] != fact->member[DIMENSION_PROGRAM] ||
	       origin->member[DIMENSION_CONTAINER] != fact->member[DIMENSION_CONTAINER];
}

bool leaks_relayed(const struct leaks *leaks, const struct survey_fact *fact)
{
	const struct survey_fact *origin = leaks_origin(leaks, fact);

	return origin->verdict == FACT_CARRIER ||
	       (!origin->relayed && leaks->relays[origin->member[DIMENSION_PROGRAM]]);
}

const char *leaks_role(const struct leaks *leaks, const struct survey_fact *fact)
{
	if (fact->verdict == FACT_ALLOWED)
		return "allowed";
	return fact->verdict == FACT_CARRIER || leaks_carried(leaks, fact) ? "carrier" : "origin";
}

int leaks_carriers(const struct leaks *leaks, const struct group *group, uint32_t **ret_facts,
		   size_t *ret_count)
{
	uint32_t *facts = calloc(group->count + 1, sizeof(*facts));
	struct idmap writers = {0};
	size_t count = 0;
	int r = facts ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < group->count; i++) {
		const struct survey_fact *fact = &leaks->survey->facts[group->facts[i]];
		int64_t writer =
			(int64_t)fact->member[DIMENSION_PROGRAM] << 32 | fact->member[DIMENSION_CONTAINER];
		size_t known = writers.count;
		uint32_t number;

		if (!leaks_carried(leaks, fact))
			continue;
		r = idmap_number(&writers, writer, &number);
		if (r == 0 && writers.count > known)
			facts[count++] = group->facts[i];
	}
	idmap_free(&writers);
	if (r < 0) {
		free(facts);
		return r;
	}
	*ret_facts = facts;
	*ret_count = count;
	return 0;
}
