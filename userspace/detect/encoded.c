// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text → a long run of what can be of a form → how a token begins in one → the token's bytes → matcher.
 *
 * A form takes at least as many bytes as the token, and hardly any text has that many without a space. So runs are looked for by a
 * step of their length, as long as what ends one lies near (Boyer and Moore's way); only in them, and a little before, each byte is
 * asked whether it begins a form. UTF-16 has runs of its own: every other byte is a NUL. So has a dump: digits, and something between
 * them, in the longer part of each line.
 *
 * Invariant: the matcher has the last word, on the very bytes that the form stands for.
 */
#include "detect/encoded.h"

#include "token_search.h"

#include <string.h>

/* Bytes of a row without a break: not more than the longer half of the shortest token. */
#define ENCODED_RUN (TOKEN_MIN_LEN / 2)
/* A form begins up to so much before the first run: a short line, a public portion. */
#define ENCODED_BEFORE 256
/* And that far before the end of a record, with what one of Docker's ends with, if it goes on in another one. */
#define ENCODED_BEFORE_RECORD 400
/* What stands before the text in a record of CRI is not longer. */
#define ENCODED_HEAD 80
/* The distance of two looks for UTF-16; a token takes more than twice that. */
#define ENCODED_PAIRS_STEP 64
#define ENCODED_PAIRS_MAX (2UL * WIDE_MAX_LEN)
/*
 * The distance of two looks for a dump, and at how many bytes one is. Lines of the usual lengths (those of xxd, hexdump -C, od, openssl)
 * have digits in half of their length or more, and it goes into none of them; so one look of every few meets digits, within what a token
 * takes there. What it begins with is not further before that.
 */
#define ENCODED_DUMP_STEP 47
#define ENCODED_DUMP_LOOK 12
#define ENCODED_DUMP_BEFORE 400

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

/* What form_read() has found. Wipes the reader. */
static int encoded_found(struct form_reader *reader, enum form_result result, struct encoded_token *ret_token)
{
	if (result == FORM_TOKEN) {
		wide_name(reader->out, reader->secret, &ret_token->token);
		ret_token->form = reader->form;
		ret_token->start = reader->start;
		ret_token->end = form_end(reader);
		memcpy(ret_token->secret, reader->out + reader->secret, TOKEN_SECRET_LEN);
	}
	form_wipe(reader);
	return result == FORM_TOKEN;
}

static int encoded_begin(const struct form_text *text, size_t at, struct encoded_token *ret_token)
{
	struct form_reader reader;
	enum form_result result = form_read(&reader, text, at);

	return encoded_found(&reader, result, ret_token);
}

/* The first in [at, end) that begins with or in a run. */
static int encoded_in(const struct form_text *text, size_t at, size_t end, struct encoded_token *ret_token)
{
	for (; at < end; at++)
		if (encoded_class[text->bytes[at]] & ENCODED_BEGINS && encoded_begin(text, at, ret_token))
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

/* Does a record of a container's log begin there, at the beginning of a line, which may be the rest of one before? */
static bool encoded_is_record(const uint8_t *bytes, size_t at)
{
	static const char docker[] = "\n{\"log\":\"", cri[] = " std";
	const size_t len = sizeof(docker) - 1, tags = sizeof(" stdout F ") - 1;

	if (at >= len && memcmp(bytes + at - len, docker, len) == 0)
		return true;
	return at >= ENCODED_HEAD && bytes[at - 1] == ' ' && bytes[at - 3] == ' ' &&
	       memcmp(bytes + at - tags, cri, sizeof(cri) - 1) == 0 &&
	       memrchr(bytes + at - ENCODED_HEAD, '\n', ENCODED_HEAD);
}

/* May a line that ends at `end` be a record whose text goes on in another one? */
static bool encoded_goes_on(const uint8_t *bytes, size_t end)
{
	static const char docker[] = "\\n\",\"stream\":\"", cri[] = " std";
	size_t most = end < ENCODED_MAX_LEN ? end : ENCODED_MAX_LEN;
	const uint8_t *newline = memrchr(bytes + end - most, '\n', most), *line, *space;
	size_t len, tail;

	/* unless it says so of itself where that can be seen */
	line = newline ? newline + 1 : bytes + end - most;
	len = (size_t)(bytes + end - line);
	if (len < ENCODED_BEFORE_RECORD)
		return false;
	space = memchr(line, ' ', ENCODED_HEAD);
	if (space && memcmp(space, cri, sizeof(cri) - 1) == 0 && space[8] == 'F')
		return false;
	tail = ENCODED_BEFORE_RECORD / 2;
	return !memmem(bytes + end - tail, tail, docker, sizeof(docker) - 1);
}

/* The first in the ends of lines before a record: there may be some of the other stream between. */
static int encoded_before_record(const struct form_text *text, size_t from, size_t start,
				 struct encoded_token *ret_token)
{
	size_t at = start - from < ENCODED_MAX_LEN ? from : start - ENCODED_MAX_LEN;
	const uint8_t *newline;

	if (!encoded_is_record(text->bytes, start))
		return 0;
	while ((newline = memchr(text->bytes + at, '\n', start - at))) {
		size_t end = (size_t)(newline - text->bytes);

		if (end - at > ENCODED_BEFORE_RECORD)
			at = end - ENCODED_BEFORE_RECORD;
		if (encoded_goes_on(text->bytes, end) && encoded_in(text, at, end, ret_token))
			return 1;
		at = end + 1;
	}
	return 0;
}

/* The first that begins before `stop`. */
static int encoded_runs(const struct form_text *text, size_t from, size_t stop,
			struct encoded_token *ret_token)
{
	size_t start, end, next = from;

	while (next < stop && encoded_run(text->bytes, text->len, next, &start, &end)) {
		size_t at = start - next < ENCODED_BEFORE ? next : start - ENCODED_BEFORE;

		if (encoded_before_record(text, from, start, ret_token) ||
		    encoded_in(text, at, end < stop ? end : stop, ret_token))
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
		if (encoded_class[at[odd]] && encoded_class[at[odd + 2]] && encoded_class[at[odd + 4]] &&
		    !at[!odd] && !at[2 + !odd] && !at[4 + !odd])
			return true;
	return false;
}

/* The first in UTF-16 that begins in [at, end). */
static int encoded_pairs_in(const struct form_text *text, size_t at, size_t end,
			    struct encoded_token *ret_token)
{
	static const uint8_t begins[] = {'d', 0, 't', 0, '0', 0};

	while (at < end) {
		size_t most = end - at + sizeof(begins) - 1, left = text->len - at;
		const uint8_t *found =
			memmem(text->bytes + at, left < most ? left : most, begins, sizeof(begins));
		struct form_reader reader;
		enum form_result result;

		if (!found)
			return 0;
		at = (size_t)(found - text->bytes);
		result = form_read_pairs(&reader, text, at);
		if (encoded_found(&reader, result, ret_token))
			return 1;
		at++;
	}
	return 0;
}

static int encoded_pairs(const struct form_text *text, size_t from, struct encoded_token *ret_token)
{
	size_t at = from, next = from;

	for (; at + 6 <= text->len; at += ENCODED_PAIRS_STEP) {
		size_t begin, end = at + 6;

		if (!encoded_is_pairs(text->bytes + at))
			continue;
		begin = at - next < ENCODED_PAIRS_MAX ? next : at - ENCODED_PAIRS_MAX;
		if (encoded_pairs_in(text, begin, end, ret_token))
			return 1;
		next = end;
	}
	return 0;
}

/* Of a dump: a digit, or what may stand between two bytes. */
enum {
	ENCODED_DIGIT = 1,
	ENCODED_BETWEEN = 16,
};

static const uint8_t encoded_dump_class[256] = {
	['0' ... '9'] = ENCODED_DIGIT, ['a' ... 'f'] = ENCODED_DIGIT, ['A' ... 'F'] = ENCODED_DIGIT,
	[' '] = ENCODED_BETWEEN,       ['\t'] = ENCODED_BETWEEN,      [','] = ENCODED_BETWEEN,
	[':'] = ENCODED_BETWEEN,       [';'] = ENCODED_BETWEEN,       ['-'] = ENCODED_BETWEEN,
	['x'] = ENCODED_BETWEEN,       ['X'] = ENCODED_BETWEEN,       ['\n'] = ENCODED_BETWEEN,
};

/* Digits, half of these bytes or more, and what stands between them? */
static bool encoded_is_dump(const uint8_t *at)
{
	unsigned int sum = 0, digits = 0;
	uint64_t word, x, wrong;

	/* hardly ever: eight from the tab to the f, or an x; and no blanks alone */
	memcpy(&word, at, sizeof(word));
	x = word ^ TOKEN_ONES * 'x';
	wrong = (word + TOKEN_ONES * 0x19) | word | (word - TOKEN_ONES * '\t');
	if (wrong & (((x & ~TOKEN_TOPS) + ~TOKEN_TOPS) | x) & TOKEN_TOPS)
		return false;
	if (!(word & TOKEN_ONES * 0x50))
		return false;
	for (size_t i = 0; i < ENCODED_DUMP_LOOK; i++) {
		unsigned int class = encoded_dump_class[at[i]];

		if (!class)
			return false;
		/* between two of these stand whole bytes, or the zero of an x */
		if (class == ENCODED_BETWEEN && sum >= ENCODED_BETWEEN && digits % 2 && at[i] != 'x')
			return false;
		digits = class == ENCODED_BETWEEN ? 0 : digits + 1;
		sum += class;
	}
	return sum >= 2 * ENCODED_BETWEEN && sum % ENCODED_BETWEEN >= ENCODED_DUMP_LOOK / 2;
}

/* The first in hex that begins in [at, end). */
static int encoded_dump_in(const struct form_text *text, size_t at, size_t end,
			   struct encoded_token *ret_token)
{
	const uint8_t *six;

	for (; at < end && (six = memchr(text->bytes + at, '6', end - at)); at++) {
		at = (size_t)(six - text->bytes);
		if (at + 1 < text->len && text->bytes[at + 1] == '4' && encoded_begin(text, at, ret_token))
			return 1;
	}
	return 0;
}

/* The first that begins before `stop`. */
static __attribute__((noinline)) int encoded_dumps(const struct form_text *text, size_t from, size_t stop,
						   struct encoded_token *ret_token)
{
	size_t at = from, next = from;

	for (; at + ENCODED_DUMP_LOOK <= text->len && next < stop; at += ENCODED_DUMP_STEP) {
		size_t begin, end = at + ENCODED_DUMP_STEP;

		if (!encoded_is_dump(text->bytes + at))
			continue;
		begin = at - next < ENCODED_DUMP_BEFORE ? next : at - ENCODED_DUMP_BEFORE;
		end = end < stop ? end : stop;
		if (begin < end && encoded_dump_in(text, begin, end, ret_token))
			return 1;
		next = end;
	}
	return 0;
}

int encoded_match(const uint8_t *bytes, size_t len, size_t from, bool agent, struct encoded_token *ret_token)
{
	const struct form_text text = {.bytes = bytes, .len = len, .agent = agent};
	struct encoded_token kinds[3] = {{.start = SIZE_MAX}, {.start = SIZE_MAX}, {.start = SIZE_MAX}};
	struct encoded_token *first = kinds;
	bool found;

	if (from >= len)
		return 0;
	/* the cheap ones first: the others need not look beyond what they have found */
	encoded_pairs(&text, from, &kinds[0]);
	encoded_dumps(&text, from, kinds[0].start < len ? kinds[0].start : len, &kinds[1]);
	first = kinds[1].start < first->start ? &kinds[1] : first;
	encoded_runs(&text, from, first->start < len ? first->start : len, &kinds[2]);
	first = kinds[2].start < first->start ? &kinds[2] : first;
	found = first->start != SIZE_MAX;
	if (found)
		*ret_token = *first;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		explicit_bzero(kinds[i].secret, sizeof(kinds[i].secret));
	return found;
}
