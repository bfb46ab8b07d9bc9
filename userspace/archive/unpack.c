// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * input → libarchive → member → scan, which comes back here if that is packed as well.
 *
 * A path through archives is PATH!MEMBER!MEMBER; what is only compressed (a.log.gz) keeps its path, and its lines are those of what was
 * in it.
 *
 * Bounds, so that a bomb costs little: of depth, and of bytes by what was read of the outermost file. What is beyond is told and counted.
 *
 * Limit: links in archives are not followed; what needs a password is told; a 7z in an archive can't be read, since it needs to be sought in.
 */
#include "archive/unpack.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Archives in archives: an image of containers is a tar of tars that may hold jars of jars. */
#define UNPACK_DEPTH 8

/* What any file may come to, … */
#define UNPACK_FREE (256ULL << 20)
/* … and for each byte that was read of it. Logs come to a hundred. */
#define UNPACK_RATIO 1000
/* What an entry without content counts for, beside its name. */
#define UNPACK_ENTRY 512

/* Bytes of a member's name that are shown. Paths have 4096; libarchive believes any number that a cpio says. */
#define UNPACK_NAME (64UL << 10)

#define UNPACK_BLOCK (64UL << 10)

/* All that comes of one file, however deep. */
struct unpack_work {
	uint64_t packed, unpacked;
	int depth;
};

/* One archive. */
struct unpack {
	struct scan *scan;
	struct unpack_work *work;
	struct scan_input *input;
	struct archive *archive;
	bool outermost;
	bool raw; /* whatever is packed in it is one member */
	const char *failed; /* why it was left; static, or the archive's */
	uint64_t pulled; /* of its bytes */
	size_t last; /* of these in block */
	uint8_t block[UNPACK_BLOCK];
};

static la_ssize_t unpack_read(struct archive *archive, void *context, const void **ret_bytes)
{
	struct unpack *unpack = context;
	ssize_t got = scan_input_pull(unpack->input, unpack->block, sizeof(unpack->block));

	if (got < 0) {
		archive_set_error(archive, (int)-got, "%s", strerror((int)-got));
		return ARCHIVE_FATAL;
	}
	if (unpack->outermost)
		unpack->work->packed += (uint64_t)got;
	unpack->pulled += (uint64_t)got;
	unpack->last = got > 0 ? (size_t)got : unpack->last;
	*ret_bytes = unpack->block;
	return got;
}

/* Formats that have their list at the end. */
static la_int64_t unpack_seek(struct archive *archive, void *context, la_int64_t offset, int whence)
{
	const struct unpack *unpack = context;
	off_t at = scan_input_seek(unpack->input, offset, whence);

	(void)archive;
	return at < 0 ? ARCHIVE_FATAL : at;
}

/* May so much more come of it? */
static bool unpack_counts(struct unpack *unpack, uint64_t bytes)
{
	struct unpack_work *work = unpack->work;

	work->unpacked += bytes;
	if (work->unpacked <= UNPACK_FREE || work->unpacked / UNPACK_RATIO <= work->packed)
		return true;
	unpack->failed = "it unpacks to far more than it is";
	return false;
}

/* What can't be read on ends the member, and then the archive; it is told there. */
static ssize_t unpack_pull(void *source, void *to, size_t room)
{
	struct unpack *unpack = source;
	la_ssize_t got = 0;

	if (unpack->failed)
		return 0;
	do
		got = archive_read_data(unpack->archive, to, room);
	while (got == ARCHIVE_RETRY);
	if (got < 0) {
		unpack->failed = archive_error_string(unpack->archive);
		unpack->failed = unpack->failed ? unpack->failed : "it can't be unpacked";
		return 0;
	}
	return unpack_counts(unpack, (uint64_t)got) ? (ssize_t)got : 0;
}

/*
 * May there be something to read? By what is there, not by what it is called: a zip can say of a file that it is a directory, and of several
 * names of one file, a cpio has the content with the last.
 */
static bool unpack_has_content(struct archive_entry *entry)
{
	bool sized = archive_entry_size_is_set(entry);

	if (archive_entry_filetype(entry) == AE_IFLNK)
		return false;
	if (sized && archive_entry_size(entry) > 0)
		return true;
	/* a zip that was written to a pipe says the size behind the content */
	return !archive_entry_hardlink(entry) && (archive_entry_filetype(entry) == AE_IFREG || !sized);
}

