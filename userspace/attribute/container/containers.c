// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sample → attribute: cgroup → container, by a table of what is known.
 *
 * A container is known by its id and the id of the container around it; where the id is only a name that somebody
 * chose (ctr, runc), by the path of its cgroup.
 *
 * Invariant: what the table holds is masked. Bounded by LIMIT_CONTAINERS; the least recently used is forgotten.
 *
 * Limit: a container is named from the files of its own runtime. Of one that was made and removed while we were
 * not reading, only the id is known.
 */
#include "attribute/container/containers.h"

#include "attribute/container/cgroup_name.h"
#include "attribute/container/holding.h"
#include "attribute/container/owner.h"
#include "attribute/container/scan.h"
#include "attribute/container/table.h"
#include "attribute/container/user.h"
#include "attribute/inquiry.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Room for a key: the ids of a container and of the one around it, and the runtime, which may give the same name. */
#define CONTAINERS_KEY_BYTES (2 * CGROUP_NAME_BYTES + 32)

/* How often files that are not complete are read again: after 1, 2, 4 … ms. */
#define CONTAINERS_TRIES 14
#define CONTAINERS_MS 1000000ULL
/* After how long those are of which nobody has answered. */
#define CONTAINERS_UNASKED_MS 2000
/* For how long it is gone on with them at once. */
#define CONTAINERS_RETRY_MS 20
/* After how long a name is asked for again that was not answered. */
#define CONTAINERS_RENAMED_MS 1000
/* How often what stands above a container is asked for its files. */
#define CONTAINERS_ASKED 3
/* For how long paths that name no container are not looked up again: a dozen files are asked for each time. */
#define CONTAINERS_NONE_MS 100
/* Of how many processes it is remembered for as long what stands above them. */
#define CONTAINERS_ABOVE 16

/* What the last walk from a process up to its ancestors has told. */
struct containers_above {
	uint64_t start;
	uint64_t until; /* ns, CLOCK_MONOTONIC; 0: nothing is remembered */
	uint32_t parent;
	bool own_root;
	char key[CONTAINERS_KEY_BYTES + CGROUP_NAME_BYTES]; /* of the container; "": there is none */
};

struct containers {
	int root;
	char *procfs;
	struct inquiry *inquiry; /* borrowed; NULL: we ask ourselves, and wait */
	/* whose processes are asked about */
	uint64_t group;
	uint32_t uid;
	struct container_table table;
	char *none; /* the last cgroups' paths that named no container */
	size_t none_len;
	uint64_t none_until; /* ns, CLOCK_MONOTONIC; 0: there are none */
	char owned[PATH_MAX]; /* the last path whose owner was asked for */
	uint32_t owner;
	/* who made the last cgroup that only its maker names: what it makes below is the container's, and that one was on the way */
	uint32_t maker;
	uint64_t maker_start;
	char made[PATH_MAX];
	struct containers_above above[CONTAINERS_ABOVE]; /* by the process's start */
};

static uint64_t containers_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 * CONTAINERS_MS + (uint64_t)now.tv_nsec;
}

int containers_open(const char *root, const char *procfs, struct containers **ret_containers)
{
	struct containers *containers = calloc(1, sizeof(*containers));
	int r = 0;

	if (!containers)
		return -ENOMEM;
	containers->root = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (containers->root < 0)
		r = -errno;
	containers->procfs = strdup(procfs ? procfs : "/proc");
	if (r == 0 && !containers->procfs)
		r = -ENOMEM;
	if (r < 0) {
		containers_close(containers);
		return r;
	}
	*ret_containers = containers;
	return 0;
}

void containers_look_by(struct containers *containers, struct inquiry *inquiry)
{
	containers->inquiry = inquiry;
}

void containers_writer(struct containers *containers, uint64_t group, uint32_t uid)
{
	containers->group = group;
	containers->uid = uid;
}

size_t containers_count(const struct containers *containers)
{
	return HASH_COUNT(containers->table.entries);
}

void containers_close(struct containers *containers)
{
	if (!containers)
		return;
	container_table_clear(&containers->table);
	if (containers->root >= 0)
		close(containers->root);
	free(containers->procfs);
	free(containers->none);
	free(containers);
}

static int containers_answer(struct containers *containers, const struct inquiry_question *question,
			     struct container_facts *facts, struct inquiry_answer *ret_answer)
{
	const struct inquiry_world world = {
		.root = containers->root, .procfs = containers->procfs, .path = ""};

	return inquiry_ask(containers->inquiry, &world, question, facts, ret_answer);
}

/* About a container's files, and nothing else. */
static int containers_facts(struct containers *containers, const struct inquiry_question *question,
			    struct container_facts *facts)
{
	struct inquiry_answer answer;

	return containers_answer(containers, question, facts, &answer);
}

/* About what stands above a process, or about itself. */
static int containers_process(struct containers *containers, enum inquiry_kind kind, uint32_t pid,
			      uint64_t time, struct inquiry_answer *ret_answer)
{
	const struct inquiry_question question = {
		.kind = kind,
		.group = containers->group,
		.uid = containers->uid,
		.pid = pid,
		.time = time,
	};

	return containers_answer(containers, &question, NULL, ret_answer);
}

