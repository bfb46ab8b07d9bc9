// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* sample → attribute: dockerd, a shim, conmon → the container that it writes for. */
#include "attribute/relay.h"

#include "attribute/procfs.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What the kernel knows without asking the file system, which may not answer. */
static int relay_stat(const char *path, struct statx *ret_stx)
{
	return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, ret_stx);
}

enum relay_root { RELAY_ROOT_GONE, RELAY_ROOT_HOST, RELAY_ROOT_OTHER };

static enum relay_root relay_root(const struct relay *relay, const struct token_sample *head)
{
	const struct procfs_process process = {relay->procfs, head->tgid, head->start};
	struct statx its, hosts;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%u/root/", relay->procfs, head->tgid);
	if (relay_stat(path, &its) < 0 || !procfs_alive(&process))
		return RELAY_ROOT_GONE;
	snprintf(path, sizeof(path), "%s/", relay->root);
	if (relay_stat(path, &hosts) < 0)
		return RELAY_ROOT_OTHER;
	return its.stx_dev_major == hosts.stx_dev_major && its.stx_dev_minor == hosts.stx_dev_minor &&
			       its.stx_ino == hosts.stx_ino
		       ? RELAY_ROOT_HOST
		       : RELAY_ROOT_OTHER;
}

bool relay_same_path(struct mounts *mounts, const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	AUTO_FREE char *path = NULL;

	if (mounts_path(mounts, head->inner_device, view->inner, head->inner_len, &path) < 0)
		return false;
	return strlen(path) == head->path_len && memcmp(path, view->path, head->path_len) == 0;
}

static bool relay_is_host(const struct relay *relay, const struct sample_view *view)
{
	const struct token_sample *head = view->head;

	if (!head->tgid || head->ns_tgid != head->tgid ||
	    head->flags & (SAMPLE_KTHREAD | SAMPLE_EXE_TRUNCATED | SAMPLE_PATH_TRUNCATED))
		return false;
	switch (relay_root(relay, head)) {
	case RELAY_ROOT_HOST:
		return true;
	case RELAY_ROOT_GONE:
		return relay_same_path(relay->mounts, view);
	default:
		return false;
	}
}

int relay_find(const struct relay *relay, const struct sample_view *view, const struct mask_known *known,
	       struct alert_container *ret_container)
{
	const struct token_sample *head = view->head;
	const struct relayed_writer writer = {
		.exe = view->exe,
		.args = view->args,
		.path = view->path,
		.cwd = view->cwd,
		.exe_len = head->exe_len,
		.args_len = head->args_len,
		.path_len = head->path_len,
		.cwd_len = head->flags & SAMPLE_CWD_TRUNCATED ? 0 : head->cwd_len,
		.uid = head->uid,
	};
	struct relayed relayed;

	*ret_container = (struct alert_container){0};
	/* the first is cheap, and asked of every writer */
	if (relayed_program(view->exe, head->exe_len) < 0 || !relay_is_host(relay, view) ||
	    relayed_parse(&writer, &relayed) < 0)
		return 0;
	return containers_relayed(relay->containers, &relayed, known, ret_container);
}
