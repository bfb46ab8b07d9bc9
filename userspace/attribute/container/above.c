// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: a process → the container that it made or runs.
 *
 *     runc, crun, youki  [--root <states>] run|create|restore [--bundle <bundle>] <id>; containerd's bundle is …/<tasks>/<namespace>/<id>
 *     systemd-nspawn     --machine <name>, or the directory or image that it was given
 *     a shim, conmon     as relayed.h tells
 *
 * Limit: ABOVE_ANCESTORS processes, ABOVE_ARGS bytes of their arguments. Those of a runtime that runs in a container, or sees another
 * root directory, are not believed.
 */
#include "attribute/container/above.h"

#include "attribute/container/conmon.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ABOVE_ANCESTORS 8
#define ABOVE_ARGS 8192

static const char above_tasks[] = "/io.containerd.runtime.v2.task/";

/* The next argument; a cut one does not count. */
static const char *above_next(const struct relayed_writer *process, size_t *at)
{
	const char *arg = process->args + *at;
	size_t len = *at < process->args_len ? strnlen(arg, process->args_len - *at) : 0;

	if (*at >= process->args_len || *at + len >= process->args_len)
		return NULL;
	*at += len + 1;
	return arg;
}

/* Is it that option? Its value is behind "=", or the next argument; NULL if that is missing. */
static bool above_option(const struct relayed_writer *process, size_t *at, const char *arg, const char *name,
			 const char **ret_value)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len) != 0 || (arg[len] && arg[len] != '='))
		return false;
	*ret_value = arg[len] ? arg + len + 1 : above_next(process, at);
	return true;
}

/* A path as the process means it; "" if it does not fit. */
static void above_path(const struct relayed_writer *process, const char *path, char ret_path[PATH_MAX])
{
	int len = *path == '/' ? snprintf(ret_path, PATH_MAX, "%s", path)
			       : snprintf(ret_path, PATH_MAX, "%.*s%s%s", (int)process->cwd_len, process->cwd,
					  *path ? "/" : "", path);

	if (len < 0 || len >= PATH_MAX || *ret_path != '/')
		*ret_path = '\0';
}

/* …/io.containerd.runtime.v2.task/<namespace>/<id> */
static void above_containerd(struct relayed *told)
{
	const char *at = strstr(told->directory, above_tasks), *end;

	if (!at)
		return;
	at += strlen(above_tasks);
	end = strchr(at, '/');
	if (!end || !cgroup_name_is_id(at, (size_t)(end - at)) || strcmp(end + 1, told->name.id) != 0)
		return;
	snprintf(told->namespace, sizeof(told->namespace), "%.*s", (int)(end - at), at);
	told->name.runtime = strcmp(told->namespace, "moby") == 0 ? "docker" : "containerd";
}

static int above_runc(const struct relayed_writer *process, const char *runtime, struct relayed *told)
{
	/* what stands before the command and takes a value */
	static const char *const valued[] = {"--log",  "--log-format", "--log-level",
					     "--criu", "--rootless",   "--cgroup-manager"};
	const char *arg, *value, *last = NULL, *bundle = "";
	bool command = false;
	size_t at = 0;

	above_next(process, &at); /* the program */
	while ((arg = above_next(process, &at))) {
		bool skip = false;

		if (above_option(process, &at, arg, command ? "--bundle" : "--root", &value) ||
		    (command && above_option(process, &at, arg, "-b", &value))) {
			if (!value)
				return -ENOENT;
			if (command)
				bundle = value;
			else
				above_path(process, value, told->states);
			continue;
		}
		for (size_t i = 0; !command && !skip && i < sizeof(valued) / sizeof(*valued); i++)
			skip = above_option(process, &at, arg, valued[i], &value);
		if (!skip && !command && *arg != '-') {
			if (strcmp(arg, "run") != 0 && strcmp(arg, "create") != 0 &&
			    strcmp(arg, "restore") != 0)
				return -ENOENT;
			command = true;
			continue;
		}
		last = skip ? NULL : arg;
	}
	/* the id is the last one, and the list is whole */
	if (!command || !last || at != process->args_len || !cgroup_name_is_id(last, strlen(last)))
		return -ENOENT;
	snprintf(told->name.id, sizeof(told->name.id), "%s", last);
	told->name.runtime = runtime;
	above_path(process, bundle, told->directory);
	above_containerd(told);
	return 0;
}

/* Options of nspawn's that take no value, or only behind "="; seen in systemd 252. All others take the next argument. */
static bool above_nspawn_bare(const char *arg)
{
	static const char *const bare[] = {"help",
					   "version",
					   "quiet",
					   "no-pager",
					   "ephemeral",
					   "read-only",
					   "volatile",
					   "as-pid2",
					   "boot",
					   "keep-unit",
					   "cleanup",
					   "private-users",
					   "private-users-chown",
					   "private-network",
					   "network-veth",
					   "no-ask-password",
					   "pipe",
					   "share-system"};

	if (strchr(arg, '='))
		return true;
	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++)
		if (strcmp(arg + 2, bare[i]) == 0)
			return true;
	return false;
}

/* One argument of letters: the last one's value, if it takes one, is the rest of it or the next argument. */
static char above_nspawn_letters(const struct relayed_writer *process, size_t *at, const char *arg,
				 const char **ret_value)
{
	for (arg++; *arg; arg++)
		if (strchr("DuMSZipEL", *arg)) {
			*ret_value = arg[1] ? arg + 1 : above_next(process, at);
			return *arg;
		}
	return '\0';
}

