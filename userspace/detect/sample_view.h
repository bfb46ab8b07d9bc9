/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A sample as it came out of the ring, checked: every length fits, every string is where it says.
 * Borrowed memory: a view lives as long as the record it was made from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample.h"

struct sample_view {
	const struct token_sample *head; /* aligned to 8 in the ring */
	const uint8_t *window; /* head->window_len bytes */
	/* path, exe, …: head->path_len, … bytes, no terminators */
#define SAMPLE_VIEW(name, bound) const char *name;
	SAMPLE_STRINGS(SAMPLE_VIEW)
#undef SAMPLE_VIEW
};

/*
 * sample_view_parse() - checks a record of `size` bytes and points into it.
 * Returns 0, or -EBADMSG if a length lies, an enum is out of range or the record is too short
 * (ret_view untouched).
 */
int sample_view_parse(const void *data, size_t size, struct sample_view *ret_view);

/*
 * sample_range() - which bytes of the file SAMPLE_UNREAD asks for. Those of the write; of SAMPLE_SUSPECT, which may have a part of it
 * only, or reach beyond it: from token_at on, as many as token_key says (0: it does not).
 */
static inline void sample_range(const struct token_sample *head, uint64_t *ret_from, uint64_t *ret_end)
{
	int64_t from = head->offset;
	uint64_t len = head->length;

	if (head->flags & SAMPLE_SUSPECT && head->token_key) {
		from += head->token_at;
		len = head->token_key;
	}
	if (from < 0) {
		len -= (uint64_t)-from < len ? (uint64_t)-from : len;
		from = 0;
	}
	*ret_from = (uint64_t)from;
	*ret_end = len < (uint64_t)(INT64_MAX - from) ? (uint64_t)from + len : INT64_MAX;
}

/* sample_view_ancestor() - copies ancestor `index`; false if there are not so many. */
bool sample_view_ancestor(const struct sample_view *view, size_t index, struct sample_ancestor *ret_ancestor);
