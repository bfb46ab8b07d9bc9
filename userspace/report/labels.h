/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the members of a survey are called; fetched when they are first shown, then kept. */
#pragma once

#include "report/survey.h"

struct labels {
	struct reader *reader; /* borrowed, as is the survey */
	const struct survey *survey;
	bool several; /* stores were asked for */
	char **texts[DIMENSION_MAX]; /* by member */
	char **shown[DIMENSION_MAX]; /* likewise, where they differ from these */
	char **types; /* by member of DIMENSION_TOKEN */
	struct fact **containers; /* by member of DIMENSION_CONTAINER */
};

/* labels_open() - Returns 0 and *ret_labels (labels_close()), or -ENOMEM. */
int labels_open(struct reader *reader, const struct survey *survey, bool several, struct labels *ret_labels);
void labels_close(struct labels *labels);

/*
 * labels_text() - an identifier, a path, an executable; "NAMESPACE/POD/NAME", a name or the first 12 characters of an id (a
 * cgroup's path is whole) for a container, "(host)" for none; "NAMESPACE/POD", or "(no pod)" and "(host)". Owned by labels; "?" if it was
 * removed meanwhile.
 */
const char *labels_text(struct labels *labels, enum dimension dimension, uint32_t member);

/* labels_asked() - of the heading of a container that was renamed, "NODE:web (before: old; 68b27e88c20b)", leaves "NODE:68b27e88c20b", which is that one; any other text is left as it is. */
void labels_asked(char *text);

/* labels_shown() - the same for people: of several stores, files and containers have their node and a colon before them. */
const char *labels_shown(struct labels *labels, enum dimension dimension, uint32_t member);

/* labels_node() - the node that a file or a container is of. Owned by the reader. */
const char *labels_node(const struct labels *labels, enum dimension dimension, uint32_t member);

/* labels_type() - what kind of token it is, and whether it is a placeholder; "" if that is not known. Owned by labels. */
const char *labels_type(struct labels *labels, uint32_t member);

/* labels_container() - the facts of a container (reader_container()); without texts for the host. Never NULL. */
const struct fact *labels_container(struct labels *labels, uint32_t member);

/* labels_program() - the last component of a program's path, which is what people know it by. */
const char *labels_program(struct labels *labels, uint32_t member);
