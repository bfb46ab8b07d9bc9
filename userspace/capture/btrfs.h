/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How to find a btrfs inode's subvolume, in which its number is counted. Mostly btrfs is a module, which has types of its
 * own and may come later than we do.
 */
#pragma once

#include <stdint.h>

#include "known.h"

struct btf;

/* btrfs_layout() - by the types of btrfs in this BTF, from id `first` on. Returns 0, or -ENOENT (layout untouched). */
int btrfs_layout(const struct btf *btf, uint32_t first, struct btrfs_layout *ret_layout);

/*
 * btrfs_module_layout() - by the module's types. @kernel: the kernel's types, NULL: to be read.
 * Returns 0, or a negative errno (layout untouched): -ENOENT if there is no such module now.
 */
int btrfs_module_layout(struct btf *kernel, struct btrfs_layout *ret_layout);
