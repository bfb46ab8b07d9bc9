/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths, by walking from the name to the root: bpf_d_path() is not allowed where we are called.
 *
 *      /  mnt / data / app.log          bytes are written from the buffer's end to its front
 *      └──┬──┘ └─────┬───────┘
 *      parent's    this mount's dentries; at a mount's root the walk goes on at its mount point
 *
 * The walk ends at the process's own root, so that the path is what the process would call it, or
 * at the top of the mount tree. Without a mount, it ends at the top of the file system: that path is the same
 * for everybody. It reads without locks: a rename under way can give a mixed path,
 * never a fault.
 */
#pragma once

#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"

/* The buffer's end: one less than its bound, so that a length fits its mask. */
#define PATH_END (LIMIT_PATH_BYTES - 1)

static __always_inline const struct mount *path_mount(const struct vfsmount *mnt)
{
	return (const struct mount *)((const char *)mnt - bpf_core_field_offset(struct mount, mnt));
}

static __always_inline void path_begin(struct path_buffer *buffer, __u64 node)
{
	buffer->start = PATH_END;
	buffer->truncated = 0;
	buffer->node = node;
}

/*
 * Writes a slash and a name of `len` bytes of kernel memory before what is written so far.
 * Returns 0 if there was room.
 */
static __always_inline int path_prepend(struct path_buffer *buffer, const void *name, __u32 len)
{
	__u32 start = buffer->start, at = start - len;

	if (len >= LIMIT_NAME_BYTES || start < len + 1)
		return 1;
	bpf_probe_read_kernel(&buffer->bytes[at & (LIMIT_PATH_BYTES - 1)], len & (LIMIT_NAME_BYTES - 1),
			      name);
	at -= 1;
	buffer->bytes[at & (LIMIT_PATH_BYTES - 1)] = '/';
	buffer->start = at;
	return 0;
}

/*
 * An empty path is the root's; one that was cut at the top does not begin with a slash. Returns where the finished path
 * starts.
 */
static __always_inline __u32 path_finish(struct path_buffer *buffer)
{
	__u32 start = buffer->start;

	if (start == PATH_END) {
		start -= 1;
		buffer->bytes[start & (LIMIT_PATH_BYTES - 1)] = '/';
	} else if (buffer->truncated) {
		start += 1;
	}
	return start;
}

struct path_walk {
	struct path_buffer *buffer;
};

static long path_step(__u32 index, struct path_walk *walk)
{
	struct path_buffer *buffer = walk->buffer;
	const struct dentry *dentry = (const struct dentry *)buffer->node, *parent;
	const struct mount *mount = (const struct mount *)buffer->mount, *above;

	if (mount && buffer->node == buffer->root_dentry && buffer->mount == buffer->root_mount)
		return 1;
	if (mount && dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount || !above)
			return 1;
		buffer->node = (__u64)BPF_CORE_READ(mount, mnt_mountpoint);
		buffer->mount = (__u64)above;
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (!mount && parent == dentry)
		return 1;
	if (index + 1 >= LIMIT_PATH_COMPONENTS ||
	    path_prepend(buffer, BPF_CORE_READ(dentry, d_name.name), BPF_CORE_READ(dentry, d_name.len))) {
		buffer->truncated = 1;
		return 1;
	}
	buffer->node = (__u64)parent;
	/* a name without a directory, as a memfd's */
	return parent == dentry || !parent;
}

/*
 * path_build() - writes the path of (mnt, dentry), a vfsmount's (or 0) and a dentry's address, into the
 * scratch's buffer, ending at PATH_END. A function of its own (verified once).
 * Returns where it starts; path.truncated tells whether upper directories are missing.
 */
__noinline __u32 path_build(struct path_buffer *buffer, __u64 mnt, __u64 dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct path_walk walk = {.buffer = buffer};

	if (!buffer)
		return PATH_END;
	path_begin(buffer, dentry);
	buffer->mount = mnt ? (__u64)path_mount((const struct vfsmount *)mnt) : 0;
	buffer->root_dentry = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	buffer->root_mount = (__u64)path_mount(BPF_CORE_READ(task, fs, root.mnt));
	bpf_loop(LIMIT_PATH_COMPONENTS, path_step, &walk, 0);
	return path_finish(buffer);
}

/* Is there no name left that leads to it? (d_unlinked(): unhashed and not the root of its tree) */
static __always_inline int path_unlinked(const struct dentry *dentry)
{
	return !BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry;
}
