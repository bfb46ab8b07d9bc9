// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* detect: escapes, as URLs, JSON, C, Python, printf(1) and HTML have them. */
#include "detect/escapes.h"

#include <string.h>

/* Longer numbers are nobody's. */
#define ESCAPES_DIGITS 8

/* An escape whose first character is escaped itself is read so often. */
#define ESCAPES_AGAIN 3

/* What is read from, and how far. */
struct escapes {
	const uint8_t *text;
	size_t len, at;
	uint32_t value;
};

static bool escapes_is(const struct escapes *escapes, uint8_t byte)
{
	return escapes->at < escapes->len && escapes->text[escapes->at] == byte;
}

static bool escapes_take(struct escapes *escapes, uint8_t byte)
{
	if (!escapes_is(escapes, byte))
		return false;
	escapes->at++;
	return true;
}

/* A number of as many digits as there are, up to `most`; false, and nothing is taken, if they are fewer than `least`. */
static bool escapes_number(struct escapes *escapes, unsigned int base, size_t least, size_t most)
{
	size_t at = escapes->at, count = 0;
	uint32_t value = 0;

	for (; count < most && at < escapes->len; count++, at++) {
		unsigned int digit = escapes_digit(escapes->text[at]);

		if (digit >= base)
			break;
		value = value * base + digit;
	}
	if (count < least)
		return false;
	escapes->at = at;
	escapes->value = value;
	return true;
}

/* One of exactly so many. */
static bool escapes_fixed(struct escapes *escapes, unsigned int base, size_t count)
{
	return escapes_number(escapes, base, count, count);
}

/* In a URL that is a part of another one, "%2E" is "%252E". */
static void escapes_percent_again(struct escapes *escapes)
{
	for (size_t i = 0; i < ESCAPES_AGAIN; i++) {
		struct escapes again = *escapes;

		if (!escapes_take(&again, '2') || !escapes_take(&again, '5'))
			return;
		escapes->at = again.at;
		if (!escapes_fixed(&again, 16, 2)) {
			escapes->at -= 2;
			return;
		}
	}
}

static bool escapes_percent(struct escapes *escapes)
{
	escapes_percent_again(escapes);
	return escapes_take(escapes, 'u') ? escapes_fixed(escapes, 16, 4) : escapes_fixed(escapes, 16, 2);
}

/* Three octal digits are C's; behind a 0 they are the builtin printf's %b. */
static bool escapes_octal(struct escapes *escapes)
{
	struct escapes four = *escapes;

	if (escapes_is(escapes, '0') && escapes_fixed(&four, 8, 4) && four.value <= 0xff) {
		*escapes = four;
		return true;
	}
	return escapes_fixed(escapes, 8, 3);
}

static bool escapes_backslash(struct escapes *escapes)
{
	while (escapes_take(escapes, '\\'))
		;
	if (escapes_take(escapes, 'x'))
		return escapes_fixed(escapes, 16, 2);
	if (escapes_take(escapes, 'U'))
		return escapes_fixed(escapes, 16, 8);
	if (!escapes_take(escapes, 'u'))
		return escapes_octal(escapes);
	if (!escapes_take(escapes, '{'))
		return escapes_fixed(escapes, 16, 4);
	return escapes_number(escapes, 16, 1, ESCAPES_DIGITS) && escapes_take(escapes, '}');
}

size_t escapes_again(const uint8_t *text, size_t len)
{
	static const char amp[] = "amp;";
	size_t at = 1;

	for (size_t i = 0; i < ESCAPES_AGAIN && len - at >= sizeof(amp) - 1; i++, at += sizeof(amp) - 1)
		if (memcmp(text + at, amp, sizeof(amp) - 1) != 0)
			break;
	return at;
}

static bool escapes_reference(struct escapes *escapes)
{
	bool hex;

	/* HTML in HTML */
	escapes->at = escapes_again(escapes->text, escapes->len);
	if (!escapes_take(escapes, '#'))
		return false;
	hex = escapes_take(escapes, 'x') || escapes_take(escapes, 'X');
	return escapes_number(escapes, hex ? 16 : 10, 1, ESCAPES_DIGITS) && escapes_take(escapes, ';');
}

size_t escapes_read(const uint8_t *text, size_t len, uint8_t *ret_byte)
{
	struct escapes escapes = {.text = text, .len = len};
	bool read = false;

	if (escapes_take(&escapes, '%'))
		read = escapes_percent(&escapes);
	else if (escapes_take(&escapes, '&'))
		read = escapes_reference(&escapes);
	else if (escapes_is(&escapes, '\\'))
		read = escapes_backslash(&escapes);
	if (!read || escapes.value > 0xff)
		return 0;
	*ret_byte = (uint8_t)escapes.value;
	return escapes.at;
}
