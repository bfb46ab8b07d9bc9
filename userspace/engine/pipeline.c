// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → matcher → attribute → alert → outputs: the only place that knows more than one stage.
 *
 * Invariant: every record taken out of the ring ends as an alert or in a counter. The record lies in
 * the ring's memory, which is read-only to us, and no secret portion is copied out of it; what is read
 * from files is wiped by file_scan().
 */
#include "engine/pipeline.h"

#include "alert/alert.h"
#include "attribute/attribute.h"
#include "attribute/wallclock.h"
#include "cmd/diagnose.h"
#include "engine/recorder.h"
#include "status/summary.h"
#include "bounds.h"
#include "files/scan.h"
#include "detect/mask.h"
#include "detect/sample_view.h"
#include "detect/token.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "engine/deferred.h"
#include "engine/floods.h"
#include "engine/losses.h"
#include "engine/watched.h"
#include "files/mapped.h"
#include "engine/recheck.h"
#include "engine/repeats.h"
#include "output/bus.h"
#include "output/output.h"
#include "token_key.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <malloc.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct pipeline {
	struct probe *probe;
	struct attribute *attribute;
	struct repeats *repeats;
	struct mapped *mapped;
	struct recheck *recheck;
	struct deferred *deferred;
	struct file_roots *roots;
	struct floods *floods;
	struct wallclock wallclock;
	uint64_t flooded; /* of probe_flooded() */
	uint64_t flood_looked; /* ns, CLOCK_BOOTTIME: what was lost before is known */
	int64_t next_flood; /* ms, CLOCK_MONOTONIC */
	struct losses *losses;
	int64_t next_news; /* ms, CLOCK_MONOTONIC */
	int64_t drain_until; /* ms, CLOCK_MONOTONIC, of the round that is under way */
	int64_t next_recheck; /* ms, CLOCK_MONOTONIC */
	int64_t next_look; /* ms, CLOCK_MONOTONIC */
	int64_t deadline; /* likewise, of the end; 0: it is not near */
	int retry; /* ms until containers are to be looked for again, -1 if not */
	struct bus *bus;
	bool stuck[BUS_OUTPUTS]; /* and it was said */
	struct recorder *recorder; /* NULL: nothing is stored */
	struct watched watched;
	struct pipeline_stats stats;
	uint64_t said; /* alerts, and what was said of repeats */
	uint64_t trimmed; /* alerts when the heap last gave back what it had free */
};

/* Alerts after which the heap gives back what it has free. */
#define PIPELINE_TRIM_ALERTS 2048

#define PIPELINE_NS 1000000000LL

/* ms between two looks at who floods. */
#define PIPELINE_FLOOD_MS 500
/* Who floods, as the summary names them. */
#define PIPELINE_FLOODS_NAMED 10

/* ms until a loss is told of at the latest, and between two times that it is. */
#define PIPELINE_NEWS_MS 1000
#define PIPELINE_NEWS_AGAIN_MS 10000

/* ms that the ring may take in one go, if something else is due, and that files may which it asked to be read. */
#define PIPELINE_DRAIN_MS 20
#define PIPELINE_READ_MS 5
/* Bytes of such a file between two looks at the clock. */
#define PIPELINE_READ_STEP (1UL << 20)

/* ms that second looks may take in one go, and before they go on. */
#define PIPELINE_RECHECK_MS 5
#define PIPELINE_RECHECK_PAUSE_MS 20

struct pipeline_options pipeline_defaults(void)
{
	return (struct pipeline_options){
		.probe = {.scope = SCOPE_HOST, .watch = FILE_KINDS_DEFAULT},
		.alerts_bytes = PIPELINE_ALERTS_BYTES,
		.store_limits = {.days = STORE_DAYS, .bytes = STORE_BYTES},
	};
}

/* ms */
static int64_t pipeline_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ms, CLOCK_MONOTONIC */
static int64_t pipeline_now(void)
{
	return pipeline_clock(CLOCK_MONOTONIC);
}

/* Gives back what the heap has free, if there were so many alerts since the last time. */
static void pipeline_trim(struct pipeline *pipeline, uint64_t alerts)
{
	if (pipeline->stats.alerts - pipeline->trimmed < alerts)
		return;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	pipeline->trimmed = pipeline->stats.alerts;
}

