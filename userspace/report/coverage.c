// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store → coverage → report. Sessions of several monitors may overlap, so they are joined: once those of the whole host, and once all.
 *
 * Invariant: a time of which nothing is known never counts as watched.
 */
#include "report/coverage.h"

#include "lib/cleanup.h"
#include "report/layout.h"
#include "lib/period.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COVERAGE_SECOND 1000000LL
/* A monitor that has not said that it ended, and gave a sign of life so short ago, is alive: one is due every 10 seconds. */
#define COVERAGE_ALIVE (30 * COVERAGE_SECOND)
/* A restart takes that long, and that is how exactly a store knows. */
#define COVERAGE_GAP_MIN COVERAGE_SECOND
/* Of each kind, how many are named in words. */
#define COVERAGE_NAMED 3
#define COVERAGE_SPAN 96

struct coverage_session {
	struct coverage_span span;
	bool host, open;
	char *name; /* "the cgroup /x"; NULL: of the host */
};

struct coverage_walk {
	struct coverage *coverage;
	struct coverage_session *sessions;
	size_t count, room;
	size_t loss_room;
};

/* Room for one more. Returns 0 or -ENOMEM. */
static int coverage_grow(void **list, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 16;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*list, more, size);
	if (!grown)
		return -ENOMEM;
	*list = grown;
	*room = more;
	return 0;
}

static int coverage_session(void *context, const struct reader_session *row)
{
	struct coverage_walk *walk = context;
	struct coverage *coverage = walk->coverage;
	struct coverage_session session = {
		.span = {row->start, row->seen},
		.host = strcmp(row->scope, "host") == 0,
		.open = !row->ended,
	};
	int r = coverage_grow((void **)&walk->sessions, walk->count, &walk->room, sizeof(session));

	if (r == 0 && !session.host &&
	    asprintf(&session.name, "the %s %s", row->scope, row->name ? row->name : "?") < 0)
		r = -ENOMEM;
	if (r == 0 && row->missing && !coverage->missing) {
		coverage->missing = strdup(row->missing);
		r = coverage->missing ? 0 : -ENOMEM;
	}
	if (r < 0) {
		free(session.name);
		return r;
	}
	walk->sessions[walk->count++] = session;
	return 0;
}

static int coverage_loss(void *context, const struct reader_loss *row)
{
	struct coverage_walk *walk = context;
	struct coverage *coverage = walk->coverage;
	struct coverage_loss loss = {.since = row->since, .until = row->until, .count = row->count};
	int r = coverage_grow((void **)&coverage->losses, coverage->loss_count, &walk->loss_room,
			      sizeof(loss));

	if (r < 0)
		return r;
	loss.counter = strdup(row->counter);
	loss.text = strdup(row->text);
	loss.writer = row->writer ? strdup(row->writer) : NULL;
	coverage->losses[coverage->loss_count++] = loss;
	return loss.counter && loss.text && (loss.writer || !row->writer) ? 0 : -ENOMEM;
}

/* Until when each was there: who is alive, watches still. Only the last one of its kind can be. */
static void coverage_alive(struct coverage_walk *walk, int64_t now)
{
	bool later[2] = {false, false};

	for (size_t i = walk->count; i-- > 0;) {
		struct coverage_session *session = &walk->sessions[i];

		/* begun by a clock that was ahead: it says nothing of now */
		if (session->span.from > now)
			continue;
		if (session->open && !later[session->host] && session->span.until <= now &&
		    now - session->span.until <= COVERAGE_ALIVE)
			session->span.until = now;
		later[session->host] = true;
	}
}

/* Which parts, the first ones by name. */
static int coverage_part(struct coverage *coverage, const char *name, size_t *named)
{
	char *all;

	if (*named > COVERAGE_NAMED || (coverage->parts && strstr(coverage->parts, name)))
		return 0;
	if (++*named > COVERAGE_NAMED)
		name = "others";
	if (asprintf(&all, "%s%s%s", coverage->parts ? coverage->parts : "", coverage->parts ? ", " : "",
		     name) < 0)
		return -ENOMEM;
	free(coverage->parts);
	coverage->parts = all;
	return 0;
}

/*
 * The time that is in any of the sessions, which come by rising start. @host: only in those of the whole host
 * @gaps: also gathers what is in none. Returns it, or -ENOMEM.
 */
