/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Characters by which a text shows as another one: they turn the direction of writing (UAX #9), break a line, or show nothing at all.
 * In a file's name they are allowed, so they stay in what is stored; whoever shows it escapes them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* deceive_length() - bytes of the character that text[0, len) begins with, if it is one of these; else 0. */
size_t deceive_length(const char *text, size_t len);

/* What a byte's escape takes: \xNN, as detect/mask.h writes what is no text. */
#define DECEIVE_ESCAPE 4

/* deceive_escape() - bytes[0, len) as escapes. Returns the end; nothing is terminated. */
char *deceive_escape(char *to, const char *bytes, size_t len);

/* deceive_shown() - a copy with each of these characters escaped (malloc'ed), or NULL. */
char *deceive_shown(const char *text);

/* deceive_json() - such a character, of len bytes, as JSON: \uNNNN, or two. Returns the end, at most 12 bytes further on. */
char *deceive_json(char *to, const char *bytes, size_t len);
