/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The second look: at what came into a file past every hook (a store through a mapping, the kernel's own writers, a
 * completion that nobody is told of), where it lies in the page cache or leaves for a block device.
 *
 *     a clean page becomes dirty ──→ rechecks: this file is to be looked at     (hooks/recheck.bpf.c)
 *                                    dirtiers: who it was, by page
 *                                    described: that the daemon knows all of them
 *     once a second ──→ every dirty page of these files                        (recheck_look, run by the daemon)
 *     a bio is queued ──→ the pages in it                                      (hooks/block.bpf.c)
 *
 * A page that is dirty can be changed without anybody being told, so it is looked at as long as it is, and a last time when
 * it is written back; then the next store tells again. The page cache's own marks say which pages those are.
 *
 * map       | bound                  | when full
 * ----------+------------------------+----------------------------------------------------------------------------
 * rechecks  | LIMIT_RECHECKS         | the file is looked at when it is written back only, counted (rechecks_full)
 * dirtiers  | LIMIT_DIRTIERS         | the least recent is forgotten: the file's last writer is named
 * later     | LIMIT_LATER            | the pages are counted (bio_pages_unseen)
 * described | LIMIT_DESCRIBED        | the least recent is forgotten, and would be described again
 * seams     | LIMIT_SEAMS            | the least recent is forgotten: who has made the page dirty is named
 */
#pragma once

#include "base/count.bpf.h"
#include "base/file.bpf.h"
#include "base/maps.bpf.h"
#include "recheck.h"
#include "scan/cache.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LIMIT_RECHECKS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct recheck_file);
} rechecks __weak SEC(".maps");

struct dirtier_key {
	__u64 mapping;
	__u64 index; /* of a folio's first page */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_DIRTIERS);
	__type(key, struct dirtier_key);
	__type(value, struct recheck_writer);
} dirtiers __weak SEC(".maps");

/* Where fallocate(2) has last joined what stood apart in a file, by address space: a token that stands across is this writer's. */
struct recheck_seam {
	struct recheck_writer writer;
	__u64 at; /* in the file */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_SEAMS);
	__type(key, __u64);
	__type(value, struct recheck_seam);
} seams __weak SEC(".maps");

/* Pages that were on their way to a block device when there was no time to look at them: the daemon asks for that. */
struct later_key {
	__u64 mapping;
	__u64 index; /* of the first page */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LIMIT_LATER);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct later_key);
	__type(value, __u32); /* how many */
} later __weak SEC(".maps");

/* Files that were put into `rechecks` so far: news for the daemon. */
__u64 rechecks_added __weak = 0;

/* From there on so many pages wait, or more if more do already. Returns 0, or a negative errno: there is no room. */
static __always_inline long later_add(__u64 mapping, __u64 index, __u32 pages)
{
	struct later_key key = {mapping, index};
	const __u32 *waiting = bpf_map_lookup_elem(&later, &key);
	__u32 value = waiting && *waiting > pages ? *waiting : pages;
	long r = bpf_map_update_elem(&later, &key, &value, BPF_ANY);

	if (!r)
		__sync_fetch_and_add(&rechecks_added, 1);
	return r;
}

struct described_key {
	__u64 mapping;
	__u64 start;
	__u64 tgid;
};

struct described_value {
	__u64 seq; /* of the sample that describes the writer */
	__u64 time;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_DESCRIBED);
	__type(key, struct described_key);
	__type(value, struct described_value);
} described __weak SEC(".maps");

/* Pages of the folio at that address. */
static __always_inline __u64 recheck_pages(__u64 folio)
{
	const struct folio___counted *counted = (const void *)folio;

	if (!(kernel_word(folio) >> bpf_core_enum_value(enum pageflags, PG_head) & 1))
		return 1;
	if (bpf_core_field_exists(counted->_nr_pages))
		return BPF_CORE_READ(counted, _nr_pages);
	return bpf_core_field_exists(counted->_folio_nr_pages) ? BPF_CORE_READ(counted, _folio_nr_pages) : 1;
}

struct folio___mapcount {
	atomic_t _large_mapcount;
} __attribute__((preserve_access_index));

/* Is the folio at that address in anybody's page tables? Where that can't be told of a large one (before 6.11), it is. */
static __always_inline int recheck_is_mapped(__u64 folio)
{
	const struct folio___mapcount *large = (const void *)folio;

	if (!(kernel_word(folio) >> bpf_core_enum_value(enum pageflags, PG_head) & 1))
		return BPF_CORE_READ((const struct folio *)folio, _mapcount.counter) != -1;
	return !bpf_core_field_exists(large->_large_mapcount) ||
	       BPF_CORE_READ(large, _large_mapcount.counter) != -1;
}

/* Does the folio at that address lie in this page cache still? */
static __always_inline int recheck_holds(__u64 folio, __u64 mapping)
{
	return (__u64)KERNEL_ADDRESS(struct folio, folio, mapping) == mapping;
}

