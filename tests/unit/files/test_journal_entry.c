// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose entry of a journal a byte is in: files laid out as journald does it, wide and compact; and what a text may pretend to be. */
#include "unit.h"

#include "files/journal_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 272
#define TABLE (HEADER + 16)
#define BUCKETS 4
#define SIZE 8192

/* A journal that grows. */
struct made {
	uint64_t bytes[SIZE / 8];
	size_t len;
	bool compact;
};

static void put64(struct made *made, size_t at, uint64_t value)
{
	memcpy((uint8_t *)made->bytes + at, &value, sizeof(value));
}

static uint64_t get64(const struct made *made, size_t at)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)made->bytes + at, sizeof(value));
	return value;
}

static void begin(struct made *made, bool compact)
{
	uint8_t *bytes = (uint8_t *)made->bytes;

	memset(made, 0, sizeof(*made));
	made->compact = compact;
	memcpy(bytes, "LPKSHHRH", 8);
	bytes[12] = compact ? 4 | 8 | 16 : 4;
	put64(made, 88, HEADER);
	put64(made, 104, TABLE);
	put64(made, 112, BUCKETS * 16UL);
	made->len = TABLE + BUCKETS * 16;
}

static size_t object(struct made *made, uint8_t type, size_t size)
{
	size_t at = made->len;

	((uint8_t *)made->bytes)[at] = type;
	put64(made, at + 8, size);
	made->len += (size + 7) & ~7UL;
	assert_true(made->len <= SIZE);
	return at;
}

static size_t text_at(const struct made *made, size_t data)
{
	return data + (made->compact ? 72 : 64);
}

/* A field's object, as its bucket's last. */
static size_t data(struct made *made, const char *text, size_t len)
{
	size_t at = object(made, 1, text_at(made, 0) + len), bucket = at / 8 % BUCKETS;
	size_t link = TABLE + bucket * 16;

	put64(made, at + 16, bucket);
	memcpy((uint8_t *)made->bytes + text_at(made, at), text, len);
	for (size_t next = (size_t)get64(made, link); next; next = (size_t)get64(made, link))
		link = next + 24;
	put64(made, link, at);
	return at;
}

static size_t entry(struct made *made, const size_t *items, size_t count)
{
	size_t at = object(made, 3, 64 + count * (made->compact ? 4 : 16));

	for (size_t i = 0; i < count; i++) {
		if (made->compact)
			memcpy((uint8_t *)made->bytes + at + 64 + i * 4, &(uint32_t){(uint32_t)items[i]}, 4);
		else
			put64(made, at + 64 + i * 16, items[i]);
		if (!get64(made, items[i] + 40))
			put64(made, items[i] + 40, at);
	}
	return at;
}

static int look(const struct made *made, size_t at, struct journal_entry *ret_entry)
{
	int fd = memfd_create("journal", MFD_CLOEXEC), r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, made->bytes, made->len), made->len);
	r = journal_entry_at(fd, at, ret_entry);
	close(fd);
	return r;
}

static const char *const texts[] = {"MESSAGE=here it stands",
				    "_PID=77",
				    "_UID=1000",
				    "_COMM=sh",
				    "_SYSTEMD_UNIT=user@1000.service",
				    "_SYSTEMD_USER_UNIT=shop.service",
				    "_SYSTEMD_CGROUP=/user.slice/x",
				    "CONTAINER_NAME=web"};
enum { TEXTS = sizeof(texts) / sizeof(*texts) };

/* An entry of another process, then the one that is asked for. Returns the place of its message. */
static size_t fill(struct made *made, bool compact)
{
	size_t items[TEXTS], other[2];

	begin(made, compact);
	other[0] = data(made, "MESSAGE=another", 15);
	other[1] = data(made, "_PID=1", 6);
	entry(made, other, 2);
	for (size_t i = 0; i < TEXTS; i++)
		items[i] = data(made, texts[i], strlen(texts[i]));
	entry(made, items, TEXTS);
	return items[0];
}

static void test_told(void **state)
{
	struct journal_entry found;
	struct made made;

	(void)state;
	for (int compact = 0; compact < 2; compact++) {
		size_t at = fill(&made, compact);

		at = text_at(&made, at);
		assert_int_equal(look(&made, at + 10, &found), 0);
		assert_true(found.found);
		assert_int_equal(found.pid, 77);
		assert_int_equal(found.uid, 1000);
		assert_string_equal(found.name, "sh");
		assert_string_equal(found.unit, "shop.service");
		assert_string_equal(found.cgroup, "/user.slice/x");
		assert_string_equal(found.container, "web");
		assert_string_equal(found.container_id, "");
	}
}

