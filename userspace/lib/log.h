/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the commands say about themselves: one line each on standard error. Stages don't log. */
#pragma once

/* log_error(), log_warning(), log_note() - "spillwatch: …\n"; format as printf(3). */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * log_to() - what takes lines, with their newline, in place of standard error; NULL: nothing any more. It
 * must not wait, nor log.
 */
void log_to(void (*taker)(void *context, const char *line), void *context);