/* The inode that an address space belongs to, if it is the one that was noted: what is freed may be another's by now. */
static __always_inline const struct inode *recheck_inode(__u64 mapping, const struct recheck_file *file)
{
	const struct inode *inode = KERNEL_ADDRESS(struct address_space, mapping, host);

	if (!inode || (__u64)BPF_CORE_READ(inode, i_mapping) != mapping ||
	    BPF_CORE_READ(inode, i_ino) != file->inode ||
	    BPF_CORE_READ(inode, i_generation) != file->generation ||
	    BPF_CORE_READ(inode, i_sb, s_dev) != file->device)
		return NULL;
	return inode;
}

/*
 * recheck_event() - sets the event to pages [index, index + count) of a file, with what a token in them may reach on either
 * side. A function of its own (verified once); returns 0.
 */
__weak __noinline int recheck_event(struct scratch *s, __u64 mapping, __u64 index, __u64 count, __u32 recheck)
{
	__u64 start = index * KERNEL_PAGE_SIZE, end = (index + count) * KERNEL_PAGE_SIZE, size;
	const struct super_block *sb;
	const struct inode *inode;

	if (!s)
		return 0;
	inode = KERNEL_ADDRESS(struct address_space, mapping, host);
	sb = BPF_CORE_READ(inode, i_sb);
	size = BPF_CORE_READ(inode, i_size);
	start = start > TOKEN_MAX_LEN ? start - TOKEN_MAX_LEN : 0;
	end += TOKEN_MAX_LEN;
	if (end > size)
		end = size;
	if (end < start)
		end = start;
	s->event.mapping = mapping;
	s->event.address = start;
	s->event.offset = start;
	s->event.length = end - start;
	s->event.source = WRITE_SOURCE_LANDED;
	s->event.inode = (__u64)inode;
	s->event.name_dentry = kernel_inode_dentry(inode);
	s->event.kind = (BPF_CORE_READ(inode, i_mode) & KERNEL_S_IFMT) == KERNEL_S_IFBLK
				? FILE_KIND_BLOCK
				: file_kind_regular(sb);
	s->event.recheck = recheck;
	return 0;
}

/*
 * Leaves of that only what lies in the pages themselves: what stands beside them may have been stored just now, and is
 * not to be taken for old.
 */
static __always_inline void recheck_narrow(struct scratch *s, __u64 index, __u64 count)
{
	__u64 start = index * KERNEL_PAGE_SIZE, end = s->event.offset + s->event.length;

	if (end > (index + count) * KERNEL_PAGE_SIZE)
		end = (index + count) * KERNEL_PAGE_SIZE;
	s->event.address = start;
	s->event.offset = start;
	s->event.length = end > start ? end - start : 0;
}

/* recheck_writer.tgid of who is not in the scope. */
#define RECHECK_FOREIGN (~0U)

#define RECHECK_NOTHING (~0ULL)
#define RECHECK_LEVELS 6 /* 2^36 pages */

/* struct xa_node.marks: PAGECACHE_TAG_DIRTY and PAGECACHE_TAG_WRITEBACK (include/linux/fs.h) are the first two. */
static __always_inline __u64 recheck_marks(__u64 node)
{
	__u64 marks = node + bpf_core_field_offset(struct xa_node, marks);

	return kernel_word(marks) | kernel_word(marks + 8);
}

static __always_inline int recheck_dirtied(__u64 folio)
{
	__u64 flags = kernel_word(folio);

	return (flags >> bpf_core_enum_value(enum pageflags, PG_dirty) |
		flags >> bpf_core_enum_value(enum pageflags, PG_writeback)) &
	       1;
}

/* The number of the lowest bit that is set, of one at least; without a branch, of which the verifier would follow each. */
static __always_inline __u64 recheck_lowest(__u64 bits)
{
	__u64 lowest = 0;

#pragma unroll
	for (int i = 0; i < 6; i++) {
		__u64 half = 32 >> i, skip = half & -(((bits & ((1ULL << half) - 1)) - 1) >> 63);

		bits >>= skip;
		lowest += skip;
	}
	return lowest;
}

/*
 * recheck_next() - the folio with the next page of a mapping, `index` or later, that is dirty or being written back:
 * its address, or 0. What is left out of a node on the way up is gone on with at *index by the next call.
 * Sets *index to where it starts (or where to go on, if it returns 0 and there is more), or to RECHECK_NOTHING.
 */
