// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → matcher → attribute → alert → sinks: the only place that knows more than one stage.
 *
 * Invariant: every record taken out of the ring ends as an alert or in a counter. The record lies in
 * the ring's memory, which is read-only to us, and no secret portion is copied out of it; what is read
 * from files is wiped by file_scan().
 */
#include "cmd/monitor.h"

#include "alert/alert.h"
#include "attribute/attribute.h"
#include "attribute/wallclock.h"
#include "cmd/diagnose.h"
#include "cmd/keeper.h"
#include "cmd/summary.h"
#include "bounds.h"
#include "detect/file_scan.h"
#include "detect/mask.h"
#include "detect/sample_view.h"
#include "detect/token.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "policy/deferred.h"
#include "policy/floods.h"
#include "policy/mapped.h"
#include "policy/recheck.h"
#include "policy/repeats.h"
#include "sink/sink.h"
#include "token_key.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <malloc.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MONITOR_SINKS 3

struct monitor {
	struct probe *probe;
	struct attribute *attribute;
	struct repeats *repeats;
	struct mapped *mapped;
	struct recheck *recheck;
	struct deferred *deferred;
	struct floods *floods;
	struct wallclock wallclock;
	uint64_t flooded; /* of probe_flooded() */
	uint64_t flood_looked; /* ns, CLOCK_BOOTTIME: what was lost before is known */
	int64_t next_flood; /* ms, CLOCK_MONOTONIC */
	struct summary_told told;
	int64_t next_news; /* ms, CLOCK_MONOTONIC */
	int64_t drain_until; /* ms, CLOCK_MONOTONIC, of the round that is under way */
	int64_t next_recheck; /* ms, CLOCK_MONOTONIC */
	int64_t next_look; /* ms, CLOCK_MONOTONIC */
	int64_t deadline; /* likewise, of the end; 0: it is not near */
	int retry; /* ms until containers are to be looked for again, -1 if not */
	struct sink *sinks[MONITOR_SINKS];
	size_t sink_count;
	struct keeper *keeper; /* NULL: nothing is stored */
	struct monitor_stats stats;
	uint64_t said; /* alerts, and what was said of repeats */
	uint64_t trimmed; /* alerts when the heap last gave back what it had free */
};

/* Alerts after which the heap gives back what it has free. */
#define MONITOR_TRIM_ALERTS 2048

#define MONITOR_NS 1000000000LL

/* ms between two looks at who floods. */
#define MONITOR_FLOOD_MS 500
/* Who floods, as the summary names them. */
#define MONITOR_FLOODS_NAMED 10

/* ms until a loss is told of at the latest, and between two times that it is. */
#define MONITOR_NEWS_MS 1000
#define MONITOR_NEWS_AGAIN_MS 10000

/* ms that the ring may take in one go, if something else is due, and that files may which it asked to be read. */
#define MONITOR_DRAIN_MS 20
#define MONITOR_READ_MS 5
/* Bytes of such a file between two looks at the clock. */
#define MONITOR_READ_STEP (1UL << 20)

/* ms that second looks may take in one go, and before they go on. */
#define MONITOR_RECHECK_MS 5
#define MONITOR_RECHECK_PAUSE_MS 20

struct monitor_options monitor_defaults(void)
{
	return (struct monitor_options){
		.probe = {.scope = SCOPE_HOST, .watch = FILE_KINDS_DEFAULT},
		.store_limits = {.days = STORE_DAYS, .bytes = STORE_BYTES},
	};
}

/* ms, CLOCK_MONOTONIC */
static int64_t monitor_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Gives back what the heap has free, if there were so many alerts since the last time. */
static void monitor_trim(struct monitor *monitor, uint64_t alerts)
{
	if (monitor->stats.alerts - monitor->trimmed < alerts)
		return;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	monitor->trimmed = monitor->stats.alerts;
}

