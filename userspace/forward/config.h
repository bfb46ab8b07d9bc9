/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /etc/spillwatch/forward.yaml. A file of its own: another user than the daemon's reads it, and a mistake in a receiver must not be in the way
 * of the daemon's configuration.
 */
#pragma once

#include "forward/receiver.h"
#include "rules/problems.h"

#define FORWARD_CONFIG_PATH "/etc/spillwatch/forward.yaml"
#define FORWARD_SPOOL_PATH "/var/lib/spillwatch-forward/spool.db"
#define FORWARD_RECEIVERS_MAX 16
#define FORWARD_TIMEOUT_MS 30000UL
#define FORWARD_RETRY_MIN_MS 1000UL
#define FORWARD_RETRY_MAX_MS 60000UL

struct forward_config {
	const char *socket, *spool;
	const char *metrics_file; /* NULL: none */
	unsigned long spool_bytes;
	struct receiver receivers[FORWARD_RECEIVERS_MAX];
	size_t count;
	struct tree_node *root; /* what all of it is borrowed of */
	char *path;
};

/*
 * config_forward_read() - Returns 0 and *ret_config (config_forward_free()); -EBADMSG, with what is wrong in *problems; or another
 * negative errno of rules_file_read().
 */
int config_forward_read(const char *path, struct problems *problems, struct forward_config *ret_config);
void config_forward_free(struct forward_config *config);
