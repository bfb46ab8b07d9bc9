/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs of base64 (RFC 4648, both alphabets) in which more lies than a token: a text that has forms of its own, or what gzip has packed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of one has so many characters or more; the last one, any. */
#define RUN_LINE 60UL

/* What stands for the end of a line, and the next one's indentation. */
#define RUN_BREAK 128

enum run_kind {
	RUN_OTHER, /* nothing that is looked into */
	RUN_TEXT, /* UTF-8 */
	RUN_PAIRS, /* UTF-16, of which every other byte is a NUL */
	RUN_GZIP, /* RFC 1952 */
};

/* Zero it before a text. Tells nothing of what was read. */
struct run {
	enum run_kind kind; /* of the one that run_find() has found */
	bool refused; /* the line that goes on is of none */
	bool ended;
	size_t line; /* characters of the line so far */
	unsigned int held, bits;
};

/* A character's value, one more than it; 0: it is none. */
extern const uint8_t run_six[256];

/* run_is() - may a run have that character? */
static inline bool run_is(uint8_t byte)
{
	return run_six[byte];
}

/* run_value() - what it stands for, in six bits. */
static inline unsigned int run_value(uint8_t byte)
{
	return run_six[byte] - 1U;
}

/* run_letter() - one that stands for that value, and the one that is there if it does. */
uint8_t run_letter(unsigned int value, uint8_t there);

/*
 * run_find() - the first run in bytes[0, len) that begins at *from or later.
 * Returns true, and *from is its first character; read it with run_read(). Else *from is how far it is known that none begins.
 */
bool run_find(struct run *run, const uint8_t *bytes, size_t len, size_t *from);

/*
 * run_read() - what the characters from *at on stand for, as many as there is room for; *at goes behind what was read.
 * @whole: no more comes behind len
 * Returns how many bytes that is. run->ended: the run ends at *at; else more is wanted, or more room.
 */
size_t run_read(struct run *run, const uint8_t *bytes, size_t len, bool whole, size_t *at, uint8_t *to,
		size_t room);

/* run_refuse() - the rest of the line is not looked into. */
void run_refuse(struct run *run);
