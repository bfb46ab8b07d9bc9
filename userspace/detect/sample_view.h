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

/* sample_view_ancestor() - copies ancestor `index`; false if there are not so many. */
bool sample_view_ancestor(const struct sample_view *view, size_t index, struct sample_ancestor *ret_ancestor);