/* What is no journal, is cut, or is in no field. */
static void test_not_told(void **state)
{
	struct journal_entry found = {.pid = 5};
	struct made made;
	size_t at;

	(void)state;
	begin(&made, false);
	assert_int_equal(look(&made, 8, &found), -ENOENT);
	at = data(&made, "MESSAGE=x", 9);
	/* there is no entry of it yet */
	assert_int_equal(look(&made, text_at(&made, at) + 8, &found), -ENOENT);
	/* nor does one that has it not among its own count */
	put64(&made, at + 40, entry(&made, &(size_t){data(&made, "_PID=1", 6)}, 1));
	assert_int_equal(look(&made, text_at(&made, at) + 8, &found), -EBADMSG);
	put64(&made, at + 40, 1UL << 62);
	assert_true(look(&made, text_at(&made, at) + 8, &found) < 0);
	((uint8_t *)made.bytes)[0] = 'X';
	assert_int_equal(look(&made, text_at(&made, at) + 8, &found), -EMEDIUMTYPE);
	made.len = 4;
	assert_int_equal(look(&made, 8, &found), -EMEDIUMTYPE);
	assert_int_equal(found.pid, 5);
}

/* A text that holds a whole field and a whole entry, which say that somebody else wrote it. */
static void test_pretender(void **state)
{
	uint64_t text[64] = {0};
	struct journal_entry found;
	struct made made;
	size_t items[2], fake, at;

	(void)state;
	begin(&made, false);
	items[1] = data(&made, "_PID=7", 6);
	/* "MESSAGE=" is eight bytes, so what follows is where an object may be */
	memcpy(text, "MESSAGE=", 8);
	fake = text_at(&made, made.len) + 8;
	((uint8_t *)text)[8] = 1;
	text[2] = 64 + 40;
	text[3] = fake / 8 % BUCKETS;
	text[6] = fake + 112; /* its entry */
	((uint8_t *)text)[8 + 112] = 3;
	text[16] = 64 + 16;
	text[15 + 8] = fake;
	items[0] = data(&made, (const char *)text, sizeof(text));
	assert_int_equal(fake, text_at(&made, items[0]) + 8);
	entry(&made, items, 2);
	at = fake + 64 + 20;
	assert_int_equal(look(&made, at, &found), 0);
	assert_int_equal(found.pid, 7);
	/* a bucket that leads round and round */
	put64(&made, items[1] + 24, items[1]);
	put64(&made, TABLE + get64(&made, items[0] + 16) * 16, items[1]);
	assert_int_equal(look(&made, at, &found), -ENOENT);
}

/* Whatever the bytes are: no crash, and texts that end. */
static void test_damaged(void **state)
{
	unsigned int seed = 1;
	struct made made;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct journal_entry found = {0};
		size_t at = fill(&made, i & 1);

		at = text_at(&made, at);
		for (int j = 0; j < 4; j++)
			((uint8_t *)made.bytes)[(size_t)rand_r(&seed) % made.len] = (uint8_t)rand_r(&seed);
		if (i % 7 == 0)
			made.len -= (size_t)rand_r(&seed) % made.len;
		look(&made, i % 5 ? at + 10 : (size_t)rand_r(&seed), &found);
		assert_true(strnlen(found.unit, sizeof(found.unit)) < sizeof(found.unit) &&
			    strnlen(found.name, sizeof(found.name)) < sizeof(found.name));
	}
}

/* More fields than are read: journald's own may be among those that would be left out. */
static void test_many(void **state)
{
	struct journal_entry found = {.pid = 5};
	size_t items[129];
	struct made made;

	(void)state;
	for (size_t count = 128; count <= 129; count++) {
		begin(&made, true);
		items[0] = data(&made, "MESSAGE=x", 9);
		for (size_t i = 1; i < count; i++)
			items[i] = i == 1 ? data(&made, "_PID=7", 6) : items[1];
		entry(&made, items, count);
		assert_int_equal(look(&made, text_at(&made, items[0]) + 8, &found),
				 count == 128 ? 0 : -E2BIG);
		assert_int_equal(found.pid, 7);
	}
}

static void test_writer(void **state)
{
	static const char exe[] = "/usr/lib/systemd/systemd-journald";

	(void)state;
	assert_true(journal_entry_writer(0, exe, sizeof(exe) - 1));
	assert_false(journal_entry_writer(1000, exe, sizeof(exe) - 1));
	assert_false(journal_entry_writer(0, exe, sizeof(exe) - 2));
	assert_false(journal_entry_writer(0, exe, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),      cmocka_unit_test(test_not_told),
		cmocka_unit_test(test_pretender), cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_many),      cmocka_unit_test(test_writer),
	};

	return UNIT_RUN(tests);
}
