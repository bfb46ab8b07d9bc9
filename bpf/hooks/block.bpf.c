// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Second look, second part: what is on its way to a block device, whatever brought it there.
 *
 *     bio ─→ bio_vec ─→ page ─┬─ of a page cache, under writeback: whoever made it dirty     (scan/recheck.bpf.h)
 *                             └─ of anybody's memory (O_DIRECT): the current task is the writer
 *
 * This runs in whoever writes back, so it is bounded: LIMIT_BIO_PAGES, some 50 us; the daemon looks at the rest, as long
 * as the file is there. Pages of which no record speaks became
 * dirty by calls that have a first look; they are not looked at.
 *
 * What is compressed or encrypted above the block layer can't be read here, nor what does not go to a block device.
 */
#include "scan/recheck.bpf.h"

#include "base/scope.bpf.h"
#include "base/preempt.bpf.h"
#include "base/write_call.bpf.h"
#include "scan/in_place.bpf.h"
#include "scan/inspect.bpf.h"

#include <bpf/bpf_tracing.h>

/* include/linux/blk_types.h */
#define BLOCK_OP_BITS 8
#define BLOCK_OP_WRITE 1
/* include/linux/page-flags.h */
#define BLOCK_MAPPING_ANON 3
/* include/linux/sched.h */
#define BLOCK_PF_IO_WORKER 0x00000010
#define BLOCK_PF_KTHREAD 0x00200000
/* the number is the same in all of x86's tables */
#define BLOCK_IO_URING_ENTER 426

/* Pages in a row of one bio that are looked at one after the other. */
#define BLOCK_ROWS 64
#define BLOCK_ROW_PAGES 64

/* Pages of a bio that lie in a row in one file. */
struct block_row {
	__u64 vector; /* address of the struct bio_vec to look at next */
	__u64 mapping, index, count;
	__u32 left; /* vectors, with the next one */
	__u32 skip; /* bytes of the next one that were taken already */
};

/* Can pages be searched where they lie? */
static __always_inline int block_in_place(void)
{
	return direct_loads && cache_bases.direct;
}

/* Pages of one bio that are looked at here. Where each has to be copied first, it takes some ten times as long. */
static __always_inline __u64 block_bound(void)
{
	return block_in_place() ? LIMIT_BIO_PAGES : LIMIT_BIO_PAGES_COPIED;
}

/* Are a file's pages to be looked at on their way out? */
static __always_inline int block_watched(__u64 mapping)
{
	if (!mapping || mapping & BLOCK_MAPPING_ANON)
		return 0;
	if (bpf_map_lookup_elem(&rechecks, &mapping))
		return 1;
	if (settings.scope != SCOPE_HOST)
		return 0;
	return (__s32)BPF_CORE_READ((const struct address_space *)mapping, i_mmap_writable.counter) > 0;
}

static __always_inline __u64 block_folio(__u64 page)
{
	return kernel_compound_head(page);
}

/* Pages that a row may take, so that it can be inspected in one go. */
static __always_inline __u64 block_row_bound(void)
{
	return block_in_place() ? BLOCK_ROW_PAGES : LIMIT_BIO_PAGES_COPIED;
}

/*
 * Takes one more folio, or what the next vector has of it, into the row. A vector may hold several that lie beside each other in
 * memory, and anywhere in the file. A function of its own (verified once). Returns 1 if the row is complete.
 */
__noinline int block_take(struct block_row *row)
{
	__u64 page, folio, mapping, index, offset, bytes, room, within;
	struct bio_vec entry = {};

	if (!row || !row->left)
		return 1;
	bpf_probe_read_kernel(&entry, sizeof(entry), (const void *)row->vector);
	offset = (__u64)entry.bv_offset + row->skip;
	page = (__u64)entry.bv_page + offset / KERNEL_PAGE_SIZE * bpf_core_type_size(struct page);
	offset %= KERNEL_PAGE_SIZE;
	folio = block_folio(page);
	mapping = (__u64)KERNEL_ADDRESS(struct folio, folio, mapping);
	within = (page - folio) / bpf_core_type_size(struct page);
	index = BPF_CORE_READ((const struct folio *)folio, index) + within;
	if (row->count && (mapping != row->mapping || index != row->index + row->count))
		return 1;
	if (!row->count) {
		row->mapping = mapping;
		row->index = index;
	}
	/* the rest of the vector, of the folio, of the row */
	bytes = entry.bv_len - row->skip;
	room = (recheck_pages(folio) - within) * KERNEL_PAGE_SIZE - offset;
	if (bytes > room)
		bytes = room;
	room = (block_row_bound() - row->count) * KERNEL_PAGE_SIZE - offset;
	if (bytes > room)
		bytes = room;
	row->count += (offset + bytes + KERNEL_PAGE_SIZE - 1) / KERNEL_PAGE_SIZE;
	row->skip += bytes;
	if (row->skip >= entry.bv_len) {
		row->vector += sizeof(entry);
		row->left--;
		row->skip = 0;
	}
	return row->count >= block_row_bound();
}

