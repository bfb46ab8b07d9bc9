// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → mapped → file_scan: a bounded table of open files.
 *
 * What comes here is never written back (tmpfs, memfd): there a store changes no time, so nothing tells that a file is as it
 * was, and each is looked at whenever it is time. A last look follows when its process is gone.
 */
#include "files/mapped.h"

#include "attribute/procfs.h"
#include "bounds.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of page tables, as /proc/PID/pagemap counts. */
#define MAPPED_PAGE 4096

struct mapped_file {
	struct token_sample *sample; /* with its strings */
	int fd;
};

struct mapped {
	const char *procfs;
	struct mapped_file files[LIMIT_MAPPED];
	size_t count;
};

int mapped_open(const char *procfs, struct mapped **ret_mapped)
{
	struct mapped *mapped = calloc(1, sizeof(*mapped));

	if (!mapped)
		return -ENOMEM;
	mapped->procfs = procfs;
	*ret_mapped = mapped;
	return 0;
}

/* Has the process that mapped it ended? Not by kill(2): in a container, numbers are others there. */
static bool mapped_is_gone(const struct mapped *mapped, const struct mapped_file *file)
{
	const struct procfs_process process = {mapped->procfs, file->sample->tgid, file->sample->start};

	return !procfs_alive(&process);
}

static void mapped_drop(struct mapped *mapped, size_t index)
{
	close(mapped->files[index].fd);
	free(mapped->files[index].sample);
	mapped->files[index] = mapped->files[--mapped->count];
}

void mapped_close(struct mapped *mapped)
{
	if (!mapped)
		return;
	while (mapped->count)
		mapped_drop(mapped, mapped->count - 1);
	free(mapped);
}

/* Another window of the same file: from now on all is looked at from the first byte of the two to the last. */
static void mapped_widen(struct token_sample *sample, const struct token_sample *other)
{
	uint64_t start = (uint64_t)sample->offset, end = start + sample->length;
	uint64_t from = (uint64_t)other->offset, to = from + other->length;

	start = from < start ? from : start;
	end = to > end ? to : end;
	sample->offset = (int64_t)start;
	sample->length = end - start;
}

int mapped_add(struct mapped *mapped, const struct sample_view *view, int fd)
{
	const struct token_sample *head = view->head;
	struct mapped_file *file = &mapped->files[mapped->count];

	for (size_t i = 0; i < mapped->count; i++) {
		struct token_sample *other = mapped->files[i].sample;

		if (other->inode == head->inode && other->device == head->device &&
		    other->tgid == head->tgid && other->start == head->start) {
			close(fd);
			mapped_widen(other, head);
			return 0;
		}
	}
	if (mapped->count == LIMIT_MAPPED) {
		close(fd);
		return -ENOSPC;
	}
	file->sample = malloc(head->size);
	if (!file->sample) {
		close(fd);
		return -ENOMEM;
	}
	memcpy(file->sample, head, head->size);
	file->fd = fd;
	mapped->count++;
	return 0;
}

/* Does that process, which is no other by now, have this page of the file in its page tables? Only who stored is sure to. */
static bool mapped_holds(const char *procfs, const struct token_sample *sample, uint64_t at)
{
	const struct procfs_process process = {procfs, sample->tgid, sample->start};
	AUTO_CLOSE int pages = -1;
	AUTO_FREE char *line = NULL;
	char path[64];
	size_t size = 0;
	bool holds = false;
	FILE *maps;

	snprintf(path, sizeof(path), "%.32s/%u/pagemap", procfs, sample->tgid);
	pages = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%.32s/%u/maps", procfs, sample->tgid);
	maps = fopen(path, "re");
	while (maps && pages >= 0 && !holds && getline(&line, &size, maps) > 0) {
		uint64_t start, end, offset, inode, entry, page;
		char shared;

		/* the kernel's own numbers; NOLINTNEXTLINE(cert-err34-c) */
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*3c%c %" SCNx64 " %*s %" SCNu64, &start, &end,
			   &shared, &offset, &inode) != 5 ||
		    shared != 's' || inode != sample->inode || at < offset || at - offset >= end - start)
			continue;
		page = (start + (at - offset)) / MAPPED_PAGE;
		holds = pread(pages, &entry, sizeof(entry), (off_t)(page * sizeof(entry))) == sizeof(entry) &&
			entry >> 62;
	}
	if (maps)
		fclose(maps);
	return holds && procfs_alive(&process);
}

bool mapped_is_anothers(const struct mapped *mapped, const struct sample_view *view, uint64_t at)
{
	const struct token_sample *head = view->head;

	for (size_t i = 0; i < mapped->count; i++) {
		const struct token_sample *other = mapped->files[i].sample;

		if (other->inode != head->inode || other->device != head->device ||
		    (other->tgid == head->tgid && other->start == head->start))
			continue;
		if (mapped_holds(mapped->procfs, other, at))
			return !mapped_holds(mapped->procfs, head, at);
	}
	return false;
}

bool mapped_any(const struct mapped *mapped)
{
	return mapped->count != 0;
}

/* ns, CLOCK_BOOTTIME, as samples tell it */
static uint64_t mapped_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

void mapped_walk(struct mapped *mapped, mapped_look look, void *context)
{
	for (size_t i = mapped->count; i-- > 0;) {
		struct mapped_file *file = &mapped->files[i];
		bool gone = mapped_is_gone(mapped, file);
		uint64_t now = mapped_now();
		struct sample_view view;

		if (sample_view_parse(file->sample, file->sample->size, &view) == 0)
			look(context, &view, file->fd);
		/* what the next look finds was not there at this one */
		file->sample->time = now;
		if (gone)
			mapped_drop(mapped, i);
	}
}
