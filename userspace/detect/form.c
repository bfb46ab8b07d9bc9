// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * a place → how a token begins in some form → byte by byte, as long as they can be of one → a token, or the beginning of one.
 *
 * Invariants: the bytes that a form stands for are a token as detect/wide.h has it, or its beginning; whatever comes behind a text that is
 * not FORM_MORE, the result is the same.
 *
 * Limits: where a token goes on in another line or in CRI's next record and is cut there, fewer than MASK_FRAGMENT_LEN characters of it
 * are taken for another's. Which stream one of CRI's records is of stands 16 KiB before its end, too far away: so the next one is taken
 * for its own, and if that makes no token, for the other stream's. What this takes, only who comes to such a place pays.
 */
#include "detect/form.h"

#include "detect/dump.h"
#include "detect/escapes.h"
#include "detect/mask.h"
#include "token_search.h"

#include <endian.h>
#include <string.h>

/* Between two bytes of a token there is not more than this: control sequences, backslashes, an indentation. */
#define FORM_BETWEEN 128
/* Behind the backslashes an escape is not longer: u{ and 8 digits, then a brace. */
#define FORM_ESCAPE 12
/* What stands between the texts of two records, and in one of CRI's the tags. */
#define FORM_SEAM 200
/* "out" or "err" */
#define FORM_STREAM 3
#define FORM_TAGS 32
/* Lines that are wrapped are not longer. */
#define FORM_LINE 400
/* Those that are of no usual length, and wrapped as the one before or behind tells, have so many columns or more. */
#define FORM_COLUMNS 16
_Static_assert(FORM_LINE < FORM_BEFORE && FORM_BETWEEN < FORM_BEFORE, "all that is asked for");
_Static_assert(ENCODED_MAX_LEN <= UINT16_MAX, "places in a form");

/* Which first byte of a form goes with which second one; a line may end between them. */
enum {
	FORM_D = 1,
	FORM_Z = 2,
	FORM_R = 4,
	FORM_K = 8,
	FORM_6 = 16,
	FORM_PERCENT = 32,
	FORM_REFERENCE = 64,
	FORM_BACKSLASH = 128,
	FORM_LINES = FORM_Z | FORM_R | FORM_K | FORM_6,
};

static const uint8_t form_firsts[256] = {
	['d'] = FORM_D,       ['Z'] = FORM_Z,         ['R'] = FORM_R,
	['k'] = FORM_K,       ['6'] = FORM_6,         ['%'] = FORM_PERCENT,
	['='] = FORM_PERCENT, ['&'] = FORM_REFERENCE, ['\\'] = FORM_BACKSLASH,
};

static const uint8_t form_seconds[256] = {
	['t'] = FORM_D,
	['\0'] = FORM_D,
	[0x1b] = FORM_D,
	['='] = FORM_D,
	['"'] = FORM_D,
	['%'] = FORM_D,
	['&'] = FORM_D,
	['\n'] = FORM_D | FORM_LINES,
	['\r'] = FORM_D | FORM_LINES,
	['\\'] = FORM_D | FORM_LINES | FORM_BACKSLASH,
	['H'] = FORM_Z,
	['d'] = FORM_K,
	['0'] = FORM_R | FORM_BACKSLASH,
	['1'] = FORM_BACKSLASH,
	['4'] = FORM_6,
	['6'] = FORM_PERCENT,
	['2'] = FORM_PERCENT,
	['a'] = FORM_REFERENCE,
	['u'] = FORM_PERCENT | FORM_BACKSLASH,
	['x'] = FORM_BACKSLASH,
	['U'] = FORM_BACKSLASH,
	['#'] = FORM_REFERENCE,
};

/* So many bytes at once, by whatever vectors the processor has. */
#define FORM_BLOCK 16
typedef uint8_t form_block __attribute__((vector_size(FORM_BLOCK)));
typedef uint64_t form_words __attribute__((vector_size(FORM_BLOCK)));

static form_block form_load(const uint8_t *from)
{
	form_block block;

	memcpy(&block, from, sizeof(block));
	return block;
}

/* Where in these bytes may a form begin? What form_firsts and form_seconds say, or more; FORM_BLOCK: nowhere. */
static size_t form_first(const uint8_t *bytes)
{
	const form_block first = form_load(bytes), second = form_load(bytes + 1);
	const form_block d = (form_block)(first == 'd'), z = (form_block)(first == 'Z'),
			 r = (form_block)(first == 'R'), k = (form_block)(first == 'k'),
			 six = (form_block)(first == '6');
	const form_block slash = (form_block)(second == '\\'), breaks = (form_block)(second < 0x20) | slash,
			 marks = (form_block)((second == '=') | (second == '%') | (second == '&') |
					      (second == '"'));
	const form_block zero = (form_block)(second == '0'), two = (form_block)(second == '2'),
			 u = (form_block)((second | 0x20) == 'u'), second_six = (form_block)(second == '6');
	const form_block may =
		(d & ((form_block)(second == 't') | breaks | marks)) | (z & (form_block)(second == 'H')) |
		(r & zero) | (k & (form_block)(second == 'd')) | (six & (form_block)(second == '4')) |
		((z | r | k | six) & breaks) |
		((form_block)(first == '\\') &
		 (slash | zero | u | (form_block)(second == '1') | (form_block)(second == 'x'))) |
		((form_block)(first == '%') & (second_six | u | two)) |
		((form_block)(first == '&') & ((form_block)(second == '#') | (form_block)(second == 'a'))) |
		((form_block)(first == '=') & (second_six | two));
	const form_words words = (form_words)may;

	if (words[0])
		return (size_t)__builtin_ctzll(le64toh(words[0])) / 8;
	return words[1] ? 8 + (size_t)__builtin_ctzll(le64toh(words[1])) / 8 : FORM_BLOCK;
}