static long block_step(__u32 i, struct block_row *row)
{
	(void)i;
	return block_take(row) & 1;
}

/*
 * There is no time for these: they stay in the page cache for a while after they are written, so the daemon looks at them. A
 * function of its own (verified once).
 */
__noinline int block_later(__u64 mapping, __u64 index, __u32 pages)
{
	if (later_add(mapping, index, pages))
		count_add(COUNTER_bio_pages_unseen, pages);
	return 0;
}

/* Inspects pages of a file; a function of its own (verified once). */
__noinline int block_inspect(__u64 mapping, __u64 index, __u64 count)
{
	const struct recheck_file *file;
	struct scratch *s = inspect_begin();

	if (!s)
		return 0;
	recheck_event(s, mapping, index, count, RECHECK_WRITEBACK);
	s->event.flags = SAMPLE_RECHECK | SAMPLE_WRITEBACK | SAMPLE_CACHE;
	file = bpf_map_lookup_elem(&rechecks, &mapping);
	s->event.since = file ? file->looked : bpf_ktime_get_boot_ns();
	if (settings.watch & (1U << (s->event.kind & 31)) && inspect_recheck(s))
		block_later(mapping, index, count);
	inspect_end(s);
	return 0;
}

/* From the page cache. */
static __always_inline void block_pages(__u64 vector, __u32 vectors)
{
	struct block_row row = {.vector = vector, .left = vectors};
	__u64 looked = 0, last = 0;
	int watched = 0;

	for (int i = 0; i < BLOCK_ROWS && row.left; i++) {
		row.count = 0;
		bpf_loop(BLOCK_ROW_PAGES, block_step, &row, 0);
		if (row.mapping != last)
			watched = block_watched(row.mapping);
		last = row.mapping;
		if (!watched)
			continue;
		if (looked >= block_bound()) {
			block_later(row.mapping, row.index, row.count);
			continue;
		}
		looked += row.count;
		if (!block_in_place() ||
		    in_place_innocent(row.mapping, row.index * KERNEL_PAGE_SIZE, row.count * KERNEL_PAGE_SIZE,
				      IN_PLACE_NO_END) != IN_PLACE_INNOCENT)
			block_inspect(row.mapping, row.index, row.count);
	}
	if (row.left && watched)
		count_add(COUNTER_bio_pages_unseen, row.left);
}

struct block_memory {
	__u64 vector;
	__u32 pages, suspect;
};

static long block_memory_step(__u32 i, struct block_memory *memory)
{
	struct bio_vec entry = {};

	(void)i;
	bpf_probe_read_kernel(&entry, sizeof(entry), (const void *)memory->vector);
	memory->vector += sizeof(entry);
	memory->pages += entry.bv_len / KERNEL_PAGE_SIZE + 1;
	if (in_place_memory(cache_page((__u64)entry.bv_page) + entry.bv_offset, entry.bv_len) !=
	    IN_PLACE_INNOCENT)
		memory->suspect = 1;
	return memory->suspect || memory->pages > LIMIT_BIO_PAGES;
}

/*
 * Since Linux 7.0 iomap_dio.size says how much was submitted before this bio (iomap_dio_bio_iter_one()), until then it counted it
 * as well. So where it was ever 0 it does not.
 */
__u32 block_size_before __weak = 0;

/*
 * Which file an O_DIRECT write goes to, and where: the structure behind the bio is iomap's, or it is something else, and
 * then no file on this device comes of it.
 */
