// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Second look, first part: which pages somebody has made dirty past the hooks, and looking at them where they lie.
 *
 * A store through a shared mapping faults when its page is clean: the kernel then tells that the page becomes dirty, right
 * before the store, in the context of whoever stores. So it does not matter who mapped the file, when, or by which window.
 * What the page holds at that moment was there before, and is nobody's who stores now: it is noted as known.
 *
 * Of pages that become dirty by a call which has a first look, nothing is noted: most of the host's writing ends at
 * two loads. Other calls, kernel threads, io_uring and core dumps have put their bytes in already when they get here.
 */
#include "scan/recheck.bpf.h"

#include "base/scope.bpf.h"
#include "base/preempt.bpf.h"
#include "base/write_call.bpf.h"
#include "emit/share.bpf.h"
#include "hooks/mapping.bpf.h"
#include "scan/in_place.bpf.h"
#include "scan/inspect.bpf.h"

#include <bpf/bpf_tracing.h>

/* include/linux/sched.h */
#define RECHECK_PF_IO_WORKER 0x00000010
#define RECHECK_PF_DUMPCORE 0x00000200
#define RECHECK_PF_KTHREAD 0x00200000

/* include/uapi/linux/btrfs_tree.h: BTRFS_BTREE_INODE_OBJECTID */
#define RECHECK_BTREE_INODE 1

/* Dirty folios that are looked at when a file is mapped. */
#define RECHECK_OLD_STEPS 256

/* Cgroups above a process's own that are walked to find the one that is watched. */
#define RECHECK_CGROUPS 32

/* How a page becomes dirty. */
enum dirtied {
	DIRTIED_BY_WRITE, /* a call whose bytes a first look is at */
	DIRTIED_ANYHOW, /* a call that brings no bytes: it cuts, allocates, opens */
	DIRTIED_BY_FAULT, /* a store is about to come */
	DIRTIED_UNSEEN, /* something else */
};

static __always_inline int dirtied_anyhow(__u64 nr, __u32 compat)
{
	if (compat)
		return nr == 92 || nr == 93 || nr == 193 || nr == 194 || nr == 324 || nr == 5 || nr == 8 ||
		       nr == 295 || nr == 437;
	nr &= ~(__u64)KERNEL_X32_BIT;
	/* truncate, ftruncate, fallocate, open, creat, openat, openat2 */
	return nr == 76 || nr == 77 || nr == 285 || nr == 2 || nr == 85 || nr == 257 || nr == 437;
}

/* A call that stores into the caller's memory, or another process's: it faults like they would themselves. */
static __always_inline int dirtied_as_memory(__u64 nr, __u32 compat)
{
	/* read, pread64, readv, preadv, preadv2, recvfrom, recvmsg, recvmmsg, socketcall, process_vm_writev */
	if (compat)
		return nr == 3 || nr == 180 || nr == 145 || nr == 333 || nr == 378 || nr == 371 ||
		       nr == 372 || nr == 337 || nr == 417 || nr == 102 || nr == 348;
	nr &= ~(__u64)KERNEL_X32_BIT;
	return nr == 0 || nr == 17 || nr == 19 || nr == 295 || nr == 327 || nr == 45 || nr == 47 ||
	       nr == 299 || nr == 311 ||
	       /* those that x32 has numbers of its own for */
	       nr == 515 || nr == 534 || nr == 546 || nr == 517 || nr == 519 || nr == 537 || nr == 540;
}

/*
 * Does the task act for itself, and not, as a stacked file system does, with another's rights? A function of its own: for each
 * pointer that is loaded from a task, kernels from 6.4 on search their whole BTF by name, and would once for each call's number.
 */
__weak __noinline int dirtied_for_itself(void)
{
	const struct task_struct *task = bpf_get_current_task_btf();

	return task->cred == task->real_cred;
}