size_t form_next(const uint8_t *bytes, size_t len, size_t at)
{
	while (at + FORM_BLOCK < len) {
		size_t first = form_first(bytes + at);

		at += first;
		if (first == FORM_BLOCK)
			continue;
		if (form_firsts[bytes[at]] & form_seconds[bytes[at + 1]])
			return at;
		at++;
	}
	while (at + 1 < len && !(form_firsts[bytes[at]] & form_seconds[bytes[at + 1]]))
		at++;
	return at + 1 < len || (at < len && form_firsts[bytes[at]]) ? at : len;
}

const char *encoded_name(enum encoded_form form)
{
	static const char *const names[] = {
#define ENCODED_NAME(id, name, what) name,
		ENCODED_FORMS(ENCODED_NAME)
#undef ENCODED_NAME
	};

	return names[form];
}

/* Not all of it is worth being set to zero for each byte that only may be a beginning. */
static void form_open(struct form_reader *reader, const struct form_text *text, size_t start)
{
	bool whole = text->len - start < ENCODED_MAX_LEN;

	/* nothing is read further, whatever it is */
	reader->bytes = text->bytes;
	reader->len = whole ? text->len : start + ENCODED_MAX_LEN;
	reader->start = reader->at = reader->passed = start;
	reader->form = ENCODED_COLOURED;
	reader->open = text->open && whole;
	reader->lines = text->lines;
	reader->agent = text->agent;
	reader->masked = text->masked;
	reader->lower = reader->upper = false;
	reader->more = reader->unsure = reader->skips = reader->alike = false;
	reader->plain = reader->offset = false;
	reader->seam = 0;
	reader->odd = reader->line = reader->dumped = SIZE_MAX;
	reader->rest = 0;
	reader->secret = 0;
	reader->out_len = 0;
}

/* Is there a byte at that place? */
static bool form_has(struct form_reader *reader, size_t at)
{
	if (at < reader->len)
		return true;
	reader->more |= reader->open;
	return false;
}

/* As form_has(), and is it this one? */
static bool form_is(struct form_reader *reader, size_t at, uint8_t byte)
{
	return form_has(reader, at) && reader->bytes[at] == byte;
}

static bool form_is_whole(const struct form_reader *reader)
{
	return reader->secret && reader->out_len == reader->secret + TOKEN_SECRET_LEN;
}

/* Is there more, and can it be of what was begun? */
static bool form_goes_on(struct form_reader *reader)
{
	return !form_is_whole(reader) && reader->at - reader->passed <= FORM_BETWEEN &&
	       form_has(reader, reader->at);
}

static bool form_is_plain(uint8_t byte)
{
	return token_is_letter(byte) || token_is_digit(byte) || byte == '.' || byte == '-';
}

/* Of an agent's token, small letters or capitals: which ones, the first one says. */
static bool form_fits_secret(const struct form_reader *reader, uint8_t byte)
{
	if (!reader->agent || !wide_is_agent(reader->out))
		return wide_is_secret(byte);
	return (wide_is_secret(byte) && !(reader->lower && !token_is_digit(byte))) ||
	       (wide_is_agent_secret(byte) && !(reader->upper && !token_is_digit(byte)));
}

/* Can a token go on with this byte? */
static bool form_fits(const struct form_reader *reader, uint8_t byte)
{
	static const char begins[] = "dt0";
	size_t at = reader->out_len;

	if (reader->secret)
		return (reader->masked && byte == FORM_MASK) || form_fits_secret(reader, byte);
	if (at < 3)
		return byte == (uint8_t)begins[at];
	if (at <= TOKEN_PREFIX_LEN)
		return at == 3                  ? token_is_letter(byte)
		       : at == TOKEN_PREFIX_LEN ? byte == '.'
						: token_is_digit(byte);
	if (byte == '.')
		return at > TOKEN_PREFIX_LEN + WIDE_PUBLIC_MIN;
	return at < WIDE_IDENTIFIER_MAX && form_is_plain(byte);
}

/* A byte, whose form ends here. Returns whether it is one of a token. */
static bool form_put(struct form_reader *reader, uint8_t byte, size_t start)
{
	if (!form_fits(reader, byte))
		return false;
	reader->starts[reader->out_len] = (uint16_t)(start - reader->start);
	reader->ends[reader->out_len] = (uint16_t)(reader->at - reader->start);
	reader->shown[reader->out_len] = 0;
	if (reader->secret) {
		reader->lower |= byte >= 'a';
		reader->upper |= byte >= 'A' && byte <= 'Z';
	}
	reader->out[reader->out_len++] = byte;
	reader->passed = reader->at;
	if (byte == '.' && reader->out_len > TOKEN_PREFIX_LEN + 1)
		reader->secret = reader->out_len;
	return true;
}

/* Was all of the secret portion masked before? */
static bool form_is_masked(const struct form_reader *reader)
{
	size_t at = reader->secret;

	while (at < reader->out_len && reader->out[at] == FORM_MASK)
		at++;
	return reader->masked && reader->secret && at == reader->out_len && !reader->rest;
}