static void monitor_emit(struct monitor *monitor, struct alert *alert)
{
	/* a gap is what was lost meanwhile, on its way here or for want of memory */
	alert->sequence = ++monitor->said + monitor->stats.alerts_failed + probe_lost(monitor->probe);
	for (size_t i = 0; i < monitor->sink_count; i++)
		if (sink_emit(monitor->sinks[i], alert) < 0)
			monitor->stats.sink_errors++;
	/* the store is told of tokens */
	if (!alert->flood)
		keeper_put(monitor->keeper, alert);
}

/* A token, wherever it was found: names it, says it, and keeps it to tell of repeats. Returns whether it was news. */
static bool monitor_token(struct monitor *monitor, const struct sample_view *view, const uint8_t *window,
			  const struct token *token, const struct token_span *span, const uint64_t *file_at)
{
	struct seen_key key = {view->head->token_key, view->head->place, view->head->writer};
	struct alert alert = {0};

	if (file_at) {
		key.token_key = token_key(probe_seed(monitor->probe), window);
		/* what the kernel side or an earlier look has seen is known, whoever wrote it */
		if (probe_placed(monitor->probe, key.token_key, key.place))
			return false;
	}
	if (attribute_alert(monitor->attribute, view, window, token, span, &alert) < 0) {
		monitor->stats.alerts_failed++;
		return true;
	}
	if (file_at) {
		alert.write.seen_by = "file_read";
		alert.write.token_offset = (int64_t)*file_at;
		alert.news = 1;
		probe_place(monitor->probe, key.token_key, key.place, (int64_t)*file_at, view->head->time);
	}
	monitor->stats.second_looks += (view->head->flags & SAMPLE_WRITEBACK) != 0;
	monitor->stats.alerts++;
	monitor->stats.placeholders += token->placeholder;
	monitor_emit(monitor, &alert);
	floods_keep(monitor->floods, view->head->group, &alert);
	repeats_keep(monitor->repeats, &key, &alert);
	alert_free(&alert);
	return true;
}

struct monitor_scan {
	struct monitor *monitor;
	const struct sample_view *view;
	int64_t until; /* ms, CLOCK_MONOTONIC; 0: to the end */
	uint64_t next; /* behind the last token */
	uint64_t found; /* tokens that nobody had known */
};

static int monitor_scanned(void *context, const uint8_t *window, const struct token *token,
			   const struct token_span *span, uint64_t at)
{
	struct monitor_scan *scan = context;

	/* it is found again when it is that one's turn */
	if (scan->view->head->flags & SAMPLE_MAPPED &&
	    mapped_is_anothers(scan->monitor->mapped, scan->view, at))
		return 0;
	scan->found += monitor_token(scan->monitor, scan->view, window, token, span, &at);
	scan->next = at + span->end;
	return scan->until && monitor_now() > scan->until ? -EAGAIN : 0;
}

/* The written range of the file, or what is mapped of it. */
static void monitor_scan(void *context, const struct sample_view *view, int fd)
{
	struct monitor_scan scan = {.monitor = context, .view = view};
	int64_t r = file_scan(fd, (uint64_t)view->head->offset, view->head->length, LIMIT_FILE_SCAN,
			      monitor_scanned, &scan);

	if (r < 0)
		scan.monitor->stats.files_unread++;
	else
		scan.monitor->stats.bytes_unread += (uint64_t)r;
}

/* A part of a range that waited to be read: as much as there is time for. Returns where to go on. */
static uint64_t monitor_read(void *context, const struct sample_view *view, int fd, uint64_t from,
			     uint64_t length, uint64_t *found)
{
	struct monitor *monitor = context;
	struct monitor_scan scan = {.monitor = monitor, .view = view};
	uint64_t end = from + length;

	scan.until = monitor_now() + MONITOR_READ_MS;
	while (from < end) {
		uint64_t step = end - from < MONITOR_READ_STEP ? end - from : MONITOR_READ_STEP;
		int64_t r = file_scan(fd, from, step, step, monitor_scanned, &scan);

		if (r < 0 && r != -EAGAIN)
			monitor->stats.files_unread++;
		from = r == -EAGAIN ? scan.next : r < 0 ? end : from + step;
		if (monitor_now() > scan.until)
			break;
	}
	*found += scan.found;
	return from < end ? from : end;
}

