/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One token is one leak, however many programs passed it on: who wrote it first is its origin, every other program (or
 * the same one in another container) is a carrier. Whom a rule calls a carrier is never the origin while there is another.
 */
#pragma once

#include <stdbool.h>

#include "report/grouping.h"
#include "report/labels.h"

struct leaks {
	const struct survey *survey; /* borrowed */
	uint32_t *origins; /* number of the fact, behind them those outside, by member of DIMENSION_TOKEN */
	bool *relays; /* by member of DIMENSION_PROGRAM: known to pass things on */
};

/* leaks_find() - Returns 0 and *ret_leaks (leaks_free()), or -ENOMEM. */
int leaks_find(const struct survey *survey, struct labels *labels, struct leaks *ret_leaks);
void leaks_free(struct leaks *leaks);

/* leaks_origin() - the first write of the fact's token, as far as the store knows; also one that was not asked for. */
const struct survey_fact *leaks_origin(const struct leaks *leaks, const struct survey_fact *fact);

/* leaks_carried() - was it written by another one than its origin? */
bool leaks_carried(const struct leaks *leaks, const struct survey_fact *fact);

/* leaks_relayed() - is even the origin one that passes things on? Then who gave it the token was not seen. Never of what a container has printed. */
bool leaks_relayed(const struct leaks *leaks, const struct survey_fact *fact);

/* leaks_role() - "origin", "carrier" or "allowed", of one fact; static. */
const char *leaks_role(const struct leaks *leaks, const struct survey_fact *fact);

/*
 * leaks_carriers() - of a group of one token, in order (group_order()): the first fact of each carrier.
 * Returns 0 and *ret_facts (malloc'ed) with *ret_count numbers of facts, or -ENOMEM.
 */
int leaks_carriers(const struct leaks *leaks, const struct group *group, uint32_t **ret_facts,
		   size_t *ret_count);
