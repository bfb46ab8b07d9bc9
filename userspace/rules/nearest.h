/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which known word somebody may have meant. */
#pragma once

#include <stddef.h>

/*
 * nearest_word() - the one of `count` words that takes the fewest changes of a letter (one left out, put in, changed, or two
 * exchanged); NULL if even that would be another word. Returns one of `words`.
 */
const char *nearest_word(const char *word, const char *const *words, size_t count);