static __always_inline enum dirtied dirtied_how(const struct task_struct *task, __u32 *ret_call)
{
	const struct pt_regs *regs = (const struct pt_regs *)bpf_task_pt_regs((struct task_struct *)task);
	__u32 compat = kernel_is_compat(task), call;
	__u64 nr = kernel_call_number(regs);

	*ret_call = WRITE_CALL_UNKNOWN;
	if (task->flags & RECHECK_PF_KTHREAD)
		return DIRTIED_UNSEEN;
	if (task->flags & RECHECK_PF_IO_WORKER) {
		*ret_call = WRITE_CALL_IO_URING;
		return DIRTIED_UNSEEN;
	}
	if (task->flags & RECHECK_PF_DUMPCORE)
		return DIRTIED_UNSEEN;
	/* a fault of the process's own, not of a system call */
	if ((__s32)nr == -1) {
		*ret_call = WRITE_CALL_MMAP;
		return DIRTIED_BY_FAULT;
	}
	call = write_call_by_number(nr, compat);
	if (call && call != WRITE_CALL_MMAP && !(call >= WRITE_CALL_OPEN && call <= WRITE_CALL_OPENAT2))
		return DIRTIED_BY_WRITE;
	/* a stacked file system copies a file up for whoever opens it */
	if (dirtied_anyhow(nr, compat) && dirtied_for_itself())
		return DIRTIED_ANYHOW;
	if (dirtied_as_memory(nr, compat) && dirtied_for_itself()) {
		*ret_call = WRITE_CALL_MMAP;
		return DIRTIED_BY_FAULT;
	}
	if (nr == 426)
		*ret_call = WRITE_CALL_IO_URING;
	return DIRTIED_UNSEEN;
}

#define DESCRIBED_FULL (~0ULL)

static __always_inline struct described_key described_key(const struct scratch *s)
{
	struct described_key key = {};

	key.mapping = s->event.mapping;
	key.start = s->writer.start;
	key.tgid = s->writer.tgid;
	return key;
}

/* Has the writer been told of already? The sample's number, 0: no, DESCRIBED_FULL: there is no room to. */
__noinline __u64 recheck_described(struct scratch *s)
{
	struct described_value *known;
	struct described_key key;
	__u64 mapping;

	if (!s)
		return DESCRIBED_FULL;
	key = described_key(s);
	mapping = s->event.mapping;
	known = bpf_map_lookup_elem(&described, &key);
	if (known && s->writer.time - known->time < LIMIT_DESCRIBED_NS &&
	    bpf_map_lookup_elem(&rechecks, &mapping))
		return known->seq;
	/* what nobody has asked for yet takes no room from what was found */
	if (bpf_ringbuf_query(&samples, BPF_RB_AVAIL_DATA) >
	    bpf_ringbuf_query(&samples, BPF_RB_RING_SIZE) / 2) {
		count(COUNTER_writers_undescribed);
		return DESCRIBED_FULL;
	}
	return 0;
}

__noinline int recheck_told(struct scratch *s, __u64 seq)
{
	struct described_value value = {};
	struct described_key key;

	if (!s || !seq)
		return 0;
	key = described_key(s);
	value.seq = seq;
	value.time = s->writer.time;
	bpf_map_update_elem(&described, &key, &value, BPF_ANY);
	return 0;
}

/*
 * Tells the daemon who is about to store into which file; returns the sample's number, or 0. Also of who is known, if the
 * file is looked at from now on: that wakes the daemon. What it asks and notes has functions of its own, because the frames
 * up to here are there while all is described.
 */
static __always_inline __u64 recheck_describe(struct scratch *s)
{
	__u64 seq = recheck_described(s);

	if (seq)
		return seq == DESCRIBED_FULL ? 0 : seq;
	seq = inspect_describe(s);
	recheck_told(s, seq);
	return seq;
}

/* A process becomes the writer in s->writer. */
static __always_inline void recheck_writer(struct scratch *s, const struct task_struct *task, __u32 call)
{
	s->writer.described = 0;
	s->writer.start = BPF_CORE_READ(task, group_leader, start_boottime);
	s->writer.time = bpf_ktime_get_boot_ns();
	s->writer.tgid = task->tgid;
	s->writer.group = share_group();
	s->writer.call = call;
	BPF_CORE_READ_INTO(&s->writer.comm, task, group_leader, comm);
}

/* A function of its own (verified once); what goes into a map lies on its stack, from where 6.1 takes it. */
__noinline int recheck_note(struct scratch *s, __u64 index)
{
	struct recheck_file file = {}, *known;
	struct dirtier_key key = {};
	const struct inode *inode;

	if (!s)
		return 0;
	key.mapping = s->event.mapping;
	key.index = index;
	s->writer.file = recheck_file_of(key.mapping);
	file.writer = s->writer;
	file.old = s->event.old;
	if (index != RECHECK_NOTHING)
		bpf_map_update_elem(&dirtiers, &key, &file.writer, BPF_ANY);
	inode = (const struct inode *)s->event.inode;
	known = bpf_map_lookup_elem(&rechecks, &key.mapping);
	if (known && recheck_inode(key.mapping, known)) {
		/* who has mapped it may store into pages that tell nothing: that is not forgotten for who was seen anyway */
		if (file.writer.call == WRITE_CALL_MMAP || known->writer.call != WRITE_CALL_MMAP)
			known->writer = file.writer;
		return 0;
	}
	file.inode = BPF_CORE_READ(inode, i_ino);
	file.device = BPF_CORE_READ(inode, i_sb, s_dev);
	file.generation = BPF_CORE_READ(inode, i_generation);
	if (bpf_map_update_elem(&rechecks, &key.mapping, &file, BPF_ANY)) {
		count(COUNTER_rechecks_full);
		return 0;
	}
	__sync_fetch_and_add(&rechecks_added, 1);
	return 1;
}

