/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files as the kernel keeps them: which kind a write goes to, and the facts of an alert. */
#pragma once

#include "base/direct.bpf.h"
#include "base/maps.bpf.h"

/* include/uapi/linux/magic.h */
#define FILE_MAGIC_TMPFS 0x01021994
#define FILE_MAGIC_RAMFS 0x858458f6
#define FILE_MAGIC_HUGETLBFS 0x958458f6
#define FILE_MAGIC_ANON_INODE 0x09041934
#define FILE_MAGIC_PROC 0x9fa0
#define FILE_MAGIC_SYSFS 0x62656572
#define FILE_MAGIC_CGROUP 0x27e0eb
#define FILE_MAGIC_CGROUP2 0x63677270
#define FILE_MAGIC_TRACEFS 0x74726163
#define FILE_MAGIC_DEBUGFS 0x64626720
#define FILE_MAGIC_SECURITYFS 0x73636673
#define FILE_MAGIC_SELINUX 0xf97cff8c
#define FILE_MAGIC_BPF 0xcafe4a11
#define FILE_MAGIC_CONFIGFS 0x62656570
#define FILE_MAGIC_BINFMTFS 0x42494e4d
#define FILE_MAGIC_OVERLAYFS 0x794c7630
#define FILE_MAGIC_EXT4 0xef53 /* and ext2, ext3 */
#define FILE_MAGIC_XFS 0x58465342
#define FILE_MAGIC_BTRFS 0x9123683e
#define FILE_MAGIC_F2FS 0xf2f52010
#define FILE_MAGIC_MSDOS 0x4d44
#define FILE_MAGIC_EXFAT 0x2011bab0
#define FILE_MAGIC_BDEV 0x62646576

/* Enum file_kind of a regular file on a file system with that magic number. */
static __always_inline __u32 file_kind_on(__u64 magic, const struct super_block *sb)
{
	switch (magic) {
	case FILE_MAGIC_TMPFS:
	case FILE_MAGIC_HUGETLBFS:
		if (KERNEL_READ(struct super_block, sb, s_flags) & KERNEL_SB_KERNMOUNT)
			return FILE_KIND_MEMFD;
		return FILE_KIND_TMPFS;
	case FILE_MAGIC_RAMFS:
		return FILE_KIND_TMPFS;
	case FILE_MAGIC_ANON_INODE: /* regular by mode since 6.16 */
		return FILE_KIND_ANON;
	case FILE_MAGIC_PROC:
	case FILE_MAGIC_SYSFS:
	case FILE_MAGIC_CGROUP:
	case FILE_MAGIC_CGROUP2:
	case FILE_MAGIC_TRACEFS:
	case FILE_MAGIC_DEBUGFS:
	case FILE_MAGIC_SECURITYFS:
	case FILE_MAGIC_SELINUX:
	case FILE_MAGIC_BPF:
	case FILE_MAGIC_CONFIGFS:
	case FILE_MAGIC_BINFMTFS:
		return FILE_KIND_PSEUDO;
	default:
		return FILE_KIND_DISK;
	}
}

static __always_inline __u32 file_kind_regular(const struct super_block *sb)
{
	return file_kind_on(KERNEL_READ(struct super_block, sb, s_magic), sb);
}

/*
 * Terminals by their device's major number (Documentation/admin-guide/devices.txt): the table of
 * tty drivers is not reachable from BPF.
 */
static __always_inline __u32 file_kind_char(__u32 rdev)
{
	__u32 major = rdev >> 20, minor = rdev & 0xfffff;

	if (major == 5)
		return FILE_KIND_TTY; /* /dev/tty, console, ptmx */
	if (major == 4 || (major >= 136 && major <= 143))
		return FILE_KIND_TTY; /* virtual and serial terminals, pts */
	if (major == 166 || major == 188 || major == 204 || major == 229)
		return FILE_KIND_TTY; /* USB, on-board and hypervisor serial lines */
	if (major == 1 && minor == 11)
		return FILE_KIND_DISK; /* /dev/kmsg: ends in the system's log */
	return FILE_KIND_CHAR;
}

/* Of some kinds only what a command's output is may be watched: any other is like a file that keeps no bytes. */
static __always_inline __u32 file_kind_stream(const struct inode *inode, __u32 kind)
{
	__u64 number;

	if (!(settings.own_kinds & 1U << kind))
		return kind;
	number = KERNEL_READ(struct inode, inode, i_ino);
	return number == settings.own_inodes[0] || number == settings.own_inodes[1] ? kind : FILE_KIND_ANON;
}

