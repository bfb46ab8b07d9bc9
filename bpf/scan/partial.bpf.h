/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes that ended with the beginning of a token, where what goes on with it may not be able to look back: by place, and
 * with their last bytes. What it is for: context.bpf.h.
 */
#pragma once

#include "base/direct.bpf.h"
#include "base/maps.bpf.h"
#include "scan/filter.bpf.h"
#include "token_formats.h"

struct begun_key {
	__u64 inode;
	__u64 position; /* of the byte behind it; 0 on streams */
	__u64 device;
};

struct begun_value {
	__u8 bytes[TOKEN_MAX_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_BEGUN);
	__type(key, struct begun_key);
	__type(value, struct begun_value);
} begun __weak SEC(".maps");

/* The place at `position` of a file, by the inode that holds its bytes. */
static __always_inline struct begun_key begun_key(const struct inode *inode, __u64 position)
{
	const struct super_block *sb = KERNEL_POINTER(struct inode, inode, i_sb);
	struct begun_key key = {.position = position};

	key.inode = KERNEL_READ(struct inode, inode, i_ino);
	key.device = KERNEL_READ(struct super_block, sb, s_dev);
	return key;
}

static __always_inline __u64 begun_mark(const struct begun_key *key)
{
	return mark_of(key->inode ^ key->device << 32);
}

/* @bytes: the last INSPECT_CARRY that were written there */
static __always_inline void begun_remember(const struct begun_key *key, const void *bytes)
{
	/* files have many places, of which few are asked for: they are not marked */
	if (!key->position)
		mark_set(begun_mark(key));
	bpf_map_update_elem(&begun, key, bytes, BPF_ANY);
}

/* What is remembered of a place, or NULL. */
static __always_inline const struct begun_value *begun_find(const struct begun_key *key)
{
	if (!key->position && !mark_has(begun_mark(key)))
		return NULL;
	return bpf_map_lookup_elem(&begun, key);
}
