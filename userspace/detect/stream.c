// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * read(2) → stream → matcher: for the commands that read files and pipes to their end.
 *
 *     │ before │ held │ piece ………… token ……………… beginning │ form … │ room …
 *              └── handed on ────────────────────┘└─ held ──────────┘
 *                                                          └ decided
 *
 * What lies in a run of base64 (lib/base64_run.h) passes through a stream of its own, behind the first pass, which says what to overwrite and
 * how far it is. What comes behind that is kept back, as if it were held here.
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
#include "lib/base64_run.h"
#include "token_search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STREAM_PIECE (256UL << 10)
#define STREAM_HELD (WIDE_MAX_LEN - 1UL)

/* Runs in runs are looked into so deep. */
#define STREAM_DEPTH 2

/* What is kept back of a run: what its own stream holds, of that run in it as well, each in lines as short and as far apart as can be. */
#define STREAM_KEPT (128UL << 10)

/*
 * A run's first characters that tell nothing of a secret portion: an identifier and a dot stand before that. If "dt0" is not written as it
 * is, they are longer by two.
 */
#define STREAM_RUN_BEGUN ((TOKEN_IDENTIFIER_MIN + 1) * 8UL / 6)
#define STREAM_RUN_SAFE ((TOKEN_IDENTIFIER_MIN + 3) * 8UL / 6)

/* A character of a run, and its place. */
struct stream_cursor {
	uint64_t number;
	size_t at;
};

/* A run that is looked into. */
struct stream_run {
	struct stream *outer, *stream;
	bool in; /* the outer stream is in it */
	struct stream_cursor done; /* all before it is as it stays */
	struct stream_cursor form; /* the last form in it begins there */
	uint64_t bytes; /* what was handed on of what it stands for */
	uint64_t start, end; /* of the last form, in the outer stream */
};

struct stream {
	struct stream_use use;
	uint64_t base; /* place of the window's first byte */
	size_t front; /* before it, all was handed on */
	size_t decided; /* before it, there is no form that was not read */
	size_t shown; /* before it, all was handed on that is no secret */
	size_t begins; /* before it, none that stands there as it is begins; SIZE_MAX: none that was looked at */
	unsigned int depth;
	struct run run;
	size_t run_from; /* before it, no run begins that was not looked into */
	struct stream_run *within; /* NULL: there was none yet */
	size_t len; /* bytes in the window */
	uint8_t window[FORM_BEFORE + STREAM_HELD + ENCODED_MAX_LEN + STREAM_KEPT + STREAM_PIECE];
};

static void stream_begin(struct stream *stream)
{
	stream->base = 0;
	stream->front = stream->decided = stream->shown = stream->len = stream->run_from = 0;
	stream->run = (struct run){0};
	if (stream->within)
		stream->within->in = false;
	stream->begins = stream->use.plain ? 0 : SIZE_MAX;
}

