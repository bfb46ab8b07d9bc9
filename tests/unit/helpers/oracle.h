/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the fast search must find, by the slowest and plainest means: the pattern of
 * include/token_formats.h, byte by byte, at every place.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* oracle_at() - length of the token that starts at `at`, 0 if none does. */
size_t oracle_at(const uint8_t *bytes, size_t len, size_t at);

/* oracle_next() - start of the first token at `from` or later, or len if there is none. */
size_t oracle_next(const uint8_t *bytes, size_t len, size_t from);
