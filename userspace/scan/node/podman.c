// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The directory that podman, CRI-O and buildah share (containers/storage: images.go, layers.go, containers.go):
 *
 *     DRIVER-layers/{layers,volatile-layers}.json        layers, each with its parent
 *     DRIVER-images/images.json, DRIVER-images/ID/       images, by their upmost layer; manifests and configurations
 *     DRIVER-containers/{containers,volatile-containers}.json, DRIVER-containers/ID/userdata/
 *     DRIVER/LAYER/diff                                  what is in a layer
 *     volumes/NAME/_data, secrets/, db.sql, libpod/      podman's own
 *
 * What stands in the lists is a user's: it may say the same a million times, and that a layer is its own parent. So what is done for
 * it has bounds, and what is beyond is told once.
 *
 * Limit: layers of zfs are no directories here, which is said.
 */
#include "scan/node/node.h"

#include "lib/cleanup.h"

#include <stdio.h>
#include <string.h>

/* What a driver's layers are called: DIRECTORY/LAYER/BEHIND. */
static const struct podman_driver {
	const char *name, *directory, *behind;
} podman_drivers[] = {
	{"overlay", "overlay", "/diff"},
	{"vfs", "vfs/dir", ""},
	{"btrfs", "btrfs/subvolumes", ""},
	{"zfs", NULL, NULL},
};

/* While one driver's are read. */
struct podman {
	struct node_store *store;
	const struct podman_driver *driver;
	json_t *layers; /* id → {"parent", "diff-digest", …} */
	json_t *images; /* id → image */
	json_t *containers; /* id → true */
	json_t *volumes; /* name → place */
	size_t chains; /* that were followed, or begun */
	bool twice; /* that a container is there twice was told */
};

static const char *podman_member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

static void podman_keep(struct podman *podman, json_t *object, const char *key, json_t *value)
{
	if (!key)
		json_decref(value);
	else if (json_object_set_new_nocheck(object, key, value) < 0)
		podman->store->node->failed = true;
}

static int podman_number(const json_t *object, const char *key)
{
	const json_t *number = key ? json_object_get(object, key) : NULL;

	return number ? (int)json_integer_value(number) : -1;
}

/* One of the lists of that kind: [{"id": …}], as JSON; there may be none. */
static json_t *podman_list(const struct podman *podman, const char *kind, const char *list)
{
	const char *driver = podman->driver->name;

	if (!node_exists(podman->store, "%s-%s/%s.json", driver, kind, list))
		return NULL;
	return node_json(podman->store, "%s-%s/%s.json", driver, kind, list);
}

static void podman_layers(struct podman *podman, const char *list)
{
	json_t *layers = podman_list(podman, "layers", list), *layer;
	size_t i;

	json_array_foreach (layers, i, layer) {
		podman_keep(podman, podman->layers, podman_member(layer, "id"), json_incref(layer));
	}
	json_decref(layers);
}

static int podman_layer_place(struct podman *podman, enum holder_part part, const char *id)
{
	const char *digest = podman_member(json_object_get(podman->layers, id), "diff-digest");

	if (!node_is_name(id)) {
		node_unread(podman->store, "a layer's id is no name of a file", "%s-layers",
			    podman->driver->name);
		return -1;
	}
	return node_place(podman->store, NULL, part,
			  part == HOLDER_CONTAINER ? NULL
			  : digest                 ? digest
						   : id,
			  "%s/%s%s", podman->driver->directory, id, podman->driver->behind);
}

/* May one more chain be followed? */
static bool podman_may_follow(struct podman *podman)
{
	if (podman->chains++ == NODE_ENTRIES_MAX)
		node_unread(podman->store, "so many layers are needed that not all are followed", "%s-layers",
			    podman->driver->name);
	return podman->chains <= NODE_ENTRIES_MAX && podman->store->node->belongs <= NODE_BELONGS_MAX;
}

/* A layer and those below it. One that comes again is found by Brent: it is compared with that of the last power of two. */
static void podman_chain(struct podman *podman, const char *id, int image, int container)
{
	const json_t *before = NULL;

	if (!id || !podman_may_follow(podman))
		return;
	for (int i = 0; id && i < NODE_LAYERS_MAX; i++) {
		const json_t *layer = json_object_get(podman->layers, id);
		int place;

		if (layer && layer == before) {
			node_unread(podman->store, "it is a parent of its own", "%s-layers/%s",
				    podman->driver->name, id);
			return;
		}
		if ((i & (i - 1)) == 0)
			before = layer;
		if (!layer) {
			node_unread(podman->store, "a layer that is needed is not there", "%s-layers/%s",
				    podman->driver->name, id);
			return;
		}
		place = podman_layer_place(podman, HOLDER_LAYER, id);
		if (place < 0)
			return;
		node_belongs(podman->store->node, place, image, container);
		id = podman_member(layer, "parent");
	}
}

