// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * source → window → matchers → place.
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

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FINDER_WINDOW (512UL << 10)

/* Bytes of a line that are looked at for a comment, on either side of a token.
 */
#define FINDER_CONTEXT (4UL << 10)

/* Bytes of which newlines are counted at a time: less than a byte counts to. */
#define FINDER_BLOCK 128

struct finder {
	struct finder_use use;
	uint64_t base; /* place of the window's first byte */
	size_t len; /* bytes in the window */
	size_t from; /* no token that begins before was not told, … */
	size_t encoded_from; /* … and none in another form */
	size_t counted; /* before it, … */
	uint64_t lines; /* … newlines from the beginning on */
	uint64_t column; /* … characters behind the last of them */
	bool ended;
	struct spillwatch_token *plain, *encoded; /* the next ones */
	uint8_t window[FINDER_WINDOW];
};

int finder_open(const struct finder_use *use, struct finder **ret_finder)
{
	struct finder *finder = malloc(sizeof(*finder));

	if (!finder)
		return -ENOMEM;
	finder->use = *use;
	finder->plain = spillwatch_token_new();
	finder->encoded = spillwatch_token_new();
	finder->len = 0;
	if (!finder->plain || !finder->encoded) {
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
	spillwatch_token_free(finder->plain);
	spillwatch_token_free(finder->encoded);
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

/* Counts what stands before `at`: newlines, and characters behind the last of
 * them. */
static void finder_count(struct finder *finder, size_t at)
{
	const uint8_t *from = finder->window + finder->counted, *newline;

	if (at <= finder->counted)
		return;
	newline = memrchr(from, '\n', at - finder->counted);
	if (newline) {
		newline++;
		finder->lines += finder_lines(from, (size_t)(newline - from));
		finder->column = 0;
		from = newline;
	}
	finder->column += finder_characters(from, (size_t)(finder->window + at - from));
	finder->counted = at;
}

/* Makes room: what comes before the context leaves the window. */
static void finder_shift(struct finder *finder)
{
	size_t from = finder->from < finder->encoded_from ? finder->from : finder->encoded_from;
	size_t away = from > FINDER_CONTEXT ? from - FINDER_CONTEXT : 0;

	finder_count(finder, away);
	memmove(finder->window, finder->window + away, finder->len - away);
	finder->base += away;
	finder->len -= away;
	finder->from -= away;
	finder->encoded_from -= away;
	finder->counted -= away;
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

static int finder_tell(struct finder *finder, const struct spillwatch_token *token)
{
	size_t start = (size_t)spillwatch_token_start(token), end = (size_t)spillwatch_token_end(token);
	struct finder_place place;

	finder_count(finder, start);
	place = (struct finder_place){
		.line = finder->lines + 1,
		.column = finder->column + 1,
		.offset = finder->base + start,
		.allowed = finder_is_allowed(finder, start, end),
	};
	return finder->use.token(finder->use.context, token, &place);
}

/* The next one that stands there as it is, and the next one in another form. */
static bool finder_next_plain(const struct finder *finder)
{
	return spillwatch_match(finder->use.agent ? SPILLWATCH_PLAIN_AGENT : SPILLWATCH_PLAIN, finder->window,
				finder->len, finder->from, finder->plain) > 0;
}

static bool finder_next_encoded(const struct finder *finder)
{
	return !finder->use.plain &&
	       spillwatch_match(finder->use.agent ? SPILLWATCH_ENCODED_AGENT : SPILLWATCH_ENCODED,
				finder->window, finder->len, finder->encoded_from, finder->encoded) > 0;
}

/* No token of that kind is to be missed that goes on in what is still to come. */
static size_t finder_keep(const struct finder *finder, size_t from, enum spillwatch_look look)
{
	size_t most = spillwatch_longest(look) - 1;

	return finder->len > most && from < finder->len - most ? finder->len - most : from;
}

static int finder_search(struct finder *finder)
{
	const struct spillwatch_token *plain = finder->plain, *encoded = finder->encoded;
	bool any_plain = finder_next_plain(finder);
	bool any_encoded = finder_next_encoded(finder);
	int r = 0;

	/* in the order in which they stand there */
	while (any_plain || any_encoded) {
		bool first = any_plain && !(any_encoded &&
					    spillwatch_token_start(encoded) < spillwatch_token_start(plain));
		const struct spillwatch_token *found = first ? plain : encoded;

		if (!finder_is_whole(finder, (size_t)spillwatch_token_end(found)))
			break;
		r = finder_tell(finder, found);
		if (r < 0)
			break;
		if (first) {
			finder->from = (size_t)spillwatch_token_end(plain);
			any_plain = finder_next_plain(finder);
		} else {
			finder->encoded_from = (size_t)spillwatch_token_end(encoded);
			any_encoded = finder_next_encoded(finder);
		}
	}
	finder->from = any_plain ? (size_t)spillwatch_token_start(plain)
				 : finder_keep(finder, finder->from, SPILLWATCH_PLAIN);
	finder->encoded_from = any_encoded ? (size_t)spillwatch_token_start(encoded)
					   : finder_keep(finder, finder->encoded_from, SPILLWATCH_ENCODED);
	return r;
}

int finder_read(struct finder *finder, finder_pull *pull, void *source, uint64_t *ret_bytes)
{
	int r = 0;

	finder->base = finder->lines = finder->column = 0;
	finder->len = finder->from = finder->encoded_from = finder->counted = 0;
	finder->ended = false;
	while (r == 0 && !finder->ended) {
		size_t room = FINDER_WINDOW - finder->len;
		/* nothing is kept that long; where it was, no end may be made of it */
		ssize_t got = room ? pull(source, finder->window + finder->len, room) : -ENOBUFS;
		int searched;

		finder->ended = got <= 0;
		finder->len += got > 0 ? (size_t)got : 0;
		searched = finder_search(finder);
		r = got < 0 ? (int)got : searched;
		if (finder->len >= FINDER_WINDOW / 2)
			finder_shift(finder);
	}
	*ret_bytes = finder->base + finder->len;
	return r;
}
