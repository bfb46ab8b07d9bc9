// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: uid → name. The file is read when it has changed, at most USERS_MAX entries of it; more
 * users than that are shown by number.
 */
#include "attribute/users.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define USERS_MAX 4096

struct user {
	uint32_t uid;
	char name[36]; /* LOGIN_NAME_MAX of shadow-utils is 32 */
};

struct users {
	char *path;
	struct user *entries;
	size_t count;
	struct timespec modified;
	ino_t inode;
};

int users_open(const char *path, struct users **ret_users)
{
	struct users *users = calloc(1, sizeof(*users));

	if (!users)
		return -ENOMEM;
	users->path = strdup(path ? path : "/etc/passwd");
	if (!users->path) {
		free(users);
		return -ENOMEM;
	}
	*ret_users = users;
	return 0;
}

void users_close(struct users *users)
{
	if (!users)
		return;
	free(users->entries);
	free(users->path);
	free(users);
}

static void users_add(struct users *users, const struct passwd *entry)
{
	struct user *more = users->entries;
	size_t len = strnlen(entry->pw_name, sizeof(more->name) - 1);

	if (users->count % 64 == 0)
		more = reallocarray(users->entries, users->count + 64, sizeof(*more));
	if (!more)
		return;
	users->entries = more;
	more[users->count].uid = entry->pw_uid;
	memcpy(more[users->count].name, entry->pw_name, len);
	more[users->count].name[len] = '\0';
	users->count++;
}

static void users_refresh(struct users *users)
{
	AUTO_FCLOSE FILE *file = NULL;
	struct passwd *entry;
	struct stat st;

	if (stat(users->path, &st) < 0 ||
	    (st.st_ino == users->inode && st.st_mtim.tv_sec == users->modified.tv_sec &&
	     st.st_mtim.tv_nsec == users->modified.tv_nsec))
		return;
	file = fopen(users->path, "re");
	if (!file)
		return;
	users->inode = st.st_ino;
	users->modified = st.st_mtim;
	users->count = 0;
	while (users->count < USERS_MAX && (entry = fgetpwent(file)))
		users_add(users, entry);
}

const char *users_name(struct users *users, uint32_t uid)
{
	users_refresh(users);
	for (size_t i = 0; i < users->count; i++)
		if (users->entries[i].uid == uid)
			return users->entries[i].name;
	return NULL;
}
