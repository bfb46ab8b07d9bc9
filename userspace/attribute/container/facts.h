/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a runtime's files say of one container. Every text here has been through mask.h, and is at most
 * CONTAINER_FACT_MAX bytes of what was there.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"

#define CONTAINER_FACT_MAX 512
/* Of a label, likewise. */
#define CONTAINER_LABEL_MAX 128
/* Volumes of one that are known. */
#define CONTAINER_VOLUMES 32

struct container_facts {
	const char *runtime; /* static; NULL: as the cgroup's name says */
	char *name;
	char *image;
	char *digest; /* of the image: "sha256:…" */
	char *labels[ALERT_LABEL_COUNT];
	char *pod, *pod_namespace, *pod_uid; /* Kubernetes; NULL elsewhere */
	char *namespace; /* containerd's */
	char *created; /* RFC 3339, as far as its runtime tells */
	/* docker and podman: the file that has its name, below the root directory, and what it was like when it was read */
	char *source;
	uint64_t stamp;
	uint64_t due; /* ns, CLOCK_MONOTONIC: not to be looked at before that */
	/* directories as the host calls them: what it writes into its own root, and volumes that its runtime or the kubelet has made */
	char *layer;
	char **volumes;
	size_t volume_count;
};

/* container_facts_free() - frees what it owns and zeroes it. */
void container_facts_free(struct container_facts *facts);

/*
 * container_facts_set() - puts a printable copy of text (NULL: nothing is done) into a fact that is not set yet.
 * Returns 0 or -ENOMEM.
 */
int container_facts_set(char **fact, const char *text);

/* container_facts_digest() - the same for the image's digest: 64 digits, bare, or with "sha256:" before them anywhere in the text. */
int container_facts_digest(struct container_facts *facts, const char *text);

/*
 * container_facts_label() - the same for a label; what an address says of a user, or asks, is no part of it. Where it can't be told what is
 * which, nothing is set. @text: the whole of it, since it is the last "@" that counts
 */
int container_facts_label(struct container_facts *facts, enum alert_label label, const char *text);

/* container_facts_labels() - those that are told, of an object that has them all; one that is none is fine. */
int container_facts_labels(struct container_facts *facts, const json_t *labels);

/* container_label_name() - static. */
const char *container_label_name(enum alert_label label);

/* container_facts_layer() - the same for its layer: an absolute path, which is not taken if it is too long or had to be masked. */
int container_facts_layer(struct container_facts *facts, const char *path);

/* container_facts_volume() - one more, likewise; past CONTAINER_VOLUMES none is taken. */
int container_facts_volume(struct container_facts *facts, const char *path);

/* container_below() - is it that directory, or something below it? Of "/" and what is no absolute path, never. */
bool container_below(const char *directory, const char *path);
