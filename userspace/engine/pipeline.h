/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The stages, wired: ring → matcher → attribute → alert → outputs. `run` and `exec` differ in whom
 * they watch and when they end; the rest is here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture/probe.h"
#include "engine/canary.h"
#include "engine/reading.h"
#include "lib/board.h"
#include "output/bus.h"
#include "rules/rules.h"
#include "store/store.h"

enum pipeline_output {
	PIPELINE_OUTPUT_AUTO,
	PIPELINE_OUTPUT_TEXT,
	PIPELINE_OUTPUT_JSON,
};

/* 600,000 alerts and more: no writer of fakes pushes out others' alerts within seconds. */
#define PIPELINE_ALERTS_BYTES (1L << 30)
/* Some alerts, of any length. */
#define PIPELINE_ALERTS_BYTES_MIN (64L << 10)

struct pipeline_options {
	struct probe_options probe;
	bool watch_given; /* probe.watch is what was asked for */
	const char *scope_name; /* the cgroup's path, or the command; NULL: the host. Borrowed. */
	const char *alerts; /* file for JSON lines, "-" is standard output; NULL: none. Borrowed. */
	unsigned long alerts_bytes; /* bound of that file, 0: none */
	const char *socket; /* unix stream socket for readers of alerts; NULL: none. Borrowed. */
	const struct output_spec *outputs; /* of the configuration, output_count of them; borrowed */
	size_t output_count;
	enum pipeline_output output;
	const char *procfs; /* where the host's procfs is mounted; NULL: /proc. Borrowed. */
	struct board *board; /* where it is said how we are, beside the pins; NULL: nowhere. Borrowed. */
	const char *root; /* the host's root directory; NULL: /. Borrowed. */
	const char *store; /* path of the store, NULL: none. Borrowed. */
	bool store_needed; /* not to be opened at all without it */
	bool store_alone; /* no other daemon is to write it */
	struct store_limits store_limits;
	/* of each alert that goes out; NULL: nobody else wants to know */
	void (*told)(void *context, const struct alert *alert);
	void *told_context;
	const struct rules
		*rules; /* NULL: none. Borrowed, until pipeline_rules() puts others in their place. */
};

/* What happened on the way from the ring to the outputs. */
struct pipeline_stats {
	uint64_t samples; /* records taken out of the ring */
	uint64_t
		canaries_failed; /* rounds of engine/canary.h that did not come back, and nothing tells why */
	uint64_t samples_bad; /* records that did not parse or held no token */
	uint64_t samples_unjudged; /* records that waited in the ring when the time to end was over */
	uint64_t alerts; /* raised, placeholders among them */
	uint64_t placeholders;
	uint64_t allowed; /* of what was written, by a rule: no alert */
	uint64_t second_looks; /* alerts of what was seen only on its way to a block device */
	uint64_t
		found_late; /* alerts of what was counted as lost before, as there was no room for it in the ring */
	uint64_t rechecks_failed; /* second looks that could not be made */
	uint64_t files_unread; /* files that had to be read and could not be */
	char files_unread_text[64 + READING_WHICH]; /* that, and which for one */
	char files_unread_news[64 + READING_WHICH]; /* likewise, of those that were not told of yet */
	uint64_t files_unanswered; /* likewise, because their file system does not answer */
	uint64_t tokens_gone; /* that were to be read there and could not be, or not any more; at most */
	uint64_t texts_cut; /* writes to a stream that ended in what may be a token in another form */
	uint64_t ranges_again; /* of files, that were written again before they were read */
	uint64_t bytes_unread; /* bytes of such files past the bound */
	uint64_t heirs_unseen; /* processes that could not be looked at for who has inherited a mapping */
	uint64_t heirs_unasked; /* tokens of which it was not asked who has stored them */
	uint64_t facts_unanswered; /* questions for names and other facts, as attribution counts them */
	uint64_t alerts_failed; /* could not be built (memory) */
	uint64_t repeats_untold; /* writes, by the kernel's last count, for which no alert is kept any more */
	uint64_t
		leaks_forgotten; /* by the kernel, for room: their next write was, or would be, another alert */
	uint64_t places_forgotten; /* likewise, for who looks a second time */
	uint64_t begun_forgotten; /* where a token had begun: what went on was not joined */
	struct bus_loss outputs[BUS_LOSSES]; /* alerts that did not arrive there; output_count of them */
	size_t output_count;
	uint64_t store_errors; /* writes of tokens that the store could not take */
};

struct pipeline;

/* pipeline_defaults() - the options with nothing given on the command line. */
struct pipeline_options pipeline_defaults(void);

/*
 * pipeline_open() - opens the outputs, then loads and attaches. Says on standard error what is wrong.
 * Returns 0 and *ret_pipeline (end it with pipeline_close()), or an exit code.
 */
