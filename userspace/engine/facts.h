/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of the write that a further token (struct token_more) is of: the facts came with the write's first one. For each
 * scratch of the kernel side the last sample is kept, without its window.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "detect/sample_view.h"

/* How long they are kept, and how long with a command line that nobody has masked: a hook takes a millisecond. */
#define FACTS_KEPT_MS 5000
#define FACTS_RAW_MS 1000

struct facts;

/* facts_open() - Returns 0 and *ret_facts (facts_close(), which wipes what is kept), or -ENOMEM. */
int facts_open(struct facts **ret_facts);
void facts_close(struct facts *facts);

/*
 * facts_keep() - keeps a sample's facts, in place of those of the same scratch. Without memory for them none are known.
 * @now: ms, CLOCK_MONOTONIC
 */
void facts_keep(struct facts *facts, const struct sample_view *view, int64_t now);

/*
 * facts_more() - checks a record that is a token_more, and makes of it what a sample of it alone would have been. If the facts are
 * not there, since another monitor has taken them out of the ring or there was no memory, the process and the file are unknown.
 * Returns 0, or -EBADMSG. The view holds until the next call of any of these.
 */
int facts_more(struct facts *facts, const void *data, size_t size, struct sample_view *ret_view);

/* facts_forget() - once in FACTS_RAW_MS: wipes what was kept for FACTS_KEPT_MS, and of the rest what is a secret among the arguments. */
void facts_forget(struct facts *facts, int64_t now);
