// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: procfs, asked only about a process that is certainly the one that wrote. Its start time
 * is compared before and after, at the resolution procfs has (clock ticks).
 */
#include "attribute/procfs.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int procfs_slurp(const struct procfs_process *process, const char *name, char *buffer, size_t size)
{
	AUTO_CLOSE int fd = -1;
	char path[256];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%u/%s", process->root, process->pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	len = read(fd, buffer, size);
	return len < 0 ? -errno : (int)len;
}

/* Field 22 of stat, counted behind the name, which may hold anything: proc(5). In clock ticks. @ret_ended: by fields 3 and 20, nothing of it runs */
static int procfs_ticks(const struct procfs_process *process, unsigned long long *ret_ticks, bool *ret_ended)
{
	bool zombie = false;
	char stat[1024], *at;
	int len = procfs_slurp(process, "stat", stat, sizeof(stat) - 1);

	if (len < 0)
		return len;
	stat[len] = '\0';
	at = strrchr(stat, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
		if (at && field == 2)
			zombie = at[1] == 'Z' || at[1] == 'X';
		/* its first thread may have ended before the others */
		if (at && field == 19)
			*ret_ended = zombie && strtoul(at, NULL, 10) < 2;
	}
	if (!at)
		return -ESRCH;
	*ret_ticks = strtoull(at, NULL, 10);
	return 0;
}

static int procfs_is(const struct procfs_process *process, bool *ret_ended)
{
	unsigned long long ticks;
	int r = procfs_ticks(process, &ticks, ret_ended);

	if (r < 0)
		return r;
	return ticks == process->start / PROCFS_TICK_NS ? 0 : -ESRCH;
}

static int procfs_same(const struct procfs_process *process)
{
	bool ended;

	return procfs_is(process, &ended);
}

bool procfs_runs(const struct procfs_process *process)
{
	bool ended;

	return procfs_is(process, &ended) == 0 && !ended;
}

int procfs_start(const char *root, uint32_t pid, uint64_t *ret_start)
{
	const struct procfs_process process = {.root = root, .pid = pid};
	unsigned long long ticks;
	bool ended;
	int r = procfs_ticks(&process, &ticks, &ended);

	if (r == 0)
		*ret_start = ticks * PROCFS_TICK_NS;
	return r;
}

int procfs_read(const struct procfs_process *process, const char *name, char *buffer, size_t size)
{
	int len, r = procfs_same(process);

	if (r < 0)
		return r;
	len = procfs_slurp(process, name, buffer, size);
	r = procfs_same(process);
	/* another one's, which nobody asked for and nobody wipes */
	if (r < 0 && len > 0)
		explicit_bzero(buffer, (size_t)len);
	return r < 0 ? r : len;
}

int procfs_link(const struct procfs_process *process, const char *name, char *buffer, size_t size)
{
	char path[256];
	ssize_t len;
	int r = procfs_same(process);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/%u/%s", process->root, process->pid, name);
	len = readlink(path, buffer, size);
	if (len < 0)
		return -errno;
	r = procfs_same(process);
	return r < 0 ? r : (int)len;
}

bool procfs_alive(const struct procfs_process *process)
{
	return procfs_same(process) == 0;
}