int pipeline_open(const struct pipeline_options *options, struct pipeline **ret_pipeline);

/*
 * pipeline_watch_self() - from now on it is tried whether what is written comes through (engine/canary.h); to be called before
 * privileges go.
 * @watch: FILE_KIND_BIT()s
 * Returns 0 or a negative errno.
 */
int pipeline_watch_self(struct pipeline *pipeline, uint32_t watch);

/* pipeline_blind() - it does not, and did not for some rounds: nobody watches. */
bool pipeline_blind(const struct pipeline *pipeline);

/* pipeline_health() - how it went; NULL: it is not tried. */
const struct canary_health *pipeline_health(const struct pipeline *pipeline);

/*
 * pipeline_begin() - starts the threads, which have what privileges the process has by then. Returns 0 or a negative errno.
 */
int pipeline_begin(struct pipeline *pipeline);

/* pipeline_needs() - what the outputs need once it is open: of enum privileges_need. */
unsigned int pipeline_needs(const struct pipeline_options *options);

/* pipeline_close() - detaches, closes the outputs, frees; NULL is fine. */
void pipeline_close(struct pipeline *pipeline);

/* pipeline_fd() - polls readable when samples wait, or something was read in a file. */
int pipeline_fd(const struct pipeline *pipeline);

/*
 * pipeline_turn() - what is to be done after each poll(2): looks at what is due (pipeline_look()), and turns samples into alerts, for
 * a bounded time. Returns 0 or a negative errno.
 * @ready: the revents of pipeline_fd()
 */
int pipeline_turn(struct pipeline *pipeline, short ready);

/*
 * pipeline_settle() - the end: detaches, then drains until every sample that the kernel has sent is judged, or
 * timeout_ms have passed; what waits then is counted as unjudged. Returns 0, -ETIME or another negative errno.
 */
int pipeline_settle(struct pipeline *pipeline, int timeout_ms);

/*
 * pipeline_leave() - the end of a daemon whose programs stay, in place of pipeline_settle(): drains what waits, for timeout_ms at
 * most; what comes then is for the next one. Returns 0 or a negative errno.
 */
int pipeline_leave(struct pipeline *pipeline, int timeout_ms);

/* pipeline_pinned() - do the programs stay if nobody detaches them? */
bool pipeline_pinned(const struct pipeline *pipeline);

/* pipeline_follows() - is there still a process that belongs to the tree that is watched (SCOPE_TREE)? */
bool pipeline_follows(const struct pipeline *pipeline);

/* pipeline_timeout() - for poll(2): milliseconds until pipeline_look() is due next, -1 if it is not. */
int pipeline_timeout(const struct pipeline *pipeline);

/*
 * pipeline_look() - looks at mapped files that may have changed, and for what runtimes had not on disk yet, if it is
 * time; cheap if it is not.
 * @all: now, and at every mapped file, whatever its modification time says
 */
void pipeline_look(struct pipeline *pipeline, bool all);

/* pipeline_last_repeats() - says how often known tokens were repeated since that was last said. */
void pipeline_last_repeats(struct pipeline *pipeline);

/* pipeline_rules() - puts rules in the place of those that are in force, between two alerts; NULL: none. Borrowed. */
void pipeline_rules(struct pipeline *pipeline, const struct rules *rules);

/*
 * pipeline_change() - other outputs and limits of the store, between two alerts: what is in both goes on as it is.
 * Returns 0; or -EINVAL after saying which output can't be opened: nothing is changed then. What would need a privilege that is given
 * away leaves all outputs as they were; that is said, and *ret_outputs is false.
 */
int pipeline_change(struct pipeline *pipeline, const struct pipeline_options *options, bool *ret_outputs);

/* pipeline_reopen() - has the alert file opened anew (log rotation), before the next alert is written. */
void pipeline_reopen(struct pipeline *pipeline);

/*
 * pipeline_deliver() - the end of the outputs and of the store, before the summary: waits for those that still take
 * what they have to, so many ms at most. What waits then does not arrive.
 */
void pipeline_deliver(struct pipeline *pipeline, int ms);

const struct pipeline_stats *pipeline_stats(const struct pipeline *pipeline);
enum probe_attachment pipeline_attachment(const struct pipeline *pipeline);

/* pipeline_lost() - after pipeline_summary(): was anything lost, or did an output fail? */
bool pipeline_lost(const struct pipeline *pipeline);

/*
 * pipeline_summary() - what was inspected, raised and lost, on standard error.
 * @quiet: say nothing if there was no alert and no loss, and all was watched
 */
void pipeline_summary(struct pipeline *pipeline, bool quiet);
