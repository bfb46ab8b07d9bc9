// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → matcher → attribute → alert → outputs: the only place that knows more than one stage.
 *
 * Invariant: every record taken out of the ring ends as an alert or in a counter. The record lies in
 * the ring's memory, which is read-only to us, and no secret portion is copied out of it; what is read
 * from files is wiped by who reads it.
 */
#include "engine/pipeline.h"

#include "alert/alert.h"
#include "attribute/attribute.h"
#include "attribute/inquiry.h"
#include "attribute/wallclock.h"
#include "capture/pin.h"
#include "cmd/diagnose.h"
#include "engine/canary.h"
#include "engine/journal.h"
#include "engine/recorder.h"
#include "engine/turn.h"
#include "status/snapshot.h"
#include "status/summary.h"
#include "bounds.h"
#include "detect/forms.h"
#include "detect/kept.h"
#include "detect/mask.h"
#include "detect/sample_view.h"
#include "detect/token.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/mark.h"
#include "lib/monotonic.h"
#include "lib/privileges.h"
#include "engine/facts.h"
#include "engine/floods.h"
#include "engine/losses.h"
#include "engine/reading.h"
#include "engine/watched.h"
#include "engine/recheck.h"
#include "engine/repeats.h"
#include "output/bus.h"
#include "output/output.h"
#include "token_key.h"
#include "token_suspect.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <malloc.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Tokens that a look into a file has told of as the call's that had it read, of the last ones. */
#define PIPELINE_COPIED 256

struct pipeline_copied {
	uint64_t token_key, place;
	uint64_t time; /* ns, CLOCK_BOOTTIME, of the call */
};

