// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → runc's and crun's own files, for containers that no other runtime has made. Their id is the name
 * that somebody gave them; an image there is only if the bundle's annotations tell.
 *
 * runc's directory is there before the cgroup, the state in it when the container runs.
 */
#include "attribute/container/readers.h"
#include "files/open.h"
#include "attribute/container/owner.h"
#include "attribute/container/user.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* runc keeps "bundle=/path" among the labels of its state. */
static const char *container_runc_bundle(const json_t *state)
{
	const json_t *labels = json_object_get(json_object_get(state, "config"), "labels"), *label;
	size_t index;

	json_array_foreach (labels, index, label) {
		const char *text = json_string_value(label);

		if (text && strncmp(text, "bundle=", strlen("bundle=")) == 0)
			return text + strlen("bundle=");
	}
	return container_json_text(state, "bundle");
}

static int container_runc_try(int root, const struct cgroup_name *name, const char *states, const char *file,
			      struct container_facts *facts)
{
	json_t *state = NULL, *config = NULL;
	const char *bundle;
	int r = file_exists(root, "%s/%s", states, name->id);

	if (r == 0 && name->owner)
		r = container_owned(root, name->owner, "%s/%s/%s", states, name->id, file);
	if (r < 0)
		return r;
	r = container_facts_set(&facts->name, name->id);
	if (r < 0)
		return r;
	r = file_json(root, &state, "%s/%s/%s", states, name->id, file);
	bundle = r == 0 ? container_runc_bundle(state) : NULL;
	if (r == 0 && container_facts_set(&facts->created, container_json_text(state, "created")) < 0)
		r = -ENOMEM;
	if (r == 0 && bundle && file_json(root, &config, "%s/config.json", bundle) == 0)
		r = container_oci_annotations(config, facts);
	if (r == 0 && config && !name->owner)
		r = container_oci_places(config, bundle, NULL, facts);
	json_decref(config);
	json_decref(state);
	return r == -ENOENT || r == -EBADMSG ? -EAGAIN : r;
}

int container_runc_read(int root, const struct cgroup_name *name, const char *path,
			struct container_facts *facts)
{
	static const struct {
		const char *directory, *file, *runtime;
	} kinds[] = {{"runc", "state.json", "runc"}, {"crun", "status", "unknown"}};
	char states[64], home[PATH_MAX];
	uint32_t uid;
	bool user = container_user_find(root, name, path, &uid, home, sizeof(home)) == 0;
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < sizeof(kinds) / sizeof(*kinds); i++) {
		snprintf(states, sizeof(states), "/run/%s", kinds[i].directory);
		if (!name->owner)
			r = container_runc_try(root, name, states, kinds[i].file, facts);
		if (r == -ENOENT && user) {
			snprintf(states, sizeof(states), "/run/user/%u/%s", uid, kinds[i].directory);
			r = container_runc_try(root, name, states, kinds[i].file, facts);
		}
		if (r == 0 || r == -EAGAIN)
			facts->runtime = kinds[i].runtime;
	}
	return r;
}

int container_runc_told(int root, const struct cgroup_name *name, const char *states, const char *bundle,
			struct container_facts *facts)
{
	json_t *config = NULL;
	int r = container_facts_set(&facts->name, name->id);

	/* it is written before the container is made, and the state when it runs */
	if (r == 0 && *bundle && file_json(root, &config, "%s/config.json", bundle) == 0)
		r = container_oci_annotations(config, facts);
	if (r == 0 && config && !name->owner)
		r = container_oci_places(config, bundle, NULL, facts);
	json_decref(config);
	if (r < 0)
		return r;
	if (!*states)
		return container_runc_read(root, name, "", facts);
	r = container_runc_try(root, name, states, "state.json", facts);
	return r == -EAGAIN && file_exists(root, "%s/%s/status", states, name->id) == 0
		       ? container_runc_try(root, name, states, "status", facts)
		       : r;
}
