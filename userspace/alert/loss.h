/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was lost, told while it happens. Every string is printable and masked, as in alert.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Writers that are named, of those that are known. */
#define LOSS_WRITERS 5

/* event.action of it. */
#define LOSS_ACTION "samples-lost"

/* One kind of loss. */
struct loss_kind {
	const char *name; /* static: of include/counters.h, or of struct pipeline_stats */
	const char *text; /* what it counts, in words; borrowed */
	uint64_t count; /* since it was told the last time */
	uint64_t total; /* since the monitor's start */
};

/* Whose samples had no room, as far as that is known: those beyond a share of the ring. */
struct loss_writer {
	uint64_t samples; /* since it was told the last time */
	uint64_t cgroup; /* its id; 0: without cgroups the user is the writer */
	uint32_t uid, pid; /* who that was the last time */
	const char *name; /* comm; borrowed */
	const char *container, *container_name; /* NULL: in none, or not known; borrowed */
};

struct loss {
	struct timespec time,
		since; /* CLOCK_REALTIME: now, and when it was last known that nothing more was lost */
	uint64_t sequence; /* as of alerts */
	uint64_t series, number; /* as of alerts, which have no number of these */
	const struct loss_kind *kinds; /* kind_count of them; borrowed */
	size_t kind_count;
	struct loss_writer writers[LOSS_WRITERS]; /* who lost most first */
	size_t writer_count;
	const char *host_name; /* borrowed */
};

/*
 * loss_to_json() - one line of JSON by share/alert.schema.json, event.action samples-lost. Returns 0 and
 * *ret_line (malloc'ed), or -ENOMEM.
 */
int loss_to_json(const struct loss *loss, char **ret_line);

/*
 * loss_to_text() - one line for a person, as of an alert: "12:04:31  LOST    lost just now: …". Likewise.
 */
int loss_to_text(const struct loss *loss, bool colour, char **ret_line);

/* loss_who() - "container app", "user 33": who it was, shortly. */
void loss_who(const struct loss_writer *writer, char *text, size_t size);

/*
 * loss_copy() - with all that it borrows but the host's name. Returns it as one piece of memory (free()),
 * NULL if there is none.
 */
struct loss *loss_copy(const struct loss *loss);

/* loss_message() - the same in a sentence. Returns 0 and *ret_text (malloc'ed), or -ENOMEM. */
int loss_message(const struct loss *loss, char **ret_text);
