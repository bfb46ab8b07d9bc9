/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When tokens were written, as a picture. */
#pragma once

#include "report/report.h"

/* timeline_svg() - bars of writes, each an hour or so many that there are at most some 120; times in UTC. */
void timeline_svg(const struct report *report, FILE *out);
