// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * containerd's directory (core/metadata/buckets.go, core/snapshots/storage/bolt.go):
 *
 *     io.containerd.metadata.v1.bolt/meta.db             v1/NAMESPACE/{images,containers,snapshots,content}
 *     io.containerd.snapshotter.v1.SNAPSHOTTER/metadata.db   v1/snapshots/NAME → number, parent
 *     io.containerd.snapshotter.v1.SNAPSHOTTER/snapshots/NUMBER/fs   what is in a layer
 *     io.containerd.content.v1.content/blobs/sha256/DIGEST   manifests, configurations, layers as they were pulled
 *
 *     image → manifest → configuration, whose label names the upmost snapshot → those below it
 *     container → snapshot
 *     Docker's container → the snapshot of its id, if there is one (moby: daemon/containerd/image_snapshot.go): ID-init lies below it
 *
 * A layer that is unpacked is scanned so, one that is not as it was pulled.
 *
 * Limit: what the databases do not tell is scanned by its number. Snapshotters that keep no directories are named, and not looked into.
 */
#include "scan/node/node.h"

#include "attribute/container/bolt.h"
#include "files/open.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An index of indexes. */
#define CONTAINERD_DEPTH 4

#define CONTAINERD_SNAPSHOTTER "io.containerd.snapshotter.v1."
#define CONTAINERD_BLOBS "io.containerd.content.v1.content/blobs/sha256"

/* What stands behind a snapshot's number. */
static const struct containerd_kind {
	const char *name, *behind;
} containerd_kinds[] = {
	{"overlayfs", "/fs"},
	{"fuse-overlayfs", "/fs"},
	{"native", ""},
};

struct containerd {
	struct node_store *store;
	json_t *snapshotters; /* name → {internal name → {"id", "parent"}} */
	const char *namespace; /* that is read; */
	const json_t *bucket; /* … and what the database has of it */
	json_t *images; /* of it: name → image */
	json_t *layers; /* digest → true: those that images were pulled as */
	json_t *manifests; /* of an image: digest → true: those that were read, or told not to be */
};

static const char *containerd_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

static json_t *containerd_database(struct node_store *store, const char *path)
{
	AUTO_CLOSE int fd = file_regular(store->root, "%s/%s", store->path, path);
	json_t *bucket = NULL;
	int r = fd < 0 ? fd : bolt_json(fd, "v1", &bucket);

	/* one in which nothing was ever kept has no bucket */
	if (r == -EBADMSG || (r < 0 && fd < 0))
		node_unread(store, r == -EBADMSG ? "it is no database of containerd's" : strerror(-r), "%s",
			    path);
	else if (r < 0 && r != -ENOENT)
		node_unread(store, r == -EAGAIN ? "it was written to all the time" : strerror(-r), "%s",
			    path);
	return bucket;
}

static const struct containerd_kind *containerd_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(containerd_kinds) / sizeof(*containerd_kinds); i++)
		if (strcmp(name, containerd_kinds[i].name) == 0)
			return &containerd_kinds[i];
	return NULL;
}

/* binary.PutUvarint() */
static uint64_t containerd_number(const json_t *text)
{
	const unsigned char *bytes = (const unsigned char *)json_string_value(text);
	size_t len = bytes ? json_string_length(text) : 0;
	uint64_t number = 0;

	for (size_t i = 0; i < len && i < 9; i++) {
		number |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
		if (!(bytes[i] & 0x80))
			return number;
	}
	return 0;
}

/* What the metadata calls KEY in a namespace, its snapshotter calls by another name. Returns the place, or -1. */
static int containerd_snapshot(struct containerd *containerd, const char *snapshotter, const char *key,
			       enum holder_part part, const char *layer, const char **ret_parent)
{
	const json_t *snapshot = json_object_get(
		json_object_get(json_object_get(containerd->bucket, "snapshots"), snapshotter), key);
	const json_t *kept = json_object_get(containerd->snapshotters, snapshotter);
	const char *name = containerd_text(snapshot, "name");
	const struct containerd_kind *kind = containerd_kind(snapshotter);
	uint64_t number = containerd_number(json_object_get(name ? json_object_get(kept, name) : NULL, "id"));

