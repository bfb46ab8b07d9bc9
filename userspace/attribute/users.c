// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: uid or gid → name. The file is read when it has changed, which is asked at most each USERS_LOOK_MS; at most
 * USERS_MAX entries of it: more than that are shown by number.
 */
#include "attribute/users.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define USERS_MAX 4096
#define USERS_LOOK_MS 100

struct user {
	uint32_t id;
	char name[36]; /* LOGIN_NAME_MAX of shadow-utils is 32 */
};

struct users {
	char *path;
	bool groups;
	struct user *entries;
	size_t count;
	struct timespec modified;
	ino_t inode;
	uint64_t changes;
	int64_t looked; /* ms, CLOCK_MONOTONIC_COARSE */
};

static int users_open_file(const char *path, bool groups, struct users **ret_users)
{
	struct users *users = calloc(1, sizeof(*users));

	if (!users)
		return -ENOMEM;
	users->groups = groups;
	users->path = strdup(path);
	if (!users->path) {
		free(users);
		return -ENOMEM;
	}
	*ret_users = users;
	return 0;
}

int users_open(const char *path, struct users **ret_users)
{
	return users_open_file(path ? path : "/etc/passwd", false, ret_users);
}

int users_open_groups(const char *path, struct users **ret_users)
{
	return users_open_file(path ? path : "/etc/group", true, ret_users);
}

void users_close(struct users *users)
{
	if (!users)
		return;
	free(users->entries);
	free(users->path);
	free(users);
}

static void users_add(struct users *users, const char *name, uint32_t id)
{
	struct user *more = users->entries;
	size_t len = strnlen(name, sizeof(more->name) - 1);

	if (users->count % 64 == 0)
		more = reallocarray(users->entries, users->count + 64, sizeof(*more));
	if (!more)
		return;
	users->entries = more;
	more[users->count].id = id;
	memcpy(more[users->count].name, name, len);
	more[users->count].name[len] = '\0';
	users->count++;
}

static void users_refresh(struct users *users)
{
	AUTO_FCLOSE FILE *file = NULL;
	struct passwd *user;
	struct group *group;
	struct timespec time;
	struct stat st;
	int64_t now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	now = (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
	if (users->looked && now - users->looked < USERS_LOOK_MS)
		return;
	users->looked = now;
	if (stat(users->path, &st) < 0 ||
	    (st.st_ino == users->inode && st.st_mtim.tv_sec == users->modified.tv_sec &&
	     st.st_mtim.tv_nsec == users->modified.tv_nsec))
		return;
	file = fopen(users->path, "re");
	if (!file)
		return;
	users->inode = st.st_ino;
	users->modified = st.st_mtim;
	users->changes++;
	users->count = 0;
	while (users->groups && users->count < USERS_MAX && (group = fgetgrent(file)))
		users_add(users, group->gr_name, group->gr_gid);
	while (!users->groups && users->count < USERS_MAX && (user = fgetpwent(file)))
		users_add(users, user->pw_name, user->pw_uid);
}

uint64_t users_changes(struct users *users)
{
	users_refresh(users);
	return users->changes;
}

const char *users_name(struct users *users, uint32_t id)
{
	users_refresh(users);
	for (size_t i = 0; i < users->count; i++)
		if (users->entries[i].id == id)
			return users->entries[i].name;
	return NULL;
}
