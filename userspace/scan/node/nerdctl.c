// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What nerdctl keeps beside containerd, below a directory for each of containerd's addresses:
 *
 *     ADDRESS/volumes/NAMESPACE/NAME/_data
 *     ADDRESS/containers/NAMESPACE/ID/ID-json.log, and those that were rotated
 *
 * Limit: which containers have a volume stands in labels of theirs, which are not looked at: a volume is nobody's.
 */
#include "scan/node/node.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct nerdctl {
	char directory[PATH_MAX]; /* ADDRESS/volumes, ADDRESS/containers */
	const char *namespace;
};

static void nerdctl_volume(struct node_store *store, void *context, const char *name)
{
	const struct nerdctl *in = context;

	if (node_exists(store, "%s/%s/%s/_data", in->directory, in->namespace, name))
		node_place(store, in->namespace, HOLDER_VOLUME, name, "%s/%s/%s/_data", in->directory,
			   in->namespace, name);
}

static void nerdctl_log(struct node_store *store, void *context, const char *id)
{
	const struct nerdctl *in = context;
	json_t *container;
	int place;
	size_t i;

	place = node_place(store, in->namespace, HOLDER_LOG, NULL, "%s/%s/%s", in->directory, in->namespace,
			   id);
	json_array_foreach (store->node->containers, i, container) {
		const char *its = json_string_value(json_object_get(container, "id"));
		const char *namespace = json_string_value(json_object_get(container, "namespace"));

		if (its && namespace && strcmp(its, id) == 0 && strcmp(namespace, in->namespace) == 0)
			node_belongs(store->node, place, -1, (int)i);
	}
}

static void nerdctl_volumes(struct node_store *store, void *context, const char *namespace)
{
	struct nerdctl *in = context;

	in->namespace = namespace;
	node_each(store, nerdctl_volume, in, "%s/%s", in->directory, namespace);
}

static void nerdctl_logs(struct node_store *store, void *context, const char *namespace)
{
	struct nerdctl *in = context;

	in->namespace = namespace;
	node_each(store, nerdctl_log, in, "%s/%s", in->directory, namespace);
}

static void nerdctl_address(struct node_store *store, void *context, const char *name)
{
	struct nerdctl in;

	(void)context;
	/* a bundle of network plugins and names lie beside them */
	snprintf(in.directory, sizeof(in.directory), "%s/volumes", name);
	if (node_exists(store, "%s", in.directory))
		node_each(store, nerdctl_volumes, &in, "%s", in.directory);
	snprintf(in.directory, sizeof(in.directory), "%s/containers", name);
	if (node_exists(store, "%s", in.directory))
		node_each(store, nerdctl_logs, &in, "%s", in.directory);
}

void node_nerdctl(struct node_store *store)
{
	node_each(store, nerdctl_address, NULL, "%s", "");
}
