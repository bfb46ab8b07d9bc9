// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * source → window → matcher → place.
 *
 *     │ searched …………………… │ a token may begin here │ room …
 *                          └ kept ──────────────────┘
 *
 * Lines are counted for a token, and for what leaves the window; so a file that fits and holds none costs nothing but the search.
 *
 * Invariant: each token is told once, whatever pieces the source comes in; the window is wiped before it is given back.
 */
#include "scan/finder.h"

#include "token_formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FINDER_WINDOW (512UL << 10)
#define FINDER_KEPT (TOKEN_MAX_LEN - 1UL)

/* Bytes of which newlines are counted at a time: less than a byte counts to. */
#define FINDER_BLOCK 128

struct finder {
	struct finder_use use;
	uint64_t base; /* place of the window's first byte */
	uint64_t lines; /* newlines before the window */
	uint64_t column; /* characters between the last of them and the window */
	size_t len; /* bytes in the window */
	size_t from; /* no token that begins before was not told */
	uint8_t window[FINDER_WINDOW];
};

int finder_open(const struct finder_use *use, struct finder **ret_finder)
{
	struct finder *finder = malloc(sizeof(*finder));

	if (!finder)
		return -ENOMEM;
	finder->use = *use;
	*ret_finder = finder;
	return 0;
}

void finder_close(struct finder *finder)
{
	if (finder)
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

/* Counts what stands before `at`: newlines, and characters behind the last of them. */
static void finder_count(const struct finder *finder, size_t at, uint64_t *ret_lines, uint64_t *ret_column)
{
	const uint8_t *newline = memrchr(finder->window, '\n', at);
	size_t begin = newline ? (size_t)(newline - finder->window) + 1 : 0;

	*ret_lines = finder->lines + finder_lines(finder->window, begin);
	*ret_column = (newline ? 0 : finder->column) + finder_characters(finder->window + begin, at - begin);
}

/* Makes room: what was searched leaves the window. */
static void finder_shift(struct finder *finder, size_t away)
{
	uint64_t lines, column;

	finder_count(finder, away, &lines, &column);
	finder->lines = lines;
	finder->column = column;
	memmove(finder->window, finder->window + away, finder->len - away);
	finder->base += away;
	finder->len -= away;
	finder->from -= away;
}

static int finder_tell(struct finder *finder, const struct token *token, const struct token_span *span)
{
	struct mask_known known = {.secret = finder->window + span->secret, .len = TOKEN_SECRET_LEN};
	struct finder_place place = {.offset = finder->base + span->start};

	finder_count(finder, span->start, &place.line, &place.column);
	place.line++;
	place.column++;
	return finder->use.token(finder->use.context, token, &known, &place);
}

static int finder_search(struct finder *finder)
{
	struct token_span span;
	struct token token;

	while (token_match(finder->window, finder->len, finder->from, &token, &span)) {
		int r = finder_tell(finder, &token, &span);

		if (r < 0)
			return r;
		/* else each of a file full of tokens would count from the window's beginning */
		finder->from = span.end;
		if (span.end > FINDER_WINDOW / 8)
			finder_shift(finder, span.end);
	}
	if (finder->len > FINDER_KEPT && finder->from < finder->len - FINDER_KEPT)
		finder->from = finder->len - FINDER_KEPT;
	if (finder->len >= FINDER_WINDOW / 2)
		finder_shift(finder, finder->from);
	return 0;
}

int finder_read(struct finder *finder, finder_pull *pull, void *source, uint64_t *ret_bytes)
{
	ssize_t got;
	int r = 0;

	finder->base = finder->lines = finder->column = 0;
	finder->len = finder->from = 0;
	while ((got = pull(source, finder->window + finder->len, FINDER_WINDOW - finder->len)) > 0) {
		finder->len += (size_t)got;
		r = finder_search(finder);
		if (r < 0)
			break;
	}
	*ret_bytes = finder->base + finder->len;
	return r < 0 ? r : (int)got;
}
