// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Any bytes as a record: refused, or every byte of the view can be read. */
#include "detect/sample_view.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

static void touch(const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sink ^= ((const uint8_t *)bytes)[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* the ring's records are aligned */
	void *copy = malloc(size ? size : 1);
	struct token_sample *head = copy;
	struct sample_view view;

	memcpy(copy, data, size);
	/* let half of the inputs past the first check */
	if (size > sizeof(*head) && data[size - 1] & 1)
		head->size = (uint32_t)(sizeof(*head) + head->path_len + head->exe_len + head->args_len);
	if (sample_view_parse(copy, size, &view) == 0) {
		touch(view.window, view.head->window_len);
		touch(view.path, view.head->path_len);
		touch(view.exe, view.head->exe_len);
		touch(view.args, view.head->args_len);
	}
	free(copy);
	return 0;
}
