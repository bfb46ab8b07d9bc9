/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes that ask other people's files and can be given up, and the one that starts and ends them.
 *
 * The nursery is forked before the daemon opens or learns anything, and does nothing else, so it never hangs. What it starts has a lane, a
 * socket that keeps messages apart (SOCK_SEQPACKET), one process at a time. One that hangs in the kernel, where not even SIGKILL reaches it, is left
 * there; it holds no link, no map and no output of the daemon's.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Processes, those that were given up and have not ended among them. */
#define NURSERY_LANES 16

struct nursery {
	const char *name; /* of the processes; borrowed */
	unsigned int needs; /* of enum privileges_need, beside forking */
	/* what each does; it does not return. @context: as it was when the nursery was started */
	void (*serve)(const void *context, int lane);
	const void *context;
};

/* The daemon to the nursery, and what that says: that the process of a lane has ended, or could not be started. */
enum nursery_order { NURSERY_START, NURSERY_KILL, NURSERY_ENDED };

struct nursery_control {
	uint32_t order; /* enum nursery_order */
	uint32_t lane;
};

/*
 * nursery_start() - starts it. It ends when the daemon has closed its end of the control socket, and waits for nobody who can't.
 * Returns 0, *ret_pid (to be waited for), the socket to it and the daemon's ends of the lanes, none of which waits; or a negative errno.
 */
int nursery_start(const struct nursery *nursery, pid_t *ret_pid, int *ret_control,
		  int ret_lanes[NURSERY_LANES]);

/* nursery_order() - NURSERY_START or NURSERY_KILL. Returns 0 or a negative errno. */
int nursery_order(int control, enum nursery_order order, uint32_t lane);
