/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who reads which runtime's files. The readers know the record (facts.h), and nothing of each other's files.
 */
#pragma once

#include <jansson.h>

#include "attribute/container/cgroup_name.h"
#include "attribute/container/facts.h"
#include "attribute/container/relayed.h"

/*
 * container_facts_read() - asks the files of the runtime that the cgroup's name tells, or of each if it does not.
 * @root: descriptor of the root directory that the runtime lives in
 * @path: of the cgroup, terminated: its user.slice tells the owner of a rootless container
 * Returns as the readers.
 */
int container_facts_read(int root, const struct cgroup_name *name, const char *path,
			 struct container_facts *facts);

/*
 * container_facts_guess() - is a component of any name (cgroup_name_guess()) a container after all?
 * @parent: the component before, which would be containerd's namespace
 */
int container_facts_guess(int root, const struct cgroup_name *name, const char *parent, const char *path,
			  struct container_facts *facts);

/* container_facts_relayed() - the same for what a process outside of the container says of it, and where its files are. */
int container_facts_relayed(int root, const struct relayed *relayed, struct container_facts *facts);

/*
 * container_facts_told() - the same for what a process that made it, or stands above it, says of it (above.h). What was asked for
 * before and is not there is asked for again.
 */
int container_facts_told(int root, const struct relayed *told, struct container_facts *facts);

/*
 * container_facts_renamed() - the name as it is now, if the file that has it was changed since it was read. It is looked at once a second, a long file less
 * often: reading it takes a tenth of the time at most.
 * @now: ns, CLOCK_MONOTONIC
 */
void container_facts_renamed(int root, const struct cgroup_name *name, uint64_t now,
			     struct container_facts *facts);

/*
 * The readers: of container `name`, in the root directory `root`. Each fills what it finds and returns 0, or a
 * negative errno: -ENOENT if its runtime knows no such container (yet), -EAGAIN if its files are not complete yet.
 * What was set before stays.
 */

/* Annotations of an OCI bundle's config.json: containerd's and CRI-O's for Kubernetes, nerdctl's, images'. */
int container_oci_annotations(const json_t *config, struct container_facts *facts);
/* container_oci_places() - the layer that a bundle's config.json names, and volumes that podman or the kubelet have made. Of root's only. */
int container_oci_places(const json_t *config, const char *bundle, const char *pod_uid,
			 struct container_facts *facts);
/* containerd's bundles, under any namespace; image and labels from its database. */
int container_containerd_read(int root, const struct cgroup_name *name, const char *namespace,
			      struct container_facts *facts);
/* @bundle: the directory of config.json, as a shim works in it; …/<namespace>/<id> */
int container_containerd_bundle(int root, const struct cgroup_name *name, const char *bundle,
				const char *namespace, struct container_facts *facts);
int container_crio_read(int root, const struct cgroup_name *name, struct container_facts *facts);
int container_docker_read(int root, const struct cgroup_name *name, const char *path,
			  struct container_facts *facts);
/* @data: Docker's data directory */
int container_docker_data(int root, const struct cgroup_name *name, const char *data,
			  struct container_facts *facts);
/* @bundle: containerd's, in which Docker has mounted what lies in its data directory */
int container_docker_bundle(int root, const struct cgroup_name *name, const char *bundle,
			    struct container_facts *facts);
/* @file: …/config.v2.json; it is the facts' source then */
int container_docker_file(int root, const struct cgroup_name *name, const char *file,
			  struct container_facts *facts);
/*
 * container_docker_layer() - the container's layer, of one that container_docker_file() has filled. @glance: only as far as the kernel has the
 * file's name in memory. Returns 0, also if it is not known, or -ENOMEM.
 */
int container_docker_layer(int root, const char *id, bool glance, struct container_facts *facts);
/* @file: …/containers.json; likewise */
int container_podman_file(int root, const struct cgroup_name *name, const char *file,
			  struct container_facts *facts);
/* @path: the cgroup's, whose user.slice tells the owner of a rootless container */
int container_podman_read(int root, const struct cgroup_name *name, const char *path,
			  struct container_facts *facts);
/* container_podman_volumes() - as container_docker_layer(), the volumes. */
int container_podman_volumes(int root, const char *id, bool glance, struct container_facts *facts);
/* @bundle: …/overlay-containers/<id>/userdata, as conmon was told */
int container_podman_bundle(int root, const struct cgroup_name *name, const char *bundle,
			    struct container_facts *facts);
/* runc and crun on their own */
int container_runc_read(int root, const struct cgroup_name *name, const char *path,
			struct container_facts *facts);
/* @states: where runc keeps its states, as it was told; "": the usual place. @bundle: likewise, "" where it is not known */
int container_runc_told(int root, const struct cgroup_name *name, const char *states, const char *bundle,
			struct container_facts *facts);