/* The part of a path that is the outermost container's: what is in it, as many as it likes, is its. */
static size_t containers_outermost(const char *path, const struct cgroup_name *name)
{
	size_t end = name->outer_end;
	struct cgroup_name outer;

	while (end && cgroup_name_parse(path, end, &outer) == 0 && outer.outer_end)
		end = outer.outer_end;
	return end;
}

/* Whose files they are that know a container: a user's, those of the outermost container around it, or the host's. */
static void containers_whose(const struct cgroup_name *name, const char *path,
			     struct inquiry_question *question)
{
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
	size_t outermost = containers_outermost(path, name);

	for (size_t i = 0; i < outermost; i++)
		hash = (hash ^ (uint8_t)path[i]) * 1099511628211ULL;
	question->name = *name;
	question->group = outermost ? hash : 0;
	question->uid = name->owner;
	/* also of a container in his: he names as many as he likes. What is in a container names nobody. */
	snprintf(question->path, sizeof(question->path), "%.*s", (int)(outermost ? outermost : strlen(path)),
		 path);
	if (!question->uid)
		(void)container_user_uid(question->path, &question->uid);
	snprintf(question->path, sizeof(question->path), "%s", path);
}

/* By what a process said: where it has not told a user, it was root's. */
static int containers_read_by(struct containers *containers, enum inquiry_kind kind,
			      const struct relayed *told, struct container_facts *facts)
{
	const struct inquiry_question question = {.kind = kind, .uid = told->name.owner, .told = *told};

	return containers_facts(containers, &question, facts);
}

/* By what the process that made it said. */
static int containers_read_told(struct containers *containers, const struct container_again *again,
				struct container_facts *facts)
{
	struct relayed told = {.name = again->name};

	told.name.runtime = again->told_runtime;
	snprintf(told.namespace, sizeof(told.namespace), "%s", again->told_namespace);
	snprintf(told.states, sizeof(told.states), "%s", again->told_states);
	snprintf(told.directory, sizeof(told.directory), "%s", again->told_directory);
	return containers_read_by(containers, INQUIRY_TOLD, &told, facts);
}

static int containers_read_guess(struct containers *containers, const struct cgroup_name *name,
				 const char *parent, const char *path, struct container_facts *facts)
{
	struct inquiry_question question = {.kind = INQUIRY_GUESS};

	containers_whose(name, path, &question);
	snprintf(question.parent, sizeof(question.parent), "%s", parent);
	return containers_facts(containers, &question, facts);
}

/* Reads the files, in the root directory that the container's runtime lives in. */
static int containers_read_named(struct containers *containers, const struct container_again *again,
				 struct container_facts *facts)
{
	struct inquiry_question question = {.kind = *again->name.outer ? INQUIRY_NESTED : INQUIRY_READ};
	struct cgroup_name name;
	char parent[CGROUP_NAME_BYTES];

	if (again->guessed) {
		cgroup_name_guess(again->path, strlen(again->path), &name, parent);
		return containers_read_guess(containers, &again->name, parent, again->path, facts);
	}
	containers_whose(&again->name, again->path, &question);
	return containers_facts(containers, &question, facts);
}

/* A name may be another container's in the usual places; a hash is not. */
static int containers_read(struct containers *containers, const struct container_again *again,
			   struct container_facts *facts)
{
	int r = -ENOENT;

	if (!again->told_runtime || cgroup_name_is_hash(again->name.id, strlen(again->name.id)))
		r = containers_read_named(containers, again, facts);
	return r == -ENOENT && again->told_runtime ? containers_read_told(containers, again, facts) : r;
}

/* One more try, for an entry that is not complete. */
static void container_try(struct containers *containers, struct container *container)
{
	struct container_again *again = container->again;
	int r = containers_read(containers, again, &container->facts);

	/* it was not asked: no try */
	if (r == -ETIME) {
		again->due = containers_now() + CONTAINERS_UNASKED_MS * CONTAINERS_MS;
		return;
	}
	if (r == 0)
		container->agreed = true;
	if (container->agreed || ++again->tries == CONTAINERS_TRIES)
		container_table_settle(&containers->table, container);
	else
		again->due = containers_now() + (CONTAINERS_MS << (again->tries - 1));
}

/*
 * A name that may be given again (not a hash): what is there now counts, if there is anything. The runtime's
 * files may be gone already when we hear of the same container's cgroup in the next hierarchy. Where nobody answers, or
 * what is there is not complete or can't be read, it is not known whose it is now, and asked again.
 */
static int container_refresh(struct containers *containers, struct container *container, const char *path,
			     const struct cgroup_name *name, bool guessed, const struct relayed *told)
{
	struct container *fresh;
	int r = container_new(container->key, path, name, guessed, &fresh);

	if (r < 0)
		return r;
	if (told)
		container_tell(fresh, told);
	r = containers_read(containers, fresh->again, &fresh->facts);
	if (r != -ENOENT) {
		container_facts_free(&container->facts);
		container->facts = fresh->facts;
		container->placed = false;
		container->agreed = r == 0;
		container->asked = 0;
		fresh->facts = (struct container_facts){0};
		container_table_settle(&containers->table, container);
	}
	if (r < 0 && r != -ENOENT)
		container_table_again(&containers->table, container, fresh);
	container_free(fresh);
	return 0;
}

