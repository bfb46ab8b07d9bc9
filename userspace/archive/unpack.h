/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Archives and what is packed, by libarchive: the only place that knows it. spillwatch-scan links it, the daemon does not. */
#pragma once

#include "scan/scan.h"

/* unpack_input() - a scan_unpack (scan/scan.h). */
int unpack_input(struct scan *scan, const char *path, struct scan_input *input);
