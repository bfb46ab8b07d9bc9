/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ways to write a byte so that people and programs can still read it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * escapes_read() - the byte that text[0, len) begins with, if it is written as %41, %u0041, \x41, \u0041, \u{41}, \U00000041, \101,
 * \0101, &#65; or &#x41;, where a backslash may be escaped itself, and so may the others (%2541, &amp;#65;), three times. Returns how long
 * the escape is; 0 if there is none, or none of one byte.
 */
size_t escapes_read(const uint8_t *text, size_t len, uint8_t *ret_byte);

/* escapes_again() - of text[0, len), that begins with an ampersand: where that stops being escaped itself. */
size_t escapes_again(const uint8_t *text, size_t len);

/* escapes_digit() - the value of a hexadecimal digit, or 16. */
static inline unsigned int escapes_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10U : 16;
}

/* escapes_begin() - may an escape begin with that byte? */
static inline bool escapes_begin(uint8_t byte)
{
	return byte == '%' || byte == '\\' || byte == '&';
}
