// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → reading → fetcher → matcher: what is to be read, and what has come of it.
 *
 * Errands are what is quickly done and may be gone soon: a short range, opening a file that is read later, and closing one. They have
 * every other turn; the rest is shared by long ranges and mapped files.
 */
#include "engine/reading.h"

#include "detect/kept.h"
#include "bounds.h"
#include "engine/deferred.h"
#include "files/mapped.h"
#include "files/fetcher.h"
#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/monotonic.h"
#include "lib/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writers share these, by a hash. */
#define READING_WRITERS 256
/* Likewise places that are looked at. */
#define READING_PLACES 1024
/* ms between two files that are named. */
#define READING_WHICH_MS 100
/* Bytes of such a file's name; and of what is shown of it, where some of them are escaped. */
#define READING_PATH 120
#define READING_SHOWN 160
/* Those that are to be closed are never more than can be open, in use or just given back. */
#define READING_ERRANDS (LIMIT_ERRANDS + 2 * FETCHER_KEPT)

enum reading_kind { READING_ERRAND, READING_DEFERRED, READING_MAPPED };

struct errand {
	struct token_sample *sample; /* NULL: the file with that id is to be closed */
	uint64_t id; /* 0: the range is all that is asked for; else the file is only opened */
	uint64_t journal; /* place of a byte whose entry is asked for; 0: the range is */
	bool told; /* of `journal`: a first look has told of the token meanwhile */
	/* whose file it is */
	uint64_t group;
	uint32_t uid;
};

/* Which file it is, and whose: a copy, since what is read may be given up before it is told of. */
struct reading_named {
	char path[READING_PATH], comm[LIMIT_COMM_BYTES];
	size_t path_len; /* of the whole */
	uint32_t tgid;
};

struct reading {
	struct fetcher *fetcher;
	struct deferred *deferred;
	struct mapped *mapped;
	reading_token token;
	reading_entry entry;
	void *context;
	struct reading_loss *loss;
	/* a ring: the oldest at `first` */
	struct errand errands[READING_ERRANDS];
	size_t first, count, bytes;
	size_t samples; /* of them, those with one */
	size_t journals; /* of those, and of the one under way, with `journal` */
	uint16_t of_writer[READING_WRITERS];
	uint16_t of_place[READING_PLACES]; /* short ranges, also the one under way */
	uint64_t ids; /* given so far */
	uint64_t turns;
	int64_t next_look; /* at what is mapped; ms, CLOCK_MONOTONIC */
	uint64_t look_cpu; /* ns, of the round that is under way */
	/* the request under way */
	enum reading_kind kind;
	struct errand errand; /* of READING_ERRAND, taken off the ring */
	struct sample_view view; /* in what is read: gone with it */
	struct reading_named named;
	uint64_t id;
	uint64_t group;
	uint32_t uid;
	uint64_t read; /* of an errand */
	uint64_t found;
};

int reading_open(const char *procfs, const char *root, uint32_t suspects, struct reading **ret_reading)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int r;

	if (!reading)
		return -ENOMEM;
	r = fetcher_open(procfs, root, suspects, &reading->fetcher);
	if (r == 0)
		r = deferred_open(&reading->deferred);
	if (r == 0)
		r = mapped_open(procfs, &reading->mapped);
	if (r < 0) {
		reading_close(reading);
		return r;
	}
	*ret_reading = reading;
	return 0;
}

void reading_close(struct reading *reading)
{
	if (!reading)
		return;
	fetcher_close(reading->fetcher);
	deferred_close(reading->deferred);
	mapped_close(reading->mapped);
	for (size_t i = 0; i < reading->count; i++)
		kept_free(reading->errands[(reading->first + i) % READING_ERRANDS].sample);
	kept_free(reading->errand.sample);
	free(reading);
}

void reading_start(struct reading *reading, reading_token token, reading_entry entry, void *context,
		   struct reading_loss *loss)
{
	reading->token = token;
	reading->entry = entry;
	reading->context = context;
	reading->loss = loss;
}

const struct journal_entry *reading_journal(const struct reading *reading)
{
	return fetcher_journal(reading->fetcher);
}

int reading_fd(const struct reading *reading)
{
	return fetcher_fd(reading->fetcher);
}

static uint16_t *reading_of_writer(struct reading *reading, const struct token_sample *head)
{
	return &reading->of_writer[head->group % READING_WRITERS];
}