static void pipeline_emit(struct pipeline *pipeline, struct alert *alert)
{
	/* a gap is what was lost meanwhile, on its way here or for want of memory */
	alert->sequence = ++pipeline->said + pipeline->stats.alerts_failed + probe_lost(pipeline->probe);
	bus_emit(pipeline->bus, alert);
	/* the store is told of tokens */
	if (!alert->flood)
		recorder_put(pipeline->recorder, alert);
}

/* A token, wherever it was found: names it, says it, and keeps it to tell of repeats. Returns whether it was news. */
static bool pipeline_token(struct pipeline *pipeline, const struct sample_view *view, const uint8_t *window,
			   const struct token *token, const struct token_span *span, const uint64_t *file_at)
{
	struct seen_key key = {view->head->token_key, view->head->place, view->head->writer};
	struct alert alert = {0};

	if (file_at) {
		key.token_key = token_key(probe_seed(pipeline->probe), window);
		/* what the kernel side or an earlier look has seen is known, whoever wrote it */
		if (probe_placed(pipeline->probe, key.token_key, key.place))
			return false;
	}
	if (attribute_alert(pipeline->attribute, view, window, token, span, &alert) < 0) {
		pipeline->stats.alerts_failed++;
		return true;
	}
	if (file_at) {
		alert.write.seen_by = "file_read";
		alert.write.token_offset = (int64_t)*file_at;
		alert.news = 1;
		probe_place(pipeline->probe, key.token_key, key.place, (int64_t)*file_at, view->head->time);
	}
	pipeline->stats.second_looks += (view->head->flags & SAMPLE_WRITEBACK) != 0;
	pipeline->stats.alerts++;
	pipeline->stats.placeholders += token->placeholder;
	pipeline_emit(pipeline, &alert);
	floods_keep(pipeline->floods, view->head->group, &alert);
	repeats_keep(pipeline->repeats, &key, &alert);
	alert_free(&alert);
	return true;
}

struct pipeline_scan {
	struct pipeline *pipeline;
	const struct sample_view *view;
	int64_t until; /* ms, CLOCK_MONOTONIC; 0: to the end */
	uint64_t next; /* behind the last token */
	uint64_t found; /* tokens that nobody had known */
};

static int pipeline_scanned(void *context, const uint8_t *window, const struct token *token,
			    const struct token_span *span, uint64_t at)
{
	struct pipeline_scan *scan = context;

	/* it is found again when it is that one's turn */
	if (scan->view->head->flags & SAMPLE_MAPPED &&
	    mapped_is_anothers(scan->pipeline->mapped, scan->view, at))
		return 0;
	scan->found += pipeline_token(scan->pipeline, scan->view, window, token, span, &at);
	scan->next = at + span->end;
	return scan->until && pipeline_now() > scan->until ? -EAGAIN : 0;
}

/* The written range of the file, or what is mapped of it. */
static void pipeline_scan(void *context, const struct sample_view *view, int fd)
{
	struct pipeline_scan scan = {.pipeline = context, .view = view};
	int64_t r = file_scan(fd, (uint64_t)view->head->offset, view->head->length, LIMIT_FILE_SCAN,
			      pipeline_scanned, &scan);

	if (r < 0)
		scan.pipeline->stats.files_unread++;
	else
		scan.pipeline->stats.bytes_unread += (uint64_t)r;
}

/* A part of a range that waited to be read: as much as there is time for. Returns where to go on. */
static uint64_t pipeline_read(void *context, const struct sample_view *view, int fd, uint64_t from,
			      uint64_t length, uint64_t *found)
{
	struct pipeline *pipeline = context;
	struct pipeline_scan scan = {.pipeline = pipeline, .view = view};
	uint64_t end = from + length;

	scan.until = pipeline_now() + PIPELINE_READ_MS;
	while (from < end) {
		uint64_t step = end - from < PIPELINE_READ_STEP ? end - from : PIPELINE_READ_STEP;
		int64_t r = file_scan(fd, from, step, step, pipeline_scanned, &scan);

		if (r < 0 && r != -EAGAIN)
			pipeline->stats.files_unread++;
		from = r == -EAGAIN ? scan.next : r < 0 ? end : from + step;
		if (pipeline_now() > scan.until)
			break;
	}
	*found += scan.found;
	return from < end ? from : end;
}