/*
 * What was read, is it a token, or the beginning of one? What may be another line's is taken for a part of it only if
 * MASK_FRAGMENT_LEN characters of it fit, which is no chance, or all of it; of lines that are only as long as others (a dump's are), all.
 */
static enum form_result form_decide(struct form_reader *reader)
{
	if (form_is_whole(reader) && !reader->unsure)
		return form_is_masked(reader) ? FORM_NONE : FORM_TOKEN;
	if (reader->more || reader->unsure)
		return FORM_MORE;
	if (reader->line != SIZE_MAX &&
	    (reader->alike || reader->out_len - reader->line < MASK_FRAGMENT_LEN)) {
		explicit_bzero(reader->out + reader->line, reader->out_len - reader->line);
		reader->out_len = reader->line;
		reader->rest = 0;
	}
	return reader->secret && reader->out_len > reader->secret && !form_is_masked(reader) ? FORM_CUT
											     : FORM_NONE;
}

/* The secret portion may go on in another line. Of those that nothing but their length tells, the first one counts. */
static void form_is_line(struct form_reader *reader, bool first)
{
	if (reader->secret && (!first || reader->line == SIZE_MAX))
		reader->line = reader->out_len;
}

/* Where the text goes on behind the end of a line and what the next one is indented by; `at` if no line ends here. */
static size_t form_next_line(struct form_reader *reader, size_t at)
{
	size_t next = at;

	/* in a string of JSON or C */
	if (form_is(reader, next, '\\')) {
		if (form_is(reader, next + 1, 'r') && form_is(reader, next + 2, '\\'))
			next += 2;
		return form_is(reader, next + 1, 'n') ? next + 2 : at;
	}
	next += form_is(reader, next, '\r');
	if (!form_is(reader, next, '\n'))
		return at;
	next++;
	while (next < reader->len && (reader->bytes[next] == ' ' || reader->bytes[next] == '\t'))
		next++;
	return next;
}

/* Behind these characters, of which a quotation mark may be escaped (JSON in JSON); 0: something else stands there. */
static size_t form_literal(struct form_reader *reader, size_t at, const char *literal)
{
	for (; *literal; literal++, at++) {
		while (*literal == '"' && form_is(reader, at, '\\'))
			at++;
		if (!form_is(reader, at, (uint8_t)*literal))
			return 0;
	}
	return at;
}

/*
 * Of Docker's: is the record whose text begins at `text` of the other stream than the one whose text ends at `at`, and has there, from the
 * quotation mark up to `name`, what comes before the stream's name? Returns where it ends; 0: it is of the same, or does not end here.
 */
static size_t form_other_stream(struct form_reader *reader, size_t text, size_t at, size_t name)
{
	const uint8_t *bytes = reader->bytes, *other, *end = memchr(bytes + text, '\n', reader->len - text);

	/* read as if it were of the same, so that it is known what would be secret */
	reader->unsure |= !end && reader->open;
	if (!end)
		return 0;
	other = memmem(bytes + text, (size_t)(end - bytes) - text, bytes + at, name - at);
	if (!other || (size_t)(end - other) < name - at + FORM_STREAM ||
	    memcmp(other + (name - at), bytes + name, FORM_STREAM) == 0)
		return 0;
	return (size_t)(end - bytes);
}

/*
 * Docker's json-file (moby, daemon/logger/jsonfilelog): a line of more than 16 KiB is several records, of which the last one alone ends
 * in \n. At the end of a text: ","stream":"stdout","time":"…"}, a newline, {"log":"
 * Both streams are in one file: between two records of one there may be some of the other.
 */
static size_t form_docker(struct form_reader *reader, size_t at)
{
	size_t name = form_literal(reader, at, "\",\"stream\":\"std"), next = name, text, other;

	if (!name)
		return 0;
	while (next - at < FORM_SEAM && form_has(reader, next) && reader->bytes[next] != '\n')
		next++;
	if (!form_is(reader, next, '\n') || reader->bytes[next - 1] != '}')
		return 0;
	while ((text = form_literal(reader, next + 1, "{\"log\":\"")) &&
	       (other = form_other_stream(reader, text, at, name)))
		next = other;
	return text;
}

/*
 * CRI (Kubernetes, "CRI logging"; podman's k8s-file as well): each line is TIME, stdout or stderr, P or F, and the text. Was the one before
 * P? That is 16 KiB ago; so long a line, and what goes on to be a whole token in the next one, are answer enough. Returns where the text is
 * of the line behind the one that ends at `at`, or 0.
 */
static size_t form_cri_head(struct form_reader *reader, size_t at, size_t *ret_stream)
{
	static const char time[] = "0000-00-00T00:00:00";
	size_t next = at + 1, begin, tag;

	for (const char *as = time; *as; as++, next++)
		if (!form_has(reader, next) ||
		    (*as == '0' ? !token_is_digit(reader->bytes[next]) : reader->bytes[next] != (uint8_t)*as))
			return 0;
	while (next - at < FORM_SEAM && form_has(reader, next) &&
	       (token_is_digit(reader->bytes[next]) ||
		memchr(".,Z+-:", reader->bytes[next], sizeof(".,Z+-:") - 1)))
		next++;
	begin = form_literal(reader, next, " std");
	if (!begin)
		return 0;
	next = form_literal(reader, begin, "out ");
	next = next ? next : form_literal(reader, begin, "err ");
	if (!next || !form_has(reader, next) || (reader->bytes[next] != 'P' && reader->bytes[next] != 'F'))
		return 0;
	*ret_stream = begin;
	/* more tags may follow */
	for (tag = ++next; next - tag < FORM_TAGS && form_has(reader, next) && reader->bytes[next] != ' ';
	     next++)
		;
	return form_is(reader, next, ' ') ? next + 1 : 0;
}

