/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was lost since that was last told: what, how much, since when, and by whom where that is known. */
#pragma once

#include <stdbool.h>

#include "alert/loss.h"
#include "status/summary.h"

struct losses;

/* losses_open() - what is lost from now on. Returns 0 and *ret_losses (losses_close()), or -ENOMEM. */
int losses_open(struct losses **ret_losses);
void losses_close(struct losses *losses);

/* losses_look() - gathers what was lost since the last call. Returns whether that was anything. */
bool losses_look(struct losses *losses, const struct probe_counts *counts,
		 const struct pipeline_stats *stats);

/* losses_writer() - of what was gathered, so much was this one's. @context: struct losses, as floods_news() calls back */
void losses_writer(void *context, const struct loss_writer *writer);

/* losses_told() - what was gathered; its sequence and host name are the caller's to set. Valid until the next losses_look(). */
struct loss *losses_told(struct losses *losses);

/* losses_say() - as text on standard error. */
void losses_say(const struct loss *loss);