/* What the kernel side has seen of tokens in a file that is not read is known to be lost, beside the file. */
static void pipeline_unread(struct pipeline *pipeline, const struct sample_view *view)
{
	pipeline->stats.files_unread++;
	pipeline->stats.tokens_gone += view->head->flags & SAMPLE_UNREAD ? view->head->news : 0;
}

/* Puts a range off, to be read a part at a time. */
static void pipeline_defer(struct pipeline *pipeline, const struct sample_view *view, int fd)
{
	uint64_t length = view->head->length < LIMIT_FILE_SCAN ? view->head->length : LIMIT_FILE_SCAN;
	bool again = false;

	pipeline->stats.bytes_unread += view->head->length - length;
	if (deferred_add(pipeline->deferred, view, length, fd, pipeline_now(), &again) < 0)
		pipeline_unread(pipeline, view);
	pipeline->stats.ranges_again += again;
}

static void pipeline_count_deferred(struct pipeline *pipeline, const struct deferred_loss *losses)
{
	pipeline->stats.tokens_gone += losses->tokens;
	pipeline->stats.files_unread += losses->unread;
}

/* Reads what was put off, a part of it. */
static void pipeline_deferred(struct pipeline *pipeline)
{
	struct deferred_loss losses = {0};

	deferred_step(pipeline->deferred, pipeline_now(), pipeline_read, pipeline, &losses);
	pipeline_count_deferred(pipeline, &losses);
}

/* A sample without a window: the file has to be looked at. */
static void pipeline_file(struct pipeline *pipeline, const struct sample_view *view)
{
	int fd = file_scan_open(pipeline->roots, view);

	if (fd < 0) {
		pipeline_unread(pipeline, view);
		return;
	}
	if (view->head->flags & SAMPLE_MAPPED) {
		if (mapped_add(pipeline->mapped, view, fd) < 0)
			pipeline->stats.files_unread++;
		return;
	}
	if (view->head->length > LIMIT_READ_AT_ONCE) {
		pipeline_defer(pipeline, view, fd);
		return;
	}
	pipeline_scan(pipeline, view, fd);
	close(fd);
}

/* A new cgroup: a container's files may be there only now. What it names is asked for again with its first alert. */
static void pipeline_cgroup(struct pipeline *pipeline, const struct sample_view *view)
{
	if (attribute_cgroup(pipeline->attribute, view) < 0)
		pipeline->stats.alerts_failed++;
	pipeline->retry = 0;
}

/* A token that a second look has found, and no first one in the time that it takes a call to return. */
static void pipeline_rechecked(void *context, const struct sample_view *view)
{
	struct pipeline *pipeline = context;
	struct token_span span;
	struct token token;

	if (token_match(view->window, view->head->window_len, 0, &token, &span))
		pipeline_token(pipeline, view, view->window, &token, &span, NULL);
	else
		pipeline->stats.samples_bad++;
}

static void pipeline_hold(struct pipeline *pipeline, const struct sample_view *view)
{
	int r = recheck_hold(pipeline->recheck, view, pipeline_now());

	if (r == -ENOSPC) {
		recheck_walk(pipeline->recheck, 0, true, pipeline_rechecked, pipeline);
		r = recheck_hold(pipeline->recheck, view, pipeline_now());
	}
	if (r < 0)
		pipeline->stats.alerts_failed++;
}

/* Looks at the files that may have been stored into, if it is time, and tells of what waited long enough. */
static void pipeline_recheck(struct pipeline *pipeline)
{
	int64_t now = pipeline_now();
	bool more;

	if (probe_recheck_due(pipeline->probe) && now >= pipeline->next_recheck) {
		if (probe_recheck(pipeline->probe, PIPELINE_RECHECK_MS, &more) < 0)
			pipeline->stats.rechecks_failed++;
		/* the longer it takes, the more time is left to everything else */
		pipeline->next_recheck = now + (more ? PIPELINE_RECHECK_PAUSE_MS : RECHECK_INTERVAL_MS);
	}
	recheck_walk(pipeline->recheck, now, false, pipeline_rechecked, pipeline);
}

