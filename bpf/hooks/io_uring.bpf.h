/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What both ends of an io_uring request ask of it. */
#pragma once

#include "base/file.bpf.h"

/* include/uapi/linux/io_uring.h; by number, since an older kernel's headers lack the newer ones */
enum io_uring_write_op {
	IO_URING_WRITEV = 2,
	IO_URING_WRITE_FIXED = 5,
	IO_URING_SENDMSG = 9,
	IO_URING_OPENAT = 18,
	IO_URING_WRITE = 23,
	IO_URING_SEND = 26,
	IO_URING_OPENAT2 = 28,
	IO_URING_SPLICE = 30,
	IO_URING_TEE = 33,
	IO_URING_RENAMEAT = 35,
	IO_URING_MKDIRAT = 37,
	IO_URING_SYMLINKAT = 38,
	IO_URING_LINKAT = 39,
	IO_URING_FSETXATTR = 41,
	IO_URING_SETXATTR = 42,
	IO_URING_SEND_ZC = 47,
	IO_URING_SENDMSG_ZC = 48,
	IO_URING_BIND = 56,
	IO_URING_WRITEV_FIXED = 61,
};

/* IOSQE_FIXED_FILE, _IO_DRAIN, _ASYNC and _CQE_SKIP_SUCCESS, as a request's flags have them (include/linux/io_uring_types.h) */
#define IO_URING_REQ_FIXED_FILE (1U << 0)
#define IO_URING_REQ_DRAIN (1U << 1)
#define IO_URING_REQ_ASYNC (1U << 4)
#define IO_URING_REQ_CQE_SKIP (1U << 6)
/* IORING_SETUP_DEFER_TASKRUN: what a worker has done completes when somebody reaps */
#define IO_URING_DEFERS (1U << 13)
/* what a slot keeps in the low bits of its file's address */
#define IO_URING_FILE_MASK (~7ULL)

/*
 * Writes under way to what is never written back (tmpfs, memfd, streams): there only a completion tells of them, and one that finds no
 * room in the queue tells of no request. Those whose file is not settled when they are submitted may go there as well.
 *
 * By the ring's address; rings that fall on one slot share it, and what is unsure of one of them is so of all. So nothing is forgotten.
 */
struct ring_writes {
	__u64 mapping; /* of the file that all of them go to */
	__u32 pending;
	__u8 several; /* they go to more than that */
	__u8 silent; /* the queue may fill up: the daemon is told of each file */
	__u8 uncovered; /* there were others before that */
	__u8 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LIMIT_RINGS);
	__type(key, __u32);
	__type(value, struct ring_writes);
} rings __weak SEC(".maps");

/*
 * The requests that are pending there, and in which slot: others complete as well (one that was to be skipped, and has failed). By the
 * request's address. One that is forgotten stays pending, so that more is counted than is lost.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_RING_WRITES);
	__type(key, __u64);
	__type(value, __u32);
} rings_pending __weak SEC(".maps");

/* Is there any? Most hosts have none. */
__u32 rings_used __weak = 0;

static __always_inline __u32 io_uring_slot(__u64 ring)
{
	/* the upper bits of a product with the golden ratio: addresses differ in the middle */
	return (__u32)(ring * 0x9e3779b97f4a7c15ULL >> 32) % LIMIT_RINGS;
}

/* Has the daemon been told of it, whatever becomes of it? What a worker does for such a ring completes when somebody reaps. */
static __always_inline int io_uring_was_told(const struct io_kiocb *request, __u64 mapping)
{
	return mapping && (__u32)BPF_CORE_READ(request, flags) & IO_URING_REQ_ASYNC &&
	       BPF_CORE_READ(request, ctx, flags) & IO_URING_DEFERS;
}