	if (!kind || !number)
		return -1;
	*ret_parent = containerd_text(snapshot, "parent");
	return node_place(containerd->store, containerd->namespace, part, layer,
			  CONTAINERD_SNAPSHOTTER "%s/snapshots/%" PRIu64 "%s", snapshotter, number,
			  kind->behind);
}

/* The hexadecimal digits of a digest that has a file; NULL if it has none. */
static const char *containerd_blob(struct containerd *containerd, const char *digest)
{
	static const char sha[] = "sha256:";

	if (!digest || strncmp(digest, sha, strlen(sha)) != 0)
		return NULL;
	digest += strlen(sha);
	if (!*digest || strspn(digest, "0123456789abcdef") != strlen(digest))
		return NULL;
	return node_exists(containerd->store, CONTAINERD_BLOBS "/%s", digest) ? digest : NULL;
}

static int containerd_blob_place(struct containerd *containerd, enum holder_part part, const char *layer,
				 const char *blob)
{
	return node_place(containerd->store, containerd->namespace, part, layer, CONTAINERD_BLOBS "/%s",
			  blob);
}

/* The chain of snapshots from the upmost down. Returns whether all are there. */
static bool containerd_unpacked(struct containerd *containerd, const json_t *config, const char *digest,
				int image)
{
	static const char label[] = "containerd.io/gc.ref.snapshot.";
	const json_t *diffs = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	const json_t *blob = json_object_get(
		json_object_get(json_object_get(containerd->bucket, "content"), "blob"), digest);
	size_t count = json_array_size(diffs), left;
	json_t *labels = json_object_get(blob, "labels"), *value;
	const char *key;

	json_object_foreach (labels, key, value) {
		const char *name = json_string_value(value);

		if (strncmp(key, label, strlen(label)) != 0)
			continue;
		for (left = count; name && left && left <= NODE_LAYERS_MAX; left--) {
			const char *diff = json_string_value(json_array_get(diffs, left - 1));
			int place = containerd_snapshot(containerd, key + strlen(label), name, HOLDER_LAYER,
							diff, &name);

			if (place < 0)
				break;
			node_belongs(containerd->store->node, place, image, -1);
		}
		if (left == 0)
			return true;
	}
	return count == 0;
}

static void containerd_packed(struct containerd *containerd, const json_t *manifest, const char *shown,
			      int image)
{
	json_t *layer;
	size_t i;

	json_array_foreach (json_object_get(manifest, "layers"), i, layer) {
		const char *digest = containerd_text(layer, "digest");
		const char *blob = containerd_blob(containerd, digest);

		if (i == NODE_LAYERS_MAX)
			break;
		if (blob)
			node_belongs(containerd->store->node,
				     containerd_blob_place(containerd, HOLDER_LAYER, digest, blob), image,
				     -1);
		else
			node_unread(containerd->store, "a layer of it is not there", CONTAINERD_BLOBS "/%s",
				    shown);
	}
}

static void containerd_layers(struct containerd *containerd, const json_t *manifest)
{
	json_t *layer;
	size_t i;

	json_array_foreach (json_object_get(manifest, "layers"), i, layer) {
		const char *digest = containerd_text(layer, "digest");

		if (digest && json_object_set_new_nocheck(containerd->layers, digest, json_true()) < 0)
			containerd->store->node->failed = true;
	}
}