/* systemd-nspawn(1): as getopt_long(3), which stops at the first argument that is none of its own: the payload has options as well. */
static int above_nspawn(const struct relayed_writer *process, struct relayed *told)
{
	static const struct {
		const char *name, letter;
	} options[] = {{"--machine", 'M'}, {"--directory", 'D'}, {"--image", 'i'}};
	const char *values[3] = {NULL}, *arg, *value;
	size_t at = 0, len;

	above_next(process, &at); /* the program */
	while ((arg = above_next(process, &at)) && arg[0] == '-' && arg[1] && strcmp(arg, "--") != 0) {
		bool brief = arg[1] != '-', known = false;
		char letter = brief ? above_nspawn_letters(process, &at, arg, &value) : '\0';

		for (size_t i = 0; i < 3 && !known; i++) {
			known = brief ? letter == options[i].letter
				      : above_option(process, &at, arg, options[i].name, &value);
			if (known)
				values[i] = value;
		}
		if (!brief && !known && !above_nspawn_bare(arg))
			above_next(process, &at);
	}
	/* without a name it is what the directory or the image is called */
	value = values[0] ? values[0] : values[1] ? values[1] : values[2];
	if (!value)
		return -ENOENT;
	len = strlen(value);
	while (len && value[len - 1] == '/')
		len--;
	for (at = len; at && value[at - 1] != '/'; at--)
		;
	if (at == len || len - at >= sizeof(told->name.id))
		return -ENOENT;
	snprintf(told->name.id, sizeof(told->name.id), "%.*s", (int)(len - at), value + at);
	told->name.runtime = "systemd-nspawn";
	return 0;
}

static bool above_is(const char *program, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(program, name, len) == 0;
}

int container_above_parse(const struct relayed_writer *process, struct relayed *ret_told)
{
	static const char *const runtimes[] = {"runc", "crun", "youki"};
	const char *slash = process->exe_len ? memrchr(process->exe, '/', process->exe_len) : NULL;
	const char *program = slash ? slash + 1 : process->exe;
	size_t len = process->exe_len - (size_t)(program - process->exe);
	struct relayed told = {.name = {.owner = process->uid}};
	int r = -ENOENT;

	for (size_t i = 0; r < 0 && i < sizeof(runtimes) / sizeof(*runtimes); i++)
		if (above_is(program, len, runtimes[i]))
			r = above_runc(process, i ? "unknown" : "runc", &told);
	if (above_is(program, len, "systemd-nspawn"))
		r = above_nspawn(process, &told);
	if (r == 0)
		*ret_told = told;
	return r == 0 ? 0 : relayed_parse(process, ret_told);
}

bool container_above_host(int root, const struct procfs_process *process)
{
	struct stat its, hosts;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%u/root/", process->root, process->pid);
	return stat(path, &its) == 0 && fstat(root, &hosts) == 0 && its.st_dev == hosts.st_dev &&
	       its.st_ino == hosts.st_ino;
}

/* All four of its user ids, so that nobody has given a program of root's, or one that becomes root, his arguments. */
static bool above_root_user(const struct procfs_process *process)
{
	char text[4096], *at, *end;
	int len = procfs_read(process, "status", text, sizeof(text) - 1);

	if (len < 0)
		return false;
	text[len] = '\0';
	at = strstr(text, "\nUid:");
	if (!at)
		return false;
	at += strlen("\nUid:");
	for (int i = 0; i < 4; i++, at = end)
		if (strtoul(at, &end, 10) != 0 || end == at)
			return false;
	return true;
}

int container_above_tells(int root, const struct procfs_process *process, struct relayed *ret_told)
{
	char exe[PATH_MAX], cwd[PATH_MAX], args[ABOVE_ARGS];
	int exe_len = procfs_link(process, "exe", exe, sizeof(exe)), cwd_len, args_len;
	struct relayed told;

	if (exe_len <= 0 || !above_root_user(process) || !container_above_host(root, process))
		return -ENOENT;
	args_len = procfs_read(process, "cmdline", args, sizeof(args));
	cwd_len = procfs_link(process, "cwd", cwd, sizeof(cwd));
	if (args_len <= 0 || cwd_len <= 0 || (size_t)cwd_len == sizeof(cwd))
		return -ENOENT;

	const struct relayed_writer writer = {
		.exe = exe,
		.args = args,
		.path = "",
		.cwd = cwd,
		.exe_len = (size_t)exe_len,
		.args_len = (size_t)args_len,
		.cwd_len = (size_t)cwd_len,
	};

	if (container_above_parse(&writer, &told) < 0)
		return -ENOENT;
	*ret_told = told;
	return 0;
}

int container_above_find(int root, const char *procfs, uint32_t parent, uint64_t start,
			 struct relayed *ret_told)
{
	uint64_t tick = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK), ticks = start / tick;
	struct container_process above;

	for (int i = 0; i < ABOVE_ANCESTORS && parent > 1; i++) {
		struct procfs_process process = {procfs, parent, 0};

		if (container_process_stat(procfs, parent, &above) < 0 || above.ticks > ticks)
			return -ENOENT;
		process.start = above.ticks * tick;
		if (container_above_tells(root, &process, ret_told) == 0)
			return 0;
		ticks = above.ticks;
		parent = above.parent;
	}
	return -ENOENT;
}