static size_t form_cri(struct form_reader *reader, size_t at)
{
	const uint8_t *bytes = reader->bytes, *end;
	size_t stream, others, text;

	if (at < FORM_LINE || memchr(bytes + at - FORM_LINE, '\n', FORM_LINE))
		return 0;
	text = form_cri_head(reader, at, &others);
	stream = others;
	if (text)
		reader->seam = at;
	while (text && reader->skips && memcmp(bytes + stream, bytes + others, FORM_STREAM) == 0) {
		end = memchr(bytes + text, '\n', reader->len - text);
		if (!end) {
			reader->more |= reader->open;
			return 0;
		}
		text = form_cri_head(reader, (size_t)(end - bytes), &stream);
	}
	return text;
}

/* Where the text goes on in the next record of a log; `at` if none ends here. */
static size_t form_next_record(struct form_reader *reader, size_t at)
{
	uint8_t byte = reader->bytes[at];
	size_t next = byte == '"' || byte == '\\' ? form_docker(reader, at)
		      : byte == '\n'              ? form_cri(reader, at)
						  : 0;

	if (!next)
		return at;
	reader->passed = next;
	return next;
}

/* Whether a record goes on in the next one: Docker's tells by its end, CRI's by what stands at its beginning, too far away. */
static bool form_is_sure(uint8_t end)
{
	return end != '\n';
}

static unsigned int form_six(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26U;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52U;
	if (byte == '+' || byte == '-')
		return 62;
	return byte == '/' || byte == '_' ? 63 : 64;
}

/* A form in which each character stands for so many bits. */
struct form_units {
	unsigned int (*value)(uint8_t character);
	unsigned int width;
};

static struct form_units form_units(const struct form_reader *reader)
{
	return reader->form == ENCODED_HEX ? (struct form_units){escapes_digit, 4}
					   : (struct form_units){form_six, 6};
}

/* Can the line up to the beginning be one of the form, for as long as is asked for? Of hex, that of a dump as well. */
static bool form_is_in_line(const struct form_reader *reader)
{
	const struct form_units units = form_units(reader);

	if (!reader->lines)
		return true;
	if (reader->start < FORM_LINE_MIN)
		return false;
	for (size_t i = 1; i <= FORM_LINE_MIN; i++) {
		uint8_t byte = reader->bytes[reader->start - i];

		if (units.value(byte) >> units.width &&
		    !(reader->form == ENCODED_HEX && byte && strchr(" \t,:;-xX", byte)))
			return false;
	}
	return true;
}

/* The bytes of a dump's line that were read. */
static struct dump_line form_dump_line(const struct form_reader *reader)
{
	size_t from = reader->dumped == SIZE_MAX ? 0 : reader->dumped;

	return (struct dump_line){.bytes = reader->out + from, .count = reader->out_len - from};
}

/* They stand in that line as text as well. */
static void form_show(struct form_reader *reader, const struct dump_line *line)
{
	size_t from = reader->out_len - line->count;

	for (size_t i = 0; line->column && i < line->count; i++)
		reader->shown[from + i] = (uint16_t)(line->column + i - reader->start);
}

/* Where the next byte of a dump is, perhaps in its next line; `at` if there is none. */
static size_t form_dump(struct form_reader *reader)
{
	struct dump_text text = {
		.bytes = reader->bytes,
		.len = reader->len,
		.open = reader->open,
		.plain = reader->plain,
	};
	struct dump_line line = form_dump_line(reader);
	size_t next = dump_next(&text, reader->at, &line);

	reader->more |= text.more;
	if (next == reader->at ||
	    (line.ended && !line.column && reader->out_len < 3 && !form_is_in_line(reader)))
		return reader->at;
	form_show(reader, &line);
	if (text.offset && !reader->offset) {
		reader->offset = true;
		reader->seam = reader->at;
	}
	if (line.ended) {
		/* of a dump, all lines are one text */
		if (!line.column && reader->dumped == SIZE_MAX)
			form_is_line(reader, false);
		reader->dumped = reader->out_len;
		/* as long as the line, which is known to be a dump's */
		if (line.column)
			reader->passed = next;
	} else if (reader->dumped == SIZE_MAX) {
		reader->dumped = 0;
	}
	return next;
}

/* What the last line of a dump shows as text comes behind all of its digits. */
static void form_dump_end(struct form_reader *reader)
{
	struct dump_text text = {.bytes = reader->bytes, .len = reader->len, .open = reader->open};
	struct dump_line line = form_dump_line(reader);

	if (reader->dumped == SIZE_MAX || !reader->secret || reader->out_len == reader->secret)
		return;
	dump_column(&text, reader->start + reader->ends[reader->out_len - 1], &line);
	form_show(reader, &line);
	reader->unsure |= text.more;
}

/*
 * Reads such a form.
 * @held: what is known of the first byte, in so many bits
 */
static enum form_result form_encoded(struct form_reader *reader, unsigned int held, unsigned int bits)
{
	const struct form_units units = form_units(reader);
	bool fits = true, hex = reader->form == ENCODED_HEX;