int recheck_joined(struct scratch *s, __u64 mapping, __u64 at)
{
	struct recheck_seam seam = {.at = at};

	if (!s)
		return 0;
	recheck_writer(s, bpf_get_current_task_btf(), WRITE_CALL_FALLOCATE);
	s->writer.file = recheck_file_of(mapping);
	seam.writer = s->writer;
	bpf_map_update_elem(&seams, &mapping, &seam, BPF_ANY);
	return 0;
}

/* Somebody who is not watched has made a page dirty: if the file is looked at, it is to be known that this page is theirs. */
static __always_inline int recheck_foreign(__u64 mapping, __u64 index)
{
	struct recheck_writer writer = {.tgid = RECHECK_FOREIGN};
	struct dirtier_key key = {mapping, index};

	if (!bpf_map_lookup_elem(&rechecks, &mapping))
		return 0;
	writer.time = bpf_ktime_get_boot_ns();
	writer.file = recheck_file_of(mapping);
	bpf_map_update_elem(&dirtiers, &key, &writer, BPF_ANY);
	return 0;
}

/*
 * A call has made a page dirty, of a file that somebody has mapped. Its own bytes are seen; what comes into the page later is
 * of who mapped it, if that is known. Else all that can be named is the caller.
 */
static __always_inline int recheck_has_mapper(__u64 mapping)
{
	const struct recheck_file *file = bpf_map_lookup_elem(&rechecks, &mapping);

	return file && file->writer.call == WRITE_CALL_MMAP && recheck_inode(mapping, file);
}

SEC("tp_btf/writeback_dirty_folio")
int BPF_PROG(recheck_dirty, struct folio *folio, struct address_space *mapping)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 number[2] = {}, index, pages;
	__u32 call, mode, kind, stored;
	enum dirtied how;
	struct scratch *s;

	if (!mapping)
		return 0;
	stored = mapping->i_mmap_writable.counter > 0;
	how = dirtied_how(task, &call);
	if (!stored && how <= DIRTIED_ANYHOW)
		return 0;
	mode = mapping->host->i_mode & KERNEL_S_IFMT;
	/* a file system's own blocks lie in its device's page cache */
	if (mode != KERNEL_S_IFREG && (mode != KERNEL_S_IFBLK || !stored))
		return 0;
	/*
	 * btrfs keeps small files in its records, by an inode that is no file's. They are written anew, elsewhere, whenever
	 * anything beside them changes: what is there was not written by who does that.
	 */
	if (mapping->host->i_ino == RECHECK_BTREE_INODE && mapping->host->i_sb->s_magic == FILE_MAGIC_BTRFS)
		return 0;
	/* as numbers */
	bpf_probe_read_kernel(number, sizeof(number), ctx);
	index = folio->index;
	if (!scope_holds(task))
		return recheck_foreign(number[1], index);
	if (how == DIRTIED_BY_WRITE && recheck_has_mapper(number[1]))
		return 0;
	preempt_begin();
	s = inspect_begin();
	if (!s)
		goto busy;
	pages = recheck_pages(number[0]);
	recheck_event(s, number[1], index, pages, RECHECK_OLD);
	recheck_narrow(s, index, pages);
	kind = s->event.kind;
	if (!(settings.watch & (1U << kind)))
		goto end;
	/* what stands there now was there before the store that is to come; known, before the daemon looks at the file */
	if (how == DIRTIED_BY_FAULT &&
	    in_place_innocent(number[1], s->event.offset, s->event.length, s->until) != IN_PLACE_INNOCENT)
		inspect_recheck(s);
	recheck_begin(s, number[1], index, how <= DIRTIED_ANYHOW ? WRITE_CALL_MMAP : call);
	recheck_note(s, index);
end:
	inspect_end(s);
busy:
	preempt_end();
	return 0;
}

int recheck_begin(struct scratch *s, __u64 mapping, __u64 index, __u32 call)
{
	if (!s)
		return 0;
	recheck_writer(s, bpf_get_current_task_btf(), call);
	recheck_event(s, mapping, index, 1, RECHECK_OLD);
	s->event.call = call;
	s->writer.described = recheck_describe(s);
	return 0;
}

