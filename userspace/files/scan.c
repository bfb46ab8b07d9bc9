// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → file_scan → matcher: when a sample says that its bytes must be looked up.
 *
 * A window slides over the range; its last 95 bytes are carried to the front of the next, so a token
 * across two reads is found once. Invariant: the buffer is wiped before it is given back.
 *
 * Limit: what was overwritten or removed before we came is not seen.
 */
#include "files/scan.h"

#include "lib/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define FILE_SCAN_CHUNK (256UL << 10)
#define FILE_SCAN_CARRY (TOKEN_MAX_LEN - 1UL)

/* Descriptors or mappings of a process that are looked at to find a file without a name. */
#define FILE_SCAN_ENTRIES 4096

/* Is this the file of the sample? By inode; and by device, where fstat(2) shows the super block's. */
static bool file_scan_is(const struct sample_view *view, const struct stat *st)
{
	const struct token_sample *head = view->head;

	if (st->st_ino != head->inode)
		return false;
	/* btrfs and overlayfs show another device: the inode must do */
	return major(st->st_dev) == 0 ||
	       makedev(SAMPLE_MAJOR(head->device), SAMPLE_MINOR(head->device)) == st->st_dev;
}

static int file_scan_try(const char *path, const struct sample_view *view)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !file_scan_is(view, &st)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

/* By its path, as seen from a process's root (0: ours). */
static int file_scan_by_path(const char *procfs, uint32_t tgid, const struct sample_view *view)
{
	char path[PATH_MAX + 64], root[64] = "";

	if (tgid)
		snprintf(root, sizeof(root), "%.32s/%u/root", procfs, tgid);
	if ((size_t)snprintf(path, sizeof(path), "%s%.*s", root, (int)view->head->path_len, view->path) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	return file_scan_try(path, view);
}

/* Without a name: among what the process holds open or mapped. */
static int file_scan_by_process(const char *procfs, const char *kind, const struct sample_view *view)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat st;
	DIR *directory;
	int fd = -ENOENT;

	snprintf(path, sizeof(path), "%s/%u/%s", procfs, view->head->tgid, kind);
	directory = opendir(path);
	if (!directory)
		return -errno;
	for (int i = 0; fd < 0 && i < FILE_SCAN_ENTRIES && (entry = readdir(directory)); i++) {
		if (entry->d_name[0] == '.' || fstatat(dirfd(directory), entry->d_name, &st, 0) < 0 ||
		    !file_scan_is(view, &st))
			continue;
		snprintf(path, sizeof(path), "%s/%u/%s/%.64s", procfs, view->head->tgid, kind, entry->d_name);
		fd = file_scan_try(path, view);
	}
	closedir(directory);
	return fd;
}

/* Through the roots of the process, of its parent, which mostly shares it, and ours. */
static int file_scan_by_roots(const char *procfs, const struct sample_view *view)
{
	const uint32_t roots[] = {view->head->tgid, view->head->parent_tgid, 0};
	int fd = -ENOENT, other = -ENOENT;

	for (size_t i = 0; fd < 0 && i < sizeof(roots) / sizeof(*roots); i++) {
		fd = file_scan_by_path(procfs, roots[i], view);
		if (fd == -ESTALE)
			other = fd;
	}
	return fd < 0 ? other : fd;
}

int file_scan_open(const char *procfs, const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	int r = -ENOENT, fd;

	if (!head->inode)
		return -ENOENT;
	if (head->path_len && !(head->flags & (SAMPLE_PATH_TRUNCATED | SAMPLE_FILE_DELETED)))
		r = file_scan_by_roots(procfs, view);
	if (r >= 0)
		return r;
	fd = file_scan_by_process(procfs, "fd", view);
	if (fd < 0)
		fd = file_scan_by_process(procfs, "map_files", view);
	return fd < 0 ? r : fd;
}

/* All tokens of text[0, len) that start at `from` or later and overlap the range. */
static int file_scan_text(const uint8_t *text, size_t len, uint64_t base, uint64_t start, uint64_t end,
			  file_scan_token found, void *context)
{
	uint64_t words[TOKEN_MAX_LEN / 8];
	struct token_span span = {0};
	struct token token;
	int r = 0;

	while (r >= 0 && token_match(text, len, span.end, &token, &span)) {
		uint64_t at = base + span.start;

		if (at >= end || base + span.end <= start)
			continue;
		memset(words, 0, sizeof(words));
		memcpy(words, text + span.start, span.end - span.start);
		r = found(context, (const uint8_t *)words, &token,
			  &(struct token_span){0, span.secret - span.start, span.end - span.start}, at);
	}
	explicit_bzero(words, sizeof(words));
	return r;
}

int64_t file_scan(int fd, uint64_t offset, uint64_t length, uint64_t bound, file_scan_token found,
		  void *context)
{
	uint64_t end = length < bound ? offset + length : offset + bound;
	uint64_t from = offset > FILE_SCAN_CARRY ? offset - FILE_SCAN_CARRY : 0, at = from;
	AUTO_FREE uint8_t *text = malloc(FILE_SCAN_CHUNK + FILE_SCAN_CARRY);
	/* of a token that was found in the part carried over, the end lies in there as well */
	uint64_t done = offset;
	size_t carried = 0;
	int r = 0;

	if (!text)
		return -ENOMEM;
	while (r >= 0 && at < end + FILE_SCAN_CARRY) {
		uint64_t left = end + FILE_SCAN_CARRY - at;
		ssize_t got =
			pread(fd, text + carried, left < FILE_SCAN_CHUNK ? left : FILE_SCAN_CHUNK, (off_t)at);
		size_t len;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			r = got < 0 ? -errno : 0;
			break;
		}
		len = carried + (size_t)got;
		r = file_scan_text(text, len, at - carried, done, end, found, context);
		at += (uint64_t)got;
		carried = len < FILE_SCAN_CARRY ? len : FILE_SCAN_CARRY;
		memmove(text, text + len - carried, carried);
		done = at > offset ? at : offset;
	}
	explicit_bzero(text, FILE_SCAN_CHUNK + FILE_SCAN_CARRY);
	if (r < 0)
		return r;
	return length > bound ? (int64_t)(length - bound) : 0;
}