static void unpack_left(struct scan *scan, const char *path, const char *why)
{
	AUTO_FREE char *shown = NULL;

	team_turn(scan);
	scan->counts.partly++;
	if (spillwatch_mask(path, strlen(path), NULL, &shown) == 0)
		log_warning("%s: not unpacked to its end: %s", shown, why);
}

/* Of what a zip calls no file, libarchive hands nothing out: that is told, as its content is there. */
static void unpack_content(struct unpack *unpack, const char *member, struct archive_entry *entry)
{
	uint64_t before = unpack->work->unpacked;

	scan_source(unpack->scan, member, unpack_pull, unpack);
	if (archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0 &&
	    unpack->work->unpacked == before && !unpack->failed)
		unpack_left(unpack->scan, member, "it is said to have a content, and to be no file");
}

static void unpack_member(struct unpack *unpack, const char *path, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);
	bool shown = name && strlen(name) <= UNPACK_NAME;
	AUTO_FREE char *member = NULL;

	if (asprintf(&member, "%s!%s", path, shown ? name : "?") < 0) {
		member = NULL;
		unpack->failed = strerror(ENOMEM);
		return;
	}
	if (name && !shown)
		unpack_left(unpack->scan, member, "its name is too long");
	if (name)
		scan_name(unpack->scan, member, name);
	if (archive_entry_filetype(entry) == AE_IFLNK && archive_entry_symlink(entry))
		scan_name(unpack->scan, member, archive_entry_symlink(entry));
	if (unpack_has_content(entry))
		unpack_content(unpack, member, entry);
	else if (archive_entry_filetype(entry) == AE_IFLNK || archive_entry_hardlink(entry))
		unpack->scan->counts.links++;
	else if (archive_entry_filetype(entry) != AE_IFDIR)
		unpack->scan->counts.special++;
}

static size_t unpack_name_len(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	return name ? strlen(name) : 0;
}

/* Is it only compressed, or after all nothing that is packed? */
static bool unpack_is_raw(struct unpack *unpack)
{
	return archive_format(unpack->archive) == ARCHIVE_FORMAT_RAW;
}

