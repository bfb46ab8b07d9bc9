// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → Docker's files: <data root>/containers/<id>/config.v2.json.
 *
 * The data root is a setting; where it is not the usual one, the container's bundle tells it: Docker mounts the
 * container's /etc/hostname and the like from there.
 *
 *     <data root>/image/overlay2/layerdb/mounts/<id>/mount-id    names the container's layer, <data root>/overlay2/<mount-id>/diff
 */
#include "attribute/container/readers.h"
#include "files/open.h"
#include "files/safe_open.h"
#include "attribute/container/owner.h"
#include "attribute/container/user.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
		r = container_facts_digest(facts, container_json_text(config, "Image"));
	if (r == 0)
		r = container_facts_labels(facts, labels);
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

/* <data root>/containers/<id>/config.v2.json → <data root> */
static int docker_data_of(const char *file, const char *id, char *ret_data, size_t size)
{
	char tail[CGROUP_NAME_BYTES + 32];
	size_t len = strlen(file), end;

	snprintf(tail, sizeof(tail), "/containers/%s/config.v2.json", id);
	end = strlen(tail);
	if (len <= end || strcmp(file + len - end, tail) != 0 || len - end >= size)
		return -ENOENT;
	memcpy(ret_data, file, len - end);
	ret_data[len - end] = '\0';
	return 0;
}

int container_docker_layer(int root, const char *id, bool glance, struct container_facts *facts)
{
	char data[PATH_MAX], path[PATH_MAX], layer[CGROUP_NAME_BYTES + 1] = "";
	AUTO_CLOSE int place = -1;
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (facts->layer || !facts->source || docker_data_of(facts->source, id, data, sizeof(data)) < 0 ||
	    (size_t)snprintf(path, sizeof(path), "%s/image/overlay2/layerdb/mounts/%s/mount-id", data, id) >=
		    sizeof(path))
		return 0;
	place = glance ? safe_glance(root, path, &st) : safe_place(root, path, 0);
	fd = place < 0 ? place : safe_reopen(place, NULL);
	if (fd < 0 || read(fd, layer, sizeof(layer) - 1) <= 0)
		return 0;
	layer[strcspn(layer, "\n")] = '\0';
	if (!cgroup_name_is_id(layer, strlen(layer)) ||
	    (size_t)snprintf(path, sizeof(path), "%s/overlay2/%s/diff", data, layer) >= sizeof(path))
		return 0;
	return container_facts_layer(facts, path);
}

/* Those that Docker has made; a directory of the host's that is bound in stays the host's. */
static int docker_volumes(const json_t *config, const char *file, const struct cgroup_name *name,
			  struct container_facts *facts)
{
	json_t *points = json_object_get(config, "MountPoints"), *point;
	char data[PATH_MAX], path[PATH_MAX];
	const char *key;
	int r = 0;

	if (docker_data_of(file, name->id, data, sizeof(data)) < 0)
		return 0;
	json_object_foreach (points, key, point) {
		const char *type = container_json_text(point, "Type");
		const char *source = container_json_text(point, "Source");
		const char *volume = container_json_text(point, "Name");

		if (!type || strcmp(type, "volume") != 0)
			continue;
		if (!source && volume && cgroup_name_is_id(volume, strlen(volume)) &&
		    (size_t)snprintf(path, sizeof(path), "%s/volumes/%s/_data", data, volume) < sizeof(path))
			source = path;
		/* a user's say nothing of what is not below their own directory */
		if (r == 0 && source && (!name->owner || container_below(data, source)))
			r = container_facts_volume(facts, source);
	}
	return r;
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
	if (r == 0)
		r = docker_volumes(config, file, name, facts);
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
	int r;

	if ((size_t)snprintf(file, sizeof(file), "%s/containers/%s/config.v2.json", data, name->id) >=
	    sizeof(file))
		return -ENAMETOOLONG;
	r = container_docker_file(root, name, file, facts);
	return r == 0 && !name->owner ? container_docker_layer(root, name->id, true, facts) : r;
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