/* May it be read? An index may name the same one a thousand times, and that again. */
static bool containerd_may_read(struct containerd *containerd, const char *blob, int depth)
{
	size_t count = json_object_size(containerd->manifests);

	if (count > NODE_LAYERS_MAX || json_object_get(containerd->manifests, blob))
		return false;
	if (json_object_set_new_nocheck(containerd->manifests, blob, json_true()) < 0)
		containerd->store->node->failed = true;
	if (count == NODE_LAYERS_MAX)
		node_unread(containerd->store, "an image has so many manifests that not all are read",
			    CONTAINERD_BLOBS "/%s", blob);
	else if (depth == CONTAINERD_DEPTH)
		node_unread(containerd->store, "it lies too deep in others", CONTAINERD_BLOBS "/%s", blob);
	return count < NODE_LAYERS_MAX && depth < CONTAINERD_DEPTH;
}

/* A manifest, or an index of them: of what this node has not pulled there is no file. */
static void containerd_manifest(struct containerd *containerd, const char *digest, int image, int depth)
{
	const char *blob = containerd_blob(containerd, digest), *config_digest, *config_blob;
	json_t *manifest, *config = NULL, *inner;
	size_t i;

	if (!blob || !containerd_may_read(containerd, blob, depth))
		return;
	manifest = node_json(containerd->store, CONTAINERD_BLOBS "/%s", blob);
	containerd_layers(containerd, manifest);
	node_belongs(containerd->store->node,
		     containerd_blob_place(containerd, HOLDER_CONFIGURATION, NULL, blob), image, -1);
	json_array_foreach (json_object_get(manifest, "manifests"), i, inner) {
		if (i < NODE_LAYERS_MAX)
			containerd_manifest(containerd, containerd_text(inner, "digest"), image, depth + 1);
	}
	config_digest = containerd_text(json_object_get(manifest, "config"), "digest");
	config_blob = containerd_blob(containerd, config_digest);
	if (config_blob) {
		node_belongs(containerd->store->node,
			     containerd_blob_place(containerd, HOLDER_CONFIGURATION, NULL, config_blob),
			     image, -1);
		config = node_json(containerd->store, CONTAINERD_BLOBS "/%s", config_blob);
	}
	if (config_digest && !(config && containerd_unpacked(containerd, config, config_digest, image)))
		containerd_packed(containerd, manifest, blob, image);
	json_decref(config);
	json_decref(manifest);
}

/* Several names of one image are one. */
static void containerd_images(struct containerd *containerd)
{
	json_t *images = json_object_get(containerd->bucket, "images"), *entry, *known = json_object();
	struct node *node = containerd->store->node;
	const char *name;

	json_object_foreach (images, name, entry) {
		const char *digest = containerd_text(json_object_get(entry, "target"), "digest");
		const json_t *before = digest ? json_object_get(known, digest) : NULL;
		int image = before ? (int)json_integer_value(before)
				   : node_image(containerd->store, containerd->namespace, digest);

		/* the CRI calls it by its id as well */
		if (strncmp(name, "sha256:", strlen("sha256:")) != 0)
			node_image_name(node, image, name);
		node_image_digest(node, image, digest);
		if (json_object_set_new_nocheck(containerd->images, name, json_integer(image)) < 0)
			node->failed = true;
		if (!digest || before)
			continue;
		if (json_object_set_new_nocheck(known, digest, json_integer(image)) < 0)
			node->failed = true;
		json_object_clear(containerd->manifests);
		if (containerd_blob(containerd, digest))
			containerd_manifest(containerd, digest, image, 0);
		else
			node_unread(containerd->store, "the manifest of an image is not there",
				    CONTAINERD_META);
	}
	json_decref(known);
}

static int containerd_image_of(const struct containerd *containerd, const json_t *container)
{
	const char *name = containerd_text(container, "image");
	const json_t *image = name ? json_object_get(containerd->images, name) : NULL;

	return image ? (int)json_integer_value(image) : -1;
}

