// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See batch.h; the writer's mode "batch" is the other half. */
#include "batch.h"

#include <stdlib.h>

static void batch_argument(struct live_batch *batch, const char *text)
{
	if (batch->args_count + 1 >= batch->size) {
		batch->size = 2 * batch->size + 64;
		batch->args = realloc(batch->args, batch->size * sizeof(*batch->args));
		assert_non_null(batch->args);
	}
	batch->args[batch->args_count++] = strdup(text);
	batch->args[batch->args_count] = NULL;
}

void live_batch_add(struct live_batch *batch, const char *const *command)
{
	if (!batch->count) {
		batch_argument(batch, live_writer("writer"));
		batch_argument(batch, "batch");
		batch_argument(batch, live_path("batch"));
	}
	while (*command)
		batch_argument(batch, *command++);
	batch_argument(batch, ";");
	batch->count++;
}

void live_batch_run(struct live_batch *batch, const char *const *options)
{
	FILE *results;

	batch->run = live_exec(options, (const char *const *)batch->args);
	if (batch->run.status || live_lost(&batch->run))
		fail_msg("status %d: %s", batch->run.status, batch->run.errors);
	batch->pids = calloc(batch->count, sizeof(*batch->pids));
	batch->statuses = calloc(batch->count, sizeof(*batch->statuses));
	results = fopen(live_path("batch"), "r");
	assert_non_null(results);
	for (size_t i = 0; i < batch->count; i++)
		assert_int_equal(fscanf(results, "%d %d", &batch->pids[i], &batch->statuses[i]), 2);
	fclose(results);
}

struct live_run live_batch_take(const struct live_batch *batch, size_t command)
{
	struct live_run run = {
		.status = batch->statuses[command],
		.alerts = json_array(),
		.output = strdup(batch->run.output),
		.errors = strdup(batch->run.errors),
	};
	json_t *alert;
	size_t i;

	json_array_foreach (batch->run.alerts, i, alert)
		if (live_integer(alert, "process.pid") == batch->pids[command])
			json_array_append(run.alerts, alert);
	return run;
}

void live_batch_free(struct live_batch *batch)
{
	for (size_t i = 0; i < batch->args_count; i++)
		free(batch->args[i]);
	free(batch->args);
	free(batch->pids);
	free(batch->statuses);
	live_free(&batch->run);
	*batch = (struct live_batch){0};
}