/* Is it a short range that is to be read? */
static bool errand_is_range(const struct errand *errand)
{
	return errand->sample && !errand->id && !errand->journal;
}

/* How many such ranges there are of its place. NULL: it is another errand. */
static uint16_t *reading_of_place(struct reading *reading, const struct errand *errand)
{
	return errand_is_range(errand) ? &reading->of_place[errand->sample->place % READING_PLACES] : NULL;
}

/* From where on its file is to be looked at, and up to where: of a sample that was lost, its token alone. */
static void errand_range(const struct token_sample *head, uint64_t *ret_from, uint64_t *ret_end)
{
	sample_range(head, ret_from, ret_end);
	if (head->flags & SAMPLE_FOUND_LATE) {
		*ret_from = (uint64_t)head->offset + (uint64_t)head->token_at;
		*ret_end = *ret_from + head->window_len;
	}
}

/* The last of the ring. */
static void errand_put(struct reading *reading, const struct errand *errand)
{
	reading->errands[(reading->first + reading->count) % READING_ERRANDS] = *errand;
	reading->count++;
}

/* @journal: as of an errand. Returns 0, or -ENOSPC or -ENOMEM. */
static int errand_add(struct reading *reading, const struct sample_view *view, uint64_t id, uint64_t journal)
{
	const struct token_sample *head = view->head;
	struct errand errand = {.id = id, .journal = journal, .group = head->group, .uid = head->uid};
	uint16_t *of_place;

	if (reading->samples == LIMIT_ERRANDS || reading->bytes + head->size > LIMIT_ERRANDS_BYTES ||
	    *reading_of_writer(reading, head) >= LIMIT_ERRANDS / 2)
		return -ENOSPC;
	errand.sample = journal ? kept_view(view) : kept_sample(view);
	if (!errand.sample)
		return -ENOMEM;
	errand_put(reading, &errand);
	of_place = reading_of_place(reading, &errand);
	if (of_place)
		++*of_place;
	reading->journals += journal != 0;
	reading->samples++;
	reading->bytes += errand.sample->size;
	++*reading_of_writer(reading, head);
	return 0;
}

/* What has become of the first one is known later. */
static void errand_take(struct reading *reading)
{
	const struct token_sample *sample;

	reading->errand = reading->errands[reading->first];
	reading->first = (reading->first + 1) % READING_ERRANDS;
	reading->count--;
	reading->read = 0;
	sample = reading->errand.sample;
	if (!sample)
		return;
	reading->samples--;
	reading->bytes -= sample->size;
	--*reading_of_writer(reading, sample);
}

static void errand_end(struct reading *reading)
{
	uint16_t *of_place = reading_of_place(reading, &reading->errand);

	if (of_place)
		--*of_place;
	reading->journals -= reading->errand.journal != 0;
	kept_free(reading->errand.sample);
	reading->errand = (struct errand){0};
}

/* The file that was asked for last is not needed any more. */
static void reading_close_file(struct reading *reading, uint64_t id)
{
	if (reading->count < READING_ERRANDS)
		errand_put(reading, &(struct errand){.id = id, .group = reading->group, .uid = reading->uid});
}

static const char *reading_why(int error)
{
	switch (error) {
	case -ENOENT:
		return "it was gone, and nobody had it open";
	case -ESTALE:
		return "another file has its name by now";
	case -EWOULDBLOCK:
		return "somebody holds a lease on it";
	case -ENOSPC:
		return "too much waits to be read";
	case -ECANCELED:
		return "there was no time left";
	case -ETIMEDOUT:
		return "it was written faster than it could be read";
	default:
		return strerror(-error);
	}
}

/* Whatever could be a part of a secret in a name is left out, as there is no secret at hand to compare with. */
static char *reading_shown(const char *text, size_t len)
{
	bool any = false;
	const struct mask_known known = {.any = &any};
	char *shown;

	return mask_text(text, len, &known, &shown) < 0 ? NULL : shown;
}

static void reading_name(const struct sample_view *view, struct reading_named *ret_named)
{
	const struct token_sample *head = view->head;

	memset(ret_named, 0, sizeof(*ret_named));
	if (!head)
		return;
	ret_named->path_len = head->path_len;
	memcpy(ret_named->path, view->path, head->path_len < READING_PATH ? head->path_len : READING_PATH);
	memcpy(ret_named->comm, head->comm, sizeof(ret_named->comm));
	ret_named->tgid = head->tgid;
}