/* What the kernel side has seen of tokens in a file that is not read is known to be lost, beside the file. */
static void monitor_unread(struct monitor *monitor, const struct sample_view *view)
{
	monitor->stats.files_unread++;
	monitor->stats.tokens_gone += view->head->flags & SAMPLE_UNREAD ? view->head->news : 0;
}

/* Puts a range off, to be read a part at a time. */
static void monitor_defer(struct monitor *monitor, const struct sample_view *view, int fd)
{
	uint64_t length = view->head->length < LIMIT_FILE_SCAN ? view->head->length : LIMIT_FILE_SCAN;
	bool again = false;

	monitor->stats.bytes_unread += view->head->length - length;
	if (deferred_add(monitor->deferred, view, length, fd, monitor_now(), &again) < 0)
		monitor_unread(monitor, view);
	monitor->stats.ranges_again += again;
}

static void monitor_count_deferred(struct monitor *monitor, const struct deferred_loss *losses)
{
	monitor->stats.tokens_gone += losses->tokens;
	monitor->stats.files_unread += losses->unread;
}

/* Reads what was put off, a part of it. */
static void monitor_deferred(struct monitor *monitor)
{
	struct deferred_loss losses = {0};

	deferred_step(monitor->deferred, monitor_now(), monitor_read, monitor, &losses);
	monitor_count_deferred(monitor, &losses);
}

/* A sample without a window: the file has to be looked at. */
static void monitor_file(struct monitor *monitor, const struct sample_view *view)
{
	int fd = file_scan_open(attribute_procfs(monitor->attribute), view);

	if (fd < 0) {
		monitor_unread(monitor, view);
		return;
	}
	if (view->head->flags & SAMPLE_MAPPED) {
		if (mapped_add(monitor->mapped, view, fd) < 0)
			monitor->stats.files_unread++;
		return;
	}
	if (view->head->length > LIMIT_READ_AT_ONCE) {
		monitor_defer(monitor, view, fd);
		return;
	}
	monitor_scan(monitor, view, fd);
	close(fd);
}

/* A new cgroup: a container's files may be there only now. What it names is asked for again with its first alert. */
static void monitor_cgroup(struct monitor *monitor, const struct sample_view *view)
{
	if (attribute_cgroup(monitor->attribute, view) < 0)
		monitor->stats.alerts_failed++;
	monitor->retry = 0;
}

/* A token that a second look has found, and no first one in the time that it takes a call to return. */
static void monitor_rechecked(void *context, const struct sample_view *view)
{
	struct monitor *monitor = context;
	struct token_span span;
	struct token token;

	if (token_match(view->window, view->head->window_len, 0, &token, &span))
		monitor_token(monitor, view, view->window, &token, &span, NULL);
	else
		monitor->stats.samples_bad++;
}

static void monitor_hold(struct monitor *monitor, const struct sample_view *view)
{
	int r = recheck_hold(monitor->recheck, view, monitor_now());

	if (r == -ENOSPC) {
		recheck_walk(monitor->recheck, 0, true, monitor_rechecked, monitor);
		r = recheck_hold(monitor->recheck, view, monitor_now());
	}
	if (r < 0)
		monitor->stats.alerts_failed++;
}

/* Looks at the files that may have been stored into, if it is time, and tells of what waited long enough. */
static void monitor_recheck(struct monitor *monitor)
{
	int64_t now = monitor_now();
	bool more;

	if (probe_recheck_due(monitor->probe) && now >= monitor->next_recheck) {
		if (probe_recheck(monitor->probe, MONITOR_RECHECK_MS, &more) < 0)
			monitor->stats.rechecks_failed++;
		/* the longer it takes, the more time is left to everything else */
		monitor->next_recheck = now + (more ? MONITOR_RECHECK_PAUSE_MS : RECHECK_INTERVAL_MS);
	}
	recheck_walk(monitor->recheck, now, false, monitor_rechecked, monitor);
}

