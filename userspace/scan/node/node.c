// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * stores → images, containers, places → those that are asked for → scan.
 *
 * Invariant: a place is scanned once, whoever shares it. A path is resolved below the host's root, and one of a user's store
 * below that store (files/safe_open.h): no link leads out of it. What can't be made use of is named and counted.
 */
#include "scan/node/node.h"

#include "files/open.h"
#include "files/safe_open.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- files of a store */

bool node_is_name(const char *name)
{
	return name && *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}

/* Does it lead up anywhere? */
static bool node_leads_up(const char *path)
{
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += strspn(at, "/");
		if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || !at[2]))
			return true;
	}
	return false;
}

/* Its path in the store, from a format; false if it is too long or leads out of the store, which is said. */
/* clang-format off */
static bool __attribute__((format(printf, 3, 0)))
node_path(const struct node_store *store, char *path, const char *format, va_list args)
/* clang-format on */
{
	int len = vsnprintf(path, PATH_MAX, format, args);

	if (len < 0 || len >= PATH_MAX)
		node_unread(store, strerror(ENAMETOOLONG), "%.64s…", path);
	else if (node_leads_up(path))
		node_unread(store, "that leads out of it", "%s", path);
	else
		return true;
	return false;
}

void node_unread(const struct node_store *store, const char *why, const char *format, ...)
{
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *shown = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&path, format, args);
	va_end(args);
	if (r < 0 || asprintf(&shown, "%s%s%s", store->shown, *path ? "/" : "", path) < 0) {
		store->node->failed = true;
		if (r < 0)
			path = NULL;
		shown = NULL;
		return;
	}
	scan_unread(store->node->scan, shown, why);
}

/* Is there nothing of that name? A link that leads nowhere is something. */
static bool node_is_absent(const struct node_store *store, const char *path)
{
	char below[PATH_MAX];
	AUTO_CLOSE int place = -1;

	if ((size_t)snprintf(below, sizeof(below), "%s/%s", store->path, path) < sizeof(below))
		place = safe_place(store->root, below, O_NOFOLLOW);
	return place == -ENOENT || place == -ENOTDIR;
}

static char *node_read(const struct node_store *store, const char *path, size_t *ret_len)
{
	char *text = NULL;
	int r = file_read(store->root, NODE_FILE_MAX, &text, ret_len, "%s/%s", store->path, path);

	if (r == 0)
		return text;
	if (r != -ENOENT || !node_is_absent(store, path))
		node_unread(store, strerror(-r), "%s", path);
	return NULL;
}