struct pipeline {
	struct probe *probe;
	struct inquiry *inquiry;
	struct attribute *attribute;
	struct repeats *repeats;
	int waits; /* an epoll(7) of the ring and the files */
	uint32_t suspects; /* enum suspect, added up */
	struct reading *reading;
	struct reading_loss unread;
	struct recheck *recheck;
	struct facts *facts;
	struct floods *floods;
	struct wallclock wallclock;
	uint64_t flooded; /* of probe_flooded() */
	uint64_t flood_looked; /* ns, CLOCK_BOOTTIME: what was lost before is known */
	int64_t next_flood; /* ms, CLOCK_MONOTONIC */
	struct losses *losses;
	int64_t next_news; /* ms, CLOCK_MONOTONIC */
	int64_t drain_until; /* ms, CLOCK_MONOTONIC, of the round that is under way */
	int64_t next_recheck; /* ms, CLOCK_MONOTONIC */
	int64_t next_late; /* likewise: when what was lost is looked for */
	int64_t soon_recheck; /* likewise, of what has no name; 0: none */
	int64_t rested; /* likewise: from when on such a look may be made */
	struct pipeline_copied copied[PIPELINE_COPIED];
	int64_t deadline; /* likewise, of the end; 0: it is not near */
	int retry; /* ms until containers are to be looked for again, -1 if not */
	bool unasked; /* it was said that nobody asks for names any more */
	unsigned int needs; /* pipeline_needs(), of the start */
	struct bus *bus;
	struct recorder *recorder; /* NULL: nothing is stored */
	const struct rules *rules; /* NULL: none; borrowed */
	void (*told)(void *context, const struct alert *alert); /* as of the options */
	void *told_context;
	struct watched watched;
	struct pipeline_stats stats;
	struct pin_said *said; /* alerts, and what was said of repeats */
	struct journal *journal;
	uint64_t *stored; /* its mark of the store; NULL: nothing is stored */
	uint64_t record; /* number of the ring's that is at hand; 0: none */
	bool first; /* no record was taken yet */
	bool behind; /* more waits in the ring than the last turn has taken */
	int64_t next_renew; /* ms, CLOCK_MONOTONIC */
	bool renew_failed; /* and it was said */
	bool leaves; /* the programs stay: what they have is the next one's */
	struct canary *canary; /* NULL: nobody has asked for one */
	bool blind; /* it does not come, and that was said */
	bool stuck[BUS_LOSSES]; /* each output; and it was said */
	bool rated; /* the rate below is over a whole time */
	struct board *board; /* NULL: nobody reads it; borrowed */
	struct utsname kernel;
	struct timespec started; /* CLOCK_REALTIME */
	uint64_t rate_writes, rate; /* writes when the rate was last taken, and that */
	int64_t rate_at; /* ms, CLOCK_MONOTONIC; 0: never */
	struct turn longest; /* what the longest turns took */
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

/* ms over which a rate is taken, at least. */
#define PIPELINE_RATE_MS 10000

/* ms between two times that what the ring had no room for is looked for: so many times what is kept of it is all that is, in a second. */
#define PIPELINE_LATE_MS 200

/* ms between two signs of life. */
#define PIPELINE_RENEW_MS 1000

/* The store has one less often: every so many microseconds. */
#define PIPELINE_STORED_US 11000000

/* ms that the ring may take in one go, if something else is due. */
#define PIPELINE_DRAIN_MS 20

/* ms for a last look at what is mapped, where no other time is set. */
#define PIPELINE_LAST_LOOK_MS 2000

/* ms that the store has in any case, when the outputs have used up the time that there was. */
#define PIPELINE_STORE_MS 200

/* ms that second looks may take in one go, and before they go on. */
#define PIPELINE_RECHECK_MS 5
#define PIPELINE_RECHECK_PAUSE_MS 20
/*
 * ms until a file without a name is looked at, which may be gone before its turn; and between two looks for such, at least: many times as
 * long as one has taken.
 */
#define PIPELINE_RECHECK_SOON_MS 10
#define PIPELINE_RECHECK_AGAIN_MS 50
#define PIPELINE_RECHECK_REST 10

struct pipeline_options pipeline_defaults(void)
{
	return (struct pipeline_options){
		.probe = {.scope = SCOPE_HOST, .watch = FILE_KINDS_DEFAULT},
		.alerts_bytes = PIPELINE_ALERTS_BYTES,
		.store_limits = {.days = STORE_DAYS, .bytes = STORE_BYTES},
	};
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

/* Returns whether it goes out: what a rule allows is only stored. */
static bool pipeline_emit(struct pipeline *pipeline, struct alert *alert)
{
	bool out;

	/* whoever floods writes what nobody has looked at: that is told of in any case */
	if (pipeline->rules && !alert->flood)
		rules_apply(pipeline->rules, alert);
	out = !alert->ruling.allowed;
	alert->number = pipeline->said->number + 1;
	alert->series = journal_series(pipeline->journal);
	/* a gap is what was lost meanwhile, on its way here or for want of memory */
	alert->sequence =
		pipeline->said->said + out + pipeline->stats.alerts_failed + probe_lost(pipeline->probe);
	journal_put(pipeline->journal, alert, pipeline->record);
	pipeline->said->said += out;
	pipeline->said->number = alert->number;
	if (out && pipeline->told)
		pipeline->told(pipeline->told_context, alert);
	if (out)
		bus_emit(pipeline->bus, alert);
	else
		bus_pass(pipeline->bus, alert->number);
	/* the store is told of tokens */
	if (!alert->flood)
		recorder_put(pipeline->recorder, alert);
	else
		mark_pass(pipeline->stored, alert->number);
	/* there may be other rules by the time it is repeated */
	memset(&alert->ruling, 0, sizeof(alert->ruling));
	pipeline->stats.allowed += !out;
	return out;
}

/* It is told of when what the second look has found comes: with the entry of the journal that it is in, if this look has that. */
static void pipeline_claim(struct pipeline *pipeline, const struct sample_view *view, uint64_t token_key,
			   uint64_t at)
{
	const struct journal_entry *entry = reading_journal(pipeline->reading);
	struct recheck_claim claim = {.token_key = token_key, .at = at, .time = boottime_ns()};

	if (entry)
		claim.entry = *entry;
	recheck_claim(pipeline->recheck, view, &claim);
	explicit_bzero(&claim, sizeof(claim));
}

/* Has the call that had the file read written any of it? */
static bool pipeline_wrote(const struct token_sample *head, uint64_t at, const struct token_span *span)
{
	return !(head->flags & SAMPLE_MAPPED) && at < (uint64_t)head->offset + head->length &&
	       (uint64_t)head->offset < at + token_span_len(span);
}

/*
 * A second look may be there before a call's bytes were read in the file: then it is this call's token, if the call wrote any of it,
 * and not told yet. What it has found may lie in the ring still: it is told as this call's when it comes.
 * @placed: of probe_placed(); a first look sets it
 */
static bool pipeline_completes(struct pipeline *pipeline, const struct sample_view *view, uint64_t token_key,
			       uint64_t at, const struct token_span *span, uint64_t placed)
{
	const struct token_sample *head = view->head;
	bool held;

	if (!pipeline_wrote(head, at, span))
		return false;
	/* the file was mapped meanwhile: so it was taken for what had been there before, and nothing more will come of it */
	if (placed & PLACED_OLD)
		return true;
	held = recheck_take(pipeline->recheck, token_key, head->place);
	held |= reading_take_journal(pipeline->reading, token_key, head->place);
	if (!held && !placed)
		pipeline_claim(pipeline, view, token_key, at);
	return held;
}

/* Are the bytes that such a call has a file read for its own, from the first to the last? Those of a seam were there before. */
static bool pipeline_call_writes(uint16_t call)
{
	switch (call) {
	case WRITE_CALL_WRITE:
	case WRITE_CALL_PWRITE64:
	case WRITE_CALL_WRITEV:
	case WRITE_CALL_PWRITEV:
	case WRITE_CALL_PWRITEV2:
	case WRITE_CALL_SENDFILE:
	case WRITE_CALL_SPLICE:
	case WRITE_CALL_COPY_FILE_RANGE:
	case WRITE_CALL_FICLONE:
		return true;
	default:
		return false;
	}
}

/*
 * Has the call that had this file read put the token there itself? What it asks for is what it has written or a part of that, by the
 * length that it returned (a clone's, by its arguments); and a token that was looked at already is known to be its.
 */
static bool pipeline_copied(const struct token_sample *head, uint64_t at, const struct token_span *span)
{
	uint64_t from = (uint64_t)head->offset, len = token_span_len(span);

	if (!(head->flags & SAMPLE_UNREAD) || head->flags & SAMPLE_OFFSET_APPROX ||
	    !pipeline_call_writes(head->call))
		return false;
	return at >= from && len <= head->length && at - from <= head->length - len;
}

static struct pipeline_copied *pipeline_copied_slot(struct pipeline *pipeline, const struct seen_key *key)
{
	return &pipeline->copied[(key->token_key ^ key->place) % PIPELINE_COPIED];
}

/*
 * Is it this writer's, and not known to be? Whose it is can't be told if somebody has written it after that call, or may have: who stores
 * through a mapping, or has copied it and was told of before, though it came later, or will be told of when that is looked at; or if only a second look has seen
 * it (0).
 */
static bool pipeline_is_anothers(struct pipeline *pipeline, const struct seen_key *key,
				 const struct token_sample *head, uint64_t at, uint64_t len, uint64_t placed)
{
	const struct pipeline_copied *copied = pipeline_copied_slot(pipeline, key);
	struct seen_key later = *key;
	uint64_t writer = 0;

	if (copied->token_key == key->token_key && copied->place == key->place && copied->time > placed)
		placed = copied->time;
	if (!placed || placed > head->time || recheck_stores(pipeline->recheck, head) ||
	    probe_has_seen(pipeline->probe, key) || repeats_find(pipeline->repeats, key))
		return false;
	if (!reading_is_later(pipeline->reading, head, at, len, &writer))
		return true;
	/* who is known already would not be told of */
	later.writer = writer;
	return probe_has_seen(pipeline->probe, &later);
}

/* From now on that leak is known, and when it was. */
static void pipeline_copied_keep(struct pipeline *pipeline, const struct seen_key *key,
				 const struct token_sample *head, uint64_t at)
{
	*pipeline_copied_slot(pipeline, key) = (struct pipeline_copied){
		.token_key = key->token_key, .place = key->place, .time = head->time};
	(void)probe_see(pipeline->probe, head, key->token_key, (int64_t)at);
}

/* A token, wherever it was found: names it, says it, and keeps it to tell of repeats. */
static void pipeline_tell(struct pipeline *pipeline, const struct sample_view *view, uint64_t token_key,
			  const uint8_t *window, const struct token *token, const struct token_span *span,
			  const uint64_t *file_at, const struct journal_entry *entry)
{
	const struct seen_key key = {token_key, view->head->place, view->head->writer};
	struct alert alert = {0};

	if (attribute_lend(pipeline->attribute, view, window, token, span, &alert) < 0) {
		pipeline->stats.alerts_failed++;
		return;
	}
	/* without memory it is not said whose entry of the journal it is */
	(void)attribute_journal(pipeline->attribute, view, window, span, entry, &alert);
	if (file_at) {
		alert.write.seen_by = "file_read";
		alert.write.token_offset = (int64_t)*file_at;
		alert.news = 1;
		probe_place(pipeline->probe, key.token_key, key.place, (int64_t)*file_at, view->head->time);
		if (pipeline_copied(view->head, *file_at, span))
			pipeline_copied_keep(pipeline, &key, view->head, *file_at);
		/* a second look may have asked what is known a moment before */
		recheck_told(pipeline->recheck, key.token_key, key.place, boottime_ns());
	}
	if (pipeline_emit(pipeline, &alert)) {
		pipeline->stats.second_looks += (view->head->flags & SAMPLE_WRITEBACK) != 0;
		pipeline->stats.found_late += alert.write.found_late;
		pipeline->stats.alerts++;
		pipeline->stats.placeholders += token->placeholder;
	}
	if (alert.write.found_late)
		probe_found(pipeline->probe, key.token_key, key.place);
	floods_keep(pipeline->floods, view->head->group, &alert);
	repeats_keep(pipeline->repeats, &key, &alert);
	alert_free(&alert);
}

/*
 * Has a look at the file told of that token already, before its write was over? A write of io_uring may be over long after its bytes
 * have come to lie there.
 */
static bool pipeline_is_told(struct pipeline *pipeline, const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	const struct seen_key key = {head->token_key, head->place, head->writer};
	const struct alert *told;

	if (head->call != WRITE_CALL_IO_URING || head->repeats)
		return false;
	told = repeats_find(pipeline->repeats, &key);
	return told && strcmp(told->write.seen_by, "file_read") == 0 &&
	       told->write.token_offset == head->offset + head->token_at;
}

/* A token in a file that was read. Returns whether it was news. */
static bool pipeline_file_token(void *context, const struct sample_view *view, const uint8_t *window,
				const struct token *token, const struct token_span *span, uint64_t at)
{
	struct pipeline *pipeline = context;
	const struct seen_key key = {forms_key(probe_seed(pipeline->probe), window, span->end),
				     view->head->place, view->head->writer};
	__u64 placed;

	/* others that lie about it are no news of this look */
	if (view->head->flags & SAMPLE_FOUND_LATE && view->head->token_key != key.token_key)
		return false;
	/* what the kernel side or an earlier look has seen is known; and whoever wrote it, unless it is plain who has */
	if (probe_placed(pipeline->probe, key.token_key, key.place, &placed) &&
	    !pipeline_completes(pipeline, view, key.token_key, at, span, placed) &&
	    !(pipeline_copied(view->head, at, span) &&
	      pipeline_is_anothers(pipeline, &key, view->head, at, token_span_len(span), placed)))
		return false;
	/* it may be written again just now: then that is told of, or counted as a repeat of what is told here */
	if (view->head->flags & SAMPLE_FOUND_LATE &&
	    !probe_see(pipeline->probe, view->head, key.token_key, (int64_t)at))
		return false;
	pipeline_tell(pipeline, view, key.token_key, window, token, span, &at,
		      reading_journal(pipeline->reading));
	return true;
}

/* Whose the text is in which something was found. */
struct pipeline_text {
	struct pipeline *pipeline;
	const struct sample_view *view;
	bool found;
};

/* A token in what was written to a stream, which nobody can read again. */
static int pipeline_text_token(void *context, const struct forms_found *found)
{
	struct pipeline_text *text = context;
	struct pipeline *pipeline = text->pipeline;
	const struct token_sample *whole = text->view->head;
	struct sample_view view = *text->view;
	struct token_sample head;
	size_t place;
	uint64_t key;
	__u64 placed;

	text->found = true;
	/* what begins further on in a long text has one of its own */
	place = pipeline->suspects & SUSPECT_ENCODED ? found->at : found->at + found->span.secret - 1;
	if (whole->text_len == LIMIT_TEXT_BYTES && place >= SUSPECT_LEAD(pipeline->suspects) + SUSPECT_REACH)
		return 0;
	memcpy(&head, whole, sizeof(head));
	head.token_at += (int64_t)found->at;
	view.head = &head;
	key = forms_key(probe_seed(pipeline->probe), (const uint8_t *)found->window, found->span.end);
	/* of a file: it was found there as well */
	if (head.offset >= 0 && probe_placed(pipeline->probe, key, head.place, &placed))
		return 0;
	if (!probe_see(pipeline->probe, &head, key, head.offset >= 0 ? head.offset + head.token_at : 0))
		return 0;
	if (head.offset >= 0)
		probe_place(pipeline->probe, key, head.place, head.offset + head.token_at, head.time);
	pipeline_tell(pipeline, &view, key, (const uint8_t *)found->window, &found->token, &found->span, NULL,
		      NULL);
	return 0;
}

/* Does it end with the write, and perhaps go on in the next one? */
static bool pipeline_is_cut(const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	int64_t end = head->token_at + head->text_len;

	return end == (int64_t)head->length && isgraph((unsigned char)view->text[head->text_len - 1]);
}

/* It may be longer than the text, or go on in another write, or was given to a part of it only: the file has the rest. */
static void pipeline_text_file(struct pipeline *pipeline, const struct sample_view *view)
{
	struct sample_view asked = *view;
	struct token_sample head, *sample;

	memcpy(&head, view->head, sizeof(head));
	head.flags |= SAMPLE_UNREAD;
	head.text_len = 0;
	/* sample_range() */
	head.token_key = LIMIT_TEXT_BYTES;
	asked.head = &head;
	/* in one piece, as what comes from the ring */
	sample = kept_view(&asked);
	if (sample && sample_view_parse(sample, sample->size, &asked) == 0)
		reading_add(pipeline->reading, &asked);
	else
		pipeline->stats.alerts_failed++;
	kept_free(sample);
}

/* Bytes that may be a token in a form that only the daemon knows. */
static void pipeline_text(struct pipeline *pipeline, const struct sample_view *view)
{
	struct pipeline_text text = {.pipeline = pipeline, .view = view};

	(void)forms_search((const uint8_t *)view->text, view->head->text_len, pipeline->suspects,
			   pipeline_text_token, &text);
	if (text.found)
		return;
	if (view->head->offset >= 0)
		pipeline_text_file(pipeline, view);
	else
		pipeline->stats.texts_cut += pipeline_is_cut(view);
}

/* What was lost in files, and what is not known for want of them, as the summary calls it. */
static void pipeline_count_files(struct pipeline *pipeline)
{
	if (pipeline->stats.files_unread != pipeline->unread.unread) {
		snprintf(pipeline->stats.files_unread_text, sizeof(pipeline->stats.files_unread_text), "%s%s",
			 SUMMARY_FILES_UNREAD, pipeline->unread.which);
		snprintf(pipeline->stats.files_unread_news, sizeof(pipeline->stats.files_unread_news), "%s%s",
			 SUMMARY_FILES_UNREAD, pipeline->unread.which_news);
	}
	pipeline->stats.facts_unanswered = attribute_unanswered(pipeline->attribute);
	pipeline->stats.files_unread = pipeline->unread.unread;
	pipeline->stats.files_unanswered = pipeline->unread.unanswered;
	pipeline->stats.tokens_gone = pipeline->unread.tokens;
	pipeline->stats.ranges_again = pipeline->unread.again;
	pipeline->stats.bytes_unread = pipeline->unread.past;
	pipeline->stats.heirs_unseen = pipeline->unread.heirs;
	pipeline->stats.heirs_unasked = pipeline->unread.unasked;
}

/* A sample without a window: the file has to be looked at. */
static void pipeline_file(struct pipeline *pipeline, const struct sample_view *view)
{
	reading_add(pipeline->reading, view);
	pipeline_count_files(pipeline);
}

/* A sample that was lost: its token may be in the file. */
static void pipeline_dropped(void *context, const struct dropped_sample *dropped)
{
	struct pipeline *pipeline = context;
	struct token_sample *sample = kept_dropped(dropped);
	struct sample_view view;

	if (sample && sample_view_parse(sample, sample->size, &view) == 0)
		pipeline_file(pipeline, &view);
	kept_free(sample);
}

/* Looks for what was lost, if it is time. */
static void pipeline_late(struct pipeline *pipeline, bool all)
{
	int64_t now = monotonic_ms();

	if (!probe_drops(pipeline->probe) || (!all && now < pipeline->next_late))
		return;
	pipeline->next_late = now + PIPELINE_LATE_MS;
	probe_dropped(pipeline->probe, pipeline_dropped, pipeline);
}

/* Takes what was read in files. */
static void pipeline_files(struct pipeline *pipeline)
{
	reading_work(pipeline->reading, monotonic_ms());
	pipeline_count_files(pipeline);
}

/* Reads what is left to be read in files, until there is no time left. */
static void pipeline_finish_files(struct pipeline *pipeline, bool mapped)
{
	int64_t until = pipeline->deadline ? pipeline->deadline : monotonic_ms() + PIPELINE_LAST_LOOK_MS;

	reading_finish(pipeline->reading, mapped, until);
	pipeline_count_files(pipeline);
}

/* A new cgroup: a container's files may be there only now. What it names is asked for again with its first alert. */
static void pipeline_cgroup(struct pipeline *pipeline, const struct sample_view *view)
{
	if (attribute_cgroup(pipeline->attribute, view) < 0)
		pipeline->stats.alerts_failed++;
	pipeline->retry = 0;
}

/* What a second look has found in a journal, by now with the entry that it is in, if that can be told. */
static void pipeline_entry(void *context, const struct sample_view *view, const struct journal_entry *entry)
{
	struct pipeline *pipeline = context;
	struct token_span span;
	struct token token;

	recheck_second(pipeline->recheck, view->head->token_key, view->head->place);
	if (token_match(view->window, view->head->window_len, 0, &token, &span))
		pipeline_tell(pipeline, view, view->head->token_key, view->window, &token, &span, NULL,
			      entry);
	else
		pipeline->stats.samples_bad++;
}

/* A token that a second look has found, and no first one in the time that it takes a call to return. */
static void pipeline_rechecked(void *context, const struct sample_view *view)
{
	struct pipeline *pipeline = context;
	const struct token_sample *head = view->head;
	int64_t at = head->offset + head->token_at;

	if (head->offset >= 0 && at > 0 && attribute_is_journald(view) &&
	    reading_add_journal(pipeline->reading, view, (uint64_t)at) == 0)
		return;
	pipeline_entry(pipeline, view, NULL);
}

/* May a first look at that place still come? Also what lies in the ring may be one. */
static bool pipeline_waits(void *context, uint64_t place)
{
	const struct pipeline *pipeline = context;

	return pipeline->behind || reading_looks(pipeline->reading, place);
}

/* What a second look has found, and a call's look into the file just as soon: as what that one would have told. */
static void pipeline_claimed(struct pipeline *pipeline, const struct recheck_claim *claim,
			     const struct sample_view *found)
{
	struct sample_view view;
	struct token_span span;
	struct token token;

	if (sample_view_parse(claim->sample, claim->sample->size, &view) == 0 &&
	    token_match(found->window, found->head->window_len, 0, &token, &span))
		pipeline_tell(pipeline, &view, found->head->token_key, found->window, &token, &span,
			      &claim->at, claim->entry.found ? &claim->entry : NULL);
	else
		pipeline->stats.samples_bad++;
}

static void pipeline_hold(struct pipeline *pipeline, const struct sample_view *view)
{
	struct recheck_claim claim;
	int r;

	if (recheck_claimed(pipeline->recheck, view->head, &claim)) {
		pipeline_claimed(pipeline, &claim, view);
		recheck_unclaim(&claim);
		return;
	}
	r = recheck_hold(pipeline->recheck, view, monotonic_ms());
	if (r == -ENOSPC) {
		/* the oldest have to go sooner */
		recheck_walk(pipeline->recheck, INT64_MAX, false, pipeline_waits, pipeline_rechecked,
			     pipeline);
		r = recheck_hold(pipeline->recheck, view, monotonic_ms());
	}
	if (r < 0)
		pipeline->stats.alerts_failed++;
}

/* When the next second look is due; ms, CLOCK_MONOTONIC. */
static int64_t pipeline_recheck_at(const struct pipeline *pipeline)
{
	return pipeline->soon_recheck && pipeline->soon_recheck < pipeline->next_recheck
		       ? pipeline->soon_recheck
		       : pipeline->next_recheck;
}

/* Looks at the files that may have been stored into, if it is time. */
static void pipeline_recheck(struct pipeline *pipeline)
{
	int64_t now = monotonic_ms(), took;
	bool more = false, begun;

	if (probe_recheck_due(pipeline->probe) && now >= pipeline_recheck_at(pipeline)) {
		begun = probe_recheck_begun(pipeline->probe);
		if (probe_recheck(pipeline->probe, PIPELINE_RECHECK_MS, &more) < 0)
			pipeline->stats.rechecks_failed++;
		/* the longer it takes, the more time is left to everything else */
		took = (monotonic_ms() - now) * PIPELINE_RECHECK_REST;
		pipeline->rested =
			now + (took > PIPELINE_RECHECK_AGAIN_MS ? took : PIPELINE_RECHECK_AGAIN_MS);
		/* a round that was begun before may not have it */
		if (pipeline->soon_recheck && pipeline->soon_recheck <= now)
			pipeline->soon_recheck = more || begun ? pipeline->rested : 0;
		pipeline->next_recheck = now + (more ? PIPELINE_RECHECK_PAUSE_MS : RECHECK_INTERVAL_MS);
	}
}

/* What is said of a record by itself, or by the one with its write's facts. Returns 0, or -EBADMSG. */
static int pipeline_view(struct pipeline *pipeline, const void *data, size_t size,
			 struct sample_view *ret_view)
{
	const struct token_more *more = data;
	int r;

