// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * git's raw lists (git-diff-tree(1), "RAW OUTPUT FORMAT", "DIFF FORMAT FOR
 * MERGES") → objects to be read.
 *
 *     \1COMMIT \0 AUTHOR \0 [\n | \0]  :MODE MODE ID ID STATUS \0 PATH \0 …
 *
 * A merge has as many colons as parents, a mode and an id for each, and one of
 * each for itself; only what differs from all parents is in it.
 *
 * Limit: all that is to be read is in memory, 48 bytes an object and each path
 * once.
 */
#include "scan/git.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Bits of the mode (git-fast-import(1)). */
#define GIT_LINK_TO_COMMIT 0160000U

struct git_path {
	UT_hash_handle hh;
	bool submodule; /* it was told */
	bool wanted;
	char text[];
};

struct git_list {
	struct git_list_use use;
	bool once;
	struct git_commit *commits; /* the last one first */
	struct git_path *paths;
	struct git_object *objects;
	size_t count, size;
	size_t id_len;
	/* open addressing: number of the object + 1, at least half of them 0 */
	uint32_t *index;
	size_t index_size;
	char *text; /* what was read last */
	size_t text_size;
};

int git_list_open(const struct git_list_use *use, bool once, struct git_list **ret_list)
{
	struct git_list *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->use = *use;
	list->once = once;
	*ret_list = list;
	return 0;
}

void git_list_close(struct git_list *list)
{
	struct git_path *path, *next;

	if (!list)
		return;
	HASH_ITER(hh, list->paths, path, next)
	{
		HASH_DEL(list->paths, path);
		free(path);
	}
	while (list->commits) {
		struct git_commit *commit = list->commits;

		list->commits = commit->next;
		free(commit);
	}
	free(list->objects);
	free(list->index);
	free(list->text);
	free(list);
}

const struct git_object *git_list_objects(const struct git_list *list, size_t *ret_count, size_t *ret_id_len)
{
	*ret_count = list->count;
	*ret_id_len = list->id_len;
	return list->objects;
}

static int git_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* An id in hexadecimal up to a blank or the end. Returns what is behind it, or
 * NULL. */
static const char *git_id(struct git_list *list, const char *text, uint8_t id[32])
{
	size_t len = strcspn(text, " ");

	if ((len != 40 && len != 64) || (list->id_len && list->id_len != len / 2))
		return NULL;
	list->id_len = len / 2;
	memset(id, 0, 32);
	for (size_t i = 0; i < len; i += 2) {
		int high = git_digit(text[i]), low = git_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return NULL;
		id[i / 2] = (uint8_t)(high << 4 | low);
	}
	return text + len;
}

/* Its place in the index, or the one where it is to be. An id is as good as
 * random. */
static size_t git_list_slot(const struct git_list *list, const uint8_t id[32])
{
	uint64_t hash;
	size_t slot;

	memcpy(&hash, id, sizeof(hash));
	for (slot = hash & (list->index_size - 1); list->index[slot];
	     slot = (slot + 1) & (list->index_size - 1))
		if (memcmp(list->objects[list->index[slot] - 1].id, id, 32) == 0)
			break;
	return slot;
}

