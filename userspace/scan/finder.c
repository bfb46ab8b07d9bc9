// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * source → window → matchers, and what lies in runs of base64 (scan/nested.h) → place.
 *
 *     │ context │ searched … │ a token may begin here │ room …
 *     └ kept ──────────────────────────────────────────┘
 *
 * Lines are counted for a token, and for what leaves the window; so a file that
 * fits and holds none costs nothing but the search.
 *
 * Invariant: each token is told once, whatever pieces the source comes in; the
 * window is wiped before it is given back.
 *
 * Limit: a line's comment is looked for within FINDER_CONTEXT bytes on either
 * side of the token.
 */
#include "scan/finder.h"

#include "scan/nested.h"
#include "lib/base64_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FINDER_WINDOW (512UL << 10)

/* Bytes of a line that are looked at for a comment, on either side of a token.
 */
#define FINDER_CONTEXT (4UL << 10)

/* Bytes of which newlines are counted at a time: less than a byte counts to. */
#define FINDER_BLOCK 128

/* What lies before a place in the window: newlines from the beginning on, and characters behind the last of them. */
struct finder_counter {
	size_t at;
	uint64_t lines, column;
};

enum finder_state {
	FINDER_NO_RUN,
	FINDER_IN_RUN,
	FINDER_RUN_ENDED, /* what was found in it is not told yet */
};

struct finder {
	struct finder_use use;
	bool encoded; /* only what does not stand there as it is */
	uint64_t base; /* place of the window's first byte */
	size_t len; /* bytes in the window */
	size_t from; /* no token that begins before was not told, … */
	size_t encoded_from; /* … and none in another form, … */
	size_t run_from; /* … and no run was not looked into */
	struct finder_counter counter;
	bool ended;
	struct spillwatch_token *plain, *encoded_token; /* the next ones */
	struct run run;
	enum finder_state state;
	struct finder_place run_place; /* of the run, as far as it is known */
	struct nested *nested; /* who looks into runs; NULL: there was none yet */
	struct spillwatch_token **told; /* the one that is being told */
	bool left; /* it was said that something is not looked into to its end */
	uint8_t window[FINDER_WINDOW];
};

int finder_open(const struct finder_use *use, struct finder **ret_finder)
{
	struct finder *finder = malloc(sizeof(*finder));

	if (!finder)
		return -ENOMEM;
	finder->use = *use;
	finder->plain = spillwatch_token_new();
	finder->encoded_token = spillwatch_token_new();
	finder->nested = NULL;
	finder->len = 0;
	if (!finder->plain || !finder->encoded_token) {
		finder_close(finder);
		return -ENOMEM;
	}
	*ret_finder = finder;
	return 0;
}

void finder_close(struct finder *finder)
{
	if (!finder)
		return;
	nested_close(finder->nested);
	spillwatch_token_free(finder->plain);
	spillwatch_token_free(finder->encoded_token);
	explicit_bzero(finder, sizeof(*finder));
	free(finder);
}

static uint64_t finder_lines(const uint8_t *bytes, size_t len)
{
	uint64_t lines = 0;
	size_t at = 0;

	/* of blocks of a fixed length compilers make vectors */
	for (; at + FINDER_BLOCK <= len; at += FINDER_BLOCK) {
		uint8_t count = 0;

		for (size_t i = 0; i < FINDER_BLOCK; i++)
			count = (uint8_t)(count + (bytes[at + i] == '\n'));
		lines += count;
	}
	for (; at < len; at++)
		lines += bytes[at] == '\n';
	return lines;
}

/* Characters of UTF-8; of what is none, most bytes are one. */
static uint64_t finder_characters(const uint8_t *bytes, size_t len)
{
	uint64_t characters = 0;

	for (size_t at = 0; at < len; at++)
		characters += (bytes[at] & 0xc0) != 0x80;
	return characters;
}

/* Counts what stands before `at`. */
static void finder_count(const struct finder *finder, struct finder_counter *counter, size_t at)
{
	const uint8_t *from = finder->window + counter->at, *newline;

	if (at <= counter->at)
		return;
	newline = memrchr(from, '\n', at - counter->at);
	if (newline) {
		newline++;
		counter->lines += finder_lines(from, (size_t)(newline - from));
		counter->column = 0;
		from = newline;
	}
	counter->column += finder_characters(from, (size_t)(finder->window + at - from));
	counter->at = at;
}

