// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is told of losses: each once, with what it was, since when, and by whom it was most. */
#include "unit.h"

#include "engine/losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_once(void **state)
{
	struct probe_counts counts = {0};
	struct pipeline_stats stats = {0};
	struct losses *losses;
	struct loss *loss;
	struct timespec until;

	(void)state;
	assert_int_equal(losses_open(&losses), 0);
	assert_false(losses_look(losses, &counts, &stats));
	/* work, and what is only incomplete, is no loss */
	counts.value[COUNTER_writes_inspected] = 5;
	counts.value[COUNTER_path_truncated] = 5;
	assert_false(losses_look(losses, &counts, &stats));
	counts.value[COUNTER_ring_full] = 3;
	stats.files_unread = 1;
	assert_true(losses_look(losses, &counts, &stats));
	loss = losses_told(losses);
	assert_int_equal(loss->kind_count, 2);
	assert_string_equal(loss->kinds[0].name, "ring_full");
	assert_int_equal(loss->kinds[0].count, 3);
	assert_string_equal(loss->kinds[1].name, "files_unread");
	until = loss->time;
	assert_false(losses_look(losses, &counts, &stats));
	counts.value[COUNTER_ring_full] = 10;
	assert_true(losses_look(losses, &counts, &stats));
	loss = losses_told(losses);
	assert_int_equal(loss->kind_count, 1);
	assert_int_equal(loss->kinds[0].count, 7);
	assert_int_equal(loss->kinds[0].total, 10);
	/* from the last time that nothing more was lost, and no sooner */
	assert_true(loss->since.tv_sec > until.tv_sec ||
		    (loss->since.tv_sec == until.tv_sec && loss->since.tv_nsec >= until.tv_nsec));
	losses_close(losses);
}

/* A file is named where it is told of that it was lost, and by the total; not again with others. */
static void test_which(void **state)
{
	struct probe_counts counts = {0};
	struct pipeline_stats stats = {.files_unread = 1,
				       .files_unread_text = SUMMARY_FILES_UNREAD " (such as /a)",
				       .files_unread_news = SUMMARY_FILES_UNREAD " (such as /a)"};
	struct summary_told all;
	struct losses *losses;

	(void)state;
	assert_int_equal(losses_open(&losses), 0);
	assert_true(losses_look(losses, &counts, &stats));
	assert_string_equal(losses_told(losses)->kinds[0].text, stats.files_unread_text);
	stats.files_unread = 2;
	strcpy(stats.files_unread_news, SUMMARY_FILES_UNREAD);
	assert_true(losses_look(losses, &counts, &stats));
	assert_int_equal(losses_told(losses)->kinds[0].count, 1);
	assert_string_equal(losses_told(losses)->kinds[0].text, SUMMARY_FILES_UNREAD);
	summary_all(&counts, &stats, &all);
	for (size_t i = 0; i < all.news_count; i++)
		if (strcmp(all.news[i].name, "files_unread") == 0)
			assert_string_equal(all.news[i].text, stats.files_unread_text);
	losses_close(losses);
}

/* There are other outputs than before: what each has lost is told once, wherever it stands, and of those that have left as well. */
static void test_outputs(void **state)
{
	struct probe_counts counts = {0};
	struct pipeline_stats stats = {
		.output_count = 3,
		.outputs = {{.number = 1, .name = "standard error"},
			    {.number = 2, .alerts = 5},
			    {.number = 3}},
	};
	struct losses *losses;
	struct loss *loss;

	(void)state;
	assert_int_equal(losses_open(&losses), 0);
	assert_true(losses_look(losses, &counts, &stats));
	loss = losses_told(losses);
	assert_int_equal(loss->kind_count, 1);
	assert_int_equal(loss->kinds[0].count, 5);
	/* 2 has left, with two more; 3 stands in its place */
	stats.outputs[1] = (struct bus_loss){.number = 3};
	stats.outputs[2] = (struct bus_loss){.alerts = 7};
	assert_true(losses_look(losses, &counts, &stats));
	loss = losses_told(losses);
	assert_int_equal(loss->kind_count, 1);
	assert_int_equal(loss->kinds[0].count, 2);
	assert_int_equal(loss->kinds[0].total, 7);
	stats.outputs[1].alerts = 1;
	assert_true(losses_look(losses, &counts, &stats));
	assert_int_equal(losses_told(losses)->kinds[0].count, 1);
	/* 3 as well, and a new one stands there, of which nothing was told */
	stats.outputs[1] = (struct bus_loss){.number = 4, .alerts = 1};
	stats.outputs[2].alerts = 8;
	assert_true(losses_look(losses, &counts, &stats));
	loss = losses_told(losses);
	assert_int_equal(loss->kind_count, 1);
	assert_int_equal(loss->kinds[0].total, 1);
	assert_false(losses_look(losses, &counts, &stats));
	/* what the store has lost is told at its own place */
	stats.output_count = 2;
	stats.store_errors = 1;
	assert_true(losses_look(losses, &counts, &stats));
	loss = losses_told(losses);
	assert_int_equal(loss->kind_count, 1);
	assert_string_equal(loss->kinds[0].name, "store_errors");
	losses_close(losses);
}

/* Of many, those that lost most, in that order; a name that is no text or too long is shown as far as it can be. */
static void test_writers(void **state)
{
	static const uint64_t samples[] = {3, 9, 1, 7, 8, 2, 6};
	struct probe_counts counts = {.value = {[COUNTER_flooded] = 36}};
	struct pipeline_stats stats = {0};
	char name[16], container[300];
	struct losses *losses;
	struct loss *loss;
	char *line;

	(void)state;
	assert_int_equal(losses_open(&losses), 0);
	assert_true(losses_look(losses, &counts, &stats));
	memset(container, 'a', sizeof(container));
	container[126] = '\xc3';
	container[127] = '\xa9';
	container[299] = '\0';
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct loss_writer writer = {.samples = samples[i], .cgroup = i + 1, .name = name};

		snprintf(name, sizeof(name), "w\x1b\xff%zu", i);
		writer.container = samples[i] == 8 ? "0123" : NULL;
		writer.container_name = samples[i] == 8 ? container : NULL;
		losses_writer(losses, &writer);
	}
	memset(name, 'x', sizeof(name) - 1);
	loss = losses_told(losses);
	loss->host_name = "h";
	assert_int_equal(loss->writer_count, LOSS_WRITERS);
	for (size_t i = 1; i < LOSS_WRITERS; i++)
		assert_true(loss->writers[i - 1].samples > loss->writers[i].samples);
	assert_int_equal(loss->writers[0].samples, 9);
	assert_non_null(strchr(loss->writers[0].name, '1'));
	assert_null(strchr(loss->writers[0].name, '\x1b'));
	assert_null(loss->writers[0].container);
	assert_string_equal(loss->writers[1].container, "0123");
	assert_int_equal(strlen(loss->writers[1].container_name), 126);
	assert_int_equal(loss_to_json(loss, &line), 0);
	free(line);
	losses_close(losses);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_writers),
	};

	return UNIT_RUN(tests);
}
