// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring ⇒ sample_view → matcher: the first stage of userspace believes nothing it has not checked.
 *
 * Invariant: a view that was handed out points only inside its record.
 */
#include "detect/sample_view.h"

#include <errno.h>
#include <string.h>

int sample_view_parse(const void *data, size_t size, struct sample_view *ret_view)
{
	const struct token_sample *head = data;
	const char *string = (const char *)(head + 1);
	size_t strings = 0;

	if (size < sizeof(*head))
		return -EBADMSG;
#define SAMPLE_VIEW_SUM(name, bound)    \
	if (head->name##_len > (bound)) \
		return -EBADMSG;        \
	strings += head->name##_len;
	SAMPLE_STRINGS(SAMPLE_VIEW_SUM)
#undef SAMPLE_VIEW_SUM
	/* libbpf hands on the exact length; only a record that claims more than that lies */
	if (head->size > size || head->size != sizeof(*head) + strings)
		return -EBADMSG;
	if (head->window_len > sizeof(head->window) || head->kind >= FILE_KIND_MAX ||
	    head->call >= WRITE_CALL_MAX)
		return -EBADMSG;
	ret_view->head = head;
	ret_view->window = head->window;
#define SAMPLE_VIEW_POINT(name, bound) \
	ret_view->name = string;       \
	string += head->name##_len;
	/* the last one's end is nobody's beginning */
	/* cppcheck-suppress unreadVariable */
	SAMPLE_STRINGS(SAMPLE_VIEW_POINT)
#undef SAMPLE_VIEW_POINT
	return 0;
}

bool sample_view_ancestor(const struct sample_view *view, size_t index, struct sample_ancestor *ret_ancestor)
{
	if ((index + 1) * sizeof(*ret_ancestor) > view->head->ancestors_len)
		return false;
	memcpy(ret_ancestor, view->ancestors + index * sizeof(*ret_ancestor), sizeof(*ret_ancestor));
	return true;
}
