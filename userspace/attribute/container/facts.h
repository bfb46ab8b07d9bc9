/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a runtime's files say of one container. Every text here has been through mask.h, and is at most
 * CONTAINER_FACT_MAX bytes of what was there.
 */
#pragma once

#include <stdint.h>

#define CONTAINER_FACT_MAX 512

struct container_facts {
	const char *runtime; /* static; NULL: as the cgroup's name says */
	char *name;
	char *image;
	char *pod, *pod_namespace, *pod_uid; /* Kubernetes; NULL elsewhere */
	char *namespace; /* containerd's */
	char *created; /* RFC 3339, as far as its runtime tells */
	/* docker and podman: the file that has its name, below the root directory, and what it was like when it was read */
	char *source;
	uint64_t stamp;
	uint64_t due; /* ns, CLOCK_MONOTONIC: not to be looked at before that */
};

/* container_facts_free() - frees what it owns and zeroes it. */
void container_facts_free(struct container_facts *facts);

/*
 * container_facts_set() - puts a printable copy of text (NULL: nothing is done) into a fact that is not set yet.
 * Returns 0 or -ENOMEM.
 */
int container_facts_set(char **fact, const char *text);