static void podman_image(struct podman *podman, const json_t *entry)
{
	const char *id = podman_member(entry, "id");
	struct node_store *store = podman->store;
	json_t *name, *layer;
	size_t i;
	int image;

	if (!node_is_name(id)) {
		node_unread(store, id ? "an image's id is no name of a file" : "an image in it has no id",
			    "%s-images/images.json", podman->driver->name);
		return;
	}
	image = node_image(store, NULL, id);
	podman_keep(podman, podman->images, id, json_integer(image));
	node_image_digest(store->node, image, podman_member(entry, "digest"));
	json_array_foreach (json_object_get(entry, "names"), i, name) {
		node_image_name(store->node, image, json_string_value(name));
	}
	if (node_exists(store, "%s-images/%s", podman->driver->name, id))
		node_belongs(store->node,
			     node_place(store, NULL, HOLDER_CONFIGURATION, NULL, "%s-images/%s",
					podman->driver->name, id),
			     image, -1);
	podman_chain(podman, podman_member(entry, "layer"), image, -1);
	/* the same for other users in a user namespace */
	json_array_foreach (json_object_get(entry, "mapped-layers"), i, layer) {
		if (i == NODE_LAYERS_MAX) {
			node_unread(store, "an image in it has too many layers", "%s-images/images.json",
				    podman->driver->name);
			break;
		}
		podman_chain(podman, json_string_value(layer), image, -1);
	}
}

/* CRI-O calls them k8s_NAME_POD_NAMESPACE_UID_ATTEMPT, and no part has such a line in it. */
static bool podman_pod(char *name, struct holder_container *whose)
{
	char *parts[6], *rest = name;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		parts[i] = strsep(&rest, "_");
	if (!parts[5] || rest || strcmp(parts[0], "k8s") != 0)
		return false;
	whose->name = parts[1];
	whose->pod = parts[2];
	whose->pod_namespace = parts[3];
	return true;
}

/* What podman, or CRI-O, says of it: JSON in a string. */
static json_t *podman_metadata(const json_t *entry)
{
	const char *text = podman_member(entry, "metadata");

	return text ? json_loads(text, 0, NULL) : NULL;
}

/* …/volumes/NAME/_data → NAME */
static void podman_mount(struct podman *podman, const char *source, int container)
{
	static const char head[] = "/volumes/", tail[] = "/_data";
	const char *end = source ? strstr(source, tail) : NULL, *start = end;
	AUTO_FREE char *name = NULL;
	int place = -1;

	while (start && start > source && start[-1] != '/')
		start--;
	if (start && start - source >= (ptrdiff_t)strlen(head) &&
	    strncmp(start - strlen(head), head, strlen(head)) == 0) {
		name = strndup(start, (size_t)(end - start));
		place = podman_number(podman->volumes, name);
	}
	if (place >= 0)
		node_belongs(podman->store->node, place, -1, container);
	else if (source)
		node_counts_bind(podman->store->node, container);
}

/* What is mounted in it, by the bundle; podman's own files are not meant. */
static void podman_mounts(struct podman *podman, int container, const char *id)
{
	json_t *bundle, *mount;
	size_t i;

	if (!node_exists(podman->store, "%s-containers/%s/userdata/config.json", podman->driver->name, id))
		return;
	bundle = node_json(podman->store, "%s-containers/%s/userdata/config.json", podman->driver->name, id);
	json_array_foreach (json_object_get(bundle, "mounts"), i, mount) {
		const char *source = podman_member(mount, "source");
		const char *type = podman_member(mount, "type");

		if (source && type && strcmp(type, "bind") == 0 && !strstr(source, id))
			podman_mount(podman, source, container);
	}
	json_decref(bundle);
}

