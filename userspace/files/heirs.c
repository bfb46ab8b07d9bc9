// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* fetcher → procfs: who maps what. Only writable shared mappings of what has no device of its own (tmpfs, memfd). */
#include "files/heirs.h"

#include "attribute/procfs.h"
#include "lib/cleanup.h"
#include "lib/monotonic.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines of one process's mappings between two looks at the clock. */
#define HEIRS_LINES 256
/* How much too early a start may be that procfs tells. */
#define HEIRS_TICK_NS 10000000ULL

struct heirs_entry {
	uint64_t inode; /* 0: it may not be looked at */
	struct mapped_rival process;
	uint32_t device;
};

struct heirs {
	const char *procfs;
	uint64_t walked; /* when the last walk began; ns, CLOCK_BOOTTIME; 0: never */
	DIR *processes; /* of the one that is under way, NULL: none is */
	size_t seen; /* processes of that */
	struct heirs_entry entries[HEIRS_KEPT];
	size_t count;
};

int heirs_open(const char *procfs, struct heirs **ret_heirs)
{
	*ret_heirs = calloc(1, sizeof(**ret_heirs));
	if (!*ret_heirs)
		return -ENOMEM;
	(*ret_heirs)->procfs = procfs;
	return 0;
}

void heirs_close(struct heirs *heirs)
{
	if (heirs && heirs->processes)
		closedir(heirs->processes);
	free(heirs);
}

/* A line of /proc/PID/maps: a mapping through which somebody may store into a file without a device? */
static bool heirs_line(const char *line, struct heirs_entry *entry)
{
	unsigned int major, minor;
	char writable, shared;
	uint64_t inode;

	/* the kernel's own numbers; NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(line, "%*x-%*x %*c%c%*c%c %*x %x:%x %" SCNu64, &writable, &shared, &major, &minor,
		   &inode) != 5 ||
	    writable != 'w' || shared != 's' || major || !inode)
		return false;
	entry->device = SAMPLE_DEVICE(major, minor);
	entry->inode = inode;
	return true;
}

/* Notes what it has mapped. Returns whether all of it was looked at, or it has ended. */
static bool heirs_maps(struct heirs *heirs, struct heirs_entry entry, int64_t until)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0, lines = 0, first = heirs->count;
	char path[64];
	FILE *maps;
	bool all;

	snprintf(path, sizeof(path), "%.32s/%u/maps", heirs->procfs, entry.process.tgid);
	maps = fopen(path, "re");
	if (!maps)
		return errno == ENOENT || errno == ESRCH;
	errno = 0;
	while (getline(&line, &size, maps) > 0) {
		if (++lines % HEIRS_LINES == 0 && monotonic_ms() > until + HEIRS_MS)
			break;
		if (!heirs_line(line, &entry))
			continue;
		/* windows of one file stand side by side */
		if (heirs->count > first && heirs->entries[heirs->count - 1].inode == entry.inode &&
		    heirs->entries[heirs->count - 1].device == entry.device)
			continue;
		if (heirs->count == HEIRS_KEPT)
			break;
		heirs->entries[heirs->count++] = entry;
	}
	all = feof(maps) || errno == ESRCH;
	fclose(maps);
	return all;
}

/* Returns whether there was room for it. What may not be looked at is noted as well: it counts for those only whose child it may be. */
static bool heirs_process(struct heirs *heirs, uint32_t pid, int64_t until)
{
	struct heirs_entry entry = {.process.tgid = pid};
	int r = procfs_start(heirs->procfs, pid, &entry.process.start);

	if (r < 0)
		return r == -ESRCH;
	if (heirs_maps(heirs, entry, until))
		return true;
	if (heirs->count == HEIRS_KEPT)
		return false;
	heirs->entries[heirs->count++] = entry;
	return true;
}

/* Returns whether there is a walk to go on with. */
static bool heirs_begin(struct heirs *heirs, uint32_t *unseen)
{
	if (heirs->processes)
		return true;
	heirs->walked = boottime_ns();
	heirs->count = heirs->seen = 0;
	heirs->processes = opendir(heirs->procfs);
	*unseen += !heirs->processes;
	return heirs->processes != NULL;
}