	if (size >= sizeof(*more) && more->flags & SAMPLE_MORE)
		return facts_more(pipeline->facts, data, size, ret_view);
	r = sample_view_parse(data, size, ret_view);
	if (r == 0 && ret_view->head->window_len && !(ret_view->head->flags & SAMPLE_RECHECK))
		facts_keep(pipeline->facts, ret_view, monotonic_ms());
	return r;
}

/* Somebody is about to store into a file. What has no name is gone with who has it open. */
static void pipeline_described(struct pipeline *pipeline, const struct sample_view *view)
{
	int64_t soon = monotonic_ms() + PIPELINE_RECHECK_SOON_MS;

	if (recheck_describe(pipeline->recheck, view) < 0)
		pipeline->stats.alerts_failed++;
	/* nor has what overlayfs is copying up, but it will */
	if (view->head->links || view->head->call != WRITE_CALL_MMAP)
		return;
	if (soon < pipeline->rested)
		soon = pipeline->rested;
	/* never put off: who does that all the time is looked at all the same */
	if (!pipeline->soon_recheck)
		pipeline->soon_recheck = soon;
}

/* One of ours, or of the daemon before us. */
static void pipeline_canary_came(struct pipeline *pipeline, const struct sample_view *view)
{
	if (!pipeline->canary)
		return;
	canary_seen(pipeline->canary, view->window, view->head->window_len, monotonic_ms());
	if (canary_health(pipeline->canary)->state == CANARY_COMES)
		probe_canary_came(pipeline->probe);
}

/* One record of the ring. Never fails: what can't be used is counted. */
static int pipeline_record(void *context, void *data, size_t size)
{
	struct pipeline *pipeline = context;
	struct sample_view view;
	struct token_span span;
	struct token token;

	bool good = pipeline_view(pipeline, data, size, &view) == 0;

	pipeline->stats.samples++;
	/* a token_more has its own as well, where its view has that of its facts */
	pipeline->record = good ? ((const struct token_more *)data)->seq : 0;
	/* the daemon before us has died just behind this one */
	if (good && pipeline->first && journal_has(pipeline->journal, pipeline->record))
		return 0;
	pipeline->first = false;
	if (good && view.head->fs_magic == BTRFS_SUPER_MAGIC)
		probe_learn_btrfs(pipeline->probe);
	if (good && view.head->flags & SAMPLE_CANARY)
		pipeline_canary_came(pipeline, &view);
	else if (good && view.head->flags & SAMPLE_CGROUP)
		pipeline_cgroup(pipeline, &view);
	else if (good && view.head->flags & SAMPLE_DESCRIBES)
		pipeline_described(pipeline, &view);
	else if (good && view.head->text_len)
		pipeline_text(pipeline, &view);
	else if (good && view.head->flags & SAMPLE_RECHECK)
		pipeline_hold(pipeline, &view);
	else if (good && view.head->flags & (SAMPLE_UNREAD | SAMPLE_MAPPED))
		pipeline_file(pipeline, &view);
	else if (good && token_match(view.window, view.head->window_len, 0, &token, &span)) {
		recheck_first(pipeline->recheck, &view);
		reading_take_journal(pipeline->reading, view.head->token_key, view.head->place);
		if (!pipeline_is_told(pipeline, &view))
			pipeline_tell(pipeline, &view, view.head->token_key, view.window, &token, &span, NULL,
				      NULL);
	} else
		pipeline->stats.samples_bad++;
	journal_handled(pipeline->journal, pipeline->record);
	pipeline->record = 0;
	/* while settling: what is left is counted; else it has its turn again */
	if (pipeline->deadline)
		return monotonic_ms() > pipeline->deadline ? -ETIME : 0;
	return monotonic_ms() > pipeline->drain_until ? -EAGAIN : 0;
}

static void pipeline_flood_seen(void *context, uint64_t group, const struct share *share)
{
	struct pipeline *pipeline = context;
	struct timespec since = wallclock_time(&pipeline->wallclock, share->since);

	/* nothing new since the last look */
	if (share->last < pipeline->flood_looked)
		return;
	floods_seen(pipeline->floods, group, share, &since, monotonic_ms());
}

static void pipeline_flood_told(void *context, const struct alert *flood)
{
	struct alert alert = *flood;

	clock_gettime(CLOCK_REALTIME, &alert.time);
	pipeline_emit(context, &alert);
}

static void pipeline_floods_look(struct pipeline *pipeline)
{
	uint64_t now;

	if (!probe_flooded(pipeline->probe, &pipeline->flooded))
		return;
	now = boottime_ns();
	probe_floods(pipeline->probe, pipeline_flood_seen, pipeline);
	pipeline->flood_looked = now;
}

/* Tells of who floods, if it is time. */
static void pipeline_floods(struct pipeline *pipeline, bool all)
{
	int64_t now = monotonic_ms();

	if (!all && now < pipeline->next_flood)
		return;
	pipeline->next_flood = now + PIPELINE_FLOOD_MS;
	pipeline_floods_look(pipeline);
	floods_tell(pipeline->floods, now, all, pipeline_flood_told, pipeline);
}

/* To all outputs: what one of them does not take is in the next one's totals, and is no loss of its own. */
static void pipeline_emit_loss(struct pipeline *pipeline, struct loss *loss)
{
	journal_skip(pipeline->journal, ++pipeline->said->number);
	bus_pass(pipeline->bus, pipeline->said->number);
	mark_pass(pipeline->stored, pipeline->said->number);
	loss->series = journal_series(pipeline->journal);
	loss->number = pipeline->said->number;
	loss->sequence = ++pipeline->said->said + pipeline->stats.alerts_failed + probe_lost(pipeline->probe);
	loss->host_name = attribute_host(pipeline->attribute);
	bus_emit_loss(pipeline->bus, loss);
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
			log_warning("%s takes no alerts: %" PRIu64 " wait for it%s%s", output->name,
				    output->stuck, output->trouble ? ": " : "",
				    output->trouble ? output->trouble : "");
		pipeline->stuck[i] = output->stuck != 0;
	}
}

/* Tells of what was lost, if it is time. @last: now, and the summary has the words */
static void pipeline_news(struct pipeline *pipeline, bool last)
{
	int reopened = bus_reopened(pipeline->bus);
	int64_t now = monotonic_ms();
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
	reading_told(&pipeline->unread);
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
	int64_t now = monotonic_ms();
	/* losses come without being told of */
	int look = pipeline_sooner(-1, pipeline->next_news, now);
	int files = reading_timeout(pipeline->reading, now), held;

	if (files >= 0)
		look = pipeline_sooner(look, now + files, now);
	held = recheck_timeout(pipeline->recheck, now);
	if (held >= 0)
		look = pipeline_sooner(look, now + held, now);
	/* only if there is something: a look that is not made does not put the next one off */
	if (probe_recheck_due(pipeline->probe))
		look = pipeline_sooner(look, pipeline_recheck_at(pipeline), now);
	if (probe_drops(pipeline->probe))
		look = pipeline_sooner(look, pipeline->next_late, now);
	if (floods_any(pipeline->floods))
		look = pipeline_sooner(look, pipeline->next_flood, now);
	if (pipeline->retry >= 0)
		look = pipeline_sooner(look, now + pipeline->retry, now);
	if (probe_leased(pipeline->probe) || pipeline->board)
		look = pipeline_sooner(look, pipeline->next_renew, now);
	if (pipeline->canary)
		look = pipeline_sooner(look, canary_due(pipeline->canary), now);
	return look;
}

/* Writes a second, over the last PIPELINE_RATE_MS and more; at first, over what there is. */
static void pipeline_rate(struct pipeline *pipeline, uint64_t writes, int64_t now)
{
	int64_t ms = now - pipeline->rate_at;
	bool over = !pipeline->rate_at || ms >= PIPELINE_RATE_MS;

	if (pipeline->rate_at && ms > 0 && (over || !pipeline->rated))
		pipeline->rate = (writes - pipeline->rate_writes) * 1000 / (uint64_t)ms;
	if (!over)
		return;
	pipeline->rated = pipeline->rate_at != 0;
	pipeline->rate_writes = writes;
	pipeline->rate_at = now;
}

static void pipeline_say_to(struct pipeline *pipeline, const char *line, size_t len)
{
	probe_say(pipeline->probe, line, len);
	if (pipeline->board)
		board_say(pipeline->board, line, len);
}

/* How we are, for `spillwatch status` and --metrics. */
static void pipeline_say(struct pipeline *pipeline)
{
	const struct canary_health *canary = pipeline_health(pipeline);
	struct recorder_state store = recorder_state(pipeline->recorder);
	AUTO_FREE char *line = NULL, *path = NULL;
	struct probe_counts counts;
	int64_t now = monotonic_ms();
	struct snapshot snapshot = {
		.started = pipeline->started,
		.kernel = pipeline->kernel.release,
		.attachment = probe_attachment_name(probe_attachment(pipeline->probe)),
		.cache = probe_cache_text(probe_cache(pipeline->probe)),
		.watched = &pipeline->watched.store,
		.canary = canary,
		.canary_ms = canary ? now - canary->seen : 0,
		.counts = &counts,
		.stats = &pipeline->stats,
		.outputs = pipeline->stats.outputs,
		.store_waiting = store.waiting,
		.store_lost = store.lost,
		.rules = pipeline->rules ? rules_count(pipeline->rules) : 0,
		.containers = attribute_containers(pipeline->attribute),
		.ring_waiting = probe_ring_waiting(pipeline->probe),
		.ring_bytes = probe_ring_bytes(pipeline->probe),
	};

	if ((probe_pinned(pipeline->probe) <= 0 && !pipeline->board) ||
	    probe_counts(pipeline->probe, &counts) < 0)
		return;
	pipeline_count_outputs(pipeline);
	pipeline_rate(pipeline, counts.value[COUNTER_writes_inspected], now);
	snapshot.writes_second = pipeline->rate;
	snapshot.output_count = pipeline->stats.output_count;
	if (recorder_path(pipeline->recorder) &&
	    mask_text(recorder_path(pipeline->recorder), strlen(recorder_path(pipeline->recorder)), NULL,
		      &path) == 0)
		snapshot.store = path;
	clock_gettime(CLOCK_REALTIME, &snapshot.time);
	if (snapshot_json(&snapshot, &line) == 0)
		pipeline_say_to(pipeline, line, strlen(line));
}

/* A sign of life for the programs and for who comes after us, if it is time. */
static void pipeline_renew(struct pipeline *pipeline)
{
	int64_t now = monotonic_ms();
	int r;

	if (now < pipeline->next_renew)
		return;
	pipeline->next_renew = now + PIPELINE_RENEW_MS;
	r = probe_renew(pipeline->probe);
	if (r < 0 && !pipeline->renew_failed)
		log_error("can't renew the programs' lease: %s; they end when it is over", strerror(-r));
	pipeline->renew_failed = r < 0;
	pipeline_say(pipeline);
}

/* Nobody can be started any more by then. */
static void pipeline_unasked(struct pipeline *pipeline)
{
	if (pipeline->unasked || !inquiry_ended(pipeline->inquiry))
		return;
	pipeline->unasked = true;
	log_error("the process that asks for names of containers and users has ended; alerts go out without "
		  "those until a restart");
}

void pipeline_look(struct pipeline *pipeline, bool all)
{
	pipeline_renew(pipeline);
	pipeline_unasked(pipeline);
	if (pipeline->retry >= 0)
		pipeline->retry = attribute_retry(pipeline->attribute);
	pipeline_trim(pipeline, PIPELINE_TRIM_ALERTS);
	pipeline_recheck(pipeline);
	pipeline_late(pipeline, false);
	facts_forget(pipeline->facts, monotonic_ms());
	pipeline_floods(pipeline, false);
	pipeline_news(pipeline, false);
	if (all)
		pipeline_finish_files(pipeline, true);
	else
		pipeline_files(pipeline);
}

/* The path is the user's own, but a path can hold a token as well. Returns an exit code. */
static int pipeline_explain_output(const char *path, int error)
{
	AUTO_FREE char *text = NULL;

	if (path && mask_text(path, strlen(path), NULL, &text) < 0)
		text = NULL;
	if (error == -EEXIST)
		log_error("there are two outputs to %s: give one of them a name of its own in the "
			  "configuration",
			  text ? text : "one file");
	else
		log_error("can't write alerts to %s: %s; give it a name in a directory that exists and that "
			  "you may write to",
			  text ? text : "the file", output_error(error));
	return EXIT_CODE_CONFIG;
}

/* Adds one. Returns 0 or an exit code. */
static int pipeline_add_output(struct pipeline *pipeline, const struct output_spec *spec)
{
	int r = bus_add(pipeline->bus, spec);
	AUTO_FREE char *text = NULL;

	if (r > 0 && mask_text(spec->target, strlen(spec->target), NULL, &text) == 0)
		log_warning("%s does not answer; alerts wait for it, and the others go on", text);
	return r < 0 ? pipeline_explain_output(spec->target, r) : 0;
}

/* All outputs but standard error; more than there may be are cut, after one too many. */
struct pipeline_outputs {
	struct output_spec specs[BUS_OUTPUTS + 1];
	size_t count;
	bool text; /* a readable line on standard error */
};

static void pipeline_add_spec(struct pipeline_outputs *outputs, const struct output_spec *spec)
{
	if (outputs->count < sizeof(outputs->specs) / sizeof(*outputs->specs))
		outputs->specs[outputs->count++] = *spec;
}

/*
 * By --alerts, --output and --socket, and by the configuration's outputs; a person at a terminal gets text unless they asked for
 * something else.
 */
static void pipeline_outputs(const struct pipeline_options *options, struct pipeline_outputs *ret_outputs)
{
	const struct output_spec alerts = {
		.what = OUTPUT_FILE, .target = options->alerts, .bytes = options->alerts_bytes};
	const struct output_spec out = {.what = OUTPUT_FILE, .target = "-"};
	const struct output_spec readers = {.what = OUTPUT_SOCKET, .target = options->socket};
	bool to_stdout = options->alerts && strcmp(options->alerts, "-") == 0;
	bool others = options->alerts || options->output_count;

	ret_outputs->count = 0;
	ret_outputs->text = options->output == PIPELINE_OUTPUT_TEXT ||
			    (options->output == PIPELINE_OUTPUT_AUTO && (!others || isatty(STDERR_FILENO)));
	if (options->alerts)
		pipeline_add_spec(ret_outputs, &alerts);
	if (options->output == PIPELINE_OUTPUT_JSON && !to_stdout)
		pipeline_add_spec(ret_outputs, &out);
	if (options->socket)
		pipeline_add_spec(ret_outputs, &readers);
	for (size_t i = 0; i < options->output_count; i++)
		pipeline_add_spec(ret_outputs, &options->outputs[i]);
}

/* Returns 0 or an exit code. */
static int pipeline_open_outputs(struct pipeline *pipeline, const struct pipeline_options *options)
{
	struct pipeline_outputs outputs;
	int r;

	pipeline_outputs(options, &outputs);
	r = bus_open(outputs.text, &pipeline->bus);
	if (r < 0)
		return pipeline_explain_output(NULL, r);
	for (size_t i = 0; r == 0 && i < outputs.count; i++)
		r = pipeline_add_output(pipeline, &outputs.specs[i]);
	pipeline->needs = pipeline_needs(options);
	return r;
}

unsigned int pipeline_needs(const struct pipeline_options *options)
{
	unsigned int needs = options->socket ? PRIVILEGES_ACCEPT : 0;

	for (size_t i = 0; i < options->output_count; i++) {
		const struct output_spec *output = &options->outputs[i];

		if (output->what == OUTPUT_SOCKET)
			needs |= PRIVILEGES_ACCEPT;
		else if (output->what == OUTPUT_JOURNALD)
			needs |= PRIVILEGES_CONNECT;
		else if (output->what == OUTPUT_SYSLOG)
			needs |= *output->target == '/' ? PRIVILEGES_CONNECT : PRIVILEGES_CONNECT_NET;
	}
	return needs;
}

/* What of an output can't be had any more (lib/privileges.c). */
static const char *pipeline_refused(void *context, const struct output_spec *spec)
{
	const struct pipeline *pipeline = context;

	switch (spec->what) {
	case OUTPUT_SOCKET:
		return "a running daemon can't make a socket";
	case OUTPUT_PROGRAM:
		return "a running daemon can't start a program";
	case OUTPUT_SYSLOG:
	case OUTPUT_JOURNALD:
		if (pipeline->needs & PRIVILEGES_CONNECT_NET ||
		    (*spec->target == '/' && pipeline->needs & PRIVILEGES_CONNECT))
			return NULL;
		return *spec->target == '/' ? "this daemon may not connect: at its start it had no such "
					      "output"
					    : "this daemon may not use the network: at its start it had no "
					      "such output";
	default:
		return NULL;
	}
}

static uint64_t *pipeline_mark_new(void *context, const char *name)
{
	const struct pipeline *pipeline = context;

	return journal_mark_new(pipeline->journal, name, pipeline->said->number);
}

static void pipeline_unmark(void *context, uint64_t *mark)
{
	const struct pipeline *pipeline = context;

	journal_unmark(pipeline->journal, mark);
}

int pipeline_change(struct pipeline *pipeline, const struct pipeline_options *options, bool *ret_outputs)
{
	struct pipeline_outputs outputs;
	struct bus_changes changes = {
		.refused = pipeline_refused,
		.mark = pipeline_mark_new,
		.unmark = pipeline_unmark,
		.context = pipeline,
	};
	AUTO_FREE char *shown = NULL;
	const char *target;
	int r;

	pipeline_outputs(options, &outputs);
	changes.text = outputs.text;
	changes.specs = outputs.specs;
	changes.count = outputs.count;
	r = bus_change(pipeline->bus, &changes);
	*ret_outputs = r == 0;
	target = r < 0 ? outputs.specs[changes.wrong].target : NULL;
	if (r < 0 && !changes.why) {
		pipeline_explain_output(target, r);
		return -EINVAL;
	}
	if (r < 0 && mask_text(target, strlen(target), NULL, &shown) < 0)
		shown = NULL;
	if (r < 0)
		log_warning("needs a restart: outputs (%s: %s); until then all of them are as they were",
			    shown ? shown : "one of them", changes.why);
	if (changes.late)
		log_warning("%zu of the outputs did not answer yet; alerts wait for them, and the others go "
			    "on",
			    changes.late);
	if (changes.added || changes.removed) {
		log_note("outputs: %zu new, %zu removed", changes.added, changes.removed);
		memset(pipeline->stuck, 0, sizeof(pipeline->stuck));
	}
	recorder_limit(pipeline->recorder, &options->store_limits);
	return 0;
}

static int pipeline_wait_for(const struct pipeline *pipeline, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(pipeline->waits, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* One descriptor for all that wakes us. */
static int pipeline_open_wait(struct pipeline *pipeline)
{
	pipeline->waits = epoll_create1(EPOLL_CLOEXEC);
	return pipeline->waits < 0 ? -errno : pipeline_wait_for(pipeline, reading_fd(pipeline->reading));
}

/* Where everything is pinned is the user's own path, but a path can hold a token as well. */
static void pipeline_say_pinned(const struct probe_options *options, const struct probe *probe)
{
	int pinned = probe_pinned(probe);
	AUTO_FREE char *path = NULL;

	if (pinned == 0 || mask_text(options->pin, strlen(options->pin), NULL, &path) < 0)
		return;
	if (pinned < 0)
		log_warning(
			"can't pin the programs at %s: %s; what is written between the end of this daemon "
			"and the start of the next one is not seen",
			path, pin_error(pinned));
}

/* What a daemon before us has left, and how long nobody watched. */
static void pipeline_say_takeover(const struct probe_takeover *takeover)
{
	double away = (double)takeover->away_ns / PIPELINE_NS;

	if (takeover->how == PROBE_FIRST)
		return;
	if (takeover->how == PROBE_TAKEN)
		log_note("goes on where another daemon %s %.1f s ago; %" PRIu64 " samples waited",
			 takeover->killed ? "died" : "ended", away, takeover->waiting);
	else
		log_note("replaced the programs of another daemon (version %s), gone for %.1f s; %" PRIu64
			 " samples waited",
			 takeover->version, away, takeover->waiting);
	if (takeover->unreadable)
		log_warning("lost: %" PRIu64 " samples of another version, which this one can't read",
			    takeover->unreadable);
	if (takeover->blind_ns)
		log_warning("nobody watched for %.1f s: no daemon came back in time",
			    (double)takeover->blind_ns / PIPELINE_NS);
}

static uint64_t *pipeline_mark(void *context, const char *name)
{
	const struct pipeline *pipeline = context;

	return journal_mark(pipeline->journal, name, pipeline->said->number);
}

/* An alert that a daemon before us has made, and not everybody has. */
static void pipeline_again(void *context, const struct alert *alert)
{
	struct pipeline *pipeline = context;
	struct alert again = *alert;

	again.host_name = attribute_host(pipeline->attribute);
	if (!alert->ruling.allowed)
		bus_emit_again(pipeline->bus, &again);
	if (pipeline->stored && alert->number > *pipeline->stored)
		recorder_put(pipeline->recorder, &again);
}

/* Delivers what a daemon before us had no time to deliver. */
static int pipeline_replay(struct pipeline *pipeline)
{
	const char *store = recorder_path(pipeline->recorder);
	struct journal_left left;
	uint64_t least;
	int r = journal_open(probe_journal(pipeline->probe), &pipeline->journal);

	if (r < 0)
		return r;
	bus_marks(pipeline->bus, pipeline_mark, pipeline);
	if (store)
		pipeline->stored = pipeline_mark(pipeline, store);
	recorder_mark(pipeline->recorder, pipeline->stored, journal_id(pipeline->journal));
	least = bus_least(pipeline->bus);
	if (pipeline->stored && *pipeline->stored < least)
		least = *pipeline->stored;
	if (least == UINT64_MAX)
		return 0;
	left = journal_replay(pipeline->journal, least, pipeline->said->number, pipeline_again, pipeline);
	if (left.delivered)
		log_note("delivers %" PRIu64 " alerts that were on their way", left.delivered);
	if (left.missing)
		log_warning("lost: %" PRIu64 " alerts that the daemon before had not delivered",
			    left.missing);
	if (left.pending)
		log_warning("lost: %" PRIu64 " looks into files that the daemon before had not finished",
			    left.pending);
	pipeline->unread.unread += left.pending;
	pipeline_count_files(pipeline);
	return 0;
}

/* Who watched before us has told the store so until a few seconds before his end. Returns microseconds. */
static int64_t pipeline_before(const struct probe_takeover *takeover)
{
	int64_t watched = (int64_t)(takeover->watched_ns / 1000);

	if (takeover->how == PROBE_FIRST || takeover->blind_ns)
		return 0;
	return (int64_t)(takeover->away_ns / 1000) +
	       (watched < PIPELINE_STORED_US ? watched : PIPELINE_STORED_US);
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
	pipeline->waits = -1;
	pipeline->board = options->board;
	uname(&pipeline->kernel);
	clock_gettime(CLOCK_REALTIME, &pipeline->started);
	pipeline->suspects = options->probe.suspects;
	pipeline->told = options->told;
	pipeline->told_context = options->told_context;
	pipeline_rules(pipeline, options->rules);
	/* before anything is open that who reads others' files shall not have */
	r = reading_open(options->procfs ? options->procfs : "/proc", options->root, options->probe.suspects,
			 &pipeline->reading);
	if (r == 0)
		r = inquiry_open(options->procfs, options->root, &pipeline->inquiry);
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		pipeline_close(pipeline);
		return EXIT_CODE_RUNTIME;
	}
	reading_start(pipeline->reading, pipeline_file_token, pipeline_entry, pipeline, &pipeline->unread);
	r = pipeline_open_outputs(pipeline, options);
	if (r) {
		pipeline_close(pipeline);
		return r;
	}
	r = recorder_open(options->store, options->store_needed, &options->store_limits, &pipeline->recorder);
	if (r == 0 && options->store_alone)
		r = recorder_alone(pipeline->recorder);
	if (r) {
		pipeline_close(pipeline);
		return r;
	}
	r = attribute_open(options->procfs, options->root, pipeline->inquiry, &pipeline->attribute);
	if (r == 0)
		r = repeats_open(&pipeline->repeats);
	if (r == 0)
		r = recheck_open(&pipeline->recheck);
	if (r == 0)
		r = facts_open(&pipeline->facts);
	if (r == 0)
		r = floods_open(&pipeline->floods);
	if (r == 0)
		r = losses_open(&pipeline->losses);
	if (r == 0)
		r = pipeline_open_wait(pipeline);
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		pipeline_close(pipeline);
		return EXIT_CODE_RUNTIME;
	}
	r = probe_start(&options->probe, pipeline_record, pipeline, failures, &pipeline->probe);
	if (r < 0) {
		diagnose_failure(options->probe.attachment, failures, r);
		pipeline_close(pipeline);
		return failures[PROBE_AUTO].pin < 0 ? EXIT_CODE_CONFIG : EXIT_CODE_KERNEL;
	}
	if (watched_make(&options->probe, options->scope_name, probe_missing(pipeline->probe),
			 &pipeline->watched) == 0) {
		pipeline->watched.store.node = attribute_host(pipeline->attribute);
		pipeline->watched.store.before_us = pipeline_before(probe_takeover(pipeline->probe));
		recorder_watch(pipeline->recorder, &pipeline->watched.store);
	}
	pipeline->said = probe_said(pipeline->probe);
	/* other programs count for themselves */
	pipeline->first = probe_takeover(pipeline->probe)->how == PROBE_TAKEN;
	r = pipeline_replay(pipeline);
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		pipeline_close(pipeline);
		return EXIT_CODE_RUNTIME;
	}
	pipeline_say_pinned(&options->probe, pipeline->probe);
	pipeline_say_takeover(probe_takeover(pipeline->probe));
	/* the kernel's types took some 12 MB to parse, and are not needed any more */
	pipeline_trim(pipeline, 0);
	attribute_scan(pipeline->attribute);
	pipeline->retry = 0;
	r = pipeline_wait_for(pipeline, probe_fd(pipeline->probe));
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		pipeline_close(pipeline);
		return EXIT_CODE_RUNTIME;
	}
	*ret_pipeline = pipeline;
	return 0;
}

