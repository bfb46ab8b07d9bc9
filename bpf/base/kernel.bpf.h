/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What differs between kernels, and the constants that BTF does not carry. Nothing else in bpf/ asks
 * which kernel it runs on.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* arch/x86/include/asm/thread_info.h: set while a 32-bit system call runs */
#define KERNEL_TS_COMPAT 0x0002
/* arch/x86/include/uapi/asm/unistd.h */
#define KERNEL_X32_BIT 0x40000000
#define KERNEL_PAGE_SIZE 4096UL
/* include/uapi/linux/fs.h */
#define KERNEL_RWF_APPEND 0x10
#define KERNEL_O_APPEND 02000
#define KERNEL_O_NONBLOCK 04000
#define KERNEL_O_DIRECT 040000
#define KERNEL_MSG_DONTWAIT 0x40
/* include/linux/fs.h: open for writing; created by this open; an internal file of a stacked file system */
#define KERNEL_FMODE_WRITE 0x2
#define KERNEL_FMODE_CREATED 0x100000
#define KERNEL_FMODE_NOACCOUNT 0x20000000
/* include/uapi/linux/stat.h */
#define KERNEL_S_IFMT 0170000
#define KERNEL_S_IFREG 0100000
#define KERNEL_S_IFIFO 0010000
#define KERNEL_S_IFDIR 0040000
#define KERNEL_S_IFLNK 0120000
#define KERNEL_S_IFSOCK 0140000
#define KERNEL_S_IFCHR 0020000
#define KERNEL_S_IFBLK 0060000
/* include/linux/fs.h: a mount that only the kernel holds (shm_mnt, under memfd_create(2)) */
#define KERNEL_SB_KERNMOUNT (1UL << 22)

/* Did this task enter by a 32-bit system call? (x32 is a 64-bit entry: see kernel_is_x32().) */
static __always_inline int kernel_is_compat(const struct task_struct *task)
{
	return task->thread_info.status & KERNEL_TS_COMPAT;
}

/*
 * The number of the call that the registers name. The kernel takes the lower half of the register for it
 * (arch/x86/entry/entry_64.S), and keeps all of it here.
 */
static __always_inline __u32 kernel_call_number(const struct pt_regs *regs)
{
	return regs->orig_ax;
}

/* x32 calls take 64-bit registers, but their iovec entries are the 32-bit ones. */
static __always_inline int kernel_is_x32(__u32 nr)
{
	return nr & KERNEL_X32_BIT;
}

/* The kernel before 6.15 (633488947ef6, "kernfs: Use RCU to access kernfs_node::parent."), and after. */
struct kernfs_node___plain {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

struct kernfs_node___rcu {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

static __always_inline const struct kernfs_node *kernel_kernfs_parent(const struct kernfs_node *node)
{
	const struct kernfs_node___plain *plain = (const void *)node;
	const struct kernfs_node___rcu *rcu = (const void *)node;

	if (bpf_core_field_exists(plain->parent))
		return BPF_CORE_READ(plain, parent);
	return BPF_CORE_READ(rcu, __parent);
}

/* Linux 7 has it in a union without a name. */
struct dentry___unnamed {
	struct hlist_node d_alias;
} __attribute__((preserve_access_index));

/* A name of the inode, as its dentry's address; 0 if none is known. The last that was made is the first. */
static __always_inline __u64 kernel_inode_dentry(const struct inode *inode)
{
	__u64 alias = (__u64)BPF_CORE_READ(inode, i_dentry.first);
	const struct dentry___unnamed *unnamed = NULL;
	const struct dentry *named = NULL;

	if (!alias)
		return 0;
	if (bpf_core_field_exists(named->d_u.d_alias))
		return alias - bpf_core_field_offset(struct dentry, d_u.d_alias);
	if (bpf_core_field_exists(unnamed->d_alias))
		return alias - bpf_core_field_offset(struct dentry___unnamed, d_alias);
	return 0;
}

/* The kernel before 6.13 (90ee6ed776c0, "fs: port files to file_ref"). */
struct file___counted {
	atomic_long_t f_count;
} __attribute__((preserve_access_index));

/* A large folio's pages: the name from 6.15 on, and the one before. */
struct folio___counted {
	unsigned int _nr_pages;
	unsigned int _folio_nr_pages;
} __attribute__((preserve_access_index));

/* A large folio's tail page: the name of what leads to its head up to 6.19, and from 7.0 on. */
struct page___head {
	unsigned long compound_head;
} __attribute__((preserve_access_index));

struct page___info {
	unsigned long compound_info;
} __attribute__((preserve_access_index));

/* No struct page lies there: what leads to the head is a mask for the page's own address (from 7.0 on, mostly). */
#define KERNEL_COMPOUND_MASK (~0ULL << 40)

/* The address of the first struct page of the folio that a page belongs to. */
static __always_inline __u64 kernel_compound_head(__u64 page)
{
	const struct page___head *head = (const void *)page;
	__u64 info;

	if (bpf_core_field_exists(head->compound_head))
		info = BPF_CORE_READ(head, compound_head);
	else
		info = BPF_CORE_READ((const struct page___info *)page, compound_info);
	if (!(info & 1))
		return page;
	return info >= KERNEL_COMPOUND_MASK ? page & info & ~1ULL : info - 1;
}
