// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Docker's directory (moby: layer/filestore.go, image/fs.go, container/container.go):
 *
 *     image/DRIVER/repositories.json                     names → ids of images
 *     image/DRIVER/imagedb/content/sha256/ID             an image: its layers by what is in them (diff id)
 *     image/DRIVER/layerdb/sha256/CHAIN/{diff,parent,cache-id}
 *     image/DRIVER/layerdb/mounts/CONTAINER/{mount-id,init-id}
 *     DRIVER/CACHE-ID/diff                               a layer, or a container's own
 *     containers/ID/{config.v2.json,ID-json.log,…}, volumes/NAME/_data
 *
 * The chain of an image's layers is followed from its lowest: a layer's parent and what is in it name the next one.
 *
 * Limit: layers of zfs, devicemapper and the like are not directories here, which is said. Where containerd keeps the images
 * (the default since Docker 29), only containers, logs and volumes are Docker's: containerd.c finds the layers by the container's id.
 */
#include "scan/node/node.h"

#include "lib/cleanup.h"

#include <stdio.h>
#include <string.h>

/* What a driver's layers are called below Docker's directory: DIRECTORY/CACHE-ID/BEHIND. */
static const struct docker_driver {
	const char *name, *directory, *behind;
} docker_drivers[] = {
	{"overlay2", "overlay2", "/diff"},
	{"fuse-overlayfs", "fuse-overlayfs", "/diff"},
	{"vfs", "vfs/dir", ""},
	{"btrfs", "btrfs/subvolumes", ""},
	{"aufs", "aufs/diff", ""},
};

/* While one driver's are read. */
struct docker {
	struct node_store *store;
	const struct docker_driver *driver; /* NULL: containers of others */
	json_t *drivers; /* name → true: those that were read */
	json_t *chains; /* chain → place */
	json_t *next; /* "PARENT DIFF" → chain */
	json_t *images; /* id → image */
	json_t *volumes; /* name → place */
};

static void docker_keep(struct docker *docker, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new_nocheck(object, key, value) < 0)
		docker->store->node->failed = true;
}

static int docker_number(const json_t *object, const char *key)
{
	const json_t *number = key ? json_object_get(object, key) : NULL;

	return number ? (int)json_integer_value(number) : -1;
}

static int docker_layer_place(struct docker *docker, enum holder_part part, const char *name,
			      const char *cache)
{
	if (!node_is_name(cache)) {
		node_unread(docker->store, "a layer's cache-id is no name of a file", "image/%s/layerdb",
			    docker->driver->name);
		return -1;
	}
	return node_place(docker->store, NULL, part, name, "%s/%s%s", docker->driver->directory, cache,
			  docker->driver->behind);
}

/* layerdb/sha256/CHAIN */
static void docker_chain(struct node_store *store, void *context, const char *name)
{
	struct docker *docker = context;
	const char *driver = docker->driver->name;
	AUTO_FREE char *diff = node_text(store, "image/%s/layerdb/sha256/%s/diff", driver, name);
	AUTO_FREE char *cache = node_text(store, "image/%s/layerdb/sha256/%s/cache-id", driver, name);
	AUTO_FREE char *parent = NULL;
	AUTO_FREE char *chain = NULL;
	AUTO_FREE char *step = NULL;

	if (!diff || !cache) {
		node_unread(store, "it is no layer", "image/%s/layerdb/sha256/%s", driver, name);
		return;
	}
	/* the lowest has none */
	if (node_exists(store, "image/%s/layerdb/sha256/%s/parent", driver, name))
		parent = node_text(store, "image/%s/layerdb/sha256/%s/parent", driver, name);
	if (asprintf(&chain, "sha256:%s", name) < 0 ||
	    asprintf(&step, "%s %s", parent ? parent : "", diff) < 0) {
		store->node->failed = true;
		return;
	}
	docker_keep(docker, docker->chains, chain,
		    json_integer(docker_layer_place(docker, HOLDER_LAYER, diff, cache)));
	docker_keep(docker, docker->next, step, json_string_nocheck(chain));
}

