// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * run of base64 → bytes → inflate, if gzip has packed them → a finder of its own → tokens with all of their forms.
 *
 * Invariant: whatever a text holds, the work is bounded by its length. Base64 only shrinks; all that is unpacked of a text, in whatever
 * depth, is counted together. What is in memory is wiped, zlib's as well.
 *
 * Limit: what is cut or broken in a run is read as far as it goes, and nothing is said of that: it is whole hardly ever in examples.
 */
#include "scan/nested.h"

#include "scan/finder.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define NESTED_PIECE (16UL << 10)

/* "base64, gzip, " of each depth. */
#define NESTED_WITHIN 64

struct nested {
	struct nested *outer, *outermost;
	unsigned int depth;
	struct finder *inner;
	char within[NESTED_WITHIN]; /* the forms around what is in the run */
	bool packed;
	bool inflates; /* the stream is to be ended */
	z_stream stream;
	/* of the outermost one */
	uint64_t unpacked, most; /* bytes of the text that is read */
	bool left;
	size_t count;
	struct nested_found found[NESTED_FOUND];
};

static void *nested_calloc(void *opaque, unsigned int count, unsigned int size)
{
	(void)opaque;
	return calloc(count, size);
}

static void nested_free(void *opaque, void *memory)
{
	(void)opaque;
	explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

/* One more token of a run, once. */
static int nested_token(void *context, const struct spillwatch_token *token, const struct finder_place *place)
{
	struct nested *nested = context, *outermost = nested->outermost;
	const char *identifier = spillwatch_token_identifier(token);
	struct nested_found found;

	if (asprintf(&found.encoding, "%s%s%s", nested->within, place->encoding ? ", " : "",
		     place->encoding ? place->encoding : "") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < outermost->count; i++) {
		if (strcmp(spillwatch_token_identifier(outermost->found[i].token), identifier) == 0 &&
		    strcmp(outermost->found[i].encoding, found.encoding) == 0) {
			free(found.encoding);
			return 0;
		}
	}
	outermost->left |= outermost->count == NESTED_FOUND;
	found.token = outermost->left ? NULL : finder_take(nested->inner);
	if (!found.token) {
		free(found.encoding);
		return outermost->left ? 0 : -ENOMEM;
	}
	outermost->found[outermost->count++] = found;
	return 0;
}

int nested_open(struct nested *outer, bool agent, struct nested **ret_nested)
{
	struct nested *nested = calloc(1, sizeof(*nested));
	int r;

	if (!nested)
		return -ENOMEM;
	nested->outer = outer;
	nested->outermost = outer ? outer->outermost : nested;
	nested->depth = outer ? outer->depth + 1 : 1;
	r = finder_open(
		&(struct finder_use){
			.context = nested,
			.token = nested_token,
			.agent = agent,
			.within = nested,
			.deepest = nested->depth == NESTED_DEPTH,
		},
		&nested->inner);
	if (r < 0) {
		free(nested);
		return r;
	}
	*ret_nested = nested;
	return 0;
}

void nested_forget(struct nested *nested)
{
	for (size_t i = 0; i < nested->count; i++) {
		spillwatch_token_free(nested->found[i].token);
		free(nested->found[i].encoding);
	}
	nested->count = 0;
	nested->left = false;
}

void nested_reset(struct nested *nested)
{
	nested_forget(nested);
	nested->unpacked = 0;
}

void nested_close(struct nested *nested)
{
	if (!nested)
		return;
	nested_forget(nested);
	if (nested->inflates)
		inflateEnd(&nested->stream);
	finder_close(nested->inner);
	free(nested);
}

static int nested_inflate_begin(struct nested *nested)
{
	if (nested->inflates)
		return inflateReset(&nested->stream) == Z_OK ? 0 : -EINVAL;
	nested->stream = (z_stream){.zalloc = nested_calloc, .zfree = nested_free};
	/* gzip's header and none else */
	if (inflateInit2(&nested->stream, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	nested->inflates = true;
	return 0;
}

int nested_begin(struct nested *nested, const struct run *run, uint64_t read)
{
	const char *around = nested->outer ? nested->outer->within : "";

	nested->packed = run->kind == RUN_GZIP;
	if (nested->outermost == nested)
		nested->most = NESTED_BYTES + NESTED_RATIO * read;
	if (snprintf(nested->within, sizeof(nested->within), "%s%sbase64%s", around, *around ? ", " : "",
		     nested->packed ? ", gzip" : "") >= (int)sizeof(nested->within))
		return -EOVERFLOW;
	/* of what is encoded once, a token as it is has been found by who looks for forms */
	finder_begin(nested->inner, !nested->packed);
	return nested->packed ? nested_inflate_begin(nested) : 0;
}

/* What is packed in bytes[0, len). Returns as nested_feed(). */
static int nested_inflate(struct nested *nested, uint8_t *bytes, size_t len)
{
	struct nested *outermost = nested->outermost;
	z_stream *stream = &nested->stream;

	stream->next_in = bytes;
	stream->avail_in = (unsigned int)len;
	for (;;) {
		size_t room, got;
		uint8_t *to = finder_room(nested->inner, &room);
		int result, r;

		if (!room)
			return -ENOBUFS;
		stream->next_out = to;
		stream->avail_out = (unsigned int)room;
		result = inflate(stream, Z_NO_FLUSH);
		got = room - stream->avail_out;
		outermost->unpacked += got;
		r = got ? finder_push(nested->inner, got) : 0;
		if (r < 0)
			return r;
		if (outermost->unpacked > outermost->most)
			outermost->left = true;
		if (outermost->left)
			return 1;
		/* another one may follow: gzip's files can be put one behind the other */
		if (result == Z_STREAM_END && inflateReset(stream) != Z_OK)
			return -EINVAL;
		if (result == Z_MEM_ERROR)
			return -ENOMEM;
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return 1;
		if (!stream->avail_in && (got < room || result == Z_STREAM_END))
			return 0;
		if (result == Z_BUF_ERROR)
			return 1;
	}
}

static int nested_feed_packed(struct nested *nested, struct run *run, const uint8_t *bytes, size_t len,
			      bool whole, size_t *at)
{
	uint8_t piece[NESTED_PIECE];
	int r = 0;

	while (r == 0 && !run->ended) {
		size_t got = run_read(run, bytes, len, whole, at, piece, sizeof(piece));

		if (!got)
			break;
		r = nested_inflate(nested, piece, got);
	}
	explicit_bzero(piece, sizeof(piece));
	return r;
}

int nested_feed(struct nested *nested, struct run *run, const uint8_t *bytes, size_t len, bool whole,
		size_t *at)
{
	int r = 0;

	if (nested->packed)
		return nested_feed_packed(nested, run, bytes, len, whole, at);
	while (r == 0 && !run->ended) {
		size_t room, got;
		uint8_t *to = finder_room(nested->inner, &room);

		if (!room)
			return -ENOBUFS;
		got = run_read(run, bytes, len, whole, at, to, room);
		if (!got)
			break;
		r = finder_push(nested->inner, got);
		if (r == 0 && nested->outermost->left)
			r = 1;
	}
	return r;
}

int nested_end(struct nested *nested)
{
	return finder_end(nested->inner);
}

const struct nested_found *nested_found(const struct nested *nested, size_t *ret_count, bool *ret_left)
{
	*ret_count = nested->count;
	*ret_left = nested->left;
	return nested->found;
}
