/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Beside the maps `seen`, `placed` and `begun`: numbers that both sides share. */
#pragma once

#include "token_key.h"
#include "types.h"

/*
 * So that what the tables forget for room is known: what went in, less what was taken out and what is still there, has
 * been forgotten.
 */
struct known_counts {
	__u64 seen_in, seen_out; /* entries */
	__u64 placed_in, placed_out; /* likewise */
	__u64 begun_in, begun_out; /* likewise */
	__u64 lost; /* samples of tokens, or of files to be looked at, for which the ring had no room */
	__u64 flooded; /* samples of writers who had no share of it left (share.h) */
	__u64 dropped[2]; /* that were put into the map `dropped`: for a full ring, and for want of a share */
	__u64 dropped_taken[2]; /* of these, those that a daemon has taken */
	__u64 untold; /* repeats that no sample has told of, also those of which the entry is forgotten */
};

/* Where a btrfs inode's subvolume is found: bytes. All 0: not known. */
struct btrfs_layout {
	__u32 inode; /* of the inode in struct btrfs_inode */
	__u32 root; /* of the pointer to struct btrfs_root in struct btrfs_inode */
	__u32 number; /* of the subvolume's number in struct btrfs_root */
};
