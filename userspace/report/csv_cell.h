/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cell of CSV. */
#pragma once

#include <stdio.h>

/*
 * csv_cell() - quoted by RFC 4180 where needed; what a spreadsheet would take for a formula gets an apostrophe in front
 * (https://owasp.org/www-community/attacks/CSV_Injection). NULL is an empty cell.
 */
void csv_cell(FILE *out, const char *text);

/* csv_cells() - a line of them, with its end. */
void csv_cells(FILE *out, const char *const *cells, size_t count);