/* Makes room: what comes before the context leaves the window. */
static void finder_shift(struct finder *finder)
{
	size_t from = finder->from < finder->encoded_from ? finder->from : finder->encoded_from, away;

	from = finder->run_from < from ? finder->run_from : from;
	away = from > FINDER_CONTEXT ? from - FINDER_CONTEXT : 0;
	finder_count(finder, &finder->counter, away);
	memmove(finder->window, finder->window + away, finder->len - away);
	finder->base += away;
	finder->len -= away;
	finder->from -= away;
	finder->encoded_from -= away;
	finder->run_from -= away;
	finder->counter.at -= away;
}

/* Is the rest of the line known, as far as it is asked for? */
static bool finder_is_whole(const struct finder *finder, size_t end)
{
	return finder->ended || finder->len - end >= FINDER_CONTEXT ||
	       memchr(finder->window + end, '\n', finder->len - end);
}

/* Does the line say so? */
static bool finder_is_allowed(const struct finder *finder, size_t start, size_t till)
{
	size_t back = start < FINDER_CONTEXT ? start : FINDER_CONTEXT;
	size_t ahead = finder->len - till < FINDER_CONTEXT ? finder->len - till : FINDER_CONTEXT;
	const uint8_t *begin = finder->window + start - back, *end = finder->window + till;
	const uint8_t *newline = memrchr(begin, '\n', back);

	begin = newline ? newline + 1 : begin;
	newline = memchr(end, '\n', ahead);
	end = newline ? newline : end + ahead;
	return memmem(begin, (size_t)(end - begin), FINDER_ALLOW, sizeof(FINDER_ALLOW) - 1);
}

static struct finder_place finder_place(const struct finder *finder, const struct finder_counter *counter,
					size_t start, size_t end)
{
	return (struct finder_place){
		.line = counter->lines + 1,
		.column = counter->column + 1,
		.offset = finder->base + start,
		.allowed = finder_is_allowed(finder, start, end),
	};
}

static int finder_tell(struct finder *finder, struct spillwatch_token **token, size_t start, size_t end)
{
	struct finder_place place;

	finder_count(finder, &finder->counter, start);
	place = finder_place(finder, &finder->counter, start, end);
	place.encoding = spillwatch_token_encoding(*token);
	finder->told = token;
	return finder->use.token(finder->use.context, *token, &place);
}

struct spillwatch_token *finder_take(struct finder *finder)
{
	struct spillwatch_token *token = *finder->told, *next = spillwatch_token_new();

	if (!next)
		return NULL;
	*finder->told = next;
	return token;
}

/* The next one that stands there as it is, and the next one in another form. */
static bool finder_next_plain(const struct finder *finder)
{
	return !finder->encoded &&
	       spillwatch_match(finder->use.agent ? SPILLWATCH_PLAIN_AGENT : SPILLWATCH_PLAIN, finder->window,
				finder->len, finder->from, finder->plain) > 0;
}

static bool finder_next_encoded(const struct finder *finder)
{
	return !finder->use.plain &&
	       spillwatch_match(finder->use.agent ? SPILLWATCH_ENCODED_AGENT : SPILLWATCH_ENCODED,
				finder->window, finder->len, finder->encoded_from, finder->encoded_token) > 0;
}

/* No token of that kind is to be missed that goes on in what is still to come. */
static size_t finder_keep(const struct finder *finder, size_t from, enum spillwatch_look look)
{
	size_t most = spillwatch_longest(look) - 1;

	return finder->len > most && from < finder->len - most ? finder->len - most : from;
}

/* Tells all that begin before `until` and whose lines are known, in the order in which they stand there. */
static int finder_search(struct finder *finder, size_t until)
{
	bool any_plain = finder_next_plain(finder);
	bool any_encoded = finder_next_encoded(finder);
	int r = 0;

	while (any_plain || any_encoded) {
		bool first = any_plain && !(any_encoded && spillwatch_token_start(finder->encoded_token) <
								   spillwatch_token_start(finder->plain));
		struct spillwatch_token **found = first ? &finder->plain : &finder->encoded_token;
		size_t start = (size_t)spillwatch_token_start(*found),
		       end = (size_t)spillwatch_token_end(*found);

		if (start >= until || !finder_is_whole(finder, end))
			break;
		r = finder_tell(finder, found, start, end);
		if (r < 0)
			return r;
		if (first) {
			finder->from = end;
			any_plain = finder_next_plain(finder);
		} else {
			finder->encoded_from = end;
			any_encoded = finder_next_encoded(finder);
		}
	}
	finder->from = any_plain ? (size_t)spillwatch_token_start(finder->plain)
				 : finder_keep(finder, finder->from, SPILLWATCH_PLAIN);
	finder->encoded_from = any_encoded ? (size_t)spillwatch_token_start(finder->encoded_token)
					   : finder_keep(finder, finder->encoded_from, SPILLWATCH_ENCODED);
	return r;
}

