// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: process → conmon above it → container, by procfs.
 *
 * Invariant: a process is taken for an ancestor only if it started before; a pid that was given to another
 * process meanwhile is not.
 *
 * Anybody can call a program conmon and give it such arguments, for the children of that program; so they are its user's word.
 */
#include "attribute/container/conmon.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ancestors that are looked at, the parent included. */
#define CONMON_ANCESTORS 8
/* Bytes of conmon's command line that are read: its arguments for us come first. */
#define CONMON_ARGS 8192
#define CONMON_NS_PER_S 1000000000ULL

static ssize_t conmon_slurp(const char *procfs, uint32_t pid, const char *name, char *buffer, size_t size)
{
	AUTO_CLOSE int fd = -1;
	char path[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%u/%s", procfs, pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, buffer, size - 1);
	if (len >= 0)
		buffer[len] = '\0';
	return len;
}

/* proc(5): the name stands in parentheses and may hold anything; the parent is field 4, the start field 22. */
int container_process_stat(const char *procfs, uint32_t pid, struct container_process *ret_stat)
{
	char text[1024], *at;

	if (conmon_slurp(procfs, pid, "stat", text, sizeof(text)) < 0)
		return -ESRCH;
	at = strrchr(text, ')');
	if (!at)
		return -ESRCH;
	ret_stat->is_conmon = at - text >= 7 && memcmp(at - 7, "(conmon", 7) == 0;
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
		if (at && field + 1 == 4)
			ret_stat->parent = (uint32_t)strtoul(at, NULL, 10);
	}
	if (!at)
		return -ESRCH;
	ret_stat->ticks = strtoull(at, NULL, 10);
	return 0;
}

/*
 * Who started it, by its real user id: status tells, also where the directory's owner is root's since nobody may trace it. As root
 * only a program of that name counts, or one that is allowed to become root, such as sudo, would do under a link of that name.
 */
static int conmon_owner(const char *procfs, uint32_t pid, uint32_t *ret_uid)
{
	char text[4096], path[PATH_MAX], exe[PATH_MAX], *at;
	ssize_t len;

	if (conmon_slurp(procfs, pid, "status", text, sizeof(text)) < 0)
		return -ESRCH;
	at = strstr(text, "\nUid:");
	if (!at)
		return -ESRCH;
	*ret_uid = (uint32_t)strtoul(at + strlen("\nUid:"), NULL, 10);
	if (*ret_uid)
		return 0;
	snprintf(path, sizeof(path), "%s/%u/exe", procfs, pid);
	len = readlink(path, exe, sizeof(exe) - 1);
	if (len < 0)
		return -ESRCH;
	exe[len] = '\0';
	at = strrchr(exe, '/');
	return at && strcmp(at, "/conmon") == 0 ? 0 : -EPERM;
}

static const char *conmon_next(const char *args, size_t len, size_t *at)
{
	const char *arg = args + *at;

	if (*at >= len)
		return NULL;
	*at += strnlen(arg, len - *at) + 1;
	return *at <= len ? arg : NULL; /* a cut one does not count */
}

static bool conmon_is(const char *arg, const char *option, const char *long_option)
{
	return strcmp(arg, option) == 0 || strcmp(arg, long_option) == 0;
}

int container_conmon_parse(const char *args, size_t len, struct container_conmon *ret_conmon)
{
	size_t at = 0;
	const char *arg, *value;
	struct container_conmon conmon = {.name.runtime = "podman"};

	conmon_next(args, len, &at); /* the program */
	while ((arg = conmon_next(args, len, &at))) {
		/* what follows is for the program that cleans up */
		if (strncmp(arg, "--exit-command", strlen("--exit-command")) == 0)
			break;
		if (!conmon_is(arg, "-c", "--cid") && !conmon_is(arg, "-n", "--name") &&
		    !conmon_is(arg, "-b", "--bundle"))
			continue;
		value = conmon_next(args, len, &at);
		if (!value)
			break;
		if (conmon_is(arg, "-c", "--cid") && cgroup_name_is_id(value, strlen(value)))
			snprintf(conmon.name.id, sizeof(conmon.name.id), "%s", value);
		else if (conmon_is(arg, "-n", "--name"))
			snprintf(conmon.container, sizeof(conmon.container), "%s", value);
		else if (conmon_is(arg, "-b", "--bundle"))
			snprintf(conmon.bundle, sizeof(conmon.bundle), "%s", value);
	}
	if (!*conmon.name.id)
		return -ENOENT;
	*ret_conmon = conmon;
	return 0;
}

int container_conmon_find(const char *procfs, uint32_t parent, uint64_t start,
			  struct container_conmon *ret_conmon)
{
	uint64_t ticks = start / (CONMON_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
	struct container_process stat = {0};
	char args[CONMON_ARGS];
	ssize_t len;

	for (int i = 0; i < CONMON_ANCESTORS && parent > 1; i++) {
		if (container_process_stat(procfs, parent, &stat) < 0 || stat.ticks > ticks)
			return -ENOENT;
		if (stat.is_conmon) {
			len = conmon_slurp(procfs, parent, "cmdline", args, sizeof(args));
			if (len <= 0 || container_conmon_parse(args, (size_t)len, ret_conmon) < 0)
				return -ENOENT;
			ret_conmon->pid = parent;
			return conmon_owner(procfs, parent, &ret_conmon->name.owner) < 0 ? -ENOENT : 0;
		}
		ticks = stat.ticks;
		parent = stat.parent;
	}
	return -ENOENT;
}
