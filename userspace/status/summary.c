// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The summary; its losses are the whole list of include/counters.h and of struct pipeline_stats. */
#include "status/summary.h"

#include "lib/log.h"
#include "status/counter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* What is done with the losses: told in the end, asked for, gathered as they come, or all gathered. */
enum summary_mode { SUMMARY_PRINT, SUMMARY_ASK, SUMMARY_NEWS, SUMMARY_ALL };

struct summary_walk {
	enum summary_mode mode;
	struct summary_told *told; /* of SUMMARY_NEWS and SUMMARY_ALL */
	size_t line;
	bool lost, incomplete, news;
};

/* One kind of loss, of which there were so many. */
static void summary_line(struct summary_walk *walk, enum counter_class class, uint64_t value,
			 const char *name, const char *text)
{
	uint64_t *told = walk->told ? &walk->told->value[walk->line] : NULL;

	walk->line++;
	walk->lost |= class == LOSS && value;
	walk->incomplete |= class == DETAIL && value;
	if (walk->mode == SUMMARY_PRINT && value)
		log_note("%s: %" PRIu64 " %s", class == LOSS ? "LOST" : "incomplete", value, text);
	if (!told || class != LOSS || (value <= *told && walk->mode != SUMMARY_ALL))
		return;
	walk->told->news[walk->told->news_count++] = (struct loss_kind){
		.name = name,
		.text = text,
		.count = value - *told,
		.total = value,
	};
	*told = value;
	walk->news = true;
}

/* Runs of programs are not writes: how many of those there were is not known, but that there were no more. */
static void summary_skipped(struct summary_walk *walk, const struct probe_counts *counts)
{
	uint64_t runs = 0;

	for (size_t i = 0; i < counts->hooks_skipped; i++) {
		runs += counts->skipped[i].runs;
		if (walk->mode == SUMMARY_PRINT)
			log_note("LOST: at most %" PRIu64
				 " run%s of %s, which the kernel skipped because others were "
				 "preempted in it on that CPU",
				 counts->skipped[i].runs, counts->skipped[i].runs == 1 ? "" : "s",
				 counts->skipped[i].hook);
	}
	walk->lost |= runs != 0;
	if (walk->told)
		summary_line(walk, LOSS, runs, "runs_skipped",
			     "runs of hooks, at most, which the kernel skipped");
}

/* What was told of each output goes to where it stands now; of those that have left, to the line that all of these have. */
static void summary_outputs_now(struct summary_told *told, size_t line, const struct pipeline_stats *stats)
{
	uint64_t before[BUS_LOSSES] = {0}, removed = told->removed;

	for (size_t i = 0; i < told->output_count; i++) {
		size_t now = 0;

		while (now < stats->output_count &&
		       (!told->outputs[i] || stats->outputs[now].number != told->outputs[i]))
			now++;
		if (now < stats->output_count)
			before[now] = told->value[line + i];
		else
			removed += told->value[line + i];
	}
	told->removed = removed;
	told->output_count = stats->output_count;
	for (size_t i = 0; i < stats->output_count; i++) {
		told->outputs[i] = stats->outputs[i].number;
		told->value[line + i] = before[i];
		if (told->outputs[i])
			continue;
		told->value[line + i] = removed;
		told->removed = 0;
	}
}

/* Each by its name: the others have it all. */
static void summary_outputs(struct summary_walk *walk, const struct pipeline_stats *stats)
{
	if (walk->told)
		summary_outputs_now(walk->told, walk->line, stats);
	for (size_t i = 0; i < stats->output_count; i++)
		summary_line(walk, LOSS, stats->outputs[i].alerts, "output_errors", stats->outputs[i].text);
}

/* How much of it there was nobody knows. */
static void summary_unwatched(const struct functions_missing *missing)
{
	for (size_t i = 0; i < missing->count; i++)
		log_note("NOT WATCHED: %s, since this kernel has no %s to attach to",
			 missing->function[i]->sees, missing->function[i]->name);
}

/* The one that is named was lost since the last time where only such are told of. */
static void summary_unread(struct summary_walk *walk, const struct pipeline_stats *stats)
{
	const char *text = walk->mode == SUMMARY_NEWS ? stats->files_unread_news : stats->files_unread_text;

	summary_line(walk, LOSS, stats->files_unread, "files_unread", *text ? text : SUMMARY_FILES_UNREAD);
}

