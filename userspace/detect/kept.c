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

struct token_sample *kept_view(const struct sample_view *view)
{
	const struct token_sample *head = view->head;
	size_t size = sizeof(*head);
	struct token_sample *copy;
	char *to;

#define KEPT_SIZE(name, bound) size += head->name##_len;
	SAMPLE_STRINGS(KEPT_SIZE)
#undef KEPT_SIZE
	/* each string is within its bound, but those of two samples together may be longer than those of one */
	copy = size <= SAMPLE_MAX_BYTES ? malloc(size) : NULL;
	if (!copy)
		return NULL;
	*copy = *head;
	copy->size = (__u32)size;
	memset(copy->window, 0, sizeof(copy->window));
	memcpy(copy->window, view->window, head->window_len);
	to = (char *)(copy + 1);
#define KEPT_COPY(name, bound)                                               \
	memcpy(to, view->name, head->name##_len);                            \
	if (view->name == view->args && mask_wipe(to, head->name##_len) < 0) \
		memset(to, 0, head->name##_len);                             \
	to += head->name##_len;
	SAMPLE_STRINGS(KEPT_COPY)
#undef KEPT_COPY
	return copy;
}

struct token_sample *kept_dropped(const struct dropped_sample *dropped)
{
	const struct token_sample *head = &dropped->head;
	size_t first = (size_t)head->path_len + head->exe_len, size = head->size, args = head->args_len, rest;
	struct token_sample *sample;
	struct sample_view view;
	char *to;

	if (size < sizeof(*head) + first + args)
		return NULL;
	rest = size - sizeof(*head) - first - args;
	if (args >= sizeof(dropped->args))
		args = sizeof(dropped->args) - 1;
	if (first >= sizeof(dropped->first) || rest >= sizeof(dropped->rest))
		return NULL;
	size = sizeof(*head) + first + args + rest;
	sample = malloc(size);
	if (!sample)
		return NULL;
	*sample = *head;
	sample->size = (__u32)size;
	sample->flags |= SAMPLE_UNREAD | SAMPLE_FOUND_LATE;
	if (args < head->args_len)
		sample->flags |= SAMPLE_ARGS_TRUNCATED;
	sample->args_len = (uint16_t)args;
	to = (char *)(sample + 1);
	memcpy(to, dropped->first, first);
	memcpy(to + first, dropped->args, args);
	memcpy(to + first + args, dropped->rest, rest);
	if (mask_wipe(to + first, args) < 0)
		memset(to + first, 0, args);
	if (sample_view_parse(sample, size, &view) == 0)
		return sample;
	kept_free(sample);
	return NULL;
}

void kept_free(struct token_sample *sample)
{
	if (sample)
		explicit_bzero(sample, sample->size);
	free(sample);
}
