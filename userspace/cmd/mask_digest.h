/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tells secret portions from each other, without telling them: `mask --style sha`. */
#pragma once

#include <stddef.h>

/* The first bytes of SHA-256, or with a key of HMAC-SHA-256 (RFC 2104): of a million secret portions, two are taken for one by a chance of 1 in 500. */
#define MASK_DIGEST_BYTES 6UL
#define MASK_DIGEST_LEN (2 * MASK_DIGEST_BYTES)

/*
 * Of a whole secret portion, which has more in it than anybody can try; of a part of one nothing such may be told.
 * @key: NULL: none
 * @to: MASK_DIGEST_LEN hexadecimal digits, without a NUL
 */
typedef void mask_digest(const void *key, size_t key_len, const void *secret, size_t len, char *to);

/*
 * NULL in the daemon's program, which links no library for that: `mask` then runs spillwatch-scan, which has one, by the name of
 * mask.
 */
extern mask_digest *mask_digester;
