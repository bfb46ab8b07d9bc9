// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report: texts are valid UTF-8 without control characters (detect/mask.h), but may be long, wide, or hold what
 * Unicode calls format characters, by which a path could look like another one.
 */
#include "report/layout.h"

#include "lib/deceive.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define LAYOUT_ELLIPSIS "…"

int layout_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = {0};

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return columns && atoi(columns) > 0 ? atoi(columns) : 80; /* NOLINT(cert-err34-c): bad is 80 */
}

/* https://no-color.org: any value but the empty one forbids colour. */
bool layout_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

/* One character: its bytes, and the columns it takes, or its escape. */
static size_t layout_next(const char *text, int *ret_columns, bool *ret_deceives)
{
	mbstate_t state = {0};
	wchar_t c;
	size_t len;
	int columns;

	/* nearly all are, and the locale takes its time for each */
	if (*text >= ' ' && *text <= '~') {
		*ret_deceives = false;
		*ret_columns = 1;
		return 1;
	}
	/* a terminal would obey these (C0, DEL, C1); a store that was tampered with may hold them */
	if ((uint8_t)*text < ' ' || *text == '\x7f')
		len = 1;
	else if ((uint8_t)text[0] == 0xc2 && (uint8_t)text[1] >= 0x80 && (uint8_t)text[1] < 0xa0)
		len = 2;
	else
		len = deceive_length(text, strnlen(text, MB_LEN_MAX));
	*ret_deceives = len;
	*ret_columns = len ? (int)len * DECEIVE_ESCAPE : 1;
	if (len)
		return len;
	len = mbrtowc(&c, text, MB_CUR_MAX, &state);
	if (len == 0 || len == (size_t)-1 || len == (size_t)-2)
		return 1;
	columns = wcwidth(c);
	*ret_columns = columns < 0 ? 1 : columns;
	return len;
}

int layout_columns(const char *text)
{
	int total = 0, columns;
	bool deceives;

	while (*text) {
		text += layout_next(text, &columns, &deceives);
		total += columns;
	}
	return total;
}

/* Appends what of the text lies in the columns [from, to). */
static char *layout_part(const char *text, int from, int to, char *out)
{
	int at = 0, columns;
	bool deceives;

	while (*text) {
		size_t len = layout_next(text, &columns, &deceives);

		if (at >= from && at + columns <= to)
			out = deceives ? deceive_escape(out, text, len) : mempcpy(out, text, len);
		at += columns;
		text += len;
	}
	return out;
}

int layout_fit(const char *text, int columns, char **ret_text)
{
	int total = layout_columns(text), head, tail;
	char *copy = malloc(strlen(text) * DECEIVE_ESCAPE + sizeof(LAYOUT_ELLIPSIS)), *end;

	if (!copy)
		return -ENOMEM;
	if (total <= columns) {
		end = layout_part(text, 0, total, copy);
	} else {
		head = columns > 0 ? (columns - 1) / 3 : 0;
		tail = columns > 0 ? columns - 1 - head : 0;
		end = layout_part(text, 0, head, copy);
		if (columns > 0)
			end = stpcpy(end, LAYOUT_ELLIPSIS);
		end = layout_part(text, total - tail, total, end);
	}
	*end = '\0';
	*ret_text = copy;
	return 0;
}

char *layout_number(uint64_t number, char text[LAYOUT_NUMBER])
{
	char digits[LAYOUT_NUMBER];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	char *to = text;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

char *layout_count(uint64_t number, const char *one, const char *many, char *text, size_t size)
{
	char digits[LAYOUT_NUMBER];

	snprintf(text, size, "%s %s", layout_number(number, digits), number == 1 ? one : many);
	return text;
}
