// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* survey → labels → table, JSON, HTML: texts of what is shown, and only of that. */
#include "report/labels.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_ID 12
/* What stands between a container's name and those of before. */
#define LABELS_BEFORE " (before: "

int labels_open(struct reader *reader, const struct survey *survey, bool several, struct labels *ret_labels)
{
	struct labels labels = {.reader = reader, .survey = survey, .several = several};
	bool failed = false;

	for (int i = 0; i < DIMENSION_MAX; i++) {
		labels.texts[i] = calloc(survey->members[i].count + 1, sizeof(*labels.texts[i]));
		labels.shown[i] = calloc(survey->members[i].count + 1, sizeof(char *));
		failed |= !labels.texts[i] || !labels.shown[i];
	}
	labels.containers = calloc(survey->members[DIMENSION_CONTAINER].count + 1, sizeof(struct fact *));
	labels.types = calloc(survey->members[DIMENSION_TOKEN].count + 1, sizeof(*labels.types));
	if (failed || !labels.containers || !labels.types) {
		labels_close(&labels);
		return -ENOMEM;
	}
	*ret_labels = labels;
	return 0;
}

void labels_close(struct labels *labels)
{
	if (!labels->survey)
		return;
	for (int i = 0; i < DIMENSION_MAX; i++) {
		for (size_t j = 0; labels->texts[i] && j < labels->survey->members[i].count; j++)
			free(labels->texts[i][j]);
		free(labels->texts[i]);
		for (size_t j = 0; labels->shown[i] && j < labels->survey->members[i].count; j++)
			free(labels->shown[i][j]);
		free(labels->shown[i]);
	}
	for (size_t j = 0; labels->types && j < labels->survey->members[DIMENSION_TOKEN].count; j++)
		free(labels->types[j]);
	free(labels->types);
	for (size_t j = 0; labels->containers && j < labels->survey->members[DIMENSION_CONTAINER].count;
	     j++) {
		if (labels->containers[j])
			fact_free(labels->containers[j]);
		free(labels->containers[j]);
	}
	free(labels->containers);
	memset(labels, 0, sizeof(*labels));
}

const struct fact *labels_container(struct labels *labels, uint32_t member)
{
	static const struct fact none;
	struct fact *facts = labels->containers[member];

	if (facts)
		return facts;
	facts = calloc(1, sizeof(*facts));
	if (!facts)
		return &none;
	if (reader_container(labels->reader, survey_id(labels->survey, DIMENSION_CONTAINER, member), facts) <
	    0)
		fact_free(facts);
	labels->containers[member] = facts;
	return facts;
}

const char *labels_type(struct labels *labels, uint32_t member)
{
	char **text = &labels->types[member];
	struct fact fact = {0};

	if (!*text &&
	    reader_token(labels->reader, survey_id(labels->survey, DIMENSION_TOKEN, member), &fact) == 0)
		if (asprintf(text, "%s%s", fact.placeholder ? "placeholder, " : "",
			     fact.token_type ? fact.token_type : "") < 0)
			*text = NULL;
	fact_free(&fact);
	return *text ? *text : "";
}

/* How much of an id tells it apart: of a cgroup's path all, of one that is only claimed what is behind that. */
static int labels_id_length(const char *id)
{
	static const char claimed[] = "claimed ";
	size_t len = strlen(claimed);

	if (*id == '/')
		return (int)strlen(id);
	return LABELS_ID + (strncmp(id, claimed, len) == 0 ? (int)len : 0);
}

/* " (before: web, db; 68b27e88c20b)", of one that was renamed; NULL: it was not. */
static char *labels_before(const struct fact *facts)
{
	const char *at = facts->former ? facts->former + 1 : NULL, *end;
	size_t size = 0;
	char *text = NULL;
	FILE *out;
	bool any = false;

	if (!at || !facts->container_name || facts->pod)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (; (end = strchr(at, '\n')); at = end + 1) {
		/* it is called so again */
		if (strlen(facts->container_name) == (size_t)(end - at) &&
		    memcmp(at, facts->container_name, (size_t)(end - at)) == 0)
			continue;
		fprintf(out, "%s%.*s", any ? ", " : LABELS_BEFORE, (int)(end - at), at);
		any = true;
	}
	if (any)
		fprintf(out, "; %.*s)", LABELS_ID, facts->container_id ? facts->container_id : "?");
	if (fclose(out) != 0 || !any) {
		free(text);
		return NULL;
	}
	return text;
}

void labels_asked(char *text)
{
	char *before = strstr(text, LABELS_BEFORE), *id = before ? strstr(before, "; ") : NULL,
	     *name = before;

	if (!id || text[strlen(text) - 1] != ')')
		return;
	text[strlen(text) - 1] = '\0';
	/* behind the node, if there is one */
	while (name > text && name[-1] != ':')
		name--;
	memmove(name, id + 2, strlen(id + 2) + 1);
}

static char *labels_make_container(struct labels *labels, uint32_t member)
{
	const struct fact *facts = labels_container(labels, member);
	AUTO_FREE char *before = labels_before(facts);
	const char *id = facts->container_id ? facts->container_id : "?";
	char *text = NULL;
	int r;

	if (survey_is_host(labels->survey, member))
		return strdup(READER_HOST);
	if (facts->pod)
		r = asprintf(&text, "%s%s%s%s%s", facts->pod_namespace ? facts->pod_namespace : "",
			     facts->pod_namespace ? "/" : "", facts->pod, facts->container_name ? "/" : "",
			     facts->container_name ? facts->container_name : "");
	else if (facts->container_name)
		r = asprintf(&text, "%s%s", facts->container_name, before ? before : "");
	else
		r = asprintf(&text, "%.*s", labels_id_length(id), id);
	return r < 0 ? NULL : text;
}

const char *labels_text(struct labels *labels, enum dimension dimension, uint32_t member)
{
	char **text = &labels->texts[dimension][member];
	const char *known = *text;

	if (dimension == DIMENSION_DERIVED)
		return labels->survey->texts[member];
	if (known)
		return known;
	if (dimension == DIMENSION_CONTAINER)
		*text = labels_make_container(labels, member);
	else if (dimension == DIMENSION_NODE)
		*text = strdup(
			reader_node_name(labels->reader, survey_id(labels->survey, dimension, member)));
	else if (reader_name(labels->reader, survey_id(labels->survey, dimension, member), text) < 0)
		*text = NULL;
	return *text ? *text : "?";
}

const char *labels_node(const struct labels *labels, enum dimension dimension, uint32_t member)
{
	return reader_node(labels->reader,
			   reader_store(labels->reader, survey_id(labels->survey, dimension, member)));
}

const char *labels_shown(struct labels *labels, enum dimension dimension, uint32_t member)
{
	char **shown = &labels->shown[dimension][member];
	const char *text = labels_text(labels, dimension, member);

	if (!labels->several || (dimension != DIMENSION_FILE && dimension != DIMENSION_CONTAINER))
		return text;
	if (!*shown && asprintf(shown, "%s:%s", labels_node(labels, dimension, member), text) < 0)
		*shown = NULL;
	return *shown ? *shown : "?";
}

const char *labels_program(struct labels *labels, uint32_t member)
{
	const char *text = labels_text(labels, DIMENSION_PROGRAM, member);
	const char *slash = strrchr(text, '/');

	return slash && slash[1] ? slash + 1 : text;
}
