// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See generate.h: pieces of tokens, whole ones, changed ones, and filler of many alphabets. */
#include "generate.h"

#include "token_maker.h"

static const char *const generate_fillers[] = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
	"A",
	"0123456789",
	".",
	".A",
	"dt0c1.",
	"abcdefghij klmnop\n",
	"/:;<=>?@[`{",
	"dt0c01.ABCDEFGHIJKL",
	"\x80\xff\xae\xb0\xda",
};

static size_t generate_token(uint8_t *to, size_t room, uint64_t *state)
{
	struct maker_token token = maker_token(maker_next(state));
	char text[2 * MAKER_TOKEN_LEN];
	size_t len = MAKER_TOKEN_LEN, from = 0;
	uint64_t kind = maker_next(state) % 12;

	memcpy(text, token.text, sizeof(token.text));
	if (kind < 3) {
		/* the 8.64 family */
		memmove(text + 15, text + MAKER_IDENTIFIER_LEN, MAKER_SECRET_LEN + 2);
		len -= 16;
	}
	if (kind == 4) /* one byte changed, anywhere */
		text[maker_next(state) % len] = "Aa0.9Zz@[/: \x80"[maker_next(state) % 13];
	if (kind == 5) { /* one byte lost: public of 23, secret of 63, no dot */
		size_t lost = maker_next(state) % len;

		memmove(text + lost, text + lost + 1, len - lost - 1);
		len--;
	}
	if (kind == 6) { /* one byte too many in the public portion */
		memmove(text + 11, text + 10, len - 10);
		len++;
	}
	if (kind == 7) /* only its end */
		from = maker_next(state) % len;
	if (kind == 8) /* only its beginning */
		len = 1 + maker_next(state) % len;
	if (kind == 9) { /* longer than it should be */
		memset(text + len, 'Q', 16);
		len += 16;
	}
	len -= from;
	if (len > room)
		len = room;
	memcpy(to, text + from, len);
	return len;
}

void generate_text(uint8_t *bytes, size_t len, uint64_t *state)
{
	size_t at = 0;

	while (at < len) {
		const char *filler;
		size_t count, alphabet;

		if (maker_next(state) % 3) {
			at += generate_token(bytes + at, len - at, state);
			continue;
		}
		filler = generate_fillers[maker_next(state) % (sizeof(generate_fillers) / sizeof(char *))];
		alphabet = strlen(filler);
		count = maker_next(state) % 80;
		for (size_t i = 0; i < count && at < len; i++)
			bytes[at++] = (uint8_t)filler[maker_next(state) % alphabet];
	}
}

void generate_wide(uint8_t *bytes, size_t len, uint64_t *state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz-";
	static const uint8_t lengths[] = {7, 8, 9, 24, 25, 127, 128, 129};
	uint8_t text[300];

	for (uint64_t count = maker_next(state) % 4; count; count--) {
		size_t public_len =
			maker_next(state) % 2 ? lengths[maker_next(state) % 8] : maker_next(state) % 132;
		size_t secret_len = maker_next(state) % 4 ? 64 : 60 + maker_next(state) % 8, at = 7, place;

		memcpy(text, maker_next(state) % 3 ? "dt0c01." : "dt0s12.", 7);
		for (size_t i = 0; i < public_len; i++)
			text[at++] = (uint8_t)letters[maker_next(state) % (sizeof(letters) - 1)];
		text[at++] = '.';
		for (size_t i = 0; i < secret_len; i++)
			text[at++] = (uint8_t)letters[maker_next(state) % 36];
		/* now and then one byte is another one */
		if (maker_next(state) % 4 == 0)
			text[maker_next(state) % at] = (uint8_t)maker_next(state);
		place = len ? maker_next(state) % len : 0;
		memcpy(bytes + place, text, at < len - place ? at : len - place);
	}
}
