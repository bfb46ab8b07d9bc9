// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* report: cells of CSV; what stands in them is chosen by whoever names files. */
#include "report/csv_cell.h"

#include "lib/deceive.h"

#include <stdbool.h>
#include <string.h>

void csv_cell(FILE *out, const char *text)
{
	bool formula = text && *text && strchr("=+-@\t\r", *text);
	bool quoted = text && (formula || strpbrk(text, ",\"\r\n'"));
	size_t len = text ? strlen(text) : 0;

	if (quoted)
		fputs(formula ? "\"'" : "\"", out);
	while (len) {
		char shown[4 * DECEIVE_ESCAPE] = "";
		size_t deceives = deceive_length(text, len), count = deceives ? deceives : 1;

		if (deceives) {
			const char *end = deceive_escape(shown, text, deceives);

			fwrite(shown, 1, (size_t)(end - shown), out);
		} else {
			fputs((const char[]){*text, *text == '"' ? '"' : '\0', '\0'}, out);
		}
		text += count;
		len -= count;
	}
	if (quoted)
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