/* file_kind() - enum file_kind of an open file (FILE_KIND_UNKNOWN for NULL). */
static __always_inline __u32 file_kind(const struct file *file)
{
	const struct inode *inode;

	if (!file)
		return FILE_KIND_UNKNOWN;
	inode = KERNEL_POINTER(struct file, file, f_inode);
	switch (KERNEL_READ(struct inode, inode, i_mode) & KERNEL_S_IFMT) {
	case KERNEL_S_IFREG:
		return file_kind_regular(KERNEL_POINTER(struct inode, inode, i_sb));
	case KERNEL_S_IFIFO:
		return file_kind_stream(inode, FILE_KIND_PIPE);
	case KERNEL_S_IFSOCK:
		return file_kind_stream(inode, FILE_KIND_SOCKET);
	case KERNEL_S_IFBLK:
		return FILE_KIND_BLOCK;
	case KERNEL_S_IFCHR:
		return file_kind_char(KERNEL_READ(struct inode, inode, i_rdev));
	default:
		return FILE_KIND_ANON;
	}
}

static __always_inline int file_kind_has_offset(__u32 kind)
{
	return kind == FILE_KIND_DISK || kind == FILE_KIND_TMPFS || kind == FILE_KIND_MEMFD ||
	       kind == FILE_KIND_BLOCK;
}

/*
 * file_by_number() - the open file behind a descriptor of the current task, or NULL.
 * Read without a reference, after the call: another thread may have closed it by now.
 */
static __always_inline const struct file *file_by_number(const struct task_struct *task, __u32 number)
{
	const struct files_struct *files = KERNEL_POINTER(struct task_struct, task, files);
	const struct fdtable *table = KERNEL_POINTER(struct files_struct, files, fdt);

	if (number >= KERNEL_READ(struct fdtable, table, max_fds))
		return NULL;
	return (const struct file *)kernel_word((__u64)KERNEL_ADDRESS(struct fdtable, table, fd) +
						number * 8ULL);
}

/* Is this an open regular file? Asked of what was found at a place whose type BTF does not tell. */
static __always_inline int file_is_real(const struct file *file)
{
	const struct inode *inode = KERNEL_ADDRESS(struct file, file, f_inode);
	const struct address_space *mapping = KERNEL_POINTER(struct file, file, f_mapping);

	return inode && inode == KERNEL_ADDRESS(struct address_space, mapping, host) &&
	       (KERNEL_READ(struct inode, inode, i_mode) & KERNEL_S_IFMT) == KERNEL_S_IFREG;
}

/*
 * The file that lies under one on overlayfs, which has no page cache of its own: private_data is that
 * file or, since 6.13, a structure that begins with it (fs/overlayfs/file.c). NULL if it is neither.
 */
static __always_inline const struct file *file_under_overlay(const struct file *file)
{
	const struct file *real = (const struct file *)KERNEL_ADDRESS(struct file, file, private_data);
	const struct file *inner;

	if (file_is_real(real))
		return real;
	inner = (const struct file *)kernel_word((__u64)real);
	return file_is_real(inner) ? inner : NULL;
}

/* A stacked file system's own file: the one above it is the one that was written to. */
static __always_inline int file_is_below(const struct file *file)
{
	return ((__u64)BPF_CORE_READ(file, f_mode) & KERNEL_FMODE_NOACCOUNT) != 0;
}

/* Do buffered writes to files of this file system go through the page cache, always? */
static __always_inline int file_is_cached(__u64 magic)
{
	switch (magic) {
	case FILE_MAGIC_EXT4:
	case FILE_MAGIC_XFS:
	case FILE_MAGIC_BTRFS:
	case FILE_MAGIC_F2FS:
	case FILE_MAGIC_MSDOS:
	case FILE_MAGIC_EXFAT:
	case FILE_MAGIC_TMPFS:
	case FILE_MAGIC_RAMFS:
	case FILE_MAGIC_BDEV:
		return 1;
	default:
		return 0; /* FUSE, network file systems: it depends on how they were mounted or opened */
	}
}

/* The magic number of the file system of an open file. */
static __always_inline __u64 file_magic(const struct file *file)
{
	const struct inode *inode = KERNEL_POINTER(struct file, file, f_inode);
	const struct super_block *sb = KERNEL_POINTER(struct inode, inode, i_sb);

	return KERNEL_READ(struct super_block, sb, s_magic);
}