/* One record of the ring. Never fails: what can't be used is counted. */
static int pipeline_record(void *context, void *data, size_t size)
{
	struct pipeline *pipeline = context;
	struct sample_view view;
	struct token_span span;
	struct token token;

	bool good = sample_view_parse(data, size, &view) == 0;

	pipeline->stats.samples++;
	if (good && view.head->fs_magic == BTRFS_SUPER_MAGIC)
		probe_learn_btrfs(pipeline->probe);
	if (good && view.head->flags & SAMPLE_CGROUP)
		pipeline_cgroup(pipeline, &view);
	else if (good && view.head->flags & SAMPLE_DESCRIBES)
		pipeline->stats.alerts_failed += recheck_describe(pipeline->recheck, &view) < 0;
	else if (good && view.head->flags & SAMPLE_RECHECK)
		pipeline_hold(pipeline, &view);
	else if (good && view.head->flags & (SAMPLE_UNREAD | SAMPLE_MAPPED))
		pipeline_file(pipeline, &view);
	else if (good && token_match(view.window, view.head->window_len, 0, &token, &span)) {
		recheck_first(pipeline->recheck, &view);
		pipeline_token(pipeline, &view, view.window, &token, &span, NULL);
	} else
		pipeline->stats.samples_bad++;
	/* while settling: what is left is counted; else it has its turn again */
	if (pipeline->deadline)
		return pipeline_now() > pipeline->deadline ? -ETIME : 0;
	return pipeline_now() > pipeline->drain_until ? -EAGAIN : 0;
}

static void pipeline_flood_seen(void *context, uint64_t group, const struct share *share)
{
	struct pipeline *pipeline = context;
	struct timespec since = wallclock_time(&pipeline->wallclock, share->since);

	/* nothing new since the last look */
	if (share->last < pipeline->flood_looked)
		return;
	floods_seen(pipeline->floods, group, share, &since, pipeline_now());
}

static void pipeline_flood_told(void *context, const struct alert *flood)
{
	struct alert alert = *flood;

	clock_gettime(CLOCK_REALTIME, &alert.time);
	pipeline_emit(context, &alert);
}

static void pipeline_floods_look(struct pipeline *pipeline)
{
	struct timespec boot;

	if (!probe_flooded(pipeline->probe, &pipeline->flooded))
		return;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	probe_floods(pipeline->probe, pipeline_flood_seen, pipeline);
	pipeline->flood_looked = (uint64_t)boot.tv_sec * PIPELINE_NS + (uint64_t)boot.tv_nsec;
}

/* Tells of who floods, if it is time. */
static void pipeline_floods(struct pipeline *pipeline, bool all)
{
	int64_t now = pipeline_now();

	if (!all && now < pipeline->next_flood)
		return;
	pipeline->next_flood = now + PIPELINE_FLOOD_MS;
	pipeline_floods_look(pipeline);
	floods_tell(pipeline->floods, now, all, pipeline_flood_told, pipeline);
}

/* To all outputs: what one of them does not take is in the next one's totals, and is no loss of its own. */
static void pipeline_emit_loss(struct pipeline *pipeline, struct loss *loss)
{
	AUTO_FREE char *line = NULL;

	loss->sequence = ++pipeline->said + pipeline->stats.alerts_failed + probe_lost(pipeline->probe);
	loss->host_name = attribute_host(pipeline->attribute);
	if (loss_to_json(loss, &line) == 0)
		bus_line(pipeline->bus, line);
}

static void pipeline_count_outputs(struct pipeline *pipeline)
{
	pipeline->stats.output_count = bus_losses(pipeline->bus, pipeline->stats.outputs);
}

/* An output that takes nothing is told of when that begins, and not when its queue is full. */
static void pipeline_stuck(struct pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->stats.output_count; i++) {
		const struct bus_loss *output = &pipeline->stats.outputs[i];

		if (output->stuck && !pipeline->stuck[i])
			log_warning("%s takes no alerts: %" PRIu64 " wait for it", output->name,
				    output->stuck);
		pipeline->stuck[i] = output->stuck != 0;
	}
}

/* Tells of what was lost, if it is time. @last: now, and the summary has the words */
static void pipeline_news(struct pipeline *pipeline, bool last)
{
	int reopened = bus_reopened(pipeline->bus);
	int64_t now = pipeline_now();
	struct probe_counts counts;

	if (reopened < 0)
		log_error("can't reopen the alert file: %s; going on with the old one",
			  output_error(reopened));
	if (!last && now < pipeline->next_news)
		return;
	pipeline->next_news = now + PIPELINE_NEWS_MS;
	pipeline_count_outputs(pipeline);
	pipeline_stuck(pipeline);
	if (probe_counts(pipeline->probe, &counts) < 0 ||
	    !losses_look(pipeline->losses, &counts, &pipeline->stats))
		return;
	pipeline_floods_look(pipeline);
	floods_news(pipeline->floods, losses_writer, pipeline->losses);
	if (!last)
		losses_say(losses_told(pipeline->losses));
	pipeline_emit_loss(pipeline, losses_told(pipeline->losses));
	recorder_loss(pipeline->recorder, losses_told(pipeline->losses));
	pipeline->next_news = now + PIPELINE_NEWS_AGAIN_MS;
}

