/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long the programs go on without a daemon. Those that are pinned outlive it; each renewal is for some more seconds, and
 * when the last one has run out they do nothing.
 *
 * In jiffies, because a program reads those by one load. How fast they go is not known to programs, and is measured.
 */
#pragma once

#include "types.h"

struct lease {
	__u64 until; /* jiffies */
	__u64 seconds; /* that a renewal is for; set by the daemon */
	__u64 jiffies, ns; /* of the first renewal, CLOCK_MONOTONIC */
	__u64 renewed; /* ns, CLOCK_BOOTTIME */
};

/* Jiffies in a second at most, before it is known (CONFIG_HZ). */
#define LEASE_HZ_MAX 1000
