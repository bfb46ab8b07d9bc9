/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What facts are grouped by beside their own key: a text that their container or their last alert has. */
#pragma once

#include "report/survey.h"

/* X(id, name, many, title, titles, heading) */
#define DERIVED_KINDS(X)                                                                             \
	X(POD, "pod", "pods", "Pod", "Pods", "POD, TOKEN, FILE")                                     \
	X(IMAGE, "image", "images", "Image", "Images", "IMAGE, TOKEN, FILE")                         \
	X(NAMESPACE, "namespace", "namespaces", "Namespace", "Namespaces", "NAMESPACE, TOKEN, FILE") \
	X(UNIT, "unit", "units", "Unit", "Units", "UNIT, TOKEN, FILE")                               \
	X(USER, "user", "users", "User", "Users", "USER, TOKEN, FILE")

enum derived_kind {
#define DERIVED_KIND(id, name, many, title, titles, heading) DERIVED_##id,
	DERIVED_KINDS(DERIVED_KIND)
#undef DERIVED_KIND
		DERIVED_MAX
};

struct derived_words {
	const char *name, *many, *title, *titles, *heading;
};

extern const struct derived_words derived_words[DERIVED_MAX];

/*
 * derived_make() - gives each fact of a survey, and each outside of it, its member of DIMENSION_DERIVED.
 * @several: more than one store was asked for
 * Returns 0 and survey->texts, or a negative errno.
 */
int derived_make(struct survey *survey, struct reader *reader, enum derived_kind kind, bool several);