static void containers_key(const struct cgroup_name *name, char *key, size_t size)
{
	snprintf(key, size, "%" PRIu32 ":%s:%s:%s", name->owner, name->outer, name->runtime, name->id);
}

/* Whose word a name is. In a container, of which only the inside can say, it is that one's anyway. */
static uint32_t containers_owner(struct containers *containers, const char *path,
				 const struct cgroup_name *name)
{
	if (name->outer_end)
		return 0;
	if (strncmp(containers->owned, path, name->end) != 0 || containers->owned[name->end]) {
		if (name->end >= sizeof(containers->owned))
			return container_owner(containers->root, path, name->end);
		containers->owner = container_owner(containers->root, path, name->end);
		memcpy(containers->owned, path, name->end);
		containers->owned[name->end] = '\0';
	}
	return containers->owner;
}

/* Which entry the container around it is. Without memory it has no name, that is all. */
static void containers_outer(struct containers *containers, const char *path, const struct cgroup_name *name,
			     struct container *container)
{
	char key[CONTAINERS_KEY_BYTES];
	struct cgroup_name outer;

	if (!name->outer_end || cgroup_name_parse(path, name->outer_end, &outer) < 0)
		return;
	outer.owner = containers_owner(containers, path, &outer);
	containers_key(&outer, key, sizeof(key));
	container->outer_key = strdup(key);
}

/* By its key: an entry that is there, or a new one. */
static int containers_get(struct containers *containers, const char *key, const char *path,
			  const struct cgroup_name *name, bool made, const struct relayed *told,
			  struct container **ret_container)
{
	struct container *container = container_table_use(&containers->table, key);
	int r;

	if (!container) {
		r = container_table_add(&containers->table, key, path, name, false, &container);
		if (r < 0)
			return r;
		containers_outer(containers, path, name, container);
	} else if (made && !container->again && !cgroup_name_is_hash(name->id, strlen(name->id))) {
		r = container_refresh(containers, container, path, name, false, told);
		if (r < 0)
			return r;
	}
	if (told)
		container_tell(container, told);
	if (container->again)
		container_try(containers, container);
	*ret_container = container;
	return 0;
}

/* One that its maker names. What the maker has made on the way to it is none. */
static int containers_told(struct containers *containers, const char *path,
			   const struct procfs_process *maker, const struct relayed *told)
{
	struct cgroup_name name = told->name;
	size_t len = strlen(containers->made);
	struct container *container;
	int r;

	name.end = strlen(path);
	if (name.end >= sizeof(containers->made))
		return -ENOENT;
	if (len && containers->maker == maker->pid && containers->maker_start == maker->start &&
	    strncmp(path, containers->made, len) == 0 && path[len] == '/')
		container_table_remove(&containers->table, containers->made);
	containers->maker = maker->pid;
	containers->maker_start = maker->start;
	memcpy(containers->made, path, name.end + 1);
	container = container_table_use(&containers->table, path);
	if (container)
		return container_refresh(containers, container, path, &name, false, told);
	r = container_table_add(&containers->table, path, path, &name, false, &container);
	if (r < 0)
		return r;
	container_tell(container, told);
	container_try(containers, container);
	return 0;
}

/* Of the runtimes that put containers of any name anywhere. -ENOENT: none of them knows a part of the path. */
static int containers_guess(struct containers *containers, char *path, bool made,
			    struct container **ret_container)
{
	struct container_facts facts = {0};
	char parent[CGROUP_NAME_BYTES];
	struct cgroup_name name;
	int len = (int)strlen(path), up, r = -ENOENT;

	for (; r == -ENOENT && (up = cgroup_name_guess(path, (size_t)len, &name, parent)) >= 0; len = up) {
		struct container *container;

		path[len] = '\0';
		name.owner = container_owner(containers->root, path, (size_t)len);
		container = container_table_use(&containers->table, path);
		if (container) {
			r = made ? container_refresh(containers, container, path, &name, true, NULL) : 0;
			if (r == 0 && container->again)
				container_try(containers, container);
		} else {
			r = containers_read_guess(containers, &name, parent, path, &facts);
			if (r == -ENOMEM)
				continue;
			/* whatever else is wrong with a file, it tells of no container */
			if (r != 0 && r != -EAGAIN) {
				r = -ENOENT;
				continue;
			}
			r = container_table_add(&containers->table, path, path, &name, true, &container);
			if (r == 0)
				container_try(containers, container);
		}
		if (r == 0)
			*ret_container = container;
	}
	container_facts_free(&facts);
	return r;
}