/* Says of which file that was; not for each of many. */
static void reading_which(struct reading *reading, const struct reading_named *named, int error)
{
	struct reading_loss *loss = reading->loss;
	int64_t now = monotonic_ms();
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *comm = NULL;
	size_t shown;
	bool cut;

	if (*loss->which_news && now - loss->which_at < READING_WHICH_MS)
		return;
	/* the beginning of a long one is what its directory is */
	path = reading_shown(named->path, named->path_len < READING_PATH ? named->path_len : READING_PATH);
	comm = reading_shown(named->comm, strnlen(named->comm, sizeof(named->comm)));
	if (!path || !comm)
		return;
	loss->which_at = now;
	/* a character that is cut in two, and the whole of what is told would be no text */
	shown = utf8_cut(path, strnlen(path, READING_SHOWN));
	cut = named->path_len > READING_PATH || path[shown];
	snprintf(loss->which, sizeof(loss->which), " (such as %.*s%s of %s (pid %u): %s)",
		 *path ? (int)shown : READING_SHOWN, *path ? path : "a file without a name", cut ? "…" : "",
		 comm, named->tgid, reading_why(error));
	memcpy(loss->which_news, loss->which, sizeof(loss->which));
}

void reading_told(struct reading_loss *loss)
{
	*loss->which_news = '\0';
}

/* A file can't be read: it is known why, and how much was in it at most. */
static void reading_lose_named(struct reading *reading, const struct reading_named *named,
			       const struct token_sample *head, int error, uint64_t found)
{
	/* it was counted when there was no room for it */
	if (head && head->flags & SAMPLE_FOUND_LATE)
		return;
	if (error == -ETIME) {
		reading->loss->unanswered++;
	} else {
		reading->loss->unread++;
		reading_which(reading, named, error);
	}
	if (head && head->flags & SAMPLE_UNREAD && head->news > found)
		reading->loss->tokens += head->news - found;
}

static void reading_lose(struct reading *reading, const struct sample_view *view,
			 const struct token_sample *head, int error, uint64_t found)
{
	struct reading_named named;

	reading_name(view, &named);
	reading_lose_named(reading, &named, head, error, found);
}

static void reading_count(struct reading *reading, const struct deferred_loss *losses)
{
	reading->loss->unread += losses->unread;
	reading->loss->tokens += losses->tokens;
	reading->loss->past += losses->past;
}

static void reading_add_mapped(struct reading *reading, const struct sample_view *view)
{
	uint64_t id = ++reading->ids;
	int r = mapped_add(reading->mapped, view, id);

	if (r > 0)
		return;
	if (r == 0) {
		r = errand_add(reading, view, id, 0);
		if (r < 0)
			mapped_forget(reading->mapped, id);
	}
	if (r < 0)
		reading_lose(reading, view, view->head, r, 0);
}

static void reading_add_range(struct reading *reading, const struct sample_view *view)
{
	struct deferred_loss losses = {0};
	uint64_t id = ++reading->ids;
	struct reading_named named;
	bool again = false;
	int r = deferred_add(reading->deferred, view, id, monotonic_ms(), &again);

	reading->loss->again += again;
	if (r < 0) {
		reading_lose(reading, view, view->head, r, 0);
		return;
	}
	r = errand_add(reading, view, id, 0);
	if (r == 0)
		return;
	deferred_fail(reading->deferred, id, 0, &losses);
	losses.unread++;
	reading_name(view, &named);
	reading_which(reading, &named, r);
	reading_count(reading, &losses);
}

void reading_add(struct reading *reading, const struct sample_view *view)
{
	uint64_t from, end;
	int r;

	errand_range(view->head, &from, &end);
	if (view->head->flags & SAMPLE_MAPPED)
		reading_add_mapped(reading, view);
	else if (end - from > LIMIT_READ_AT_ONCE)
		reading_add_range(reading, view);
	else {
		r = errand_add(reading, view, 0, 0);
		if (r < 0)
			reading_lose(reading, view, view->head, r, 0);
	}
	/* what was written may be gone soon */
	reading_work(reading, monotonic_ms());
}

int reading_add_journal(struct reading *reading, const struct sample_view *view, uint64_t at)
{
	return errand_add(reading, view, 0, at);
}

static bool errand_tell(struct errand *errand, uint64_t token_key, uint64_t place)
{
	const struct token_sample *sample = errand->sample;

	if (!errand->journal || errand->told || sample->token_key != token_key || sample->place != place)
		return false;
	errand->told = true;
	return true;
}

