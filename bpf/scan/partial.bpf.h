/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes that ended with the beginning of a token, where what goes on with it may not be able to look back: by place.
 *
 * Of a stream the last bytes are kept, since nobody can read them again: they stand in front of what is written next. Of a
 * file it is only kept that there is such a place, and the daemon is asked to look there: the file may have been cut,
 * deleted or overwritten since, and what is not there must not be alerted.
 */
#pragma once

#include "base/direct.bpf.h"
#include "base/file.bpf.h"
#include "base/maps.bpf.h"
#include "scan/filter.bpf.h"
#include "token_formats.h"

struct begun_key {
	__u64 inode;
	__u64 position; /* of the byte behind it; 0 on streams */
	__u32 device; /* and whom a socket is connected to */
	__u32 generation;
};

struct begun_value {
	__u8 bytes[TOKEN_MAX_LEN]; /* of files: nothing */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_BEGUN);
	__type(key, struct begun_key);
	__type(value, struct begun_value);
} begun __weak SEC(".maps");

/* include/linux/net.h */
#define BEGUN_SOCK_STREAM 1

#define BEGUN_JOINS (1ULL << 32)

/*
 * begun_joins() - do the bytes of one write to a stream stand beside those of the next? Not so where each is a message of
 * its own. Returns 0, or BEGUN_JOINS with whom a socket is connected to: one that is connected anew goes to somebody else. A
 * function of its own (verified once).
 * @address: of the struct file
 */
__weak __noinline __u64 begun_joins(__u64 address, __u32 kind)
{
	const struct file *file = (const struct file *)address;
	const struct socket *socket;
	const struct sock *sock;

	/* by the helper: of a weak function, the linker keeps anybody's */
	if (kind == FILE_KIND_PIPE)
		return BPF_CORE_READ(file, f_flags) & KERNEL_O_DIRECT ? 0 : BEGUN_JOINS;
	if (kind != FILE_KIND_SOCKET)
		return BEGUN_JOINS;
	socket = (const struct socket *)BPF_CORE_READ(file, private_data);
	if (BPF_CORE_READ(socket, type) != BEGUN_SOCK_STREAM)
		return 0;
	sock = BPF_CORE_READ(socket, sk);
	return BEGUN_JOINS |
	       (BPF_CORE_READ(sock, __sk_common.skc_portpair) ^ BPF_CORE_READ(sock, __sk_common.skc_daddr));
}

/* The place at `position` of a file, by the inode that holds its bytes. */
static __always_inline struct begun_key begun_key(const struct inode *inode, __u64 position)
{
	const struct super_block *sb = KERNEL_POINTER(struct inode, inode, i_sb);
	struct begun_key key = {.position = position};

	key.inode = KERNEL_READ(struct inode, inode, i_ino);
	key.device = KERNEL_READ(struct super_block, sb, s_dev);
	key.generation = KERNEL_READ(struct inode, inode, i_generation);
	return key;
}

/* The same of a stream. @joins: begun_joins() of it */
static __always_inline struct begun_key begun_stream(const struct file *file, __u64 joins)
{
	struct begun_key key = begun_key(KERNEL_POINTER(struct file, file, f_inode), 0);

	key.device ^= (__u32)joins;
	return key;
}

static __always_inline __u64 begun_mark(const struct begun_key *key)
{
	return mark_of(key->inode ^ (__u64)key->device << 32);
}

/* What is remembered of a file's place: only that something has begun there. Not on anybody's stack: 6.1 counts all frames together. */
const volatile __u64 begun_nothing[TOKEN_MAX_LEN / 8] __weak = {};

/* @value: a stream's last bytes, in memory that 6.1 takes them from: the stack */
static __always_inline void begun_remember(const struct begun_key *key, const struct begun_value *value)
{
	/* files have many places, of which few are asked for: they are not marked */
	if (!key->position)
		mark_set(begun_mark(key));
	if (bpf_map_update_elem(&begun, key, value, BPF_NOEXIST))
		bpf_map_update_elem(&begun, key, value, BPF_EXIST);
	else
		__sync_fetch_and_add(&known.begun_in, 1);
}

/* What has begun there is over. */
static __always_inline void begun_forget(const struct begun_key *key)
{
	if (!bpf_map_delete_elem(&begun, key))
		__sync_fetch_and_add(&known.begun_out, 1);
}

/* What is remembered of a place, or NULL. */
static __always_inline const struct begun_value *begun_find(const struct begun_key *key)
{
	if (!key->position && !mark_has(begun_mark(key)))
		return NULL;
	return bpf_map_lookup_elem(&begun, key);
}
