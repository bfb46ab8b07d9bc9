// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * read(2) → stream → matcher: for the commands that read files and pipes to their end.
 *
 *     │ before │ held │ piece ………… token ……………… beginning │ form … │ room …
 *              └── handed on ────────────────────┘└─ held ──────────┘
 *                                                          └ decided
 *
 * Two passes over one window. The first one reads forms (detect/form.h) and overwrites what is secret in them, in place and of the same
 * length, as far as that is decided; the second one sees what the first one has left, and no further. So neither depends on how the
 * text is cut, and each may be looked at by itself.
 *
 * What a text ends with is held only if it could go on to be a token; so a line that a person waits for
 * is not kept back, and what is held never is a token that was named already. Of what is held, all that comes before a
 * secret portion can be handed on when nothing more comes: it is said whatever follows.
 *
 * Invariants: no byte of a secret portion is handed on, also of one that ends early; the window is wiped before it is
 * given back; in whatever pieces a text comes, what is handed on is the same.
 *
 * Limit: of a secret portion that goes on elsewhere than a form may (in another file, in parts that a program joins), what is there
 * stays.
 */
#include "detect/stream.h"

#include "detect/form.h"
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
	size_t front; /* before it, all was handed on */
	size_t decided; /* before it, there is no form that was not read */
	size_t shown; /* before it, all was handed on that is no secret */
	size_t begins; /* before it, none that stands there as it is begins; SIZE_MAX: none that was looked at */
	size_t len; /* bytes in the window */
	uint8_t window[FORM_BEFORE + STREAM_HELD + ENCODED_MAX_LEN + STREAM_PIECE];
};

static void stream_begin(struct stream *stream)
{
	stream->base = 0;
	stream->front = stream->decided = stream->shown = stream->len = 0;
	stream->begins = stream->use.plain ? 0 : SIZE_MAX;
}