int pipeline_watch_self(struct pipeline *pipeline, uint32_t watch)
{
	int r = canary_open(watch, &pipeline->canary);

	if (r == 0 && canary_health(pipeline->canary)->state == CANARY_NONE)
		log_note("whether what is written comes through is not tried: there is no file of a kind "
			 "that is watched");
	return r;
}

bool pipeline_blind(const struct pipeline *pipeline)
{
	return pipeline->canary && canary_health(pipeline->canary)->row >= CANARY_ROUNDS;
}

const struct canary_health *pipeline_health(const struct pipeline *pipeline)
{
	return pipeline->canary ? canary_health(pipeline->canary) : NULL;
}

int pipeline_begin(struct pipeline *pipeline)
{
	int r = bus_begin(pipeline->bus);

	return r < 0 ? r : recorder_begin(pipeline->recorder);
}

void pipeline_close(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	if (pipeline->waits >= 0)
		close(pipeline->waits);
	if (pipeline->leaves)
		probe_leave(pipeline->probe);
	probe_stop(pipeline->probe);
	recorder_close(pipeline->recorder);
	journal_close(pipeline->journal);
	watched_free(&pipeline->watched);
	attribute_close(pipeline->attribute);
	inquiry_close(pipeline->inquiry);
	repeats_close(pipeline->repeats);
	reading_close(pipeline->reading);
	recheck_close(pipeline->recheck);
	facts_close(pipeline->facts);
	canary_close(pipeline->canary);
	floods_close(pipeline->floods);
	losses_close(pipeline->losses);
	/* last, for what the others say */
	bus_close(pipeline->bus);
	free(pipeline);
}