static bool unpack_is_tar(struct unpack *unpack)
{
	return (archive_format(unpack->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

/* Does anything but zeros lie behind what was unpacked? A packer ends there, whatever follows. */
static bool unpack_has_more(struct unpack *unpack)
{
	la_int64_t used = archive_filter_bytes(unpack->archive, -1);
	uint64_t rest = used < 0 || (uint64_t)used > unpack->pulled ? 0 : unpack->pulled - (uint64_t)used;
	ssize_t len = (ssize_t)(rest < unpack->last ? rest : unpack->last);
	const uint8_t *bytes = unpack->block + unpack->last - len;

	while (len > 0) {
		for (ssize_t i = 0; i < len; i++)
			if (bytes[i])
				return true;
		bytes = unpack->block;
		len = scan_input_pull(unpack->input, unpack->block, sizeof(unpack->block));
	}
	return len < 0;
}

static void unpack_raw(struct unpack *unpack, const char *path)
{
	const struct scan_input *input = unpack->input;

	/* the last one is "none" */
	if (archive_filter_count(unpack->archive) > 1) {
		scan_source(unpack->scan, path, unpack_pull, unpack);
		if (!unpack->failed && unpack->scan->error == 0 && unpack_has_more(unpack))
			unpack->failed = "more lies behind what is packed";
		return;
	}
	scan_plain_source(unpack->scan, path, unpack_pull, unpack);
	/* it began as such, and is no text */
	if (!unpack->failed && memchr(input->head, '\0', input->head_len))
		unpack->failed = "it can't be unpacked";
}

/* Returns 0; -ENOEXEC if it is none, or cut at its beginning; -ENODATA if there is nothing in it. */
static int unpack_entries(struct unpack *unpack, const char *path)
{
	struct archive_entry *entry;
	bool any = false;
	int r;

	while (!unpack->failed && unpack->scan->error == 0) {
		r = archive_read_next_header(unpack->archive, &entry);
		if (r == ARCHIVE_RETRY)
			continue;
		if (r == ARCHIVE_EOF)
			break;
		if (r < ARCHIVE_WARN) {
			unpack->failed = archive_error_string(unpack->archive);
			unpack->failed = unpack->failed ? unpack->failed : "it can't be unpacked";
			break;
		}
		any = true;
		if (unpack_is_raw(unpack))
			unpack_raw(unpack, path);
		else if (unpack_counts(unpack, UNPACK_ENTRY + unpack_name_len(entry)))
			unpack_member(unpack, path, entry);
	}
	if (any)
		return 0;
	if (!unpack->failed && archive_format(unpack->archive) == ARCHIVE_FORMAT_EMPTY) {
		unpack->scan->counts.files++;
		return 0;
	}
	/* what zeros are followed by was no archive after all */
	if (unpack->failed && !unpack->raw && unpack_is_tar(unpack)) {
		unpack->failed = NULL;
		return -ENODATA;
	}
	return unpack->failed ? -ENOEXEC : -ENODATA;
}

static int unpack_open(struct unpack *unpack)
{
	struct archive *archive = archive_read_new();
	int r;

	if (!archive) {
		unpack->failed = strerror(ENOMEM);
		return -ENOEXEC;
	}
	unpack->archive = archive;
	/* only what libarchive does itself: for others it would run programs */
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_compress(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_lzip(archive);
	archive_read_support_filter_rpm(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_format_raw(archive);
	/* what is packed, and comes to nothing */
	archive_read_support_format_empty(archive);
	if (!unpack->raw) {
		archive_read_support_format_7zip(archive);
		archive_read_support_format_ar(archive);
		archive_read_support_format_cab(archive);
		archive_read_support_format_cpio(archive);
		archive_read_support_format_tar(archive);
		archive_read_support_format_zip(archive);
		/* `cat a.tar b.tar`: there is more behind the first end */
		archive_read_set_format_option(archive, "tar", "read_concatenated_archives", "1");
	}
	archive_read_set_read_callback(archive, unpack_read);
	if (scan_input_can_seek(unpack->input))
		archive_read_set_seek_callback(archive, unpack_seek);
	archive_read_set_callback_data(archive, unpack);
	r = archive_read_open1(archive);
	if (r >= ARCHIVE_WARN)
		return 0;
	unpack->failed = archive_error_string(archive);
	unpack->failed = unpack->failed ? unpack->failed : "it can't be unpacked";
	return -ENOEXEC;
}

static int unpack_archive(struct scan *scan, const char *path, struct scan_input *input,
			  struct unpack_work *work, bool raw)
{
	struct unpack *unpack = malloc(sizeof(*unpack));
	int r;

	/* of this one only: others may take less */
	if (!unpack) {
		unpack_left(scan, path, strerror(ENOMEM));
		return -ENOEXEC;
	}
	*unpack = (struct unpack){
		.scan = scan,
		.work = work,
		.input = input,
		.outermost = work->depth == 1,
		.raw = raw,
	};
	r = unpack_open(unpack);
	if (r == 0)
		r = unpack_entries(unpack, path);
	if (unpack->failed)
		unpack_left(scan, path, unpack->failed);
	archive_read_free(unpack->archive);
	explicit_bzero(unpack->block, sizeof(unpack->block));
	free(unpack);
	return r;
}

static int unpack_all(struct scan *scan, const char *path, struct scan_input *input, struct unpack_work *work)
{
	int r = unpack_archive(scan, path, input, work, false);

	/* zeros look like the end of a tar, whatever comes behind them */
	if (r == -ENODATA && scan_input_seek(input, 0, SEEK_SET) == 0)
		r = unpack_archive(scan, path, input, work, true);
	return r;
}

int unpack_input(struct scan *scan, const char *path, struct scan_input *input)
{
	struct unpack_work first = {0}, *work = scan->unpacking ? scan->unpacking : &first;
	int r = 0;

	if (work->depth < UNPACK_DEPTH) {
		scan->unpacking = work;
		work->depth++;
		r = unpack_all(scan, path, input, work);
		work->depth--;
	} else {
		unpack_left(scan, path, "it lies too deep in others");
	}
	if (work == &first)
		scan->unpacking = NULL;
	return r;
}