int stream_open(const struct stream_use *use, struct stream **ret_stream)
{
	struct stream *stream = malloc(sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->use = *use;
	stream_begin(stream);
	*ret_stream = stream;
	return 0;
}

void stream_look(struct stream *stream, bool plain, bool agent)
{
	stream->use.plain = plain;
	stream->use.agent = agent;
	stream_begin(stream);
}

void stream_close(struct stream *stream)
{
	if (stream)
		explicit_bzero(stream, sizeof(*stream));
	free(stream);
}

uint8_t *stream_room(struct stream *stream, size_t *ret_len)
{
	*ret_len = sizeof(stream->window) - stream->len;
	return stream->window + stream->len;
}

/* How many bytes a text ends with that could go on to be a token. */
static size_t stream_begun(const struct stream *stream, const uint8_t *bytes, size_t len)
{
	size_t at = len > STREAM_HELD ? len - STREAM_HELD : 0, secret;

	for (; at < len; at++)
		if (bytes[at] == 'd' &&
		    wide_begin(bytes + at, len - at, stream->use.agent, &secret) == len - at)
			return len - at;
	return 0;
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
static bool stream_cut(const struct stream *stream, size_t at, size_t len, size_t *ret_secret,
		       size_t *ret_end)
{
	const uint8_t *bytes = stream->window;
	size_t secret, end = wide_begin(bytes + at, len - at, stream->use.agent, &secret);

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
	at = stream->begins < at ? at : stream->begins < to ? stream->begins : to;
	while (r >= 0 && (found = memmem(stream->window + at, to - at, "dt0", 3))) {
		at = (size_t)(found - stream->window);
		if (!stream_cut(stream, at, to, &secret, &end)) {
			at++;
			continue;
		}
		r = stream_masked(stream, from, secret, end);
		from = at = end;
	}
	return r < 0 ? r : stream_hand(stream, from, to);
}

/* Where the secret portion of one that stands there as it is ends, in which lies what is at `start`; `start`: there is none such. */
static size_t stream_around(const struct stream *stream, size_t start)
{
	const uint8_t *bytes = stream->window;
	size_t most = start < TOKEN_SECRET_LEN ? start : TOKEN_SECRET_LEN, end = start;
	const uint8_t *dot = memrchr(bytes + start - most, '.', most);
	size_t behind = dot ? (size_t)(dot - bytes) + 1 : 0, at;

	for (at = behind > WIDE_IDENTIFIER_MAX + 1 ? behind - WIDE_IDENTIFIER_MAX - 1 : 0; at < behind;
	     at++) {
		size_t secret, its = bytes[at] == 'd' ? wide_begin(bytes + at, stream->len - at,
								   stream->use.agent, &secret)
						      : 0;

		if (its && secret && at + secret == behind && at + its > end)
			end = at + its;
	}
	return end;
}

/*
 * What a token that stands there as it is ends in, where a line ends as well, is no form that goes on in the next one: or the line would
 * be waited for by whoever looks on.
 */
static size_t stream_line_end(const struct stream *stream, size_t at)
{
	const uint8_t *bytes = stream->window;
	size_t end;

	if (bytes[at] != 'Z' && bytes[at] != 'R' && bytes[at] != '6' &&
	    !(stream->use.agent && bytes[at] == 'd'))
		return stream->len;
	end = stream_around(stream, at);
	return end > at && end < stream->len &&
			       (bytes[end] == '\n' || bytes[end] == '\r' || bytes[end] == '\\')
		       ? end
		       : stream->len;
}

static enum form_result stream_form(const struct stream *stream, size_t at, bool open,
				    struct form_reader *reader)
{
	size_t end = stream_line_end(stream, at);
	const struct form_text text = {
		.bytes = stream->window,
		.len = end,
		.open = open && end == stream->len,
		.lines = true,
		.agent = stream->use.agent,
	};

	if (text.bytes[at] == 'd' && at + 1 < text.len && !text.bytes[at + 1])
		return form_read_pairs(reader, &text, at);
	return form_read(reader, &text, at);
}

/* Said is what is the form's own, and no other one's secret. */
static int stream_hand_form(const struct stream *stream, const struct form_reader *reader, size_t same)
{
	size_t start = reader->start, len = form_reach(reader) - start;
	size_t others = stream_around(stream, start) - start;
	uint8_t copy[ENCODED_MAX_LEN];

	if (!stream->use.form)
		return 0;
	form_copy(reader, copy);
	memset(copy, '\0', others < same ? others : same);
	return stream->use.form(stream->use.context, stream->base + start, copy, len, same);
}

/* A whole one is named; each is said. @same: bytes that are as they were */
static int stream_say_form(struct stream *stream, const struct form_reader *reader, bool whole, size_t same)
{
	size_t start = reader->start, len = form_end(reader) - start;
	struct mask_known known = {.secret = reader->out + reader->secret, .len = TOKEN_SECRET_LEN};
	struct stream_place place = {
		.start = stream->base + start,
		.end = stream->base + start + len,
		.encoding = encoded_name(reader->form),
	};
	struct wide_token token;
	int r = stream_hand_form(stream, reader, same);

	if (r < 0 || !whole || !stream->use.token)
		return r;
	wide_name(reader->out, reader->secret, &token);
	return stream->use.token(stream->use.context, &token, &known, &place);
}

static bool stream_is_begun(const struct stream *stream, size_t at)
{
	static const char begins[] = "dt0";
	size_t left = stream->len - at;

	return memcmp(stream->window + at, begins, left < 3 ? left : 3) == 0;
}

/* Overwrites what is secret in the forms that begin in what was not decided yet. @open: more may come */
static int stream_decide(struct stream *stream, bool open)
{
	size_t at = stream->decided;
	int r = 0;

	if (stream->use.plain)
		at = stream->len;
	while (r >= 0 && (at = form_next(stream->window, stream->len, at)) < stream->len) {
		struct form_reader reader;
		enum form_result result = stream_form(stream, at, open, &reader);

		/* in a form may be what begins one as it is; elsewhere each is a place to look at */
		if (at < stream->begins && (result != FORM_NONE || stream_is_begun(stream, at)))
			stream->begins = at;
		if (result == FORM_CUT || result == FORM_TOKEN) {
			size_t same = form_secret(&reader) - at;

			form_mask(&reader, stream->window);
			r = stream_say_form(stream, &reader, result == FORM_TOKEN, same);
		}
		form_wipe(&reader);
		if (result == FORM_MORE)
			break;
		/* in its public portion may be another one */
		at++;
	}
	stream->decided = at;
	return r < 0 ? r : 0;
}

/* Hands on what was decided, but for what could go on to be a token that stands there as it is. */
static int stream_pass(struct stream *stream)
{
	struct token_span span = {0};
	struct mask_known known = {.len = TOKEN_SECRET_LEN};
	struct stream_place place = {0};
	struct wide_token token;
	size_t from = stream->front, to = stream->decided, begun;
	int r;

	while (wide_match(stream->window, to, from, stream->use.agent, &token, &span)) {
		r = stream_between(stream, from, span.start);
		if (r >= 0)
			r = stream_masked(stream, span.start, span.secret, span.end);
		known.secret = stream->window + span.secret;
		place.start = stream->base + span.start;
		place.end = stream->base + span.end;
		if (r >= 0 && stream->use.token)
			r = stream->use.token(stream->use.context, &token, &known, &place);
		if (r < 0)
			return r;
		from = span.end;
	}
	begun = stream_begun(stream, stream->window + from, to - from);
	r = stream_between(stream, from, to - begun);
	stream->front = to - begun;
	if (!stream->use.plain)
		stream->begins = begun ? stream->front : SIZE_MAX;
	return r < 0 ? r : 0;
}

/* What is done with leaves the window, but for what a form may ask for. */
static void stream_shift(struct stream *stream)
{
	size_t away = stream->front > FORM_BEFORE ? stream->front - FORM_BEFORE : 0;

	memmove(stream->window, stream->window + away, stream->len - away);
	stream->base += away;
	stream->front -= away;
	stream->decided -= away;
	stream->shown -= stream->shown < away ? stream->shown : away;
	if (stream->begins != SIZE_MAX)
		stream->begins -= stream->begins < away ? stream->begins : away;
	stream->len -= away;
}

int stream_push(struct stream *stream, size_t len)
{
	int r;

	stream->len += len;
	r = stream_decide(stream, true);
	if (r >= 0)
		r = stream_pass(stream);
	stream_shift(stream);
	return r;
}

/* As far as nothing that is held can be of a secret portion, whatever comes. */
static size_t stream_said(const struct stream *stream)
{
	size_t said = stream->len, at, secret;

	for (at = stream->decided; at < said; at++) {
		struct form_reader reader;

		at = form_next(stream->window, said, at);
		if (at == said || stream_form(stream, at, true, &reader) == FORM_NONE)
			continue;
		secret = form_secret(&reader);
		said = secret < said ? secret : said;
		form_wipe(&reader);
	}
	for (at = stream->front; at < said; at++)
		if (stream->window[at] == 'd' &&
		    wide_begin(stream->window + at, said - at, stream->use.agent, &secret) && secret)
			said = at + secret;
	return said;
}

bool stream_holds(const struct stream *stream)
{
	return stream->front < stream->len && stream_said(stream) > stream->shown;
}

int stream_flush(struct stream *stream)
{
	size_t said = stream_said(stream);
	int r = stream_hand(stream, stream->front, said);

	if (stream->shown < said)
		stream->shown = said;
	return r < 0 ? r : 0;
}

/* What has begun was cut. */
static int stream_rest(const struct stream *stream)
{
	size_t front = stream->front, secret;

	wide_begin(stream->window + front, stream->len - front, stream->use.agent, &secret);
	if (secret && front + secret < stream->len)
		return stream_masked(stream, front, front + secret, stream->len);
	return stream_hand(stream, front, stream->len);
}

int stream_end(struct stream *stream)
{
	int r = stream_decide(stream, false);

	if (r >= 0)
		r = stream_pass(stream);
	if (r >= 0)
		r = stream_rest(stream);
	stream_begin(stream);
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