static void podman_container(struct podman *podman, const json_t *entry)
{
	const char *id = podman_member(entry, "id"), *layer = podman_member(entry, "layer");
	const char *name = json_string_value(json_array_get(json_object_get(entry, "names"), 0));
	json_t *metadata = podman_metadata(entry);
	AUTO_FREE char *of_pod = NULL;
	struct node_store *store = podman->store;
	struct holder_container whose = {.id = id, .name = name ? name : podman_member(metadata, "name")};
	int image = podman_number(podman->images, podman_member(entry, "image")), container;
	const char *runtime = store->runtime;

	of_pod = strdup(whose.name ? whose.name : "");
	/* by its own word, which podman's don't have */
	if (podman_member(metadata, "pod-id"))
		store->runtime = "cri-o";
	if (of_pod && podman_member(metadata, "pod-id"))
		podman_pod(of_pod, &whose);
	container = node_container(store, NULL, &whose, image);
	if (id && !node_is_name(id)) {
		node_unread(store, "a container's id is no name of a file", "%s-containers",
			    podman->driver->name);
	} else if (id && node_exists(store, "%s-containers/%s", podman->driver->name, id)) {
		node_belongs(store->node,
			     node_place(store, NULL, HOLDER_CONFIGURATION, NULL, "%s-containers/%s",
					podman->driver->name, id),
			     -1, container);
		podman_mounts(podman, container, id);
	}
	if (layer) {
		node_belongs(store->node, podman_layer_place(podman, HOLDER_CONTAINER, layer), -1, container);
		/* one without an image was made of a directory, or of layers of its own */
		if (image < 0)
			podman_chain(podman, podman_member(json_object_get(podman->layers, layer), "parent"),
				     -1, container);
	}
	store->runtime = runtime;
	json_decref(metadata);
}

/* Was it there before? Its bundle is read once. */
static bool podman_is_again(struct podman *podman, const char *id)
{
	if (!id || !json_object_get(podman->containers, id)) {
		podman_keep(podman, podman->containers, id, json_true());
		return false;
	}
	if (!podman->twice)
		node_unread(podman->store, "a container is there twice", "%s-containers",
			    podman->driver->name);
	podman->twice = true;
	return true;
}

static void podman_container_once(struct podman *podman, const json_t *entry)
{
	if (!podman_is_again(podman, podman_member(entry, "id")))
		podman_container(podman, entry);
}

static void podman_each(struct podman *podman, const char *kind, const char *list,
			void (*each)(struct podman *podman, const json_t *entry))
{
	json_t *entries = podman_list(podman, kind, list), *entry;
	size_t i;

	json_array_foreach (entries, i, entry) {
		if (i == NODE_ENTRIES_MAX) {
			node_unread(podman->store, "it has too many entries", "%s-%s/%s.json",
				    podman->driver->name, kind, list);
			break;
		}
		each(podman, entry);
	}
	json_decref(entries);
}

/* volumes/NAME */
static void podman_volume(struct node_store *store, void *context, const char *name)
{
	struct podman *podman = context;

	if (node_exists(store, "volumes/%s/_data", name))
		podman_keep(
			podman, podman->volumes, name,
			json_integer(node_place(store, NULL, HOLDER_VOLUME, name, "volumes/%s/_data", name)));
}

/* DIRECTORY/LAYER: what a build has left, or what was forgotten */
static void podman_rest(struct node_store *store, void *context, const char *name)
{
	struct podman *podman = context;
	const char *directory = podman->driver->directory, *behind = podman->driver->behind;

	if (node_exists(store, "%s/%s%s", directory, name, behind) &&
	    !node_known(store, "%s/%s%s", directory, name, behind))
		podman_layer_place(podman, HOLDER_LAYER, name);
}

static void podman_driver(struct podman *podman)
{
	const char *directory = podman->driver->directory;

	if (!node_exists(podman->store, "%s-layers", podman->driver->name))
		return;
	if (!directory) {
		node_unread(podman->store, "its layers are kept in a way that is not known", "%s-layers",
			    podman->driver->name);
		return;
	}
	podman->layers = json_object();
	podman->images = json_object();
	podman->containers = json_object();
	podman_layers(podman, "layers");
	podman_layers(podman, "volatile-layers");
	podman_each(podman, "images", "images", podman_image);
	podman_each(podman, "containers", "containers", podman_container_once);
	podman_each(podman, "containers", "volatile-containers", podman_container_once);
	node_each(podman->store, podman_rest, podman, "%s", directory);
	json_decref(podman->layers);
	json_decref(podman->images);
	json_decref(podman->containers);
}

void node_podman(struct node_store *store)
{
	/* where it keeps what containers were told, and secrets */
	static const char *const own[] = {"db.sql", "libpod", "secrets"};
	struct podman podman = {.store = store, .volumes = json_object()};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (node_exists(store, "%s", own[i]))
			node_place(store, NULL, HOLDER_STORE, NULL, "%s", own[i]);
	node_each(store, podman_volume, &podman, "volumes");
	for (size_t i = 0; i < sizeof(podman_drivers) / sizeof(*podman_drivers); i++) {
		podman.driver = &podman_drivers[i];
		podman_driver(&podman);
	}
	json_decref(podman.volumes);
}
