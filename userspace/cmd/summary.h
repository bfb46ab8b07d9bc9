/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is said at the end: one line of what was done, and one for each thing that was lost. */
#pragma once

#include <stdbool.h>

#include "capture/probe.h"
#include "cmd/monitor.h"

/*
 * summary_print() - on standard error.
 * @missing: what this kernel has no function for, so that it was not watched
 * @quiet: say nothing if there was no alert and no loss, and all was watched
 */
void summary_print(const struct probe_counts *counts, const struct monitor_stats *stats,
		   const struct functions_missing *missing, enum probe_cache cache, bool quiet);
