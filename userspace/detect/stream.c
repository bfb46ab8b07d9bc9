// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * read(2) → stream → matcher: for the commands that read files and pipes to their end.
 *
 *     │ held │ piece ………… token ……………… beginning │ room …
 *            └── handed on ───────────┘└─ held ──┘
 *
 * What a text ends with is held only if it could go on to be a token; so a line that a person waits for
 * is not kept back, and what is held never is a token that was named already. Of what is held, all that comes before a
 * secret portion can be handed on when nothing more comes: it is said whatever follows.
 *
 * Invariants: no byte of a secret portion is handed on, also of one that ends early; the window is wiped before it is
 * given back; in whatever pieces a text comes, what is handed on is the same.
 *
 * Limit: of a secret portion that goes on elsewhere (in the next line, in another record), what is there stays.
 */
#include "detect/stream.h"

#include "detect/mask.h"
#include "token_search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STREAM_PIECE (256UL << 10)
#define STREAM_HELD (WIDE_MAX_LEN - 1UL)

struct stream {
	struct stream_use use;
	uint64_t base; /* place of the window's first byte */
	size_t held; /* bytes at the window's front that may be the beginning of a token */
	size_t shown; /* of those, handed on */
	uint8_t window[STREAM_HELD + STREAM_PIECE];
};

int stream_open(const struct stream_use *use, struct stream **ret_stream)
{
	struct stream *stream = malloc(sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->use = *use;
	stream->base = 0;
	stream->held = stream->shown = 0;
	*ret_stream = stream;
	return 0;
}

void stream_close(struct stream *stream)
{
	if (stream)
		explicit_bzero(stream, sizeof(*stream));
	free(stream);
}

uint8_t *stream_room(struct stream *stream, size_t *ret_len)
{
	*ret_len = sizeof(stream->window) - stream->held;
	return stream->window + stream->held;
}

/* How many bytes a text ends with that could go on to be a token. */
static size_t stream_begun(const uint8_t *bytes, size_t len)
{
	size_t at = len > STREAM_HELD ? len - STREAM_HELD : 0, secret;

	for (; at < len; at++)
		if (bytes[at] == 'd' && wide_begin(bytes + at, len - at, &secret) == len - at)
			return len - at;
	return 0;
}

/* What has begun was cut: how much of it comes before its secret portion? */
static size_t stream_identified(const uint8_t *bytes, size_t len)
{
	size_t secret;

	wide_begin(bytes, len, &secret);
	return secret ? secret : len;
}

static int stream_text(const struct stream *stream, const void *bytes, size_t len)
{
	return stream->use.text && len ? stream->use.text(stream->use.context, bytes, len) : 0;
}

/* Hands on what lies in the window there, but for what was. */
static int stream_hand(const struct stream *stream, size_t from, size_t to)
{
	from = from < stream->shown ? stream->shown : from;
	return to > from ? stream_text(stream, stream->window + from, to - from) : 0;
}

static int stream_masked(const struct stream *stream, size_t from, size_t secret, size_t end)
{
	int r = stream_hand(stream, from, secret);

	if (r < 0)
		return r;
	if (stream->use.mask)
		return stream->use.mask(stream->use.context, stream->base + secret, end - secret);
	return stream_text(stream, MASK_TEXT, sizeof(MASK_TEXT) - 1);
}

/*
 * A secret portion that ends early, behind an identifier at `at`: where it begins and ends; false if there is none. An identifier
 * that ends in another one's prefix is none: that would depend on what comes.
 */
static bool stream_cut(const uint8_t *bytes, size_t at, size_t len, size_t *ret_secret, size_t *ret_end)
{
	size_t secret, end = wide_begin(bytes + at, len - at, &secret);

	if (!secret || end == secret || token_prefix_at(bytes, at + secret - 1 - TOKEN_PREFIX_LEN))
		return false;
	*ret_secret = at + secret;
	*ret_end = at + end;
	return true;
}

/* Hands on what holds no whole token. */
static int stream_between(const struct stream *stream, size_t from, size_t to)
{
	size_t at = from, secret, end;
	const uint8_t *found;
	int r = 0;

	/* nobody wants to know */
	if (!stream->use.text)
		return 0;
	while (r >= 0 && (found = memmem(stream->window + at, to - at, "dt0", 3))) {
		at = (size_t)(found - stream->window);
		if (!stream_cut(stream->window, at, to, &secret, &end)) {
			at++;
			continue;
		}
		r = stream_masked(stream, from, secret, end);
		from = at = end;
	}
	return r < 0 ? r : stream_hand(stream, from, to);
}

int stream_push(struct stream *stream, size_t len)
{
	struct token_span span = {0};
	struct mask_known known = {.len = TOKEN_SECRET_LEN};
	struct wide_token token;
	size_t from = 0, begun;
	int r;

	len += stream->held;
	while (wide_match(stream->window, len, from, &token, &span)) {
		r = stream_between(stream, from, span.start);
		if (r >= 0)
			r = stream_masked(stream, span.start, span.secret, span.end);
		known.secret = stream->window + span.secret;
		if (r >= 0 && stream->use.token)
			r = stream->use.token(stream->use.context, &token, &known, stream->base + span.start);
		if (r < 0)
			return r;
		from = span.end;
	}
	begun = stream_begun(stream->window + from, len - from);
	r = stream_between(stream, from, len - begun);
	memmove(stream->window, stream->window + len - begun, begun);
	stream->shown = stream->shown > len - begun ? stream->shown - (len - begun) : 0;
	stream->base += len - begun;
	stream->held = begun;
	return r < 0 ? r : 0;
}

bool stream_holds(const struct stream *stream)
{
	return stream_identified(stream->window, stream->held) > stream->shown;
}

int stream_flush(struct stream *stream)
{
	size_t identified = stream_identified(stream->window, stream->held);
	int r = stream_hand(stream, 0, identified);

	if (stream->shown < identified)
		stream->shown = identified;
	return r < 0 ? r : 0;
}

int stream_end(struct stream *stream)
{
	size_t identified = stream_identified(stream->window, stream->held);
	int r = identified < stream->held ? stream_masked(stream, 0, identified, stream->held)
					  : stream_hand(stream, 0, stream->held);

	stream->base = 0;
	stream->held = stream->shown = 0;
	return r < 0 ? r : 0;
}

int64_t stream_pull(struct stream *stream, int fd)
{
	size_t room;
	uint8_t *to = stream_room(stream, &room);
	ssize_t got;
	int r;

	do
		got = read(fd, to, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	r = got ? stream_push(stream, (size_t)got) : stream_end(stream);
	return r < 0 ? r : got;
}