static int git_list_grow(struct git_list *list)
{
	size_t size = list->size ? 2 * list->size : 1024;
	struct git_object *objects;

	if (list->count < list->size)
		return 0;
	if (size > UINT32_MAX / 2)
		return -E2BIG;
	objects = reallocarray(list->objects, size, sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	list->objects = objects;
	list->size = size;
	free(list->index);
	list->index_size = 2 * size;
	list->index = calloc(list->index_size, sizeof(*list->index));
	if (!list->index)
		return -ENOMEM;
	for (size_t i = 0; list->once && i < list->count; i++)
		list->index[git_list_slot(list, objects[i].id)] = (uint32_t)i + 1;
	return 0;
}

static int git_list_add(struct git_list *list, const struct git_object *object)
{
	int r = git_list_grow(list);

	if (r < 0)
		return r;
	if (list->once) {
		size_t slot = git_list_slot(list, object->id);

		if (list->index[slot])
			return 0;
		list->index[slot] = (uint32_t)list->count + 1;
	}
	list->objects[list->count++] = *object;
	return 0;
}

static const char *git_list_text(struct git_list *list, FILE *file)
{
	ssize_t len = getdelim(&list->text, &list->text_size, '\0', file);

	/* what a read error cuts has no end */
	return len > 0 && !list->text[len - 1] ? list->text : NULL;
}

static struct git_path *git_list_path(struct git_list *list, const char *text)
{
	size_t len = strlen(text);
	struct git_path *path;

	HASH_FIND(hh, list->paths, text, len, path);
	if (path)
		return path;
	path = calloc(1, sizeof(*path) + len + 1);
	if (!path)
		return NULL;
	memcpy(path->text, text, len);
	HASH_ADD_KEYPTR(hh, list->paths, path->text, len, path);
	if (!path->hh.tbl) {
		free(path);
		return NULL;
	}
	path->wanted = list->use.name(list->use.context, path->text, list->commits);
	return path;
}

/* The commit whose hash has been read, and its author, which follows. */
static int git_list_commit(struct git_list *list, const char *hash, FILE *file)
{
	AUTO_FREE char *id = strdup(hash);
	struct git_object object = {0};
	struct git_commit *commit;
	const char *author, *end;

	if (!id)
		return -ENOMEM;
	end = git_id(list, id, object.id);
	author = git_list_text(list, file);
	if (!end || *end || !author)
		return -EBADMSG;
	commit = malloc(sizeof(*commit) + strlen(id) + 1 + strlen(author) + 1);
	if (!commit)
		return -ENOMEM;
	commit->next = list->commits;
	commit->id = memcpy((char *)(commit + 1), id, strlen(id) + 1);
	commit->author = memcpy((char *)(commit + 1) + strlen(id) + 1, author, strlen(author) + 1);
	list->commits = commit;
	object.commit = commit;
	return git_list_add(list, &object);
}

/* ":MODE MODE ID ID STATUS", for a merge with more of each: what it came to is
 * the last mode, and the last id. */
static int git_list_change(struct git_list *list, const char *text, struct git_object *ret_object,
			   unsigned long *ret_mode)
{
	size_t parents = strspn(text, ":");

	text += parents;
	for (size_t i = 0; i <= parents; i++) {
		char *end;

		*ret_mode = strtoul(text, &end, 8);
		if (end == text || *end != ' ')
			return -EBADMSG;
		text = end + 1;
	}
	for (size_t i = 0; i <= parents; i++) {
		text = git_id(list, text, ret_object->id);
		if (!text || *text != ' ')
			return -EBADMSG;
		text++;
	}
	return 0;
}

static bool git_is_none(const uint8_t id[32])
{
	static const uint8_t none[32];

	return memcmp(id, none, sizeof(none)) == 0;
}

static int git_list_file(struct git_list *list, const char *text, FILE *file)
{
	struct git_object object = {.commit = list->commits};
	struct git_path *path;
	unsigned long mode;
	int r = git_list_change(list, text, &object, &mode);

	if (r < 0)
		return r;
	text = git_list_text(list, file);
	if (!text || !*text)
		return -EBADMSG;
	if (git_is_none(object.id))
		return 0;
	path = git_list_path(list, text);
	if (!path)
		return -ENOMEM;
	if (!path->wanted)
		return 0;
	object.path = path->text;
	if (mode != GIT_LINK_TO_COMMIT)
		return git_list_add(list, &object);
	if (!path->submodule)
		list->use.submodule(list->use.context, path->text);
	path->submodule = true;
	return 0;
}

int git_list_read(struct git_list *list, FILE *file)
{
	const char *text;
	int r = 0;

	while (r == 0 && (text = git_list_text(list, file))) {
		text += *text == '\n';
		if (*text == '\1')
			r = git_list_commit(list, text + 1, file);
		else if (*text == ':')
			r = git_list_file(list, text, file);
		else if (*text)
			r = -EBADMSG;
	}
	if (r < 0)
		return r;
	/* a last newline is fine, anything else was cut */
	return ferror(file) ? -EIO : 0;
}