/* Is it one of those? */
static __always_inline int io_uring_is_write(__u32 op)
{
	switch (op) {
	case IO_URING_WRITE:
	case IO_URING_WRITE_FIXED:
	case IO_URING_WRITEV:
	case IO_URING_WRITEV_FIXED:
	case IO_URING_SEND:
	case IO_URING_SENDMSG:
	case IO_URING_SEND_ZC:
	case IO_URING_SENDMSG_ZC:
		return 1;
	case IO_URING_SPLICE:
	case IO_URING_TEE:
		/* do_splice() and do_tee() are hooked by the other attachment */
		return !vfs_hooked;
	default:
		return 0;
	}
}

/* What is never written back. */
#define IO_URING_UNWRITTEN                                                                           \
	(FILE_KIND_BIT(TMPFS) | FILE_KIND_BIT(MEMFD) | FILE_KIND_BIT(PIPE) | FILE_KIND_BIT(SOCKET) | \
	 FILE_KIND_BIT(TTY))

/* … to a file of that kind? */
static __always_inline int io_uring_is_unwritten(__u32 kind)
{
	return settings.watch & (1U << kind) & IO_URING_UNWRITTEN;
}

/* The kernel before 6.13 (7029acd8a950, "io_uring/rsrc: get rid of per-ring io_rsrc_node list" and those around it). */
struct io_fixed_file___before {
	unsigned long file_ptr;
} __attribute__((preserve_access_index));

struct io_file_table___before {
	struct io_fixed_file___before *files;
} __attribute__((preserve_access_index));

struct io_rsrc_node___since {
	unsigned long file_ptr;
} __attribute__((preserve_access_index));

struct io_rsrc_data___since {
	struct io_rsrc_node___since **nodes;
} __attribute__((preserve_access_index));

struct io_file_table___since {
	struct io_rsrc_data___since data;
} __attribute__((preserve_access_index));

/*
 * Requests that name something, where they keep the caller's strings as they were given: the kernel before 7.0 (delayed_filename).
 */
struct filename___before {
	const char *uptr;
} __attribute__((preserve_access_index));

struct io_open___before {
	int dfd;
	struct filename___before *filename;
	struct open_how how;
} __attribute__((preserve_access_index));

struct io_mkdir___before {
	int dfd;
	struct filename___before *filename;
} __attribute__((preserve_access_index));

struct io_rename___before {
	int new_dfd;
	struct filename___before *newpath;
} __attribute__((preserve_access_index));

struct io_link___before {
	int new_dfd;
	struct filename___before *oldpath, *newpath;
} __attribute__((preserve_access_index));

/* Are a request's names to be had when it is submitted? */
static __always_inline int io_uring_has_names(void)
{
	const struct io_open___before *open = NULL;
	const struct io_mkdir___before *directory = NULL;
	const struct io_rename___before *rename = NULL;
	const struct io_link___before *link = NULL;
	const struct filename___before *name = NULL;

	return bpf_core_field_exists(open->filename) && bpf_core_field_exists(directory->filename) &&
	       bpf_core_field_exists(rename->newpath) && bpf_core_field_exists(link->newpath) &&
	       bpf_core_field_exists(name->uptr);
}

/* The file that is registered with the request's ring under that number, or NULL. */
static __always_inline const struct file *io_uring_registered(const struct io_kiocb *request, __u32 number)
{
	__u64 table =
		(__u64)BPF_CORE_READ(request, ctx) + bpf_core_field_offset(struct io_ring_ctx, file_table);
	const struct io_file_table___since *since;
	const struct io_file_table___before *before;
	const struct io_rsrc_node___since **nodes, *node = NULL;
	const struct io_fixed_file___before *files;
	__u64 file = 0;

	since = (const void *)table;
	before = (const void *)table;
	if (bpf_core_field_exists(since->data.nodes)) {
		nodes = (const struct io_rsrc_node___since **)BPF_CORE_READ(since, data.nodes);
		bpf_probe_read_kernel(&node, sizeof(node), &nodes[number]);
		file = node ? BPF_CORE_READ(node, file_ptr) : 0;
	} else if (bpf_core_field_exists(before->files)) {
		files = BPF_CORE_READ(before, files);
		bpf_probe_read_kernel(&file, sizeof(file), &files[number]);
	}
	return (const struct file *)(file & IO_URING_FILE_MASK);
}
