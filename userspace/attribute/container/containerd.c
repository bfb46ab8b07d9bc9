// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → containerd's files: a bundle for each task, by containerd's namespace ("k8s.io", "default", "moby",
 * anybody's), and the metadata that a bundle does not hold.
 *
 * containerd's directories, its own and those of the distributions that bring one: k3s and RKE2, k0s, microk8s, Docker. Bundles that
 * lie anywhere else are found by whoever was told of them (above.h).
 */
#include "attribute/container/bolt.h"
#include "attribute/container/readers.h"
#include "files/open.h"
#include "lib/cleanup.h"
#include "lib/period.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Namespaces that are looked through. */
#define CONTAINERD_NAMESPACES 64

static const struct {
	const char *state, *data;
} containerd_homes[] = {
	{"/run/containerd", "/var/lib/containerd"},
	{"/run/k3s/containerd", "/var/lib/rancher/k3s/agent/containerd"},
	{"/run/k0s/containerd", "/var/lib/k0s/containerd"},
	{"/var/snap/microk8s/common/run/containerd", "/var/snap/microk8s/common/var/lib/containerd"},
	{"/run/docker/containerd/daemon", "/var/lib/docker/containerd/daemon"},
	{"/run/docker/containerd", "/var/lib/docker/containerd"},
};

static const char containerd_tasks[] = "io.containerd.runtime.v2.task";

/*
 * The image that a container was made from, by its name, its digest and its labels: of these, the bundle has only Kubernetes' annotations, with
 * the name.
 */
static int containerd_image(int root, size_t home, const char *namespace, const char *id,
			    struct container_facts *facts)
{
	char image[CONTAINER_FACT_MAX + 1], text[CONTAINER_FACT_MAX + 1];
	const char *const image_path[] = {"v1", namespace, "containers", id, "image", NULL};
	const char *const digest_path[] = {"v1", namespace, "images", image, "target", "digest", NULL};
	AUTO_CLOSE int fd =
		file_regular(root, "%s/io.containerd.metadata.v1.bolt/meta.db", containerd_homes[home].data);
	int r = 0, len;

	if (fd < 0)
		return 0;
	len = bolt_get(fd, image_path, image, sizeof(image));
	if (len > 0 && (size_t)len < sizeof(image)) {
		r = container_facts_set(&facts->image, image);
		if (r == 0 && bolt_get(fd, digest_path, text, sizeof(text)) > 0)
			r = container_facts_digest(facts, text);
	}
	for (unsigned int i = 0; r == 0 && i < ALERT_LABEL_COUNT; i++) {
		const char *const path[] = {
			"v1", namespace, "containers", id, "labels", container_label_name(i), NULL};

		/* of a cut one it is not known where a password ends */
		len = bolt_get(fd, path, text, sizeof(text));
		if (len > 0 && (size_t)len < sizeof(text))
			r = container_facts_label(facts, i, text);
	}
	return r;
}

/* A bundle is made for one container, and its configuration is written once. */
static int containerd_created(int root, const char *bundle, struct container_facts *facts)
{
	AUTO_CLOSE int fd = file_regular(root, "%s/config.json", bundle);
	char text[PERIOD_TEXT], whole[PERIOD_TEXT + 10];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	period_utc((int64_t)st.st_mtim.tv_sec * 1000000, text);
	/* one that lived for an instant may have had the same name in the same second */
	snprintf(whole, sizeof(whole), "%.*s.%09ldZ", (int)strlen(text) - 1, text, st.st_mtim.tv_nsec);
	return container_facts_set(&facts->created, whole);
}

int container_containerd_bundle(int root, const struct cgroup_name *name, const char *bundle,
				const char *namespace, struct container_facts *facts)
{
	json_t *config = NULL;
	int r = file_json(root, &config, "%s/config.json", bundle);

	if (r == 0)
		r = container_oci_annotations(config, facts);
	if (r == 0)
		r = container_oci_places(config, bundle, facts->pod_uid, facts);
	json_decref(config);
	if (r < 0)
		return r == -EBADMSG ? -EAGAIN : r;
	facts->runtime = strcmp(namespace, "moby") == 0 ? "docker" : "containerd";
	r = container_facts_set(&facts->namespace, namespace);
	if (r == 0)
		r = containerd_created(root, bundle, facts);
	if (r < 0)
		return r;
	/* ctr's containers have no other name than their id; a pod's sandbox has none */
	r = facts->name || facts->pod ? 0 : container_facts_set(&facts->name, name->id);
	for (size_t i = 0; r == 0 && i < sizeof(containerd_homes) / sizeof(*containerd_homes); i++)
		if (strncmp(bundle, containerd_homes[i].state, strlen(containerd_homes[i].state)) == 0)
			r = containerd_image(root, i, namespace, name->id, facts);
	return r;
}

static int containerd_bundle(int root, size_t home, const char *namespace, const struct cgroup_name *name,
			     struct container_facts *facts)
{
	char bundle[PATH_MAX];

	if ((size_t)snprintf(bundle, sizeof(bundle), "%s/%s/%s/%s", containerd_homes[home].state,
			     containerd_tasks, namespace, name->id) >= sizeof(bundle))
		return -ENAMETOOLONG;
	return container_containerd_bundle(root, name, bundle, namespace, facts);
}

static int containerd_namespaces(int root, size_t home, const struct cgroup_name *name,
				 struct container_facts *facts)
{
	int fd = file_directory(root, "%s/%s", containerd_homes[home].state, containerd_tasks);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = -ENOENT;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	for (int i = 0; r == -ENOENT && i < CONTAINERD_NAMESPACES && (entry = readdir(directory)); i++)
		if (cgroup_name_is_id(entry->d_name, strlen(entry->d_name)))
			r = containerd_bundle(root, home, entry->d_name, name, facts);
	closedir(directory);
	return r;
}

int container_containerd_read(int root, const struct cgroup_name *name, const char *namespace,
			      struct container_facts *facts)
{
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < sizeof(containerd_homes) / sizeof(*containerd_homes); i++)
		r = namespace ? containerd_bundle(root, i, namespace, name, facts)
			      : containerd_namespaces(root, i, name, facts);
	return r;
}