	while (fits && form_goes_on(reader)) {
		unsigned int value = units.value(reader->bytes[reader->at]);

		if (value >> units.width) {
			size_t next = form_next_record(reader, reader->at);
			bool sure = next != reader->at && form_is_sure(reader->bytes[reader->at]);

			if (next == reader->at && hex && bits == 0) {
				next = form_dump(reader);
				sure = next != reader->at;
			}
			if (next == reader->at && !(hex && reader->out_len < 3 && !form_is_in_line(reader)))
				next = form_next_line(reader, reader->at);
			if (next == reader->at)
				break;
			reader->at = next;
			if (!sure)
				form_is_line(reader, false);
			continue;
		}
		if (bits == 0)
			reader->digit = reader->at;
		reader->at++;
		held = (held << units.width | value) & 0xfff;
		bits += units.width;
		if (bits >= 8) {
			bits -= 8;
			fits = form_put(reader, (uint8_t)(held >> bits),
					hex ? reader->digit : reader->at - 1);
		}
	}
	reader->rest = fits && !form_is_whole(reader) ? bits : 0;
	if (hex)
		form_dump_end(reader);
	return form_decide(reader);
}

/* In characters. */
static size_t form_columns(const struct form_reader *reader, size_t at, size_t end)
{
	size_t columns = 0;

	for (; at < end; at++)
		columns += (reader->bytes[at] & 0xc0) != 0x80;
	return columns;
}

/* Where the line begins that ends at `at`; SIZE_MAX: too far away. */
static size_t form_line_begin(const struct form_reader *reader, size_t at, size_t most)
{
	const uint8_t *end = reader->bytes + at, *newline;

	most = most < at ? most : at;
	newline = memrchr(end - most, '\n', most);
	if (newline)
		return (size_t)(newline + 1 - reader->bytes);
	return most == at ? 0 : SIZE_MAX;
}

static bool form_is_usual(size_t columns)
{
	static const uint8_t usual[] = {60, 64, 70, 72, 75, 76, 78, 79, 80, 100, 120, 128, 132};

	return columns <= 0xff && memchr(usual, (int)columns, sizeof(usual));
}

/* Has the line before that one as many columns, or the one that begins at `next`? */
static bool form_is_like_others(struct form_reader *reader, size_t begin, size_t next, size_t columns)
{
	size_t end, count;

	if (begin) {
		end = begin - 1;
		end -= end && reader->bytes[end - 1] == '\r';
		count = form_line_begin(reader, end, FORM_LINE / 2);
		if (count != SIZE_MAX && form_columns(reader, count, end) == columns)
			return true;
	}
	/* nobody waits for that behind a line that ends in a d */
	if (reader->out_len < 3)
		return false;
	for (count = 0, end = next; count <= columns && form_has(reader, end); end++) {
		if (reader->bytes[end] == '\n' || form_is(reader, end, '\r'))
			return count == columns;
		count += (reader->bytes[end] & 0xc0) != 0x80;
	}
	if (end < reader->len || !reader->open)
		return count == columns;
	/* nor is it known before whether what stands there is of a secret portion */
	reader->seam = reader->at;
	return false;
}

/*
 * Is a line that ends at `at` as long as those that are wrapped, or as the one before or behind it? `next`: where the next one begins, and
 * `text`, behind what it is quoted by. That may have been put before both.
 */
static bool form_is_full(struct form_reader *reader, size_t at, size_t next, size_t text)
{
	size_t begin = form_line_begin(reader, at, FORM_LINE), columns, quoted = text - next;

	if (begin == SIZE_MAX)
		return false;
	columns = form_columns(reader, begin, at);
	if (form_is_usual(columns))
		return true;
	if (quoted && quoted < at - begin &&
	    memcmp(reader->bytes + begin, reader->bytes + next, quoted) == 0 &&
	    form_is_usual(columns - quoted))
		return true;
	if (columns < FORM_COLUMNS || at - begin > FORM_LINE / 2 ||
	    !form_is_like_others(reader, begin, next, columns))
		return false;
	reader->alike = true;
	return true;
}

/* Does a line that ends at `at` begin with what it may be quoted by, and would it be of a usual length without? */
static bool form_may_be_quoted(const struct form_reader *reader, size_t at)
{
	static const uint8_t quotes[] = {' ', '\t', '>', '|'};
	size_t begin = form_line_begin(reader, at, FORM_LINE), columns;

	if (begin == SIZE_MAX)
		return false;
	columns = form_columns(reader, begin, at);
	for (; begin < at && memchr(quotes, reader->bytes[begin], sizeof(quotes)); begin++)
		if (form_is_usual(--columns))
			return true;
	return false;
}

/* Behind a line that is wrapped; `at` if this is none. What it is quoted by in the next one is passed over. */
static size_t form_wrapped(struct form_reader *reader)
{
	size_t next = reader->at + (reader->bytes[reader->at] == '\r'), text;

	if (!form_is(reader, next, '\n'))
		return reader->at;
	text = ++next;
	while (text < reader->len && (reader->bytes[text] == ' ' || reader->bytes[text] == '\t' ||
				      reader->bytes[text] == '>' || reader->bytes[text] == '|'))
		text++;
	if (form_is_full(reader, reader->at, next, text))
		return text;
	/* what both are quoted by is not all there yet */
	if (text == reader->len && reader->open && form_may_be_quoted(reader, reader->at))
		reader->more = true;
	return reader->at;
}

