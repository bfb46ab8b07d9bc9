/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The stages, wired: ring → matcher → attribute → alert → sinks. `run` and `exec` differ in whom
 * they watch and when they end; the rest is here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture/probe.h"
#include "store/store.h"

enum monitor_output {
	MONITOR_OUTPUT_AUTO,
	MONITOR_OUTPUT_TEXT,
	MONITOR_OUTPUT_JSON,
};

struct monitor_options {
	struct probe_options probe;
	const char *alerts; /* file for JSON lines, "-" is standard output; NULL: none. Borrowed. */
	enum monitor_output output;
	const char *procfs; /* where the host's procfs is mounted; NULL: /proc. Borrowed. */
	const char *root; /* the host's root directory; NULL: /. Borrowed. */
	const char *store; /* path of the store, NULL: none. Borrowed. */
	bool store_needed; /* not to be opened at all without it */
	struct store_limits store_limits;
};

/* What happened on the way from the ring to the sinks. */
struct monitor_stats {
	uint64_t samples; /* records taken out of the ring */
	uint64_t samples_bad; /* records that did not parse or held no token */
	uint64_t samples_unjudged; /* records that waited in the ring when the time to end was over */
	uint64_t alerts; /* raised, placeholders among them */
	uint64_t placeholders;
	uint64_t second_looks; /* alerts of what was seen only on its way to a block device */
	uint64_t rechecks_failed; /* second looks that could not be made */
	uint64_t files_unread; /* files that had to be read and could not be */
	uint64_t tokens_gone; /* that were to be read there and could not be, or not any more; at most */
	uint64_t ranges_again; /* of files, that were written again before they were read */
	uint64_t bytes_unread; /* bytes of such files past the bound */
	uint64_t alerts_failed; /* could not be built (memory) */
	uint64_t repeats_untold; /* writes, by the kernel's last count, for which no alert is kept any more */
	uint64_t
		leaks_forgotten; /* by the kernel, for room: their next write was, or would be, another alert */
	uint64_t places_forgotten; /* likewise, for who looks a second time */
	uint64_t begun_forgotten; /* where a token had begun: what went on was not joined */
	uint64_t sink_errors; /* alerts that a sink could not take */
	uint64_t store_errors; /* writes of tokens that the store could not take */
};

struct monitor;

/* monitor_defaults() - the options with nothing given on the command line. */
struct monitor_options monitor_defaults(void);

/*
 * monitor_open() - opens the sinks, then loads and attaches. Says on standard error what is wrong.
 * Returns 0 and *ret_monitor (end it with monitor_close()), or an exit code.
 */
int monitor_open(const struct monitor_options *options, struct monitor **ret_monitor);

/* monitor_close() - detaches, closes the sinks, frees; NULL is fine. */
void monitor_close(struct monitor *monitor);

/* monitor_fd() - polls readable when samples wait. */
int monitor_fd(const struct monitor *monitor);

/*
 * monitor_turn() - what is to be done after each poll(2): looks at what is due (monitor_look()), and turns samples into alerts, for
 * a bounded time. Returns 0 or a negative errno.
 * @ready: the revents of monitor_fd()
 */
int monitor_turn(struct monitor *monitor, short ready);

/*
 * monitor_settle() - the end: detaches, then drains until every sample that the kernel has sent is judged, or
 * timeout_ms have passed; what waits then is counted as unjudged. Returns 0, -ETIME or another negative errno.
 */
int monitor_settle(struct monitor *monitor, int timeout_ms);

/* monitor_follows() - is there still a process that belongs to the tree that is watched (SCOPE_TREE)? */
bool monitor_follows(const struct monitor *monitor);

/* monitor_timeout() - for poll(2): milliseconds until monitor_look() is due next, -1 if it is not. */
int monitor_timeout(const struct monitor *monitor);

/*
 * monitor_look() - looks at mapped files that may have changed, and for what runtimes had not on disk yet, if it is
 * time; cheap if it is not.
 * @all: now, and at every mapped file, whatever its modification time says
 */
void monitor_look(struct monitor *monitor, bool all);

/* monitor_last_repeats() - says how often known tokens were repeated since that was last said. */
void monitor_last_repeats(struct monitor *monitor);

/* monitor_reopen() - opens the alert file anew (log rotation). Returns 0 or a negative errno. */
int monitor_reopen(struct monitor *monitor);

const struct monitor_stats *monitor_stats(const struct monitor *monitor);
enum probe_attachment monitor_attachment(const struct monitor *monitor);

/* monitor_lost() - after monitor_summary(): was anything lost, or did an output fail? */
bool monitor_lost(const struct monitor *monitor);

/*
 * monitor_summary() - what was inspected, raised and lost, on standard error.
 * @quiet: say nothing if there was no alert and no loss, and all was watched
 */
void monitor_summary(struct monitor *monitor, bool quiet);
