// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What was asked for leaves the rest out, and a report goes to others than who asked: "no token" has to say of what. */
#include "report/asked.h"

#include "detect/mask.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKED_SEVERITY 12

struct asked {
	const char *name, *text;
};

/* Returns how many there are. */
static size_t asked_all(const struct report_options *options, char severity[ASKED_SEVERITY],
			struct asked ret_asked[ASKED_MAX])
{
	const struct survey_options *survey = &options->survey;
	const struct asked all[ASKED_MAX] = {
		{"container", survey->container},
		{"token", survey->token},
		{"path", survey->patterns[READER_FILES]},
		{"program", survey->patterns[READER_PROGRAMS]},
		{"image", survey->patterns[READER_IMAGES]},
		{"namespace", survey->patterns[READER_NAMESPACES]},
		{"node", survey->patterns[READER_NODES]},
		{"place", survey->said.place},
		{"severity", survey->said.severity ? severity : NULL},
		{"rule", survey->said.rule},
	};
	size_t count = 0;

	snprintf(severity, ASKED_SEVERITY, "%u", survey->said.severity);
	for (size_t i = 0; i < ASKED_MAX; i++)
		if (all[i].text)
			ret_asked[count++] = all[i];
	return count;
}

int asked_text(const struct report_options *options, char **ret_text)
{
	char severity[ASKED_SEVERITY];
	struct asked asked[ASKED_MAX];
	size_t count = asked_all(options, severity, asked), size;
	FILE *out;
	int r = 0;

	*ret_text = NULL;
	if (!count)
		return 0;
	out = open_memstream(ret_text, &size);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		AUTO_FREE char *shown = NULL;

		r = mask_text(asked[i].text, strlen(asked[i].text), NULL, &shown);
		if (r == 0)
			fprintf(out, "%s--%s %s", i ? ", " : "", asked[i].name, shown);
	}
	if (fclose(out) != 0 || r < 0) {
		free(*ret_text);
		*ret_text = NULL;
		return -ENOMEM;
	}
	return 0;
}

json_t *asked_json(const struct report_options *options)
{
	char severity[ASKED_SEVERITY];
	struct asked asked[ASKED_MAX];
	size_t count = asked_all(options, severity, asked);
	json_t *object = count ? json_object() : NULL;

	for (size_t i = 0; object && i < count; i++) {
		AUTO_FREE char *shown = NULL;

		if (asked[i].text == severity)
			json_object_set_new(object, asked[i].name,
					    json_integer(options->survey.said.severity));
		else if (mask_text(asked[i].text, strlen(asked[i].text), NULL, &shown) == 0)
			json_object_set_new(object, asked[i].name, json_string(shown));
	}
	return object;
}
