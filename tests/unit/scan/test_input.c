// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The same bytes as the source's, whatever is looked at before; what is packed is known by its first bytes. */
#include "unit.h"

#include "scan/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct source {
	int fd;
	size_t most;
	int error; /* at the end */
};

static ssize_t source_pull(void *context, void *to, size_t room)
{
	const struct source *source = context;
	ssize_t got = read(source->fd, to, room < source->most ? room : source->most);

	return got ? got : source->error;
}

static int file_make(const uint8_t *bytes, size_t len)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, bytes, len), len);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void test_bytes(void **state)
{
	static uint8_t bytes[3000], got[4000];
	uint64_t seed = 61;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)maker_next(&seed);
	for (int turn = 0; turn < 2000; turn++) {
		size_t len = maker_next(&seed) % sizeof(bytes), at = 0;
		struct source source = {file_make(bytes, len), 1 + maker_next(&seed) % 1500, 0};
		struct scan_input input = {
			.pull = source_pull,
			.source = &source,
			.fd = maker_next(&seed) % 2 ? source.fd : -1,
		};
		ssize_t more;

		assert_int_equal(scan_input_begin(&input), 0);
		while ((more = scan_input_pull(&input, got + at, 1 + maker_next(&seed) % 700)) > 0)
			at += (size_t)more;
		assert_int_equal(more, 0);
		assert_int_equal(at, len);
		assert_memory_equal(got, bytes, len);
		if (input.fd >= 0) {
			off_t place = (off_t)(maker_next(&seed) % (len + 1));

			assert_int_equal(scan_input_seek(&input, place, SEEK_SET), place);
			more = scan_input_pull(&input, got, 500);
			assert_true(more >= 0);
			assert_memory_equal(got, bytes + place, (size_t)more);
		}
		close(source.fd);
	}
}

/* Of a place in the head, too. */
static void test_seek(void **state)
{
	static const uint8_t bytes[] = "0123456789";
	struct source source = {file_make(bytes, 10), 100, 0};
	struct scan_input input = {.pull = source_pull, .source = &source, .fd = source.fd};
	uint8_t got[16];
	int pipes[2];

	(void)state;
	assert_int_equal(scan_input_begin(&input), 0);
	assert_true(scan_input_can_seek(&input));
	assert_int_equal(scan_input_pull(&input, got, 3), 3);
	assert_int_equal(scan_input_seek(&input, 2, SEEK_CUR), 5);
	assert_int_equal(scan_input_pull(&input, got, 16), 5);
	assert_memory_equal(got, "56789", 5);
	assert_int_equal(scan_input_pull(&input, got, 16), 0);
	assert_int_equal(scan_input_seek(&input, -1, SEEK_END), 9);
	assert_int_equal(scan_input_pull(&input, got, 16), 1);
	assert_int_equal(scan_input_seek(&input, -1, SEEK_SET), -1);
	close(source.fd);
	input.fd = -1;
	assert_false(scan_input_can_seek(&input));
	assert_int_equal(scan_input_seek(&input, 0, SEEK_SET), -1);
	assert_int_equal(pipe(pipes), 0);
	input.fd = pipes[0];
	assert_false(scan_input_can_seek(&input));
	close(pipes[0]);
	close(pipes[1]);
}

/* An error is told behind what came before it. */
static void test_errors(void **state)
{
	struct source source = {file_make((const uint8_t *)"abc", 3), 100, -EIO};
	struct scan_input input = {.pull = source_pull, .source = &source, .fd = source.fd};
	uint8_t got[16];

	(void)state;
	assert_int_equal(scan_input_begin(&input), 0);
	assert_int_equal(scan_input_pull(&input, got, 16), 3);
	assert_int_equal(scan_input_pull(&input, got, 16), -EIO);
	input = (struct scan_input){.pull = source_pull, .source = &source, .fd = -1};
	assert_int_equal(scan_input_begin(&input), -EIO);
	close(source.fd);
}

static bool packed(const void *bytes, size_t len)
{
	struct scan_input input = {.head_len = len};

	memcpy(input.head, bytes, len);
	return scan_input_is_packed(&input);
}

static void test_packed(void **state)
{
	uint8_t tar[INPUT_HEAD] = "name";

	(void)state;
	assert_true(packed("\x1f\x8b\x08", 3));
	assert_false(packed("\x1f\x8b", 2));
	assert_true(packed("BZh9\x31\x41\x59\x26\x53\x59", 10));
	assert_false(packed("BZh9, a text", 12));
	assert_true(packed("PK\3\4rest", 8));
	assert_false(packed("", 0));
	assert_false(packed(tar, sizeof(tar)));
	memcpy(tar + 257, "ustar", 5);
	assert_true(packed(tar, sizeof(tar)));
	assert_false(packed(tar, 261));
}

static bool closed(const char *bytes, size_t len)
{
	struct scan_input input = {.head_len = len};

	memcpy(input.head, bytes, len);
	return scan_input_is_closed(&input);
}

static void test_closed(void **state)
{
	(void)state;
	assert_true(closed("%PDF-1.7\n", 9));
	assert_false(closed("%PDF", 4));
	assert_true(closed("PAR1\x15\4", 6));
	assert_true(closed("PACK\0\0\0\2", 8));
	assert_false(closed("PACKAGES", 8));
	assert_true(closed("# v2 git bundle\n-", 17));
	assert_true(closed("# v3 git bundle\n@", 17));
	assert_false(closed("# v2 of a text\n", 15));
	assert_true(closed("SQLite format 3\0\x10", 17));
	assert_false(closed("SQLite format 3\n", 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),  cmocka_unit_test(test_closed), cmocka_unit_test(test_seek),
		cmocka_unit_test(test_errors), cmocka_unit_test(test_packed),
	};

	return UNIT_RUN(tests);
}
