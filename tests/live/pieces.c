// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tokens in pieces, tokens that come without a buffer, and what only looks like it. */
#include "batch.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Every token of mode_pieces exactly once. */
static void check_pieces(struct live_run run, const char *target)
{
	json_t *seen = json_object(), *alert;
	size_t i;

	assert_int_equal(run.status, 0);
	json_array_foreach (run.alerts, i, alert) {
		const char *identifier = live_string(alert, "token.identifier");

		if (json_object_get(seen, identifier))
			fail_msg("%s: %s is reported twice", target, identifier);
		json_object_set(seen, identifier, alert);
	}
	for (uint64_t n = 1; n <= 100U + MAKER_TOKEN_LEN; n++) {
		if (n >= MAKER_TOKEN_LEN && n < 102)
			continue;
		if (!json_object_get(seen, maker_token(n).identifier))
			fail_msg("%s: token %llu is missing", target, (unsigned long long)n);
	}
	assert_int_equal(json_object_size(seen), 95 + 95);
	json_decref(seen);
	live_free(&run);
}

static void test_pieces(void **state)
{
	const struct {
		const char *writer, *target;
	} cases[] = {
		{"writer", live_path("file")},
		{"writer", "pipe"},
		{"writer", "socket"},
		{"writer", "tty"},
		{"writer_32", live_path("file-32")},
	};
	size_t count = live_widths() == 2 ? 5 : 4;
	struct live_batch batch = {0};

	(void)state;
	for (size_t i = 0; i < count; i++)
		live_batch_add(&batch, ARGS(live_writer(cases[i].writer), "pieces", cases[i].target));
	live_batch_run(&batch, ARGS("--watch", "all"));
	assert_int_equal(json_array_size(batch.run.alerts), count * (95 + 95));
	for (size_t i = 0; i < count; i++)
		check_pieces(live_batch_take(&batch, i), cases[i].target);
	live_batch_free(&batch);
	live_tick("pieces: cut at 1 to 95, in 2 to 96 pieces, on a file, pipe, unix socket, tty",
		  "files: the neighbours in the page cache; streams: their last bytes are remembered");
}

static void test_edges(void **state)
{
	struct live_run run = live_exec(NO_ARGS, ARGS(live_writer("writer"), "edges", live_path("file")));

	(void)state;
	for (uint64_t o = 0; o <= 200; o++)
		if (live_count(&run, (struct maker_token[]){maker_token(o)}) != 1)
			fail_msg("the token behind %llu bytes is missing", (unsigned long long)o);
	live_free(&run);
	/* and what is past a bound is no neighbour of what is before it */
	run = live_exec(ARGS("--inspect-bytes", "100000"),
			ARGS(live_writer("writer"), "bound", live_path("cut"), "150000"));
	assert_int_equal(run.status, 0);
	assert_int_equal(json_array_size(run.alerts), 0);
	live_free(&run);
}

static void test_shuffled(void **state)
{
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "shuffled", live_path("file"), "200"));

	(void)state;
	/* also where two writers have completed it at the same moment */
	for (uint64_t n = 0; n < 200; n++)
		assert_int_equal(live_count(&run, (struct maker_token[]){maker_token(n)}), 1);
	live_free(&run);
	live_tick("pieces: every byte by itself, in any order, by two processes",
		  "the neighbours in the page cache");
}

/* The two halves of each token are written at the same moment, by one program or by two: whoever finds the whole, it is one leak. */
static void check_halves(const char *other, const char *name)
{
	/* a guest has one CPU for both, at a time */
	const int tokens = getenv("LIVE_HOST") ? 100 : 3000;
	char command[1024], file[64], meeting[64];
	struct live_run run;
	json_t *seen = json_object(), *alert;
	size_t i;

	snprintf(file, sizeof(file), "file-%s", name);
	snprintf(meeting, sizeof(meeting), "meeting-%s", name);
	snprintf(command, sizeof(command), "%s halves %s %d %s 0 & %s halves %s %d %s 1 && wait $!",
		 live_writer("writer"), live_path(file), tokens, live_path(meeting), other, live_path(file),
		 tokens, live_path(meeting));
	run = live_exec(ARGS("--ring-bytes", "16777216"), ARGS("sh", "-c", command));
	if (run.status || live_lost(&run))
		fail_msg("%s: status %d: %s", name, run.status, run.errors);
	json_array_foreach (run.alerts, i, alert)
		json_object_set_new(seen, live_string(alert, "token.identifier"), json_true());
	assert_int_equal(json_object_size(seen), tokens);
	if (json_array_size(run.alerts) != (size_t)tokens)
		fail_msg("%s: %zu alerts of %d tokens", name, json_array_size(run.alerts), tokens);
	json_decref(seen);
	live_free(&run);
}