/*
 * file_mapping_on() - where what lands in an open file (not NULL) can be seen: its struct address_space, or 0.
 * @magic:      file_magic() of it
 * @ret_cached: whether all that is written to it without O_DIRECT is there; may be NULL
 */
static __always_inline __u64 file_mapping_on(const struct file *file, __u64 magic, __u8 *ret_cached)
{
	/* huge pages are indexed in another unit */
	if (!cache_bases.valid || magic == FILE_MAGIC_HUGETLBFS)
		return 0;
	if (magic == FILE_MAGIC_OVERLAYFS) {
		file = file_under_overlay(file);
		if (!file)
			return 0;
		magic = file_magic(file);
	}
	if (ret_cached)
		*ret_cached = file_is_cached(magic);
	return (__u64)KERNEL_ADDRESS(struct file, file, f_mapping);
}

static __always_inline __u64 file_mapping(const struct file *file, __u8 *ret_cached)
{
	return file_mapping_on(file, file_magic(file), ret_cached);
}

/*
 * file_event() - the event's facts about its open file (not NULL). coherent is left to the caller to clear
 * where the offset may be wrong.
 */
static __always_inline void file_event(const struct file *file, __u32 kind, struct write_event *event)
{
	event->file = (__u64)file;
	event->kind = kind;
	if (!file_kind_has_offset(kind))
		return;
	/* what has no device goes through the page cache all the same */
	if (kind != FILE_KIND_TMPFS && kind != FILE_KIND_MEMFD)
		event->direct = KERNEL_READ(struct file, file, f_flags) & KERNEL_O_DIRECT ? 1 : 0;
	event->mapping = file_mapping(file, &event->coherent);
	if (event->direct)
		event->coherent = 0;
}

/*
 * file_appends() - does a call append to an open file, wherever it says to write? A function of its own: frames are short.
 * @address: of the struct file; @flags: RWF_* of the call
 */
__weak __noinline int file_appends(__u64 address, __u64 flags)
{
	if (flags & KERNEL_RWF_APPEND)
		return 1;
	/* RWF_NOAPPEND is not obeyed by every file system (overlayfs): what may have been appended is taken so */
	return (BPF_CORE_READ((const struct file *)address, f_flags) & KERNEL_O_APPEND) != 0;
}

/* References to an open file: 1 if only one descriptor of one process leads to it. */
static __always_inline __s64 file_references(const struct file *file)
{
	const struct file___counted *counted = (const void *)file;

	if (bpf_core_field_exists(counted->f_count))
		return BPF_CORE_READ(counted, f_count.counter);
	/* a file_ref_t counts from 0 */
	return KERNEL_READ(struct file, file, f_ref.refcnt.counter) + 1;
}

/*
 * Is the file's position nobody else's: could no other thread and no other process have moved it since
 * the call returned? (Compare fdget_pos(), fs/file.c.)
 */
static __always_inline int file_position_is_ours(const struct task_struct *task, const struct file *file)
{
	const struct files_struct *files = KERNEL_POINTER(struct task_struct, task, files);

	if (KERNEL_READ(struct files_struct, files, count.counter) != 1)
		return 0;
	return file_references(file) == 1;
}

/* file_describe_inode() - the sample's facts of a file by its inode, all but its path. */
static __always_inline void file_describe_inode(const struct inode *inode, struct token_sample *sample)
{
	const struct super_block *sb = BPF_CORE_READ(inode, i_sb);

	sample->inode = BPF_CORE_READ(inode, i_ino);
	sample->generation = BPF_CORE_READ(inode, i_generation);
	sample->mode = BPF_CORE_READ(inode, i_mode);
	sample->links = BPF_CORE_READ(inode, i_nlink);
	sample->owner_uid = BPF_CORE_READ(inode, i_uid.val);
	sample->owner_gid = BPF_CORE_READ(inode, i_gid.val);
	sample->rdev = BPF_CORE_READ(inode, i_rdev);
	sample->device = BPF_CORE_READ(sb, s_dev);
	sample->fs_magic = BPF_CORE_READ(sb, s_magic);
	bpf_probe_read_kernel_str(sample->fs_name, sizeof(sample->fs_name), BPF_CORE_READ(sb, s_type, name));
}

/* file_describe() - the same of an open file. */
static __always_inline void file_describe(const struct file *file, struct token_sample *sample)
{
	file_describe_inode(BPF_CORE_READ(file, f_inode), sample);
	sample->open_flags = BPF_CORE_READ(file, f_flags);
}
