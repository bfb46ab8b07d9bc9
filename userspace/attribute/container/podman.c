// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → podman's files: <graph root>/<storage driver>-containers/{,volatile-}containers.json, one list of
 * all containers, with the image's name as JSON in a string.
 *
 * The list may be long: only the entry that holds the id is parsed.
 *
 * Pods and labels are in <graph root>/libpod/bolt_state.db, the database of podman before 5.
 *
 * Limit: of a database of SQLite's, podman 5's, nothing is read: a pod has no name then, and no id but that in the cgroup's path.
 *
 * Limit: a rootless container's files are its owner's, so its name is what that user says.
 */
#include "attribute/container/bolt.h"
#include "attribute/container/readers.h"
#include "files/open.h"
#include "attribute/container/owner.h"
#include "attribute/container/user.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a container's configuration in podman's database, at most. */
#define PODMAN_CONFIG_MAX (256 << 10)

/*
 * The next object of a JSON array of objects, from *at on, told by braces outside of strings.
 * Returns its first byte and *ret_len, or NULL.
 */
static const char *container_list_next(const char *text, size_t len, size_t *at, size_t *ret_len)
{
	size_t depth = 0, start = 0;
	bool string = false;

	for (size_t i = *at; i < len; i++) {
		char byte = text[i];

		if (string) {
			if (byte == '\\')
				i++;
			else if (byte == '"')
				string = false;
		} else if (byte == '"') {
			string = true;
		} else if (byte == '{') {
			if (depth++ == 0)
				start = i;
		} else if (byte == '}' && depth && --depth == 0) {
			*at = i + 1;
			*ret_len = i + 1 - start;
			return text + start;
		}
	}
	return NULL;
}

static int container_podman_fill(const json_t *entry, struct container_facts *facts)
{
	const char *metadata = container_json_text(entry, "metadata");
	json_t *more = metadata ? json_loads(metadata, 0, NULL) : NULL;
	const char *name = json_string_value(json_array_get(json_object_get(entry, "names"), 0));
	int r = container_facts_set(&facts->name, name ? name : container_json_text(more, "name"));

	if (r == 0)
		r = container_facts_set(&facts->created, container_json_text(entry, "created"));
	if (r == 0)
		r = container_facts_set(&facts->image, container_json_text(more, "image-name"));
	if (r == 0)
		r = container_facts_digest(facts, container_json_text(entry, "image"));
	json_decref(more);
	return r;
}

/* <store>/overlay-containers/{,volatile-}containers.json, "layer" → <store>/overlay/<layer>/diff */
static int podman_layer(const json_t *entry, const char *file, struct container_facts *facts)
{
	static const char lists[] = "/overlay-containers/";
	const char *layer = container_json_text(entry, "layer"), *end = strstr(file, lists);
	char path[PATH_MAX];

	if (!layer || !end || !cgroup_name_is_id(layer, strlen(layer)) ||
	    (size_t)snprintf(path, sizeof(path), "%.*s/overlay/%s/diff", (int)(end - file), file, layer) >=
		    sizeof(path))
		return 0;
	return container_facts_layer(facts, path);
}

/* <store>/overlay-containers/<id>/userdata/config.json */
int container_podman_volumes(int root, const char *id, bool glance, struct container_facts *facts)
{
	static const char lists[] = "/overlay-containers/";
	const char *end = facts->source ? strstr(facts->source, lists) : NULL;
	json_t *config = NULL;
	char path[PATH_MAX];
	uint64_t size;
	int r = 0;

	if (!end || facts->volumes ||
	    (size_t)snprintf(path, sizeof(path), "%.*s%s/userdata/config.json",
			     (int)(end + strlen(lists) - facts->source), facts->source, id) >= sizeof(path) ||
	    (glance && !file_stamp(root, path, true, &size)))
		return 0;
	if (file_json(root, &config, "%s", path) == 0)
		r = container_oci_places(config, "", NULL, facts);
	json_decref(config);
	return r;
}

static int container_podman_search(const char *text, size_t len, const char *id, const char *file,
				   struct container_facts *facts)
{
	size_t at = 0, entry_len;
	const char *bytes;
	int r = -ENOENT;

	while (r == -ENOENT && (bytes = container_list_next(text, len, &at, &entry_len))) {
		const char *entry_id;
		json_t *entry;

		if (!memmem(bytes, entry_len, id, strlen(id)))
			continue;
		entry = json_loadb(bytes, entry_len, 0, NULL);
		entry_id = container_json_text(entry, "id");
		if (entry_id && strcmp(entry_id, id) == 0)
			r = container_podman_fill(entry, facts);
		if (r == 0)
			r = podman_layer(entry, file, facts);
		json_decref(entry);
	}
	return r;
}

int container_podman_file(int root, const struct cgroup_name *name, const char *file,
			  struct container_facts *facts)
{
	uint64_t size, stamp = file_stamp(root, file, false, &size);
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int r = name->owner ? container_owned(root, name->owner, "%s", file) : 0;

