// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* cmd, probe → watched → store. */
#include "engine/watched.h"

#include "detect/mask.h"
#include "file_kind.h"
#include "scope.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const watched_kinds[FILE_KIND_MAX] = {
#define WATCHED_KIND(id, name, type) [FILE_KIND_##id] = name,
	FILE_KINDS(WATCHED_KIND)
#undef WATCHED_KIND
};

/* "disk,tmpfs,block" */
static void watched_files(uint32_t watch, FILE *out)
{
	const char *comma = "";

	for (size_t i = 0; i < FILE_KIND_MAX; i++) {
		/* what was closed before it could be told is always among them, and nothing to ask for */
		if (i == FILE_KIND_UNKNOWN || !(watch & 1U << i))
			continue;
		fprintf(out, "%s%s", comma, watched_kinds[i]);
		comma = ",";
	}
}

static void watched_missing(const struct functions_missing *missing, FILE *out)
{
	for (size_t i = 0; i < missing->count; i++)
		fprintf(out, "%s%s", i ? ", " : "", missing->function[i]->sees);
}

static const char *watched_scope(const struct probe_options *options)
{
	if (options->scope == SCOPE_HOST)
		return "host";
	return options->scope == SCOPE_CGROUP ? "cgroup" : "command";
}

int watched_make(const struct probe_options *options, const char *name,
		 const struct functions_missing *missing, struct watched *ret_watched)
{
	struct watched watched = {0};
	size_t files_size, missing_size;
	FILE *files = open_memstream(&watched.files, &files_size);
	FILE *lacks = open_memstream(&watched.missing, &missing_size);
	int r = files && lacks ? 0 : -ENOMEM;

	if (files) {
		/* of some kinds it is a file or two */
		watched_files(options->watch & ~options->own.kinds, files);
		r = fclose(files) == 0 ? r : -ENOMEM;
	}
	if (lacks) {
		watched_missing(missing, lacks);
		r = fclose(lacks) == 0 ? r : -ENOMEM;
	}
	if (r == 0 && name)
		r = mask_text(name, strlen(name), NULL, &watched.name);
	if (r < 0) {
		watched_free(&watched);
		return r;
	}
	watched.store = (struct store_watched){
		.scope = watched_scope(options),
		.name = watched.name,
		.files = watched.files,
		.missing = *watched.missing ? watched.missing : NULL,
	};
	*ret_watched = watched;
	return 0;
}

void watched_free(struct watched *watched)
{
	free(watched->name);
	free(watched->files);
	free(watched->missing);
	memset(watched, 0, sizeof(*watched));
}