__weak __noinline __u64 recheck_next(__u64 mapping, __u64 *index)
{
	__u64 entry, from, below;

	if (!index)
		return 0;
	from = *index;
	*index = RECHECK_NOTHING;
	entry = (__u64)KERNEL_ADDRESS(struct address_space, mapping, i_pages.xa_head);
	if ((entry & 3) != 2) {
		/* the first page alone needs no node, and its mark is its flag */
		if (from || entry & 3 || !entry || !recheck_dirtied(entry))
			return 0;
		*index = 0;
		return entry;
	}
	for (int level = 0; level < RECHECK_LEVELS; level++) {
		__u64 node = entry - 2, shift, slot, marks;

		if (entry < CACHE_NODE_MIN)
			return 0;
		shift = BPF_CORE_READ((const struct xa_node *)node, shift) & 63;
		slot = from >> shift;
		if (level == 0 && slot >= CACHE_SLOTS)
			return 0;
		slot &= CACHE_SLOTS - 1;
		marks = recheck_marks(node) >> slot;
		if (!marks) {
			/* go on behind this node, from the top */
			if (level == 0)
				return 0;
			*index = ((from >> shift) / CACHE_SLOTS + 1) * CACHE_SLOTS << shift;
			return 0;
		}
		below = recheck_lowest(marks);
		/* the folio at `from` may begin before it; one further on begins where its slot does */
		from = below ? ((from >> shift) + below) << shift : from;
		slot += below;
		entry = cache_slot(node, slot);
		if (!(entry & 3)) {
			/* gone meanwhile: the one behind it */
			*index = entry ? from : from + (1ULL << shift);
			return entry;
		}
		if ((entry & 3) != 2 || entry < (CACHE_SLOTS << 2)) {
			*index = from + (1ULL << shift);
			return 0;
		}
	}
	return 0;
}

/*
 * recheck_begin() - the current process may change pages of a file that are dirty already: it becomes the writer in s->writer, and
 * is described to the daemon. @index: of one of them; @call: by which enum write_call. Defined in hooks/recheck.bpf.c; returns 0
 */
extern int recheck_begin(struct scratch *s, __u64 mapping, __u64 index, __u32 call);

/*
 * recheck_note() - from now on the file of s->event is looked at, and s->writer has made the folio at `index` dirty (RECHECK_NOTHING:
 * none). What was there before is to be known by then. Defined in hooks/recheck.bpf.c; returns whether it was not looked at before.
 */
extern int recheck_note(struct scratch *s, __u64 index);

/* recheck_joined() - the current process has joined what stands before and behind this place. Defined in hooks/recheck.bpf.c; returns 0 */
extern int recheck_joined(struct scratch *s, __u64 mapping, __u64 at);

/* recheck_writer.file of an address space. */
static __always_inline __u64 recheck_file_of(__u64 mapping)
{
	const struct inode *inode = KERNEL_ADDRESS(struct address_space, mapping, host);

	return BPF_CORE_READ(inode, i_ino) ^ (__u64)BPF_CORE_READ(inode, i_generation) << 32;
}

/* May anybody store through a mapping of the file now? */
static __always_inline int recheck_is_stored_into(__u64 mapping)
{
	return BPF_CORE_READ((const struct address_space *)mapping, i_mmap_writable.counter) > 0;
}

/*
 * Who has made a page dirty that nobody has written to by a call: as exactly as it is known. Who has written there by io_uring
 * was seen when that was done: what has come in since is of who has mapped the file, then still or later, since a page that is dirty
 * already tells of no store.
 */
static __always_inline int recheck_writer_of(__u64 mapping, __u64 index, struct recheck_writer *ret_writer)
{
	struct dirtier_key key = {mapping, index};
	const struct recheck_writer *writer = bpf_map_lookup_elem(&dirtiers, &key);
	const struct recheck_file *file = bpf_map_lookup_elem(&rechecks, &mapping);
	__u64 here = recheck_file_of(mapping);

	if (file && file->writer.file != here)
		file = NULL;
	if (writer && writer->file == here &&
	    !(file && writer->call == WRITE_CALL_IO_URING && file->writer.call == WRITE_CALL_MMAP &&
	      (file->writer.time > writer->time || recheck_is_stored_into(mapping)))) {
		*ret_writer = *writer;
		return 1;
	}
	if (!file)
		return 0;
	*ret_writer = file->writer;
	return 1;
}

/*
 * Who has joined the two parts of what stands at `position`, if nobody has stored there since: the second look may be there before
 * the daemon has read the file. A write by io_uring into the same folio says nothing: it was seen when it was done. Returns 0 if
 * nobody has.
 */
static __always_inline int recheck_joiner_of(__u64 mapping, __u64 position, __u64 len,
					     const struct recheck_writer *dirtier,
					     struct recheck_writer *ret_writer)
{
	const struct recheck_seam *seam = bpf_map_lookup_elem(&seams, &mapping);

	if (!seam || seam->writer.file != recheck_file_of(mapping))
		return 0;
	if (position >= seam->at || position + len <= seam->at)
		return 0;
	if (dirtier->tgid && dirtier->call != WRITE_CALL_IO_URING && dirtier->time > seam->writer.time)
		return 0;
	*ret_writer = seam->writer;
	return 1;
}