	if (r == 0)
		r = file_read(root, CONTAINER_LIST_MAX, &text, &len, "%s", file);
	if (r == 0)
		r = container_podman_search(text, len, name->id, file, facts);
	if (r == 0) {
		facts->stamp = stamp;
		if (!facts->source)
			facts->source = strdup(file);
	}
	return r;
}

static int container_podman_list(int root, const struct cgroup_name *name, const char *store,
				 const char *driver, const char *list, struct container_facts *facts)
{
	char file[PATH_MAX];

	if ((size_t)snprintf(file, sizeof(file), "%s/%s-containers/%s.json", store, driver, list) >=
	    sizeof(file))
		return -ENAMETOOLONG;
	return container_podman_file(root, name, file, facts);
}

/* What its own configuration tells; it may be long. */
static int podman_labels(int database, const char *id, struct container_facts *facts)
{
	const char *const path[] = {"ctr", id, "config", NULL};
	AUTO_FREE char *text = malloc(PODMAN_CONFIG_MAX);
	int len = text ? bolt_get(database, path, text, PODMAN_CONFIG_MAX) : -ENOMEM;
	json_t *config;
	int r;

	if (len <= 0 || len >= PODMAN_CONFIG_MAX)
		return len == -ENOMEM ? len : 0;
	config = json_loadb(text, (size_t)len, 0, NULL);
	r = container_facts_labels(facts, json_object_get(config, "labels"));
	json_decref(config);
	return r;
}

/* Its pod, and its labels. */
static int podman_database(int root, const struct cgroup_name *name, const char *store,
			   struct container_facts *facts)
{
	const char *const id_path[] = {"ctr", name->id, "pod-id", NULL};
	char id[CGROUP_NAME_UID_BYTES] = "", pod[CONTAINER_FACT_MAX + 1];
	const char *const pod_path[] = {"allPods", id, NULL};
	AUTO_CLOSE int fd = file_regular(root, "%s/libpod/bolt_state.db", store);
	int r;

	if (fd < 0)
		return 0;
	r = podman_labels(fd, name->id, facts);
	if (r < 0 || bolt_get(fd, id_path, id, sizeof(id)) != 64 || !cgroup_name_is_hash(id, strlen(id)))
		return r;
	r = container_facts_set(&facts->pod_uid, id);
	if (r == 0 && bolt_get(fd, pod_path, pod, sizeof(pod)) > 0)
		r = container_facts_set(&facts->pod, pod);
	return r;
}

/* @store: …/storage, a graph root or a run root */
static int container_podman_try(int root, const struct cgroup_name *name, const char *store,
				struct container_facts *facts)
{
	static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs"};
	int r = -ENOENT;

	for (size_t i = 0; r < 0 && i < sizeof(drivers) / sizeof(*drivers); i++) {
		r = container_podman_list(root, name, store, drivers[i], "containers", facts);
		if (r < 0)
			r = container_podman_list(root, name, store, drivers[i], "volatile-containers",
						  facts);
	}
	if (r < 0)
		return r;
	facts->runtime = "podman";
	/* of a user's, only what the list itself tells */
	if (name->owner)
		return 0;
	r = podman_database(root, name, store, facts);
	return r == 0 ? container_podman_volumes(root, name->id, true, facts) : r;
}

/* …/storage/<driver>-containers/<id>/userdata → …/storage */
int container_podman_bundle(int root, const struct cgroup_name *name, const char *bundle,
			    struct container_facts *facts)
{
	const char *end = strstr(bundle, "-containers/");
	char store[PATH_MAX];

	while (end && end > bundle && *end != '/')
		end--;
	if (!end || end == bundle || (size_t)(end - bundle) >= sizeof(store))
		return -ENOENT;
	memcpy(store, bundle, (size_t)(end - bundle));
	store[end - bundle] = '\0';
	return container_podman_try(root, name, store, facts);
}

int container_podman_read(int root, const struct cgroup_name *name, const char *path,
			  struct container_facts *facts)
{
	static const char *const stores[] = {"/var/lib/containers/storage", "/run/containers/storage"};
	char home[PATH_MAX], store[PATH_MAX + 48];
	uint32_t uid;
	int r = -ENOENT;

	if (container_user_find(root, name, path, &uid, home, sizeof(home)) == 0) {
		snprintf(store, sizeof(store), "%s/.local/share/containers/storage", home);
		if (*home)
			r = container_podman_try(root, name, store, facts);
		snprintf(store, sizeof(store), "/run/user/%u/containers", uid);
		if (r < 0)
			r = container_podman_try(root, name, store, facts);
	}
	for (size_t i = 0; !name->owner && r < 0 && i < sizeof(stores) / sizeof(*stores); i++)
		r = container_podman_try(root, name, stores[i], facts);
	return r;
}
