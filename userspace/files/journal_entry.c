// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fetcher → a journal file (https://systemd.io/JOURNAL_FILE_FORMAT/), little endian, objects at multiples of 8:
 *
 *     header │ data hash table │ … │ DATA "MESSAGE=…" │ DATA "_PID=7" │ ENTRY → its DATA objects │ …
 *     DATA: type(1) flags(1) 0(6) size(8) hash(8) next in its bucket(8) next of its field(8) first entry(8) entries(16) [compact: 8] text
 *     ENTRY: type(1) flags(1) 0(6) size(8) seqnum(8) times(16) boot(16) xor(8), then its objects: position(8) hash(8), or compact: position(4)
 *
 * The object that holds a byte begins before it, and a text may hold what looks like one. So only an object counts that its bucket of the hash
 * table leads to, which no text does; of an entry, one that has that object among its own.
 *
 * Invariant: every position is asked of the file with a length that is bounded here, and read into memory of our own.
 * Limit: a text of JOURNAL_BACK bytes before the byte; fields that are packed are not told, which those that are asked for are too short for.
 */
#include "files/journal_entry.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL_BACK (64U << 10)
/* Objects of one bucket; journald begins a new file at 100. */
#define JOURNAL_CHAIN 512
/* Places that look like an object and are asked for in the table. */
#define JOURNAL_TRIES 16
/* Objects of one entry. */
#define JOURNAL_ITEMS 128
#define JOURNAL_TEXT 600
/* How often it is asked for the entry, which journald writes last; ns between. */
#define JOURNAL_WAITS 5
#define JOURNAL_WAIT_NS 1000000L

#define JOURNAL_COMPACT 16U /* of the header's incompatible flags */
#define JOURNAL_DATA 1
#define JOURNAL_ENTRY 3
#define JOURNAL_PACKED 7 /* of an object's flags */

struct journal_object {
	uint8_t type, flags, zero[6];
	uint64_t size;
};

struct journal_data {
	struct journal_object object;
	uint64_t hash, next_hash, next_field, entry, entries, count;
};

struct journal_head {
	char signature[8];
	uint32_t compatible, incompatible; /* cppcheck-suppress unusedStructMember */
	uint8_t state, zero[7], ids[64]; /* cppcheck-suppress unusedStructMember */
	uint64_t header_size, arena_size, table, table_size; /* cppcheck-suppress unusedStructMember */
};

_Static_assert(sizeof(struct journal_data) == 64 && offsetof(struct journal_head, table) == 104,
	       "as they are in the file");

struct journal {
	int fd;
	bool compact;
	uint64_t table, buckets;
};

/* Exactly so many bytes, or none. */
static int journal_read(const struct journal *journal, uint64_t at, void *to, size_t len)
{
	ssize_t got = at <= INT64_MAX - len ? pread(journal->fd, to, len, (off_t)at) : 0;

	if (got < 0)
		return -errno;
	return (size_t)got == len ? 0 : -EBADMSG;
}

static int journal_open(int fd, struct journal *ret_journal)
{
	struct journal journal = {.fd = fd};
	struct journal_head head;

	if (journal_read(&journal, 0, &head, sizeof(head)) < 0 ||
	    memcmp(head.signature, "LPKSHHRH", sizeof(head.signature)) != 0)
		return -EMEDIUMTYPE;
	journal.compact = le32toh(head.incompatible) & JOURNAL_COMPACT;
	journal.table = le64toh(head.table);
	journal.buckets = le64toh(head.table_size) / (2 * sizeof(uint64_t));
	if (!journal.table || !journal.buckets || journal.table > INT64_MAX / 2 ||
	    journal.buckets > INT64_MAX / 64)
		return -EBADMSG;
	*ret_journal = journal;
	return 0;
}

static size_t journal_text_at(const struct journal *journal)
{
	return sizeof(struct journal_data) + (journal->compact ? 2 * sizeof(uint32_t) : 0);
}

