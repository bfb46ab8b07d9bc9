/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What procfs still says of a process, for the few facts that the kernel side could not read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The resolution at which procfs tells when a process has begun, which is cut to it: a tick of USER_HZ, which is 100; ns. */
#define PROCFS_TICK_NS 10000000ULL

/* A process for certain: never a pid alone, which may be somebody else's by now. */
struct procfs_process {
	const char *root; /* where procfs is mounted */
	uint32_t pid; /* as that procfs counts */
	uint64_t start; /* ns, CLOCK_BOOTTIME */
};

/*
 * procfs_read() - reads a file of the process ("cmdline"), at most `size` bytes.
 * Returns the number of bytes, or -ESRCH if that process is gone (also while reading), or another
 * negative errno.
 */
int procfs_read(const struct procfs_process *process, const char *name, char *buffer, size_t size);

/* procfs_alive() - is that very process still there? */
bool procfs_alive(const struct procfs_process *process);

/* procfs_runs() - and has it not ended, though nobody has asked for its status yet? */
bool procfs_runs(const struct procfs_process *process);

/*
 * procfs_start() - when the process with that number has begun: ns, CLOCK_BOOTTIME, at the resolution that procfs has.
 * Returns 0, or -ESRCH if there is none, or another negative errno.
 */
int procfs_start(const char *root, uint32_t pid, uint64_t *ret_start);

/* procfs_link() - the same for what a link of the process ("exe") points to. */
int procfs_link(const struct procfs_process *process, const char *name, char *buffer, size_t size);
