/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the path of a cgroup says: which container it is, by which runtime, which pod and which systemd unit.
 *
 * The forms, by who makes them (cgroupfs and systemd drivers; the same in cgroup v1 and v2):
 *
 *     containerd, CRI  …/kubepods-…-pod<uid>.slice/cri-containerd-<id>.scope, …/pod<uid>/<id>, …:cri-containerd:<id>
 *     nerdctl, ctr     nerdctl-<id>.scope, /<namespace>/<id>
 *     CRI-O            crio-<id>.scope, crio-<id>
 *     Docker           docker-<id>.scope, docker/<id>
 *     podman           libpod-<id>.scope[/container], libpod_parent/libpod-<id>, libpod-payload-<id>;
 *                      of a pod …-libpod_pod_<id>.slice/libpod-<id>.scope, libpod_parent/<id>/libpod-<id>
 *     LXC              lxc.payload.<name>, lxc.payload/<name>, lxc/<name>
 *     systemd-nspawn   machine-<name>.scope, systemd-nspawn@<name>.service
 *     runc             runc-<id>.scope, …:runc:<id>, /<id>; buildkit/<id>
 *     crun             crun-<id>.scope, /<id>
 *
 * Runtimes nest (kind, docker-in-docker), so the last component that is a container counts. What looks after a
 * container (crio-conmon-, libpod-conmon-, lxc.monitor., a supervisor cgroup) is not in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a component of a path (NAME_MAX) and the NUL. */
#define CGROUP_NAME_BYTES 256
/* Room for a pod's uid: 36 characters, 32 of a static pod's, 64 of podman's. */
#define CGROUP_NAME_UID_BYTES 72

struct cgroup_name {
	const char *runtime; /* static; NULL: no container; "unknown": one, by its id, but whose? */
	char id[CGROUP_NAME_BYTES]; /* [0-9A-Za-z_.-]+, not "." nor ".."; or LXC's or nspawn's name */
	char outer[CGROUP_NAME_BYTES]; /* id of the container around it; "" if there is none */
	char pod_uid[CGROUP_NAME_UID_BYTES]; /* "" if there is none */
	uint32_t
		owner; /* the user who chose the name (owner.h), for whoever asks files; 0: root, or not asked */
	size_t end; /* path[0, end) is the container's cgroup, without what it made below */
	size_t outer_end; /* path[0, outer_end) is the outer container's; 0 if there is none */
};

/*
 * cgroup_name_parse() - path[0, len), absolute in its hierarchy.
 * Returns 0 and *ret_name, or -ENOENT: what it looks like is no container.
 */
int cgroup_name_parse(const char *path, size_t len, struct cgroup_name *ret_name);

/*
 * cgroup_name_guess() - for the runtimes that put a container of any name anywhere: the component that ends
 * path[0, len) taken as an id. Only the runtime's files can tell if it is one.
 * @ret_name: runtime "unknown"
 * @ret_parent: the component before (containerd's namespace), "" if there is none; CGROUP_NAME_BYTES
 * Returns the length of the path without that component, to go on with (0: it was the first), or -ENOENT at the
 * end. A component that can't be an id (a systemd unit) gives an empty id.
 */
int cgroup_name_guess(const char *path, size_t len, struct cgroup_name *ret_name, char *ret_parent);

/*
 * cgroup_name_unit() - systemd's unit of a process: the deepest component that names a service, scope, socket,
 * mount or swap. @paths: as the sample carries them, one or two joined by a newline.
 * Returns the unit (borrowed, *ret_len bytes), or NULL.
 */
const char *cgroup_name_unit(const char *paths, size_t len, size_t *ret_len);

/* cgroup_name_is_units() - is the last component of path[0, len) a unit or a slice of systemd's? */
bool cgroup_name_is_units(const char *path, size_t len);

/*
 * cgroup_name_next() - walks over the paths of a sample, joined by newlines: *at is 0 at first.
 * Returns the next path (borrowed, *ret_len bytes), or NULL.
 */
const char *cgroup_name_next(const char *paths, size_t len, size_t *at, size_t *ret_len);

/* cgroup_name_is_id() - may this become part of a path? [0-9A-Za-z_.-]+, not beginning with a dot. */
bool cgroup_name_is_id(const char *text, size_t len);

/* cgroup_name_is_hash() - is it an id that no two containers have: 64 hexadecimal digits? */
bool cgroup_name_is_hash(const char *text, size_t len);