struct recheck_mapping {
	__u64 mapping, index;
	__u64 at, count; /* the folio that must be inspected */
	__u64 folio;
	__u32 any;
};

/* To the first dirty page of the mapping. */
static long recheck_dirty_step(__u32 i, struct recheck_mapping *walk)
{
	__u64 index = walk->index;

	(void)i;
	if (recheck_next(walk->mapping, &index))
		walk->any = 1;
	walk->index = index;
	return walk->any || index == RECHECK_NOTHING;
}

static long recheck_mapped_step(__u32 i, struct recheck_mapping *walk)
{
	__u64 index = walk->index, folio = recheck_next(walk->mapping, &index);

	(void)i;
	walk->index = index;
	if (index == RECHECK_NOTHING)
		return 1;
	if (!folio)
		return 0;
	walk->any = 1;
	walk->folio = folio;
	walk->at = BPF_CORE_READ((const struct folio *)folio, index);
	walk->count = recheck_pages(folio);
	walk->index = walk->at + walk->count;
	if (recheck_is_mapped(folio) ||
	    in_place_innocent(walk->mapping, walk->at * KERNEL_PAGE_SIZE, walk->count * KERNEL_PAGE_SIZE,
			      IN_PLACE_NO_END) == IN_PLACE_INNOCENT)
		walk->count = 0;
	return walk->count != 0;
}

int recheck_any(__u64 mapping)
{
	struct recheck_mapping walk = {.mapping = mapping};
	const struct recheck_file *known;

	bpf_loop(RECHECK_OLD_STEPS, recheck_dirty_step, &walk, 0);
	if (!walk.any)
		return RECHECK_CLEAN;
	known = bpf_map_lookup_elem(&rechecks, &mapping);
	return known && recheck_inode(mapping, known) ? RECHECK_KNOWN : RECHECK_NEW;
}

/*
 * A file was mapped, so that it can be stored into. Pages that are clean tell of the first store; those that are dirty
 * already do not. What they hold by now was there before, unless they are in somebody's page tables, or the file is
 * looked at already: then it may have been stored through a mapping that is gone.
 */
int recheck_mapped(struct scratch *s, __u64 mapping)
{
	struct recheck_mapping walk = {.mapping = mapping};

	if (!s)
		return 0;
	walk.index = s->event.next;
	bpf_loop(RECHECK_OLD_STEPS, recheck_mapped_step, &walk, 0);
	s->event.next = walk.index;
	if (!walk.any || !walk.count)
		return 0;
	recheck_event(s, mapping, walk.at, walk.count, RECHECK_OLD);
	recheck_narrow(s, walk.at, walk.count);
	s->event.folio = walk.folio;
	return 1;
}

/* --- what is there when the daemon starts ------------------------------------------------------------- */

/* include/linux/mm.h */
#define RECHECK_VM_SHARED 0x00000008UL
#define RECHECK_VM_MAYWRITE 0x00000020UL

/* scope_holds() of a task that is not the current one. */
static __always_inline int recheck_scope(const struct task_struct *task)
{
	const struct kernfs_node *node;

	if ((__u32)BPF_CORE_READ(task, tgid) == self_tgid)
		return 0;
	if (settings.scope != SCOPE_CGROUP)
		return settings.scope == SCOPE_HOST;
	node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	for (int i = 0; i < RECHECK_CGROUPS && node; i++) {
		if (BPF_CORE_READ(node, id) == settings.cgroup_id)
			return 1;
		node = kernel_kernfs_parent(node);
	}
	return 0;
}

/*
 * A mapping that was made before: if pages of its file are dirty, the next store to them is told by nobody. Run once by the
 * daemon, over all mappings of all processes.
 */
SEC("iter/task_vma")
int recheck_existing(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *vma = ctx->vma;
	struct task_struct *task = ctx->task;
	const struct file *file;
	struct scratch *s;
	__u64 mapping;

	if (!task || !vma)
		return 0;
	file = vma->vm_file;
	if (!file || (vma->vm_flags & (RECHECK_VM_SHARED | RECHECK_VM_MAYWRITE)) !=
			     (RECHECK_VM_SHARED | RECHECK_VM_MAYWRITE))
		return 0;
	if (!(settings.watch & (1U << file_kind(file)) & (FILE_KIND_BIT(DISK) | FILE_KIND_BIT(BLOCK))) ||
	    !recheck_scope(task))
		return 0;
	mapping = file_mapping(file, NULL);
	if (!mapping || bpf_map_lookup_elem(&rechecks, &mapping) || !recheck_any(mapping))
		return 0;
	s = inspect_own();
	if (!s)
		return 0;
	__builtin_memset(&s->event, 0, sizeof(s->event));
	recheck_writer(s, task, WRITE_CALL_MMAP);
	s->writer.group = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	recheck_event(s, mapping, 0, 1, RECHECK_OLD);
	s->event.old = 1;
	recheck_note(s, RECHECK_NOTHING);
	return 0;
}