static __always_inline const struct file *block_file(const struct bio *bio, __s64 *ret_offset)
{
	const struct iomap_dio *dio = (const struct iomap_dio *)BPF_CORE_READ(bio, bi_private);
	const struct kiocb *iocb;
	const struct file *file;
	__u64 before;

	if (!bpf_core_type_exists(struct iomap_dio) || !dio)
		return NULL;
	iocb = BPF_CORE_READ(dio, iocb);
	if (!iocb)
		return NULL;
	file = BPF_CORE_READ(iocb, ki_filp);
	if (!file || !file_is_real(file) ||
	    BPF_CORE_READ(file, f_inode, i_sb, s_bdev) != BPF_CORE_READ(bio, bi_bdev))
		return NULL;
	before = BPF_CORE_READ(dio, size);
	if (!before)
		block_size_before = 1;
	if (!block_size_before)
		before -= BPF_CORE_READ(bio, bi_iter.bi_size);
	*ret_offset = BPF_CORE_READ(iocb, ki_pos) + before;
	return file;
}

/* The call that the current task is in. */
static __always_inline __u32 block_call(const struct task_struct *task)
{
	const struct pt_regs *regs = (const struct pt_regs *)bpf_task_pt_regs((struct task_struct *)task);

	if (task->flags & BLOCK_PF_IO_WORKER || kernel_call_number(regs) == BLOCK_IO_URING_ENTER)
		return WRITE_CALL_IO_URING;
	return write_call_by_number(kernel_call_number(regs), kernel_is_compat(task));
}

/* From memory: the call has a first look of its own at what the memory holds when it returns. */
static __always_inline void block_memory(const struct bio *bio, __u64 vector, __u32 count,
					 const struct task_struct *task)
{
	struct block_memory memory = {.vector = vector};
	const struct file *file;
	struct scratch *s;
	__s64 offset = SAMPLE_NO_OFFSET;

	if (task->flags & BLOCK_PF_KTHREAD || !scope_holds(task))
		return;
	if (bpf_core_enum_value_exists(enum req_flag_bits, __REQ_SWAP) &&
	    (__u32)bio->bi_opf >> bpf_core_enum_value(enum req_flag_bits, __REQ_SWAP) & 1)
		return;
	bpf_loop(count, block_memory_step, &memory, 0);
	if (!memory.suspect)
		return;
	s = inspect_begin();
	if (!s)
		return;
	file = block_file(bio, &offset);
	if (file) {
		s->event.call = block_call(task);
		s->event.file = (__u64)file;
		s->event.kind = file_kind(file);
		s->event.mapping = (__u64)KERNEL_ADDRESS(struct file, file, f_mapping);
		s->event.address = vector;
		s->event.segments = count;
		s->event.length = bio->bi_iter.bi_size;
		s->event.offset = offset;
		s->event.source = WRITE_SOURCE_BIO;
		s->event.recheck = RECHECK_DIRECT;
		s->event.flags = SAMPLE_RECHECK | SAMPLE_WRITEBACK;
		s->event.direct = 1;
		if (settings.watch & (1U << (s->event.kind & 31)))
			inspect_recheck(s);
	}
	inspect_end(s);
}

SEC("tp_btf/block_bio_queue")
int BPF_PROG(recheck_bio, struct bio *bio)
{
	__u64 vector = 0, folio, mapping;
	struct bio_vec first = {};
	__u32 count;

	if ((bio->bi_opf & ((1U << BLOCK_OP_BITS) - 1)) != BLOCK_OP_WRITE)
		return 0;
	/* what was split off or passed on has been here already */
	count = bio->bi_vcnt;
	if (!count || !cache_bases.valid || !scope_leased())
		return 0;
	vector = (__u64)KERNEL_ADDRESS(struct bio, bio, bi_io_vec);
	bpf_probe_read_kernel(&first, sizeof(first), (const void *)vector);
	folio = block_folio((__u64)first.bv_page);
	mapping = (__u64)KERNEL_ADDRESS(struct folio, folio, mapping);
	preempt_begin();
	if (mapping && !(mapping & BLOCK_MAPPING_ANON) &&
	    kernel_word(folio) >> bpf_core_enum_value(enum pageflags, PG_writeback) & 1)
		block_pages(vector, count);
	else
		block_memory(bio, vector, count, bpf_get_current_task_btf());
	preempt_end();
	return 0;
}
