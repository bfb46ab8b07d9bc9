// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: uid or gid → name. Whether the file has changed is asked at most each USERS_LOOK_MS, and as far as the kernel knows it without
 * asking a file system; it is read by who may be kept waiting (attribute/inquiry.h), a page of names at a time. As long as that one doesn't
 * answer, the names are the last ones that were known. What has come of a file is kept, and the next look goes on behind it.
 *
 * Limit: at most USERS_MAX entries of a file: more than that are shown by number.
 */
#include "attribute/users.h"

#include "files/open.h"
#include "files/safe_open.h"
#include "lib/cleanup.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USERS_MAX 4096
#define USERS_LOOK_MS 100
/* After how long it is asked for again where nobody has answered, or only the file system knows whether it has changed. */
#define USERS_AGAIN_MS 1000
/* Whose these questions are: a file system that does not answer must not cost what else is the host's, such as names of containers. */
#define USERS_GROUP UINT64_MAX

struct user {
	uint32_t id;
	char name[36]; /* LOGIN_NAME_MAX of shadow-utils is 32 */
};

struct users_table {
	struct user *entries;
	size_t count;
};

struct users {
	struct inquiry *inquiry; /* borrowed; NULL: we ask ourselves, and wait */
	int root;
	char *path;
	bool groups;
	struct users_table table;
	uint64_t stamp; /* of what was read; 0: nothing was */
	struct users_table begun; /* of another state of the file, of which there is more */
	uint64_t begun_stamp;
	uint64_t glanced; /* of the same, as the kernel has it in memory; 0: it has to be asked for */
	uint64_t changes;
	int64_t due; /* ms, CLOCK_MONOTONIC: not looked at before */
};

static int users_open_file(const char *root, const char *path, bool groups, struct inquiry *inquiry,
			   struct users **ret_users)
{
	struct users *users = calloc(1, sizeof(*users));
	int r;

	if (!users)
		return -ENOMEM;
	users->inquiry = inquiry;
	users->groups = groups;
	users->path = strdup(path);
	users->root = safe_root(root && *root ? root : "/");
	r = users->root < 0 ? users->root : 0;
	if (r == 0 && !users->path)
		r = -ENOMEM;
	if (r < 0) {
		users_close(users);
		return r;
	}
	*ret_users = users;
	return 0;
}

int users_open(const char *root, const char *path, struct inquiry *inquiry, struct users **ret_users)
{
	return users_open_file(root, path ? path : "/etc/passwd", false, inquiry, ret_users);
}

int users_open_groups(const char *root, const char *path, struct inquiry *inquiry, struct users **ret_users)
{
	return users_open_file(root, path ? path : "/etc/group", true, inquiry, ret_users);
}

void users_close(struct users *users)
{
	if (!users)
		return;
	if (users->root >= 0)
		close(users->root);
	free(users->table.entries);
	free(users->begun.entries);
	free(users->path);
	free(users);
}

/* A name and its number, as they stand in an answer. Returns whether there was room. */
static bool users_pack(struct inquiry_answer *answer, uint32_t id, const char *name)
{
	size_t len = strnlen(name, sizeof(((struct user *)NULL)->name) - 1);
	char *to = answer->text + answer->number;

	/* what comes over a socket ends with a zero in any case */
	if (answer->number + sizeof(id) + len + 1 >= sizeof(answer->text))
		return false;
	memcpy(to, &id, sizeof(id));
	memcpy(to + sizeof(id), name, len);
	to[sizeof(id) + len] = '\0';
	answer->number += (uint32_t)(sizeof(id) + len + 1);
	return true;
}

/* The next entry. Returns false if there is none. */
static bool users_next(FILE *file, bool groups, uint32_t *ret_id, const char **ret_name)
{
	const struct group *group = groups ? fgetgrent(file) : NULL;
	const struct passwd *user = groups ? NULL : fgetpwent(file);

	if (!group && !user)
		return false;
	*ret_id = group ? group->gr_gid : user->pw_uid;
	*ret_name = group ? group->gr_name : user->pw_name;
	return true;
}

