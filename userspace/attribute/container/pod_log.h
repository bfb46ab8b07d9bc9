/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which container a log below /var/log/pods is of: the kubelet's links in /var/log/containers tell its id. */
#pragma once

#include <stddef.h>

#include "attribute/container/relayed.h"

/*
 * container_pod_log() - /var/log/containers/<pod>_<namespace>_<name>-<id>.log → /var/log/pods/<namespace>_<pod>_<uid>/<name>/<log>
 * @log: with pod, namespace, uid, name and log
 * Returns 0 and the id in `id`, or -ENOENT.
 */
int container_pod_log(int root, const struct relayed *log, char *id, size_t size);
