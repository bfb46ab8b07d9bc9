// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Name of a group → number, also after the start.
 *
 * Limit: of a remembered name it is not known whether NSS has another number for it by now, or none.
 */
#include "cmd/groups.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define GROUPS_FILE "/etc/group"

/* The process's, as its privileges are. */
static struct {
	char name[64];
	gid_t group;
} groups_kept[GROUPS_KEPT];
static size_t groups_count;

static bool groups_in_file(const char *name)
{
	AUTO_FCLOSE FILE *file = fopen(GROUPS_FILE, "re");
	const struct group *group;

	while (file && (group = fgetgrent(file)))
		if (strcmp(group->gr_name, name) == 0)
			return true;
	return false;
}

static void groups_keep(const char *name, gid_t group)
{
	size_t at = 0;

	while (at < groups_count && strcmp(groups_kept[at].name, name) != 0)
		at++;
	if (at == GROUPS_KEPT || strlen(name) >= sizeof(groups_kept->name))
		return;
	memcpy(groups_kept[at].name, name, strlen(name) + 1);
	groups_kept[at].group = group;
	groups_count += at == groups_count;
}

int groups_find(const char *name, gid_t *ret_group)
{
	const struct group *group = getgrnam(name);

	if (group) {
		*ret_group = group->gr_gid;
		if (!groups_in_file(name))
			groups_keep(name, *ret_group);
		return 0;
	}
	for (size_t i = 0; i < groups_count; i++) {
		if (strcmp(groups_kept[i].name, name) != 0)
			continue;
		*ret_group = groups_kept[i].group;
		return 0;
	}
	return -ENOENT;
}
