// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → runs → fact. Keyed as the kernel keys its own table (include/sample.h), but by the token's
 * identifier; LIMIT_RUNS of them, the least recently told is forgotten.
 *
 * Limit: two tokens with one identifier and different secrets in one file (a forgery) count as one.
 */
#include "store/runs.h"

#include "bounds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* without memory an entry is not kept, and its next repeat counts as one write */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A token's identifier, a device and an inode, a part. */
#define RUN_KEY_SIZE 96

struct run {
	char key[RUN_KEY_SIZE];
	uint64_t repeats;
	UT_hash_handle hh;
};

/* In one piece, so that what is kept for long does not tear the heap apart. */
struct runs {
	struct run *table; /* the least recently told first */
	size_t used; /* slots that were ever used */
	struct run slots[LIMIT_RUNS];
};

int runs_open(struct runs **ret_runs)
{
	*ret_runs = calloc(1, sizeof(**ret_runs));
	return *ret_runs ? 0 : -ENOMEM;
}

void runs_close(struct runs *runs)
{
	if (!runs)
		return;
	HASH_CLEAR(hh, runs->table);
	free(runs);
}

/* Without an inode (names, attributes) it is the process that repeats itself. */
static void runs_key(const struct alert *alert, char key[RUN_KEY_SIZE])
{
	const struct alert_file *file = &alert->file;
	const char *part = alert->write.part ? alert->write.part : "";

	if (file->inode)
		snprintf(key, RUN_KEY_SIZE, "%s %u:%u:%" PRIu64 " %s", alert->token.identifier,
			 file->dev_major, file->dev_minor, file->inode, part);
	else
		snprintf(key, RUN_KEY_SIZE, "%s pid %u %s", alert->token.identifier, alert->process.pid,
			 part);
}

uint64_t runs_news(struct runs *runs, const struct alert *alert)
{
	uint64_t news = 1, repeats = alert->repeats;
	char key[RUN_KEY_SIZE];
	struct run *run;

	runs_key(alert, key);
	HASH_FIND_STR(runs->table, key, run);
	if (run) {
		/* not always in order: alerts of two processes come through two queues */
		if (repeats && repeats <= run->repeats) {
			repeats = run->repeats;
			news = 0;
		} else if (repeats) {
			news = repeats - run->repeats;
		}
	} else if (runs->used == LIMIT_RUNS) {
		run = runs->table;
	}
	if (run)
		HASH_DEL(runs->table, run);
	else if (runs->used < LIMIT_RUNS)
		run = &runs->slots[runs->used++];
	else
		return news;
	memset(run, 0, sizeof(*run));
	memcpy(run->key, key, strlen(key));
	run->repeats = repeats;
	HASH_ADD_STR(runs->table, key, run);
	return news;
}
