/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose layer or volume a path of the host's is in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "attribute/container/table.h"

enum holding { HOLDING_NONE, HOLDING_LAYER, HOLDING_VOLUME };

/* holding_may() - could it be in any at all? Cheap, for what is asked of every write of the host's. */
bool holding_may(const char *path, const char *shown);

/* holding_of() - is it in this container's? @path, @shown: as of containers_holding() */
enum holding holding_of(const struct container *container, const char *path, const char *shown);

/*
 * holding_pod() - the uid of the pod in whose volumes it is, by the kubelet's directories. Not of what the kubelet itself fills: secrets,
 * configuration, tokens of its own.
 * Returns true and *ret_uid, terminated.
 */
bool holding_pod(const char *path, char *ret_uid, size_t size);
