// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: which runtime's files are asked about a container. */
#include "attribute/container/readers.h"

#include "files/open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What reading a byte may take: a file of 1 MiB is looked at 10 times a second. */
#define READERS_BYTE_NS 100
/* How often it is asked whether a container was renamed. */
#define READERS_NS 1000000000ULL

static int readers_any(int root, const struct cgroup_name *name, const char *path,
		       struct container_facts *facts)
{
	int r = container_docker_read(root, name, path, facts);

	if (r == -ENOENT && !name->owner)
		r = container_containerd_read(root, name, NULL, facts);
	if (r == -ENOENT && !name->owner)
		r = container_crio_read(root, name, facts);
	if (r == -ENOENT)
		r = container_podman_read(root, name, path, facts);
	return r == -ENOENT ? container_runc_read(root, name, path, facts) : r;
}

int container_facts_read(int root, const struct cgroup_name *name, const char *path,
			 struct container_facts *facts)
{
	int r;

	if (strcmp(name->runtime, "docker") == 0)
		return container_docker_read(root, name, path, facts);
	if (strcmp(name->runtime, "podman") == 0)
		return container_podman_read(root, name, path, facts);
	/* these are root's alone, and of LXC's and nspawn's no file is asked */
	if (name->owner && strcmp(name->runtime, "runc") != 0 && strcmp(name->runtime, "unknown") != 0)
		return -ENOENT;
	if (strcmp(name->runtime, "cri-o") == 0)
		return container_crio_read(root, name, facts);
	if (strcmp(name->runtime, "runc") == 0)
		return container_runc_read(root, name, path, facts);
	if (strcmp(name->runtime, "containerd") == 0) {
		r = container_containerd_read(root, name, NULL, facts);
		/* in a pod's cgroup without a scope, Docker's look the same */
		return r == -ENOENT ? container_docker_read(root, name, path, facts) : r;
	}
	if (strcmp(name->runtime, "unknown") == 0)
		return readers_any(root, name, path, facts);
	/* LXC's and nspawn's id is the name */
	return container_facts_set(&facts->name, name->id);
}

int container_facts_guess(int root, const struct cgroup_name *name, const char *parent, const char *path,
			  struct container_facts *facts)
{
	int r = -ENOENT;

	if (!*name->id)
		return r;
	if (*parent && !name->owner)
		r = container_containerd_read(root, name, parent, facts);
	return r == -ENOENT ? container_runc_read(root, name, path, facts) : r;
}

/* By where it says that the files are, then by where they usually are. */
static int relayed_docker(int root, const struct relayed *relayed, struct container_facts *facts)
{
	int r = *relayed->directory ? container_docker_data(root, &relayed->name, relayed->directory, facts)
				    : -ENOENT;

	return r < 0 ? container_docker_read(root, &relayed->name, "", facts) : r;
}

static int relayed_containerd(int root, const struct relayed *relayed, struct container_facts *facts)
{
	const struct cgroup_name *name = &relayed->name;
	int r = *relayed->directory ? container_containerd_bundle(root, name, relayed->directory,
								  relayed->namespace, facts)
				    : -ENOENT;

	if (r < 0)
		r = container_containerd_read(root, name, *relayed->namespace ? relayed->namespace : NULL,
					      facts);
	return r;
}

int container_facts_relayed(int root, const struct relayed *relayed, struct container_facts *facts)
{
	const struct cgroup_name *name = &relayed->name;
	int r = -ENOENT;

	/* a pod's uid and the container's name, in place of the id */
	if (strchr(name->id, '/'))
		return r;
	if (strcmp(name->runtime, "docker") == 0)
		return relayed_docker(root, relayed, facts);
	/* these are root's alone */
	if (strcmp(name->runtime, "containerd") == 0)
		return name->owner ? r : relayed_containerd(root, relayed, facts);
	if (strcmp(name->runtime, "podman") == 0) {
		if (*relayed->directory)
			r = container_podman_bundle(root, name, relayed->directory, facts);
		return r == -ENOENT && !name->owner ? container_crio_read(root, name, facts) : r;
	}
	if (strcmp(name->runtime, "cri-o") == 0)
		return name->owner ? r : container_crio_read(root, name, facts);
	return readers_any(root, name, "", facts);
}

int container_facts_told(int root, const struct relayed *told, struct container_facts *facts)
{
	const struct cgroup_name *name = &told->name;

	/* crun's and others' */
	if (strcmp(name->runtime, "runc") == 0 || strcmp(name->runtime, "unknown") == 0)
		return container_runc_told(root, name, told->states, told->directory, facts);
	if (strcmp(name->runtime, "docker") == 0)
		return container_docker_bundle(root, name, told->directory, facts);
	if (strcmp(name->runtime, "systemd-nspawn") == 0)
		return container_facts_set(&facts->name, name->id);
	return container_facts_relayed(root, told, facts);
}

void container_facts_renamed(int root, const struct cgroup_name *name, uint64_t now,
			     struct container_facts *facts)
{
	struct container_facts fresh = {0};
	uint64_t stamp, size;
	int r;

	if (!facts->source || !facts->runtime || now < facts->due)
		return;
	/* a user's home may be on a server that does not answer */
	stamp = file_stamp(root, facts->source, name->owner != 0, &size);
	facts->due = now + READERS_NS;
	if (!stamp || stamp == facts->stamp)
		return;
	if (size * READERS_BYTE_NS > READERS_NS)
		facts->due = now + size * READERS_BYTE_NS;
	r = strcmp(facts->runtime, "docker") == 0 ? container_docker_file(root, name, facts->source, &fresh)
						  : container_podman_file(root, name, facts->source, &fresh);
	if (r == 0 && fresh.name) {
		free(facts->name);
		facts->name = fresh.name;
		fresh.name = NULL;
		facts->stamp = fresh.stamp;
	}
	container_facts_free(&fresh);
}
