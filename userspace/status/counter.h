/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* include/counters.h as a table: how each counter is called, and what it means. */
#pragma once

#include "counters.h"

enum counter_class { WORK, LOSS, DETAIL };

struct counter_kind {
	enum counter_class class;
	const char *name, *text; /* static */
};

/* By enum counter_id. */
extern const struct counter_kind counter_kinds[COUNTER_MAX];