/* imagedb/content/sha256/ID */
static void docker_image(struct node_store *store, void *context, const char *name)
{
	struct docker *docker = context;
	const char *driver = docker->driver->name, *chain = "", *diff;
	json_t *config = node_json(store, "image/%s/imagedb/content/sha256/%s", driver, name), *layer;
	AUTO_FREE char *id = NULL;
	size_t i;
	int image;

	if (!config)
		return;
	if (asprintf(&id, "sha256:%s", name) < 0) {
		id = NULL;
		store->node->failed = true;
	}
	image = node_image(store, NULL, id);
	if (id)
		docker_keep(docker, docker->images, id, json_integer(image));
	node_belongs(store->node,
		     node_place(store, NULL, HOLDER_CONFIGURATION, NULL, "image/%s/imagedb/content/sha256/%s",
				driver, name),
		     image, -1);
	json_array_foreach (json_object_get(json_object_get(config, "rootfs"), "diff_ids"), i, layer) {
		AUTO_FREE char *step = NULL;

		diff = json_string_value(layer);
		if (i == NODE_LAYERS_MAX || !diff)
			break;
		if (asprintf(&step, "%s %s", chain, diff) < 0) {
			step = NULL;
			store->node->failed = true;
			break;
		}
		chain = json_string_value(json_object_get(docker->next, step));
		if (!chain) {
			node_unread(store, "a layer of it is not there", "image/%s/imagedb/content/sha256/%s",
				    driver, name);
			break;
		}
		node_belongs(store->node, docker_number(docker->chains, chain), image, -1);
	}
	json_decref(config);
}

/* {"Repositories": {REPOSITORY: {REPOSITORY:TAG or REPOSITORY@DIGEST: ID}}} */
static void docker_names(struct docker *docker)
{
	struct node_store *store = docker->store;
	json_t *file = node_json(store, "image/%s/repositories.json", docker->driver->name), *repository, *id;
	const char *name, *reference;

	json_object_foreach (json_object_get(file, "Repositories"), name, repository) {
		json_object_foreach (repository, reference, id) {
			const char *digest = strrchr(reference, '@');
			int image = docker_number(docker->images, json_string_value(id));

			if (digest)
				node_image_digest(store->node, image, digest + 1);
			else
				node_image_name(store->node, image, reference);
		}
	}
	json_decref(file);
}

static const char *docker_member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

static void docker_mounts(struct docker *docker, const json_t *config, int container, const char *id)
{
	json_t *mounts = json_object_get(config, "MountPoints"), *mount;
	const char *where;

	json_object_foreach (mounts, where, mount) {
		const char *name = docker_member(mount, "Name"), *type = docker_member(mount, "Type");
		int place = docker_number(docker->volumes, name);

		if (place >= 0)
			node_belongs(docker->store->node, place, -1, container);
		else if (name)
			node_unread(docker->store, "a volume of it is not Docker's own",
				    "containers/%s/config.v2.json", id);
		else if (!type || strcmp(type, "tmpfs") != 0)
			node_counts_bind(docker->store->node, container);
	}
}

/* Its own layer, and the one below in which Docker has put what is mounted over. */
static void docker_own_layers(struct docker *docker, int container, const char *id)
{
	static const char *const files[] = {"mount-id", "init-id"};
	struct node_store *store = docker->store;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		AUTO_FREE char *cache = NULL;

		if (!node_exists(store, "image/%s/layerdb/mounts/%s/%s", docker->driver->name, id, files[i]))
			continue;
		cache = node_text(store, "image/%s/layerdb/mounts/%s/%s", docker->driver->name, id, files[i]);
		if (cache)
			node_belongs(store->node, docker_layer_place(docker, HOLDER_CONTAINER, NULL, cache),
				     -1, container);
	}
}

static const char *docker_name(const json_t *config)
{
	const char *name = docker_member(config, "Name");

	return name && *name == '/' ? name + 1 : name;
}

