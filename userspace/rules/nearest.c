// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The distance of Damerau and Levenshtein, in the form that exchanges neighbours once. */
#include "rules/nearest.h"

#include <string.h>

#define NEAREST_MAX 40

static size_t nearest_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t nearest_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t table[NEAREST_MAX + 1][NEAREST_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		for (size_t j = 0; j <= b_len; j++) {
			size_t least;

			if (!i || !j) {
				table[i][j] = i + j;
				continue;
			}
			least = nearest_least(table[i - 1][j], table[i][j - 1]) + 1;
			least = nearest_least(least, table[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				least = nearest_least(least, table[i - 2][j - 2] + 1);
			table[i][j] = least;
		}
	return table[a_len][b_len];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
	size_t len = strlen(word), best = NEAREST_MAX;
	const char *nearest = NULL;

	if (!len || len > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(words[i]);
		size_t distance =
			other > NEAREST_MAX ? NEAREST_MAX : nearest_distance(word, len, words[i], other);
		/* a third of it anew, or more, is another word */
		size_t most = nearest_least(3, (len > other ? len : other) / 3);

		if (distance <= most && distance < best) {
			best = distance;
			nearest = words[i];
		}
	}
	return nearest;
}