/* A specification is JSON, as protobuf's Any. */
static void containerd_binds(struct node *node, int container, const json_t *spec)
{
	const char *text = json_string_value(spec), *start;
	size_t len = text ? json_string_length(spec) : 0, i;
	json_t *json, *mount;

	start = len ? memmem(text, len, "{\"ociVersion\"", strlen("{\"ociVersion\"")) : NULL;
	if (!start)
		return;
	json = json_loadb(start, len - (size_t)(start - text), JSON_DISABLE_EOF_CHECK, NULL);
	json_array_foreach (json_object_get(json, "mounts"), i, mount) {
		const char *type = containerd_text(mount, "type");

		if (type && strcmp(type, "bind") == 0)
			node_counts_bind(node, container);
	}
	json_decref(json);
}

/* What a container is made of, where its image is not known. */
static void containerd_below(struct containerd *containerd, const char *snapshotter, const char *parent,
			     int container)
{
	int place = 0;

	for (int i = 0; place >= 0 && parent && i < NODE_LAYERS_MAX; i++) {
		place = containerd_snapshot(containerd, snapshotter, parent, HOLDER_LAYER, parent, &parent);
		node_belongs(containerd->store->node, place, -1, container);
	}
}

static void containerd_container(struct containerd *containerd, const char *id, const json_t *entry)
{
	const json_t *labels = json_object_get(entry, "labels");
	const char *snapshotter = containerd_text(entry, "snapshotter");
	const char *key = containerd_text(entry, "snapshotKey"), *parent = NULL;
	const char *of_pod = containerd_text(labels, "io.kubernetes.container.name");
	const char *by_nerdctl = containerd_text(labels, "nerdctl/name");
	struct holder_container whose = {
		.id = id,
		.name = of_pod ? of_pod : by_nerdctl,
		.pod = containerd_text(labels, "io.kubernetes.pod.name"),
		.pod_namespace = containerd_text(labels, "io.kubernetes.pod.namespace"),
	};
	int image = containerd_image_of(containerd, entry), container, place;

	/* Docker's own have their layers there, or are known from there */
	if (!key || (snapshotter && node_elsewhere_of(containerd->store, id, snapshotter) >= 0))
		return;
	/* ctr's have no other name; a pod's sandbox has none */
	if (!whose.name && !whose.pod)
		whose.name = id;
	container = node_container(containerd->store, containerd->namespace, &whose, image);
	node_place_text(containerd->store, containerd->namespace, json_object_get(entry, "spec"), container,
			CONTAINERD_META);
	containerd_binds(containerd->store->node, container, json_object_get(entry, "spec"));
	place = snapshotter
			? containerd_snapshot(containerd, snapshotter, key, HOLDER_CONTAINER, NULL, &parent)
			: -1;
	if (place < 0)
		node_unread(containerd->store,
			    "a container's layer is not there, or kept in a way that is not known",
			    CONTAINERD_META);
	node_belongs(containerd->store->node, place, -1, container);
	if (image < 0 && place >= 0)
		containerd_below(containerd, snapshotter, parent, container);
}

/* A container of Docker's, running or not. */
static void containerd_docker(struct containerd *containerd, const char *snapshotter, const char *id)
{
	int container = node_elsewhere_of(containerd->store, id, snapshotter), place;
	const char *parent = NULL;

	if (container < 0)
		return;
	place = containerd_snapshot(containerd, snapshotter, id, HOLDER_CONTAINER, NULL, &parent);
	if (place < 0)
		return;
	node_belongs(containerd->store->node, place, -1, container);
	containerd_below(containerd, snapshotter, parent, container);
	node_elsewhere_found(containerd->store->node, id);
}

/* What nothing that is named has: by what the namespace calls it. */
static void containerd_rest(struct containerd *containerd)
{
	json_t *all = json_object_get(containerd->bucket, "snapshots"), *keys, *snapshot;
	const char *snapshotter, *key, *parent;

	json_object_foreach (all, snapshotter, keys) {
		json_object_foreach (keys, key, snapshot) {
			containerd_docker(containerd, snapshotter, key);
			containerd_snapshot(containerd, snapshotter, key, HOLDER_LAYER, key, &parent);
		}
	}
}