bool reading_take_journal(struct reading *reading, uint64_t token_key, uint64_t place)
{
	bool any = false;

	/* it is asked for each token, and hardly ever is there one */
	if (!reading->journals)
		return false;
	any |= errand_tell(&reading->errand, token_key, place);
	for (size_t i = 0; i < reading->count; i++)
		any |= errand_tell(&reading->errands[(reading->first + i) % READING_ERRANDS], token_key,
				   place);
	return any;
}

/* Is what is mapped to be looked at now? Begins a round if it is time. */
static bool reading_looks_at_mapped(struct reading *reading, int64_t now)
{
	int64_t pause;

	if (mapped_left(reading->mapped))
		return true;
	if (!mapped_any(reading->mapped) || now < reading->next_look)
		return false;
	pause = (int64_t)(reading->look_cpu / 1000000) * MAPPED_PAUSE_TIMES;
	reading->look_cpu = 0;
	reading->next_look = now + (pause > MAPPED_INTERVAL_MS ? pause : MAPPED_INTERVAL_MS);
	mapped_begin(reading->mapped);
	return true;
}

static bool reading_ask_errand(struct reading *reading, struct fetcher_request *request)
{
	if (!reading->errand.sample) {
		if (!reading->count)
			return false;
		errand_take(reading);
	}
	reading->kind = READING_ERRAND;
	request->id = reading->errand.id;
	request->group = reading->errand.group;
	request->uid = reading->errand.uid;
	request->close = !reading->errand.sample;
	if (request->close)
		return true;
	if (sample_view_parse(reading->errand.sample, reading->errand.sample->size, &reading->view) < 0)
		return false;
	request->journal = reading->errand.journal;
	if (request->journal)
		return true;
	errand_range(reading->view.head, &request->from, &request->end);
	request->from += reading->read;
	request->end = request->id ? request->from : request->end;
	return true;
}

static bool reading_ask_deferred(struct reading *reading, struct fetcher_request *request)
{
	struct deferred_turn turn;

	if (!deferred_next(reading->deferred, &turn))
		return false;
	reading->kind = READING_DEFERRED;
	reading->view = turn.view;
	reading_name(&turn.view, &reading->named);
	request->group = turn.view.head->group;
	request->uid = turn.view.head->uid;
	request->id = turn.id;
	request->from = turn.from;
	request->end = turn.end;
	return true;
}

static bool reading_ask_mapped(struct reading *reading, struct fetcher_request *request, int64_t now)
{
	struct mapped_look look;

	if (!reading_looks_at_mapped(reading, now) || !mapped_next(reading->mapped, &look))
		return false;
	reading->kind = READING_MAPPED;
	reading->view = look.view;
	reading_name(&look.view, &reading->named);
	request->group = look.view.head->group;
	request->uid = look.view.head->uid;
	request->id = look.id;
	request->from = look.from;
	request->end = look.end;
	memcpy(request->rivals, look.rivals, sizeof(request->rivals));
	request->rival_count = look.rival_count;
	memcpy(request->heirs, look.heirs, sizeof(request->heirs));
	request->heir_count = look.heir_count;
	request->gone = look.gone;
	request->oldest = look.oldest;
	return true;
}

/* Whose turn it is; who has nothing to do leaves it to the next. */
static bool reading_choose(struct reading *reading, struct fetcher_request *request, int64_t now)
{
	static const enum reading_kind order[][3] = {
		{READING_ERRAND, READING_DEFERRED, READING_MAPPED},
		{READING_DEFERRED, READING_MAPPED, READING_ERRAND},
		{READING_ERRAND, READING_MAPPED, READING_DEFERRED},
		{READING_MAPPED, READING_DEFERRED, READING_ERRAND},
	};
	const enum reading_kind *kinds = order[reading->turns++ % (sizeof(order) / sizeof(*order))];
	bool any = false;

	for (size_t i = 0; !any && i < 3; i++) {
		*request = (struct fetcher_request){.view = &reading->view};
		if (kinds[i] == READING_ERRAND)
			any = reading_ask_errand(reading, request);
		else if (kinds[i] == READING_DEFERRED)
			any = reading_ask_deferred(reading, request);
		else
			any = reading_ask_mapped(reading, request, now);
	}
	return any;
}

