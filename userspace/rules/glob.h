/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Patterns of names and paths: * ? [a-z] [!a-z], a backslash before what is meant as it stands, and in paths ** for any number
 * of directories. Compiled once; a match takes no memory, and time that grows with pattern times text at the worst, whatever either
 * holds: who writes chooses the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a pattern. */
#define GLOB_MAX 1024

/* Words of a set of hashes. */
#define GLOB_GRAMS 8

struct glob;

/* A text that patterns are tried on. Two texts that begin and end alike often differ in which three bytes stand together in them. */
struct glob_text {
	const char *text;
	size_t len;
	bool hashed; /* it was asked for */
	uint64_t grams[GLOB_GRAMS]; /* hashes of any three bytes in a row */
};

enum glob_kind {
	GLOB_TEXT, /* * and ? stand for any byte */
	GLOB_PATH, /* not for a slash: only ** does; "**" followed by a slash stands for nothing as well */
};

/*
 * glob_compile() - Returns 0 and *ret_glob (glob_free()), -ENOMEM, -E2BIG for one longer than GLOB_MAX, or -EINVAL and *ret_wrong:
 * the byte of the pattern where a '[' has no end, or a backslash nothing behind it.
 */
int glob_compile(const char *pattern, enum glob_kind kind, struct glob **ret_glob, size_t *ret_wrong);
void glob_free(struct glob *glob);

/* glob_match() - does all of the text match? Hashes it at the first pattern that needs that. */
bool glob_match(const struct glob *glob, struct glob_text *text);

/* glob_literal() - the only text that matches, and its length; NULL if there may be others. Borrowed. */
const char *glob_literal(const struct glob *glob, size_t *ret_len);
