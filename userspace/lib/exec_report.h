/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a child has become its program: a pipe that an exec closes by itself, and on which the child says why if there is none.
 */
#pragma once

/* exec_report_open() - before the fork. Returns 0 and the two ends, or a negative errno. */
int exec_report_open(int ret_ends[2]);

/* exec_report_say() - in the child, or whoever starts it: there is no program. @end: ends[1], or a copy of it; @error: an errno */
void exec_report_say(int end, int error);

/*
 * exec_report_take() - in the parent: waits until it is clear, and closes both ends.
 * Returns 0 if the program runs (or the child ended without a word), else a negative errno.
 */
int exec_report_take(const int ends[2]);
