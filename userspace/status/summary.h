/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is said at the end: one line of what was done, and one for each thing that was lost. */
#pragma once

#include <stdbool.h>

#include "alert/loss.h"
#include "capture/probe.h"
#include "engine/pipeline.h"

/* Kinds of losses, at most. */
#define SUMMARY_LINES (COUNTER_MAX + 24 + BUS_LOSSES)

/*
 * summary_print() - on standard error.
 * @missing: what this kernel has no function for, so that it was not watched
 * @quiet: say nothing if there was no alert and no loss, and all was watched
 */
void summary_print(const struct probe_counts *counts, const struct pipeline_stats *stats,
		   const struct functions_missing *missing, enum probe_cache cache, bool quiet);

/* summary_lost() - was anything lost? That something is missing in an alert does not count. */
bool summary_lost(const struct probe_counts *counts, const struct pipeline_stats *stats);

/* Of pipeline_stats.files_unread, where no one of them is named. */
#define SUMMARY_FILES_UNREAD "files that had to be read and could not be"

/* What of each loss was told while it happened. */
struct summary_told {
	uint64_t value[SUMMARY_LINES];
	/* there may be other outputs than before: whose line is which, the last output_count of them, and what was told of those that left */
	uint64_t outputs[BUS_LOSSES];
	size_t output_count;
	uint64_t removed;
	/* of the last call */
	struct loss_kind news[SUMMARY_LINES];
	size_t news_count;
};

/*
 * summary_news() - gathers, in told->news, each loss that there was since the last call; returns whether there was any.
 * @told: zero at first
 */
bool summary_news(const struct probe_counts *counts, const struct pipeline_stats *stats,
		  struct summary_told *told);

/* summary_all() - gathers, in ret_all->news, every kind of loss there is, also those of which there was none. */
void summary_all(const struct probe_counts *counts, const struct pipeline_stats *stats,
		 struct summary_told *ret_all);