/* Could it be an object of data that reaches past `len` bytes from its beginning? */
static bool journal_may_be(const struct journal *journal, const struct journal_data *data, size_t len)
{
	static const uint8_t zero[6];

	return data->object.type == JOURNAL_DATA && !(data->object.flags & ~JOURNAL_PACKED) &&
	       memcmp(data->object.zero, zero, sizeof(zero)) == 0 && len >= journal_text_at(journal) &&
	       le64toh(data->object.size) > len;
}

/* Does its bucket lead to it? Returns 0, or a negative errno. */
static int journal_in_table(const struct journal *journal, uint64_t at, const struct journal_data *data)
{
	uint64_t bucket = le64toh(data->hash) % journal->buckets, next = 0;
	int r = journal_read(journal, journal->table + bucket * 2 * sizeof(next), &next, sizeof(next));

	for (int i = 0; r == 0 && i < JOURNAL_CHAIN; i++) {
		struct journal_data one = {0};

		next = le64toh(next);
		if (next == at)
			return 0;
		if (!next)
			return -ENOENT;
		r = journal_read(journal, next, &one, sizeof(one));
		next = one.next_hash;
	}
	return r == 0 ? -ENOENT : r;
}

/* The object that holds the byte at `at`. */
static int journal_find(const struct journal *journal, uint64_t at, uint64_t *ret_at)
{
	uint64_t from = (at > JOURNAL_BACK ? at - JOURNAL_BACK : 0) & ~7ULL;
	size_t len = (size_t)(at - from);
	uint8_t *bytes = malloc(len + 1);
	int r = bytes ? journal_read(journal, from, bytes, len) : -ENOMEM, tries = 0;

	for (size_t i = len & ~7ULL; r == 0; i -= 8) {
		struct journal_data data;

		if (len - i >= sizeof(data)) {
			memcpy(&data, bytes + i, sizeof(data));
			if (journal_may_be(journal, &data, len - i) && ++tries <= JOURNAL_TRIES &&
			    journal_in_table(journal, from + i, &data) == 0) {
				*ret_at = from + i;
				break;
			}
		}
		if (!i || tries > JOURNAL_TRIES)
			r = -ENOENT;
	}
	if (bytes)
		explicit_bzero(bytes, len);
	free(bytes);
	return r;
}

