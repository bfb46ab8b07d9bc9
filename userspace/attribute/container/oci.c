// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → an OCI bundle's annotations, and CRI-O, which says everything there.
 *
 * The names: containerd pkg/cri/annotations, CRI-O's and the kubelet's annotations, nerdctl pkg/labels, the OCI
 * image specification's annotations.md.
 */
#include "attribute/container/readers.h"
#include "files/open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The first that is there counts. */
static int container_oci_first(const json_t *annotations, const char *const *keys, char **fact)
{
	int r = 0;

	for (; r == 0 && *keys; keys++)
		r = container_facts_set(fact, container_json_text(annotations, *keys));
	return r;
}

int container_oci_annotations(const json_t *config, struct container_facts *facts)
{
	static const char *const names[] = {"io.kubernetes.cri.container-name",
					    "io.kubernetes.container.name", "nerdctl/name", NULL};
	static const char *const images[] = {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
					     "io.kubernetes.cri-o.Image", "org.opencontainers.image.ref.name",
					     NULL};
	static const char *const pods[] = {"io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name", NULL};
	static const char *const namespaces[] = {"io.kubernetes.cri.sandbox-namespace",
						 "io.kubernetes.pod.namespace", NULL};
	static const char *const uids[] = {"io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid", NULL};
	const json_t *annotations = json_object_get(config, "annotations");
	int r = container_oci_first(annotations, names, &facts->name);

	if (r == 0)
		r = container_oci_first(annotations, images, &facts->image);
	/* CRI-O's, which is the image itself */
	if (r == 0)
		r = container_facts_digest(facts,
					   container_json_text(annotations, "io.kubernetes.cri-o.ImageRef"));
	if (r == 0)
		r = container_facts_labels(facts, annotations);
	if (r == 0)
		r = container_oci_first(annotations, pods, &facts->pod);
	if (r == 0)
		r = container_oci_first(annotations, namespaces, &facts->pod_namespace);
	return r == 0 ? container_oci_first(annotations, uids, &facts->pod_uid) : r;
}

/*
 * <bundle>/rootfs or a relative "rootfs"; an overlay's <layer>/merged, which is written to in <layer>/diff. A root that is called anything else may be
 * the host's own directory.
 */
static int oci_layer(const json_t *config, const char *bundle, struct container_facts *facts)
{
	const char *root = container_json_text(json_object_get(config, "root"), "path");
	const char *last = root ? strrchr(root, '/') : NULL;
	char path[PATH_MAX];
	int len;

	last = last ? last + 1 : root;
	if (root && strcmp(last, "merged") == 0)
		len = snprintf(path, sizeof(path), "%.*sdiff", (int)(last - root), root);
	else if (root && strcmp(last, "rootfs") == 0)
		len = snprintf(path, sizeof(path), "%s%s%s", *root == '/' ? "" : bundle,
			       *root == '/' ? "" : "/", root);
	else
		return 0;
	return len < (int)sizeof(path) ? container_facts_layer(facts, path) : 0;
}

/* …/volumes/<name>/_data, or …/pods/<uid>/volumes/… and …/volume-subpaths/… */
static bool oci_is_volume(const char *source, const char *pod_uid)
{
	static const char tail[] = "/_data";
	size_t len = strlen(source);
	char pod[CONTAINER_FACT_MAX + 32];

	if (strstr(source, "/volumes/") && len > strlen(tail) &&
	    strcmp(source + len - strlen(tail), tail) == 0)
		return true;
	snprintf(pod, sizeof(pod), "/pods/%s/volume", pod_uid ? pod_uid : "");
	return pod_uid && strstr(source, pod);
}

int container_oci_places(const json_t *config, const char *bundle, const char *pod_uid,
			 struct container_facts *facts)
{
	const json_t *mounts = json_object_get(config, "mounts"), *mount;
	int r = oci_layer(config, bundle, facts);
	size_t index;

	json_array_foreach (mounts, index, mount) {
		const char *source = container_json_text(mount, "source");

		if (r == 0 && source && oci_is_volume(source, pod_uid))
			r = container_facts_volume(facts, source);
	}
	return r;
}

int container_crio_read(int root, const struct cgroup_name *name, struct container_facts *facts)
{
	/* the state directory's copy is there while the container runs, the other until it is removed */
	static const char *const stores[] = {"/run/containers/storage", "/var/lib/containers/storage"};
	int r = -ENOENT;

	for (size_t i = 0; i < sizeof(stores) / sizeof(*stores); i++) {
		json_t *config = NULL;
		int found = file_json(root, &config, "%s/overlay-containers/%s/userdata/config.json",
				      stores[i], name->id);

		if (found == 0)
			r = container_oci_annotations(config, facts);
		if (found == 0 && r == 0)
			r = container_oci_places(config, "", facts->pod_uid, facts);
		else if (found == -EBADMSG)
			r = -EAGAIN;
		json_decref(config);
		if (r == 0) {
			facts->runtime = "cri-o";
			return 0;
		}
	}
	return r;
}