static void test_halves(void **state)
{
	char copy[512];
	struct live_run copied;

	(void)state;
	check_halves(live_writer("writer"), "one");
	snprintf(copy, sizeof(copy), "%s", live_path("another"));
	copied = live_command(ARGS("cp", live_writer("writer"), copy));
	assert_int_equal(copied.status, 0);
	live_free(&copied);
	check_halves(copy, "two");
}

/* A write that is shorter than a token is judged by what stands at its two ends. */
static void test_holes(void **state)
{
	const char *directory = live_path("holes");
	struct live_run run;
	size_t i;
	json_t *alert;

	(void)state;
	assert_int_equal(mkdir(directory, 0700), 0);
	run = live_exec(NO_ARGS, ARGS(live_writer("writer"), "holes", directory));
	assert_int_equal(run.status, 0);
	assert_int_equal(json_array_size(run.alerts), strtoul(run.output, NULL, 10));
	json_array_foreach (run.alerts, i, alert)
		assert_string_equal(live_string(alert, "token.identifier"), maker_token(i).identifier);
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
}

static void test_middle(void **state)
{
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "middle", live_path("file"), "9"));

	(void)state;
	assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 2);
	assert_int_equal(live_integer(live_only(&run), "write.offset"), 42);
	live_free(&run);
	live_tick("pieces: a token that is completed by changing its middle",
		  "the neighbours in the page cache");
}

static void test_blocks(void **state)
{
	struct maker_token token = maker_token(34), next = maker_token(35);
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "blocks", live_path("file"), "34"));

	(void)state;
	assert_int_equal(run.status, 0);
	assert_int_equal(live_count(&run, &token), 1);
	assert_int_equal(live_count(&run, &next), 1);
	live_free(&run);
	live_tick("pieces: two blocks by O_DIRECT, in either order",
		  "the daemon reads before and behind the write");
}

static void test_evicted(void **state)
{
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "evict", live_path("file"), "36"));

	(void)state;
	assert_int_equal(run.status, 0);
	assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 4066);
	live_free(&run);
}

static void test_apart(void **state)
{
	const char *const targets[] = {live_path("file"), "pipe", "socket", "tty"};
	struct live_batch batch = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		live_batch_add(&batch, ARGS(live_writer("writer"), "apart", targets[i]));
	live_batch_run(&batch, ARGS("--watch", "all"));
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		assert_int_equal(batch.statuses[i], 0);
	if (json_array_size(batch.run.alerts))
		fail_msg("%s", batch.run.errors);
	live_batch_free(&batch);
}

static void test_landed(void **state)
{
	static const char *const calls[][2] = {{"sendfile", "sendfile"},
					       {"splice", "splice"},
					       {"vmsplice", "splice"},
					       {"copy_file_range", "copy_file_range"}};
	static const char *const writers[] = {"writer", "writer_32"};
	const size_t count = 4 * live_widths();
	struct maker_token token = maker_token(31);
	struct live_batch batch = {0};
	char files[8][64];
	FILE *source = fopen(live_path("source"), "w");

	(void)state;
	fputs(token.text, source);
	fclose(source);
	for (size_t i = 0; i < count; i++) {
		snprintf(files[i], sizeof(files[i]), "%s-%zu", calls[i % 4][0], i);
		live_batch_add(&batch, ARGS(live_writer(writers[i / 4]), "landed", calls[i % 4][0],
					    live_path(files[i]), "31", live_path("source")));
	}
	live_batch_run(&batch, NO_ARGS);
	for (size_t i = 0; i < count; i++) {
		struct live_run run = live_batch_take(&batch, i);

		assert_int_equal(run.status, 0);
		assert_string_equal(live_string(live_only(&run), "file.path"), live_path(files[i]));
		assert_string_equal(live_string(live_only(&run), "write.syscall"), calls[i % 4][1]);
		assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 5000);
		live_free(&run);
	}
	live_batch_free(&batch);
	live_tick("copy_file_range, sendfile, splice, vmsplice + splice", "what landed in the page cache");
}

