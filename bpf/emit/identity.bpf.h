/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which leak is it: where the token stands, and who wrote it (struct seen_key), as numbers.
 *
 * What is known of a place by anybody is asked and told here as well, by whoever looks at bytes without knowing
 * exactly who wrote them: place_of_inode(), placed_has(), placed_add().
 */
#pragma once

#include "base/file.bpf.h"
#include "base/maps.bpf.h"
#include "token_key.h"

/* Bytes of a name, or of a directory entry's. */
#define IDENTITY_NAME_BYTES LIMIT_NAME_BYTES
/* Bytes of a text that are hashed at once. */
#define IDENTITY_TEXT_STEP (8 * TOKEN_SEED_WORDS)

/* Inode numbers of btrfs count in each subvolume anew; 0: not btrfs, or its layout is not known. */
static __always_inline __u64 place_subvolume(const struct inode *inode, __u64 magic)
{
	__u64 root = 0, number = 0;

	if (magic != FILE_MAGIC_BTRFS || !btrfs_layout.number)
		return 0;
	bpf_probe_read_kernel(&root, sizeof(root),
			      (const char *)inode - btrfs_layout.inode + btrfs_layout.root);
	bpf_probe_read_kernel(&number, sizeof(number), (const void *)(root + btrfs_layout.number));
	return number;
}

/* One word more of what token_hash() would be given at once. */
static __always_inline void place_add(__u32 index, __u64 word, __u64 *one, __u64 *other)
{
	*one += (__u32)word * token_seed.number[0][3 + 2 * index] +
		(word >> 32) * token_seed.number[0][4 + 2 * index];
	*other += (__u32)word * token_seed.number[1][3 + 2 * index] +
		  (word >> 32) * token_seed.number[1][4 + 2 * index];
	/* here, not later: what waits takes a place on the stack */
	asm volatile("" : "+r"(*one), "+r"(*other));
}

/*
 * place_of_inode() - the number of a place: a struct inode's address, and what in it. A function of its own.
 * @name: hash of the name in that directory, or of the attribute's name; 0: the content
 * @part: 0 for the content, else SAMPLE_NAME, SAMPLE_LINK or SAMPLE_XATTR
 */
__weak __noinline __u64 place_of_inode(__u64 address, __u64 name, __u32 part)
{
	const struct inode *inode = (const struct inode *)address;
	const struct super_block *sb = BPF_CORE_READ(inode, i_sb);
	__u64 one = token_seed.number[0][0], other = token_seed.number[1][0];

	/* one after the other, because the stack has no room for all */
	place_add(0, BPF_CORE_READ(inode, i_ino), &one, &other);
	place_add(1, BPF_CORE_READ(sb, s_dev) | (__u64)BPF_CORE_READ(inode, i_generation) << 32, &one,
		  &other);
	place_add(2, place_subvolume(inode, BPF_CORE_READ(sb, s_magic)), &one, &other);
	place_add(3, name, &one, &other);
	place_add(4, part, &one, &other);
	return one >> 32 << 32 | other >> 32;
}

/*
 * place_file_inode() - the inode in which what is written to an open file lies: of overlayfs that of the file below, of
 * a block device the device's own, whatever node it was opened by. It is the one that a page of it names.
 */
static __always_inline __u64 place_file_inode(const struct file *file)
{
	const struct inode *inode = BPF_CORE_READ(file, f_inode);
	const struct file *under;
	__u32 mode;

	if (BPF_CORE_READ(inode, i_sb, s_magic) == FILE_MAGIC_OVERLAYFS) {
		under = file_under_overlay(file);
		return (__u64)(under ? BPF_CORE_READ(under, f_inode) : inode);
	}
	mode = BPF_CORE_READ(inode, i_mode) & KERNEL_S_IFMT;
	if (mode == KERNEL_S_IFREG || mode == KERNEL_S_IFBLK)
		return (__u64)BPF_CORE_READ(file, f_mapping, host);
	return (__u64)inode;
}

/* placed_has() - has a token been alerted in that place, whoever wrote it? The entry, or NULL. */
static __always_inline struct placed_value *placed_has(__u64 token_key, __u64 place)
{
	struct placed_key key = {.token_key = token_key, .place = place};

	return bpf_map_lookup_elem(&placed, &key);
}

/*
 * placed_add() - there is an alert of that token in that place now. Returns the entry that was there already, which is left
 * as it is, or NULL: then it is a new one, also where it can't be told for want of memory.
 */
static __always_inline struct placed_value *placed_add(__u64 token_key, __u64 place, __s64 at, __u64 time)
{
	struct placed_key key = {.token_key = token_key, .place = place};
	struct placed_value value = {.at = at, .time = time};

	if (bpf_map_update_elem(&placed, &key, &value, BPF_NOEXIST))
		return bpf_map_lookup_elem(&placed, &key);
	__sync_fetch_and_add(&known.placed_in, 1);
	return NULL;
}

/* placed_drop() - there is none after all. */
static __always_inline void placed_drop(__u64 token_key, __u64 place)
{
	struct placed_key key = {.token_key = token_key, .place = place};

	if (!bpf_map_delete_elem(&placed, &key))
		__sync_fetch_and_add(&known.placed_out, 1);
}

struct identity_text {
	struct scratch *s;
	__u64 at;
	__u64 hash;
};

