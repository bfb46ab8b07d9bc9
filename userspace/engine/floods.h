/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writers that wrote more tokens than their share of the ring buffer (bpf/emit/share.bpf.h): one alert for all of these,
 * repeated while it lasts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"
#include "alert/loss.h"
#include "share.h"

/* ms until a flood that goes on is told of again. */
#define FLOODS_AGAIN_MS 10000
/* ms that a flood waits for an alert of the same writer to be told by; then the summary is what names it. */
#define FLOODS_WAIT_MS 5000

struct floods;

/* floods_open() - returns 0 and *ret_floods (floods_close()), or -ENOMEM. */
int floods_open(struct floods **ret_floods);
void floods_close(struct floods *floods);

/*
 * floods_seen() - what the kernel side has counted of a writer so far. Of more than LIMIT_FLOODS the one that was least
 * recently heard of is forgotten.
 * @since: CLOCK_REALTIME, of the first that was lost
 * @now: ms, CLOCK_MONOTONIC
 */
void floods_seen(struct floods *floods, uint64_t group, const struct share *share,
		 const struct timespec *since, int64_t now);

/* floods_any() - is there a flood of which something is to be told? */
bool floods_any(const struct floods *floods);

/* floods_keep() - an alert that was raised: if its group is such a writer, the flood can be told by it. */
void floods_keep(struct floods *floods, uint64_t group, const struct alert *alert);

/*
 * floods_tell() - calls back with an alert for each flood of which it is time to tell: the first at once, then every
 * FLOODS_AGAIN_MS, as long as there is more. The alert is the callee's to look at only.
 * @all: whether it is time or not
 */
typedef void (*floods_alert)(void *context, const struct alert *alert);
void floods_tell(struct floods *floods, int64_t now, bool all, floods_alert tell, void *context);

/*
 * floods_news() - calls back for each writer that lost samples since the last call. Its strings are the callee's to look at only;
 * the name is the process's own, neither printable nor masked.
 */
typedef void (*floods_writer)(void *context, const struct loss_writer *writer);
void floods_news(struct floods *floods, floods_writer tell, void *context);
