// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Other outputs than before, while alerts come: SIGHUP → bus.
 *
 * Invariant: between two alerts. What was handed over before goes where it was to go, what comes after goes to the new ones, and an
 * output that is in both is not opened anew: so none is missed there, and none comes twice.
 *
 * Limit: of a daemon that is killed while an output leaves, what waits for that one is lost: its successor has no such output.
 */
#include "output/bus.h"
#include "output/bus_parts.h"

#include "lib/cleanup.h"
#include "lib/monotonic.h"
#include "lib/privileges.h"
#include "output/file.h"
#include "output/output.h"
#include "output/syslog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What there is to be, while it is made. */
struct bus_next {
	struct bus_output *outputs[BUS_OUTPUTS];
	const struct output_spec *specs[BUS_OUTPUTS]; /* of each; NULL: standard error */
	bool added[BUS_OUTPUTS];
	size_t count;
};

static struct bus_output *change_find(const struct bus *bus, const char *name, const char *identity)
{
	for (size_t i = 1; i < bus->count; i++)
		if (strcmp(bus->outputs[i]->name, name) == 0 &&
		    strcmp(bus->outputs[i]->identity, identity) == 0)
			return bus->outputs[i];
	return NULL;
}

static bool change_has(const struct bus_next *next, const char *name)
{
	for (size_t i = 0; i < next->count; i++)
		if (strcmp(next->outputs[i]->name, name) == 0)
			return true;
	return false;
}

/* What needs no privilege; a file is opened by its thread, which may wait for it. */
static int change_open(const struct output_spec *spec, struct output **ret_output)
{
	switch (spec->what) {
	case OUTPUT_FILE:
		return output_file_later(spec, ret_output);
	case OUTPUT_SYSLOG:
	case OUTPUT_JOURNALD:
		return output_syslog_open(spec, ret_output);
	default:
		return -EPERM;
	}
}

/* Takes name and identity. */
static int change_new(const struct output_spec *spec, char *name, char *identity, struct bus_output **ret_to)
{
	struct output *output;
	struct bus_output *to;
	int r = change_open(spec, &output);

	if (r < 0) {
		free(name);
		free(identity);
		return r;
	}
	to = bus_output_new(output, name, identity, spec, true, false);
	if (!to)
		return -ENOMEM;
	to->reopen = spec->what == OUTPUT_FILE;
	r = bus_output_start(to);
	if (r < 0) {
		bus_output_free(to);
		return r;
	}
	*ret_to = to;
	return 0;
}

static int change_one(struct bus *bus, struct bus_changes *changes, const struct output_spec *spec,
		      struct bus_next *next)
{
	AUTO_FREE char *name = bus_output_name(spec);
	AUTO_FREE char *identity = output_spec_identity(spec);
	struct bus_output *to;
	int r = 0;

	if (!name || !identity)
		return -ENOMEM;
	if (next->count == BUS_OUTPUTS)
		return -ENOSPC;
	if (change_has(next, name))
		return -EEXIST;
	to = change_find(bus, name, identity);
	/* also of one that goes on: the file that follows a full one would be for nobody else */
	if (spec->grouped && !privileges_in(spec->group))
		changes->why = "this daemon is not in its group, and can join none while it runs";
	else if (!to)
		changes->why = changes->refused(changes->context, spec);
	if (changes->why)
		r = -EPERM;
	else if (!to) {
		r = change_new(spec, TAKE(name), TAKE(identity), &to);
		next->added[next->count] = true;
	}
	if (r < 0)
		return r;
	next->specs[next->count] = spec;
	next->outputs[next->count++] = to;
	return 0;
}

/* Waits until what is new was opened, or was not. Returns 0, or why one of them was not. */
static int change_wait(const struct bus_next *next, struct bus_changes *changes)
{
	const struct timespec pause = {.tv_nsec = 1000000L};
	int64_t until = monotonic_ms() + BUS_OPEN_MS;
	int r = 0;

	for (size_t i = 0; r == 0 && i < next->count; i++) {
		struct bus_output *to = next->outputs[i];
		bool idle = !next->added[i];

		while (!idle) {
			pthread_mutex_lock(&to->lock);
			idle = bus_output_is_idle(to);
			r = idle ? to->reopened : 0;
			pthread_mutex_unlock(&to->lock);
			if (!idle && monotonic_ms() > until)
				break;
			if (!idle)
				nanosleep(&pause, NULL);
		}
		changes->late += !idle;
		if (r < 0)
			changes->wrong = (size_t)(next->specs[i] - changes->specs);
	}
	return r;
}

