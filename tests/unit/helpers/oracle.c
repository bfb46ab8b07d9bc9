// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See oracle.h. Written without a look at token_search.h, on purpose. */
#include "oracle.h"

#include <stdbool.h>

static bool oracle_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool oracle_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool oracle_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool oracle_portion(const uint8_t *bytes, size_t len, size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (at + i >= len || !(oracle_upper(bytes[at + i]) || oracle_digit(bytes[at + i])))
			return false;
	return true;
}

static size_t oracle_shape(const uint8_t *bytes, size_t len, size_t at, size_t public_len)
{
	size_t secret = at + 7 + public_len + 1;

	if (secret + 64 > len)
		return 0;
	if (bytes[at] != 'd' || bytes[at + 1] != 't' || bytes[at + 2] != '0')
		return 0;
	if (!oracle_upper(bytes[at + 3]) && !oracle_lower(bytes[at + 3]))
		return 0;
	if (!oracle_digit(bytes[at + 4]) || !oracle_digit(bytes[at + 5]) || bytes[at + 6] != '.')
		return 0;
	if (!oracle_portion(bytes, len, at + 7, public_len) || bytes[secret - 1] != '.')
		return 0;
	return oracle_portion(bytes, len, secret, 64) ? secret + 64 - at : 0;
}

size_t oracle_at(const uint8_t *bytes, size_t len, size_t at)
{
	size_t found = oracle_shape(bytes, len, at, 24);

	return found ? found : oracle_shape(bytes, len, at, 8);
}

size_t oracle_next(const uint8_t *bytes, size_t len, size_t from)
{
	for (; from < len; from++)
		if (oracle_at(bytes, len, from))
			return from;
	return len;
}
