/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that are mapped shared and can be written to, and are never written back: stores into them pass no hook, so these
 * are looked at again, every MAPPED_INTERVAL_MS, until their process is gone, and who has inherited them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/sample_view.h"

#define MAPPED_INTERVAL_MS 2000
/* Or after so many times what the last looks took, so that much that is mapped costs a bounded share of a processor. */
#define MAPPED_PAUSE_TIMES 20
/* Of those that have mapped one file, so many are told apart. */
#define MAPPED_RIVALS 8

struct mapped;

/* Another process that has mapped the same file. */
struct mapped_rival {
	uint64_t start; /* ns, CLOCK_BOOTTIME */
	uint32_t tgid;
	uint32_t pad;
};

/* Who has inherited the mapping of a process that has ended, as far as an alert tells of it. tgid 0: nobody */
struct mapped_heir {
	uint64_t start; /* ns, CLOCK_BOOTTIME */
	uint32_t tgid, ns_tgid;
	uint32_t uid, gid;
	uint32_t sibling; /* of who is looked after by now, and not a child of it */
	uint32_t pad;
	char comm[LIMIT_COMM_BYTES];
};

/* All who have, as far as they are told apart. */
struct mapped_heirs {
	struct mapped_heir first; /* that it is looked after for */
	struct mapped_rival all[MAPPED_RIVALS];
	uint32_t count;
	uint32_t later; /* it could not be asked now: in the next round */
};

/*
 * mapped_inherit() - from now on the sample's process is that one, and the one that it was is its parent, or stands above it.
 * @ancestors: of the sample, to be changed
 */
void mapped_inherit(struct token_sample *sample, char *ancestors, const struct mapped_heir *heir);

/* mapped_open() - @procfs: where the host's procfs is mounted; borrowed. Returns 0 and *ret_mapped (mapped_close()),
 * or -ENOMEM. */
int mapped_open(const char *procfs, struct mapped **ret_mapped);
void mapped_close(struct mapped *mapped);

/*
 * mapped_add() - copies the sample; of a file that the process has mapped already, what is looked at is widened by the new
 * window.
 * @id: names the file from now on
 * Returns 0, or 1 if it was widened (the file has the name that it had); or -ENOSPC if LIMIT_MAPPED files are held, or all that are
 * not kept for writers who have none, or -ENOMEM.
 */
int mapped_add(struct mapped *mapped, const struct sample_view *view, uint64_t id);

/* mapped_any() - is there anything to look at? */
bool mapped_any(const struct mapped *mapped);

/* mapped_begin() - from now on, each file is looked at once more. */
void mapped_begin(struct mapped *mapped);

/* What is to be looked at next. */
struct mapped_look {
	struct sample_view view; /* of the file's; until mapped_told() or mapped_forget() */
	uint64_t id;
	uint64_t from, end;
	uint64_t gone; /* ns, CLOCK_BOOTTIME, when its process was seen to have ended; 0: it lives */
	uint64_t oldest; /* likewise, when the oldest began of all that have ended */
	struct mapped_rival rivals[MAPPED_RIVALS];
	size_t rival_count;
	struct mapped_rival heirs[MAPPED_RIVALS]; /* who has inherited it beside its process */
	size_t heir_count;
};

/* mapped_next() - the file whose turn it is in this round, or what is left of the last one. Returns false if the round is over. */
bool mapped_next(struct mapped *mapped, struct mapped_look *ret_look);

/*
 * mapped_told() - how far the file was looked at. @next: where to go on, @end: where it ends, @read: bytes that were read.
 * @heirs: of one whose process is gone: who has inherited it, of whom it is looked at for the first from now on.
 * Returns true if it is not needed any more, since its process is gone, and nobody has inherited it: it is then forgotten. Adds to *past
 * what lies past LIMIT_FILE_SCAN.
 */
bool mapped_told(struct mapped *mapped, uint64_t id, uint64_t next, uint64_t end, uint64_t read,
		 const struct mapped_heirs *heirs, uint64_t *past);

/* mapped_forget() - it can't be read. Returns whether it was known. */
bool mapped_forget(struct mapped *mapped, uint64_t id);

/* mapped_left() - files that have not had their turn in this round. */
size_t mapped_left(const struct mapped *mapped);

/*
 * mapped_holds() - has the sample's process, which is no other by now, this page of the file in its page tables? Who stored has it, unless
 * the page was taken from there since (reclaim), or is not mapped any more; who has read it, or what lies beside it, may have it as well.
 * @until: as below
 */
bool mapped_holds(const char *procfs, const struct token_sample *sample, uint64_t at, int64_t until);

/*
 * mapped_anothers() - which of the rivals has stored at that byte of the file, by what the page tables say? If nobody can tell, or there
 * is no time left, none. Reads procfs, which can take long.
 * @until: ms, CLOCK_MONOTONIC
 * Returns the index, or -1.
 */
int mapped_anothers(const char *procfs, const struct sample_view *view, const struct mapped_rival *rivals,
		    size_t count, uint64_t at, int64_t until);
