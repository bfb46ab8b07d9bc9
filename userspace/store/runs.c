// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → runs → fact. Keyed as the kernel keys its own table (include/sample.h), but by the token's
 * identifier; LIMIT_SEEN of them, the least recently told is forgotten.
 *
 * Limit: two tokens with one identifier and different secrets in one file (a forgery) count as one.
 */
#include "store/runs.h"

#include "bounds.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
/* without memory an entry is not kept, and its next repeat counts as one write */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct run {
	char *key;
	uint64_t repeats;
	UT_hash_handle hh;
};

struct runs {
	struct run *table; /* the least recently told first */
};

int runs_open(struct runs **ret_runs)
{
	*ret_runs = calloc(1, sizeof(**ret_runs));
	return *ret_runs ? 0 : -ENOMEM;
}

static void runs_drop(struct runs *runs, struct run *run)
{
	HASH_DEL(runs->table, run);
	free(run->key);
	free(run);
}

void runs_close(struct runs *runs)
{
	if (!runs)
		return;
	while (runs->table)
		runs_drop(runs, runs->table);
	free(runs);
}

/* Without an inode (names, attributes) it is the process that repeats itself. */
static int runs_key(const struct alert *alert, char **ret_key)
{
	const struct alert_file *file = &alert->file;
	const char *part = alert->write.part ? alert->write.part : "";
	int r;

	if (file->inode)
		r = asprintf(ret_key, "%s %u:%u:%" PRIu64 " %s", alert->token.identifier, file->dev_major,
			     file->dev_minor, file->inode, part);
	else
		r = asprintf(ret_key, "%s pid %u %s", alert->token.identifier, alert->process.pid, part);
	return r < 0 ? -ENOMEM : 0;
}

static void runs_keep(struct runs *runs, char *key, uint64_t repeats)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run) {
		free(key);
		return;
	}
	if (HASH_COUNT(runs->table) >= LIMIT_SEEN)
		runs_drop(runs, runs->table);
	run->key = key;
	run->repeats = repeats;
	HASH_ADD_KEYPTR(hh, runs->table, run->key, strlen(run->key), run);
	if (run->hh.tbl)
		return;
	free(run->key);
	free(run);
}

uint64_t runs_news(struct runs *runs, const struct alert *alert)
{
	AUTO_FREE char *key = NULL;
	uint64_t news = 1, repeats = alert->repeats;
	struct run *run;

	if (runs_key(alert, &key) < 0) {
		key = NULL;
		return 1;
	}
	HASH_FIND_STR(runs->table, key, run);
	if (run) {
		/* not always in order: alerts of two processes come through two queues */
		if (repeats && repeats <= run->repeats) {
			repeats = run->repeats;
			news = 0;
		} else if (repeats) {
			news = repeats - run->repeats;
		}
		runs_drop(runs, run);
	}
	runs_keep(runs, TAKE(key), repeats);
	return news;
}