static void docker_container_of(struct docker *docker, const json_t *config, const char *id)
{
	const json_t *labels = json_object_get(json_object_get(config, "Config"), "Labels");
	struct node_store *store = docker->store;
	/* as Kubernetes has Docker call it */
	const char *name = docker_member(labels, "io.kubernetes.container.name");
	const struct holder_container whose = {
		.id = id,
		.name = name ? name : docker_name(config),
		.pod = docker_member(labels, "io.kubernetes.pod.name"),
		.pod_namespace = docker_member(labels, "io.kubernetes.pod.namespace"),
	};
	int container = node_container(store, NULL, &whose,
				       docker_number(docker->images, docker_member(config, "Image")));

	const char *driver = docker_member(config, "Driver");

	node_belongs(store->node, node_place(store, NULL, HOLDER_CONFIGURATION, NULL, "containers/%s", id),
		     -1, container);
	docker_mounts(docker, config, container, id);
	if (docker->driver)
		docker_own_layers(docker, container, id);
	else
		node_elsewhere(store, id, driver ? driver : "", container);
}

/* containers/ID */
static void docker_container(struct node_store *store, void *context, const char *name)
{
	struct docker *docker = context;
	json_t *config = node_json(store, "containers/%s/config.v2.json", name);
	const char *driver = docker_member(config, "Driver");
	bool ours = docker->driver ? driver && strcmp(driver, docker->driver->name) == 0
				   : !driver || !json_object_get(docker->drivers, driver);

	if (ours && config) {
		docker_container_of(docker, config, name);
	} else if (ours) {
		node_unread(store, "it is not known which container's it is", "containers/%s", name);
		node_place(store, NULL, HOLDER_CONFIGURATION, NULL, "containers/%s", name);
	}
	json_decref(config);
}

/* volumes/NAME */
static void docker_volume(struct node_store *store, void *context, const char *name)
{
	struct docker *docker = context;

	/* beside them lies a database */
	if (node_exists(store, "volumes/%s/_data", name))
		docker_keep(
			docker, docker->volumes, name,
			json_integer(node_place(store, NULL, HOLDER_VOLUME, name, "volumes/%s/_data", name)));
}

/* DRIVER/CACHE-ID: what a build has left, or what docker has forgotten */
static void docker_rest(struct node_store *store, void *context, const char *name)
{
	struct docker *docker = context;
	const char *directory = docker->driver->directory, *behind = docker->driver->behind;

	if (node_exists(store, "%s/%s%s", directory, name, behind) &&
	    !node_known(store, "%s/%s%s", directory, name, behind))
		docker_layer_place(docker, HOLDER_LAYER, name, name);
}

static void docker_maps_begin(struct docker *docker)
{
	docker->chains = json_object();
	docker->next = json_object();
	docker->images = json_object();
}

static void docker_maps_end(struct docker *docker)
{
	json_decref(docker->chains);
	json_decref(docker->next);
	json_decref(docker->images);
}

/* image/DRIVER */
static void docker_driver(struct node_store *store, void *context, const char *name)
{
	struct docker *docker = context;

	docker->driver = NULL;
	for (size_t i = 0; i < sizeof(docker_drivers) / sizeof(*docker_drivers); i++)
		if (strcmp(name, docker_drivers[i].name) == 0)
			docker->driver = &docker_drivers[i];
	if (!docker->driver) {
		node_unread(store, "its layers are kept in a way that is not known", "image/%s", name);
		return;
	}
	docker_keep(docker, docker->drivers, name, json_true());
	docker_maps_begin(docker);
	node_each(store, docker_chain, docker, "image/%s/layerdb/sha256", name);
	node_each(store, docker_image, docker, "image/%s/imagedb/content/sha256", name);
	docker_names(docker);
	node_each(store, docker_container, docker, "containers");
	node_each(store, docker_rest, docker, "%s", docker->driver->directory);
	docker_maps_end(docker);
}

void node_docker(struct node_store *store)
{
	struct docker docker = {.store = store, .drivers = json_object(), .volumes = json_object()};

	node_each(store, docker_volume, &docker, "volumes");
	node_each(store, docker_driver, &docker, "image");
	docker.driver = NULL;
	docker_maps_begin(&docker);
	node_each(store, docker_container, &docker, "containers");
	docker_maps_end(&docker);
	json_decref(docker.drivers);
	json_decref(docker.volumes);
}
