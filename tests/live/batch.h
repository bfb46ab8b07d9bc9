/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Many commands under one monitor, one after the other: loading the programs takes seconds in an emulated
 * guest, and most cases differ in nothing but the call they make.
 */
#pragma once

#include "live.h"

struct live_batch {
	size_t count, size;
	char **args; /* all commands, each with ";" behind it, then NULL */
	size_t args_count;
	int *pids, *statuses; /* of each command, after live_batch_run() */
	struct live_run run; /* of the monitor */
};

/* live_batch_add() - one more command; its arguments are copied. */
void live_batch_add(struct live_batch *batch, const char *const *command);

/*
 * live_batch_run() - runs them all, as live_exec() would one. Fails the test if something was lost.
 * @options: of the monitor
 */
void live_batch_run(struct live_batch *batch, const char *const *options);

/*
 * live_batch_take() - what one command did: its status, the alerts of its process; output and errors are
 * those of all. Commands count from 0 in the order they were added in. Free with live_free().
 */
struct live_run live_batch_take(const struct live_batch *batch, size_t command);

void live_batch_free(struct live_batch *batch);
