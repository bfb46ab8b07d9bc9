// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "status/counter.h"

const struct counter_kind counter_kinds[COUNTER_MAX] = {
#define COUNTER_KIND(id, class, text) {class, #id, text},
	COUNTERS(COUNTER_KIND)
#undef COUNTER_KIND
};
