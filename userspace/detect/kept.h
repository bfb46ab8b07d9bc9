/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Samples that outlive their record: what waits for a file to be read, what is mapped, what a second look may find. */
#pragma once

#include "detect/sample_view.h"

/*
 * kept_sample() - a copy. What is a secret by its shape in the arguments, which are told only, is in it no more. (By its
 * path the file is opened.)
 * Returns it (kept_free()), or NULL without memory.
 */
struct token_sample *kept_sample(const struct sample_view *view);

/* kept_view() - the same of a view whose strings come from several samples: as one sample. */
struct token_sample *kept_view(const struct sample_view *view);

/*
 * kept_dropped() - of a sample that was lost: as one that asks for the file to be read (SAMPLE_UNREAD, SAMPLE_FOUND_LATE), for its token.
 * Returns it, or NULL: without memory, or what is kept is none.
 */
struct token_sample *kept_dropped(const struct dropped_sample *dropped);

/* kept_free() - wipes and frees; NULL is allowed. */
void kept_free(struct token_sample *sample);
