/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What attribution asks other people's files and processes: a runtime's files, which may lie in a user's home, the host's and a container's
 * passwd, a command line. Any of these may be on a file system that does not answer, so another process asks (files/nursery.h), and who waits for the ring waits for
 * it for a bounded time only.
 *
 *     a user or a container's cgroup   INQUIRY_PATIENCE_MS at once, and a part of what all of them have
 *     all of these                     INQUIRY_BUDGET_MS at once, and INQUIRY_SHARE of the time
 *     the host's own                   INQUIRY_PATIENCE_HOST_MS, then not again for INQUIRY_SILENT_MS
 *     the host's names of users        as a user, for each page of names (attribute/users.h)
 *
 * In the environment SPILLWATCH_PATIENCE=N has all of it N times as long (1 to 100): where everything is slow, such as in an emulator.
 *
 * Who kept us waiting is not asked about for a while, less long if the answer comes after all. What was not answered is counted.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "attribute/container/conmon.h"
#include "attribute/container/facts.h"
#include "attribute/container/relayed.h"
#include "bounds.h"

/* The unit tests wait longer: what they ask for is there, however slow the machine is. */
#ifndef INQUIRY_TIMES
#define INQUIRY_TIMES 1
#endif
#define INQUIRY_PATIENCE_MS (200L * INQUIRY_TIMES)
#define INQUIRY_PATIENCE_HOST_MS (300L * INQUIRY_TIMES)
/* All of them together: so many ms at once, and one ms in so many. */
#define INQUIRY_BUDGET_MS (800L * INQUIRY_TIMES)
#define INQUIRY_SHARE 10
/* Of both, one has a part in so many; as much is kept for those who have not used any. */
#define INQUIRY_PARTS 4
/* ms for which who did not answer is not asked about. */
#define INQUIRY_SILENT_MS 10000
/* Processes that hang for one user or group, and for all of them together: more are not started. */
#define INQUIRY_LEFT 2
#define INQUIRY_LEFT_ALL 12
/* ms after which what has not answered is ended. */
#define INQUIRY_LEFT_MS 5000

enum inquiry_kind {
	/* a container's facts */
	INQUIRY_READ, /* name, path */
	INQUIRY_GUESS, /* name, parent, path */
	INQUIRY_NESTED, /* name, path */
	INQUIRY_TOLD, /* told */
	INQUIRY_RELAYED, /* told */
	INQUIRY_BUNDLE, /* name, pid of conmon, path */
	INQUIRY_RENAMED, /* name, time */
	INQUIRY_PLACES, /* path: the id */
	/* is there no such file any more? path, number: whether it is a user's. Returns 1 if so, else 0 */
	INQUIRY_GONE,
	/* others */
	INQUIRY_LOG, /* told → text */
	INQUIRY_CONMON, /* pid of the parent, time → conmon */
	INQUIRY_ABOVE, /* pid of the parent, time → told */
	INQUIRY_MAKER, /* pid, time → told */
	INQUIRY_USER, /* pid, time, number → text; -EXDEV: number, as inside.h says */
	INQUIRY_GROUP, /* likewise */
	INQUIRY_EXEC, /* pid, time and (parent) name of a runtime's process, path: the id, number: the pid of a child. Returns 1 if so, else 0 */
	INQUIRY_ARGS, /* pid, time → text, of the length that is returned */
	INQUIRY_LINKED, /* path, number: the device, inode, generation → text and number */
	INQUIRY_ROOT, /* pid, time: does it see the host's root directory? Returns 1 if so, 0 if not, -ESRCH if it is gone */
	/*
	 * what has a name below a process's root directory, as far as that is in the kernel's memory: pid, time, path; of its parent, if it is gone:
	 * number: the pid, inode: when that started; below the host's, if both are and hosts → number: st_mode; 0: it is not known
	 */
	INQUIRY_MODE,
	/*
	 * the host's names. path, time: the stamp that is known of the file (0: none), number: how many entries are passed over, of the state
	 * with that stamp → stamp; number: bytes of text, which holds a number of 32 bits and a name ending in zero for each. Returns 0 if the stamp
	 * is the same, 1 if these were the last, 2 if there are more; -ESTALE if there is another state meanwhile
	 */
	INQUIRY_USERS,
	INQUIRY_GROUPS,
};

struct inquiry_question {
	enum inquiry_kind kind;
	/* whose files or processes they are, for what is not answered; both 0: the host's */
	uint64_t group;
	uint32_t uid;
	uint32_t pid, number, generation;
	uint64_t
		time; /* ns, CLOCK_BOOTTIME: when the process started; of INQUIRY_RENAMED, CLOCK_MONOTONIC: now */
	uint64_t inode;
	bool hosts; /* the process's root directory is the host's */
	struct cgroup_name name;
	char parent[CGROUP_NAME_BYTES];
	char path[PATH_MAX];
	struct relayed told;
};

struct inquiry_answer {
	int result;
	uint32_t number;
	uint64_t stamp;
	char text[PATH_MAX];
	struct container_conmon conmon;
	struct relayed told;
};

/* Where it is looked. */
struct inquiry_world {
	int root; /* descriptor of the host's root directory */
	const char *procfs;
	const char *path; /* of the root directory, "" for / */
};

struct inquiry;

/*
 * inquiry_open() - starts the process that asks; it must come before anything is opened that it shall not have.
 * @procfs, @root: NULL for /proc and /; borrowed
 * Returns 0 and *ret_inquiry (inquiry_close()), or a negative errno.
 */
int inquiry_open(const char *procfs, const char *root, struct inquiry **ret_inquiry);

/* inquiry_close() - NULL is fine. Waits for nobody who does not answer. */
void inquiry_close(struct inquiry *inquiry);

/*
 * inquiry_ask() - asks, and waits for the answer as long as it may.
 * @inquiry: NULL: asks itself, and waits
 * @world: for that
 * @facts: of a container, which are added to; NULL where it is about none
 * Returns what was answered, as the functions of the readers do, and *ret_answer; -ETIME if there was no answer in time, which says nothing
 * about what was asked for. With an inquiry it is never -ENOMEM.
 */
int inquiry_ask(struct inquiry *inquiry, const struct inquiry_world *world,
		const struct inquiry_question *question, struct container_facts *facts,
		struct inquiry_answer *ret_answer);

/*
 * inquiry_patient() - from now on each question is waited for as long as that, and costs nobody anything; 0: as it was. For the start, when
 * nobody waits yet. @ms: per question; @inquiry: NULL is fine
 */
void inquiry_patient(struct inquiry *inquiry, int64_t ms);

/* inquiry_ms() - so many ms, as SPILLWATCH_PATIENCE has it; NULL: as they are. */
int64_t inquiry_ms(const struct inquiry *inquiry, int64_t ms);

/* inquiry_unanswered() - how many questions there was no answer to in time; NULL: none. */
uint64_t inquiry_unanswered(const struct inquiry *inquiry);

/* inquiry_ended() - has the process that asks ended? Nothing is answered any more then. */
bool inquiry_ended(const struct inquiry *inquiry);

/* inquiry_here() - the answer, by this process. */
void inquiry_here(const struct inquiry_world *world, const struct inquiry_question *question,
		  struct container_facts *facts, struct inquiry_answer *ret_answer);