/* One record of the ring. Never fails: what can't be used is counted. */
static int monitor_record(void *context, void *data, size_t size)
{
	struct monitor *monitor = context;
	struct sample_view view;
	struct token_span span;
	struct token token;

	bool good = sample_view_parse(data, size, &view) == 0;

	monitor->stats.samples++;
	if (good && view.head->fs_magic == BTRFS_SUPER_MAGIC)
		probe_learn_btrfs(monitor->probe);
	if (good && view.head->flags & SAMPLE_CGROUP)
		monitor_cgroup(monitor, &view);
	else if (good && view.head->flags & SAMPLE_DESCRIBES)
		monitor->stats.alerts_failed += recheck_describe(monitor->recheck, &view) < 0;
	else if (good && view.head->flags & SAMPLE_RECHECK)
		monitor_hold(monitor, &view);
	else if (good && view.head->flags & (SAMPLE_UNREAD | SAMPLE_MAPPED))
		monitor_file(monitor, &view);
	else if (good && token_match(view.window, view.head->window_len, 0, &token, &span)) {
		recheck_first(monitor->recheck, &view);
		monitor_token(monitor, &view, view.window, &token, &span, NULL);
	} else
		monitor->stats.samples_bad++;
	/* while settling: what is left is counted; else it has its turn again */
	if (monitor->deadline)
		return monitor_now() > monitor->deadline ? -ETIME : 0;
	return monitor_now() > monitor->drain_until ? -EAGAIN : 0;
}

static void monitor_flood_seen(void *context, uint64_t group, const struct share *share)
{
	struct monitor *monitor = context;
	struct timespec since = wallclock_time(&monitor->wallclock, share->since);

	/* nothing new since the last look */
	if (share->last < monitor->flood_looked)
		return;
	floods_seen(monitor->floods, group, share, &since, monitor_now());
}

static void monitor_flood_told(void *context, const struct alert *flood)
{
	struct alert alert = *flood;

	clock_gettime(CLOCK_REALTIME, &alert.time);
	monitor_emit(context, &alert);
}

/* Tells of who floods, if it is time. */
static void monitor_floods(struct monitor *monitor, bool all)
{
	int64_t now = monitor_now();
	struct timespec boot;

	if (!all && now < monitor->next_flood)
		return;
	monitor->next_flood = now + MONITOR_FLOOD_MS;
	if (probe_flooded(monitor->probe, &monitor->flooded)) {
		clock_gettime(CLOCK_BOOTTIME, &boot);
		probe_floods(monitor->probe, monitor_flood_seen, monitor);
		monitor->flood_looked = (uint64_t)boot.tv_sec * MONITOR_NS + (uint64_t)boot.tv_nsec;
	}
	floods_tell(monitor->floods, now, all, monitor_flood_told, monitor);
}

/* Tells of what was lost, if it is time. */
static void monitor_news(struct monitor *monitor)
{
	int64_t now = monitor_now();
	struct probe_counts counts;

	if (now < monitor->next_news)
		return;
	monitor->next_news = now + MONITOR_NEWS_MS;
	if (probe_counts(monitor->probe, &counts) == 0 &&
	    summary_news(&counts, &monitor->stats, &monitor->told))
		monitor->next_news = now + MONITOR_NEWS_AGAIN_MS;
}

/* The sooner of two times; ms from now, -1 is never. @at: ms, CLOCK_MONOTONIC */
static int monitor_sooner(int one, int64_t at, int64_t now)
{
	int64_t left = at > now ? at - now : 0;

	return one < 0 || left < one ? (int)left : one;
}

