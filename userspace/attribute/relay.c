// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* sample → attribute: dockerd, a shim, conmon → the container that it writes for. */
#include "attribute/relay.h"

#include "lib/cleanup.h"
#include "lib/monotonic.h"

#include <string.h>

/* ms for which an answer holds: such a program writes many lines, and keeps its root directory. */
#define RELAY_KNOWN_MS 100

/* Does it see the host's root directory? As INQUIRY_ROOT, or -ETIME: a root directory may be on a file system that does not answer. */
static int relay_root(const struct relay *relay, const struct token_sample *head)
{
	const struct inquiry_world world = {.root = -1, .procfs = relay->procfs, .path = relay->root};
	const struct inquiry_question question = {
		.kind = INQUIRY_ROOT,
		.group = head->group,
		.uid = head->uid,
		.pid = head->tgid,
		.time = head->start,
	};
	struct relay_known *known = relay->known;
	struct inquiry_answer answer;
	int64_t now = monotonic_ms();
	int r;

	if (known->tgid == head->tgid && known->start == head->start && now - known->at < RELAY_KNOWN_MS)
		return known->root;
	r = inquiry_ask(relay->inquiry, &world, &question, NULL, &answer);
	if (r >= 0)
		*known = (struct relay_known){.tgid = head->tgid, .start = head->start, .at = now, .root = r};
	return r;
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
	int r;

	if (!head->tgid || head->ns_tgid != head->tgid ||
	    head->flags & (SAMPLE_KTHREAD | SAMPLE_EXE_TRUNCATED | SAMPLE_PATH_TRUNCATED))
		return false;
	r = relay_root(relay, head);
	return r < 0 ? relay_same_path(relay->mounts, view) : r;
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
	if (relayed_program(view->exe, head->exe_len) < 0 || relayed_parse(&writer, &relayed) < 0 ||
	    !relay_is_host(relay, view))
		return 0;
	return containers_relayed(relay->containers, &relayed, known, ret_container);
}
