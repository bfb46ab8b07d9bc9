/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the forwarder knows of itself, as a file for node_exporter's textfile collector: names as the daemon's own have them. */
#pragma once

#include "forward/delivery.h"

struct metrics_source {
	struct spool *spool;
	size_t spool_bytes; /* bound */
	int64_t damaged; /* spools that were set aside */
	bool connected;
	const struct receiver *receivers;
	struct delivery *const *deliveries;
	size_t count;
};

/* metrics_forward_write() - in the place of what was there, in one step. Returns 0 or a negative errno. */
int metrics_forward_write(const char *path, const struct metrics_source *from);
