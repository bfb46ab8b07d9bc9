/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What outlives a daemon: programs, links and maps below a directory of a BPF file system (bpf(2), BPF_OBJ_PIN).
 *
 *     DIR/            held by a lock while a daemon runs
 *     DIR/3/map:state what daemons leave to the next one (struct pin_state)
 *     DIR/3/…         all else of a set, by name; whose it is capture/adopt.h knows
 *
 * A set is whole or none: its state says so, last of all. Of two, as an upgrade that was killed leaves them, the newer whole one
 * counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "counters.h"
#include "lib/board.h"

#define PIN_DIRECTORY "/sys/fs/bpf/spillwatch"
#define PIN_SECONDS 600
#define PIN_PROGRAMS_MAX 64
/* Of the memory that daemons leave to each other beside the state. */
#define PIN_JOURNAL_BYTES (1UL << 20)
#define PIN_MISSING_MAX 32

/* For the numbers of alerts, over all daemons. */
struct pin_said {
	uint64_t said; /* what went to outputs */
	uint64_t number; /* that, and what only the store was told of */
};

/* In a map's memory, so it is there after a daemon was killed; written by one daemon, read by the next. */
struct pin_state {
	uint64_t magic; /* of this struct's layout */
	uint64_t
		program; /* hash of the programs and of what they were told: who has the same takes them over */
	uint64_t record; /* of what a record of the ring looks like */
	char version[64]; /* of whoever attached them */
	uint32_t whole;
	uint32_t attachment; /* enum probe_attachment */
	uint32_t preempts; /* there are doors */
	uint32_t missing; /* functions that this kernel lacks … */
	char missing_name[PIN_MISSING_MAX][32];
	uint64_t attached; /* ns, CLOCK_BOOTTIME */
	/* of the daemon that has it, or had it last */
	uint32_t ended; /* it ended in order */
	uint64_t renewed; /* its last sign of life: ns, CLOCK_BOOTTIME */
	uint64_t seconds; /* that the programs go on without it */
	uint64_t
		canary; /* when its last canary came back (engine/canary.h): ns, CLOCK_BOOTTIME; 0: none did */
	struct pin_said said;
	uint64_t told[COUNTER_MAX]; /* what it has told of each counter */
	uint64_t told_skipped[PIN_PROGRAMS_MAX]; /* likewise, by program */
};

struct pin_set;

/*
 * pin_open() - takes the directory, which is made if it is not there; the default one's file system is mounted if nobody has.
 * @ret_holder: of -EBUSY: the pid of the daemon that has it, 0: not known
 * Returns 0 and *ret_set (pin_close()); -EBUSY; -EMEDIUMTYPE if that is no BPF file system; -EUSERS if it is somebody else's; or another
 * negative errno.
 */
int pin_open(const char *directory, pid_t *ret_holder, struct pin_set **ret_set);

/*
 * pin_peek() - looks at what is there, whoever has it, and changes nothing.
 * @ret_holder: the pid of the daemon that has it, 0: none, or not known
 * Returns 0 and *ret_state; -ENOENT if there is no whole set; or another negative errno.
 */
int pin_peek(const char *directory, pid_t *ret_holder, struct pin_state *ret_state);

/* pin_say() - this is how we are; what is too long is not said. Others may read it at any moment. */
void pin_say(struct pin_set *set, const char *text, size_t len);

/*
 * pin_read_status() - what the daemon that has the directory, or had it, has said last.
 * Returns 0 and *ret_text (malloc'ed, with a terminator); -ENOENT if there is none; or another negative errno.
 */
int pin_read_status(const char *directory, char **ret_text);

/* pin_close() - lets go of the directory; what is pinned stays. NULL is fine. */
void pin_close(struct pin_set *set);

/* pin_state() - of the set that is in use, in shared memory; NULL: there is none. */
struct pin_state *pin_state(const struct pin_set *set);

/* pin_journal() - PIN_JOURNAL_BYTES of shared memory, zeroed at first; a new set has that of the one before. NULL: there is no set. */
void *pin_journal(const struct pin_set *set);

/*
 * pin_begin() - a new set, empty and not whole, is in use from now on. Returns 0 or a negative errno.
 * pin_whole() - the one in use is whole; all others are removed, also those of which nobody knows what they are. Not sooner: what they
 * have attached watches until then.
 */
int pin_begin(struct pin_set *set);
void pin_whole(struct pin_set *set);

/* pin_put() - pins a descriptor. Returns 0 or a negative errno. */
int pin_put(struct pin_set *set, const char *kind, const char *name, int fd);

/* pin_get() - Returns a descriptor (of the caller's), -ENOENT or another negative errno. */
int pin_get(const struct pin_set *set, const char *kind, const char *name);

/* pin_drop() - unpins all of a kind. @but: not this name, nor those with a number behind it ("NAME-3"); NULL: all */
void pin_drop(struct pin_set *set, const char *kind, const char *but);

/* pin_remove() - unpins everything, and the directory goes. What somebody still has open lives as long as that. */
void pin_remove(struct pin_set *set);

/* pin_error() - what a negative errno of pin_open() means; static. */
const char *pin_error(int error);

/* pin_error_asked() - the same to who asks a daemon something, and may lack the right to. */
const char *pin_error_asked(int error);
