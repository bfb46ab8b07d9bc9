/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a monitor watches, in words, for the store. */
#pragma once

#include "capture/functions.h"
#include "capture/probe.h"
#include "store/store.h"

struct watched {
	struct store_watched store; /* its strings are those below */
	char *name, *files, *missing;
};

/*
 * watched_make() - @name: of the cgroup or the command, NULL for the host; masked here.
 * Returns 0 and *ret_watched (watched_free()), or -ENOMEM.
 */
int watched_make(const struct probe_options *options, const char *name,
		 const struct functions_missing *missing, struct watched *ret_watched);

/* watched_free() - frees what it owns and zeroes it. */
void watched_free(struct watched *watched);