/* Behind the rest of a control sequence (ECMA-48, 5.4), of which the escape character was read; `at` if there is none. */
static size_t form_sequence(struct form_reader *reader, size_t at)
{
	size_t next = at;

	/* what chooses a set of characters has one more */
	if (form_is(reader, next, '('))
		return form_has(reader, next + 1) ? next + 2 : at;
	if (!form_is(reader, next, '['))
		return at;
	next++;
	while (next < reader->len && reader->bytes[next] >= 0x20 && reader->bytes[next] <= 0x3f)
		next++;
	return form_has(reader, next) && reader->bytes[next] >= 0x40 && reader->bytes[next] <= 0x7e ? next + 1
												    : at;
}

/* The first thing that is odd gives the form its name. */
static void form_is_odd(struct form_reader *reader, enum encoded_form form)
{
	if (reader->odd != SIZE_MAX)
		return;
	reader->form = form;
	reader->odd = reader->out_len;
}

/* Passes over what stands between two bytes of a token; false if there is nothing such. */
static bool form_pass(struct form_reader *reader)
{
	uint8_t byte = reader->bytes[reader->at];
	size_t next = form_next_record(reader, reader->at);

	if (next != reader->at) {
		form_is_odd(reader, ENCODED_RECORD);
		if (!form_is_sure(byte))
			form_is_line(reader, true);
	} else if (byte == 0x1b) {
		next = form_sequence(reader, reader->at + 1);
		if (next == reader->at + 1)
			return false;
		form_is_odd(reader, ENCODED_COLOURED);
	} else if (byte == '=') {
		next += 1 + (size_t)form_is(reader, next + 1, '\r');
		if (!form_is(reader, next, '\n'))
			return false;
		next++;
		form_is_odd(reader, ENCODED_QUOTED_PRINTABLE);
	} else if (byte == '\n' || byte == '\r') {
		next = form_wrapped(reader);
		if (next == reader->at)
			return false;
		form_is_odd(reader, ENCODED_WRAPPED);
		form_is_line(reader, true);
	}
	if (next == reader->at)
		return false;
	reader->at = next;
	return true;
}

/* Does an escape end where the text does, so that it might go on? */
static bool form_is_unfinished(struct form_reader *reader)
{
	static const uint8_t of_escapes[] = {'#', '{', 'x', 'X', 'u', 'U'};
	size_t at = reader->at + 1;

	if (!reader->open || (!escapes_begin(reader->bytes[reader->at]) && reader->bytes[reader->at] != '='))
		return false;
	while (at < reader->len && reader->bytes[at] == '\\' && reader->bytes[at - 1] == '\\')
		at++;
	if (reader->bytes[reader->at] == '&') {
		static const char amp[] = "amp;";

		at = reader->at + escapes_again(reader->bytes + reader->at, reader->len - reader->at);
		if (reader->len - at < sizeof(amp) - 1 &&
		    memcmp(reader->bytes + at, amp, reader->len - at) == 0) {
			reader->more = true;
			return true;
		}
	}
	if (reader->len - at > FORM_ESCAPE)
		return false;
	for (; at < reader->len; at++)
		if (escapes_digit(reader->bytes[at]) > 15 &&
		    !memchr(of_escapes, reader->bytes[at], sizeof(of_escapes)))
			return false;
	reader->more = true;
	return true;
}

/* One byte that is written in some way; false if there is none. */
static bool form_escape(struct form_reader *reader)
{
	const uint8_t *text = reader->bytes + reader->at;
	size_t len = reader->len - reader->at, taken = 0, start = reader->at;
	uint8_t byte;

	if (form_is_unfinished(reader))
		return false;
	if (*text == '=' && len > 2 && escapes_digit(text[1]) < 16 && escapes_digit(text[2]) < 16) {
		byte = (uint8_t)(escapes_digit(text[1]) << 4 | escapes_digit(text[2]));
		form_is_odd(reader, ENCODED_QUOTED_PRINTABLE);
		reader->at += 3;
		return form_put(reader, byte, start);
	}
	if (escapes_begin(*text))
		taken = escapes_read(text, len < FORM_BETWEEN ? len : FORM_BETWEEN, &byte);
	if (!taken)
		return false;
	if (byte == 0x1b) {
		size_t next = form_sequence(reader, reader->at + taken);

		if (next == reader->at + taken)
			return false;
		reader->at = next;
		form_is_odd(reader, ENCODED_COLOURED);
		return true;
	}
	form_is_odd(reader, *text == '%'   ? ENCODED_PERCENT
			    : *text == '&' ? ENCODED_REFERENCE
					   : ENCODED_BACKSLASH);
	reader->at += taken;
	return form_put(reader, byte, start);
}

/* A token byte by byte, each as it is or in some way, with whatever may stand between them. */
static enum form_result form_loose(struct form_reader *reader)
{
	enum form_result result;

	while (form_goes_on(reader)) {
		uint8_t byte = reader->bytes[reader->at];

		if (form_is_plain(byte) || (reader->masked && byte == FORM_MASK)) {
			reader->at++;
			if (!form_put(reader, byte, reader->at - 1))
				break;
		} else if (!form_pass(reader) && !form_escape(reader)) {
			break;
		}
	}
	result = form_decide(reader);
	/* what stands there as it is, is another's; also if only what follows it is odd */
	return result == FORM_MORE || reader->odd < reader->out_len ? result : FORM_NONE;
}

/* Do these letters stand at the beginning, perhaps in two lines? */
static bool form_begins(struct form_reader *reader, const char *letters)
{
	size_t at = reader->start;

	for (; *letters; letters++, at++) {
		if (form_is(reader, at, (uint8_t)*letters))
			continue;
		if (at < reader->len && form_is_in_line(reader))
			at = form_next_line(reader, at);
		if (!form_is(reader, at, (uint8_t)*letters))
			return false;
	}
	return true;
}

