// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See globs.h. It shares nothing with rules/glob.c but the description. */
#include "globs.h"

#include "token_maker.h"

/* Behind a set that begins at *pattern == '['; NULL: it has no end. *ret_in: is the byte in it? */
static const char *globs_set(const char *pattern, bool path, char byte, bool *ret_in)
{
	bool negated = pattern[1] == '!' || pattern[1] == '^', in = false;
	const char *at = pattern + 1 + negated;

	for (bool first = true; first || *at != ']'; first = false) {
		unsigned char from, to;

		if (*at == '\\')
			at++;
		if (!*at)
			return NULL;
		from = to = (unsigned char)*at++;
		if (at[0] == '-' && at[1] && at[1] != ']') {
			at++;
			if (*at == '\\')
				at++;
			if (!*at)
				return NULL;
			to = (unsigned char)*at++;
		}
		in |= from <= (unsigned char)byte && (unsigned char)byte <= to;
		if (!*at)
			return NULL;
	}
	*ret_in = in != negated && !(path && byte == '/');
	return at + 1;
}

bool globs_valid(const char *pattern)
{
	bool in;

	while (*pattern) {
		if (*pattern == '[') {
			pattern = globs_set(pattern, false, 'a', &in);
			if (!pattern)
				return false;
		} else if (*pattern++ == '\\' && !*pattern++) {
			return false;
		}
	}
	return true;
}

/* start: the pattern stands at the beginning of a name of a path */
static bool globs_try(const char *pattern, bool path, bool start, const char *text)
{
	const char *behind;
	bool in;

	if (!*pattern)
		return !*text;
	if (*pattern == '*') {
		size_t stars = 0;

		while (pattern[stars] == '*')
			stars++;
		if (path && stars > 1 && start && pattern[stars] == '/') {
			/* no directory, or some */
			if (globs_try(pattern + stars + 1, path, true, text))
				return true;
			for (; *text; text++)
				if (*text == '/' && globs_try(pattern + stars + 1, path, true, text + 1))
					return true;
			return false;
		}
		for (;; text++) {
			if (globs_try(pattern + stars, path, false, text))
				return true;
			if (!*text || (path && stars == 1 && *text == '/'))
				return false;
		}
	}
	if (!*text)
		return false;
	if (*pattern == '?')
		return !(path && *text == '/') && globs_try(pattern + 1, path, false, text + 1);
	if (*pattern == '[') {
		behind = globs_set(pattern, path, *text, &in);
		return in && globs_try(behind, path, false, text + 1);
	}
	if (*pattern == '\\')
		pattern++;
	return *pattern == *text && globs_try(pattern + 1, path, *pattern == '/', text + 1);
}

bool globs_oracle(const char *pattern, bool path, const char *text)
{
	return globs_try(pattern, path, true, text);
}

void globs_random(uint64_t *random, const char *letters, size_t count, char *text, size_t size)
{
	size_t len = maker_next(random) % size;

	for (size_t i = 0; i < len; i++)
		text[i] = letters[maker_next(random) % count];
	text[len] = '\0';
}