int pipeline_fd(const struct pipeline *pipeline)
{
	return pipeline->waits;
}

bool pipeline_follows(const struct pipeline *pipeline)
{
	return probe_follows(pipeline->probe);
}

/* What a turn has handed over is to be written. */
static void pipeline_flush(struct pipeline *pipeline)
{
	journal_pending(pipeline->journal,
			recheck_held(pipeline->recheck) + reading_waiting(pipeline->reading));
	bus_flush(pipeline->bus);
	recorder_wake(pipeline->recorder);
}

/* Turns waiting samples into alerts, for PIPELINE_DRAIN_MS at most. @ret_all: nothing waits any more; may be NULL */
static int pipeline_drain(struct pipeline *pipeline, bool *ret_all)
{
	int r;

	pipeline->drain_until = monotonic_ms() + PIPELINE_DRAIN_MS;
	r = probe_consume(pipeline->probe);
	pipeline_flush(pipeline);
	if (ret_all)
		*ret_all = r != -EAGAIN;
	return r < 0 && r != -EAGAIN ? r : 0;
}

static void pipeline_arm(void *context, bool on)
{
	struct pipeline *pipeline = context;

	probe_canary(pipeline->probe, on);
}

/* A round of canaries, if it is time and nothing waits in the ring. Says what becomes of them, once. */
static void pipeline_canary(struct pipeline *pipeline)
{
	const struct canary_health *health = canary_health(pipeline->canary);

	canary_round(pipeline->canary, monotonic_ms(), probe_lost(pipeline->probe), pipeline_arm, pipeline);
	pipeline->stats.canaries_failed = health->unexplained;
	if (health->state == CANARY_FAILS && !pipeline->blind)
		log_warning(
			"what is written does not come through: a token of this daemon's own, by %s, did not",
			health->call);
	if (health->state == CANARY_COMES && pipeline->blind)
		log_note("what is written comes through again");
	pipeline->blind = health->state == CANARY_FAILS;
}