/* -ENOENT: the path names none. @guess: ask the disk whether it does after all. @told: by who makes it now, or NULL */
static int containers_lookup(struct containers *containers, const char *path, size_t len, bool guess,
			     bool made, const struct relayed *told, struct container **ret_container)
{
	AUTO_FREE char *copy = strndup(path, len);
	char key[CONTAINERS_KEY_BYTES];
	struct cgroup_name name;

	if (!copy)
		return -ENOMEM;
	if (cgroup_name_parse(copy, strlen(copy), &name) < 0)
		return guess ? containers_guess(containers, copy, made, ret_container) : -ENOENT;
	if (guess && !made)
		return -ENOENT; /* was looked up already */
	name.owner = containers_owner(containers, copy, &name);
	containers_key(&name, key, sizeof(key));
	/* of a container in another one, or of somebody's, the maker is not the one to ask; nor is runc, of those that others had it make */
	if (told && (*name.outer || name.owner || strcmp(name.id, told->name.id) != 0 ||
		     (!*told->namespace && strcmp(name.runtime, told->name.runtime) != 0)))
		told = NULL;
	return containers_get(containers, key, copy, &name, made, told, ret_container);
}

int containers_learn(struct containers *containers, const char *path, size_t len,
		     const struct procfs_process *maker)
{
	AUTO_FREE char *copy = strndup(path, len);
	struct container *container;
	struct cgroup_name name;
	struct inquiry_answer answer;
	bool tells = maker && maker->pid &&
		     containers_process(containers, INQUIRY_MAKER, maker->pid, maker->start, &answer) == 0;
	int r = copy ? -ENOENT : -ENOMEM;

	containers->none_until = 0;
	/* what nspawn makes where no scope is its container's own stays there for the next one: each is asked for by what stands above it */
	if (r == -ENOENT && tells && cgroup_name_parse(copy, strlen(copy), &name) < 0 &&
	    strcmp(answer.told.name.runtime, "systemd-nspawn") != 0)
		r = containers_told(containers, copy, maker, &answer.told);
	if (r == -ENOENT)
		r = containers_lookup(containers, path, len, true, true, tells ? &answer.told : NULL,
				      &container);
	return r == -ENOENT ? 0 : r;
}

static int containers_learn_scanned(void *context, const char *path, size_t len)
{
	return containers_learn(context, path, len, NULL);
}

/* What is asked of a new one only as far as it is in memory: once, unless nobody answered. Returns 0 or a negative errno. */
static int containers_read_places(struct containers *containers, struct container *container)
{
	struct container_facts *facts = &container->facts;

	struct inquiry_question question = {.kind = INQUIRY_PLACES};
	int r;

	if (container->placed || container->owner || container->inner || !facts->source || !facts->runtime)
		return 0;
	snprintf(question.path, sizeof(question.path), "%s", container->id);
	r = containers_facts(containers, &question, facts);
	container->placed = r == 0;
	return r;
}

/* Does it lie where the container's runtime keeps its files, as the file that names the container does? */
static bool containers_kept_beside(const struct container *container, const char *path)
{
	static const char *const lists[] = {"/overlay-containers/", "/containers/"};
	const char *source = container->facts.source, *end = NULL;

	for (size_t i = 0; source && !end && i < sizeof(lists) / sizeof(*lists); i++)
		end = strstr(source, lists[i]);
	return end && strncmp(path, source, (size_t)(end - source) + 1) == 0;
}

/* Of a new container that only the kernel's memory was asked for: a name may not be there, nor be found there while others mount. */
static void containers_read_places_late(struct containers *containers, const char *path)
{
	/* where nobody answers, nor would they of the others */
	for (struct container *one = containers->table.entries; one; one = one->hh.next)
		if (!one->placed && containers_kept_beside(one, path) &&
		    containers_read_places(containers, one) == -ETIME)
			return;
}

int containers_scan(struct containers *containers)
{
	int count = container_scan(containers->root, containers_learn_scanned, containers);

	for (struct container *one = containers->table.entries; one; one = one->hh.next)
		(void)containers_read_places(containers, one);
	return count;
}

int containers_retry(struct containers *containers)
{
	uint64_t now = containers_now(), next = UINT64_MAX;
	struct container_table *table = &containers->table;

	if (!table->waiting)
		return -1;
	for (size_t left = HASH_COUNT(table->entries); left; left--) {
		struct container *container = table->next ? table->next : table->entries;

		table->next = container->hh.next;
		if (container->again && container->again->due <= now) {
			/* the ring waits for us: the others are next */
			if (containers_now() - now >= CONTAINERS_RETRY_MS * CONTAINERS_MS) {
				table->next = container;
				return 0;
			}
			container_try(containers, container);
		}
		if (container->again && container->again->due < next)
			next = container->again->due;
	}
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now) / CONTAINERS_MS) + 1;
}

static bool containers_is_none(const struct containers *containers, const char *paths, size_t len)
{
	return containers->none_until && containers->none_len == len &&
	       memcmp(containers->none, paths, len) == 0 && containers_now() < containers->none_until;
}

/* Without memory it is looked up again, that is all. */
static void containers_keep_none(struct containers *containers, const char *paths, size_t len)
{
	char *none = len ? realloc(containers->none, len) : NULL;

	containers->none_until = 0;
	if (!none)
		return;
	memcpy(none, paths, len);
	containers->none = none;
	containers->none_len = len;
	containers->none_until = containers_now() + CONTAINERS_NONE_MS * CONTAINERS_MS;
}