static int finder_begin_run(struct finder *finder)
{
	struct finder_counter counter = finder->counter;
	int r = finder->nested ? 0 : nested_open(finder->use.within, finder->use.agent, &finder->nested);

	if (r < 0)
		return r;
	finder_count(finder, &counter, finder->run_from);
	finder->run_place = finder_place(finder, &counter, finder->run_from, finder->run_from);
	finder->state = FINDER_IN_RUN;
	return nested_begin(finder->nested, &finder->run, finder->base + finder->len);
}

/* Reads on in a run, to its end or that of what is there. */
static int finder_follow(struct finder *finder)
{
	int r = nested_feed(finder->nested, &finder->run, finder->window, finder->len, finder->ended,
			    &finder->run_from);

	if (r < 0)
		return r;
	if (r > 0)
		run_refuse(&finder->run);
	else if (!finder->run.ended)
		return 0;
	finder->state = FINDER_RUN_ENDED;
	return nested_end(finder->nested);
}

/* Tells what was found in a run. */
static int finder_tell_run(struct finder *finder)
{
	struct finder_place place = finder->run_place;
	size_t count;
	bool left;
	const struct nested_found *found = nested_found(finder->nested, &count, &left);
	/* what stands before its end comes first, however the text comes */
	int r = finder_search(finder, finder->run_from);

	place.allowed |= finder_is_allowed(finder, finder->run_from, finder->run_from);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		place.encoding = found[i].encoding;
		r = finder->use.token(finder->use.context, found[i].token, &place);
	}
	if (r >= 0 && left && !finder->left && finder->use.left)
		finder->use.left(finder->use.context, &place);
	finder->left |= left;
	nested_forget(finder->nested);
	return r < 0 ? r : 0;
}

/* Looks into the runs of what is in the window. What is in a run of another one is kept, and told by that. */
static int finder_runs(struct finder *finder)
{
	int r = 0;

	if (finder->use.plain || finder->use.deepest) {
		finder->run_from = finder->len;
		return 0;
	}
	while (r == 0) {
		size_t count = 0;
		bool left = false;

		switch (finder->state) {
		case FINDER_NO_RUN:
			if (!run_find(&finder->run, finder->window, finder->len, &finder->run_from))
				return 0;
			r = finder_begin_run(finder);
			break;
		case FINDER_IN_RUN:
			r = finder_follow(finder);
			if (finder->state == FINDER_IN_RUN)
				return r;
			break;
		case FINDER_RUN_ENDED:
			nested_found(finder->nested, &count, &left);
			if (!finder->use.within && (count || left)) {
				if (!finder_is_whole(finder, finder->run_from))
					return 0;
				r = finder_tell_run(finder);
			}
			finder->state = FINDER_NO_RUN;
			break;
		}
	}
	return r;
}

/* Looks at what is in the window now. */
static int finder_look(struct finder *finder)
{
	int r = finder_runs(finder);

	if (r == 0)
		r = finder_search(finder, SIZE_MAX);
	if (finder->len >= FINDER_WINDOW / 2)
		finder_shift(finder);
	return r;
}

void finder_begin(struct finder *finder, bool encoded)
{
	finder->base = 0;
	finder->len = finder->from = finder->encoded_from = finder->run_from = 0;
	finder->counter = (struct finder_counter){0};
	finder->run = (struct run){0};
	finder->state = FINDER_NO_RUN;
	finder->encoded = encoded;
	finder->ended = finder->left = false;
	if (finder->nested)
		nested_reset(finder->nested);
}

uint8_t *finder_room(struct finder *finder, size_t *ret_len)
{
	*ret_len = FINDER_WINDOW - finder->len;
	return finder->window + finder->len;
}

int finder_push(struct finder *finder, size_t len)
{
	finder->len += len;
	return finder_look(finder);
}

int finder_end(struct finder *finder)
{
	finder->ended = true;
	return finder_look(finder);
}

int finder_read(struct finder *finder, finder_pull *pull, void *source, uint64_t *ret_bytes)
{
	int r = 0;

	finder_begin(finder, false);
	while (r == 0 && !finder->ended) {
		size_t room;
		uint8_t *to = finder_room(finder, &room);
		/* nothing is kept that long; where it was, no end may be made of it */
		ssize_t got = room ? pull(source, to, room) : -ENOBUFS;
		int looked = got > 0 ? finder_push(finder, (size_t)got) : finder_end(finder);

		r = got < 0 ? (int)got : looked;
	}
	*ret_bytes = finder->base + finder->len;
	return r;
}
