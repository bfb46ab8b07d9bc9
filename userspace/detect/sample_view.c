// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring ⇒ sample_view → matcher: the first stage of userspace believes nothing it has not checked.
 *
 * Invariant: a view that was handed out points only inside its record.
 */
#include "detect/sample_view.h"

#include <errno.h>

int sample_view_parse(const void *data, size_t size, struct sample_view *ret_view)
{
	const struct token_sample *head = data;
	size_t strings;

	if (size < sizeof(*head))
		return -EBADMSG;
	strings = (size_t)head->path_len + head->exe_len + head->args_len;
	/* libbpf hands on the exact length; only a record that claims more than that lies */
	if (head->size > size || head->size != sizeof(*head) + strings)
		return -EBADMSG;
	if (head->window_len > sizeof(head->window) || head->path_len > LIMIT_PATH_BYTES ||
	    head->exe_len > LIMIT_PATH_BYTES || head->args_len > LIMIT_ARGS_BYTES)
		return -EBADMSG;
	if (head->kind >= FILE_KIND_MAX || head->call >= WRITE_CALL_MAX)
		return -EBADMSG;
	ret_view->head = head;
	ret_view->window = head->window;
	ret_view->path = (const char *)(head + 1);
	ret_view->exe = ret_view->path + head->path_len;
	ret_view->args = ret_view->exe + head->exe_len;
	return 0;
}
