// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report → HTML: whoever names files and programs chooses these texts. Invariant: nothing of them ends an element, an
 * attribute or a comment; html.c puts them nowhere else.
 */
#include "report/html_text.h"

#include "lib/deceive.h"
#include "report/layout.h"
#include "lib/period.h"

#include <inttypes.h>
#include <string.h>

static const char *html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '`':
		return "&#96;";
	default:
		return NULL;
	}
}

void html_text(FILE *out, const char *text)
{
	while (text && *text) {
		size_t deceives = deceive_length(text, strlen(text));
		const char *entity = html_entity(*text);

		if (deceives)
			fputs("&#xFFFD;", out);
		else if (entity)
			fputs(entity, out);
		else
			fputc(*text, out);
		text += deceives ? deceives : 1;
	}
}

void html_cell_number(FILE *out, uint64_t number)
{
	char text[LAYOUT_NUMBER];

	fprintf(out, "<td class=\"n\" data-v=\"%" PRIu64 "\">%s</td>", number, layout_number(number, text));
}

void html_cell_time(FILE *out, int64_t time)
{
	char text[PERIOD_TEXT], utc[PERIOD_TEXT];

	/* the day is what a narrow column keeps together */
	period_human(time, text);
	fprintf(out,
		"<td class=\"t\" data-v=\"%" PRId64 "\"><time datetime=\"%s\"><span>%.10s</span> "
		"<span>%s</span></time></td>",
		time, period_utc(time, utc), text, strlen(text) > 11 ? text + 11 : "");
}
