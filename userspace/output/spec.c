// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* configuration → spec → bus. */
#include "output/spec.h"

#include "lib/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its arguments, each by how long it is, so that no two lists are one text (malloc'ed). */
static char *spec_arguments(char *const *args)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; args && args[i]; i++)
		fprintf(out, "%zu:%s", strlen(args[i]), args[i]);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

char *output_spec_identity(const struct output_spec *spec)
{
	bool socket = spec->what == OUTPUT_SOCKET;
	AUTO_FREE char *args = spec_arguments(spec->args);
	char *identity;

	/* a socket's ring is made for its bound, and its mode is that of a name that is there already */
	if (!args ||
	    asprintf(&identity, "%d %o %zu %lu %d %s %s", (int)spec->what, socket ? spec->mode : 0,
		     socket ? spec->queue_bytes : 0, spec->seconds, spec->per_alert, args, spec->target) < 0)
		return NULL;
	return identity;
}