/* The entry of the object at `data_at`, as soon as there is one. */
static int journal_first_entry(const struct journal *journal, uint64_t data_at, uint64_t *ret_at)
{
	const struct timespec pause = {.tv_nsec = JOURNAL_WAIT_NS};
	struct journal_data data;
	int r = 0;

	for (int i = 0; r == 0 && i < JOURNAL_WAITS; i++) {
		r = journal_read(journal, data_at, &data, sizeof(data));
		if (r == 0 && data.entry) {
			*ret_at = le64toh(data.entry);
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	return r == 0 ? -ENOENT : r;
}

/* The positions of an entry's objects; how many, or a negative errno. */
static int journal_items(const struct journal *journal, uint64_t at, uint64_t items[JOURNAL_ITEMS])
{
	enum { HEAD = 64 };
	struct journal_object object;
	size_t step = journal->compact ? sizeof(uint32_t) : 2 * sizeof(uint64_t);
	uint8_t bytes[2 * sizeof(uint64_t) * JOURNAL_ITEMS];
	uint64_t count;
	int r = journal_read(journal, at, &object, sizeof(object));

	if (r < 0)
		return r;
	if (object.type != JOURNAL_ENTRY || le64toh(object.size) < HEAD)
		return -EBADMSG;
	count = (le64toh(object.size) - HEAD) / step;
	/* those that would be left out may be journald's own, and what the sender says would stand alone */
	if (count > JOURNAL_ITEMS)
		return -E2BIG;
	r = journal_read(journal, at + HEAD, bytes, count * step);
	if (r < 0)
		return r;
	for (uint64_t i = 0; i < count; i++) {
		uint32_t narrow;

		if (journal->compact) {
			memcpy(&narrow, bytes + i * step, sizeof(narrow));
			items[i] = le32toh(narrow);
		} else {
			memcpy(&items[i], bytes + i * step, sizeof(items[i]));
			items[i] = le64toh(items[i]);
		}
	}
	return (int)count;
}

/* NAME=value into one of the texts, if it is asked for and not told yet. */
static void journal_field(struct journal_entry *entry, const char *text, size_t len)
{
	char number[16] = "", user_unit[sizeof(entry->unit)] = "", uid[16] = "";
	const struct {
		const char *name;
		char *to;
		size_t size;
	} fields[] = {
		{"_PID=", number, sizeof(number)},
		{"_UID=", uid, sizeof(uid)},
		{"_COMM=", entry->name, sizeof(entry->name)},
		{"_SYSTEMD_UNIT=", entry->unit, sizeof(entry->unit)},
		{"_SYSTEMD_USER_UNIT=", user_unit, sizeof(user_unit)},
		{"_SYSTEMD_CGROUP=", entry->cgroup, sizeof(entry->cgroup)},
		{"CONTAINER_ID_FULL=", entry->container_id, sizeof(entry->container_id)},
		{"CONTAINER_NAME=", entry->container, sizeof(entry->container)},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t name = strlen(fields[i].name), value;

		if (len <= name || memcmp(text, fields[i].name, name) != 0 || *fields[i].to)
			continue;
		value = len - name < fields[i].size ? len - name : fields[i].size - 1;
		memcpy(fields[i].to, text + name, value);
		fields[i].to[value] = '\0';
	}
	if (*number)
		entry->pid = (uint32_t)strtoul(number, NULL, 10);
	if (*uid)
		entry->uid = (uint32_t)strtoul(uid, NULL, 10);
	/* the unit of a user's own manager says more than user@1000.service, in which that is */
	if (*user_unit)
		memcpy(entry->unit, user_unit, sizeof(user_unit));
}

/* One object of the entry. */
static void journal_item(const struct journal *journal, uint64_t at, struct journal_entry *entry)
{
	struct journal_data data;
	char text[JOURNAL_TEXT];
	size_t before = journal_text_at(journal);
	uint64_t len;

	if (journal_read(journal, at, &data, sizeof(data)) < 0 || data.object.type != JOURNAL_DATA ||
	    data.object.flags & JOURNAL_PACKED || le64toh(data.object.size) <= before)
		return;
	len = le64toh(data.object.size) - before;
	if (len > sizeof(text))
		len = sizeof(text);
	if (journal_read(journal, at + before, text, (size_t)len) == 0)
		journal_field(entry, text, (size_t)len);
	explicit_bzero(text, sizeof(text));
}

bool journal_entry_writer(uint32_t uid, const char *exe, size_t len)
{
	static const char name[] = "/systemd-journald";

	return uid == 0 && len >= sizeof(name) - 1 &&
	       memcmp(exe + len - (sizeof(name) - 1), name, sizeof(name) - 1) == 0;
}

int journal_entry_at(int fd, uint64_t at, struct journal_entry *ret_entry)
{
	struct journal_entry entry = {.found = true, .uid = UINT32_MAX};
	uint64_t items[JOURNAL_ITEMS], data_at = 0, entry_at = 0;
	struct journal journal;
	bool ours = false;
	int count, r = journal_open(fd, &journal);

	if (r == 0)
		r = journal_find(&journal, at, &data_at);
	if (r == 0)
		r = journal_first_entry(&journal, data_at, &entry_at);
	if (r < 0)
		return r;
	count = journal_items(&journal, entry_at, items);
	if (count < 0)
		return count;
	for (int i = 0; i < count; i++)
		ours |= items[i] == data_at;
	if (!ours)
		return -EBADMSG;
	for (int i = 0; i < count; i++)
		if (items[i] != data_at)
			journal_item(&journal, items[i], &entry);
	*ret_entry = entry;
	return 0;
}