int pipeline_turn(struct pipeline *pipeline, short ready)
{
	struct turn turn = turn_begin();
	bool due = pipeline->canary && monotonic_ms() >= canary_due(pipeline->canary), all = true;
	bool held;
	int r = 0;

	pipeline_look(pipeline, false);
	held = recheck_timeout(pipeline->recheck, monotonic_ms()) == 0;
	/* before one is given up, or told of as somebody's, what is there is taken */
	if (ready || due || held)
		r = pipeline_drain(pipeline, &all);
	pipeline->behind = !all;
	if (held)
		recheck_walk(pipeline->recheck, monotonic_ms(), false, pipeline_waits, pipeline_rechecked,
			     pipeline);
	if (r == 0 && due && all)
		pipeline_canary(pipeline);
	pipeline_flush(pipeline);
	turn_end(&turn, &pipeline->longest);
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
		r = pipeline_drain(pipeline, NULL);
		if (r == 0 && pipeline->stats.samples < sent) {
			nanosleep(&pause, NULL);
			if (monotonic_ms() > pipeline->deadline)
				r = -ETIME;
		}
	}
	if (pipeline->stats.samples < sent)
		pipeline->stats.samples_unjudged = sent - pipeline->stats.samples;
	return r;
}

/* The end of all that waits for a look into a file, and of what second looks have found. */
static void pipeline_finish_held(struct pipeline *pipeline, bool mapped)
{
	/* what calls have written comes first: it is theirs */
	pipeline_finish_files(pipeline, mapped);
	if (!recheck_held(pipeline->recheck))
		return;
	recheck_walk(pipeline->recheck, 0, true, pipeline_waits, pipeline_rechecked, pipeline);
	/* whose entry of the journal it is */
	if (reading_waiting(pipeline->reading))
		pipeline_finish_files(pipeline, false);
}

