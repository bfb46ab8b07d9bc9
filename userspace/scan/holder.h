/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose a file is that a container runtime keeps: an image's layer, a container's own, a volume, a log, a configuration. */
#pragma once

#include <stddef.h>

#include "alert/json_writer.h"
#include "scan/finding.h"

/* X(id, name) */
#define HOLDER_PARTS(X)                   \
	X(LAYER, "layer")                 \
	X(CONTAINER, "container")         \
	X(VOLUME, "volume")               \
	X(LOG, "log")                     \
	X(CONFIGURATION, "configuration") \
	X(STORE, "store")

enum holder_part {
#define HOLDER_ENUM(id, name) HOLDER_##id,
	HOLDER_PARTS(HOLDER_ENUM)
#undef HOLDER_ENUM
};

/* Of many that share it so many are named, and the others counted. */
#define HOLDER_NAMED 16

/* What is not known is NULL. */
struct holder_image {
	const char *name, *digest;
};

struct holder_container {
	const char *id, *name, *pod, *pod_namespace;
};

/* All of it is borrowed, and as it is, not yet masked. */
struct scan_holder {
	const char *runtime; /* NULL: not known */
	const char *namespace; /* containerd's */
	enum holder_part part;
	const char *layer; /* the digest of what is in it, or what its store calls it */
	const char *volume;
	struct holder_image images[HOLDER_NAMED];
	struct holder_container containers[HOLDER_NAMED];
	size_t image_count, container_count; /* of all of them */
	size_t base; /* bytes of a path that are no part of it in the container: "/var/…/diff" */
};

/* holder_text() - as a sentence goes on (malloc'ed, masked): "docker image web:1, layer sha256:…, /etc/token". NULL if there is no memory. */
char *holder_text(const struct finding *finding);

/* holder_json() - the member "store". Returns 0 or -ENOMEM. */
int holder_json(struct json_writer *json, const struct finding *finding);
