/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is behind the public struct spillwatch_token (include/spillwatch.h); for this directory only. */
#pragma once

/* with -fvisibility=hidden, all else is nobody's */
#define SPILLWATCH_PUBLIC __attribute__((visibility("default")))

#include "spillwatch.h"

#include "detect/wide.h"

struct spillwatch_token {
	struct wide_token of;
	const char *encoding; /* static; NULL: as it is */
	uint64_t start, end;
	bool has_secret;
	uint8_t secret[TOKEN_SECRET_LEN];
};
