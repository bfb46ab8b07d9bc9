/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a token is read that does not stand there as it is: encoded (a Kubernetes Secret is base64), written with escapes, wrapped by a
 * terminal or a mail, coloured. All families of detect/wide.h, each form by itself: what is encoded twice is scan/nested.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "detect/wide.h"

/* X(id, name, what it is) */
#define ENCODED_FORMS(X)                                                                                \
	X(BASE64, "base64", "RFC 4648, both alphabets, any alignment, also in lines")                   \
	X(HEX, "hex", "two digits a byte, also in lines, and in dumps")                                 \
	X(UTF16, "utf-16", "a NUL between each two characters; from the first one to the last")         \
	X(PERCENT, "percent", "%2E and the like, in any place")                                         \
	X(BACKSLASH, "backslash", "\\x2e, \\u002e, \\056 and the like, with any number of backslashes") \
	X(REFERENCE, "reference", "&#46; and the like, of HTML and XML")                                \
	X(QUOTED_PRINTABLE, "quoted-printable", "=2E and lines that end in =")                          \
	X(COLOURED, "coloured", "with a terminal's control sequences in it")                            \
	X(RECORD, "record", "goes on in the next record of a container's log: Docker's json-file, CRI") \
	X(WRAPPED, "wrapped", "goes on in the next line, where the one before is as long as is usual")

enum encoded_form {
#define ENCODED_FORM(id, name, what) ENCODED_##id,
	ENCODED_FORMS(ENCODED_FORM)
#undef ENCODED_FORM
		ENCODED_FORM_COUNT,
};

/* No form of a token is read further than this, in bytes. */
#define ENCODED_MAX_LEN 4096UL

/* Bytes before a form that are asked whether it is one: a line and its end. */
#define FORM_BEFORE 512

/* What stands in place of each character of a secret portion. */
#define FORM_MASK '*'

/* What is read. */
struct form_text {
	const uint8_t *bytes;
	size_t len;
	bool open; /* more may come behind it */
	bool agent; /* an agent's token is one as well */
	bool masked; /* a part of its secret portion may have been masked (form_mask()), from the first character on */
	bool lines; /* what begins where a line ends is one only if FORM_LINE_MIN bytes of the line can be of it */
};

#define FORM_LINE_MIN 40

/* What was read at a place. Its owner wipes it (form_wipe()). */
struct form_reader {
	const uint8_t *bytes;
	size_t len, at;
	size_t start; /* of the form */
	enum encoded_form form;
	bool open; /* behind `len` more may come */
	bool lines, agent, masked; /* as of struct form_text */
	bool lower, upper; /* such letters were in the secret portion: of an agent's it has one kind only */
	bool more; /* what comes decides */
	bool skips; /* CRI's record that follows is taken for one of the other stream, and passed over */
	bool plain; /* no line of a dump has an offset */
	bool offset; /* one was passed over, which may be bytes */
	size_t seam; /* where one of CRI's ends in which it goes on, or a line that may, or one before an offset, so that this matters; 0: there was none */
	bool alike; /* of a line in which it goes on, only the ones beside it tell so */
	bool unsure; /* of which stream of a log the record is that it goes on in; what comes decides that as well */
	size_t passed; /* behind what was read, or passed over as a whole */
	size_t odd; /* from this byte on it does not stand there as it is; SIZE_MAX: all of it does */
	size_t line; /* the first byte of the secret portion's last line; SIZE_MAX: it is in one line */
	unsigned int rest; /* bits of a next byte */
	size_t digit; /* of hex, where the last byte's first digit is */
	size_t dumped; /* of a dump, the first byte that is in its last line; SIZE_MAX: this is none */
	size_t secret; /* place of the secret portion's first byte; 0: that was not reached */
	size_t out_len;
	uint16_t starts[WIDE_MAX_LEN], ends[WIDE_MAX_LEN]; /* of each byte's form, from `start` on */
	uint16_t shown[WIDE_MAX_LEN]; /* of a dump, where it stands as text as well, likewise; 0: nowhere */
	uint8_t out[WIDE_MAX_LEN];
};

enum form_result {
	FORM_NONE,
	FORM_MORE, /* what comes decides */
	FORM_CUT, /* a token whose secret portion ends early: 1 byte of it or more is there */
	FORM_TOKEN,
};

/*
 * form_read() - reads what begins at `at`, at < text->len. What stands there as it is, is none. The result depends on the FORM_BEFORE
 * bytes before it, and on not more than ENCODED_MAX_LEN from it on.
 * If the text is not open, FORM_MORE is no result.
 */
enum form_result form_read(struct form_reader *reader, const struct form_text *text, size_t at);

/* form_read_pairs() - the same of UTF-16, which form_read() does not know. */
enum form_result form_read_pairs(struct form_reader *reader, const struct form_text *text, size_t at);

/* form_next() - the first place from `at` on where one of these may find something; `len`: there is none. */
size_t form_next(const uint8_t *bytes, size_t len, size_t at);

/* form_end() - one past what is of a FORM_CUT or FORM_TOKEN; another one may begin there. */
size_t form_end(const struct form_reader *reader);

/* form_reach() - one past all that is of it: behind its end a dump may show it as text. */
size_t form_reach(const struct form_reader *reader);

/* form_secret() - where the first byte is that may tell of a secret portion, whatever comes; SIZE_MAX: all that is there is none. */
size_t form_secret(const struct form_reader *reader);

/*
 * form_mask() - of a FORM_CUT or FORM_TOKEN, puts FORM_MASK in place of each character of the secret portion, in the form that it has:
 * what comes out is as long, and of base64 and hex what it stands for is as well. Colours and ends of lines stay.
 * @bytes: those that were read
 */
void form_mask(const struct form_reader *reader, uint8_t *bytes);

/*
 * form_copy() - the characters of a FORM_CUT or FORM_TOKEN, each where it is from the form's start on, and NUL wherever else: what lies
 * between them is another's, and may be another one's secret.
 * @copy: as long as the form, ENCODED_MAX_LEN at most
 */
void form_copy(const struct form_reader *reader, uint8_t *copy);

static inline void form_wipe(struct form_reader *reader)
{
	explicit_bzero(reader->out, reader->out_len);
}

/* encoded_name() - "base64", …; static. */
const char *encoded_name(enum encoded_form form);
