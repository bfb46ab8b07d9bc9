// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* lib: which characters deceive. */
#include "lib/deceive.h"

#include "lib/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Unicode's DerivedCoreProperties.txt, Default_Ignorable_Code_Point, and lines, paragraphs and annotations. */
static const struct {
	uint32_t first, last;
} deceive_ranges[] = {
	{0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
	{0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
	{0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

/* The number of a valid character of len bytes, 2 at least. */
static uint32_t deceive_point(const char *bytes, size_t len)
{
	uint32_t point = (uint8_t)bytes[0] & (0x7fU >> len);

	for (size_t i = 1; i < len; i++)
		point = point << 6 | ((uint8_t)bytes[i] & 0x3f);
	return point;
}

size_t deceive_length(const char *text, size_t len)
{
	size_t count;
	uint32_t point;

	if (!len || !((uint8_t)*text & 0x80))
		return 0;
	count = utf8_length((const uint8_t *)text, len);
	if (!count)
		return 0;
	point = deceive_point(text, count);
	for (size_t i = 0; i < sizeof(deceive_ranges) / sizeof(*deceive_ranges); i++)
		if (point >= deceive_ranges[i].first && point <= deceive_ranges[i].last)
			return count;
	return 0;
}

static char *deceive_digits(char *to, uint32_t number, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	while (count--)
		*to++ = digits[number >> 4 * count & 15];
	return to;
}

char *deceive_escape(char *to, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		*to++ = '\\';
		*to++ = 'x';
		to = deceive_digits(to, (uint8_t)bytes[i], 2);
	}
	return to;
}

char *deceive_shown(const char *text)
{
	size_t len = strlen(text), extra = 0;
	char *shown, *to;

	for (size_t at = 0; at < len; at++)
		extra += deceive_length(text + at, len - at) * (DECEIVE_ESCAPE - 1);
	shown = to = malloc(len + extra + 1);
	if (!shown)
		return NULL;
	for (size_t at = 0; at < len;) {
		size_t deceives = deceive_length(text + at, len - at);

		if (deceives)
			to = deceive_escape(to, text + at, deceives);
		else
			*to++ = text[at];
		at += deceives ? deceives : 1;
	}
	*to = '\0';
	return shown;
}

static char *deceive_json_unit(char *to, uint32_t unit)
{
	*to++ = '\\';
	*to++ = 'u';
	return deceive_digits(to, unit, 4);
}

char *deceive_json(char *to, const char *bytes, size_t len)
{
	uint32_t point = deceive_point(bytes, len);

	if (point < 0x10000)
		return deceive_json_unit(to, point);
	point -= 0x10000;
	to = deceive_json_unit(to, 0xd800 + (point >> 10));
	return deceive_json_unit(to, 0xdc00 + (point & 0x3ff));
}
