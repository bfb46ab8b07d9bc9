/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* include/token_runs.h with loads of which the test says what they give: words that can't be read as a whole are 0. */
#pragma once

#include "token_search.h"

/* token_runs_load() - the 8 bytes at an address. Each test that includes this defines it. */
__u64 token_runs_load(const uint8_t *bytes);

#define TOKEN_MEMORY(address) ((const uint8_t *)(uintptr_t)(address))
#define TOKEN_MEMORY_WORD(memory, at) token_runs_load((memory) + (at))

#include "token_runs.h"

/* What the walk has to look at as a whole, and is no token for one byte. */
#define SUSPECT                        \
	"dt0c01.ABCDEFGH."             \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAA:A"