static void reading_errand_done(struct reading *reading, const struct fetcher_done *done)
{
	const struct token_sample *sample = reading->errand.sample;
	struct deferred_loss losses = {0};
	uint64_t id = reading->errand.id, from, end;

	if (reading->errand.journal) {
		if (!reading->errand.told)
			reading->entry(reading->context, &reading->view,
				       done->error < 0 ? NULL : &done->journal);
	} else if (done->error < 0 && id && sample) {
		/* it is of a range or of a mapping, unless that has been told already */
		if (mapped_forget(reading->mapped, id) || deferred_fail(reading->deferred, id, 0, &losses))
			reading_lose(reading, &reading->view, NULL, done->error, 0);
		reading_count(reading, &losses);
	} else if (done->error < 0 && sample) {
		reading_lose(reading, &reading->view, sample, done->error, reading->found);
	} else if (!id && sample && done->next < done->end) {
		/* its turn was too short */
		errand_range(sample, &from, &end);
		reading->read = done->next - from;
		return;
	}
	errand_end(reading);
}

static void reading_deferred_done(struct reading *reading, const struct fetcher_done *done, int64_t now)
{
	struct deferred_loss losses = {0};
	bool ends;

	if (done->error < 0) {
		ends = deferred_fail(reading->deferred, reading->id, reading->found, &losses);
		reading_lose_named(reading, &reading->named, NULL, done->error, 0);
	} else {
		ends = deferred_told(reading->deferred, reading->id, done->next, done->end, done->read,
				     reading->found, now, &losses);
		if (losses.unread)
			reading_which(reading, &reading->named, -ETIMEDOUT);
	}
	reading_count(reading, &losses);
	if (ends)
		reading_close_file(reading, reading->id);
}

static void reading_mapped_done(struct reading *reading, const struct fetcher_done *done)
{
	uint64_t past = 0;
	bool ends;

	reading->look_cpu += done->cpu;
	if (done->error < 0) {
		ends = mapped_forget(reading->mapped, reading->id);
		reading_lose_named(reading, &reading->named, NULL, done->error, 0);
	} else {
		ends = mapped_told(reading->mapped, reading->id, done->next, done->end, done->read,
				   &done->heirs, &past);
		reading->loss->past += past;
		reading->loss->heirs += done->unseen;
	}
	if (ends)
		reading_close_file(reading, reading->id);
}

static void reading_done(struct reading *reading, const struct fetcher_done *done, int64_t now)
{
	if (reading->kind == READING_ERRAND)
		reading_errand_done(reading, done);
	else if (reading->kind == READING_DEFERRED)
		reading_deferred_done(reading, done, now);
	else
		reading_mapped_done(reading, done);
}

static int reading_token_found(void *context, const uint8_t *window, const struct token *token,
			       const struct token_span *span, uint64_t at)
{
	struct reading *reading = context;
	const struct mapped_heir *heir = fetcher_heir(reading->fetcher);
	char ancestors[LIMIT_ANCESTORS * sizeof(struct sample_ancestor)];
	struct sample_view view = reading->view;
	struct token_sample head = *view.head;
	bool news;

	if (heir) {
		memcpy(ancestors, view.ancestors, head.ancestors_len);
		mapped_inherit(&head, ancestors, heir);
		view.head = &head;
		view.ancestors = ancestors;
	}
	/* which write of all that have told nothing it was, nobody knows */
	if (head.flags & SAMPLE_MAPPED && head.call == WRITE_CALL_IO_URING) {
		head.offset = (int64_t)at;
		head.length = token_span_len(span);
		view.head = &head;
	}
	news = reading->token(reading->context, &view, window, token, span, at);
	reading->found += news;
	reading->loss->unasked += news && fetcher_unasked(reading->fetcher);
	return 0;
}

/* Asks for what comes next. Returns false if nothing does. */
static bool reading_ask(struct reading *reading, int64_t now)
{
	struct fetcher_request request;
	struct fetcher_done done = {0};

	if (!reading_choose(reading, &request, now))
		return false;
	reading->id = request.id;
	reading->group = request.group;
	reading->uid = request.uid;
	reading->found = 0;
	done.error = fetcher_ask(reading->fetcher, &request, now);
	if (done.error < 0)
		reading_done(reading, &done, now);
	return true;
}

