// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kubelet's directory of logs, which whatever runtime it has writes: NAMESPACE_POD_UID/CONTAINER/N.log, beside those that were
 * rotated. No part of a name has such a line in it.
 *
 * And its directory of pods: UID/volumes/kubernetes.io~empty-dir/VOLUME. Whose uid it is, the logs' directories tell. What the kubelet fills
 * itself (secrets, configuration) is not looked into.
 *
 * Limit: where Docker is the runtime, these are links to its own logs, which are read there.
 */
#include "scan/node/node.h"

#include "lib/cleanup.h"

#include <stdio.h>
#include <string.h>

struct pods {
	const char *directory;
	const char *namespace, *pod;
};

static bool pods_is(const json_t *container, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(container, key));

	return text && strcmp(text, wanted) == 0;
}

/* CONTAINER: one that its runtime's files tell of, or one that is gone. */
static void pods_container(struct node_store *store, void *context, const char *name)
{
	const struct pods *pods = context;
	const struct holder_container whose = {
		.name = name, .pod = pods->pod, .pod_namespace = pods->namespace};
	int place = node_place(store, NULL, HOLDER_LOG, NULL, "%s/%s", pods->directory, name);
	bool known = false;
	json_t *container;
	size_t i;

	json_array_foreach (store->node->containers, i, container) {
		if (!pods_is(container, "name", name) || !pods_is(container, "pod", pods->pod) ||
		    !pods_is(container, "pod_namespace", pods->namespace))
			continue;
		node_belongs(store->node, place, -1, (int)i);
		known = true;
	}
	if (!known)
		node_belongs(store->node, place, -1, node_container(store, NULL, &whose, -1));
}

static void pods_pod(struct node_store *store, void *context, const char *name)
{
	AUTO_FREE char *parts = strdup(name);
	char *rest = parts;
	struct pods pods = {.directory = name};

	(void)context;
	if (!parts) {
		store->node->failed = true;
		return;
	}
	pods.namespace = strsep(&rest, "_");
	pods.pod = strsep(&rest, "_");
	if (rest) {
		/* whatever bytes a name has: it is one that lies there */
		if (json_object_set_new_nocheck(store->node->pods, rest,
						json_pack("[o, o]", json_string_nocheck(pods.namespace),
							  json_string_nocheck(pods.pod))) < 0)
			store->node->failed = true;
		node_each(store, pods_container, &pods, "%s", name);
		return;
	}
	/* something else that lies there */
	node_place(store, NULL, HOLDER_STORE, NULL, "%s", name);
}

void node_pods(struct node_store *store)
{
	/* what they were run by is not told there */
	store->runtime = NULL;
	node_each(store, pods_pod, NULL, "%s", "");
}

/* VOLUME: all of the pod's containers may have it mounted. */
static void pods_volume(struct node_store *store, void *context, const char *name)
{
	const char *uid = context, *namespace, *pod;
	json_t *whose = json_object_get(store->node->pods, uid), *container;
	int place = node_place(store, NULL, HOLDER_VOLUME, name, "%s/volumes/kubernetes.io~empty-dir/%s", uid,
			       name);
	size_t i;

	namespace = json_string_value(json_array_get(whose, 0));
	pod = json_string_value(json_array_get(whose, 1));
	json_array_foreach (store->node->containers, i, container)
		if (namespace && pod && pods_is(container, "pod", pod) &&
		    pods_is(container, "pod_namespace", namespace))
			node_belongs(store->node, place, -1, (int)i);
}

static void pods_volumes(struct node_store *store, void *context, const char *uid)
{
	AUTO_FREE char *name = strdup(uid);

	(void)context;
	if (name)
		node_each(store, pods_volume, name, "%s/volumes/kubernetes.io~empty-dir", uid);
	else
		store->node->failed = true;
}

void node_pod_volumes(struct node_store *store)
{
	store->runtime = NULL;
	node_each(store, pods_volumes, NULL, "%s", "");
}