int monitor_timeout(const struct monitor *monitor)
{
	int64_t now = monitor_now();
	/* losses come without being told of */
	int look = monitor_sooner(-1, monitor->next_news, now);

	if (deferred_count(monitor->deferred))
		return 0;
	if (mapped_any(monitor->mapped))
		look = monitor_sooner(look, monitor->next_look, now);
	if (recheck_any(monitor->recheck))
		look = monitor_sooner(look, now + RECHECK_HOLD_MS / 4, now);
	if (recheck_any(monitor->recheck) || probe_recheck_due(monitor->probe))
		look = monitor_sooner(look, monitor->next_recheck, now);
	if (floods_any(monitor->floods))
		look = monitor_sooner(look, monitor->next_flood, now);
	if (monitor->retry >= 0)
		look = monitor_sooner(look, now + monitor->retry, now);
	return keeper_timeout(monitor->keeper, look);
}

void monitor_look(struct monitor *monitor, bool all)
{
	int64_t ms, took;
	clock_t cpu;

	if (monitor->retry >= 0)
		monitor->retry = attribute_retry(monitor->attribute);
	keeper_work(monitor->keeper);
	monitor_trim(monitor, MONITOR_TRIM_ALERTS);
	monitor_recheck(monitor);
	monitor_floods(monitor, false);
	monitor_news(monitor);
	monitor_deferred(monitor);
	if (!mapped_any(monitor->mapped))
		return;
	ms = monitor_now();
	if (!all && ms < monitor->next_look)
		return;
	cpu = clock();
	mapped_walk(monitor->mapped, monitor_scan, monitor);
	took = (int64_t)(clock() - cpu) * 1000 / CLOCKS_PER_SEC * MAPPED_PAUSE_TIMES;
	monitor->next_look = ms + (took > MAPPED_INTERVAL_MS ? took : MAPPED_INTERVAL_MS);
}

static int monitor_add_file(struct monitor *monitor, const char *path)
{
	int r = sink_file_open(path, &monitor->sinks[monitor->sink_count]);

	monitor->sink_count += r == 0;
	return r;
}

static int monitor_add_text(struct monitor *monitor)
{
	int r = sink_text_open(&monitor->sinks[monitor->sink_count]);

	monitor->sink_count += r == 0;
	return r;
}

/* By --alerts and --output; a person at a terminal gets text unless they asked for something else. */
static int monitor_open_sinks(struct monitor *monitor, const struct monitor_options *options)
{
	bool to_stdout = options->alerts && strcmp(options->alerts, "-") == 0;
	bool text = options->output == MONITOR_OUTPUT_TEXT ||
		    (options->output == MONITOR_OUTPUT_AUTO && (!options->alerts || isatty(STDERR_FILENO)));
	int r = 0;

	if (options->alerts)
		r = monitor_add_file(monitor, options->alerts);
	if (r == 0 && options->output == MONITOR_OUTPUT_JSON && !to_stdout)
		r = monitor_add_file(monitor, "-");
	return r == 0 && text ? monitor_add_text(monitor) : r;
}

/* The path is the user's own, but a path can hold a token as well. */
static void monitor_explain_sink(const char *path, int error)
{
	AUTO_FREE char *text = NULL;

	if (path && mask_text(path, strlen(path), NULL, &text) < 0)
		text = NULL;
	log_error(
		"can't write alerts to %s: %s; give --alerts a file in a directory that exists and that you "
		"may write to",
		text ? text : "the file", sink_error(error));
}

