// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The summary; its losses are the whole list of include/counters.h and of struct monitor_stats. */
#include "cmd/summary.h"

#include "lib/log.h"

#include <inttypes.h>
#include <stdio.h>

enum counter_class { WORK, LOSS, DETAIL };

static const struct {
	enum counter_class class;
	const char *text;
} summary_counters[COUNTER_MAX] = {
#define SUMMARY_COUNTER(id, class, text) {class, text},
	COUNTERS(SUMMARY_COUNTER)
#undef SUMMARY_COUNTER
};

/* "1.4 MiB" */
static const char *summary_bytes(uint64_t bytes, char *text, size_t size)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		unit++;
	}
	snprintf(text, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

/* One line for a loss that is not zero; returns whether it was. */
static bool summary_line(bool print, const char *label, uint64_t value, const char *text)
{
	if (value && print)
		log_note("%s: %" PRIu64 " %s", label, value, text);
	return value != 0;
}

/* Runs of programs are not writes: how many of those there were is not known, but that there were no more. */
static bool summary_skipped(bool print, const struct probe_counts *counts)
{
	for (size_t i = 0; print && i < counts->hooks_skipped; i++)
		log_note("LOST: at most %" PRIu64
			 " run%s of %s, which the kernel skipped because others were "
			 "preempted in it on that CPU",
			 counts->skipped[i].runs, counts->skipped[i].runs == 1 ? "" : "s",
			 counts->skipped[i].hook);
	return counts->hooks_skipped != 0;
}

/* How much of it there was nobody knows. */
static void summary_unwatched(const struct functions_missing *missing)
{
	for (size_t i = 0; i < missing->count; i++)
		log_note("NOT WATCHED: %s, since this kernel has no %s to attach to",
			 missing->function[i]->sees, missing->function[i]->name);
}

/* Prints all losses, or only tells whether there are any. */
static bool summary_losses(const struct probe_counts *counts, const struct monitor_stats *stats, bool print)
{
	bool any = false;

	for (int id = 0; id < COUNTER_MAX; id++)
		if (summary_counters[id].class != WORK)
			any |= summary_line(print, summary_counters[id].class == LOSS ? "LOST" : "incomplete",
					    counts->value[id], summary_counters[id].text);
	any |= summary_skipped(print, counts);
	any |= summary_line(print, "LOST", stats->files_unread, "files that had to be read and could not be");
	any |= summary_line(print, "LOST", stats->tokens_gone,
			    "tokens, at most, that were overwritten before they could be read in their file");
	any |= summary_line(print, "LOST", stats->bytes_unread, "bytes of files past the bound of reading");
	any |= summary_line(print, "LOST", stats->rechecks_failed,
			    "second looks at files that were stored into, which could not be made");
	any |= summary_line(print, "LOST", stats->samples_unjudged,
			    "samples that still waited when the time to end was over");
	any |= summary_line(print, "LOST", stats->samples_bad, "samples that could not be understood");
	any |= summary_line(print, "incomplete", stats->repeats_untold,
			    "writes that repeated what was alerted, by the last count, for which no alert is "
			    "kept any more");
	any |= summary_line(print, "incomplete", stats->leaks_forgotten,
			    "leaks that were forgotten for room: their next write is alerted as a first one");
	any |= summary_line(
		print, "incomplete", stats->places_forgotten,
		"tokens in a place that were forgotten for room: a look into the file alerts them again");
	any |= summary_line(print, "LOST", stats->begun_forgotten,
			    "beginnings of a token that were forgotten for room: had one gone on, it would "
			    "not have been seen");
	any |= summary_line(print, "LOST", stats->alerts_failed, "alerts for which memory was missing");
	any |= summary_line(print, "LOST", stats->sink_errors, "alerts that an output could not take");
	any |= summary_line(print, "LOST", stats->store_errors,
			    "writes of tokens that the store could not take");
	return any;
}

void summary_print(const struct probe_counts *counts, const struct monitor_stats *stats,
		   const struct functions_missing *missing, enum probe_cache cache, bool quiet)
{
	bool lost = summary_losses(counts, stats, false) || missing->count;
	char bytes[32];

	if (quiet && !lost && !stats->alerts)
		return;
	summary_bytes(counts->value[COUNTER_bytes_inspected], bytes, sizeof(bytes));
	log_note("%" PRIu64 " write%s (%s) inspected, %" PRIu64 " alert%s%s",
		 counts->value[COUNTER_writes_inspected],
		 counts->value[COUNTER_writes_inspected] == 1 ? "" : "s", bytes, stats->alerts,
		 stats->alerts == 1 ? "" : "s", lost ? "" : ", nothing lost");
	if (stats->second_looks)
		log_note("%" PRIu64 " token%s seen only on the way to the disk", stats->second_looks,
			 stats->second_looks == 1 ? " was" : "s were");
	if (cache != PROBE_CACHE_IN_PLACE)
		log_note("the page cache was %s", probe_cache_text(cache));
	if (counts->value[COUNTER_repeats_suppressed])
		log_note("%" PRIu64 " repeat%s of a token in a file where it was known already",
			 counts->value[COUNTER_repeats_suppressed],
			 counts->value[COUNTER_repeats_suppressed] == 1 ? "" : "s");
	if (stats->placeholders)
		log_note("%" PRIu64 " of the alerts %s for a placeholder", stats->placeholders,
			 stats->placeholders == 1 ? "is" : "are");
	summary_losses(counts, stats, true);
	summary_unwatched(missing);
}