int pipeline_settle(struct pipeline *pipeline, int timeout_ms)
{
	bool more = true;
	int r;

	probe_detach(pipeline->probe);
	pipeline->deadline = monotonic_ms() + timeout_ms;
	r = pipeline_drain_sent(pipeline);
	/* a round that is under way does not count: the last one is a whole one */
	for (int round = 0; r == 0 && round < 2; round += !more) {
		r = probe_recheck(pipeline->probe, PIPELINE_RECHECK_MS, &more);
		r = r < 0 ? r : pipeline_drain_sent(pipeline);
		if (r == 0 && monotonic_ms() > pipeline->deadline)
			r = -ETIME;
	}
	if (r < 0)
		pipeline->stats.rechecks_failed++;
	probe_detach_net(pipeline->probe);
	if (r == 0)
		r = pipeline_drain_sent(pipeline);
	pipeline_late(pipeline, true);
	pipeline_finish_held(pipeline, false);
	pipeline_floods(pipeline, true);
	return r;
}

void pipeline_rules(struct pipeline *pipeline, const struct rules *rules)
{
	pipeline->rules = rules && rules_count(rules) ? rules : NULL;
}

int pipeline_leave(struct pipeline *pipeline, int timeout_ms)
{
	int r = 0;

	pipeline->leaves = true;
	pipeline->deadline = monotonic_ms() + timeout_ms;
	/* others go on writing: one round more than it takes to come here */
	for (int round = 0; r >= 0 && round < 2; round++)
		r = pipeline_drain(pipeline, NULL);
	pipeline_finish_held(pipeline, true);
	pipeline_floods(pipeline, true);
	pipeline_flush(pipeline);
	return r == -ETIME ? 0 : r;
}

