// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → mapped → fetcher: a bounded table of files, which the fetcher keeps open.
 *
 * What comes here is never written back (tmpfs, memfd): there a store changes no time, so nothing tells that a file is as it
 * was, and each is looked at whenever it is time. A last look follows when its process is gone; whoever has inherited the
 * mapping over fork(2) is looked for then (files/heirs.h), and takes its place.
 */
#include "files/mapped.h"

#include "detect/kept.h"
#include "attribute/procfs.h"
#include "bounds.h"
#include "lib/cleanup.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of page tables, as /proc/PID/pagemap counts. */
#define MAPPED_PAGE 4096
/* Of one process's mappings, between two looks at the clock. */
#define MAPPED_LINES 256

struct mapped_file {
	struct token_sample *sample; /* with its strings */
	uint64_t id;
	bool due; /* in this round */
	/* of a look that is under way */
	bool begun;
	uint64_t at, read, time;
	uint64_t gone; /* when its process was seen to have ended; ns, CLOCK_BOOTTIME; 0: it lives */
	struct mapped_rival heirs[MAPPED_RIVALS]; /* who has it as its process has, from the same one */
	size_t heir_count;
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

	return !procfs_runs(&process);
}

static void mapped_drop(struct mapped *mapped, size_t index)
{
	kept_free(mapped->files[index].sample);
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

/* Whose start is known from procfs only has one in whole ticks. */
static bool mapped_is_of(const struct token_sample *sample, const struct token_sample *other)
{
	bool ticks = sample->start % PROCFS_TICK_NS == 0 || other->start % PROCFS_TICK_NS == 0;

	return sample->tgid == other->tgid &&
	       (sample->start == other->start ||
		(ticks && sample->start / PROCFS_TICK_NS == other->start / PROCFS_TICK_NS));
}

static bool mapped_is_file(const struct token_sample *sample, const struct token_sample *other)
{
	return sample->inode == other->inode && sample->device == other->device;
}

int mapped_add(struct mapped *mapped, const struct sample_view *view, uint64_t id)
{
	const struct token_sample *head = view->head;
	struct mapped_file *file = &mapped->files[mapped->count];
	size_t of_writer = 0;

	for (size_t i = 0; i < mapped->count; i++) {
		struct token_sample *other = mapped->files[i].sample;

		if (mapped_is_file(other, head) && mapped_is_of(other, head)) {
			mapped_widen(other, head);
			/* also of the look that is under way */
			if (mapped->files[i].begun && (uint64_t)other->offset < mapped->files[i].at)
				mapped->files[i].at = (uint64_t)other->offset;
			return 1;
		}
		of_writer += other->group == head->group;
	}
	/* some places are kept for writers who have none */
	if (mapped->count == LIMIT_MAPPED || (of_writer && mapped->count >= LIMIT_MAPPED - LIMIT_MAPPED_KEPT))
		return -ENOSPC;
	memset(file, 0, sizeof(*file));
	file->sample = kept_sample(view);
	if (!file->sample)
		return -ENOMEM;
	file->id = id;
	mapped->count++;
	return 0;
}

bool mapped_holds(const char *procfs, const struct token_sample *sample, uint64_t at, int64_t until)
{
	const struct procfs_process process = {procfs, sample->tgid, sample->start};
	AUTO_CLOSE int pages = -1;
	AUTO_FREE char *line = NULL;
	char path[64];
	size_t size = 0, lines = 0;
	bool holds = false;
	FILE *maps;

	if (monotonic_ms() > until)
		return false;
	snprintf(path, sizeof(path), "%.32s/%u/pagemap", procfs, sample->tgid);
	pages = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%.32s/%u/maps", procfs, sample->tgid);
	maps = fopen(path, "re");
	while (maps && pages >= 0 && !holds && getline(&line, &size, maps) > 0) {
		uint64_t start, end, offset, inode, entry, page;
		char shared;

		if (++lines % MAPPED_LINES == 0 && monotonic_ms() > until)
			break;
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

int mapped_anothers(const char *procfs, const struct sample_view *view, const struct mapped_rival *rivals,
		    size_t count, uint64_t at, int64_t until)
{
	struct token_sample other = *view->head;

	if (!count || mapped_holds(procfs, view->head, at, until))
		return -1;
	for (size_t i = 0; i < count && i < MAPPED_RIVALS; i++) {
		other.tgid = rivals[i].tgid;
		other.start = rivals[i].start;
		if (mapped_holds(procfs, &other, at, until))
			return (int)i;
	}
	return -1;
}

bool mapped_any(const struct mapped *mapped)
{
	return mapped->count != 0;
}

/* Whether its process has ended is asked of all at once: one walk for heirs will do. */
static void mapped_round(const struct mapped *mapped, struct mapped_file *file)
{
	file->due = true;
	if (!file->begun && !file->gone && mapped_is_gone(mapped, file))
		file->gone = boottime_ns();
}

void mapped_begin(struct mapped *mapped)
{
	for (size_t i = 0; i < mapped->count; i++)
		mapped_round(mapped, &mapped->files[i]);
}

size_t mapped_left(const struct mapped *mapped)
{
	size_t left = 0;

	for (size_t i = 0; i < mapped->count; i++)
		left += mapped->files[i].due;
	return left;
}

static void mapped_rivals(const struct mapped *mapped, const struct token_sample *head,
			  struct mapped_look *look)
{
	look->rival_count = 0;
	for (size_t i = 0; i < mapped->count && look->rival_count < MAPPED_RIVALS; i++) {
		const struct token_sample *other = mapped->files[i].sample;

		if (mapped_is_file(other, head) && !mapped_is_of(other, head))
			look->rivals[look->rival_count++] =
				(struct mapped_rival){.start = other->start, .tgid = other->tgid};
	}
}

/* Of all whose process has ended: one walk for heirs will do. */
static uint64_t mapped_oldest(const struct mapped *mapped)
{
	uint64_t oldest = UINT64_MAX;

	for (size_t i = 0; i < mapped->count; i++)
		if (mapped->files[i].gone && mapped->files[i].sample->start < oldest)
			oldest = mapped->files[i].sample->start;
	return oldest;
}

bool mapped_next(struct mapped *mapped, struct mapped_look *ret_look)
{
	struct mapped_file *next = NULL;

	/* those that are forgotten are replaced by the last: what comes first is looked at last */
	for (size_t i = mapped->count; i-- > 0;)
		if (mapped->files[i].due && (!next || mapped->files[i].begun))
			next = &mapped->files[i];
	if (!next || sample_view_parse(next->sample, next->sample->size, &ret_look->view) < 0)
		return false;
	if (!next->begun) {
		next->begun = true;
		next->at = (uint64_t)next->sample->offset;
		next->read = 0;
		next->time = boottime_ns();
	}
	ret_look->id = next->id;
	ret_look->gone = next->gone;
	ret_look->oldest = next->gone ? mapped_oldest(mapped) : 0;
	memcpy(ret_look->heirs, next->heirs, sizeof(next->heirs));
	ret_look->heir_count = next->heir_count;
	ret_look->from = next->at;
	ret_look->end = (uint64_t)next->sample->offset + next->sample->length;
	mapped_rivals(mapped, next->sample, ret_look);
	return true;
}

static size_t mapped_index(const struct mapped *mapped, uint64_t id)
{
	size_t i = 0;

	while (i < mapped->count && mapped->files[i].id != id)
		i++;
	return i;
}

/* Who was the parent stands above it, and who stood highest has no place any more. */
static void mapped_below(struct token_sample *sample, char *ancestors)
{
	struct sample_ancestor parent = {.tgid = sample->parent_tgid, .start = sample->parent_start};
	size_t len = sample->ancestors_len / sizeof(parent) * sizeof(parent);

	memcpy(parent.comm, sample->parent_comm, sizeof(parent.comm));
	if (len && parent.tgid) {
		memmove(ancestors + sizeof(parent), ancestors, len - sizeof(parent));
		memcpy(ancestors, &parent, sizeof(parent));
	}
	sample->flags |= SAMPLE_ANCESTORS_CUT;
	sample->parent_tgid = sample->tgid;
	sample->parent_start = sample->start;
	memcpy(sample->parent_comm, sample->comm, sizeof(sample->parent_comm));
}

void mapped_inherit(struct token_sample *sample, char *ancestors, const struct mapped_heir *heir)
{
	if (!heir->sibling)
		mapped_below(sample, ancestors);
	sample->start = heir->start;
	sample->tgid = sample->tid = heir->tgid;
	sample->ns_tgid = heir->ns_tgid;
	sample->uid = heir->uid;
	sample->gid = heir->gid;
	memcpy(sample->comm, heir->comm, sizeof(sample->comm));
	memcpy(sample->thread_comm, heir->comm, sizeof(sample->thread_comm));
}

/* Does somebody else look after it by now: who has mapped it itself as well? */
static bool mapped_has(const struct mapped *mapped, const struct token_sample *file, uint32_t tgid)
{
	for (size_t i = 0; i < mapped->count; i++)
		if (mapped_is_file(mapped->files[i].sample, file) && mapped->files[i].sample->tgid == tgid)
			return true;
	return false;
}

static void mapped_adopt(struct mapped_file *file, const struct mapped_heirs *heirs)
{
	struct token_sample *sample = file->sample;
	struct sample_view view;

	if (sample_view_parse(sample, sample->size, &view) == 0)
		mapped_inherit(sample, (char *)sample + (view.ancestors - (const char *)sample),
			       &heirs->first);
	file->heir_count = 0;
	for (size_t i = 0; i < heirs->count && i < MAPPED_RIVALS; i++)
		if (heirs->all[i].tgid != heirs->first.tgid)
			file->heirs[file->heir_count++] = heirs->all[i];
	file->gone = 0;
}

bool mapped_told(struct mapped *mapped, uint64_t id, uint64_t next, uint64_t end, uint64_t read,
		 const struct mapped_heirs *heirs, uint64_t *past)
{
	size_t i = mapped_index(mapped, id);
	struct mapped_file *file = &mapped->files[i];

	if (i == mapped->count || !file->begun)
		return false;
	file->at = next;
	file->read += read;
	if (next < end && file->read < LIMIT_FILE_SCAN)
		return false;
	*past += next < end ? end - next : 0;
	/* what the next look finds was not there at this one */
	file->sample->time = file->time;
	file->due = file->begun = false;
	if (!file->gone || heirs->later)
		return false;
	if (heirs->first.tgid && !mapped_has(mapped, file->sample, heirs->first.tgid)) {
		mapped_adopt(file, heirs);
		return false;
	}
	mapped_drop(mapped, i);
	return true;
}

bool mapped_forget(struct mapped *mapped, uint64_t id)
{
	size_t i = mapped_index(mapped, id);

	if (i == mapped->count)
		return false;
	mapped_drop(mapped, i);
	return true;
}
