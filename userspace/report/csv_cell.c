// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* report: cells of CSV; what stands in them is chosen by whoever names files. */
#include "report/csv_cell.h"

#include <stdbool.h>
#include <string.h>

void csv_cell(FILE *out, const char *text)
{
	bool formula = text && *text && strchr("=+-@\t\r", *text);

	if (!text)
		return;
	if (!formula && !strpbrk(text, ",\"\r\n'")) {
		fputs(text, out);
		return;
	}
	fputs(formula ? "\"'" : "\"", out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

void csv_cells(FILE *out, const char *const *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			fputc(',', out);
		csv_cell(out, cells[i]);
	}
	fputs("\r\n", out);
}