/* All losses there are. */
static void summary_losses(struct summary_walk *walk, const struct probe_counts *counts,
			   const struct pipeline_stats *stats)
{
	for (int id = 0; id < COUNTER_MAX; id++)
		if (counter_kinds[id].class != WORK)
			summary_line(walk, counter_kinds[id].class, counts->value[id], counter_kinds[id].name,
				     counter_kinds[id].text);
	summary_skipped(walk, counts);
	summary_unread(walk, stats);
	summary_line(walk, LOSS, stats->files_unanswered, "files_unanswered",
		     "files that had to be read and whose file system did not answer");
	summary_line(
		walk, LOSS, stats->tokens_gone, "tokens_gone",
		"tokens, at most, that were not in their file any more when it was read, or it could not be");
	summary_line(walk, LOSS, stats->texts_cut, "texts_cut",
		     "writes to a stream that ended in what may be an encoded token");
	summary_line(walk, LOSS, stats->ranges_again, "ranges_again",
		     "ranges of files that were written again before they could be read");
	summary_line(walk, LOSS, stats->bytes_unread, "bytes_unread",
		     "bytes of files past the bound of reading");
	summary_line(walk, DETAIL, stats->heirs_unseen, "heirs_unseen",
		     "processes that could not be looked at for who has inherited a mapping of tmpfs (other "
		     "users' can be with CAP_SYS_PTRACE only)");
	summary_line(
		walk, DETAIL, stats->heirs_unasked, "heirs_unasked",
		"tokens in a mapping of tmpfs that were told as of who has made it: there was no time to "
		"ask who else may have stored them");
	summary_line(walk, LOSS, stats->rechecks_failed, "rechecks_failed",
		     "second looks at files that were stored into, which could not be made");
	summary_line(walk, LOSS, stats->samples_unjudged, "samples_unjudged",
		     "samples that still waited when the time to end was over");
	summary_line(walk, LOSS, stats->samples_bad, "samples_bad", "samples that could not be understood");
	summary_line(walk, LOSS, stats->canaries_failed, "canaries_failed",
		     "times that this daemon did not see what it wrote itself: nor may it have seen others'");
	summary_line(walk, DETAIL, stats->facts_unanswered, "facts_unanswered",
		     "times that a name or another fact of a process or a container was asked for, and its "
		     "file system did not answer in time");
	summary_line(walk, DETAIL, stats->repeats_untold, "repeats_untold",
		     "writes that repeated what was alerted, by the last count, for which no alert is "
		     "kept any more");
	summary_line(walk, DETAIL, stats->leaks_forgotten, "leaks_forgotten",
		     "leaks that were forgotten for room: their next write is alerted as a first one");
	summary_line(
		walk, DETAIL, stats->places_forgotten, "places_forgotten",
		"tokens in a place that were forgotten for room: a look into the file alerts them again");
	summary_line(walk, LOSS, stats->begun_forgotten, "begun_forgotten",
		     "beginnings of a token that were forgotten for room: had one gone on, it would "
		     "not have been seen");
	summary_line(walk, LOSS, stats->alerts_failed, "alerts_failed",
		     "alerts for which memory was missing");
	summary_line(walk, LOSS, stats->store_errors, "store_errors",
		     "writes of tokens that the store could not take");
	summary_outputs(walk, stats);
}

bool summary_lost(const struct probe_counts *counts, const struct pipeline_stats *stats)
{
	struct summary_walk walk = {.mode = SUMMARY_ASK};

	summary_losses(&walk, counts, stats);
	return walk.lost;
}

bool summary_news(const struct probe_counts *counts, const struct pipeline_stats *stats,
		  struct summary_told *told)
{
	struct summary_walk walk = {.mode = SUMMARY_NEWS, .told = told};

	told->news_count = 0;
	summary_losses(&walk, counts, stats);
	return walk.news;
}

void summary_all(const struct probe_counts *counts, const struct pipeline_stats *stats,
		 struct summary_told *ret_all)
{
	struct summary_walk walk = {.mode = SUMMARY_ALL, .told = ret_all};

	memset(ret_all, 0, sizeof(*ret_all));
	summary_losses(&walk, counts, stats);
}

void summary_print(const struct probe_counts *counts, const struct pipeline_stats *stats,
		   const struct functions_missing *missing, enum probe_cache cache, bool quiet)
{
	struct summary_walk asked = {.mode = SUMMARY_ASK}, printed = {.mode = SUMMARY_PRINT};
	char bytes[32];
	bool lost;

	summary_losses(&asked, counts, stats);
	lost = asked.lost || asked.incomplete || missing->count;
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
	if (stats->found_late)
		log_note("%" PRIu64 " token%s found late, of those that were lost for want of room",
			 stats->found_late, stats->found_late == 1 ? " was" : "s were");
	if (cache != PROBE_CACHE_IN_PLACE)
		log_note("the page cache was %s", probe_cache_text(cache));
	if (counts->value[COUNTER_repeats_suppressed])
		log_note("%" PRIu64 " repeat%s of a token in a file where it was known already",
			 counts->value[COUNTER_repeats_suppressed],
			 counts->value[COUNTER_repeats_suppressed] == 1 ? "" : "s");
	if (stats->placeholders)
		log_note("%" PRIu64 " of the alerts %s for a placeholder", stats->placeholders,
			 stats->placeholders == 1 ? "is" : "are");
	if (stats->allowed)
		log_note("%" PRIu64 " token%s written as a rule allows", stats->allowed,
			 stats->allowed == 1 ? " was" : "s were");
	summary_losses(&printed, counts, stats);
	summary_unwatched(missing);
}
