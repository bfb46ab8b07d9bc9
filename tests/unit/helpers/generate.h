/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts that are full of tokens and of what nearly is one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* generate_text() - fills bytes[0, len) from the generator's state (token_maker.h). */
void generate_text(uint8_t *bytes, size_t len, uint64_t *state);

/* generate_wide() - writes some tokens of the wide family, and what nearly is one, over it. */
void generate_wide(uint8_t *bytes, size_t len, uint64_t *state);