bool pipeline_pinned(const struct pipeline *pipeline)
{
	return probe_pinned(pipeline->probe) > 0;
}

void pipeline_reopen(struct pipeline *pipeline)
{
	bus_reopen(pipeline->bus);
}

void pipeline_deliver(struct pipeline *pipeline, int ms)
{
	int64_t until = monotonic_ms() + ms, now;

	/* both at the same time */
	recorder_finish(pipeline->recorder);
	bus_settle(pipeline->bus, ms);
	pipeline_count_outputs(pipeline);
	now = monotonic_ms();
	pipeline->stats.store_errors =
		recorder_end(pipeline->recorder, now < until ? (int)(until - now) : PIPELINE_STORE_MS);
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

	/* those are counted on, and told by who comes next */
	if (pipeline->leaves)
		return;
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

	pipeline_news(pipeline, true);
	if (r < 0)
		log_error("can't read the counters: %s", strerror(-r));
	else
		summary_print(&counts, &pipeline->stats, probe_missing(pipeline->probe),
			      probe_cache(pipeline->probe), quiet);
	turn_say(&pipeline->longest);
	probe_floods(pipeline->probe, pipeline_flood_named, &floods);
	if (floods > PIPELINE_FLOODS_NAMED)
		log_note("flooding: %zu more", floods - PIPELINE_FLOODS_NAMED);
}