static void containerd_namespace(struct containerd *containerd)
{
	json_t *containers = json_object_get(containerd->bucket, "containers"), *entry;
	const char *id;

	containerd->images = json_object();
	containerd_images(containerd);
	json_object_foreach (containers, id, entry) {
		containerd_container(containerd, id, entry);
	}
	containerd_rest(containerd);
	json_decref(containerd->images);
}

/* SNAPSHOTTER/snapshots/NUMBER, which no database has named */
struct containerd_numbers {
	const char *snapshotter;
	const struct containerd_kind *kind;
};

static void containerd_numbered(struct node_store *store, void *context, const char *name)
{
	const struct containerd_numbers *numbers = context;
	const char *snapshotter = numbers->snapshotter, *behind = numbers->kind->behind;

	if (node_exists(store, CONTAINERD_SNAPSHOTTER "%s/snapshots/%s%s", snapshotter, name, behind))
		node_place(store, NULL, HOLDER_LAYER, name, CONTAINERD_SNAPSHOTTER "%s/snapshots/%s%s",
			   snapshotter, name, behind);
}

static void containerd_snapshotter(struct node_store *store, void *context, const char *name)
{
	struct containerd *containerd = context;
	const char *snapshotter = name + strlen(CONTAINERD_SNAPSHOTTER);
	char path[512];
	json_t *database;

	if (strncmp(name, CONTAINERD_SNAPSHOTTER, strlen(CONTAINERD_SNAPSHOTTER)) != 0 ||
	    (size_t)snprintf(path, sizeof(path), "%s/metadata.db", name) >= sizeof(path))
		return;
	/* each that could be there has a directory */
	if (!node_exists(store, "%s", path))
		return;
	if (!containerd_kind(snapshotter)) {
		node_unread(store, "its layers are kept in a way that is not known", "%s", name);
		return;
	}
	database = containerd_database(store, path);
	if (database && json_object_set_nocheck(containerd->snapshotters, snapshotter,
						json_object_get(database, "snapshots")
							? json_object_get(database, "snapshots")
							: database) < 0)
		store->node->failed = true;
	json_decref(database);
}

/* What was pulled, and is no image's */
static void containerd_pulled(struct node_store *store, void *context, const char *name)
{
	const struct containerd *containerd = context;
	AUTO_FREE char *digest = NULL;

	if (asprintf(&digest, "sha256:%s", name) < 0) {
		digest = NULL;
		store->node->failed = true;
		return;
	}
	if (!json_object_get(containerd->layers, digest))
		node_place(store, NULL, HOLDER_LAYER, digest, CONTAINERD_BLOBS "/%s", name);
}

void node_containerd(struct node_store *store)
{
	struct containerd containerd = {
		.store = store,
		.snapshotters = json_object(),
		.layers = json_object(),
		.manifests = json_object(),
	};
	json_t *database = NULL, *bucket;
	const char *namespace;

	node_each(store, containerd_snapshotter, &containerd, "%s", "");
	if (node_exists(store, CONTAINERD_META)) {
		database = containerd_database(store, CONTAINERD_META);
		node_place(store, NULL, HOLDER_STORE, NULL, CONTAINERD_META);
	}
	json_object_foreach (database, namespace, bucket) {
		containerd.namespace = namespace;
		containerd.bucket = bucket;
		/* beside the namespaces stands the layout's version */
		if (json_is_object(bucket))
			containerd_namespace(&containerd);
	}
	for (size_t i = 0; i < sizeof(containerd_kinds) / sizeof(*containerd_kinds); i++)
		node_each(store, containerd_numbered,
			  &(struct containerd_numbers){containerd_kinds[i].name, &containerd_kinds[i]},
			  CONTAINERD_SNAPSHOTTER "%s/snapshots", containerd_kinds[i].name);
	node_each(store, containerd_pulled, &containerd, CONTAINERD_BLOBS);
	json_decref(database);
	json_decref(containerd.layers);
	json_decref(containerd.manifests);
	json_decref(containerd.snapshotters);
}
