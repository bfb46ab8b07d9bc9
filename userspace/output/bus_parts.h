/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What bus.c and bus_change.c share, and nobody else has. */
#pragma once

#include "output/bus.h"
#include "output/queue.h"

#include <pthread.h>

struct output;

/* Outputs that leave at the same time; what is beyond has no time to write what waits. */
#define BUS_LEAVING 32

struct bus_output {
	struct output *output; /* the thread's alone */
	uint64_t number; /* from 1 on; no other one gets it */
	char *name;
	char *identity; /* output_spec_identity(); NULL: standard error's */
	bool json, colour;
	bool alerts; /* takes them; else only what the program says of itself */
	int severity; /* output_spec */
	const struct rules *match; /* likewise */
	size_t queue_bytes;
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t work;
	struct queue queue;
	size_t bytes; /* that wait: in the queue, and what the thread has taken of it */
	uint64_t waiting; /* alerts among these */
	uint64_t lost; /* alerts */
	int error; /* of the last one that was lost */
	int reopened; /* 0, or why that failed */
	uint64_t *mark; /* number of the last alert that is through; NULL: nobody asks */
	uint64_t passed; /* number of the last one that is not for it */
	int64_t moved; /* ms, CLOCK_MONOTONIC: when a line was written, or the first one came to wait */
	bool reopen; /* asked for */
	bool busy; /* the thread is not at the lock */
	bool given_up; /* nothing is written any more */
	bool end; /* asked for */
	bool left; /* the thread frees it all */
	bool started; /* there is a thread */
	size_t unsaid; /* bytes that it was not woken for yet */
};

struct bus {
	struct bus_output *outputs[BUS_OUTPUTS];
	size_t count;
	uint64_t numbered;
	struct bus_output *leaving[BUS_LEAVING]; /* nothing new comes to them; they write what waits */
	size_t leaving_count;
	uint64_t gone_lost; /* alerts that those lost which have left */
};

/* bus_has() - is there one of that name? */
bool bus_has(const struct bus *bus, const char *name);

/* bus_output_is_idle() - nothing waits for it, and its thread does nothing. Locked. */
bool bus_output_is_idle(const struct bus_output *to);

/* bus_change_leave() - those that leave, and have written all or take nothing, are gone. */
void bus_change_leave(struct bus *bus);

/* bus_output_new() - takes the output, the name and the identity, also on failure. Returns NULL: no memory. */
struct bus_output *bus_output_new(struct output *output, char *name, char *identity,
				  const struct output_spec *spec, bool alerts, bool colour);

/* bus_output_set() - what may change while it runs. By who hands over. */
void bus_output_set(struct bus_output *to, const struct output_spec *spec);

/* bus_output_name() - what an output is called, printable; a path can hold a token as well (malloc'ed). */
char *bus_output_name(const struct output_spec *spec);

/* bus_output_start() - its thread. Returns 0 or a negative errno. */
int bus_output_start(struct bus_output *to);

/* bus_output_free() - one without a thread. */
void bus_output_free(struct bus_output *to);

/* bus_output_leave() - its thread ends when it comes back from what it is at, and frees all. */
void bus_output_leave(struct bus_output *to);

/* bus_output_moves() - has it something to do, and does it still? @any: whether it moves or not. Locked. */
bool bus_output_moves(struct bus_output *to, bool any);

/* bus_output_give_up() - what waits is lost. */
void bus_output_give_up(struct bus_output *to);
