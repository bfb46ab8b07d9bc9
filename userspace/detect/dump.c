// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * a pair's end → what may stand between two → the next pair, or a line's end → an offset → the next pair.
 *
 * What a line shows as text may look like digits, and a wide gap may be in the middle of the digits. So text is what stands at the line's
 * end, is as long as the digits say, and has the bytes that are known.
 */
#include "detect/dump.h"

#include "detect/escapes.h"

#include <string.h>

/* From a pair to the end of its line there is not more: what xxd -c 256 writes there. */
#define DUMP_LINE 1024
/* Nor more before a line's offset. */
#define DUMP_INDENT 128
/* Nor more between two pairs. */
#define DUMP_BETWEEN 8
/* An offset's digits. */
#define DUMP_OFFSET_MIN 4
#define DUMP_OFFSET_MAX 16

static bool dump_has(struct dump_text *text, size_t at)
{
	if (at < text->len)
		return true;
	text->more |= text->open;
	return false;
}

static bool dump_is(struct dump_text *text, size_t at, uint8_t byte)
{
	return dump_has(text, at) && text->bytes[at] == byte;
}

static bool dump_is_digit(struct dump_text *text, size_t at)
{
	return dump_has(text, at) && escapes_digit(text->bytes[at]) < 16;
}

static bool dump_is_pair(struct dump_text *text, size_t at)
{
	return dump_is_digit(text, at) && dump_is_digit(text, at + 1);
}

static bool dump_is_blank(struct dump_text *text, size_t at)
{
	return dump_is(text, at, ' ') || dump_is(text, at, '\t');
}

/* Do blanks begin there as before a line's text? One of openssl's has a hyphen behind its first half. */
static bool dump_is_gap(struct dump_text *text, size_t at)
{
	return (dump_is_blank(text, at) || dump_is(text, at, '-')) && dump_is_blank(text, at + 1);
}

/* Behind "0x", if that stands there. */
static size_t dump_number(struct dump_text *text, size_t at)
{
	return dump_is(text, at, '0') && (dump_is(text, at + 1, 'x') || dump_is(text, at + 1, 'X')) ? at + 2
												    : at;
}

/* Behind blanks and what else may stand between two pairs. */
static size_t dump_skip(struct dump_text *text, size_t at)
{
	size_t next = at;

	while (next - at < DUMP_BETWEEN &&
	       (dump_is_blank(text, next) || dump_is(text, next, ',') || dump_is(text, next, ':') ||
		dump_is(text, next, ';') || dump_is(text, next, '-')))
		next++;
	return next;
}

/* The next pair in the line; `at` if there is none. */
static size_t dump_between(struct dump_text *text, size_t at)
{
	size_t next = dump_number(text, dump_skip(text, at));

	return dump_is_pair(text, next) ? next : at;
}

static size_t dump_digits(struct dump_text *text, size_t at)
{
	size_t next = at;

	while (next - at <= DUMP_OFFSET_MAX && dump_is_digit(text, next))
		next++;
	return next - at;
}

/* Behind the offset that a line begins with, which is marked as one, or of another length than what follows; `at` if it has none. */
static size_t dump_offset(struct dump_text *text, size_t at)
{
	size_t digits, end, next;

	next = dump_number(text, at);
	digits = dump_digits(text, next);
	end = next + digits;
	if (digits < DUMP_OFFSET_MIN || digits > DUMP_OFFSET_MAX)
		return at;
	if (dump_is(text, end, ':') && dump_is_blank(text, end + 1))
		return end + 1;
	next = dump_skip(text, end);
	if (next == end)
		return at;
	digits = dump_digits(text, dump_number(text, next));
	return digits && digits != end - dump_number(text, at) ? end : at;
}

/* The first pair of a line that begins at `at`; SIZE_MAX: there is none. */
static size_t dump_first(struct dump_text *text, size_t at)
{
	size_t most = at + DUMP_INDENT, offset;

	while (at < most && dump_is_blank(text, at))
		at++;
	offset = text->plain ? at : dump_offset(text, at);
	text->offset |= offset != at;
	at = dump_between(text, offset);
	return dump_is_pair(text, at) ? at : SIZE_MAX;
}

/* The end of the line; SIZE_MAX if it is not there. */
static size_t dump_line_end(struct dump_text *text, size_t at)
{
	size_t left = text->len - at, most = left < DUMP_LINE ? left : DUMP_LINE;
	const uint8_t *newline = memchr(text->bytes + at, '\n', most);

	if (newline)
		return (size_t)(newline - text->bytes);
	if (most == DUMP_LINE)
		return SIZE_MAX;
	text->more |= text->open;
	return text->open ? SIZE_MAX : text->len;
}

/* Where the text is that ends at `end` and may begin at `from`, of bytes of which so many more follow; 0: nowhere. */
static size_t dump_shown(const struct dump_text *text, size_t from, size_t end, const struct dump_line *line,
			 size_t rest)
{
	static const char quotes[] = "||><";
	size_t len = line->count + rest;

	for (const char *quote = quotes; *quote && end - from > 1; quote += 2) {
		if (text->bytes[from] != (uint8_t)quote[0] || text->bytes[end - 1] != (uint8_t)quote[1])
			continue;
		from++;
		end--;
		break;
	}
	return end - from >= len && memcmp(text->bytes + end - len, line->bytes, line->count) == 0 ? end - len
												   : 0;
}

/* @ret_rest: bytes of the line behind those that are known; @ret_end: of the line */
static void dump_find_column(struct dump_text *text, size_t at, struct dump_line *line, size_t *ret_rest,
			     size_t *ret_end)
{
	size_t end = dump_line_end(text, at), next = at;

	line->column = 0;
	*ret_end = end;
	if (end == SIZE_MAX || !line->count)
		return;
	end -= end > at && text->bytes[end - 1] == '\r';
	/* the last gap that fits: those before it are in the middle of the digits */
	for (size_t rest = 0;; rest++) {
		size_t gap = next + 2, shown = 0;

		if (gap < end && dump_is_gap(text, next)) {
			while (gap < end && dump_is_blank(text, gap))
				gap++;
			shown = dump_shown(text, gap, end, line, rest);
		}
		if (shown) {
			line->column = shown;
			*ret_rest = rest;
		}
		next = dump_is_pair(text, next) ? next : dump_between(text, next);
		if (next + 2 > end || !dump_is_pair(text, next))
			return;
		next += 2;
	}
}

void dump_column(struct dump_text *text, size_t at, struct dump_line *line)
{
	size_t rest, end;

	dump_find_column(text, at, line, &rest, &end);
}

size_t dump_next(struct dump_text *text, size_t at, struct dump_line *line)
{
	size_t next = dump_between(text, at), rest = 0, end = 0;

	line->column = 0;
	line->ended = false;
	if (dump_is_gap(text, at))
		dump_find_column(text, at, line, &rest, &end);
	if (rest)
		line->column = 0;
	if (!line->column) {
		if (next != at)
			return next;
		end = dump_skip(text, at);
		end += dump_is(text, end, '\r');
		if (!dump_is(text, end, '\n'))
			return at;
	}
	next = dump_first(text, end + 1);
	if (next == SIZE_MAX)
		return at;
	line->ended = true;
	return next;
}
