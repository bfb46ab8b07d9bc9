/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Types of tokens that are seen in the field, of which no more than the prefix is known. */
#pragma once

/*
 * X(prefix, type), as TOKEN_PREFIXES, which is in a file that the record's layout is known by (RECORD in the Makefile): with every word
 * in it that changes, the next daemon can't go on with what is pinned. So what the kernel's side has no use for stands here.
 */
#define TOKEN_SEEN_PREFIXES(X)                                      \
	X("dt0s10", "OAuth2 client (environments and EdgeConnect)") \
	X("dt0s12", "Public OAuth2 client")