static void test_mapped(void **state)
{
	static const char *const ways[] = {"munmap", "msync", "exit", "kill", "mprotect"};
	static const char *const writers[] = {"writer", "writer_32"};
	const size_t count = 5 * live_widths();
	struct live_batch batch = {0};
	const char *seen_by;
	char files[10][64];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		snprintf(files[i], sizeof(files[i]), "%s-%zu", ways[i % 5], i);
		live_batch_add(&batch, ARGS(live_writer(writers[i / 5]), "mapped", ways[i % 5],
					    live_path(files[i]), "33"));
	}
	live_batch_run(&batch, NO_ARGS);
	for (size_t i = 0; i < count; i++) {
		struct live_run run = live_batch_take(&batch, i);

		assert_int_equal(run.status, strcmp(ways[i % 5], "kill") == 0 ? 128 + 9 : 0);
		assert_string_equal(live_string(live_only(&run), "file.path"), live_path(files[i]));
		assert_string_equal(live_string(live_only(&run), "write.syscall"), "mmap");
		seen_by = live_string(live_only(&run), "write.seen_by");
		assert_true(strcmp(seen_by, "page_cache") == 0 || strcmp(seen_by, "writeback") == 0);
		assert_string_equal(live_string(live_only(&run), "process.name"), writers[i / 5]);
		assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 8150);
		live_free(&run);
	}
	live_batch_free(&batch);
	live_tick("stores through a shared mapping (munmap, msync, exit, kill -9, mprotect)",
		  "pages that a store makes dirty, in the page cache within a second, and on their way to "
		  "the disk");
}

struct async_case {
	const char *how;
	int64_t at; /* where the token stands */
};

/* Each case by both writers. */
static void check_async(const char *mode, const char *name, const struct async_case *cases, size_t count)
{
	static const char *const writers[] = {"writer", "writer_32"};
	struct maker_token token = maker_token(32);
	struct live_batch batch = {0};
	char file[64];

	for (size_t i = 0; i < live_widths() * count; i++) {
		snprintf(file, sizeof(file), "%s-%zu", cases[i % count].how, i);
		live_batch_add(&batch, ARGS(live_writer(writers[i / count]), mode, cases[i % count].how,
					    live_path(file), "32"));
	}
	live_batch_run(&batch, ARGS("--watch", "all"));
	for (size_t i = 0; i < live_widths() * count; i++) {
		struct live_run run = live_batch_take(&batch, i);

		if (run.status || json_array_size(run.alerts) != 1)
			fail_msg("%s %s: status %d, %zu alerts: %s", mode, cases[i % count].how, run.status,
				 json_array_size(run.alerts), run.errors);
		assert_int_equal(live_count(&run, &token), 1);
		assert_string_equal(live_string(live_only(&run), "write.syscall"), name);
		assert_string_equal(live_string(live_only(&run), "process.name"), writers[i / count]);
		assert_int_equal(live_integer(live_only(&run), "write.token_offset"), cases[i % count].at);
		live_free(&run);
	}
	live_batch_free(&batch);
}

static void test_io_uring(void **state)
{
	static const struct async_case cases[] = {
		{"write", 5000},  {"writev", 5000},     {"fixed", 5000},  {"async", 5000},
		{"sqpoll", 5000}, {"registered", 5000}, {"thread", 5000}, {"linked", 5000},
		{"direct", 4096}, {"socket", 0},        {"sendmsg", 0},
	};

	(void)state;
	check_async("uring", "io_uring", cases, sizeof(cases) / sizeof(*cases));
	live_tick("io_uring: WRITE, WRITEV, WRITE_FIXED, SEND, SENDMSG; async, SQPOLL, linked, registered "
		  "files, another thread's, O_DIRECT",
		  "the page cache at completion; without one, the buffer");
}

/* Since 6.15. */
static void test_io_uring_vector_fixed(void **state)
{
	struct live_run run = live_exec(
		NO_ARGS, ARGS(live_writer("writer"), "uring", "writev-fixed", live_path("file"), "32"));

	(void)state;
	if (run.status) {
		live_free(&run);
		print_message("this kernel has no IORING_OP_WRITEV_FIXED\n");
		return;
	}
	assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 5000);
	live_free(&run);
	live_tick("io_uring WRITEV_FIXED", "the page cache at completion (Linux 6.15 and later)");
}

static void test_io_submit(void **state)
{
	static const struct async_case cases[] = {{"pwrite", 5000}, {"pwritev", 5000}, {"direct", 4096}};

	(void)state;
	check_async("aio", "io_submit", cases, sizeof(cases) / sizeof(*cases));
	live_tick("io_submit: PWRITE, PWRITEV, O_DIRECT", "the requests' buffers");
}

const struct CMUnitTest live_pieces[] = {
	cmocka_unit_test_setup_teardown(test_pieces, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_edges, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_shuffled, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_halves, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_holes, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_middle, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_blocks, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_evicted, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_apart, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_landed, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_mapped, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_io_submit, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_io_uring, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_io_uring_vector_fixed, live_setup, live_teardown),
};
const size_t live_pieces_count = sizeof(live_pieces) / sizeof(*live_pieces);