int monitor_open(const struct monitor_options *options, struct monitor **ret_monitor)
{
	struct probe_failure failures[PROBE_ATTACHMENT_MAX];
	struct monitor *monitor = calloc(1, sizeof(*monitor));
	int r;

	if (!monitor) {
		log_error("out of memory");
		return EXIT_CODE_RUNTIME;
	}
	r = monitor_open_sinks(monitor, options);
	if (r < 0) {
		monitor_explain_sink(options->alerts, r);
		monitor_close(monitor);
		return EXIT_CODE_CONFIG;
	}
	r = keeper_open(options->store, options->store_needed, &options->store_limits, &monitor->keeper);
	if (r) {
		monitor_close(monitor);
		return r;
	}
	r = attribute_open(options->procfs, options->root, &monitor->attribute);
	if (r == 0)
		r = repeats_open(&monitor->repeats);
	if (r == 0)
		r = recheck_open(&monitor->recheck);
	if (r == 0)
		r = deferred_open(&monitor->deferred);
	if (r == 0)
		r = floods_open(&monitor->floods);
	if (r == 0)
		r = mapped_open(attribute_procfs(monitor->attribute), &monitor->mapped);
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		monitor_close(monitor);
		return EXIT_CODE_RUNTIME;
	}
	r = probe_start(&options->probe, monitor_record, monitor, failures, &monitor->probe);
	if (r < 0) {
		diagnose_failure(options->probe.attachment, failures, r);
		monitor_close(monitor);
		return EXIT_CODE_KERNEL;
	}
	/* the kernel's types took some 12 MB to parse, and are not needed any more */
	monitor_trim(monitor, 0);
	attribute_scan(monitor->attribute);
	monitor->retry = 0;
	*ret_monitor = monitor;
	return 0;
}

void monitor_close(struct monitor *monitor)
{
	if (!monitor)
		return;
	probe_stop(monitor->probe);
	for (size_t i = 0; i < monitor->sink_count; i++)
		sink_close(monitor->sinks[i]);
	keeper_close(monitor->keeper);
	attribute_close(monitor->attribute);
	repeats_close(monitor->repeats);
	mapped_close(monitor->mapped);
	recheck_close(monitor->recheck);
	deferred_close(monitor->deferred);
	floods_close(monitor->floods);
	free(monitor);
}

int monitor_fd(const struct monitor *monitor)
{
	return probe_fd(monitor->probe);
}

bool monitor_follows(const struct monitor *monitor)
{
	return probe_follows(monitor->probe);
}

/* Turns waiting samples into alerts, for MONITOR_DRAIN_MS at most. */
static int monitor_drain(struct monitor *monitor)
{
	int r;

	monitor->drain_until = monitor_now() + MONITOR_DRAIN_MS;
	r = probe_consume(monitor->probe);
	return r < 0 && r != -EAGAIN ? r : 0;
}

int monitor_turn(struct monitor *monitor, short ready)
{
	monitor_look(monitor, false);
	return ready ? monitor_drain(monitor) : 0;
}

/* Drains until every sample that the kernel has sent is judged, or it is time to end. */
static int monitor_drain_sent(struct monitor *monitor)
{
	const struct timespec pause = {.tv_nsec = 1000000L};
	struct probe_counts counts;
	uint64_t sent;
	int r;

	r = probe_counts(monitor->probe, &counts);
	if (r < 0)
		return r;
	sent = counts.value[COUNTER_samples_sent];
	/* a record that another CPU is still copying holds up those behind it, for microseconds */
	while (r == 0 && monitor->stats.samples < sent) {
		r = monitor_drain(monitor);
		if (r == 0 && monitor->stats.samples < sent) {
			nanosleep(&pause, NULL);
			if (monitor_now() > monitor->deadline)
				r = -ETIME;
		}
	}
	if (monitor->stats.samples < sent)
		monitor->stats.samples_unjudged = sent - monitor->stats.samples;
	return r;
}

