// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: a path of the host's → container.
 *
 *     /var/lib/docker/overlay2/<layer>/diff/…                            Docker's layer; podman's and CRI-O's lie likewise
 *     /run/containerd/…/<id>/rootfs/…                                    containerd's, as its overlay's mount shows it
 *     /var/lib/docker/volumes/<name>/_data/…                             a volume of Docker's or podman's
 *     /var/lib/kubelet/pods/<uid>/volumes/<kind>/<name>/…                a pod's
 *
 * All of that is by what was read when the container was learnt, and nothing is read here. Limit: a directory of the host's that was bound into
 * a container is the host's.
 */
#include "attribute/container/holding.h"

#include <string.h>

bool holding_may(const char *path, const char *shown)
{
	static const char *const marks[] = {"/diff/", "/volumes/", "/volume-subpaths/", "/rootfs/"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (strstr(path, marks[i]))
			return true;
	return shown != NULL;
}

enum holding holding_of(const struct container *container, const char *path, const char *shown)
{
	const struct container_facts *facts = &container->facts;

	/* what another container's root has called so is not the host's */
	if (container->inner)
		return HOLDING_NONE;
	if (facts->layer &&
	    (container_below(facts->layer, path) || (shown && container_below(facts->layer, shown))))
		return HOLDING_LAYER;
	for (size_t i = 0; i < facts->volume_count; i++)
		if (container_below(facts->volumes[i], path))
			return HOLDING_VOLUME;
	return HOLDING_NONE;
}

bool holding_pod(const char *path, char *ret_uid, size_t size)
{
	static const char marker[] = "/kubelet/pods/", volumes[] = "/volumes/",
			  subpaths[] = "/volume-subpaths/";
	static const char *const own[] = {"kubernetes.io~secret/", "kubernetes.io~configmap/",
					  "kubernetes.io~projected/", "kubernetes.io~downward-api/"};
	const char *uid = strstr(path, marker), *end;
	size_t len;

	/* anybody may have a directory of that name elsewhere */
	if (!uid || (strncmp(path, "/var/lib/", 9) != 0 && strncmp(path, "/var/snap/", 10) != 0))
		return false;
	uid += strlen(marker);
	len = strcspn(uid, "/");
	end = uid + len;
	if (len >= size || !cgroup_name_is_id(uid, len))
		return false;
	if (strncmp(end, volumes, strlen(volumes)) == 0)
		end += strlen(volumes);
	else if (strncmp(end, subpaths, strlen(subpaths)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strncmp(end, own[i], strlen(own[i])) == 0)
			return false;
	memcpy(ret_uid, uid, len);
	ret_uid[len] = '\0';
	return true;
}
