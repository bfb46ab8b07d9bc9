// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * survey → derived → grouping. A container's texts are fetched once a container; what only the last alert has said (unit, user) is read in one
 * pass, by rising id as the facts are.
 */
#include "report/derived.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* without memory a text is not counted twice, and all fails */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

const struct derived_words derived_words[DERIVED_MAX] = {
#define DERIVED_WORDS(id, ...) [DERIVED_##id] = {__VA_ARGS__},
	DERIVED_KINDS(DERIVED_WORDS)
#undef DERIVED_WORDS
};

struct derived_text {
	uint32_t number;
	UT_hash_handle hh;
	char text[];
};

struct derived {
	struct survey *survey;
	enum derived_kind kind;
	bool several;
	struct derived_text *texts;
	struct survey_fact **outside; /* by rising id */
	size_t at, outside_at;
};

/* The member of a text, a new one if it has none. */
static int derived_number(struct derived *derived, const char *text, uint32_t *ret_number)
{
	struct survey *survey = derived->survey;
	size_t count = survey->members[DIMENSION_DERIVED].count;
	struct derived_text *known = NULL;
	char **texts;
	int r;

	HASH_FIND_STR(derived->texts, text, known);
	if (known) {
		*ret_number = known->number;
		return 0;
	}
	/* no id of the store's is 0: that is the host */
	r = idmap_number(&survey->members[DIMENSION_DERIVED], (int64_t)count + 1, ret_number);
	texts = r == 0 ? realloc(survey->texts, (count + 1) * sizeof(*texts)) : NULL;
	if (!texts)
		return -ENOMEM;
	survey->texts = texts;
	survey->text_count = count + 1;
	texts[count] = strdup(text);
	known = malloc(sizeof(*known) + strlen(text) + 1);
	if (!known || !texts[count]) {
		free(known);
		return -ENOMEM;
	}
	known->number = *ret_number;
	memcpy(known->text, text, strlen(text) + 1);
	HASH_ADD_KEYPTR(hh, derived->texts, known->text, strlen(text), known);
	return 0;
}

/* What a container is grouped under. */
static int derived_container(struct derived *derived, const struct fact *facts, const char *node,
			     uint32_t *ret_number)
{
	const char *namespace = facts->pod_namespace ? facts->pod_namespace : "";
	char *text = NULL;
	int r = 0;

	if (!facts->container)
		return derived_number(derived, READER_HOST, ret_number);
	switch (derived->kind) {
	case DERIVED_IMAGE:
		return derived_number(derived, facts->image ? facts->image : "(image not known)", ret_number);
	case DERIVED_NAMESPACE:
		return derived_number(derived, *namespace ? namespace : "(no namespace)", ret_number);
	default:
		r = facts->pod
			    ? asprintf(&text, "%s/%s", namespace, facts->pod)
			    : asprintf(&text, "(no pod) %s%s%s", node ? node : "", node ? ":" : "",
				       facts->container_name ? facts->container_name : facts->container_id);
	}
	if (r < 0)
		return -ENOMEM;
	r = derived_number(derived, text, ret_number);
	free(text);
	return r;
}

static int derived_containers(struct derived *derived, struct reader *reader)
{
	struct survey *survey = derived->survey;
	const struct idmap *containers = &survey->members[DIMENSION_CONTAINER];
	uint32_t *numbers = calloc(containers->count + 1, sizeof(*numbers));
	/* what has only a name of its own is another one on another node */
	bool several = derived->several;
	int r = numbers ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < containers->count; i++) {
		struct fact facts = {0};

		r = reader_container(reader, containers->ids[i], &facts);
		if (r >= 0)
			r = derived_container(
				derived, &facts,
				several ? reader_node(reader, reader_store(reader, containers->ids[i]))
					: NULL,
				&numbers[i]);
		fact_free(&facts);
	}
	for (size_t i = 0; r == 0 && i < survey->count; i++)
		survey->facts[i].member[DIMENSION_DERIVED] =
			numbers[survey->facts[i].member[DIMENSION_CONTAINER]];
	for (size_t i = 0; r == 0 && i < survey->outside_count; i++)
		survey->outside[i].member[DIMENSION_DERIVED] =
			numbers[survey->outside[i].member[DIMENSION_CONTAINER]];
	free(numbers);
	return r;
}

/* A user of a container is another one than the host's of that name. */
static int derived_detail(struct derived *derived, const struct reader_detail *detail,
			  struct survey_fact *fact)
{
	const struct survey *survey = derived->survey;
	bool host =
		fact->relayed || fact->outside || survey_is_host(survey, fact->member[DIMENSION_CONTAINER]);
	uint32_t *number = &fact->member[DIMENSION_DERIVED];
	const char *where = host ? "" : " in containers";
	char text[256];

	if (derived->kind == DERIVED_UNIT)
		return derived_number(derived, detail->unit ? detail->unit : "(no unit)", number);
	if (detail->user)
		snprintf(text, sizeof(text), "%s%s", detail->user, where);
	else
		snprintf(text, sizeof(text), "uid %" PRIu32 "%s", detail->uid, where);
	return derived_number(derived, text, number);
}

static int derived_visit(void *context, const struct reader_detail *detail)
{
	struct derived *derived = context;
	struct survey *survey = derived->survey;
	int r = 0;

	while (derived->at < survey->count && survey->facts[derived->at].id < detail->fact)
		derived->at++;
	while (derived->outside_at < survey->outside_count &&
	       derived->outside[derived->outside_at]->id < detail->fact)
		derived->outside_at++;
	if (derived->at < survey->count && survey->facts[derived->at].id == detail->fact)
		r = derived_detail(derived, detail, &survey->facts[derived->at]);
	while (r == 0 && derived->outside_at < survey->outside_count &&
	       derived->outside[derived->outside_at]->id == detail->fact)
		r = derived_detail(derived, detail, derived->outside[derived->outside_at++]);
	return r;
}

static int derived_compare(const void *a, const void *b)
{
	const struct survey_fact *x = *(struct survey_fact *const *)a, *y = *(struct survey_fact *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int derived_details(struct derived *derived, struct reader *reader)
{
	struct survey *survey = derived->survey;
	uint32_t none;
	int r = derived_number(derived, "(not known)", &none);

	derived->outside = calloc(survey->outside_count + 1, sizeof(struct survey_fact *));
	if (r < 0 || !derived->outside)
		return -ENOMEM;
	for (size_t i = 0; i < survey->count; i++)
		survey->facts[i].member[DIMENSION_DERIVED] = none;
	for (size_t i = 0; i < survey->outside_count; i++) {
		survey->outside[i].member[DIMENSION_DERIVED] = none;
		derived->outside[i] = &survey->outside[i];
	}
	qsort(derived->outside, survey->outside_count, sizeof(struct survey_fact *), derived_compare);
	r = reader_details(reader, derived_visit, derived);
	free(derived->outside);
	return r;
}

int derived_make(struct survey *survey, struct reader *reader, enum derived_kind kind, bool several)
{
	struct derived derived = {.survey = survey, .kind = kind, .several = several};
	struct derived_text *text, *next;
	int r = kind == DERIVED_UNIT || kind == DERIVED_USER ? derived_details(&derived, reader)
							     : derived_containers(&derived, reader);

	HASH_ITER(hh, derived.texts, text, next)
	{
		HASH_DEL(derived.texts, text);
		free(text);
	}
	return r;
}
