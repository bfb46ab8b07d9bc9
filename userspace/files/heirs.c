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
#include <time.h>
#include <unistd.h>

enum heirs_known { HEIRS_UNREAD, HEIRS_READ, HEIRS_UNSEEN };

struct heirs_process {
	struct mapped_rival process;
	uint32_t program; /* of its executable, heirs_program() */
	enum heirs_known
		known; /* what it has mapped; HEIRS_UNSEEN: not all of it, or it may not be looked at */
};

struct heirs_mapping {
	uint64_t inode;
	uint32_t device;
	uint32_t process; /* which of those */
};

struct heirs {
	const char *procfs;
	uint64_t walked; /* when the last walk began; ns, CLOCK_BOOTTIME; 0: never */
	uint64_t oldest; /* who is older than that was passed over; likewise */
	uint64_t spent; /* ns that it took, and what was read since */
	DIR *processes; /* of the one that is under way, NULL: none is */
	uint32_t passed; /* for which there was no room */
	struct heirs_process process[HEIRS_PROCESSES];
	size_t process_count;
	struct heirs_mapping mappings[HEIRS_KEPT];
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

/* What procfs puts behind the path of an executable that has no name any more is none of it. */
static size_t heirs_path(const char *path, size_t len)
{
	static const char deleted[] = " (deleted)";
	size_t end = sizeof(deleted) - 1;

	return len > end && memcmp(path + len - end, deleted, end) == 0 ? len - end : len;
}

/* A hash of the last part of its path: one who runs another program has another one mostly (FNV-1a). */
static uint32_t heirs_program(const char *path, size_t len)
{
	uint32_t hash = 2166136261U;

	len = heirs_path(path, len);
	for (size_t at = len; at > 0 && path[at - 1] != '/'; at--)
		hash = (hash ^ (uint8_t)path[at - 1]) * 16777619U;
	return hash;
}

/* A line of /proc/PID/maps: a mapping through which somebody may store into a file without a device? */
static bool heirs_line(const char *line, struct heirs_mapping *mapping)
{
	unsigned int major, minor;
	char writable, shared;
	uint64_t inode;

	/* the kernel's own numbers; NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(line, "%*x-%*x %*c%c%*c%c %*x %x:%x %" SCNu64, &writable, &shared, &major, &minor,
		   &inode) != 5 ||
	    writable != 'w' || shared != 's' || major || !inode)
		return false;
	mapping->device = SAMPLE_DEVICE(major, minor);
	mapping->inode = inode;
	return true;
}

/* Notes what it has mapped. Returns whether all of it was looked at, or it has ended. */
static bool heirs_maps(struct heirs *heirs, size_t index)
{
	struct heirs_mapping mapping = {.process = (uint32_t)index}, *last;
	size_t size = 0, lines = 0, first = heirs->count;
	AUTO_FREE char *line = NULL;
	char path[64];
	FILE *maps;
	bool all;

	snprintf(path, sizeof(path), "%.32s/%u/maps", heirs->procfs, heirs->process[index].process.tgid);
	maps = fopen(path, "re");
	if (!maps)
		return errno == ENOENT || errno == ESRCH;
	errno = 0;
	while (lines++ < HEIRS_LINES && getline(&line, &size, maps) > 0) {
		if (!heirs_line(line, &mapping))
			continue;
		/* windows of one file stand side by side */
		last = heirs->count > first ? &heirs->mappings[heirs->count - 1] : NULL;
		if (last && last->inode == mapping.inode && last->device == mapping.device)
			continue;
		if (heirs->count == HEIRS_KEPT)
			break;
		heirs->mappings[heirs->count++] = mapping;
	}
	all = feof(maps) || errno == ESRCH;
	fclose(maps);
	return all;
}

/* What it runs, if it may be a child of anybody who is asked for. What may not be asked is noted as well. */
static void heirs_process(struct heirs *heirs, uint32_t pid)
{
	struct heirs_process process = {.process.tgid = pid, .known = HEIRS_UNSEEN};
	int r = procfs_start(heirs->procfs, pid, &process.process.start);
	char path[64], link[LIMIT_PATH_BYTES];
	ssize_t len;

	if (r == -ESRCH || (r == 0 && process.process.start + PROCFS_TICK_NS <= heirs->oldest))
		return;
	if (r == 0) {
		snprintf(path, sizeof(path), "%.32s/%u/exe", heirs->procfs, pid);
		len = readlink(path, link, sizeof(link));
		/* a thread of the kernel has none, nor has who has ended */
		if (len < 0 && (errno == ENOENT || errno == ESRCH))
			return;
		process.known = len < 0 ? HEIRS_UNSEEN : HEIRS_UNREAD;
		process.program = len < 0 ? 0 : heirs_program(link, (size_t)len);
	} else {
		process.process.start = UINT64_MAX - PROCFS_TICK_NS;
	}
	if (heirs->process_count == HEIRS_PROCESSES)
		heirs->passed++;
	else
		heirs->process[heirs->process_count++] = process;
}

/* Begins a walk if one is needed. Returns HEIRS_READY if none is. */
static enum heirs_state heirs_begin(struct heirs *heirs, const struct token_sample *sample, uint64_t since,
				    uint64_t oldest)
{
	uint64_t now = boottime_ns();

	if (heirs->processes)
		return HEIRS_MORE;
	if (heirs->walked >= since && heirs->oldest <= sample->start)
		return HEIRS_READY;
	if (heirs->walked && now < heirs->walked + heirs->spent * HEIRS_REST_TIMES)
		return HEIRS_RESTS;
	heirs->walked = now;
	heirs->oldest = oldest < sample->start ? oldest : sample->start;
	heirs->spent = heirs->count = heirs->process_count = 0;
	heirs->processes = opendir(heirs->procfs);
	heirs->passed = !heirs->processes;
	return heirs->processes ? HEIRS_MORE : HEIRS_READY;
}

/* Goes on with the walk. Returns whether it is at its end. */
static bool heirs_walk(struct heirs *heirs, int64_t until)
{
	struct dirent *entry;

	while ((entry = readdir(heirs->processes))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (pid)
			heirs_process(heirs, pid);
		if (monotonic_ms() > until)
			return false;
	}
	closedir(heirs->processes);
	heirs->processes = NULL;
	return true;
}

/* May it be a child of that process: is it no older, at the resolution that procfs has, and runs what has the same name? */
static bool heirs_may(const struct heirs_process *process, const struct token_sample *sample,
		      uint32_t program)
{
	return process->process.start + PROCFS_TICK_NS > sample->start && process->program == program;
}

/* Reads what those have mapped that may be children. Returns whether that was all. */
static bool heirs_read(struct heirs *heirs, const struct sample_view *view, int64_t until)
{
	uint32_t program = heirs_program(view->exe, view->head->exe_len);

	for (size_t i = 0; view->head->exe_len && i < heirs->process_count; i++) {
		struct heirs_process *process = &heirs->process[i];

		if (process->known != HEIRS_UNREAD || !heirs_may(process, view->head, program))
			continue;
		if (monotonic_ms() > until)
			return false;
		process->known = heirs_maps(heirs, i) ? HEIRS_READ : HEIRS_UNSEEN;
	}
	return true;
}

enum heirs_state heirs_look(struct heirs *heirs, const struct sample_view *view, uint64_t since,
			    uint64_t oldest)
{
	enum heirs_state state = heirs_begin(heirs, view->head, since, oldest);
	int64_t until = monotonic_ms() + HEIRS_MS;
	uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	if (state == HEIRS_RESTS)
		return state;
	/* one that was begun before has not seen all that there was */
	if (state == HEIRS_READY ||
	    (heirs_walk(heirs, until) && heirs->walked >= since && heirs->oldest <= view->head->start))
		state = heirs_read(heirs, view, until) ? HEIRS_READY : HEIRS_MORE;
	heirs->spent += clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	return state;
}

static bool heirs_is_rival(const struct mapped_rival *process, const struct mapped_rival *rivals,
			   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rivals[i].tgid == process->tgid)
			return true;
	return false;
}

uint32_t heirs_unseen(const struct heirs *heirs, const struct sample_view *view)
{
	uint32_t program = heirs_program(view->exe, view->head->exe_len), unseen = heirs->passed;

	for (size_t i = 0; i < heirs->process_count; i++) {
		const struct heirs_process *process = &heirs->process[i];

		unseen += process->known == HEIRS_UNSEEN &&
			  heirs_may(process, view->head, process->program ? program : 0);
	}
	return unseen;
}

/* Does it run that executable? Where the process sees a part of its path only (chroot), procfs shows all of it. */
static bool heirs_runs(const struct heirs *heirs, const struct mapped_rival *heir,
		       const struct sample_view *view)
{
	const struct procfs_process process = {heirs->procfs, heir->tgid, heir->start};
	size_t len = heirs_path(view->exe, view->head->exe_len), at;
	char link[LIMIT_PATH_BYTES];
	int r = procfs_link(&process, "exe", link, sizeof(link));

	if (r < 0 || !len)
		return false;
	at = heirs_path(link, (size_t)r);
	return at >= len && memcmp(link + at - len, view->exe, len) == 0;
}

bool heirs_next(const struct heirs *heirs, const struct sample_view *view, const struct mapped_rival *rivals,
		size_t count, size_t *index, struct mapped_rival *ret_heir)
{
	uint32_t program = heirs_program(view->exe, view->head->exe_len);
	const struct token_sample *sample = view->head;

	while (*index < heirs->count) {
		const struct heirs_mapping *mapping = &heirs->mappings[(*index)++];
		const struct heirs_process *process = &heirs->process[mapping->process];

		if (mapping->inode != sample->inode || mapping->device != sample->device ||
		    !heirs_may(process, sample, program) ||
		    heirs_is_rival(&process->process, rivals, count) ||
		    !heirs_runs(heirs, &process->process, view))
			continue;
		*ret_heir = process->process;
		return true;
	}
	return false;
}

bool heirs_describe(const char *procfs, const struct mapped_rival *heir, struct mapped_heir *ret_heir)
{
	const struct procfs_process process = {procfs, heir->tgid, heir->start};
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