char *node_text(const struct node_store *store, const char *format, ...)
{
	char path[PATH_MAX], *text;
	va_list args;
	size_t len = 0;
	bool fits;

	va_start(args, format);
	fits = node_path(store, path, format, args);
	va_end(args);
	text = fits ? node_read(store, path, &len) : NULL;
	while (text && len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	return text;
}

json_t *node_json(const struct node_store *store, const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	char path[PATH_MAX];
	json_t *json;
	va_list args;
	size_t len = 0;
	bool fits;

	va_start(args, format);
	fits = node_path(store, path, format, args);
	va_end(args);
	text = fits ? node_read(store, path, &len) : NULL;
	if (!text)
		return NULL;
	json = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
	if (!json)
		node_unread(store, "it is no JSON", "%s", path);
	return json;
}

static int node_is_entry(const struct dirent *entry)
{
	return node_is_name(entry->d_name);
}

bool node_each(struct node_store *store,
	       void (*each)(struct node_store *store, void *context, const char *name), void *context,
	       const char *format, ...)
{
	struct dirent **entries;
	char path[PATH_MAX];
	va_list args;
	bool fits;
	int count, r;

	va_start(args, format);
	fits = node_path(store, path, format, args);
	va_end(args);
	AUTO_CLOSE int fd = fits ? file_directory(store->root, "%s/%s", store->path, path) : -ENOENT;

	if (fd < 0) {
		bool absent = !fits || (fd == -ENOENT && node_is_absent(store, path));

		if (!absent)
			node_unread(store, strerror(-fd), "%s", path);
		return !absent;
	}
	count = scandirat(fd, ".", &entries, node_is_entry, alphasort);
	r = errno;
	if (count < 0)
		node_unread(store, strerror(r), "%s", path);
	for (int i = 0; i < count; i++) {
		each(store, context, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return true;
}

bool node_exists(const struct node_store *store, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool fits;

	va_start(args, format);
	fits = node_path(store, path, format, args);
	va_end(args);
	return fits && !node_is_absent(store, path);
}

/* --- what there is */

static int node_append(struct node *node, json_t *array, json_t *value)
{
	if (value && json_array_append_new(array, value) == 0)
		return (int)json_array_size(array) - 1;
	node->failed = true;
	return -1;
}

static void node_set(struct node *node, json_t *object, const char *key, const char *text)
{
	if (text && *text && json_object_set_new_nocheck(object, key, json_string_nocheck(text)) < 0)
		node->failed = true;
}

/* An object of what the runtime has. */
static json_t *node_object(const struct node_store *store, const char *namespace)
{
	json_t *object = json_object();

	node_set(store->node, object, "runtime", store->runtime);
	node_set(store->node, object, "namespace", namespace);
	return object;
}

static char *node_key(const struct node_store *store, const char *path)
{
	char *key;

	if (asprintf(&key, "%d %s", store->number, path) >= 0)
		return key;
	store->node->failed = true;
	return NULL;
}

bool node_known(const struct node_store *store, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool fits;

	va_start(args, format);
	fits = node_path(store, path, format, args);
	va_end(args);
	AUTO_FREE char *key = fits ? node_key(store, path) : NULL;

	return key && json_object_get(store->node->paths, key);
}

int node_place(struct node_store *store, const char *namespace, enum holder_part part, const char *name,
	       const char *format, ...)
{
	struct node *node = store->node;
	char path[PATH_MAX];
	json_t *place, *known;
	va_list args;
	bool fits;
	int number;

	va_start(args, format);
	fits = node_path(store, path, format, args);
	va_end(args);
	AUTO_FREE char *key = fits ? node_key(store, path) : NULL;

	if (!key)
		return -1;
	known = json_object_get(node->paths, key);
	if (known)
		return (int)json_integer_value(known);
	place = node_object(store, namespace);
	node_set(node, place, part == HOLDER_VOLUME ? "volume" : "layer", name);
	node_set(node, place, "path", path);
	json_object_set_new(place, "part", json_integer(part));
	json_object_set_new(place, "store", json_integer(store->number));
	json_object_set_new(place, "images", json_array());
	json_object_set_new(place, "containers", json_array());
	number = node_append(node, node->places, place);
	if (number >= 0 && json_object_set_new_nocheck(node->paths, key, json_integer(number)) < 0)
		node->failed = true;
	return number;
}

void node_place_text(struct node_store *store, const char *namespace, json_t *text, int container,
		     const char *path)
{
	struct node *node = store->node;
	json_t *place;
	int number;

	if (!json_is_string(text))
		return;
	place = node_object(store, namespace);
	node_set(node, place, "path", path);
	json_object_set(place, "text", text);
	json_object_set_new(place, "part", json_integer(HOLDER_CONFIGURATION));
	json_object_set_new(place, "store", json_integer(store->number));
	json_object_set_new(place, "images", json_array());
	json_object_set_new(place, "containers", json_array());
	number = node_append(node, node->places, place);
	node_belongs(node, number, -1, container);
}

int node_image(struct node_store *store, const char *namespace, const char *id)
{
	json_t *image = node_object(store, namespace);

	node_set(store->node, image, "id", id);
	json_object_set_new(image, "names", json_array());
	return node_append(store->node, store->node->images, image);
}

void node_image_name(struct node *node, int image, const char *name)
{
	json_t *names = json_object_get(json_array_get(node->images, (size_t)image), "names");

	if (image >= 0 && name && *name && json_array_append_new(names, json_string_nocheck(name)) < 0)
		node->failed = true;
}

void node_image_digest(struct node *node, int image, const char *digest)
{
	if (image >= 0)
		node_set(node, json_array_get(node->images, (size_t)image), "digest", digest);
}

int node_container(struct node_store *store, const char *namespace, const struct holder_container *container,
		   int image)
{
	json_t *object = node_object(store, namespace);

	node_set(store->node, object, "id", container->id);
	node_set(store->node, object, "name", container->name);
	node_set(store->node, object, "pod", container->pod);
	node_set(store->node, object, "pod_namespace", container->pod_namespace);
	json_object_set_new(object, "image", json_integer(image));
	return node_append(store->node, store->node->containers, object);
}

void node_elsewhere(struct node_store *store, const char *id, const char *driver, int container)
{
	json_t *entry =
		json_pack("{si, si, ss}", "container", container, "store", store->number, "driver", driver);

	if (json_object_set_new_nocheck(store->node->elsewhere, id, entry) < 0)
		store->node->failed = true;
}

int node_elsewhere_of(const struct node_store *store, const char *id, const char *snapshotter)
{
	const struct node *node = store->node;
	const json_t *entry = json_object_get(node->elsewhere, id);
	const char *driver = json_string_value(json_object_get(entry, "driver"));

	if (!driver || strcmp(driver, snapshotter) != 0 || store->root != node->root ||
	    node->stores[json_integer_value(json_object_get(entry, "store"))].root != node->root)
		return -1;
	return (int)json_integer_value(json_object_get(entry, "container"));
}

void node_elsewhere_found(struct node *node, const char *id)
{
	json_object_set_new(json_object_get(node->elsewhere, id), "found", json_true());
}

static void node_elsewhere_end(struct node *node)
{
	const char *id;
	json_t *entry;

	json_object_foreach (node->elsewhere, id, entry) {
		if (!json_object_get(entry, "found"))
			node_unread(&node->stores[json_integer_value(json_object_get(entry, "store"))],
				    "its layers are kept in a way that is not known", "containers/%s", id);
	}
}

/* The last one may be the same: a volume that is mounted twice. */
static void node_belongs_to(struct node *node, json_t *array, int number)
{
	json_t *last = json_array_get(array, json_array_size(array) - 1);

	if (number < 0 || (last && json_integer_value(last) == number))
		return;
	node_append(node, array, json_integer(number));
}

void node_belongs(struct node *node, int place, int image, int container)
{
	json_t *object = place < 0 ? NULL : json_array_get(node->places, (size_t)place);

	if (!object)
		return;
	if (node->belongs++ == NODE_BELONGS_MAX)
		node_unread(&node->stores[json_integer_value(json_object_get(object, "store"))],
			    "so many images and containers share its layers that not all are named", "%s",
			    "");
	if (node->belongs > NODE_BELONGS_MAX)
		return;
	node_belongs_to(node, json_object_get(object, "images"), image);
	node_belongs_to(node, json_object_get(object, "containers"), container);
}

void node_counts_bind(struct node *node, int container)
{
	json_t *object = json_array_get(node->containers, (size_t)container);
	json_int_t before = json_integer_value(json_object_get(object, "binds"));

	if (json_object_set_new(object, "binds", json_integer(before + 1)) < 0)
		node->failed = true;
}

/* --- what is asked for */

static const char *node_member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void node_choose(json_t *object)
{
	json_object_set_new(object, "chosen", json_true());
}

static bool node_is_chosen(const json_t *array, size_t index)
{
	return json_is_true(json_object_get(json_array_get(array, index), "chosen"));
}

/* Those that a text means; nothing at all is an error. */
static int node_choose_by(struct node *node, json_t *array,
			  bool (*match)(const json_t *object, const char *text), const char *option,
			  const char *text)
{
	bool any = false;
	json_t *object;
	size_t i;

	json_array_foreach (array, i, object) {
		if (!match(object, text))
			continue;
		any = true;
		node_choose(object);
	}
	if (!any)
		node_unmatched(node, option, text);
	return any ? 0 : 1;
}

static int node_choose_all(struct node *node, const struct node_options *options)
{
	int r = 0;

	for (size_t i = 0; i < options->container_count; i++)
		r |= node_choose_by(node, node->containers, node_match_container, "--container",
				    options->containers[i]);
	for (size_t i = 0; i < options->image_count; i++)
		r |= node_choose_by(node, node->images, node_match_image, "--image", options->images[i]);
	return r;
}

/* Is it of a container or an image that is asked for? What an image has, its containers have as well. */
static bool node_place_is_chosen(const struct node *node, const json_t *place)
{
	json_t *number;
	size_t i;

	json_array_foreach (json_object_get(place, "images"), i, number) {
		if (node_is_chosen(node->images, (size_t)json_integer_value(number)))
			return true;
	}
	json_array_foreach (json_object_get(place, "containers"), i, number) {
		if (node_is_chosen(node->containers, (size_t)json_integer_value(number)))
			return true;
	}
	return false;
}

/* The image that a chosen container was made from; and what is not looked into of those that are. */
static void node_choose_images_of(struct node *node, json_t *images, bool all)
{
	json_t *container;
	size_t i;

	json_array_foreach (node->containers, i, container) {
		json_t *image = json_array_get(
			images, (size_t)json_integer_value(json_object_get(container, "image")));

		if (!all && !json_is_true(json_object_get(container, "chosen")))
			continue;
		node->scan->counts.binds += (uint64_t)json_integer_value(json_object_get(container, "binds"));
		if (image && !all)
			node_choose(image);
	}
}

/* --- scanning */

/* First those that are asked for: they are the ones that are named. */
static void node_holder_images(const struct node *node, const json_t *place, struct scan_holder *holder)
{
	const json_t *numbers = json_object_get(place, "images");
	json_t *number;
	size_t i, count = 0;

	for (int chosen = 1; chosen >= 0; chosen--) {
		json_array_foreach (numbers, i, number) {
			size_t index = (size_t)json_integer_value(number);
			const json_t *image = json_array_get(node->images, index);
			const char *digest = node_member(image, "digest");

			if (count == HOLDER_NAMED || node_is_chosen(node->images, index) != chosen)
				continue;
			holder->images[count++] = (struct holder_image){
				.name = json_string_value(json_array_get(json_object_get(image, "names"), 0)),
				.digest = digest ? digest : node_member(image, "id"),
			};
		}
	}
	holder->image_count = json_array_size(numbers);
}

static void node_holder_containers(const struct node *node, const json_t *place, struct scan_holder *holder)
{
	const json_t *numbers = json_object_get(place, "containers");
	json_t *number;
	size_t i, count = 0;

	for (int chosen = 1; chosen >= 0; chosen--) {
		json_array_foreach (numbers, i, number) {
			size_t index = (size_t)json_integer_value(number);
			const json_t *container = json_array_get(node->containers, index);

			if (count == HOLDER_NAMED || node_is_chosen(node->containers, index) != chosen)
				continue;
			holder->containers[count++] = (struct holder_container){
				.id = node_member(container, "id"),
				.name = node_member(container, "name"),
				.pod = node_member(container, "pod"),
				.pod_namespace = node_member(container, "pod_namespace"),
			};
		}
	}
	holder->container_count = json_array_size(numbers);
}

struct node_memory {
	const char *at;
	size_t left;
};

static ssize_t node_pull(void *source, void *to, size_t room)
{
	struct node_memory *memory = source;
	size_t len = memory->left < room ? memory->left : room;

	memcpy(to, memory->at, len);
	memory->at += len;
	memory->left -= len;
	return (ssize_t)len;
}

static void node_scan_text(struct scan *scan, const char *path, const json_t *text)
{
	struct node_memory memory = {json_string_value(text), json_string_length(text)};

	scan_plain_source(scan, path, node_pull, &memory);
}

static void node_scan_place(struct node *node, const json_t *place)
{
	const struct node_store *store = &node->stores[json_integer_value(json_object_get(place, "store"))];
	const char *path = node_member(place, "path");
	struct scan_holder holder = {
		.runtime = node_member(place, "runtime"),
		.namespace = node_member(place, "namespace"),
		.part = (enum holder_part)json_integer_value(json_object_get(place, "part")),
		.layer = node_member(place, "layer"),
		.volume = node_member(place, "volume"),
	};
	AUTO_FREE char *below = NULL;
	AUTO_FREE char *shown = NULL;
	AUTO_CLOSE int fd = -1;
	const json_t *text;

	if (asprintf(&below, "%s/%s", store->path, path ? path : "") < 0)
		below = NULL;
	if (asprintf(&shown, "%s%s%s", store->shown, path ? "/" : "", path ? path : "") < 0)
		shown = NULL;
	if (!below || !shown) {
		node->failed = true;
		return;
	}
	fd = safe_place(store->root, below, O_NOFOLLOW);
	if (fd < 0) {
		scan_unread(node->scan, shown, strerror(-fd));
		return;
	}
	text = json_object_get(place, "text");
	holder.base = strlen(shown);
	node_holder_images(node, place, &holder);
	node_holder_containers(node, place, &holder);
	node->scan->holder = &holder;
	if (text)
		node_scan_text(node->scan, shown, text);
	else
		scan_below(node->scan, fd, shown);
	node->scan->holder = NULL;
}

static int node_scan(struct node *node, const struct node_options *options)
{
	int r = node_choose_all(node, options);
	json_t *place;
	size_t i;

	if (r)
		return r;
	node_choose_images_of(node, node->images, options->all);
	json_array_foreach (node->places, i, place) {
		if (node->scan->error == 0 && !node->failed &&
		    (options->all || node_place_is_chosen(node, place)))
			node_scan_place(node, place);
	}
	return 0;
}

/* Does another one of that runtime lie in it? That has it all then: docker with userns-remap, Docker's own containerd. */
static bool node_store_is_around(const struct node_store *store)
{
	size_t len = strlen(store->shown);

	for (size_t i = 0; i < store->node->store_count; i++) {
		const struct node_store *other = &store->node->stores[i];

		if (other->runtime && strcmp(other->runtime, store->runtime) == 0 &&
		    strncmp(other->shown, store->shown, len) == 0 && other->shown[len] == '/')
			return true;
	}
	return false;
}

/* What each runtime makes when it starts, and is there if nothing else is. */
static bool node_store_is_known(const struct node_store *store)
{
	static const struct {
		const char *runtime, *name;
	} marks[] = {
		{"docker", "image"},          {"docker", "containers"}, {"docker", "volumes"},
		{"podman", "overlay-layers"}, {"podman", "vfs-layers"}, {"podman", "btrfs-layers"},
		{"podman", "zfs-layers"},     {"podman", "volumes"},    {"containerd", CONTAINERD_META},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (strcmp(store->runtime, marks[i].runtime) == 0 && node_exists(store, "%s", marks[i].name))
			return true;
	return node_store_is_around(store);
}

static void node_read_store(struct node_store *store)
{
	static const struct {
		const char *runtime;
		void (*read)(struct node_store *store);
	} readers[] = {
		{"docker", node_docker},
		{"podman", node_podman},
		{"containerd", node_containerd},
	};
	size_t before = json_array_size(store->node->places);

	if (strcmp(store->runtime, NODE_PODS) == 0) {
		node_pods(store);
		return;
	}
	if (strcmp(store->runtime, NODE_NERDCTL) == 0) {
		node_nerdctl(store);
		return;
	}
	if (strcmp(store->runtime, NODE_POD_VOLUMES) == 0) {
		node_pod_volumes(store);
		return;
	}
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		if (strcmp(store->runtime, readers[i].runtime) == 0)
			readers[i].read(store);
	if (json_array_size(store->node->places) == before && !node_store_is_known(store)) {
		char why[64];

		snprintf(why, sizeof(why), "nothing in it is what %s keeps", store->runtime);
		node_unread(store, why, "%s", "");
	}
}

static int node_begin(struct node *node, const struct node_options *options)
{
	node->images = json_array();
	node->containers = json_array();
	node->places = json_array();
	node->paths = json_object();
	node->pods = json_object();
	node->elsewhere = json_object();
	node->directories = json_object();
	if (!node->images || !node->containers || !node->places || !node->paths || !node->pods ||
	    !node->elsewhere || !node->directories)
		return -ENOMEM;
	node->shown = options->root && strcmp(options->root, "/") != 0 ? options->root : "";
	node->root = safe_root(options->root ? options->root : "/");
	return node->root < 0 ? node->root : 0;
}

static void node_end(struct node *node)
{
	for (size_t i = 0; i < node->store_count; i++) {
		if (node->stores[i].root != node->root)
			close(node->stores[i].root);
		free(node->stores[i].path);
		free(node->stores[i].shown);
	}
	if (node->root >= 0)
		close(node->root);
	json_decref(node->images);
	json_decref(node->containers);
	json_decref(node->places);
	json_decref(node->paths);
	json_decref(node->pods);
	json_decref(node->elsewhere);
	json_decref(node->directories);
	free(node);
}

int scan_node(struct scan *scan, const struct node_options *options)
{
	struct node *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		return -ENOMEM;
	node->scan = scan;
	node->root = -1;
	r = node_begin(node, options);
	if (r == 0)
		r = node_stores(node, options);
	else if (r != -ENOMEM)
		scan_unread(scan, options->root ? options->root : "/", strerror(-r));
	if (node->root < 0 && r != -ENOMEM)
		r = 0;
	/* Docker's first: containerd may have the layers of its containers */
	for (int others = 0; others < 2; others++)
		for (size_t i = 0; r == 0 && i < node->store_count; i++)
			if (strcmp(node->stores[i].runtime, "docker") == 0 ? !others : others)
				node_read_store(&node->stores[i]);
	node_elsewhere_end(node);
	if (r == 0 && node->root >= 0 && !node->failed)
		r = node_scan(node, options);
	if (node->failed)
		scan->error = -ENOMEM;
	/* no report may look as if all was fine */
	scan->counts.unreadable += r > 0;
	node_end(node);
	return r;
}
