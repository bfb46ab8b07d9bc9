/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A place where lines go: a table of what it can do, and whatever it needs for that behind (file.h, socket.h). What writes to it
 * may block, so each has a thread (bus.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* What may be written at once: so many may have arrived, and be marked as if they had not, when a daemon is killed. */
#define OUTPUT_LINES 64
#define OUTPUT_LINES_BYTES 65536UL

struct output;
struct alert;
struct loss;
struct output_spec;

/* What is NULL there is nothing to do for. */
struct output_kind {
	/*
	 * Makes what is written of an alert, or of a loss (the other one is NULL), if that is no line of its own: by the thread that
	 * hands over. @text: for a person. Returns 0, *ret_message (malloc'ed) and its length, or a negative errno.
	 */
	int (*form)(const struct output *output, const struct alert *alert, const struct loss *loss,
		    bool text, char **ret_message, size_t *ret_len);
	/* when threads may be started. Returns 0 or a negative errno. */
	int (*begin)(struct output *output);
	/*
	 * Takes a line, with its newline, or a message. Returns 0, or a negative errno: it did not arrive whole. What did of it stays where it
	 * is, and spoils no other line. Or how many alerts of before are lost by it.
	 */
	int (*write)(struct output *output, const char *line, size_t len, bool alert);
	/*
	 * As write(), of several lines at once, OUTPUT_LINES at most and as many bytes as room() has. Returns how many arrived whole; less than all
	 * of them, and *ret_error (a negative errno): so much for the next one, and nothing of those behind it.
	 */
	size_t (*write_lines)(struct output *output, const struct iovec *lines, size_t count, int *ret_error);
	/* bytes that make_room() has found room for, OUTPUT_LINES_BYTES at most; 0: a line at a time. Behind make_room(). */
	size_t (*room)(const struct output *output);
	/* before a line of that length, by a bound. Returns 0, or a negative errno: it goes on past that. */
	int (*make_room)(struct output *output, size_t len);
	/* opens what has that name anew (log rotation). Returns 0, or a negative errno: the old one stays. */
	int (*reopen)(struct output *output);
	/* Is that line the last one there, or (@many) among those that were written at once? Nothing else can tell. */
	bool (*ends)(const struct output *output, const char *line, bool many);
	/* Has it nothing under way, of what it took? At any time, by any thread. @ret_moved: ms, CLOCK_MONOTONIC: when it last moved */
	bool (*idle)(struct output *output, int64_t *ret_moved);
	/* Nothing is waited for any more, and a write that waits comes to an end; likewise. Returns how many alerts don't arrive by that. */
	uint64_t (*give_up)(struct output *output);
	/* Takes on what a spec with the same identity has; by who hands over, while the thread may write. */
	void (*adjust)(struct output *output, const struct output_spec *spec);
	void (*close)(struct output *output);
	/* it has readers of the moment: what a daemon before us had no time to deliver is nothing to them */
	bool live;
};

struct output {
	const struct output_kind *kind;
	int trouble; /* why a write waits: a negative errno; 0: it does not, or nobody knows. By __atomic_… */
};

int output_begin(struct output *output);
int output_write(struct output *output, const char *line, size_t len, bool alert);
int output_make_room(struct output *output, size_t len);
int output_reopen(struct output *output);
bool output_ends(const struct output *output, const char *line, bool many);
size_t output_room(const struct output *output);
size_t output_write_lines(struct output *output, const struct iovec *lines, size_t count, int *ret_error);
bool output_idle(struct output *output, int64_t *ret_moved);
uint64_t output_give_up(struct output *output);
void output_adjust(struct output *output, const struct output_spec *spec);

/* output_close() - NULL is fine. */
void output_close(struct output *output);

/* output_error() - what a negative errno of opening one means; static. */
const char *output_error(int error);