/* The sooner of two times; ms from now, -1 is never. @at: ms, CLOCK_MONOTONIC */
static int pipeline_sooner(int one, int64_t at, int64_t now)
{
	int64_t left = at > now ? at - now : 0;

	return one < 0 || left < one ? (int)left : one;
}

int pipeline_timeout(const struct pipeline *pipeline)
{
	int64_t now = pipeline_now();
	/* losses come without being told of */
	int look = pipeline_sooner(-1, pipeline->next_news, now);

	if (deferred_count(pipeline->deferred))
		return 0;
	if (mapped_any(pipeline->mapped))
		look = pipeline_sooner(look, pipeline->next_look, now);
	if (recheck_any(pipeline->recheck))
		look = pipeline_sooner(look, now + RECHECK_HOLD_MS / 4, now);
	/* only if there is something: a look that is not made does not put the next one off */
	if (probe_recheck_due(pipeline->probe))
		look = pipeline_sooner(look, pipeline->next_recheck, now);
	if (floods_any(pipeline->floods))
		look = pipeline_sooner(look, pipeline->next_flood, now);
	if (pipeline->retry >= 0)
		look = pipeline_sooner(look, now + pipeline->retry, now);
	return recorder_timeout(pipeline->recorder, look);
}

void pipeline_look(struct pipeline *pipeline, bool all)
{
	int64_t ms, took;

	if (pipeline->retry >= 0)
		pipeline->retry = attribute_retry(pipeline->attribute);
	recorder_work(pipeline->recorder);
	pipeline_trim(pipeline, PIPELINE_TRIM_ALERTS);
	pipeline_recheck(pipeline);
	pipeline_floods(pipeline, false);
	pipeline_news(pipeline, false);
	pipeline_deferred(pipeline);
	if (!mapped_any(pipeline->mapped))
		return;
	ms = pipeline_now();
	if (!all && ms < pipeline->next_look)
		return;
	took = pipeline_clock(CLOCK_THREAD_CPUTIME_ID);
	mapped_walk(pipeline->mapped, pipeline_scan, pipeline);
	took = (pipeline_clock(CLOCK_THREAD_CPUTIME_ID) - took) * MAPPED_PAUSE_TIMES;
	pipeline->next_look = ms + (took > MAPPED_INTERVAL_MS ? took : MAPPED_INTERVAL_MS);
}

/* By --alerts and --output; a person at a terminal gets text unless they asked for something else. */
static int pipeline_open_outputs(struct pipeline *pipeline, const struct pipeline_options *options)
{
	bool to_stdout = options->alerts && strcmp(options->alerts, "-") == 0;
	bool text = options->output == PIPELINE_OUTPUT_TEXT ||
		    (options->output == PIPELINE_OUTPUT_AUTO && (!options->alerts || isatty(STDERR_FILENO)));
	int r = bus_open(text, &pipeline->bus);

	if (r == 0 && options->alerts)
		r = bus_add_file(pipeline->bus, options->alerts, options->alerts_bytes);
	if (r == 0 && options->output == PIPELINE_OUTPUT_JSON && !to_stdout)
		r = bus_add_file(pipeline->bus, "-", 0);
	return r;
}

/* The path is the user's own, but a path can hold a token as well. */
static void pipeline_explain_output(const char *path, int error)
{
	AUTO_FREE char *text = NULL;

	if (path && mask_text(path, strlen(path), NULL, &text) < 0)
		text = NULL;
	log_error(
		"can't write alerts to %s: %s; give --alerts a file in a directory that exists and that you "
		"may write to",
		text ? text : "the file", output_error(error));
}

