// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* detect: sample → copy. */
#include "detect/kept.h"

#include "detect/mask.h"

#include <stdlib.h>
#include <string.h>

struct token_sample *kept_sample(const struct sample_view *view)
{
	struct token_sample *copy = malloc(view->head->size);
	char *args;

	if (!copy)
		return NULL;
	memcpy(copy, view->head, view->head->size);
	args = (char *)copy + (view->args - (const char *)view->head);
	/* it is told without arguments rather than kept with a secret */
	if (mask_wipe(args, view->head->args_len) < 0)
		memset(args, 0, view->head->args_len);
	return copy;
}

void kept_free(struct token_sample *sample)
{
	if (sample)
		explicit_bzero(sample, sample->size);
	free(sample);
}
