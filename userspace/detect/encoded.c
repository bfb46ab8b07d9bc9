// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text → a long run of what can be of a form → how a token begins in one → the token's bytes → matcher.
 *
 * A form takes at least as many bytes as the token, and hardly any text has that many without a space. So runs are looked for by a
 * step of their length, as long as what ends one lies near (Boyer and Moore's way); only in them, and a little before, each byte is
 * asked whether it begins a form. UTF-16 has runs of its own: every other byte is a NUL.
 *
 * Invariant: the matcher has the last word, on the very bytes that the form stands for.
 */
#include "detect/encoded.h"

#include "detect/escapes.h"
#include "token_search.h"

#include <string.h>

/* Bytes of a row without a break: not more than the longer half of the shortest token. */
#define ENCODED_RUN (TOKEN_MIN_LEN / 2)
/* A form begins up to so much before the first run: a short line, a public portion. */
#define ENCODED_BEFORE 256
/* Between two bytes of a token there is not more than this: control sequences, backslashes, an indentation. */
#define ENCODED_BETWEEN 128
/* The distance of two looks for UTF-16; a token takes more than twice that. */
#define ENCODED_PAIRS_STEP 64
#define ENCODED_PAIRS_MAX (2UL * WIDE_MAX_LEN)

/* What a byte is for. */
enum {
	ENCODED_IN_RUN = 1,
	ENCODED_BEGINS = 2, /* a form may begin with it */
};

#define IN ENCODED_IN_RUN
#define BE (ENCODED_IN_RUN | ENCODED_BEGINS)

static const uint8_t encoded_class[256] = {
	['A' ... 'Q'] = IN, ['R'] = BE,         ['S' ... 'Y'] = IN, ['Z'] = BE,         ['a' ... 'c'] = IN,
	['d'] = BE,         ['e' ... 'j'] = IN, ['k'] = BE,         ['l' ... 'z'] = IN, ['0' ... '5'] = IN,
	['6'] = BE,         ['7' ... '9'] = IN, ['+'] = IN,         ['/'] = IN,         ['_'] = IN,
	['-'] = IN,         ['.'] = IN,         ['#'] = IN,         [';'] = IN,         ['['] = IN,
	[0x1b] = IN,        ['%'] = BE,         ['\\'] = BE,        ['&'] = BE,         ['='] = BE,
};

#undef IN
#undef BE

/* A form that is being read. */
struct encoded_reader {
	const uint8_t *bytes;
	size_t len, at;
	size_t start; /* of the form */
	enum encoded_form form;
	bool odd; /* not all of it stood there as it is */
	size_t out_len;
	size_t ends[WIDE_MAX_LEN]; /* of each byte's form */
	uint8_t out[WIDE_MAX_LEN];
};

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
static void encoded_open(struct encoded_reader *reader, const uint8_t *bytes, size_t len, size_t start,
			 enum encoded_form form)
{
	/* nothing is read further, whatever it is */
	reader->bytes = bytes;
	reader->len = len - start < ENCODED_MAX_LEN ? len : start + ENCODED_MAX_LEN;
	reader->start = reader->at = start;
	reader->form = form;
	reader->odd = false;
	reader->out_len = 0;
}

/* Is there more, room for it, and can it still be a token? Most of what begins like one does not go on so. */
static bool encoded_goes_on(const struct encoded_reader *reader)
{
	static const char begins[] = "dt0";
	size_t last = reader->out_len ? reader->ends[reader->out_len - 1] : reader->start, secret;

	if (reader->out_len >= WIDE_MAX_LEN || reader->at >= reader->len ||
	    reader->at - last > ENCODED_BETWEEN)
		return false;
	if (reader->out_len < sizeof(begins))
		return memcmp(reader->out, begins, reader->out_len < 3 ? reader->out_len : 3) == 0;
	return reader->out_len != TOKEN_PREFIX_LEN + 1 ||
	       wide_begin(reader->out, reader->out_len, &secret) == reader->out_len;
}

static void encoded_put(struct encoded_reader *reader, uint8_t byte)
{
	reader->out[reader->out_len] = byte;
	reader->ends[reader->out_len++] = reader->at;
}

/* Does what was read begin with a token? Wipes it. */
static int encoded_decide(struct encoded_reader *reader, struct encoded_token *ret_token)
{
	struct token_span span;
	struct wide_token token;
	int found = 0;

	if (wide_match(reader->out, reader->out_len, 0, &token, &span) && span.start == 0) {
		ret_token->token = token;
		ret_token->form = reader->form;
		ret_token->start = reader->start;
		ret_token->end = reader->ends[span.end - 1];
		memcpy(ret_token->secret, reader->out + span.secret, TOKEN_SECRET_LEN);
		found = 1;
	}
	explicit_bzero(reader->out, reader->out_len);
	return found;
}

/* Where the text goes on behind the end of a line and what the next one is indented by; `at` if no line ends here. */
static size_t encoded_next_line(const uint8_t *bytes, size_t len, size_t at)
{
	size_t next = at;

	/* in a string of JSON or C */
	if (len - next > 1 && bytes[next] == '\\' && bytes[next + 1] == 'r')
		next += 2;
	if (len - next > 1 && bytes[next] == '\\' && bytes[next + 1] == 'n')
		return next + 2;
	next = at;
	if (next < len && bytes[next] == '\r')
		next++;
	if (next >= len || bytes[next] != '\n')
		return at;
	next++;
	while (next < len && (bytes[next] == ' ' || bytes[next] == '\t'))
		next++;
	return next;
}

static unsigned int encoded_six(uint8_t byte)
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

/*
 * Reads units of `width` bits each.
 * @held: what is known of the first byte, in so many bits
 */
static int encoded_units(struct encoded_reader *reader, unsigned int (*unit)(uint8_t byte),
			 unsigned int width, unsigned int held, unsigned int bits,
			 struct encoded_token *ret_token)
{
	while (encoded_goes_on(reader)) {
		unsigned int value = unit(reader->bytes[reader->at]);

		if (value >> width) {
			size_t next = encoded_next_line(reader->bytes, reader->len, reader->at);

			if (next == reader->at)
				break;
			reader->at = next;
			continue;
		}
		reader->at++;
		held = (held << width | value) & 0xfff;
		bits += width;
		if (bits >= 8) {
			bits -= 8;
			encoded_put(reader, (uint8_t)(held >> bits));
		}
	}
	return encoded_decide(reader, ret_token);
}

/* Is a line that ends at `at` as long as those that are wrapped? */
static bool encoded_is_full(const struct encoded_reader *reader, size_t at)
{
	static const uint8_t columns[] = {60, 64, 70, 72, 75, 76, 78, 79, 80, 100, 120, 128, 132};
	size_t most = at < 400 ? at : 400;
	const uint8_t *end = reader->bytes + at, *newline = memrchr(end - most, '\n', most);
	size_t column = 0;

	/* in characters */
	for (const uint8_t *byte = newline ? newline + 1 : end - most; byte < end; byte++)
		column += (*byte & 0xc0) != 0x80;
	return (newline || most == at) && column <= 0xff && memchr(columns, (int)column, sizeof(columns));
}

/* Behind a line that is wrapped; `at` if this is none. What it is quoted by in the next one is passed over. */
static size_t encoded_wrapped(const struct encoded_reader *reader)
{
	size_t next = reader->at + (reader->bytes[reader->at] == '\r');

	if (next >= reader->len || reader->bytes[next] != '\n' || !encoded_is_full(reader, reader->at))
		return reader->at;
	next++;
	while (next < reader->len && (reader->bytes[next] == ' ' || reader->bytes[next] == '\t' ||
				      reader->bytes[next] == '>' || reader->bytes[next] == '|'))
		next++;
	return next;
}

/* Behind the rest of a control sequence (ECMA-48, 5.4), of which the escape character was read; `at` if there is none. */
static size_t encoded_sequence(const struct encoded_reader *reader, size_t at)
{
	size_t next = at;

	/* what chooses a set of characters has one more */
	if (reader->len - next > 1 && reader->bytes[next] == '(')
		return next + 2;
	if (next >= reader->len || reader->bytes[next] != '[')
		return at;
	next++;
	while (next < reader->len && reader->bytes[next] >= 0x20 && reader->bytes[next] <= 0x3f)
		next++;
	return next < reader->len && reader->bytes[next] >= 0x40 && reader->bytes[next] <= 0x7e ? next + 1
												: at;
}

/* The first thing that is odd gives the form its name. */
static void encoded_is(struct encoded_reader *reader, enum encoded_form form)
{
	if (!reader->odd)
		reader->form = form;
	reader->odd = true;
}

/* Passes over what stands between two bytes of a token; false if there is nothing such. */
static bool encoded_pass(struct encoded_reader *reader)
{
	uint8_t byte = reader->bytes[reader->at];
	size_t next = reader->at;

	if (byte == 0x1b) {
		next = encoded_sequence(reader, reader->at + 1);
		if (next == reader->at + 1)
			return false;
		encoded_is(reader, ENCODED_COLOURED);
	} else if (byte == '=') {
		next += 1 + (reader->len - next > 1 && reader->bytes[next + 1] == '\r');
		if (next >= reader->len || reader->bytes[next] != '\n')
			return false;
		next++;
		encoded_is(reader, ENCODED_QUOTED_PRINTABLE);
	} else if (byte == '\n' || byte == '\r') {
		next = encoded_wrapped(reader);
		if (next == reader->at)
			return false;
		encoded_is(reader, ENCODED_WRAPPED);
	}
	if (next == reader->at)
		return false;
	reader->at = next;
	return true;
}

/* One byte that is written in some way; false if there is none. */
static bool encoded_escape(struct encoded_reader *reader)
{
	const uint8_t *text = reader->bytes + reader->at;
	size_t len = reader->len - reader->at, taken, next;
	uint8_t byte;

	if (*text == '=') {
		unsigned int value = len > 2 ? escapes_digit(text[1]) << 4 | escapes_digit(text[2]) : 256;

		if (value > 0xff || escapes_digit(text[1]) > 15 || escapes_digit(text[2]) > 15)
			return false;
		reader->at += 3;
		encoded_is(reader, ENCODED_QUOTED_PRINTABLE);
		encoded_put(reader, (uint8_t)value);
		return true;
	}
	taken = escapes_begin(*text)
			? escapes_read(text, len < ENCODED_BETWEEN ? len : ENCODED_BETWEEN, &byte)
			: 0;
	if (!taken)
		return false;
	if (byte == 0x1b) {
		next = encoded_sequence(reader, reader->at + taken);
		if (next == reader->at + taken)
			return false;
		reader->at = next;
		encoded_is(reader, ENCODED_COLOURED);
		return true;
	}
	encoded_is(reader, *text == '%'   ? ENCODED_PERCENT
			   : *text == '&' ? ENCODED_REFERENCE
					  : ENCODED_BACKSLASH);
	reader->at += taken;
	encoded_put(reader, byte);
	return true;
}

static bool encoded_is_plain(uint8_t byte)
{
	return token_is_letter(byte) || token_is_digit(byte) || byte == '.' || byte == '-';
}

/* A token byte by byte, each as it is or in some way, with whatever may stand between them. */
static int encoded_loose(struct encoded_reader *reader, struct encoded_token *ret_token)
{
	size_t secret;

	while (encoded_goes_on(reader)) {
		if (encoded_is_plain(reader->bytes[reader->at])) {
			reader->at++;
			encoded_put(reader, reader->bytes[reader->at - 1]);
		} else if (!encoded_pass(reader) && !encoded_escape(reader)) {
			break;
		}
	}
	/* what stands there as it is, is another's; also if only what follows it is odd */
	if (!reader->odd || (wide_begin(reader->bytes + reader->start, reader->len - reader->start,
					&secret) == secret + TOKEN_SECRET_LEN &&
			     secret)) {
		explicit_bzero(reader->out, reader->out_len);
		return 0;
	}
	return encoded_decide(reader, ret_token);
}

/* Do these letters stand at `at`, perhaps in two lines? */
static bool encoded_is_at(const uint8_t *bytes, size_t len, size_t at, const char *letters)
{
	for (; *letters; letters++) {
		if (at < len && bytes[at] != (uint8_t)*letters)
			at = encoded_next_line(bytes, len, at);
		if (at >= len || bytes[at] != (uint8_t)*letters)
			return false;
		at++;
	}
	return true;
}

/* The letter of base64 before `at`, perhaps in the line before; its value, or 64. */
static unsigned int encoded_six_before(const uint8_t *bytes, size_t at)
{
	size_t most = at < ENCODED_BETWEEN ? 0 : at - ENCODED_BETWEEN;

	/* the end of a line in a string */
	while (at > most + 1 && bytes[at - 2] == '\\' && (bytes[at - 1] == 'n' || bytes[at - 1] == 'r'))
		at -= 2;
	while (at > most && (bytes[at - 1] == ' ' || bytes[at - 1] == '\t' || bytes[at - 1] == '\r' ||
			     bytes[at - 1] == '\n'))
		at--;
	return at > most ? encoded_six(bytes[at - 1]) : 64;
}

/*
 * Does a form begin at `at`? "dt0" is in base64 ZHQw, or behind one byte R0M, or behind two kdD; the first bits of the d are in the
 * letter before then, and the form begins behind that: another token may end in it.
 */
static int encoded_begin(const uint8_t *bytes, size_t len, size_t at, struct encoded_token *ret_token)
{
	const uint8_t *text = bytes + at;
	struct encoded_reader reader;

	if (len - at < TOKEN_PREFIX_LEN)
		return 0;
	encoded_open(&reader, bytes, len, at, ENCODED_BASE64);
	switch (text[0]) {
	case 'Z':
		return encoded_is_at(bytes, len, at, "ZHQw")
			       ? encoded_units(&reader, encoded_six, 6, 0, 0, ret_token)
			       : 0;
	case 'R':
		return encoded_is_at(bytes, len, at, "R0M") && (encoded_six_before(bytes, at) & 0x4f) == 6
			       ? encoded_units(&reader, encoded_six, 6, 6, 4, ret_token)
			       : 0;
	case 'k':
		return encoded_is_at(bytes, len, at, "kdDB") && (encoded_six_before(bytes, at) & 0x43) == 1
			       ? encoded_units(&reader, encoded_six, 6, 1, 2, ret_token)
			       : 0;
	case '6':
		reader.form = ENCODED_HEX;
		return encoded_is_at(bytes, len, at, "647430")
			       ? encoded_units(&reader, escapes_digit, 4, 0, 0, ret_token)
			       : 0;
	case 'd':
		return text[1] == 't' || !encoded_is_plain(text[1]) ? encoded_loose(&reader, ret_token) : 0;
	case '%':
		return text[1] == '6' || text[1] == 'u' ? encoded_loose(&reader, ret_token) : 0;
	case '&':
		return text[1] == '#' ? encoded_loose(&reader, ret_token) : 0;
	case '=':
		return text[1] == '6' ? encoded_loose(&reader, ret_token) : 0;
	default:
		/* of several backslashes the first one */
		return at && text[-1] == '\\' ? 0 : encoded_loose(&reader, ret_token);
	}
}

/* The first in [at, end) that begins with or in a run. */
static int encoded_in(const uint8_t *bytes, size_t len, size_t at, size_t end,
		      struct encoded_token *ret_token)
{
	for (; at < end; at++)
		if (encoded_class[bytes[at]] & ENCODED_BEGINS && encoded_begin(bytes, len, at, ret_token))
			return 1;
	return 0;
}

/* The first run that ends behind `from`; a part of it, if it is long. */
static bool encoded_run(const uint8_t *bytes, size_t len, size_t from, size_t *ret_start, size_t *ret_end)
{
	while (len - from >= ENCODED_RUN) {
		size_t end = from + ENCODED_RUN, at = end;

		while (at > from && encoded_class[bytes[at - 1]])
			at--;
		if (at > from) {
			from = at;
			continue;
		}
		while (end < len && end - from < ENCODED_MAX_LEN && encoded_class[bytes[end]])
			end++;
		*ret_start = from;
		*ret_end = end;
		return true;
	}
	return false;
}

/* The first that begins before `stop`. */
static int encoded_runs(const uint8_t *bytes, size_t len, size_t from, size_t stop,
			struct encoded_token *ret_token)
{
	size_t start, end, next = from;

	while (next < stop && encoded_run(bytes, len, next, &start, &end)) {
		size_t at = start - next < ENCODED_BEFORE ? next : start - ENCODED_BEFORE;

		if (encoded_in(bytes, len, at, end < stop ? end : stop, ret_token))
			return 1;
		next = end;
	}
	return 0;
}

/* Three bytes that can be of a token, each with a NUL at the same side. */
static bool encoded_is_pairs(const uint8_t *at)
{
	/* nearly always */
	if (at[0] && at[1])
		return false;
	for (size_t odd = 0; odd < 2; odd++)
		if (encoded_is_plain(at[odd]) && encoded_is_plain(at[odd + 2]) &&
		    encoded_is_plain(at[odd + 4]) && !at[!odd] && !at[2 + !odd] && !at[4 + !odd])
			return true;
	return false;
}

/*
 * A token with a NUL between each two of its characters. In which order the two bytes of one stand can't be told: what is before the
 * first and behind the last is another's.
 */
static int encoded_paired(struct encoded_reader *reader, struct encoded_token *ret_token)
{
	while (encoded_goes_on(reader) && encoded_is_plain(reader->bytes[reader->at])) {
		reader->at++;
		encoded_put(reader, reader->bytes[reader->at - 1]);
		if (reader->at >= reader->len || reader->bytes[reader->at])
			break;
		reader->at++;
	}
	return encoded_decide(reader, ret_token);
}

/* The first in UTF-16 that begins in [at, end). */
static int encoded_pairs_in(const uint8_t *bytes, size_t len, size_t at, size_t end,
			    struct encoded_token *ret_token)
{
	static const uint8_t begins[] = {'d', 0, 't', 0, '0', 0};

	while (at < end) {
		size_t most = end - at + sizeof(begins) - 1;
		const uint8_t *found =
			memmem(bytes + at, len - at < most ? len - at : most, begins, sizeof(begins));
		struct encoded_reader reader;

		if (!found)
			return 0;
		at = (size_t)(found - bytes);
		encoded_open(&reader, bytes, len, at, ENCODED_UTF16);
		if (encoded_paired(&reader, ret_token))
			return 1;
		at++;
	}
	return 0;
}

static int encoded_pairs(const uint8_t *bytes, size_t len, size_t from, struct encoded_token *ret_token)
{
	size_t at = from, next = from;

	for (; at + 6 <= len; at += ENCODED_PAIRS_STEP) {
		size_t begin, end = at + 6;

		if (!encoded_is_pairs(bytes + at))
			continue;
		begin = at - next < ENCODED_PAIRS_MAX ? next : at - ENCODED_PAIRS_MAX;
		if (encoded_pairs_in(bytes, len, begin, end, ret_token))
			return 1;
		next = end;
	}
	return 0;
}

int encoded_match(const uint8_t *bytes, size_t len, size_t from, struct encoded_token *ret_token)
{
	struct encoded_token run = {.start = SIZE_MAX}, pairs = {.start = SIZE_MAX};
	int found;

	if (from >= len)
		return 0;
	/* the cheap one first: the other need not look beyond what it has found */
	found = encoded_pairs(bytes, len, from, &pairs);
	found |= encoded_runs(bytes, len, from, found ? pairs.start : len, &run);
	if (found)
		*ret_token = run.start < pairs.start ? run : pairs;
	explicit_bzero(run.secret, sizeof(run.secret));
	explicit_bzero(pairs.secret, sizeof(pairs.secret));
	return found;
}