static int64_t coverage_join(struct coverage_walk *walk, bool host, bool gaps)
{
	struct coverage *coverage = walk->coverage;
	struct coverage_span all = {coverage->known_since, coverage->period.until};
	int64_t covered = 0, at = all.from;
	size_t room = 0;

	for (size_t i = 0; i <= walk->count; i++) {
		struct coverage_span next = {all.until, all.until};

		if (i < walk->count && host && !walk->sessions[i].host)
			continue;
		if (i < walk->count)
			next = walk->sessions[i].span;
		next.from = next.from < all.until ? next.from : all.until;
		if (gaps && next.from - at >= COVERAGE_GAP_MIN) {
			if (coverage_grow((void **)&coverage->gaps, coverage->gap_count, &room, sizeof(all)) <
			    0)
				return -ENOMEM;
			coverage->gaps[coverage->gap_count++] = (struct coverage_span){at, next.from};
		}
		next.from = next.from > at ? next.from : at;
		next.until = next.until < all.until ? next.until : all.until;
		if (next.until <= next.from)
			continue;
		covered += next.until - next.from;
		at = next.until;
	}
	return covered;
}

static int coverage_count(struct coverage_walk *walk, int64_t now)
{
	struct coverage *coverage = walk->coverage;
	size_t named = 0;
	int64_t any;

	coverage_alive(walk, now);
	coverage->watched = coverage_join(walk, true, false);
	any = coverage_join(walk, false, true);
	if (any < 0)
		return (int)any;
	coverage->partly = any - coverage->watched;
	for (size_t i = 0; i < walk->count && coverage->partly > 0; i++) {
		const struct coverage_session *session = &walk->sessions[i];

		if (!session->name || session->span.until <= coverage->period.from ||
		    session->span.from >= coverage->period.until)
			continue;
		if (coverage_part(coverage, session->name, &named) < 0)
			return -ENOMEM;
	}
	return 0;
}

int coverage_make(struct reader *reader, size_t store, int64_t since, int64_t until, int64_t first,
		  int64_t told_until, int64_t now, struct coverage *ret_coverage)
{
	struct coverage coverage = {.period = {since, until < now ? until : now}};
	struct coverage_walk walk = {.coverage = &coverage};
	int r = reader_sessions(reader, store, coverage_session, &walk);

	coverage.known = walk.count != 0;
	if (coverage.known)
		coverage.known_since = walk.sessions[0].span.from;
	/* nobody asked from when: as far back as anything is known */
	if (since == INT64_MIN)
		coverage.period.from =
			coverage.known && coverage.known_since < first ? coverage.known_since : first;
	if (coverage.period.from > coverage.period.until)
		coverage.period.from = coverage.period.until;
	if (!coverage.known || coverage.known_since > coverage.period.until)
		coverage.known_since = coverage.period.until;
	if (coverage.known_since < coverage.period.from)
		coverage.known_since = coverage.period.from;
	coverage.losses_known_since = told_until > coverage.period.from ? told_until : coverage.period.from;
	if (r == 0 && coverage.known)
		r = coverage_count(&walk, now);
	if (r == 0)
		r = reader_losses(reader, store, coverage.period.from, coverage.period.until, coverage_loss,
				  &walk);
	for (size_t i = 0; i < walk.count; i++)
		free(walk.sessions[i].name);
	free(walk.sessions);
	if (r < 0) {
		coverage_free(&coverage);
		return r;
	}
	*ret_coverage = coverage;
	return 0;
}

void coverage_free(struct coverage *coverage)
{
	for (size_t i = 0; i < coverage->loss_count; i++) {
		free(coverage->losses[i].counter);
		free(coverage->losses[i].text);
		free(coverage->losses[i].writer);
	}
	free(coverage->losses);
	free(coverage->gaps);
	free(coverage->parts);
	free(coverage->missing);
	memset(coverage, 0, sizeof(*coverage));
}

/* But for what a restart takes. */
static bool coverage_complete(const struct coverage *coverage)
{
	return coverage->known && !coverage->gap_count && !coverage->partly &&
	       coverage->known_since - coverage->period.from < COVERAGE_GAP_MIN;
}

bool coverage_whole(const struct coverage *coverage)
{
	return coverage_complete(coverage) && !coverage->loss_count && !coverage->missing &&
	       coverage->losses_known_since == coverage->period.from;
}

char *coverage_duration(int64_t time, char text[COVERAGE_DURATION])
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
	int64_t seconds = time / COVERAGE_SECOND;
	size_t unit = 0;
	int used;

	while (unit + 1 < sizeof(units) / sizeof(*units) && seconds < units[unit].seconds)
		unit++;
	used = snprintf(text, COVERAGE_DURATION, "%" PRId64 " %s", seconds / units[unit].seconds,
			units[unit].name);
	seconds %= units[unit].seconds;
	if (++unit < sizeof(units) / sizeof(*units) && seconds >= units[unit].seconds)
		snprintf(text + used, COVERAGE_DURATION - (size_t)used, " %" PRId64 " %s",
			 seconds / units[unit].seconds, units[unit].name);
	return text;
}