/* By the paths of its cgroups, the first that names a container counts. */
static int containers_by_paths(struct containers *containers, const char *paths, size_t len,
			       struct container **ret_container)
{
	int r = -ENOENT;

	if (containers_is_none(containers, paths, len))
		return r;

	for (int guess = 0; r == -ENOENT && guess < 2; guess++) {
		size_t at = 0, path_len;
		const char *path;

		while (r == -ENOENT && (path = cgroup_name_next(paths, len, &at, &path_len)))
			r = containers_lookup(containers, path, path_len, guess, false, NULL, ret_container);
	}
	if (r == -ENOENT)
		containers_keep_none(containers, paths, len);
	return r;
}

/* By conmon above it, which knows its container's name and where podman's files are. */
static int containers_by_conmon(struct containers *containers, uint64_t start, uint32_t parent,
				struct container **ret_container)
{
	struct inquiry_question question = {.kind = INQUIRY_BUNDLE};
	struct inquiry_answer answer;
	const struct container_conmon *conmon = &answer.conmon;
	struct container *container;
	char key[CONTAINERS_KEY_BYTES];
	int r = containers_process(containers, INQUIRY_CONMON, parent, start, &answer);

	if (r < 0)
		return r;
	containers_key(&conmon->name, key, sizeof(key));
	container = container_table_use(&containers->table, key);
	if (!container) {
		r = container_table_add(&containers->table, key, "", &conmon->name, false, &container);
		if (r < 0)
			return r;
		container_table_settle(&containers->table, container);
	}
	*ret_container = container;
	if (container->agreed || container->asked == CONTAINERS_ASKED)
		return 0;
	/* its arguments are the word of whoever started it */
	question.name = conmon->name;
	question.pid = conmon->pid;
	question.uid = conmon->name.owner;
	snprintf(question.path, sizeof(question.path), "%s", conmon->bundle);
	r = containers_facts(containers, &question, &container->facts);
	/* with the next alert */
	if (r == -ETIME)
		return 0;
	container->agreed = r == 0;
	container->asked = CONTAINERS_ASKED;
	container_table_settle(&containers->table, container);
	return container->agreed ? container_facts_set(&container->facts.name, conmon->container) : 0;
}

/*
 * Is the id no more than somebody's word? Root's cgroups are named by root alone. A user's or a container's are his or its to name:
 * a file of a runtime of theirs has to know the id, and of root's none may.
 */
static bool containers_claims(struct containers *containers, const struct container *container)
{
	static const char *const runtimes[] = {"docker", "podman", "cri-o", "containerd", "unknown", "runc"};
	char key[CONTAINERS_KEY_BYTES];
	struct cgroup_name name = {0};

	if (!container->owner && !container->inner)
		return false;
	if (!container->agreed)
		return true;
	snprintf(name.id, sizeof(name.id), "%s", container->id);
	for (size_t i = 0; container->owner && i < sizeof(runtimes) / sizeof(*runtimes); i++) {
		const struct container *other;

		name.runtime = runtimes[i];
		containers_key(&name, key, sizeof(key));
		other = container_table_find(&containers->table, key);
		if (other && other->agreed)
			return true;
	}
	return false;
}

/* A copy that shows nothing of the secret at hand. */
static int containers_copy(const char *text, const struct mask_known *known, char **ret_text)
{
	return text ? mask_more(text, known, ret_text) : 0;
}

void containers_free_one(struct alert_container *container)
{
	free(container->id);
	free(container->name);
	free(container->image);
	free(container->digest);
	for (size_t i = 0; i < ALERT_LABEL_COUNT; i++)
		free(container->labels[i]);
	free(container->outer);
	free(container->outer_name);
	free(container->namespace);
	free(container->created);
	free(container->pod);
	free(container->pod_namespace);
	free(container->pod_uid);
	memset(container, 0, sizeof(*container));
}

/* Of the container around it, what is known and no more than somebody's word. */
static int containers_give_outer(struct containers *containers, const struct container *container,
				 const struct mask_known *known, struct alert_container *copy)
{
	const struct container *outer =
		container->outer_key ? container_table_find(&containers->table, container->outer_key) : NULL;
	int r = containers_copy(container->outer, known, &copy->outer);

	return r == 0 && outer && !containers_claims(containers, outer)
		       ? containers_copy(outer->facts.name, known, &copy->outer_name)
		       : r;
}

/* What it was made from. */
static int containers_give_image(const struct container_facts *facts, const struct mask_known *known,
				 struct alert_container *copy)
{
	int r = containers_copy(facts->image, known, &copy->image);

	if (r == 0)
		r = containers_copy(facts->digest, known, &copy->digest);
	for (size_t i = 0; r == 0 && i < ALERT_LABEL_COUNT; i++)
		r = containers_copy(facts->labels[i], known, &copy->labels[i]);
	return r;
}

