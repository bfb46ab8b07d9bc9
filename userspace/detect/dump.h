/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How bytes go on in a dump: two digits each, with something between them, an offset before each line, and behind it the same bytes as
 * text. xxd, hexdump -C, od -t x1 and openssl write such, and arrays in programs are not far from it:
 *
 *     00000010  64 74 30 63 30 31 2e 41  42 43 …  |dt0c01.ABC…|
 *     0x64, 0x74, 0x30, …
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump_text {
	const uint8_t *bytes;
	size_t len;
	bool open; /* more may come behind it */
	bool plain; /* no line has an offset: what looks like one is bytes */
	bool more; /* what comes decides; set here */
	bool offset; /* one was passed over; set here */
};

/* Of a line of a dump, the bytes that are asked for. */
struct dump_line {
	const uint8_t *bytes; /* what is known of it: the last ones, up to a place */
	size_t count;
	size_t column; /* where the first of them is as text; 0: nowhere */
	bool ended; /* the next pair is in another line */
};

/*
 * dump_next() - where the pair begins that follows one that ends at `at`; `at` if none does.
 * @line: its bytes and count are given; the others are set
 */
size_t dump_next(struct dump_text *text, size_t at, struct dump_line *line);

/* dump_column() - sets line->column, whatever else the line has behind a pair that ends at `at`. */
void dump_column(struct dump_text *text, size_t at, struct dump_line *line);
