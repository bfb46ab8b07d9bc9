// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Any text, also as base64, packed by gzip and once more as base64: the same is told in one piece and in many. */
#include "scan/finder.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define INPUT_MAX 2048
#define TEXT_MAX (4 * INPUT_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pieces {
	const uint8_t *bytes;
	size_t len, at, most;
};

static ssize_t pieces_pull(void *source, void *to, size_t room)
{
	struct pieces *pieces = source;
	size_t len = pieces->len - pieces->at;

	len = len < pieces->most ? len : pieces->most;
	len = len < room ? len : room;
	memcpy(to, pieces->bytes + pieces->at, len);
	pieces->at += len;
	return (ssize_t)len;
}

static void seen_text(uint64_t *seen, const char *text)
{
	for (; *text; text++)
		*seen = *seen * 1099511628211 + (unsigned char)*text;
}

/* In whichever order: of what lies in each other it is not said. */
static int seen_token(void *context, const struct spillwatch_token *token, const struct finder_place *place)
{
	uint64_t seen = place->offset * 31 + place->line * 7 + place->column * 5 + place->allowed,
		 *all = context;

	seen_text(&seen, spillwatch_token_identifier(token));
	seen_text(&seen, place->encoding ? place->encoding : "");
	*all += seen;
	return 0;
}

static uint64_t look(const uint8_t *bytes, size_t len, size_t most)
{
	/* one for all: its windows are large, and nothing of a text is left for the next one */
	static struct finder *finder;
	static uint64_t seen;
	struct pieces pieces = {.bytes = bytes, .len = len, .most = most};
	uint64_t read;

	if (!finder && finder_open(&(struct finder_use){.context = &seen, .token = seen_token}, &finder) < 0)
		abort();
	seen = 0;
	if (finder_read(finder, pieces_pull, &pieces, &read) != 0 || read != len)
		abort();
	return seen;
}

static size_t base64(uint8_t *bytes, size_t len)
{
	static const char six[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t from[TEXT_MAX + 2] = {0};
	size_t out = 0;

	memcpy(from, bytes, len);
	for (size_t i = 0; i < len && out + 4 <= TEXT_MAX; i += 3) {
		unsigned int held =
			(unsigned int)from[i] << 16 | (unsigned int)from[i + 1] << 8 | from[i + 2];

		for (size_t k = 0; k < 4; k++)
			bytes[out++] = (uint8_t)six[held >> (18 - 6 * k) & 63];
	}
	return out;
}

static size_t gzip(uint8_t *bytes, size_t len)
{
	uint8_t from[TEXT_MAX];
	z_stream stream = {
		.next_in = from, .avail_in = (unsigned int)len, .next_out = bytes, .avail_out = TEXT_MAX};

	memcpy(from, bytes, len);
	if (deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	deflate(&stream, Z_FINISH);
	deflateEnd(&stream);
	return stream.total_out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t text[TEXT_MAX];
	size_t len, most;
	unsigned int how;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	how = data[0];
	most = 20 + data[1] * 9UL;
	len = size - 2;
	memcpy(text, data + 2, len);
	/* two bits for each thing that is done to it */
	for (; how; how >>= 2)
		len = (how & 3) == 3 ? gzip(text, len) : how & 3 ? base64(text, len) : len;
	if (look(text, len, len + 1) != look(text, len, most))
		abort();
	return 0;
}
