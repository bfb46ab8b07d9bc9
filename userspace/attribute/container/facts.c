// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: facts of a container, masked as soon as they are read. */
#include "attribute/container/facts.h"

#include "detect/mask.h"

#include <stdlib.h>
#include <string.h>

void container_facts_free(struct container_facts *facts)
{
	free(facts->name);
	free(facts->image);
	free(facts->pod);
	free(facts->pod_namespace);
	free(facts->pod_uid);
	free(facts->namespace);
	free(facts->created);
	free(facts->source);
	memset(facts, 0, sizeof(*facts));
}

int container_facts_set(char **fact, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len || *fact)
		return 0;
	return mask_text(text, len < CONTAINER_FACT_MAX ? len : CONTAINER_FACT_MAX, NULL, fact);
}
