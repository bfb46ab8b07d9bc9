// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Any bytes as a record: refused, or every byte of the view can be read. */
#include "detect/sample_view.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SUM(name, bound) +head->name##_len

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
	struct sample_ancestor ancestor;
	struct sample_view view;

	memcpy(copy, data, size);
	/* let half of the inputs past the first check */
	if (size > sizeof(*head) && data[size - 1] & 1)
		head->size = (uint32_t)(sizeof(*head) SAMPLE_STRINGS(SUM));
	if (sample_view_parse(copy, size, &view) == 0) {
		touch(view.window, view.head->window_len);
#define TOUCH(name, bound) touch(view.name, view.head->name##_len);
		SAMPLE_STRINGS(TOUCH)
		for (size_t i = 0; sample_view_ancestor(&view, i, &ancestor); i++)
			touch(&ancestor, sizeof(ancestor));
	}
	free(copy);
	return 0;
}