/* What it is called by now, now and then. */
static void containers_rename(struct containers *containers, struct container *container)
{
	struct inquiry_question question = {.kind = INQUIRY_RENAMED, .time = containers_now()};
	struct container_facts *facts = &container->facts;

	question.uid = question.name.owner = container->owner;
	question.name.runtime = container->runtime;
	snprintf(question.name.id, sizeof(question.name.id), "%s", container->id);
	/* who does not answer is not asked for each alert */
	if (containers_facts(containers, &question, facts) < 0)
		facts->due = question.time + CONTAINERS_RENAMED_MS * CONTAINERS_MS;
}

/* All that is known of one, or only its id if that is claimed: whose names they would be is not known then. */
static int containers_give(struct containers *containers, struct container *container,
			   const struct mask_known *known, struct alert_container *ret_container)
{
	struct container_facts *facts = &container->facts;
	struct alert_container copy = {.claimed = containers_claims(containers, container)};
	int r = containers_copy(container->id, known, &copy.id);

	if (copy.claimed) {
		copy.runtime = container->runtime;
		*ret_container = copy;
		return r;
	}
	if (facts->source && facts->runtime && !container->inner && containers_now() >= facts->due)
		containers_rename(containers, container);
	copy.runtime = facts->runtime ? facts->runtime : container->runtime;
	if (r == 0)
		r = containers_copy(facts->name, known, &copy.name);
	if (r == 0)
		r = containers_give_image(facts, known, &copy);
	if (r == 0)
		r = containers_give_outer(containers, container, known, &copy);
	if (r == 0)
		r = containers_copy(facts->namespace, known, &copy.namespace);
	if (r == 0)
		r = containers_copy(facts->created, known, &copy.created);
	if (r == 0)
		r = containers_copy(facts->pod, known, &copy.pod);
	if (r == 0)
		r = containers_copy(facts->pod_namespace, known, &copy.pod_namespace);
	if (r == 0)
		r = containers_copy(facts->pod_uid ? facts->pod_uid : container->pod_uid, known,
				    &copy.pod_uid);
	if (r < 0) {
		containers_free_one(&copy);
		return r;
	}
	*ret_container = copy;
	return 0;
}

/* Another container of the same pod: a shim looks after all of them. */
static bool containers_sibling(struct relayed *told, const char *id)
{
	char *end = strrchr(told->directory, '/');

	if (strcmp(told->name.id, id) == 0)
		return true;
	if (!*told->namespace || !end || !cgroup_name_is_id(id, strlen(id)) ||
	    (size_t)(end + 1 - told->directory) + strlen(id) >= sizeof(told->directory))
		return false;
	memcpy(end + 1, id, strlen(id) + 1);
	memcpy(told->name.id, id, strlen(id) + 1);
	return true;
}

/* Its files are not where they usually are: whoever runs it knows. */
static void containers_ask(struct containers *containers, const struct containers_process *process,
			   struct container *container)
{
	struct inquiry_answer answer;
	int r;

	if (container->agreed || container->owner || container->inner || !process->parent ||
	    container->asked == CONTAINERS_ASKED)
		return;
	r = containers_process(containers, INQUIRY_ABOVE, process->parent, process->start, &answer);
	if (r == 0)
		r = containers_sibling(&answer.told, container->id)
			    ? containers_read_by(containers, INQUIRY_TOLD, &answer.told, &container->facts)
			    : -ENOENT;
	container->asked += r != -ETIME;
	if (r == 0) {
		container->agreed = true;
		container_table_settle(&containers->table, container);
	}
}

/* By a shim, runc or nspawn above it, where its cgroups say nothing. */
static int containers_by_above(struct containers *containers, const struct containers_process *process,
			       struct container **ret_container)
{
	struct inquiry_answer answer;
	const struct relayed *told = &answer.told;
	struct container *container;
	char key[CONTAINERS_KEY_BYTES + CGROUP_NAME_BYTES];
	int r = containers_process(containers, INQUIRY_ABOVE, process->parent, process->start, &answer);

	if (r < 0)
		return r;
	snprintf(key, sizeof(key), "above:%s:%s:%s", told->name.runtime, told->namespace, told->name.id);
	container = container_table_use(&containers->table, key);
	if (!container) {
		r = container_table_add(&containers->table, key, "", &told->name, false, &container);
		if (r < 0)
			return r;
		container_table_settle(&containers->table, container);
	} else if (!cgroup_name_is_hash(told->name.id, strlen(told->name.id))) {
		/* it may be another one by now */
		container_facts_free(&container->facts);
		container->placed = false;
		container->agreed = false;
	}
	if (!container->agreed)
		container->agreed =
			containers_read_by(containers, INQUIRY_TOLD, told, &container->facts) == 0;
	*ret_container = container;
	return 0;
}

/* By what stands above it. Each walk asks procfs for up to eight processes, so a process that writes often is looked up now and then only. */
static int containers_by_ancestors(struct containers *containers, const struct containers_process *process,
				   struct container **ret_container)
{
	struct containers_above *above = &containers->above[process->start % CONTAINERS_ABOVE];
	int r;