void reading_work(struct reading *reading, int64_t now)
{
	int64_t until = now + FETCHER_TURN_MS;
	struct fetcher_done done;

	/* it is called for each record of the ring, and a look is cheap; a token is not */
	do {
		if (fetcher_busy(reading->fetcher)) {
			if (!fetcher_hear(reading->fetcher, now, reading_token_found, reading, &done))
				return;
			reading_done(reading, &done, now);
		} else if (!reading_ask(reading, now)) {
			return;
		}
		now = monotonic_ms();
	} while (now < until);
}

int reading_timeout(const struct reading *reading, int64_t now)
{
	int64_t at = reading->next_look;

	if (fetcher_busy(reading->fetcher))
		at = fetcher_until(reading->fetcher);
	else if (reading->count || reading->errand.sample || deferred_count(reading->deferred) ||
		 mapped_left(reading->mapped))
		return 0;
	else if (!mapped_any(reading->mapped))
		return -1;
	return at > now ? (int)(at - now) : 0;
}

bool reading_looks(const struct reading *reading, uint64_t place)
{
	return reading->of_place[place % READING_PLACES] || deferred_has(reading->deferred, place);
}

bool reading_is_later(const struct reading *reading, const struct token_sample *head, uint64_t at,
		      uint64_t len, uint64_t *ret_writer)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct errand *errand = &reading->errands[(reading->first + i) % READING_ERRANDS];

		if (errand_is_range(errand) && deferred_is_later(errand->sample, head, at, len)) {
			*ret_writer = errand->sample->writer;
			return true;
		}
	}
	return deferred_any_later(reading->deferred, head, at, len, ret_writer);
}

size_t reading_waiting(const struct reading *reading)
{
	return reading->samples + deferred_count(reading->deferred) +
	       (reading->errand.sample && !reading->errand.id);
}

/* Is anything to be read? */
static bool reading_any(const struct reading *reading)
{
	return fetcher_busy(reading->fetcher) || reading->errand.sample || reading->samples ||
	       deferred_count(reading->deferred) || mapped_left(reading->mapped);
}

/* There was no time for it. What was found is told all the same. */
static void reading_no_entry(struct reading *reading)
{
	if (!reading->errand.told &&
	    sample_view_parse(reading->errand.sample, reading->errand.sample->size, &reading->view) == 0)
		reading->entry(reading->context, &reading->view, NULL);
}

/* Likewise of what was to be read there. */
static void reading_lose_errand(struct reading *reading)
{
	struct sample_view view = {0};

	(void)sample_view_parse(reading->errand.sample, reading->errand.sample->size, &view);
	reading_lose(reading, &view, reading->errand.sample, -ECANCELED, 0);
}

/* There is no time left. What is under way has not answered; what has not had its turn is not known. */
static void reading_abandon(struct reading *reading, int64_t now)
{
	const struct fetcher_done silent = {.error = -ETIME};
	struct deferred_loss losses = {0};

	if (fetcher_stop(reading->fetcher))
		reading_done(reading, &silent, now);
	/* of a file that is opened for a range or a mapping, that one is counted */
	if (reading->errand.journal)
		reading_no_entry(reading);
	else if (reading->errand.sample && !reading->errand.id)
		reading_lose_errand(reading);
	errand_end(reading);
	while (reading->count) {
		errand_take(reading);
		if (reading->errand.journal)
			reading_no_entry(reading);
		else if (reading->errand.sample && !reading->errand.id)
			reading_lose_errand(reading);
		errand_end(reading);
	}
	deferred_abandon(reading->deferred, &losses);
	reading_count(reading, &losses);
}

void reading_finish(struct reading *reading, bool mapped, int64_t until)
{
	int64_t now = monotonic_ms();

	/* what one file may keep all others waiting for */
	if (until - now < 4 * (int64_t)FETCHER_PATIENCE_MS)
		fetcher_patience(reading->fetcher, until > now ? (int)(until - now) / 4 : 0);
	if (mapped)
		mapped_begin(reading->mapped);
	for (; reading_any(reading) && now <= until; now = monotonic_ms()) {
		struct pollfd fd = {.fd = reading_fd(reading), .events = POLLIN};
		int wait = reading_timeout(reading, now);

		if (wait < 0 || wait > until - now)
			wait = (int)(until - now);
		poll(&fd, 1, wait);
		reading_work(reading, monotonic_ms());
	}
	reading_abandon(reading, now);
	/* a last look is not made at these */
	if (mapped)
		reading->loss->unread += mapped_left(reading->mapped);
}
