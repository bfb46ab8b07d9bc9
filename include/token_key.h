/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A number that stands for a whole token while it is being watched for repeats: in the kernel's map
 * `seen` and in the daemon's table, never anywhere else.
 */
#pragma once

#include "token_formats.h"
#include "types.h"

/*
 * token_key() - 64-bit multiply and xor-shift, a word at a time.
 * @window: TOKEN_MAX_LEN bytes, aligned to 8: the token, zeros behind it; @len: the token's length
 */
static __always_inline __u64 token_key(const __u8 *window, __u64 len)
{
	__u64 key = len;

#ifdef __bpf__
#pragma unroll
#endif
	for (__u64 i = 0; i < TOKEN_MAX_LEN; i += 8) {
		key = (key ^ *(const __u64 *)(const void *)(window + i)) * 0x9e3779b97f4a7c15ULL;
		key ^= key >> 32;
	}
	return key;
}
