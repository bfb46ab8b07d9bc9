// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → file_scan → matcher: when a sample says that its bytes must be looked up.
 *
 * A window slides over the range; its last 95 bytes are carried to the front of the next (as many as a token in any form takes, if those
 * are looked for), so a token across two reads is found once. Invariant: the buffer is wiped before it is given back.
 *
 * Limit: what was overwritten or removed before we came is not seen.
 */
#include "files/scan.h"

#include "attribute/mounts.h"
#include "attribute/procfs.h"
#include "files/safe_open.h"
#include "lib/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define FILE_SCAN_CHUNK (256UL << 10)
#define FILE_SCAN_CARRY (TOKEN_MAX_LEN - 1UL)
#define FILE_SCAN_CARRY_MAX FORMS_AROUND

/* Descriptors or mappings of a process that are looked at to find a file without a name. */
#define FILE_SCAN_ENTRIES 4096

struct file_roots {
	const char *procfs;
	int root; /* the host's */
	struct mounts *mounts;
};

int file_roots_open(const char *procfs, const char *root, struct file_roots **ret_roots)
{
	struct file_roots *roots = calloc(1, sizeof(*roots));
	int r;

	if (!roots)
		return -ENOMEM;
	roots->procfs = procfs;
	roots->root = safe_root(root && *root ? root : "/");
	r = roots->root < 0 ? roots->root : mounts_open(procfs, &roots->mounts);
	if (r < 0) {
		file_roots_close(roots);
		return r;
	}
	*ret_roots = roots;
	return 0;
}

void file_roots_close(struct file_roots *roots)
{
	if (!roots)
		return;
	if (roots->root >= 0)
		close(roots->root);
	mounts_close(roots->mounts);
	free(roots);
}

static bool file_scan_is_device(uint32_t device, dev_t dev)
{
	return makedev(SAMPLE_MAJOR(device), SAMPLE_MINOR(device)) == dev;
}

/* Is this the file of the sample? By inode; and by device, where fstat(2) shows the super block's. */
static bool file_scan_is(const struct sample_view *view, const struct stat *st)
{
	const struct token_sample *head = view->head;

	if (st->st_ino != head->inode)
		return false;
	/* btrfs and overlayfs show another device: the inode must do; overlayfs's file may lie in another file system */
	return major(st->st_dev) == 0 || file_scan_is_device(head->device, st->st_dev) ||
	       file_scan_is_device(head->inner_device, st->st_dev);
}

/* An inode's number is used again; where the file system tells how often, it must be this one. */
static bool file_scan_is_generation(const struct sample_view *view, int fd, const struct stat *st)
{
	unsigned int generation = 0;

	/* of a stacked file system it may be either's */
	if (!view->head->generation || major(st->st_dev) == 0 ||
	    !file_scan_is_device(view->head->device, st->st_dev))
		return true;
	return ioctl(fd, FS_IOC_GETVERSION, &generation) < 0 || generation == view->head->generation;
}

