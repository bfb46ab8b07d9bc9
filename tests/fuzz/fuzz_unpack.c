// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Any bytes as an archive, from a pipe or a file that can be sought in: it comes to an end within the bounds, and nothing that is said of it
 * holds a token.
 *
 * libarchive's own readers are fuzzed elsewhere, but not what goes from one into the other. So what the fuzzer has is now and then packed,
 * again and again.
 */
#include "archive/unpack.h"
#include "lib/log.h"
#include "lib/memory_file.h"
#include "oracle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64UL << 10)

const char *__asan_default_options(void);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* As spillwatch-scan's own bound (archive/main.c), which the sanitizer's memory would be far beyond. */
const char *__asan_default_options(void)
{
	return "max_allocation_size_mb=1000:allocator_may_return_null=1";
}

/* What a pipe would give, in pieces. */
struct pipe_source {
	const uint8_t *data;
	size_t len, piece;
};

static ssize_t pipe_pull(void *context, void *to, size_t room)
{
	struct pipe_source *source = context;
	size_t len = source->len < source->piece ? source->len : source->piece;

	len = len < room ? len : room;
	memcpy(to, source->data, len);
	source->data += len;
	source->len -= len;
	return (ssize_t)len;
}

static ssize_t file_pull(void *context, void *to, size_t room)
{
	ssize_t got = read(*(const int *)context, to, room);

	return got < 0 ? -errno : got;
}

/* What the program says of a path has no token in it either. */
static void check_line(void *context, const char *line)
{
	size_t len = strlen(line);

	(void)context;
	if (oracle_wide_next((const uint8_t *)line, len, 0) != len)
		abort();
}

static void unpack(struct scan *scan, const uint8_t *data, size_t size)
{
	static int file = -1;

	if (size % 2) {
		scan_source(scan, "a", pipe_pull,
			    &(struct pipe_source){.data = data, .len = size, .piece = 1 + size % 700});
		return;
	}
	if (file < 0)
		file = memory_file();
	if (file < 0 || ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size ||
	    lseek(file, 0, SEEK_SET) != 0)
		abort();
	scan_input(scan, "a", &(struct scan_input){.pull = file_pull, .source = &file, .fd = file});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scan scan;
	char *text = NULL;
	size_t len;

	if (size > INPUT_MAX)
		return 0;
	log_to(check_line, NULL);
	scan_unpacker = unpack_input;
	if (!scan.finder && scan_open(&scan) < 0)
		abort();
	scan.counts = (struct scan_counts){0};
	scan.output_count = 1;
	scan.outputs[0] = (struct scan_output){.form = SCAN_OUTPUT_JSON, .file = open_memstream(&text, &len)};
	if (!scan.outputs[0].file)
		abort();
	unpack(&scan, data, size);
	fclose(scan.outputs[0].file);
	if (scan.error || scan.unpacking || oracle_wide_next((uint8_t *)text, len, 0) != len)
		abort();
	free(text);
	return 0;
}

/* Packs what is there; 0 if that has no room. */
static size_t pack(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	static const char *const formats[] = {"raw",  "ustar", "pax",    "zip",
					      "cpio", "newc",  "gnutar", "arbsd"};
	static const char *const filters[] = {NULL, "gzip", "bzip2", "xz", "zstd", "lz4"};
	static uint8_t packed[INPUT_MAX];
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	const char *filter = filters[seed / 8 % (sizeof(filters) / sizeof(*filters))];
	char name[64] = {0};
	size_t used = 0;
	bool ok;

	if (!archive || !entry)
		abort();
	memcpy(name, data, size < sizeof(name) - 1 ? size : sizeof(name) - 1);
	archive_entry_set_pathname(entry, *name ? name : "a");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_write_set_bytes_per_block(archive, 0);
	ok = archive_write_set_format_by_name(archive, formats[seed % 8]) == ARCHIVE_OK &&
	     (!filter || archive_write_add_filter_by_name(archive, filter) == ARCHIVE_OK) &&
	     archive_write_open_memory(archive, packed, max < sizeof(packed) ? max : sizeof(packed), &used) ==
		     ARCHIVE_OK &&
	     archive_write_header(archive, entry) >= ARCHIVE_WARN &&
	     archive_write_data(archive, data, size) >= 0 && archive_write_close(archive) == ARCHIVE_OK;
	archive_write_free(archive);
	archive_entry_free(entry);
	if (!ok || !used)
		return 0;
	memcpy(data, packed, used);
	return used;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	size_t packed = seed % 4 == 0 ? pack(data, size, max, seed / 4) : 0;

	return packed ? packed : LLVMFuzzerMutate(data, size, max);
}
