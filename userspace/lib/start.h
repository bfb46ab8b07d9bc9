/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each of our programs does first. */
#pragma once

/*
 * start_process() - no core dump and no ptrace by the same user, since tokens are in memory; and standard descriptors that were closed are
 * open, so that no file is taken for one of them. Returns 0, or -EBADF.
 */
int start_process(void);