	if (above->until > containers_now() && above->start == process->start &&
	    above->parent == process->parent && above->own_root == process->own_root) {
		*ret_container = container_table_use(&containers->table, above->key);
		if (*ret_container || !*above->key)
			return *ret_container ? 0 : -ENOENT;
	}
	r = containers_by_conmon(containers, process->start, process->parent, ret_container);
	if (r < 0 && r != -ENOMEM && process->own_root)
		r = containers_by_above(containers, process, ret_container);
	if (r == -ENOMEM)
		return r;
	snprintf(above->key, sizeof(above->key), "%s", r == 0 ? (*ret_container)->key : "");
	above->start = process->start;
	above->parent = process->parent;
	above->own_root = process->own_root;
	above->until = containers_now() + CONTAINERS_NONE_MS * CONTAINERS_MS;
	/* whatever else: nobody tells */
	return r < 0 ? -ENOENT : 0;
}

/*
 * In a container of which nobody tells: its cgroup's path is what is known. A unit of the host's may have another root as well, and its
 * name; but its processes are in the host's pid namespace.
 */
static int containers_by_root(struct containers *containers, const struct containers_process *process,
			      struct container **ret_container)
{
	struct cgroup_name name = {.runtime = "unknown"};
	char key[CONTAINERS_KEY_BYTES];
	const char *path, *best = "/";
	size_t at = 0, len, best_len = 1;

	while ((path = cgroup_name_next(process->paths, process->len, &at, &len)))
		if (best_len == 1 && len > 1) {
			best = path;
			best_len = len;
		}
	if (!process->nested && (best_len == 1 || cgroup_name_is_units(best, best_len)))
		return -ENOENT;
	/* the end of a longer one tells more than its beginning */
	if (best_len >= sizeof(name.id)) {
		best += best_len - (sizeof(name.id) - 1);
		best_len = sizeof(name.id) - 1;
	}
	memcpy(name.id, best, best_len);
	snprintf(key, sizeof(key), "cgroup:%s", name.id);
	*ret_container = container_table_use(&containers->table, key);
	if (!*ret_container) {
		int r = container_table_add(&containers->table, key, "", &name, false, ret_container);

		if (r < 0)
			return r;
		container_table_settle(&containers->table, *ret_container);
	}
	return 0;
}

int containers_find(struct containers *containers, const struct containers_process *process,
		    const struct mask_known *known, struct alert_container *ret_container)
{
	struct container *container = NULL;
	int r = containers_by_paths(containers, process->paths, process->len, &container);

	if (r == 0)
		containers_ask(containers, process, container);
	if (r == -ENOENT && process->parent && (process->nested || process->own_root))
		r = containers_by_ancestors(containers, process, &container);
	if (r == -ENOENT && process->own_root)
		r = containers_by_root(containers, process, &container);
	if (r < 0 && r != -ENOENT)
		return r;
	if (container)
		return containers_give(containers, container, known, ret_container);
	*ret_container = (struct alert_container){0};
	return 0;
}

/* What the writer's arguments and its log's path say where no file does. */
static int containers_relay_tells(const struct relayed *relayed, struct container_facts *facts)
{
	int r = container_facts_set(&facts->name, relayed->container);

	if (r == 0)
		r = container_facts_set(&facts->pod, relayed->pod);
	if (r == 0)
		r = container_facts_set(&facts->pod_namespace, relayed->pod_namespace);
	return r == 0 ? container_facts_set(&facts->pod_uid, relayed->name.pod_uid) : r;
}

/* Reads the files again if none has told yet. */
static int containers_relay_reads(struct containers *containers, const struct relayed *relayed,
				  struct container *container)
{
	int r;

	if (!container->agreed)
		container->agreed =
			containers_read_by(containers, INQUIRY_RELAYED, relayed, &container->facts) == 0;
	r = container->owner && !container->agreed ? 0 : containers_relay_tells(relayed, &container->facts);
	/* an id that is pod and name is nobody's word but root's, whose log it is */
	return r;
}

/* The one that went by that id when it was made, whatever its runtime was taken for. */
static struct container *containers_known(struct containers *containers, const struct relayed *relayed)
{
	struct cgroup_name name = relayed->name;
	static const char *const runtimes[] = {NULL, "containerd", "docker", "cri-o", "unknown"};
	char key[CONTAINERS_KEY_BYTES];

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++) {
		struct container *container;

		name.runtime = runtimes[i] ? runtimes[i] : relayed->name.runtime;
		containers_key(&name, key, sizeof(key));
		container = container_table_use(&containers->table, key);
		/* another name than a hash may have been given twice */
		if (container && (i == 0 || cgroup_name_is_hash(name.id, strlen(name.id))))
			return container;
	}
	return NULL;
}