static long identity_text_step(__u32 index, struct identity_text *text)
{
	const __u8 *bytes = text->s->sample.strings.bytes;
	__u32 at = (text->at + index * IDENTITY_TEXT_STEP) & (LIMIT_STRINGS_BYTES - 1);

	text->hash = token_hash(&token_seed, text->hash, (const __u64 *)(const void *)&bytes[at],
				TOKEN_SEED_WORDS);
	return 0;
}

/*
 * Hash of `len` bytes at `at` of the sample's strings, behind which nothing may stand yet: it is filled up by zeros, which
 * stand in no name.
 * A function of its own.
 */
__noinline __u64 identity_text(struct scratch *s, __u32 at, __u32 len)
{
	struct identity_text text = {.s = s, .at = at};

	if (!s || at + len > LIMIT_STRINGS_BYTES - IDENTITY_TEXT_STEP)
		return 0;
	__builtin_memset(&s->sample.strings.bytes[(at + len) & (LIMIT_STRINGS_BYTES - 1)], 0,
			 IDENTITY_TEXT_STEP);
	bpf_loop((len + IDENTITY_TEXT_STEP - 1) / IDENTITY_TEXT_STEP, identity_text_step, &text, 0);
	return text.hash;
}

/* The hash of a string of the caller's, or, @length not 0, of the kernel's: a name's. */
static __always_inline __u64 identity_name(struct scratch *s, __u64 address, __u32 length)
{
	__u32 at = (s->sample.head.size - sizeof(struct token_sample)) & (LIMIT_STRINGS_BYTES - 1);
	__u8 *to = &s->sample.strings.bytes[at];
	long len;

	if (length) {
		len = length & (LIMIT_NAME_BYTES - 1);
		bpf_probe_read_kernel(to, len & (LIMIT_NAME_BYTES - 1), (const void *)address);
	} else {
		len = bpf_probe_read_user_str(to, LIMIT_NAME_BYTES, (const void *)address);
		len = len > 0 ? len - 1 : 0;
	}
	return identity_text(s, at, len);
}

/* Where a path of the caller's starts from: an inode's address. */
static __always_inline __u64 identity_base(const struct write_event *event)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct path *base = (const struct path *)event->name_base;
	char first = 0;

	bpf_probe_read_user(&first, 1, (const void *)event->name);
	if (first == '/' || !base)
		return (__u64)BPF_CORE_READ(task, fs, root.dentry, d_inode);
	return (__u64)BPF_CORE_READ(base, dentry, d_inode);
}

/*
 * identity_inode() - finds the inode of the place, and the hash of a name in it; the path is the sample's only string so
 * far.
 */
__noinline int identity_inode(struct scratch *s)
{
	const struct dentry *dentry;
	struct token_sample *head;
	const struct file *file;
	__u64 name = 0, inode = 0;
	__u32 part;

	if (!s)
		return 0;
	head = &s->sample.head;
	part = head->flags & SAMPLE_PARTS;
	dentry = (const struct dentry *)s->event.name_dentry;
	file = (const struct file *)s->event.file;
	if (file) {
		inode = place_file_inode(file);
		dentry = BPF_CORE_READ(file, f_path.dentry);
	}
	/* a label is its file system's */
	if (file && part & SAMPLE_LABEL)
		inode = (__u64)BPF_CORE_READ(dentry, d_sb, s_root, d_inode);
	if (s->event.attribute)
		name = identity_name(s, s->event.attribute, 0);
	if (!file && s->event.name) {
		/* only named: by the directory it starts from, and the path as the alert tells it */
		inode = identity_base(&s->event);
		name = token_hash(&token_seed, identity_text(s, 0, head->path_len), &name, 1);
	} else if (dentry && part & (SAMPLE_NAME | SAMPLE_LINK)) {
		inode = (__u64)BPF_CORE_READ(dentry, d_parent, d_inode);
		name = identity_name(s, (__u64)BPF_CORE_READ(dentry, d_name.name),
				     BPF_CORE_READ(dentry, d_name.len));
	}
	s->event.place_inode = inode;
	s->event.place_name = name;
	return 0;
}

/* identity_place() - fills in the place, after identity_inode(). */
__noinline int identity_place(struct scratch *s)
{
	__u64 process;

	if (!s)
		return 0;
	if (s->event.place_inode) {
		s->sample.head.place = place_of_inode(s->event.place_inode, s->event.place_name,
						      s->sample.head.flags & SAMPLE_PARTS);
		return 0;
	}
	/* nothing is known of it: another one for each process */
	process = s->sample.head.start ^ (__u64)s->sample.head.tgid << 32;
	s->sample.head.place = token_hash(&token_seed, s->sample.head.flags & SAMPLE_PARTS, &process, 1);
	return 0;
}

/* identity_writer() - fills in the writer: container and executable; without one (a kernel thread) its name. */
__noinline int identity_writer(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct file *file = BPF_CORE_READ(task, mm, exe_file);
	const struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u64 facts[6] = {};

	if (!s)
		return 0;
	facts[0] = s->sample.head.cgroup_id;
	facts[1] = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	if (inode) {
		facts[2] = BPF_CORE_READ(inode, i_ino);
		facts[3] = BPF_CORE_READ(inode, i_sb, s_dev) | (__u64)BPF_CORE_READ(inode, i_generation)
								       << 32;
	} else {
		__builtin_memcpy(&facts[4], s->sample.head.comm, LIMIT_COMM_BYTES);
	}
	s->sample.head.writer = token_hash(&token_seed, 0, facts, 6);
	return 0;
}