bool heirs_look(struct heirs *heirs, uint64_t since, uint32_t *unseen)
{
	int64_t until = monotonic_ms() + HEIRS_MS;
	struct dirent *entry;

	if ((!heirs->processes && heirs->walked >= since) || !heirs_begin(heirs, unseen))
		return true;
	while ((entry = readdir(heirs->processes))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (!pid)
			continue;
		if (heirs->seen++ >= HEIRS_PROCESSES || heirs->count == HEIRS_KEPT ||
		    !heirs_process(heirs, pid, until))
			++*unseen;
		if (monotonic_ms() > until)
			return false;
	}
	closedir(heirs->processes);
	heirs->processes = NULL;
	/* one that was begun before has not seen all that there was */
	return heirs->walked >= since || heirs_look(heirs, since, unseen);
}

static bool heirs_is_rival(const struct mapped_rival *process, const struct mapped_rival *rivals,
			   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rivals[i].tgid == process->tgid)
			return true;
	return false;
}

/* Is it no older than that process, at the resolution that procfs has? */
static bool heirs_is_younger(const struct heirs_entry *entry, const struct token_sample *sample)
{
	return entry->process.start + HEIRS_TICK_NS > sample->start;
}

uint32_t heirs_unseen(const struct heirs *heirs, const struct token_sample *sample)
{
	uint32_t unseen = 0;

	for (size_t i = 0; i < heirs->count; i++)
		unseen += !heirs->entries[i].inode && heirs_is_younger(&heirs->entries[i], sample);
	return unseen;
}

/* Does it run that executable? Where the process sees a part of its path only (chroot), procfs shows all of it. */
static bool heirs_runs(const struct heirs *heirs, const struct mapped_rival *heir,
		       const struct sample_view *view)
{
	static const char deleted[] = " (deleted)";
	const struct procfs_process process = {heirs->procfs, heir->tgid, heir->start};
	size_t len = view->head->exe_len, at;
	char link[LIMIT_PATH_BYTES];
	int r = procfs_link(&process, "exe", link, sizeof(link));

	if (r < 0)
		return false;
	at = (size_t)r;
	if (at > sizeof(deleted) - 1 &&
	    memcmp(link + at - (sizeof(deleted) - 1), deleted, sizeof(deleted) - 1) == 0 &&
	    !(len > sizeof(deleted) - 1 &&
	      memcmp(view->exe + len - (sizeof(deleted) - 1), deleted, sizeof(deleted) - 1) == 0))
		at -= sizeof(deleted) - 1;
	return at >= len && memcmp(link + at - len, view->exe, len) == 0;
}

bool heirs_next(const struct heirs *heirs, const struct sample_view *view, const struct mapped_rival *rivals,
		size_t count, size_t *index, struct mapped_rival *ret_heir)
{
	const struct token_sample *sample = view->head;

	while (*index < heirs->count) {
		const struct heirs_entry *entry = &heirs->entries[(*index)++];

		if (entry->inode != sample->inode || entry->device != sample->device ||
		    !heirs_is_younger(entry, sample) || heirs_is_rival(&entry->process, rivals, count) ||
		    !heirs_runs(heirs, &entry->process, view))
			continue;
		*ret_heir = entry->process;
		return true;
	}
	return false;
}

bool heirs_describe(const struct heirs *heirs, const struct mapped_rival *heir, struct mapped_heir *ret_heir)
{
	const struct procfs_process process = {heirs->procfs, heir->tgid, heir->start};
	char status[4096];
	const char *at;
	int len =
		procfs_runs(&process) ? procfs_read(&process, "status", status, sizeof(status) - 1) : -ESRCH;

	if (len < 0)
		return false;
	status[len] = '\0';
	*ret_heir = (struct mapped_heir){.start = heir->start, .tgid = heir->tgid};
	/* the second is the effective one; the kernel's own numbers; NOLINTBEGIN(cert-err34-c) */
	at = strstr(status, "\nUid:");
	if (!at || sscanf(at, "\nUid: %*u %u", &ret_heir->uid) != 1)
		return false;
	at = strstr(status, "\nGid:");
	if (!at || sscanf(at, "\nGid: %*u %u", &ret_heir->gid) != 1)
		return false;
	/* NOLINTEND(cert-err34-c) */
	/* the last is as it counts itself; a kernel without namespaces of them has no such line */
	at = strstr(status, "\nNSpid:");
	len = at ? (int)strcspn(at + 1, "\n") + 1 : 0;
	while (len && at[len - 1] != '\t')
		len--;
	ret_heir->ns_tgid = len ? (uint32_t)strtoul(at + len, NULL, 10) : heir->tgid;
	len = procfs_read(&process, "comm", ret_heir->comm, sizeof(ret_heir->comm) - 1);
	ret_heir->comm[len > 0 ? strcspn(ret_heir->comm, "\n") : 0] = '\0';
	return len > 0;
}