/* The letter of base64 before the beginning, perhaps in the line before; its value, or 64. */
static unsigned int form_six_before(const struct form_reader *reader)
{
	const uint8_t *bytes = reader->bytes;
	size_t at = reader->start, most = at < FORM_BETWEEN ? 0 : at - FORM_BETWEEN;

	/* the end of a line in a string */
	while (at > most + 1 && bytes[at - 2] == '\\' && (bytes[at - 1] == 'n' || bytes[at - 1] == 'r'))
		at -= 2;
	while (at > most && (bytes[at - 1] == ' ' || bytes[at - 1] == '\t' || bytes[at - 1] == '\r' ||
			     bytes[at - 1] == '\n'))
		at--;
	return at > most ? form_six(bytes[at - 1]) : 64;
}

/* `bits`: those of the first byte that are in the letter before; they have that value. */
static enum form_result form_base64(struct form_reader *reader, const char *letters, unsigned int bits,
				    unsigned int value)
{
	unsigned int before = bits ? form_six_before(reader) : 0;

	reader->form = ENCODED_BASE64;
	if (before == 64 || (before & ((1U << bits) - 1)) != value)
		return FORM_NONE;
	if (form_begins(reader, letters))
		return form_encoded(reader, value, bits);
	return reader->more ? FORM_MORE : FORM_NONE;
}

/* Does it stand for another character than the first of a token, as most do? */
static bool form_is_other_escape(const struct form_text *text, size_t at)
{
	static const uint8_t begins[] = {'x', 'u', 'U', '0', '1'};
	size_t most = text->len - at < FORM_BETWEEN ? text->len : at + FORM_BETWEEN;

	while (at < most && text->bytes[at] == '\\')
		at++;
	return at < most && !memchr(begins, text->bytes[at], sizeof(begins));
}

/*
 * "dt0" is in base64 ZHQw, or behind one byte R0M, or behind two kdD; the first bits of the d are in the letter before then, and the
 * form begins behind that: another token may end in it.
 */
static enum form_result form_read_as(struct form_reader *reader, const struct form_text *text, size_t at,
				     bool skips, bool plain)
{
	const uint8_t *bytes = text->bytes;
	bool last = text->len - at < 2;
	uint8_t second = last ? 0 : bytes[at + 1];

	reader->out_len = 0;
	reader->seam = 0;
	reader->offset = false;
	/* most that only may be a beginning ends here */
	if (bytes[at] == 'd' && !last && second != 't' && form_is_plain(second))
		return FORM_NONE;
	if (second == '"' && text->len - at > 2 && bytes[at + 2] != ',')
		return FORM_NONE;
	if (bytes[at] == '\\' && form_is_other_escape(text, at))
		return FORM_NONE;
	form_open(reader, text, at);
	reader->skips = skips;
	reader->plain = plain;
	switch (bytes[at]) {
	case 'Z':
		return form_base64(reader, "ZHQw", 0, 0);
	case 'R':
		return form_base64(reader, "R0M", 4, 6);
	case 'k':
		return form_base64(reader, "kdDB", 2, 1);
	case '6':
		reader->form = ENCODED_HEX;
		return form_encoded(reader, 0, 0);
	case 'd':
		return form_loose(reader);
	case '%':
		return last || second == '6' || second == 'u' || second == '2' ? form_loose(reader)
									       : FORM_NONE;
	case '&':
		return last || second == '#' || second == 'a' ? form_loose(reader) : FORM_NONE;
	case '=':
		return last || second == '6' ? form_loose(reader) : FORM_NONE;
	case '\\':
		/* of several the first one */
		return at && bytes[at - 1] == '\\' ? FORM_NONE : form_loose(reader);
	default:
		return FORM_NONE;
	}
}

/* What can be read in two ways is read in the other one if the first one makes no token: a record of CRI's, a number before a line. */
enum form_result form_read(struct form_reader *reader, const struct form_text *text, size_t at)
{
	enum form_result result = form_read_as(reader, text, at, false, false), other;
	struct form_reader own;

	if (!reader->seam || result == FORM_TOKEN || result == FORM_MORE)
		return result;
	own = *reader;
	other = form_read_as(reader, text, at, !own.offset, own.offset);
	if (other == FORM_NONE ||
	    (other == FORM_CUT && result == FORM_CUT && reader->out_len <= own.out_len)) {
		form_wipe(reader);
		*reader = own;
	} else {
		result = other;
		/* what of it is secret is not known before that */
		if (own.offset)
			reader->seam = own.seam;
	}
	form_wipe(&own);
	return result;
}

/*
 * A token with a NUL between each two of its characters. In which order the two bytes of one stand can't be told: what is before the
 * first and behind the last is another's.
 */
enum form_result form_read_pairs(struct form_reader *reader, const struct form_text *text, size_t at)
{
	form_open(reader, text, at);
	reader->form = ENCODED_UTF16;
	while (form_goes_on(reader)) {
		reader->at++;
		if (!form_put(reader, reader->bytes[reader->at - 1], reader->at - 1) ||
		    form_is_whole(reader) || !form_is(reader, reader->at, '\0'))
			break;
		reader->at++;
	}
	return form_decide(reader);
}

size_t form_end(const struct form_reader *reader)
{
	return reader->start + reader->ends[reader->out_len - 1];
}

