// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus → queue → output: each line stands behind a word that says how long it is, and what.
 *
 * Limit: the queue has none of its own. The bus has, since two queues of an output share one.
 */
#include "output/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_SIZE_MIN 4096UL
/* More than this is not kept for the next storm. */
#define QUEUE_SIZE_KEPT (64UL << 10)

struct queue_head {
	uint32_t len;
	bool alert;
	uint64_t number;
};

/* Makes room behind what waits. */
static int queue_grow(struct queue *queue, size_t need)
{
	size_t size = queue->size ? queue->size : QUEUE_SIZE_MIN;
	char *bytes;

	while (size - queue->to < need)
		size *= 2;
	if (size == queue->size)
		return 0;
	bytes = realloc(queue->bytes, size);
	if (!bytes)
		return -ENOMEM;
	queue->bytes = bytes;
	queue->size = size;
	return 0;
}

int queue_put(struct queue *queue, const char *line, size_t len, bool alert, uint64_t number)
{
	struct queue_head head = {.len = (uint32_t)len, .alert = alert, .number = number};
	int r;

	if (queue_empty(queue))
		queue->from = queue->to = 0;
	r = queue_grow(queue, sizeof(head) + len);
	if (r < 0)
		return r;
	memcpy(queue->bytes + queue->to, &head, sizeof(head));
	memcpy(queue->bytes + queue->to + sizeof(head), line, len);
	queue->to += sizeof(head) + len;
	return 0;
}

bool queue_next(struct queue *queue, struct queue_line *ret_line)
{
	return queue_next_within(queue, SIZE_MAX, ret_line);
}

bool queue_next_within(struct queue *queue, size_t bytes, struct queue_line *ret_line)
{
	struct queue_head head;

	if (queue_empty(queue))
		return false;
	memcpy(&head, queue->bytes + queue->from, sizeof(head));
	if (head.len > bytes)
		return false;
	ret_line->text = queue->bytes + queue->from + sizeof(head);
	ret_line->len = head.len;
	ret_line->alert = head.alert;
	ret_line->number = head.number;
	queue->from += sizeof(head) + head.len;
	return true;
}

bool queue_empty(const struct queue *queue)
{
	return queue->from == queue->to;
}

void queue_clear(struct queue *queue)
{
	queue->from = queue->to = 0;
	if (queue->size > QUEUE_SIZE_KEPT)
		queue_free(queue);
}

void queue_free(struct queue *queue)
{
	free(queue->bytes);
	*queue = (struct queue){0};
}