/* --- looking ---------------------------------------------------------------------------------------- */

struct recheck_request recheck_request __weak = {};

struct recheck_walk {
	__u64 mapping, index, dirty, pages;
	__u64 at, count; /* the folio that must be inspected */
	__u32 done;
};

static long recheck_step(__u32 i, struct recheck_walk *walk)
{
	__u64 index = walk->index, folio = recheck_next(walk->mapping, &index), first, pages;

	(void)i;
	walk->index = index;
	if (index == RECHECK_NOTHING) {
		walk->done = 1;
		return 1;
	}
	if (!folio)
		return 0;
	first = BPF_CORE_READ((const struct folio *)folio, index);
	pages = recheck_pages(folio);
	if (!recheck_holds(folio, walk->mapping) || first > index) {
		walk->index = index + 1;
		return 0;
	}
	walk->index = first + pages;
	walk->dirty += pages;
	walk->pages += pages;
	walk->at = first;
	walk->count = pages;
	first *= KERNEL_PAGE_SIZE;
	if (in_place_innocent(walk->mapping, first, pages * KERNEL_PAGE_SIZE, IN_PLACE_NO_END) ==
	    IN_PLACE_INNOCENT)
		walk->count = 0;
	return walk->count || walk->pages >= LIMIT_RECHECK_PAGES;
}

/* Inspects pages of a file for the daemon. */
static __always_inline void recheck_inspect(__u64 mapping, __u64 index, __u64 pages, __u64 since,
					    __u32 recheck, __u32 flags)
{
	struct scratch *s = inspect_own();

	if (!s)
		return;
	__builtin_memset(&s->event, 0, sizeof(s->event));
	recheck_event(s, mapping, index, pages, recheck);
	s->event.since = since;
	s->event.flags = SAMPLE_RECHECK | SAMPLE_CACHE | flags;
	if (settings.watch & (1U << (s->event.kind & 31)))
		inspect_recheck(s);
}

/* Pages that a bio had no time for: is this a page cache still? */
static __always_inline int recheck_late(__u64 mapping, const struct recheck_file *file)
{
	const struct inode *inode = KERNEL_ADDRESS(struct address_space, mapping, host);
	__u64 index = recheck_request.index, pages = recheck_request.count;

	recheck_request.done = 1;
	/* the file is gone, and its pages with it */
	if (!inode || (__u64)BPF_CORE_READ(inode, i_mapping) != mapping || !cache_folio(mapping, index)) {
		count_add(COUNTER_bio_pages_unseen, pages);
		return 0;
	}
	if (in_place_innocent(mapping, index * KERNEL_PAGE_SIZE, pages * KERNEL_PAGE_SIZE, IN_PLACE_NO_END) !=
	    IN_PLACE_INNOCENT)
		recheck_inspect(mapping, index, pages, file ? file->looked : bpf_ktime_get_boot_ns(),
				RECHECK_WRITEBACK, SAMPLE_WRITEBACK);
	return 0;
}

/* Run by the daemon, for one file at a time (BPF_PROG_TEST_RUN). */
SEC("raw_tp")
int recheck_look(void *ctx)
{
	__u64 mapping = recheck_request.mapping, now = bpf_ktime_get_boot_ns();
	struct recheck_walk walk = {.mapping = mapping, .index = recheck_request.index};
	struct recheck_file *file = bpf_map_lookup_elem(&rechecks, &mapping);

	(void)ctx;
	if (recheck_request.count)
		return recheck_late(mapping, file);
	if (!file || !recheck_inode(mapping, file)) {
		recheck_request.done = 2;
		return 0;
	}
	bpf_loop(LIMIT_RECHECK_PAGES, recheck_step, &walk, 0);
	/* it was not there when all of the file was last looked at */
	if (walk.count)
		recheck_inspect(mapping, walk.at, walk.count, file->looked,
				file->old ? RECHECK_OLD : RECHECK_PAGE, 0);
	if (walk.done) {
		file->looked = now;
		file->old = 0;
	}
	recheck_request.index = walk.index;
	recheck_request.dirty += walk.dirty;
	recheck_request.done = walk.done;
	return 0;
}
