/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What several kinds of receivers make their requests of. */
#pragma once

#include "forward/receiver.h"

/* What severities are called: the words of the configuration's rules. */
enum body_level { BODY_LOW, BODY_MEDIUM, BODY_HIGH, BODY_CRITICAL };

/* body_level() - of event.severity, 1 to 100. */
enum body_level body_level(const json_t *alert);

/* body_level_text() - "low", "medium", "high", "critical"; static. */
const char *body_level_text(const json_t *alert);

/*
 * body_flatten() - all that is in the alert into *to, an object, by dotted names; what is in a list as JSON in a text, and what is below
 * a name of 1 KiB.
 * Returns 0 or -ENOMEM.
 */
int body_flatten(json_t *alert, json_t *to);

/* body_dump() - takes `body` (NULL: no memory). Returns 0, *ret_text and *ret_len, or -ENOMEM. */
int body_dump(json_t *body, char **ret_text, size_t *ret_len);

/* body_text_if() - a member, if there is a text for it. Returns 0 or -ENOMEM. */
int body_text_if(json_t *object, const char *name, const char *text);

/* body_all() - one verdict for all. */
void body_all(struct event *const *events, size_t count, enum verdict verdict);