int containers_relayed(struct containers *containers, const struct relayed *relayed,
		       const struct mask_known *known, struct alert_container *ret_container)
{
	struct inquiry_question log = {.kind = INQUIRY_LOG, .told = *relayed};
	struct relayed whole = *relayed;
	struct inquiry_answer answer;
	struct container *container;
	int r = 0;

	/* the kubelet links a log by the container's id as well; else it is told apart by pod and name */
	if (!*whole.name.id && containers_answer(containers, &log, NULL, &answer) == 0)
		snprintf(whole.name.id, sizeof(whole.name.id), "%.255s", answer.text);
	if (!*whole.name.id)
		snprintf(whole.name.id, sizeof(whole.name.id), "%.64s/%.180s", whole.name.pod_uid,
			 whole.container);
	container = containers_known(containers, &whole);
	if (!container) {
		char key[CONTAINERS_KEY_BYTES + CGROUP_NAME_BYTES];

		snprintf(key, sizeof(key), "relayed:%" PRIu32 ":%s:%s:%s", whole.name.owner,
			 whole.name.runtime, whole.namespace, whole.name.id);
		container = container_table_use(&containers->table, key);
		if (!container) {
			r = container_table_add(&containers->table, key, "", &whole.name, false, &container);
			if (r < 0)
				return r;
			container_table_settle(&containers->table, container);
		} else if (!cgroup_name_is_hash(whole.name.id, strlen(whole.name.id))) {
			/* it may be another one by now */
			container_facts_free(&container->facts);
			container->placed = false;
			container->agreed = false;
		}
	}
	r = containers_relay_reads(containers, &whole, container);
	if (r == 0)
		r = containers_give(containers, container, known, ret_container);
	if (r == 0)
		ret_container->relayed = true;
	return r;
}

/* Is it there no more, as far as its runtime's files tell? */
static bool containers_gone(struct containers *containers, const struct container *container)
{
	const struct container_facts *facts = &container->facts;
	struct inquiry_question question = {
		.kind = INQUIRY_GONE, .uid = container->owner, .number = container->owner != 0};
	struct inquiry_answer answer;

	if (!facts->source || !facts->runtime || strcmp(facts->runtime, "docker") != 0)
		return false;
	snprintf(question.path, sizeof(question.path), "%s", facts->source);
	return containers_answer(containers, &question, NULL, &answer) > 0;
}

static bool containers_same(const char *one, const char *other)
{
	return one && other && strcmp(one, other) == 0;
}

/* The one in whose layer it is, or whose volume if that is nobody else's; NULL if there is none. */
static struct container *containers_holder(struct containers *containers, const char *path, const char *shown,
					   enum holding *ret_holding)
{
	struct container *found = NULL;
	bool several = false;

	*ret_holding = HOLDING_NONE;
	/* the one that was used last comes last: of two that had a directory one after the other, it counts */
	for (struct container *one = containers->table.entries; one; one = one->hh.next) {
		enum holding holding = holding_of(one, path, shown);

		if (holding == HOLDING_NONE || containers_claims(containers, one) ||
		    (holding == HOLDING_VOLUME && *ret_holding == HOLDING_LAYER))
			continue;
		if (holding == HOLDING_VOLUME && found && strcmp(found->id, one->id) != 0) {
			/* started anew in the same pod */
			bool again = containers_same(found->facts.pod_uid, one->facts.pod_uid) &&
				     containers_same(found->facts.name, one->facts.name);

			if (containers_gone(containers, one))
				continue;
			several |= !again && !containers_gone(containers, found);
		}
		*ret_holding = holding;
		found = one;
	}
	return *ret_holding == HOLDING_VOLUME && several ? NULL : found;
}

/* Of a pod's volume: the pod alone, by any container of its that is known, or by its uid. */
static int containers_give_pod(struct containers *containers, const char *uid, const struct mask_known *known,
			       struct alert_container *ret_container)
{
	const struct container *of = NULL;
	struct alert_container pod = {.runtime = "unknown"};
	int r = mask_text(uid, strlen(uid), known, &pod.id);

	for (const struct container *one = containers->table.entries; one; one = one->hh.next)
		if (!one->inner && !one->owner && containers_same(one->facts.pod_uid, uid))
			of = one;
	if (r == 0)
		r = mask_text(uid, strlen(uid), known, &pod.pod_uid);
	if (r == 0 && of)
		r = containers_copy(of->facts.pod, known, &pod.pod);
	if (r == 0 && of)
		r = containers_copy(of->facts.pod_namespace, known, &pod.pod_namespace);
	if (r < 0)
		containers_free_one(&pod);
	*ret_container = pod;
	return r;
}

int containers_holding(struct containers *containers, const char *path, const char *shown,
		       const struct mask_known *known, struct alert_container *ret_container,
		       const char **ret_place)
{
	char uid[CGROUP_NAME_BYTES];
	struct container *container = NULL;
	enum holding holding = HOLDING_NONE;
	bool pods = holding_pod(path, uid, sizeof(uid));
	int r = 0;

	*ret_container = (struct alert_container){0};
	/* what the kubelet fills is not in the way of the containers' other volumes: those are in no pod's directory */
	if (!pods && strstr(path, "/kubelet/pods/"))
		return 0;
	if (holding_may(path, shown)) {
		containers_read_places_late(containers, path);
		container = containers_holder(containers, path, shown, &holding);
	}
	if (container)
		r = containers_give(containers, container, known, ret_container);
	else if (pods)
		r = containers_give_pod(containers, uid, known, ret_container);
	if (r < 0 || !ret_container->id)
		return r;
	ret_container->outside = true;
	*ret_place = container && holding == HOLDING_LAYER ? "layer" : "volume";
	return 0;
}