int users_read(int root, const struct inquiry_question *question, struct inquiry_answer *answer)
{
	bool groups = question->kind == INQUIRY_GROUPS;
	int fd = file_regular(root, "%s", question->path);
	AUTO_FCLOSE FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	const char *name;
	struct stat st;
	uint32_t id;

	if (!file) {
		int r = fd < 0 ? fd : -errno;

		if (fd >= 0)
			close(fd);
		return r;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	answer->stamp = file_stamp_of(&st);
	if (answer->stamp == question->time && !question->number)
		return 0;
	if (answer->stamp != question->time && question->number)
		return -ESTALE;
	for (uint32_t i = 0; i < USERS_MAX && users_next(file, groups, &id, &name); i++)
		if (i >= question->number && !users_pack(answer, id, name))
			return 2;
	return 1;
}

static int users_add(struct users_table *table, uint32_t id, const char *name)
{
	struct user *more = table->entries;

	if (table->count % 64 == 0)
		more = reallocarray(table->entries, table->count + 64, sizeof(*more));
	if (!more)
		return -ENOMEM;
	table->entries = more;
	more[table->count].id = id;
	snprintf(more[table->count].name, sizeof(more->name), "%s", name);
	table->count++;
	return 0;
}

/* What was answered, by who has read another's bytes. */
static int users_unpack(struct users_table *table, const struct inquiry_answer *answer)
{
	size_t len = answer->number < sizeof(answer->text) ? answer->number : sizeof(answer->text) - 1;
	uint32_t id;

	for (size_t at = 0; at + sizeof(id) < len && table->count < USERS_MAX;) {
		const char *name = answer->text + at + sizeof(id);

		memcpy(&id, answer->text + at, sizeof(id));
		at += sizeof(id) + strnlen(name, len - at - sizeof(id)) + 1;
		if (users_add(table, id, name) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void users_drop(struct users *users)
{
	free(users->begun.entries);
	users->begun = (struct users_table){0};
}

/* A page that was answered; the last one makes the names that hold. Returns 1 for that one, 2, or a negative errno. */
static int users_page(struct users *users, const struct inquiry_answer *answer)
{
	size_t count = users->begun.count;

	if (users_unpack(&users->begun, answer) < 0)
		return -ENOMEM;
	if (answer->result == 2 && users->begun.count == count)
		return -EBADMSG;
	users->begun_stamp = answer->stamp;
	if (answer->result == 2)
		return 2;
	free(users->table.entries);
	users->table = users->begun;
	users->stamp = answer->stamp;
	users->begun = (struct users_table){0};
	return 1;
}

/* All of its pages, or those that come in time. Returns 1, 0 if there is nothing new, or a negative errno. */
static int users_ask(struct users *users)
{
	const struct inquiry_world world = {.root = users->root, .procfs = "/proc", .path = ""};
	struct inquiry_question question = {
		.kind = users->groups ? INQUIRY_GROUPS : INQUIRY_USERS,
		.group = USERS_GROUP,
	};
	struct inquiry_answer answer;
	size_t before = users->stamp ? 0 : users->begun.count;
	int64_t until = 0;
	int r;

	if ((size_t)snprintf(question.path, sizeof(question.path), "%s", users->path) >=
	    sizeof(question.path))
		return -ENAMETOOLONG;
	do {
		question.time = users->begun.count ? users->begun_stamp : users->stamp;
		question.number = (uint32_t)users->begun.count;
		r = inquiry_ask(users->inquiry, &world, &question, NULL, &answer);
		if (r > 0)
			r = users_page(users, &answer);
		if (!until && r == 2)
			until = monotonic_ms() + inquiry_ms(users->inquiry, USERS_PAGES_MS);
		else if (r == 2 && monotonic_ms() > until)
			r = -ETIME;
	} while (r == 2);
	if (r < 0 && r != -ETIME)
		users_drop(users);
	/* as long as no others are known, those that have come hold */
	users->changes += r == 1 || (!users->stamp && users->begun.count != before);
	return r;
}

/* As the kernel has it in memory; 0: it hasn't, or it is a link, of which only the file system knows the end. */
static uint64_t users_glance(const struct users *users)
{
	struct stat st;
	AUTO_CLOSE int place = safe_glance(users->root, users->path, &st);

	return place >= 0 && S_ISREG(st.st_mode) ? file_stamp_of(&st) : 0;
}

static void users_refresh(struct users *users)
{
	int64_t now = monotonic_ms();
	uint64_t glanced;
	int r;

	if (now < users->due)
		return;
	glanced = users_glance(users);
	users->due = now + USERS_LOOK_MS;
	if (glanced && glanced == users->glanced)
		return;
	r = users_ask(users);
	users->glanced = r < 0 ? 0 : glanced;
	if (!users->glanced)
		users->due = monotonic_ms() + USERS_AGAIN_MS;
}

uint64_t users_changes(struct users *users)
{
	users_refresh(users);
	return users->changes;
}

const char *users_name(struct users *users, uint32_t id)
{
	const struct users_table *table;

	users_refresh(users);
	table = users->stamp ? &users->table : &users->begun;
	for (size_t i = 0; i < table->count; i++)
		if (table->entries[i].id == id)
			return table->entries[i].name;
	return NULL;
}