static void change_undo(const struct bus_next *next)
{
	for (size_t i = 0; i < next->count; i++)
		if (next->added[i])
			bus_output_leave(next->outputs[i]);
}

/* Gives an output a mark, or none, in place of the one that it had, which is returned: its thread asks for it. */
static uint64_t *change_swap(struct bus_output *to, uint64_t *mark)
{
	uint64_t *had;

	pthread_mutex_lock(&to->lock);
	had = to->mark;
	to->mark = mark;
	pthread_mutex_unlock(&to->lock);
	return had;
}

static void change_unmark(struct bus_output *to, struct bus_changes *changes)
{
	uint64_t *mark = change_swap(to, NULL);

	if (mark)
		changes->unmark(changes->context, mark);
}

/* What waits for it is written still. Where too many leave, the first one has had its time. */
static void change_remove(struct bus *bus, struct bus_output *to, struct bus_changes *changes)
{
	change_unmark(to, changes);
	if (bus->leaving_count == BUS_LEAVING)
		bus_output_give_up(bus->leaving[0]);
	bus_change_leave(bus);
	bus->leaving[bus->leaving_count++] = to;
	changes->removed++;
}

static void change_mark(struct bus_output *to, struct bus_changes *changes)
{
	bool marked = to->alerts && !to->output->kind->live;

	change_swap(to, marked ? changes->mark(changes->context, to->name) : NULL);
}

/* Does standard error get alerts from now on, or none any more? */
static void change_errors(struct bus *bus, struct bus_changes *changes)
{
	struct bus_output *to = bus->outputs[0];

	if (to->alerts == changes->text)
		return;
	to->alerts = changes->text;
	change_unmark(to, changes);
	if (to->alerts)
		change_mark(to, changes);
}

int bus_change(struct bus *bus, struct bus_changes *changes)
{
	struct bus_next next = {.outputs = {bus->outputs[0]}, .count = 1};
	int r = 0;

	changes->added = changes->removed = changes->late = 0;
	changes->why = NULL;
	for (size_t i = 0; r == 0 && i < changes->count; i++) {
		changes->wrong = i;
		r = change_one(bus, changes, &changes->specs[i], &next);
	}
	if (r == 0)
		r = change_wait(&next, changes);
	if (r < 0) {
		change_undo(&next);
		return r;
	}
	change_errors(bus, changes);
	for (size_t i = 1; i < bus->count; i++) {
		bool stays = false;

		for (size_t j = 1; j < next.count; j++)
			stays |= next.outputs[j] == bus->outputs[i];
		if (!stays)
			change_remove(bus, bus->outputs[i], changes);
	}
	for (size_t i = 1; i < next.count; i++) {
		struct bus_output *to = next.outputs[i];

		if (next.added[i]) {
			to->number = ++bus->numbered;
			change_mark(to, changes);
		} else
			output_adjust(to->output, next.specs[i]);
		bus_output_set(to, next.specs[i]);
		changes->added += next.added[i];
	}
	memcpy(bus->outputs, next.outputs, sizeof(bus->outputs));
	bus->count = next.count;
	return 0;
}

void bus_change_leave(struct bus *bus)
{
	size_t left = 0;

	for (size_t i = 0; i < bus->leaving_count; i++) {
		struct bus_output *to = bus->leaving[i];
		bool moves;

		pthread_mutex_lock(&to->lock);
		moves = bus_output_moves(to, false);
		pthread_mutex_unlock(&to->lock);
		if (moves) {
			bus->leaving[left++] = to;
			continue;
		}
		bus_output_give_up(to);
		pthread_mutex_lock(&to->lock);
		bus->gone_lost += to->lost;
		pthread_mutex_unlock(&to->lock);
		bus_output_leave(to);
	}
	bus->leaving_count = left;
}