int monitor_settle(struct monitor *monitor, int timeout_ms)
{
	struct deferred_loss losses = {0};
	bool more = true;
	int r;

	probe_detach(monitor->probe);
	monitor->deadline = monitor_now() + timeout_ms;
	r = monitor_drain_sent(monitor);
	/* a round that is under way does not count: the last one is a whole one */
	for (int round = 0; r == 0 && round < 2; round += !more) {
		r = probe_recheck(monitor->probe, MONITOR_RECHECK_MS, &more);
		r = r < 0 ? r : monitor_drain_sent(monitor);
		if (r == 0 && monitor_now() > monitor->deadline)
			r = -ETIME;
	}
	if (r < 0)
		monitor->stats.rechecks_failed++;
	probe_detach_net(monitor->probe);
	if (r == 0)
		r = monitor_drain_sent(monitor);
	recheck_walk(monitor->recheck, 0, true, monitor_rechecked, monitor);
	while (deferred_count(monitor->deferred) && monitor_now() <= monitor->deadline)
		monitor_deferred(monitor);
	deferred_abandon(monitor->deferred, &losses);
	monitor_count_deferred(monitor, &losses);
	monitor_floods(monitor, true);
	return r;
}

int monitor_reopen(struct monitor *monitor)
{
	int r = 0;

	for (size_t i = 0; i < monitor->sink_count; i++) {
		int one = sink_reopen(monitor->sinks[i]);

		r = one < 0 ? one : r;
	}
	return r;
}

const struct monitor_stats *monitor_stats(const struct monitor *monitor)
{
	return &monitor->stats;
}

enum probe_attachment monitor_attachment(const struct monitor *monitor)
{
	return probe_attachment(monitor->probe);
}

/* In the summary: who had more than a share of the ring. */
static void monitor_flood_named(void *context, uint64_t group, const struct share *share)
{
	size_t *named = context;
	AUTO_FREE char *name = NULL;

	if ((*named)++ >= MONITOR_FLOODS_NAMED)
		return;
	if (mask_text(share->comm, strnlen(share->comm, sizeof(share->comm)), NULL, &name) < 0)
		return;
	if (group & SHARE_USER)
		log_note("flooding: %" PRIu64 " of user %u, the last by %s (pid %u)", (uint64_t)share->lost,
			 share->uid, name, share->tgid);
	else
		log_note("flooding: %" PRIu64 " of cgroup %" PRIu64 ", the last by %s (pid %u, uid %u)",
			 (uint64_t)share->lost, group, name, share->tgid, share->uid);
}

/* A leak of the kernel's table: says how often it was repeated, and who did it last. */
static int monitor_repeat(void *context, const struct seen_key *key, const struct seen_value *value)
{
	struct monitor *monitor = context;
	const struct alert *kept = repeats_find(monitor->repeats, key);
	struct alert alert;

	if (!kept) {
		monitor->stats.repeats_untold += value->untold;
		return 0;
	}
	if (attribute_repeat(monitor->attribute, kept, value, &alert) < 0) {
		monitor->stats.alerts_failed++;
		return 0;
	}
	monitor_emit(monitor, &alert);
	attribute_repeat_free(&alert);
	return 0;
}

void monitor_last_repeats(struct monitor *monitor)
{
	struct probe_forgotten forgotten = {0};

	probe_seen(monitor->probe, monitor_repeat, monitor, &forgotten);
	monitor->stats.repeats_untold += forgotten.repeats;
	monitor->stats.leaks_forgotten = forgotten.leaks;
	monitor->stats.places_forgotten = forgotten.places;
	monitor->stats.begun_forgotten = forgotten.begun;
}

bool monitor_lost(const struct monitor *monitor)
{
	struct probe_counts counts;

	return probe_counts(monitor->probe, &counts) < 0 || summary_lost(&counts, &monitor->stats);
}

void monitor_summary(struct monitor *monitor, bool quiet)
{
	struct probe_counts counts;
	int r = probe_counts(monitor->probe, &counts);
	size_t floods = 0;

	monitor->stats.store_errors = keeper_end(monitor->keeper);
	if (r < 0)
		log_error("can't read the counters: %s", strerror(-r));
	else
		summary_print(&counts, &monitor->stats, probe_missing(monitor->probe),
			      probe_cache(monitor->probe), quiet);
	probe_floods(monitor->probe, monitor_flood_named, &floods);
	if (floods > MONITOR_FLOODS_NAMED)
		log_note("flooding: %zu more", floods - MONITOR_FLOODS_NAMED);
}
