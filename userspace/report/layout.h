/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text in the columns of a terminal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* layout_width() - columns of the terminal that a descriptor is; 0 if it is none. */
int layout_width(int fd);

/* layout_colour() - may it get colour? (a terminal, and no NO_COLOR) */
bool layout_colour(int fd);

/* layout_columns() - how many columns a text takes that layout_fit() has left whole. Needs a UTF-8 LC_CTYPE; else a byte is a column. */
int layout_columns(const char *text);

/*
 * layout_fit() - a copy that takes at most `columns`; what is too long loses its middle to a "…" and keeps more of its
 * end, which of a path says X the direction of writing become "?".
 * Returns 0 and *ret_text (malloc'ed), or -ENOMEM.
 */
int layout_fit(const char *text, int columns, char **ret_text);

/* Room for layout_number()'s text. */
#define LAYOUT_NUMBER 32

/* layout_number() - "1,234,567". Returns text. */
char *layout_number(uint64_t number, char text[LAYOUT_NUMBER]);

/* layout_count() - "1 file", "1,234 files". Returns text, of `size` bytes. */
char *layout_count(uint64_t number, const char *one, const char *many, char *text, size_t size);
