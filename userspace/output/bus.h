/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where alerts go: each output has a queue with a bound, and a thread of its own that writes. Who hands an
 * alert over never waits for any of them. What an output does not take is lost to that output only, and
 * counted.
 *
 * Standard error is always one of them: what the program says of itself (lib/log.h) goes the same way while
 * there is a bus, so that a pipe which nobody reads holds nobody up there either.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"
#include "alert/loss.h"
#include "output/spec.h"

/* Outputs, at most, with standard error. */
#define BUS_OUTPUTS 16
/* With those that are there no more. */
#define BUS_LOSSES (BUS_OUTPUTS + 1)

/* ms after which an output that has taken nothing is not waited for any more. */
#define BUS_PATIENCE_MS 1500

struct bus;

/* Room for an output's name, as it is told: what is longer is cut. */
#define BUS_NAME_BYTES 256

/* What an output did not take, or does not. */
struct bus_loss {
	uint64_t number; /* of the output, for as long as it is there; 0: those that were removed */
	const char *name; /* printable; "standard output" or a path. Borrowed from the bus. */
	const char *reason; /* static; NULL if nothing was lost */
	char text[BUS_NAME_BYTES + 128]; /* "alerts not delivered to NAME: REASON"; printable */
	uint64_t alerts;
	uint64_t waiting; /* alerts that are not written yet */
	const char *trouble; /* why it takes nothing just now, static; NULL: it does, or nobody knows */
	uint64_t stuck; /* alerts that wait, while it has taken nothing for BUS_PATIENCE_MS */
};

/*
 * bus_open() - with standard error.
 * @text: it gets a readable line for each alert
 * Returns 0 and *ret_bus (bus_close()), or a negative errno.
 */
int bus_open(bool text, struct bus **ret_bus);

/*
 * bus_add() - one more output. Returns 0; 1 if it does not answer, so that its thread will open it; -EEXIST if there is one of that name, -ENOSPC if there are too many, or a negative errno of
 * opening it (output_error()).
 * bus_add_file() - a file, for all alerts as lines of JSON.
 */
int bus_add(struct bus *bus, const struct output_spec *spec);
int bus_add_file(struct bus *bus, const char *path, unsigned long bytes);

/*
 * bus_begin() - starts the threads, when all outputs are there; what the program says of itself goes this
 * way from now on. What was handed over before has waited. Returns 0 or a negative errno.
 */
int bus_begin(struct bus *bus);

/* bus_emit() - hands an alert to each output that it is for; it is written at the latest after bus_flush(). Never blocks. */
void bus_emit(struct bus *bus, const struct alert *alert);

/*
 * bus_emit_loss() - tells of a loss likewise, whatever an output is for: what was lost nobody knows. Standard error is told by
 * lib/log.h.
 */
void bus_emit_loss(struct bus *bus, const struct loss *loss);

/*
 * How far each output has come, for who delivers to them after us (engine/journal.h), before bus_begin():
 *
 * bus_marks() - asks for the word of each output that takes alerts and keeps them, where it notes the last number that it has, or has lost.
 * bus_least() - the least of them; UINT64_MAX: there are none.
 * bus_emit_again() - an alert of another daemon's, to those that don't have it.
 */
typedef uint64_t *(*bus_mark)(void *context, const char *name);
void bus_marks(struct bus *bus, bus_mark mark, void *context);
uint64_t bus_least(const struct bus *bus);
void bus_emit_again(struct bus *bus, const struct alert *alert);

/* bus_pass() - that number is of nothing that goes to outputs: who has all before has it. */
void bus_pass(struct bus *bus, uint64_t number);

/* What bus_change() is to do, and what came of it. */
struct bus_changes {
	bool text; /* standard error gets a readable line for each alert */
	const struct output_spec *specs; /* all there are to be, but standard error */
	size_t count;
	/* What can't be opened for want of a privilege that is given away: says why, static; NULL: it can. */
	const char *(*refused)(void *context, const struct output_spec *spec);
	/* as of bus_marks(), for one that is new; and for one that is removed */
	bus_mark mark;
	void (*unmark)(void *context, uint64_t *mark);
	void *context;
	size_t wrong; /* of the specs: the one that could not be opened, or is refused */
	const char *why; /* that is refused */
	size_t added, removed;
	size_t late; /* of the added: they don't answer yet, and are opened as soon as they do */
};

/*
 * bus_change() - from the next alert on, these are the outputs, and no others. What is there already goes on without being opened
 * anew, with the filter, form and bounds that it is given now. What is not in there any more writes what waits for it, and leaves. All or
 * nothing: what is new is opened first, which may take as long as BUS_OPEN_MS. After bus_begin().
 * Returns 0, or a negative errno, and nothing has changed: -EPERM with `why`: it is refused; or that of bus_add(), of specs[wrong].
 */
#define BUS_OPEN_MS 250
int bus_change(struct bus *bus, struct bus_changes *changes);

/* bus_flush() - what was handed over is to be written now. Does not wait for that. */
void bus_flush(struct bus *bus);

/* bus_reopen() - has files opened anew (log rotation) before the next alert is written. */
void bus_reopen(struct bus *bus);

/*
 * bus_reopened() - a negative errno if that, or to begin a new file by the bound, has failed since this was
 * last asked, else 0.
 */
int bus_reopened(struct bus *bus);

/*
 * bus_losses() - what each output did not take so far, and behind them, if there is anything to say of them, those that bus_change() has
 * removed, as one. Returns how many there are.
 */
size_t bus_losses(struct bus *bus, struct bus_loss losses[BUS_LOSSES]);

/*
 * bus_settle() - waits until all that was handed over is written: at most so many ms, and for no output that
 * has taken nothing for BUS_PATIENCE_MS. What waits then is lost, and that output is not written to any
 * more.
 */
void bus_settle(struct bus *bus, int ms);

/*
 * bus_close() - settles shortly, then ends the threads; one that hangs in a write is left to itself. NULL is
 * fine.
 */
void bus_close(struct bus *bus);
