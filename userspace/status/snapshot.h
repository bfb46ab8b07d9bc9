/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a daemon is at one moment, for whoever asks: `spillwatch status` reads it in memory that the daemon has pinned, so nothing is
 * asked of the daemon itself, which may hang.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "capture/probe.h"
#include "engine/canary.h"
#include "engine/pipeline.h"
#include "status/summary.h"

/* Everything is borrowed. */
struct snapshot {
	struct timespec time, started; /* CLOCK_REALTIME */
	const char *kernel; /* of uname(2) */
	const char *attachment, *cache;
	const struct store_watched *watched;
	const struct canary_health *canary; /* NULL: it is not tried */
	int64_t canary_ms; /* since it came back, if it did */
	uint64_t writes_second; /* inspected, as of late */
	const struct probe_counts *counts;
	const struct pipeline_stats *stats;
	const struct bus_loss *outputs;
	size_t output_count;
	const char *store; /* path; NULL: nothing is stored */
	uint64_t store_waiting, store_lost; /* writes of tokens */
	size_t rules, containers; /* in force; known */
	uint64_t ring_waiting, ring_bytes;
};

/*
 * snapshot_json() - one line of JSON. Only sums, names of outputs and what is watched: no path of what was written, no token.
 * Returns 0 and *ret_line (malloc'ed), or -ENOMEM.
 */
int snapshot_json(const struct snapshot *snapshot, char **ret_line);