size_t form_reach(const struct form_reader *reader)
{
	size_t shown = reader->form == ENCODED_HEX ? reader->shown[reader->out_len - 1] : 0;

	return shown ? reader->start + shown + 1 : form_end(reader);
}

size_t form_secret(const struct form_reader *reader)
{
	bool shared = reader->form == ENCODED_BASE64;
	size_t end = SIZE_MAX;

	/* a dot may be in what was not understood yet */
	if (reader->secret)
		end = reader->start + reader->ends[reader->secret - 1];
	else if (reader->out_len > TOKEN_PREFIX_LEN + WIDE_PUBLIC_MIN)
		end = reader->at;
	/* a letter of base64 may be of two bytes */
	if (reader->secret && shared)
		end--;
	/* in which of the records behind that it goes on is not known yet */
	return (reader->more || reader->unsure) && reader->seam && reader->seam < end ? reader->seam : end;
}

/* A character's value with those bits exchanged that are of the secret portion; `bit` is its first, from the token's first on. */
static unsigned int form_exchange(const struct form_reader *reader, unsigned int value, unsigned int width,
				  size_t bit)
{
	for (unsigned int i = 0; i < width; i++) {
		size_t at = bit + i;
		unsigned int mask = 1U << (width - 1 - i);

		if (at < 8 * reader->secret || at >= 8 * reader->out_len + reader->rest)
			continue;
		value &= ~mask;
		/* what padding may follow is to be zero */
		if (at < 8 * reader->out_len && FORM_MASK >> (7 - at % 8) & 1)
			value |= mask;
	}
	return value;
}

/* From `at` on, the first character of base64, behind what a line or a record ends with. */
static size_t form_skip(struct form_reader *reader, size_t at)
{
	size_t next = form_next_record(reader, at);

	return next == at ? form_next_line(reader, at) : next;
}

static void form_mask_base64(const struct form_reader *reader, uint8_t *bytes)
{
	static const char six[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct form_reader again = *reader;
	size_t bit = reader->bytes[reader->start] == 'Z' ? 0 : reader->bytes[reader->start] == 'R' ? 4 : 2;

	again.at = reader->start;
	again.open = false;
	for (; bit < 8 * reader->out_len + reader->rest; bit += 6) {
		unsigned int value;

		while ((value = form_six(bytes[again.at])) == 64)
			again.at = form_skip(&again, again.at);
		/* neither 62 nor 63 is asked for, which differ by the alphabet */
		if (bit + 6 > 8 * reader->secret)
			bytes[again.at] = (uint8_t)six[form_exchange(reader, value, 6, bit)];
		again.at++;
	}
	form_wipe(&again);
}

static void form_mask_hex(const struct form_reader *reader, uint8_t *bytes)
{
	uint8_t *form = bytes + reader->start;
	/* the dot before the secret portion is 2e, or 2E */
	const char *digits = form[reader->ends[reader->secret - 1] - 1] == 'E' ? "2A" : "2a";

	_Static_assert(FORM_MASK == 0x2a, "those digits");
	for (size_t i = reader->secret; i < reader->out_len; i++) {
		form[reader->starts[i]] = (uint8_t)digits[0];
		form[reader->ends[i] - 1] = (uint8_t)digits[1];
		if (reader->shown[i])
			form[reader->shown[i]] = FORM_MASK;
	}
	if (reader->rest)
		bytes[reader->digit] = '0';
}

void form_mask(const struct form_reader *reader, uint8_t *bytes)
{
	if (reader->form == ENCODED_BASE64) {
		form_mask_base64(reader, bytes);
		return;
	}
	if (reader->form == ENCODED_HEX) {
		form_mask_hex(reader, bytes);
		return;
	}
	for (size_t i = reader->secret; i < reader->out_len; i++)
		memset(bytes + reader->start + reader->starts[i], FORM_MASK,
		       (size_t)(reader->ends[i] - reader->starts[i]));
}

static void form_copy_base64(const struct form_reader *reader, uint8_t *copy)
{
	struct form_reader again = *reader;
	size_t end = form_end(reader);

	again.open = false;
	for (size_t at = reader->start; at < end;) {
		if (form_six(reader->bytes[at]) == 64) {
			at = form_skip(&again, at);
		} else {
			copy[at - reader->start] = reader->bytes[at];
			at++;
		}
	}
	form_wipe(&again);
}

static void form_copy_hex(const struct form_reader *reader, uint8_t *copy)
{
	const uint8_t *form = reader->bytes + reader->start;

	for (size_t i = 0; i < reader->out_len; i++) {
		size_t places[] = {reader->starts[i], reader->ends[i] - 1UL,
				   reader->shown[i] ? reader->shown[i] : reader->starts[i]};

		for (size_t place = 0; place < sizeof(places) / sizeof(*places); place++)
			copy[places[place]] = form[places[place]];
	}
}

void form_copy(const struct form_reader *reader, uint8_t *copy)
{
	memset(copy, '\0', form_reach(reader) - reader->start);
	if (reader->form == ENCODED_BASE64) {
		form_copy_base64(reader, copy);
		return;
	}
	if (reader->form == ENCODED_HEX) {
		form_copy_hex(reader, copy);
		return;
	}
	for (size_t i = 0; i < reader->out_len; i++)
		memcpy(copy + reader->starts[i], reader->bytes + reader->start + reader->starts[i],
		       (size_t)(reader->ends[i] - reader->starts[i]));
}
