// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pipeline → snapshot → JSON. Losses are those that the summary would tell of. */
#include "status/snapshot.h"

#include "alert/json_writer.h"
#include "status/counter.h"
#include "version.h"

static const char *const snapshot_states[] = {
	[CANARY_NONE] = "none",
	[CANARY_WAITS] = "waits",
	[CANARY_COMES] = "comes",
	[CANARY_FAILS] = "fails",
};

static void snapshot_watched(struct json_writer *json, const struct store_watched *watched)
{
	json_open(json, "watched", '{');
	json_text(json, "scope", watched->scope ? watched->scope : "");
	json_text_if(json, "name", watched->name);
	json_text(json, "files", watched->files ? watched->files : "");
	json_text_if(json, "missing", watched->missing);
	json_close(json, '}');
}

static void snapshot_canary(struct json_writer *json, const struct snapshot *snapshot)
{
	const struct canary_health *canary = snapshot->canary;

	if (!canary)
		return;
	json_open(json, "canary", '{');
	json_text(json, "state", snapshot_states[canary->state]);
	if (canary->seen)
		json_int(json, "ago_ms", snapshot->canary_ms);
	json_int(json, "rounds", (int64_t)canary->rounds);
	json_int(json, "failed", (int64_t)canary->failed);
	json_text_if(json, "call", canary->call);
	json_close(json, '}');
}

static void snapshot_alerts(struct json_writer *json, const struct snapshot *snapshot)
{
	const struct pipeline_stats *stats = snapshot->stats;

	json_open(json, "alerts", '{');
	json_int(json, "raised", (int64_t)stats->alerts);
	json_int(json, "placeholders", (int64_t)stats->placeholders);
	json_int(json, "allowed", (int64_t)stats->allowed);
	json_int(json, "second_looks", (int64_t)stats->second_looks);
	json_int(json, "found_late", (int64_t)stats->found_late);
	json_close(json, '}');
	json_int(json, "writes_per_second", (int64_t)snapshot->writes_second);
	json_int(json, "rules", (int64_t)snapshot->rules);
	json_int(json, "containers", (int64_t)snapshot->containers);
	json_open(json, "ring", '{');
	json_int(json, "bytes", (int64_t)snapshot->ring_bytes);
	json_int(json, "waiting", (int64_t)snapshot->ring_waiting);
	json_close(json, '}');
}

static void snapshot_outputs(struct json_writer *json, const struct snapshot *snapshot)
{
	json_open(json, "outputs", '[');
	for (size_t i = 0; i < snapshot->output_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "name", snapshot->outputs[i].name);
		json_int(json, "waiting", (int64_t)snapshot->outputs[i].waiting);
		json_mark(json, "stuck", snapshot->outputs[i].stuck != 0);
		json_int(json, "lost", (int64_t)snapshot->outputs[i].alerts);
		json_close(json, '}');
	}
	json_close(json, ']');
	if (!snapshot->store)
		return;
	json_open(json, "store", '{');
	json_text(json, "path", snapshot->store);
	json_int(json, "waiting", (int64_t)snapshot->store_waiting);
	json_int(json, "lost", (int64_t)snapshot->store_lost);
	json_close(json, '}');
}

static void snapshot_losses(struct json_writer *json, const struct snapshot *snapshot)
{
	/* large; there is one thread that asks */
	static struct summary_told all;

	summary_all(snapshot->counts, snapshot->stats, &all);
	json_open(json, "losses", '[');
	for (size_t i = 0; i < all.news_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "name", all.news[i].name);
		json_text(json, "text", all.news[i].text);
		json_int(json, "count", (int64_t)all.news[i].total);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "counters", '{');
	for (size_t i = 0; i < COUNTER_MAX; i++)
		json_int(json, counter_kinds[i].name, (int64_t)snapshot->counts->value[i]);
	json_close(json, '}');
}

int snapshot_json(const struct snapshot *snapshot, char **ret_line)
{
	struct json_writer json = {0};

	json_open(&json, NULL, '{');
	json_text(&json, "version", SPILLWATCH_VERSION);
	json_time(&json, "time", &snapshot->time);
	json_time(&json, "started", &snapshot->started);
	json_text(&json, "kernel", snapshot->kernel);
	json_text(&json, "attachment", snapshot->attachment);
	json_text(&json, "page_cache", snapshot->cache);
	snapshot_watched(&json, snapshot->watched);
	snapshot_canary(&json, snapshot);
	snapshot_alerts(&json, snapshot);
	snapshot_outputs(&json, snapshot);
	snapshot_losses(&json, snapshot);
	json_close(&json, '}');
	return json_writer_take(&json, ret_line);
}
