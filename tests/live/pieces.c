// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tokens in pieces, tokens that come without a buffer, and what only looks like it. */
#include "live.h"

#include <stdlib.h>

/* Every token of mode_pieces exactly once. */
static void check_pieces(const char *writer, const char *target)
{
	struct live_run run = live_exec(ARGS("--watch", "all"), ARGS(live_writer(writer), "pieces", target));
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
	assert_int_equal(live_summary(&run, "LOST"), 0);
	json_decref(seen);
	live_free(&run);
}

static void test_pieces(void **state)
{
	(void)state;
	check_pieces("writer", live_path("file"));
	check_pieces("writer", "pipe");
	check_pieces("writer", "socket");
	check_pieces("writer", "tty");
	check_pieces("writer_32", live_path("file-32"));
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
	for (uint64_t n = 0; n < 200; n++)
		/* two writers may complete it at the same moment; then both are right */
		assert_in_range(live_count(&run, (struct maker_token[]){maker_token(n)}), 1, 2);
	live_free(&run);
	live_tick("pieces: every byte by itself, in any order, by two processes",
		  "the neighbours in the page cache");
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
		  "how a block ended is remembered; what lies behind is read by the daemon");
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

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		struct live_run run =
			live_exec(ARGS("--watch", "all"), ARGS(live_writer("writer"), "apart", targets[i]));

		assert_int_equal(run.status, 0);
		if (json_array_size(run.alerts))
			fail_msg("%s: %s", targets[i], run.errors);
		live_free(&run);
	}
}

static void check_landed(const char *writer, const char *call, const char *name)
{
	struct maker_token token = maker_token(31);
	const char *source = live_path("source"), *file = live_path(call);
	FILE *out = fopen(source, "w");
	struct live_run run;

	fputs(token.text, out);
	fclose(out);
	run = live_exec(NO_ARGS, ARGS(live_writer(writer), "landed", call, file, "31", source));
	assert_int_equal(run.status, 0);
	assert_string_equal(live_string(live_only(&run), "file.path"), file);
	assert_string_equal(live_string(live_only(&run), "write.syscall"), name);
	assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 5000);
	assert_int_equal(live_summary(&run, "LOST"), 0);
	live_free(&run);
}

static void test_landed(void **state)
{
	static const char *const writers[] = {"writer", "writer_32"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		check_landed(writers[i], "sendfile", "sendfile");
		check_landed(writers[i], "splice", "splice");
		check_landed(writers[i], "vmsplice", "splice");
		check_landed(writers[i], "copy_file_range", "copy_file_range");
	}
	live_tick("copy_file_range, sendfile, splice, vmsplice + splice", "what landed in the page cache");
}

static void test_mapped(void **state)
{
	static const char *const ways[] = {"munmap", "msync", "exit", "kill", "mprotect"};
	static const char *const writers[] = {"writer", "writer_32"};

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		const char *way = ways[i % 5], *writer = writers[i / 5];
		struct live_run run =
			live_exec(NO_ARGS, ARGS(live_writer(writer), "mapped", way, live_path("file"), "33"));

		assert_int_equal(run.status, strcmp(way, "kill") == 0 ? 128 + 9 : 0);
		assert_string_equal(live_string(live_only(&run), "write.syscall"), "mmap");
		assert_string_equal(live_string(live_only(&run), "write.seen_by"), "file_read");
		assert_string_equal(live_string(live_only(&run), "process.name"), writer);
		assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 8150);
		live_free(&run);
		remove(live_path("file"));
	}
	live_tick("stores through a shared mapping (munmap, msync, exit, kill -9, mprotect)",
		  "the daemon reads the file, every 2 seconds while it is mapped, and at the end");
}

static void check_async(const char *writer, const char *mode, const char *how, const char *name, int64_t at)
{
	struct maker_token token = maker_token(32);
	struct live_run run = live_exec(ARGS("--watch", "all"),
					ARGS(live_writer(writer), mode, how, live_path("file"), "32"));

	if (run.status)
		fail_msg("%s %s: %s", mode, how, run.errors);
	if (json_array_size(run.alerts) != 1)
		fail_msg("%s %s: %zu alerts", mode, how, json_array_size(run.alerts));
	assert_int_equal(live_count(&run, &token), 1);
	assert_string_equal(live_string(live_only(&run), "write.syscall"), name);
	assert_string_equal(live_string(live_only(&run), "process.name"), writer);
	assert_int_equal(live_integer(live_only(&run), "write.token_offset"), at);
	live_free(&run);
}

static void test_io_uring(void **state)
{
	static const char *const ways[] = {"write",  "writev",     "fixed",  "async",
					   "sqpoll", "registered", "thread", "linked"};
	static const char *const writers[] = {"writer", "writer_32"};

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
			check_async(writers[w], "uring", ways[i], "io_uring", 5000);
		check_async(writers[w], "uring", "direct", "io_uring", 4096);
		check_async(writers[w], "uring", "socket", "io_uring", 0);
		check_async(writers[w], "uring", "sendmsg", "io_uring", 0);
	}
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
	static const char *const writers[] = {"writer", "writer_32"};

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		check_async(writers[w], "aio", "pwrite", "io_submit", 5000);
		check_async(writers[w], "aio", "pwritev", "io_submit", 5000);
		check_async(writers[w], "aio", "direct", "io_submit", 4096);
	}
	live_tick("io_submit: PWRITE, PWRITEV, O_DIRECT", "the requests' buffers");
}

const struct CMUnitTest live_pieces[] = {
	cmocka_unit_test_setup_teardown(test_pieces, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_edges, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_shuffled, live_setup, live_teardown),
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