/* Opens what a place holds, if it is the file. Takes the place, or the error that there is none. */
static int file_scan_take(int place, const struct sample_view *view)
{
	struct stat st;
	int fd;

	if (place < 0)
		return place;
	if (fstat(place, &st) < 0 || !file_scan_is(view, &st)) {
		close(place);
		return -ESTALE;
	}
	fd = safe_reopen(place, NULL);
	close(place);
	if (fd >= 0 && !file_scan_is_generation(view, fd, &st)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

/* By its path, as seen from the root of a process that is no other by now. */
static int file_scan_by_path(const struct procfs_process *process, const struct sample_view *view)
{
	char path[PATH_MAX + 1], link[64];
	int root, fd;

	if (!process->pid)
		return -ENOENT;
	snprintf(path, sizeof(path), "%.*s", (int)view->head->path_len, view->path);
	snprintf(link, sizeof(link), "%.32s/%u/root", process->root, process->pid);
	root = safe_root(link);
	if (root < 0)
		return root;
	fd = procfs_alive(process) ? file_scan_take(safe_place(root, path, O_NOFOLLOW), view) : -ENOENT;
	close(root);
	return fd;
}

/* By what the host's mounts call it, whoever is gone. */
static int file_scan_by_host(const struct file_roots *roots, const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	AUTO_FREE char *path = NULL;
	int r = head->inner_len
			? mounts_path(roots->mounts, head->inner_device, view->inner, head->inner_len, &path)
			: -ENOENT;

	return r < 0 ? r : file_scan_take(safe_place(roots->root, path, O_NOFOLLOW), view);
}

/* Without a name: among what the process holds open or mapped. */
static int file_scan_by_process(const char *procfs, const char *kind, const struct sample_view *view)
{
	const struct procfs_process process = {procfs, view->head->tgid, view->head->start};
	const struct dirent *entry;
	char path[PATH_MAX];
	DIR *directory;
	int fd = -ENOENT;

	snprintf(path, sizeof(path), "%s/%u/%s", procfs, view->head->tgid, kind);
	directory = opendir(path);
	if (!directory)
		return -errno;
	for (int i = 0; fd < 0 && fd != -EWOULDBLOCK && i < FILE_SCAN_ENTRIES && (entry = readdir(directory));
	     i++) {
		int place;

		if (entry->d_name[0] == '.')
			continue;
		place = openat(dirfd(directory), entry->d_name, O_PATH | O_CLOEXEC);
		fd = file_scan_take(place < 0 ? -errno : place, view);
	}
	closedir(directory);
	if (fd >= 0 && !procfs_alive(&process)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* Below the roots of the process and of its parent, which mostly shares it; then as the host calls it. */
static int file_scan_by_roots(const struct file_roots *roots, const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	const struct procfs_process processes[] = {
		{roots->procfs, head->tgid, head->start},
		{roots->procfs, head->parent_tgid, head->parent_start},
	};
	int fd, why = -ENOENT;

	for (size_t i = 0; i < sizeof(processes) / sizeof(*processes); i++) {
		fd = file_scan_by_path(&processes[i], view);
		if (fd >= 0 || fd == -EWOULDBLOCK)
			return fd;
		why = fd == -ESTALE ? fd : why;
	}
	fd = file_scan_by_host(roots, view);
	return fd == -ENOENT ? why : fd;
}

int file_scan_open(struct file_roots *roots, const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	int r = -ENOENT, fd;

	if (!head->inode)
		return -ENOENT;
	if (head->path_len && !(head->flags & (SAMPLE_PATH_TRUNCATED | SAMPLE_FILE_DELETED)))
		r = file_scan_by_roots(roots, view);
	if (r >= 0 || r == -EWOULDBLOCK)
		return r;
	fd = file_scan_by_process(roots->procfs, "fd", view);
	if (fd < 0 && fd != -EWOULDBLOCK)
		fd = file_scan_by_process(roots->procfs, "map_files", view);
	return fd >= 0 || fd == -EWOULDBLOCK ? fd : r;
}

/* A part of the file, and which tokens in it are told of. */
struct file_scan_part {
	const uint8_t *text;
	size_t len;
	uint64_t base; /* its place in the file */
	uint64_t start, end; /* those that overlap this */
	file_scan_token found;
	void *context;
};

static bool file_scan_overlaps(const struct file_scan_part *part, size_t at, size_t end)
{
	return part->base + at < part->end && part->base + end > part->start;
}

static int file_scan_plain(const struct file_scan_part *part)
{
	uint64_t words[TOKEN_MAX_LEN / 8];
	struct token_span span = {0};
	struct token token;
	int r = 0;

	while (r >= 0 && token_match(part->text, part->len, span.end, &token, &span)) {
		if (!file_scan_overlaps(part, span.start, span.end))
			continue;
		memset(words, 0, sizeof(words));
		memcpy(words, part->text + span.start, span.end - span.start);
		r = part->found(part->context, (const uint8_t *)words, &token,
				&(struct token_span){.secret = span.secret - span.start,
						     .end = span.end - span.start},
				part->base + span.start);
	}
	explicit_bzero(words, sizeof(words));
	return r;
}

static int file_scan_form(void *context, const struct forms_found *found)
{
	const struct file_scan_part *part = context;

	if (!file_scan_overlaps(part, found->at, found->end))
		return 0;
	return part->found(part->context, (const uint8_t *)found->window, &found->token, &found->span,
			   part->base + found->at);
}

/* All tokens of a part. */
static int file_scan_text(struct file_scan_part *part, uint32_t what)
{
	int r = (what & FILE_SCAN_PLAIN) ? file_scan_plain(part) : 0;

	return r < 0 ? r : forms_search(part->text, part->len, what, file_scan_form, part);
}

int64_t file_scan(int fd, uint64_t offset, uint64_t length, uint64_t bound, uint32_t what,
		  file_scan_token found, void *context)
{
	size_t carry = (what & ~FILE_SCAN_PLAIN) ? FILE_SCAN_CARRY_MAX : FILE_SCAN_CARRY, carried = 0;
	uint64_t end = length < bound ? offset + length : offset + bound;
	uint64_t from = offset > carry ? offset - carry : 0, at = from;
	AUTO_FREE uint8_t *text = malloc(FILE_SCAN_CHUNK + carry);
	/* of a token that was found in the part carried over, the end lies in there as well */
	uint64_t done = offset;
	int r = 0;

	if (!text)
		return -ENOMEM;
	while (r >= 0 && at < end + carry) {
		uint64_t left = end + carry - at;
		ssize_t got =
			pread(fd, text + carried, left < FILE_SCAN_CHUNK ? left : FILE_SCAN_CHUNK, (off_t)at);
		struct file_scan_part part = {.text = text,
					      .base = at - carried,
					      .start = done,
					      .end = end,
					      .found = found,
					      .context = context};

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			r = got < 0 ? -errno : 0;
			break;
		}
		part.len = carried + (size_t)got;
		r = file_scan_text(&part, what);
		at += (uint64_t)got;
		carried = part.len < carry ? part.len : carry;
		memmove(text, text + part.len - carried, carried);
		done = at > offset ? at : offset;
	}
	explicit_bzero(text, FILE_SCAN_CHUNK + carry);
	if (r < 0)
		return r;
	return length > bound ? (int64_t)(length - bound) : 0;
}
