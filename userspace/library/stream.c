// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The public stream: detect/stream.h's, with tokens as others may have them. */
#include "library/token.h"

#include "detect/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SPILLWATCH_SECRET_MAX == TOKEN_SECRET_LEN, "one length");

struct spillwatch_stream {
	struct stream *stream;
	void *context;
	spillwatch_on_text *text;
	spillwatch_on_secret *secret;
	spillwatch_on_form *form;
	spillwatch_on_token *token;
};

static int library_token(void *context, const struct wide_token *token, const struct mask_known *known,
			 const struct stream_place *place)
{
	const struct spillwatch_stream *stream = context;
	struct spillwatch_token told;
	int r;

	if (!stream->token)
		return 0;
	told = (struct spillwatch_token){.of = *token, .start = place->start, .has_secret = true};
	told.end = place->end;
	told.encoding = place->encoding;
	memcpy(told.secret, known->secret, TOKEN_SECRET_LEN);
	r = stream->token(stream->context, &told);
	explicit_bzero(&told, sizeof(told));
	return r;
}

static int library_text(void *context, const void *bytes, size_t len)
{
	const struct spillwatch_stream *stream = context;

	return stream->text ? stream->text(stream->context, bytes, len) : 0;
}

static int library_secret(void *context, uint64_t at, size_t len)
{
	const struct spillwatch_stream *stream = context;

	if (stream->secret)
		return stream->secret(stream->context, at, len);
	return library_text(context, SPILLWATCH_MASKED, sizeof(SPILLWATCH_MASKED) - 1);
}

static int library_form(void *context, uint64_t at, const void *bytes, size_t len, size_t same)
{
	const struct spillwatch_stream *stream = context;

	return stream->form ? stream->form(stream->context, at, bytes, len, same) : 0;
}

struct spillwatch_stream *spillwatch_stream_new(void *context)
{
	struct spillwatch_stream *stream = calloc(1, sizeof(*stream));
	const struct stream_use use = {
		.context = stream,
		.token = library_token,
		.text = library_text,
		.mask = library_secret,
		.form = library_form,
	};

	if (!stream)
		return NULL;
	stream->context = context;
	if (stream_open(&use, &stream->stream) == 0)
		return stream;
	free(stream);
	return NULL;
}

void spillwatch_stream_free(struct spillwatch_stream *stream)
{
	if (stream)
		stream_close(stream->stream);
	free(stream);
}

void spillwatch_stream_on_text(struct spillwatch_stream *stream, spillwatch_on_text *text)
{
	stream->text = text;
}

void spillwatch_stream_on_secret(struct spillwatch_stream *stream, spillwatch_on_secret *secret)
{
	stream->secret = secret;
}

void spillwatch_stream_on_form(struct spillwatch_stream *stream, spillwatch_on_form *form)
{
	stream->form = form;
}

int spillwatch_stream_look(struct spillwatch_stream *stream, enum spillwatch_look look)
{
	bool plain = look == SPILLWATCH_PLAIN || look == SPILLWATCH_PLAIN_AGENT;
	bool agent = look == SPILLWATCH_PLAIN_AGENT || look == SPILLWATCH_ENCODED_AGENT;

	if (!plain && !agent && look != SPILLWATCH_ENCODED)
		return -EINVAL;
	stream_look(stream->stream, plain, agent);
	return 0;
}

void spillwatch_stream_on_token(struct spillwatch_stream *stream, spillwatch_on_token *token)
{
	stream->token = token;
}

int spillwatch_stream_push(struct spillwatch_stream *stream, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	int r = 0;

	while (len && r == 0) {
		size_t room;
		uint8_t *to = stream_room(stream->stream, &room);
		size_t part = len < room ? len : room;

		memcpy(to, from, part);
		r = stream_push(stream->stream, part);
		from += part;
		len -= part;
	}
	return r;
}

bool spillwatch_stream_holds(const struct spillwatch_stream *stream)
{
	return stream_holds(stream->stream);
}

int spillwatch_stream_flush(struct spillwatch_stream *stream)
{
	return stream_flush(stream->stream);
}

int spillwatch_stream_end(struct spillwatch_stream *stream)
{
	return stream_end(stream->stream);
}

int64_t spillwatch_stream_pull(struct spillwatch_stream *stream, int fd)
{
	return stream_pull(stream->stream, fd);
}