/* "2026-11-24 02:10–02:12 UTC", "2026-11-24 02:10 UTC (4 s)", or both days. */
static char *coverage_span(int64_t from, int64_t until, char text[COVERAGE_SPAN])
{
	char times[2][PERIOD_TEXT], took[COVERAGE_DURATION];
	/* "2026-11-24 " */
	const size_t day = 11;

	period_human(from, times[0]);
	period_human(until, times[1]);
	if (strcmp(times[0], times[1]) == 0)
		snprintf(text, COVERAGE_SPAN, "%s UTC (%s)", times[0], coverage_duration(until - from, took));
	else if (strncmp(times[0], times[1], day) == 0)
		snprintf(text, COVERAGE_SPAN, "%s–%s UTC", times[0], times[1] + day);
	else
		snprintf(text, COVERAGE_SPAN, "%s – %s UTC", times[0], times[1]);
	return text;
}

__attribute__((format(printf, 4, 5))) static int coverage_print(coverage_line line, void *context, bool grave,
								const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return line(context, grave, text);
}

static int coverage_say_watched(const struct coverage *coverage, coverage_line line, void *context)
{
	char watched[COVERAGE_DURATION], all[COVERAGE_DURATION], part[COVERAGE_DURATION];

	coverage_duration(coverage->period.until - coverage->period.from, all);
	coverage_duration(coverage->partly, part);
	if (!coverage->known)
		return coverage_print(line, context, true,
				      "NOT KNOWN whether anybody watched: the store tells of no monitor");
	if (coverage_complete(coverage))
		return coverage_print(line, context, false, "watched all of %s", all);
	if (!coverage->partly)
		return coverage_print(line, context, true, "watched %s of %s",
				      coverage_duration(coverage->watched, watched), all);
	return coverage_print(line, context, true,
			      "watched %s of %s, and for %s only a part of this host: %s",
			      coverage_duration(coverage->watched, watched), all, part,
			      coverage->parts ? coverage->parts : "?");
}

/* Is the gap among the longest? Of equals, the earlier one is longer. */
static bool coverage_long(const struct coverage *coverage, size_t gap)
{
	const struct coverage_span *gaps = coverage->gaps;
	int64_t time = gaps[gap].until - gaps[gap].from;
	size_t longer = 0;

	for (size_t i = 0; i < coverage->gap_count && longer < COVERAGE_NAMED; i++)
		longer += gaps[i].until - gaps[i].from > time ||
			  (i < gap && gaps[i].until - gaps[i].from == time);
	return longer < COVERAGE_NAMED;
}

static int coverage_say_gaps(const struct coverage *coverage, coverage_line line, void *context)
{
	char span[COVERAGE_SPAN], text[64];
	int r = 0;

	for (size_t i = 0; r == 0 && i < coverage->gap_count; i++)
		if (coverage_long(coverage, i))
			r = coverage_print(
				line, context, true, "not watched %s",
				coverage_span(coverage->gaps[i].from, coverage->gaps[i].until, span));
	if (r == 0 && coverage->gap_count > COVERAGE_NAMED)
		r = coverage_print(line, context, true, "not watched %s",
				   layout_count(coverage->gap_count - COVERAGE_NAMED, "time more, for less",
						"times more, each for less", text, sizeof(text)));
	return r;
}

static int coverage_say_losses(const struct coverage *coverage, coverage_line line, void *context)
{
	/* the latest */
	size_t from = coverage->loss_count > COVERAGE_NAMED ? coverage->loss_count - COVERAGE_NAMED : 0;
	char span[COVERAGE_SPAN], number[LAYOUT_NUMBER], text[64];
	int r = 0;

	for (size_t i = from; r == 0 && i < coverage->loss_count; i++) {
		const struct coverage_loss *loss = &coverage->losses[i];

		r = coverage_print(line, context, true, "LOST %s%s%s: %s %s",
				   coverage_span(loss->since, loss->until, span), loss->writer ? ", " : "",
				   loss->writer ? loss->writer : "", layout_number(loss->count, number),
				   loss->text);
	}
	if (r == 0 && from)
		r = coverage_print(line, context, true, "LOST %s before",
				   layout_count(from, "time", "times", text, sizeof(text)));
	if (r == 0 && coverage->losses_known_since > coverage->period.from)
		r = coverage_print(line, context, true, "what was lost until %s UTC is not kept any more",
				   period_human(coverage->losses_known_since, span));
	return r;
}

int coverage_say(const struct coverage *coverage, coverage_line line, void *context)
{
	char time[PERIOD_TEXT];
	int r = coverage_say_watched(coverage, line, context);

	if (r == 0)
		r = coverage_say_gaps(coverage, line, context);
	if (r == 0 && coverage->known && coverage->known_since - coverage->period.from >= COVERAGE_GAP_MIN)
		r = coverage_print(line, context, true, "not known who watched before %s UTC",
				   period_human(coverage->known_since, time));
	if (r == 0 && coverage->missing)
		r = coverage_print(line, context, true,
				   "never watched, since the kernel has nothing to attach to: %s",
				   coverage->missing);
	return r == 0 ? coverage_say_losses(coverage, line, context) : r;
}
