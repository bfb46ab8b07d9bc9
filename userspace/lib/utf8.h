/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is UTF-8. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* utf8_length() - of the valid character at bytes (RFC 3629, section 4), of which there are len, one at least; 0 if there is none. */
static inline size_t utf8_length(const uint8_t *bytes, size_t len)
{
	uint8_t first = bytes[0], low = 0x80, high = 0xbf;
	size_t count;

	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		count = 2;
	else if (first >= 0xe0 && first <= 0xef)
		count = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		count = 4;
	else
		return 0;
	if (len < count)
		return 0;
	/* no overlong forms, no surrogates, nothing past U+10FFFF */
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < count; i++)
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	return count;
}

/* utf8_cut() - bytes of text[0, most) that are left, where text[most] is there, if no character is cut in two. */
static inline size_t utf8_cut(const char *text, size_t most)
{
	while (most && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}
