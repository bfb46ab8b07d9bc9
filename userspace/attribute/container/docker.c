// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → Docker's files: <data root>/containers/<id>/config.v2.json.
 *
 * The data root is a setting; where it is not the usual one, the container's bundle tells it: Docker mounts the
 * container's /etc/hostname and the like from there.
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

static int container_docker_fill(const json_t *config, struct container_facts *facts)
{
	const json_t *inner = json_object_get(config, "Config"), *labels = json_object_get(inner, "Labels");
	const char *name = container_json_text(config, "Name");
	const char *image = container_json_text(inner, "Image");
	int r = 0;

	/* cri-dockerd starts Kubernetes' containers by the image's hash, and keeps what it was asked for in labels */
	r = container_facts_set(&facts->name, container_json_text(labels, "io.kubernetes.container.name"));
	if (r == 0)
		r = container_facts_set(&facts->name, name && *name == '/' ? name + 1 : name);
	if (r == 0)
		r = container_facts_set(&facts->image, image ? image : container_json_text(config, "Image"));
	if (r == 0)
		r = container_facts_set(&facts->pod, container_json_text(labels, "io.kubernetes.pod.name"));
	if (r == 0)
		r = container_facts_set(&facts->pod_namespace,
					container_json_text(labels, "io.kubernetes.pod.namespace"));
	if (r == 0)
		r = container_facts_set(&facts->pod_uid,
					container_json_text(labels, "io.kubernetes.pod.uid"));
	return r == 0 ? container_facts_set(&facts->created, container_json_text(config, "Created")) : r;
}

int container_docker_file(int root, const struct cgroup_name *name, const char *file,
			  struct container_facts *facts)
{
	uint64_t size, stamp = file_stamp(root, file, false, &size);
	json_t *config = NULL;
	int r = name->owner ? container_owned(root, name->owner, "%s", file) : 0;

	if (r == 0)
		r = file_json(root, &config, "%s", file);
	if (r == 0)
		r = container_docker_fill(config, facts);
	json_decref(config);
	if (r == 0) {
		facts->runtime = "docker";
		facts->stamp = stamp;
		if (!facts->source)
			facts->source = strdup(file);
	}
	/* found while it was written */
	return r == -EBADMSG ? -EAGAIN : r;
}

static int container_docker_try(int root, const struct cgroup_name *name, const char *data,
				struct container_facts *facts)
{
	char file[PATH_MAX];

	if ((size_t)snprintf(file, sizeof(file), "%s/containers/%s/config.v2.json", data, name->id) >=
	    sizeof(file))
		return -ENAMETOOLONG;
	return container_docker_file(root, name, file, facts);
}

int container_docker_data(int root, const struct cgroup_name *name, const char *data,
			  struct container_facts *facts)
{
	return container_docker_try(root, name, data, facts);
}

/* <data root>/containers/<id>/hostname → <data root> */
static int container_docker_root(const json_t *bundle, const char *id, char *ret_data, size_t size)
{
	const json_t *mounts = json_object_get(bundle, "mounts"), *mount;
	char marker[CGROUP_NAME_BYTES + 16];
	size_t index;

	snprintf(marker, sizeof(marker), "/containers/%s/", id);
	json_array_foreach (mounts, index, mount) {
		const char *source = container_json_text(mount, "source");
		const char *end = source ? strstr(source, marker) : NULL;

		if (end && end != source && (size_t)(end - source) < size) {
			memcpy(ret_data, source, (size_t)(end - source));
			ret_data[end - source] = '\0';
			return 0;
		}
	}
	return -ENOENT;
}

int container_docker_bundle(int root, const struct cgroup_name *name, const char *bundle,
			    struct container_facts *facts)
{
	json_t *config = NULL;
	char data[PATH_MAX];
	int r = -ENOENT;

	if (file_json(root, &config, "%s/config.json", bundle) == 0 &&
	    container_docker_root(config, name->id, data, sizeof(data)) == 0)
		r = container_docker_try(root, name, data, facts);
	json_decref(config);
	return r;
}

static int container_docker_by_bundle(int root, const struct cgroup_name *name, struct container_facts *facts)
{
	static const char *const states[] = {"/run/docker/containerd/daemon", "/run/docker/containerd",
					     "/run/containerd"};
	char bundle[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; r < 0 && i < sizeof(states) / sizeof(*states); i++) {
		snprintf(bundle, sizeof(bundle), "%s/io.containerd.runtime.v2.task/moby/%s", states[i],
			 name->id);
		r = container_docker_bundle(root, name, bundle, facts);
	}
	return r;
}

static int container_docker_by_setting(int root, const struct cgroup_name *name,
				       struct container_facts *facts)
{
	json_t *setting = NULL;
	const char *data;
	int r = file_json(root, &setting, "/etc/docker/daemon.json");

	data = r == 0 ? container_json_text(setting, "data-root") : NULL;
	r = data ? container_docker_try(root, name, data, facts) : -ENOENT;
	json_decref(setting);
	return r;
}

int container_docker_read(int root, const struct cgroup_name *name, const char *path,
			  struct container_facts *facts)
{
	static const char *const datas[] = {"/var/lib/docker", "/var/snap/docker/common/var-lib-docker"};
	char home[PATH_MAX], data[PATH_MAX + 32];
	uint32_t uid;
	int r = -ENOENT;

	for (size_t i = 0; !name->owner && r < 0 && r != -EAGAIN && i < sizeof(datas) / sizeof(*datas); i++)
		r = container_docker_try(root, name, datas[i], facts);
	if (r < 0 && r != -EAGAIN && container_user_find(root, name, path, &uid, home, sizeof(home)) == 0 &&
	    *home) {
		snprintf(data, sizeof(data), "%s/.local/share/docker", home);
		r = container_docker_try(root, name, data, facts);
	}
	if (name->owner)
		return r;
	if (r < 0 && r != -EAGAIN)
		r = container_docker_by_bundle(root, name, facts);
	return r < 0 && r != -EAGAIN ? container_docker_by_setting(root, name, facts) : r;
}