int pipeline_open(const struct pipeline_options *options, struct pipeline **ret_pipeline)
{
	struct probe_failure failures[PROBE_ATTACHMENT_MAX];
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
	int r;

	if (!pipeline) {
		log_error("out of memory");
		return EXIT_CODE_RUNTIME;
	}
	r = pipeline_open_outputs(pipeline, options);
	if (r < 0) {
		pipeline_explain_output(options->alerts, r);
		pipeline_close(pipeline);
		return EXIT_CODE_CONFIG;
	}
	r = recorder_open(options->store, options->store_needed, &options->store_limits, &pipeline->recorder);
	if (r) {
		pipeline_close(pipeline);
		return r;
	}
	r = attribute_open(options->procfs, options->root, &pipeline->attribute);
	if (r == 0)
		r = repeats_open(&pipeline->repeats);
	if (r == 0)
		r = recheck_open(&pipeline->recheck);
	if (r == 0)
		r = deferred_open(&pipeline->deferred);
	if (r == 0)
		r = floods_open(&pipeline->floods);
	if (r == 0)
		r = losses_open(&pipeline->losses);
	if (r == 0)
		r = mapped_open(attribute_procfs(pipeline->attribute), &pipeline->mapped);
	if (r == 0)
		r = file_roots_open(attribute_procfs(pipeline->attribute), options->root, &pipeline->roots);
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		pipeline_close(pipeline);
		return EXIT_CODE_RUNTIME;
	}
	r = probe_start(&options->probe, pipeline_record, pipeline, failures, &pipeline->probe);
	if (r < 0) {
		diagnose_failure(options->probe.attachment, failures, r);
		pipeline_close(pipeline);
		return EXIT_CODE_KERNEL;
	}
	if (watched_make(&options->probe, options->scope_name, probe_missing(pipeline->probe),
			 &pipeline->watched) == 0)
		recorder_watch(pipeline->recorder, &pipeline->watched.store);
	/* the kernel's types took some 12 MB to parse, and are not needed any more */
	pipeline_trim(pipeline, 0);
	attribute_scan(pipeline->attribute);
	pipeline->retry = 0;
	*ret_pipeline = pipeline;
	return 0;
}

int pipeline_begin(struct pipeline *pipeline)
{
	return bus_begin(pipeline->bus);
}

void pipeline_close(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	probe_stop(pipeline->probe);
	recorder_close(pipeline->recorder);
	watched_free(&pipeline->watched);
	attribute_close(pipeline->attribute);
	repeats_close(pipeline->repeats);
	mapped_close(pipeline->mapped);
	file_roots_close(pipeline->roots);
	recheck_close(pipeline->recheck);
	deferred_close(pipeline->deferred);
	floods_close(pipeline->floods);
	losses_close(pipeline->losses);
	/* last, for what the others say */
	bus_close(pipeline->bus);
	free(pipeline);
}

int pipeline_fd(const struct pipeline *pipeline)
{
	return probe_fd(pipeline->probe);
}

bool pipeline_follows(const struct pipeline *pipeline)
{
	return probe_follows(pipeline->probe);
}

/* Turns waiting samples into alerts, for PIPELINE_DRAIN_MS at most. */
static int pipeline_drain(struct pipeline *pipeline)
{
	int r;

	pipeline->drain_until = pipeline_now() + PIPELINE_DRAIN_MS;
	r = probe_consume(pipeline->probe);
	bus_flush(pipeline->bus);
	return r < 0 && r != -EAGAIN ? r : 0;
}

int pipeline_turn(struct pipeline *pipeline, short ready)
{
	int r;

	pipeline_look(pipeline, false);
	r = ready ? pipeline_drain(pipeline) : 0;
	bus_flush(pipeline->bus);
	return r;
}

/* Drains until every sample that the kernel has sent is judged, or it is time to end. */
static int pipeline_drain_sent(struct pipeline *pipeline)
{
	const struct timespec pause = {.tv_nsec = 1000000L};
	struct probe_counts counts;
	uint64_t sent;
	int r;

	r = probe_counts(pipeline->probe, &counts);
	if (r < 0)
		return r;
	sent = counts.value[COUNTER_samples_sent];
	/* a record that another CPU is still copying holds up those behind it, for microseconds */
	while (r == 0 && pipeline->stats.samples < sent) {
		r = pipeline_drain(pipeline);
		if (r == 0 && pipeline->stats.samples < sent) {
			nanosleep(&pause, NULL);
			if (pipeline_now() > pipeline->deadline)
				r = -ETIME;
		}
	}
	if (pipeline->stats.samples < sent)
		pipeline->stats.samples_unjudged = sent - pipeline->stats.samples;
	return r;
}

