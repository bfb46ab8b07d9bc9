/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the container runtimes of a node keep on disk: `scan --containers`. No runtime is asked; docker.c, podman.c and containerd.c
 * each read one's files.
 *
 * Whatever is found out is in JSON, whose texts may be any bytes:
 *
 *     image      {"runtime", "namespace", "id", "digest", "names": []}
 *     container  {"runtime", "namespace", "id", "name", "pod", "pod_namespace", "image": number}
 *     place      {"runtime", "namespace", "part", "layer", "volume", "store", "path", "text", "images": [numbers], "containers": [numbers]}
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "scan/holder.h"
#include "scan/scan.h"

/* Directories in which runtimes keep theirs; users have their own. */
#define NODE_STORES_MAX 1024
/* Bytes of one of a runtime's files. */
#define NODE_FILE_MAX (64UL << 20)
/* Layers of one image; docker and containerd refuse more than 127. */
#define NODE_LAYERS_MAX 1024
/* Images, and containers, in a list of a runtime's. */
#define NODE_ENTRIES_MAX (1UL << 16)
/* Images and containers of all places together: a user may say of a thousand layers that they are a million images'. */
#define NODE_BELONGS_MAX (1UL << 20)

/* What the kubelet keeps, as if it were runtimes: pods' logs, and their volumes. */
#define NODE_PODS "kubelet"
#define NODE_POD_VOLUMES "kubelet volumes"
/* Beside containerd's. */
#define NODE_NERDCTL "nerdctl"

/* containerd's, with which it begins. */
#define CONTAINERD_META "io.containerd.metadata.v1.bolt/meta.db"

struct node;

/* A runtime's directory. */
struct node_store {
	struct node *node;
	const char *runtime; /* NULL: not known */
	int number;
	int root; /* its paths are resolved below it: the host's root, or if it is a user's, the directory itself */
	char *path; /* of the directory, below that; "" if it is the directory */
	char *shown; /* of the directory, as it is named */
};

/* What is asked for. */
struct node_options {
	const char *root; /* of the host; NULL: / */
	const char **containers, **images, **storages;
	size_t container_count, image_count, storage_count;
	bool all; /* all containers and images */
};

/*
 * scan_node() - finds the stores, and scans what is asked for of them.
 * Returns 0; 1 if something was asked for that is not there, or in a way that is not understood, which was said; or a negative errno.
 */
int scan_node(struct scan *scan, const struct node_options *options);

/* --- for those that read a runtime's files. A number is -1 where there is none; -ENOMEM is remembered. */

/*
 * node_place() - a file or directory below the store, made known once.
 * @name: of a layer or volume; may be NULL
 * Returns its number.
 */
int node_place(struct node_store *store, const char *namespace, enum holder_part part, const char *name,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* node_place_text() - what a container was given, as a text that stands in that file. */
void node_place_text(struct node_store *store, const char *namespace, json_t *text, int container,
		     const char *path);

int node_image(struct node_store *store, const char *namespace, const char *id);
void node_image_name(struct node *node, int image, const char *name);
void node_image_digest(struct node *node, int image, const char *digest);

/* Texts that are NULL are not known. */
int node_container(struct node_store *store, const char *namespace, const struct holder_container *container,
		   int image);

/* node_belongs() - a place is an image's, or a container's. */
void node_belongs(struct node *node, int place, int image, int container);

/* node_counts_bind() - a directory of the host's that a container has, which is no runtime's, and not looked into. */
void node_counts_bind(struct node *node, int container);

/* node_unread() - something below the store can't be made use of. */
void node_unread(const struct node_store *store, const char *why, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* node_text() - a short file, without spaces at its end (malloc'ed); NULL if there is none, or it can't be read, which is said. */
char *node_text(const struct node_store *store, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* node_json() - the same, parsed; json_decref(). */
json_t *node_json(const struct node_store *store, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* node_each() - calls back for each name in a directory, in order; it is fine if there is none. Returns whether there is. */
bool node_each(struct node_store *store,
	       void (*each)(struct node_store *store, void *context, const char *name), void *context,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * node_elsewhere() - Docker's container has its layers with containerd. node_elsewhere_of() - the number of such a container if that
 * store, a snapshotter of which is called so, may have them, else -1: what a user's store says of root's containers does not count.
 * node_elsewhere_found() - they are there; of those that are not it is said at the end.
 */
void node_elsewhere(struct node_store *store, const char *id, const char *driver, int container);
int node_elsewhere_of(const struct node_store *store, const char *id, const char *snapshotter);
void node_elsewhere_found(struct node *node, const char *id);

/* node_is_name() - may it be the name of a file? What stands in a user's lists becomes one. NULL is none. */
bool node_is_name(const char *name);

/* node_exists() - is there something of that name? */
bool node_exists(const struct node_store *store, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* node_known() - is there a place of that path? */
bool node_known(const struct node_store *store, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The readers. */
void node_docker(struct node_store *store);
void node_podman(struct node_store *store);
void node_containerd(struct node_store *store);
/* After that, which knows the containers. */
void node_nerdctl(struct node_store *store);
/* After those: what they know of a pod's containers counts. */
void node_pods(struct node_store *store);
/* After those, which tell whose a pod's uid is. */
void node_pod_volumes(struct node_store *store);

/* --- within */

/* node_stores() - opens what is there; says what was given and is not. Returns 0, 1 or a negative errno, as scan_node(). */
int node_stores(struct node *node, const struct node_options *options);

/*
 * node_store_add() - @path: below the host's root; @own: resolve what is in it below itself, even if nothing on the way is a user's.
 * Returns 1 if there is such a directory, 0 if there is none, or a negative errno.
 */
int node_store_add(struct node *node, const char *runtime, const char *path, bool own);

struct node {
	struct scan *scan;
	int root;
	const char *shown; /* what stands before a path; "" for / */
	struct node_store stores[NODE_STORES_MAX];
	size_t store_count;
	json_t *images, *containers, *places;
	json_t *paths; /* "STORE PATH" → place */
	json_t *pods; /* uid → [namespace, name] */
	json_t *elsewhere; /* id of a container of Docker's whose layers containerd has → {"container", "store": numbers, "driver"} */
	json_t *directories; /* "DEVICE INODE" of stores */
	size_t belongs;
	bool failed; /* there was no memory */
};

/* node_match_container(), node_match_image() - is it what is meant by that text? */
bool node_match_container(const json_t *container, const char *text);
bool node_match_image(const json_t *image, const char *text);

/* node_unmatched() - says that nothing is, and what may be meant. */
void node_unmatched(const struct node *node, const char *option, const char *text);