int stream_open(const struct stream_use *use, struct stream **ret_stream)
{
	struct stream *stream = malloc(sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->use = *use;
	stream->depth = 0;
	stream->within = NULL;
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
	if (!stream)
		return;
	if (stream->within)
		stream_close(stream->within->stream);
	free(stream->within);
	explicit_bzero(stream, sizeof(*stream));
	free(stream);
}

uint8_t *stream_room(struct stream *stream, size_t *ret_len)
{
	*ret_len = sizeof(stream->window) - stream->len;
	*ret_len = *ret_len < STREAM_PIECE ? *ret_len : STREAM_PIECE;
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
		.masked = stream->depth,
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

/* The character of that number, or where it will be, if it is the next one: from that cursor on, or from what is not as it stays. */
static struct stream_cursor stream_seek(const struct stream_run *run, struct stream_cursor cursor,
					uint64_t number)
{
	const uint8_t *window = run->outer->window;

	if (cursor.number > number || cursor.number < run->done.number)
		cursor = run->done;
	for (;; cursor.at++, cursor.number++) {
		while (cursor.at < run->outer->run_from && !run_is(window[cursor.at]))
			cursor.at += window[cursor.at] == '\\' ? 2 : 1;
		if (cursor.number == number || cursor.at >= run->outer->run_from)
			return cursor;
	}
}

/* What a run stands for passes on: so do its characters, but for one that is of what comes as well. */
static int stream_run_pass(struct stream_run *run, size_t len)
{
	run->bytes += len;
	run->done = stream_seek(run, run->done, run->bytes * 8 / 6);
	return 0;
}

static int stream_run_text(void *context, const void *bytes, size_t len)
{
	(void)bytes;
	return stream_run_pass(context, len);
}

/* Puts a byte where the run stands for one. Returns the place behind it. */
static size_t stream_run_put(struct stream_run *run, struct stream_cursor *cursor, uint64_t byte,
			     uint8_t value)
{
	uint8_t *window = run->outer->window;
	unsigned int bits = (unsigned int)(byte * 8 % 6) + 2, rest = 6 - bits;
	unsigned int first, second;
	size_t at;

	*cursor = stream_seek(run, *cursor, byte * 8 / 6);
	at = cursor->at;
	first = (run_value(window[at]) >> (8 - bits) << (8 - bits)) | (unsigned int)value >> bits;
	window[at] = run_letter(first, window[at]);
	*cursor = stream_seek(run, *cursor, cursor->number + 1);
	second =
		(run_value(window[cursor->at]) & ((1U << rest) - 1)) | ((value & ((1U << bits) - 1)) << rest);
	window[cursor->at] = run_letter(second, window[cursor->at]);
	return cursor->at + 1;
}

/* Says what was overwritten. @len: from `start` on; @same: of these, bytes that are as they were */
static int stream_run_say(const struct stream_run *run, size_t start, size_t len, size_t same)
{
	const struct stream *outer = run->outer;
	uint8_t copy[ENCODED_MAX_LEN];
	int r = 0;

	for (size_t from = 0, part; outer->use.form && r >= 0 && from < len; from += part) {
		part = len - from < sizeof(copy) ? len - from : sizeof(copy);
		memcpy(copy, outer->window + start + from, part);
		for (size_t i = 0; i < part; i++)
			copy[i] = run_is(copy[i]) ? copy[i] : '\0';
		r = outer->use.form(outer->use.context, outer->base + start + from, copy, part,
				    same <= from         ? 0
				    : same - from < part ? same - from
							 : part);
	}
	return r;
}

/* A secret portion in it, in another form: what stands for it is to be overwritten. */
static int stream_run_form(void *context, uint64_t at, const void *bytes, size_t len, size_t same)
{
	struct stream_run *run = context;
	const uint8_t *form = bytes;
	uint64_t number = at * 8 / 6;
	struct stream_cursor cursor;
	size_t start, changed = 0, end = 0;

	run->form = stream_seek(run, run->form, number > run->done.number ? number : run->done.number);
	cursor = run->form;
	start = cursor.at;
	for (size_t i = same; i < len; i++) {
		if (!form[i])
			continue;
		cursor = stream_seek(run, cursor, (at + i) * 8 / 6);
		changed = changed ? changed : cursor.at;
		end = stream_run_put(run, &cursor, at + i, form[i]);
	}
	run->start = run->outer->base + start;
	run->end = run->outer->base + end;
	return changed ? stream_run_say(run, start, end - start, changed - start) : 0;
}

/* One that stands in it as it is, which the first pass has not read as a form. */
static int stream_run_mask(void *context, uint64_t at, size_t len)
{
	static const uint8_t stars[] = {[0 ... TOKEN_SECRET_LEN - 1] = FORM_MASK};
	int r = stream_run_form(context, at, stars, len, 0);

	return r < 0 ? r : stream_run_pass(context, len);
}

static int stream_run_token(void *context, const struct wide_token *token, const struct mask_known *known,
			    const struct stream_place *place)
{
	const struct stream_run *run = context;
	const struct stream_place outer = {
		.start = run->start,
		.end = run->end,
		.encoding = encoded_name(ENCODED_BASE64),
	};

	(void)place;
	return run->outer->use.token ? run->outer->use.token(run->outer->use.context, token, known, &outer)
				     : 0;
}

static int stream_run_begin(struct stream *stream)
{
	struct stream_run *run = stream->within;
	int r;

	if (!run) {
		run = calloc(1, sizeof(*run));
		if (!run)
			return -ENOMEM;
		r = stream_open(
			&(struct stream_use){
				.context = run,
				.text = stream_run_text,
				.mask = stream_run_mask,
				.form = stream_run_form,
				.token = stream_run_token,
				.agent = stream->use.agent,
			},
			&run->stream);
		if (r < 0) {
			free(run);
			return r;
		}
		run->outer = stream;
		run->stream->depth = stream->depth + 1;
		stream->within = run;
	}
	stream_begin(run->stream);
	run->in = true;
	run->bytes = 0;
	run->done = run->form = (struct stream_cursor){.at = stream->run_from};
	return 0;
}

/* Reads on in a run, as far as forms were looked for. */
static int stream_run_read(struct stream *stream, bool open)
{
	struct stream_run *run = stream->within;
	bool whole = !open && stream->decided == stream->len;
	int r = 0;

	while (r >= 0 && !stream->run.ended) {
		size_t room;
		uint8_t *to = stream_room(run->stream, &room);
		size_t got = run_read(&stream->run, stream->window, stream->decided, whole, &stream->run_from,
				      to, room);

		if (!got)
			break;
		r = stream_push(run->stream, got);
	}
	if (r < 0 || !stream->run.ended)
		return r;
	run->in = false;
	return stream_end(run->stream);
}

/* Looks into the runs of base64, of what may itself have forms. */
static int stream_look_within(struct stream *stream, bool open)
{
	int r = 0;

	if (stream->use.plain || stream->depth == STREAM_DEPTH) {
		stream->run_from = stream->decided;
		return 0;
	}
	for (;;) {
		if (stream->within && stream->within->in)
			r = stream_run_read(stream, open);
		if (r < 0 || (stream->within && stream->within->in) ||
		    !run_find(&stream->run, stream->window, stream->decided, &stream->run_from))
			return r;
		if (stream->run.kind == RUN_GZIP) {
			/* what was packed can't be overwritten */
			run_refuse(&stream->run);
			continue;
		}
		r = stream_run_begin(stream);
		if (r < 0)
			return r;
	}
}

/* Of what may be a run's beginning, so many characters can be handed on. */
static size_t stream_run_safe(const uint8_t *bytes, size_t len)
{
	static const char *const begins[] = {"ZHQw", "R0M", "kdD"};

	len = len < STREAM_RUN_SAFE ? len : STREAM_RUN_SAFE;
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (memmem(bytes, len, begins[i], strlen(begins[i])))
			return STREAM_RUN_BEGUN;
	return STREAM_RUN_SAFE;
}

/* How far what lies in runs is known, of the bytes before `end`. */
static size_t stream_within(const struct stream *stream, size_t end)
{
	struct run run = stream->run;
	size_t from = stream->run_from, at = end, safe;

	if (stream->use.plain || stream->depth == STREAM_DEPTH)
		return end;
	if (stream->within && stream->within->in)
		return stream->within->done.at < end ? stream->within->done.at : end;
	if (run_find(&run, stream->window, end, &from) && run.kind != RUN_GZIP)
		at = from;
	else if (run.refused)
		return end;
	/* what ends there may be the beginning of one */
	while (at > from && run_is(stream->window[at - 1]))
		at--;
	safe = stream_run_safe(stream->window + at, end - at);
	return end - at < safe ? end : at + safe;
}

/* Hands on what was decided, but for what could go on to be a token that stands there as it is. */
static int stream_pass(struct stream *stream)
{
	struct token_span span = {0};
	struct mask_known known = {.len = TOKEN_SECRET_LEN};
	struct stream_place place = {0};
	struct wide_token token;
	size_t from = stream->front, to = stream_within(stream, stream->decided), begun;
	int r;

	to = to < from ? from : to;

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
	stream->run_from -= stream->run_from < away ? stream->run_from : away;
	if (stream->within) {
		stream->within->done.at -= away;
		stream->within->form.at -= away;
	}
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
		r = stream_look_within(stream, true);
	if (r >= 0)
		r = stream_pass(stream);
	stream_shift(stream);
	return r;
}

/* As far as nothing that is held can be of a secret portion, whatever comes. */
static size_t stream_said(const struct stream *stream)
{
	size_t said = stream_within(stream, stream->len), at, secret;

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
	return (stream->front < stream->len && stream_said(stream) > stream->shown) ||
	       (stream->within && stream->within->in && stream_holds(stream->within->stream));
}

int stream_flush(struct stream *stream)
{
	bool in = stream->within && stream->within->in;
	int r = in ? stream_flush(stream->within->stream) : 0;
	size_t said = stream_said(stream);

	if (r >= 0)
		r = stream_hand(stream, stream->front, said);
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
		r = stream_look_within(stream, false);
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