int pipeline_settle(struct pipeline *pipeline, int timeout_ms)
{
	struct deferred_loss losses = {0};
	bool more = true;
	int r;

	probe_detach(pipeline->probe);
	pipeline->deadline = pipeline_now() + timeout_ms;
	r = pipeline_drain_sent(pipeline);
	/* a round that is under way does not count: the last one is a whole one */
	for (int round = 0; r == 0 && round < 2; round += !more) {
		r = probe_recheck(pipeline->probe, PIPELINE_RECHECK_MS, &more);
		r = r < 0 ? r : pipeline_drain_sent(pipeline);
		if (r == 0 && pipeline_now() > pipeline->deadline)
			r = -ETIME;
	}
	if (r < 0)
		pipeline->stats.rechecks_failed++;
	probe_detach_net(pipeline->probe);
	if (r == 0)
		r = pipeline_drain_sent(pipeline);
	recheck_walk(pipeline->recheck, 0, true, pipeline_rechecked, pipeline);
	while (deferred_count(pipeline->deferred) && pipeline_now() <= pipeline->deadline)
		pipeline_deferred(pipeline);
	deferred_abandon(pipeline->deferred, &losses);
	pipeline_count_deferred(pipeline, &losses);
	pipeline_floods(pipeline, true);
	return r;
}

void pipeline_reopen(struct pipeline *pipeline)
{
	bus_reopen(pipeline->bus);
}

void pipeline_deliver(struct pipeline *pipeline, int ms)
{
	bus_settle(pipeline->bus, ms);
	pipeline_count_outputs(pipeline);
}

const struct pipeline_stats *pipeline_stats(const struct pipeline *pipeline)
{
	return &pipeline->stats;
}

enum probe_attachment pipeline_attachment(const struct pipeline *pipeline)
{
	return probe_attachment(pipeline->probe);
}

/* In the summary: who had more than a share of the ring. */
static void pipeline_flood_named(void *context, uint64_t group, const struct share *share)
{
	size_t *named = context;
	AUTO_FREE char *name = NULL;

	if ((*named)++ >= PIPELINE_FLOODS_NAMED)
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
static int pipeline_repeat(void *context, const struct seen_key *key, const struct seen_value *value)
{
	struct pipeline *pipeline = context;
	const struct alert *kept = repeats_find(pipeline->repeats, key);
	struct alert alert;

	if (!kept) {
		pipeline->stats.repeats_untold += value->untold;
		return 0;
	}
	if (attribute_repeat(pipeline->attribute, kept, value, &alert) < 0) {
		pipeline->stats.alerts_failed++;
		return 0;
	}
	pipeline_emit(pipeline, &alert);
	attribute_repeat_free(&alert);
	return 0;
}

void pipeline_last_repeats(struct pipeline *pipeline)
{
	struct probe_forgotten forgotten = {0};

	probe_seen(pipeline->probe, pipeline_repeat, pipeline, &forgotten);
	pipeline->stats.repeats_untold += forgotten.repeats;
	pipeline->stats.leaks_forgotten = forgotten.leaks;
	pipeline->stats.places_forgotten = forgotten.places;
	pipeline->stats.begun_forgotten = forgotten.begun;
}

bool pipeline_lost(const struct pipeline *pipeline)
{
	struct probe_counts counts;

	return probe_counts(pipeline->probe, &counts) < 0 || summary_lost(&counts, &pipeline->stats);
}

void pipeline_summary(struct pipeline *pipeline, bool quiet)
{
	struct probe_counts counts;
	int r = probe_counts(pipeline->probe, &counts);
	size_t floods = 0;

	pipeline->stats.store_errors = recorder_end(pipeline->recorder);
	pipeline_news(pipeline, true);
	if (r < 0)
		log_error("can't read the counters: %s", strerror(-r));
	else
		summary_print(&counts, &pipeline->stats, probe_missing(pipeline->probe),
			      probe_cache(pipeline->probe), quiet);
	probe_floods(pipeline->probe, pipeline_flood_named, &floods);
	if (floods > PIPELINE_FLOODS_NAMED)
		log_note("flooding: %zu more", floods - PIPELINE_FLOODS_NAMED);
}
