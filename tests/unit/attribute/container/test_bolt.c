// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A small bbolt database, made here: a branch page, a bucket on a page of its own, one inside its parent's value. */
#include "unit.h"

#include "attribute/container/bolt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 1024U
#define PAGES 8U
#define META 0x04U
#define BRANCH 0x01U
#define LEAF 0x02U

static uint8_t db[PAGE * PAGES];

struct item {
	const char *key;
	const void *value;
	uint32_t len;
	uint32_t bucket;
};

static void put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void page(uint8_t *at, uint64_t id, uint16_t flags, uint16_t count)
{
	put64(at, id);
	put16(at + 8, flags);
	put16(at + 10, count);
}

static void meta(unsigned int index, uint64_t transaction, uint64_t root)
{
	uint8_t *at = db + index * PAGE;
	uint64_t hash = 0xcbf29ce484222325ULL;

	page(at, index, META, 0);
	put32(at + 16, 0xED0CDAED);
	put32(at + 20, 2);
	put32(at + 24, PAGE);
	put64(at + 32, root);
	put64(at + 56, PAGES);
	put64(at + 64, transaction);
	for (int i = 16; i < 72; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ULL;
	put64(at + 72, hash);
}

/* Returns the bytes used. */
static size_t leaf(uint8_t *at, uint64_t id, const struct item *items, uint16_t count)
{
	size_t data = 16 + 16U * count;

	page(at, id, LEAF, count);
	for (uint16_t i = 0; i < count; i++) {
		uint8_t *element = at + 16 + 16U * i;
		size_t key_len = strlen(items[i].key);

		put32(element, items[i].bucket);
		put32(element + 4, (uint32_t)(at + data - element));
		put32(element + 8, (uint32_t)key_len);
		put32(element + 12, items[i].len);
		memcpy(at + data, items[i].key, key_len);
		memcpy(at + data + key_len, items[i].value, items[i].len);
		data += key_len + items[i].len;
	}
	return data;
}

/* v1 (page 3, a branch to 4 and 5) { a { image } inside its value, …, web { image } on page 6 } */
static void build(void)
{
	static const struct item image[] = {{"image", "web:1", 5, 0}, {"labels", "x", 1, 1}};
	uint8_t v1[16] = {3}, web[16] = {6}, inside[512] = {0};
	size_t len = 16 + leaf(inside + 16, 0, image, 2);
	const struct item root[] = {{"v1", v1, 16, 1}};
	const struct item first[] = {{"a", inside, (uint32_t)len, 1}, {"b", "x", 1, 0}};
	const struct item second[] = {{"m", "x", 1, 0}, {"web", web, 16, 1}};
	uint8_t *branch = db + 3 * PAGE;

	memset(db, 0, sizeof(db));
	meta(0, 7, 2);
	meta(1, 6, 99);
	leaf(db + 2 * PAGE, 2, root, 1);
	page(branch, 3, BRANCH, 2);
	put32(branch + 16, 32);
	put32(branch + 20, 1);
	put64(branch + 24, 4);
	put32(branch + 32, 17);
	put32(branch + 36, 1);
	put64(branch + 40, 5);
	branch[48] = 'a';
	branch[49] = 'm';
	leaf(db + 4 * PAGE, 4, first, 2);
	leaf(db + 5 * PAGE, 5, second, 2);
	leaf(db + 6 * PAGE, 6, image, 2);
}

static int get(size_t len, const char *a, const char *b, const char *c, char *value, size_t size)
{
	const char *const path[] = {a, b, c, NULL};
	int fd = memfd_create("bolt", MFD_CLOEXEC), r;

	assert_int_equal(write(fd, db, len), len);
	r = bolt_get(fd, path, value, size);
	close(fd);
	return r;
}

static void test_found(void **state)
{
	char value[16];

	(void)state;
	build();
	assert_int_equal(get(sizeof(db), "v1", "web", "image", value, sizeof(value)), 5);
	assert_string_equal(value, "web:1");
	assert_int_equal(get(sizeof(db), "v1", "a", "image", value, sizeof(value)), 5);
	assert_string_equal(value, "web:1");
	assert_int_equal(get(sizeof(db), "v1", "b", NULL, value, sizeof(value)), 1);
	assert_string_equal(value, "x");
	/* cut, and it says so */
	assert_int_equal(get(sizeof(db), "v1", "web", "image", value, 4), 5);
	assert_string_equal(value, "web");
}

static void test_missing(void **state)
{
	char value[16];

	(void)state;
	build();
	assert_int_equal(get(sizeof(db), "v2", "web", "image", value, sizeof(value)), -ENOENT);
	assert_int_equal(get(sizeof(db), "v1", "we", "image", value, sizeof(value)), -ENOENT);
	assert_int_equal(get(sizeof(db), "v1", "webs", "image", value, sizeof(value)), -ENOENT);
	assert_int_equal(get(sizeof(db), "v1", "A", "image", value, sizeof(value)), -ENOENT);
	/* no bucket, and a bucket that is no value */
	assert_int_equal(get(sizeof(db), "v1", "b", "image", value, sizeof(value)), -ENOENT);
	assert_int_equal(get(sizeof(db), "v1", "web", "labels", value, sizeof(value)), -ENOENT);
	assert_int_equal(get(sizeof(db), "v1", "web", NULL, value, sizeof(value)), -ENOENT);
}

static void test_meta(void **state)
{
	char value[16];

	(void)state;
	/* a newer one that was not written to its end does not count */
	build();
	meta(1, 8, 99);
	db[PAGE + 72] ^= 1;
	assert_int_equal(get(sizeof(db), "v1", "web", "image", value, sizeof(value)), 5);
	/* nor does an older one; and a newer one does */
	build();
	meta(1, 8, 99);
	assert_int_equal(get(sizeof(db), "v1", "web", "image", value, sizeof(value)), -EBADMSG);
	build();
	db[72] ^= 1;
	db[PAGE + 72] ^= 1;
	assert_int_equal(get(sizeof(db), "v1", "web", "image", value, sizeof(value)), -EBADMSG);
	assert_int_equal(get(10, "v1", "web", "image", value, sizeof(value)), -EBADMSG);
}

/* Wherever a byte is wrong or the file ends: an error or a value, and nothing read that is not there. */
static void test_broken(void **state)
{
	char value[16];

	(void)state;
	for (size_t i = 2UL * PAGE; i < 7UL * PAGE; i++)
		for (int bit = 0; bit < 8; bit += 7) {
			build();
			db[i] ^= (uint8_t)(1 << bit);
			get(sizeof(db), "v1", "web", "image", value, sizeof(value));
		}
	build();
	for (size_t len = 0; len < sizeof(db); len += 13)
		get(len, "v1", "web", "image", value, sizeof(value));
	/* a branch that leads to itself */
	build();
	put64(db + 3 * PAGE + 40, 3);
	assert_int_equal(get(sizeof(db), "v1", "web", "image", value, sizeof(value)), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_meta),
		cmocka_unit_test(test_broken),
	};

	return UNIT_RUN(tests);
}
