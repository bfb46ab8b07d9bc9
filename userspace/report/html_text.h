/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text inside HTML. */
#pragma once

#include <stdint.h>
#include <stdio.h>

/*
 * html_text() - escaped, for an element's content or a quoted attribute. What would turn the direction of writing becomes
 * U+FFFD. NULL is nothing.
 */
void html_text(FILE *out, const char *text);

/* html_cell_number(), html_cell_time() - table cells that sort by their value. */
void html_cell_number(FILE *out, uint64_t number);
void html_cell_time(FILE *out, int64_t time);
