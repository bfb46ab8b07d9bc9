/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What landed in a file: its bytes in the page cache, read where they lie.
 *
 *     file → f_mapping → i_pages ─┬─ node (shift 6) ─┬─ node (shift 0) ─── slot: folio
 *                                 └─ …               └─ …
 *     folio ──(index in vmemmap)──→ page frame ──(direct map)──→ address
 *
 * The two bases are not the same at every boot; calibrate.bpf.c finds them, and proves them with a
 * pattern, before anything here is used. No read can fault: a page that goes away
 * under us costs that page, never more.
 *
 * xarray's encoding: lib/xarray.c, include/linux/xarray.h. Low bits 10 are internal entries: nodes
 * from 4096 on, siblings (slot number << 2) below; low bit 1 are values (shadows of evicted pages).
 */
#pragma once

#include "base/count.bpf.h"
#include "base/direct.bpf.h"
#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"

#define CACHE_SLOTS 64 /* XA_CHUNK_SIZE */
#define CACHE_LEVELS 11 /* 64 bits by 6 */
#define CACHE_NODE_MIN 4096
#define CACHE_PAGE_STRUCT 64

static __always_inline __u64 cache_slot(__u64 node, __u64 slot)
{
	return kernel_word(node + bpf_core_field_offset(struct xa_node, slots) +
			   (slot & (CACHE_SLOTS - 1)) * 8);
}

/* The folio that holds page `index` of a mapping; 0 if it is not resident. */
static __always_inline __u64 cache_folio(__u64 mapping, __u64 index)
{
	__u64 entry = (__u64)KERNEL_ADDRESS(struct address_space, mapping, i_pages.xa_head);

	/* the first page alone needs no node */
	if ((entry & 3) != 2)
		return index || entry & 3 ? 0 : entry;
	for (int level = 0; level < CACHE_LEVELS; level++) {
		__u64 node = entry - 2, slot;

		if (entry < CACHE_NODE_MIN)
			return 0;
		slot = index >> (KERNEL_READ(struct xa_node, node, shift) & 63);
		if (level == 0 && slot >= CACHE_SLOTS)
			return 0;
		entry = cache_slot(node, slot);
		if (!(entry & 3))
			return entry;
		if ((entry & 3) != 2)
			return 0;
		if (entry < (CACHE_SLOTS << 2)) {
			entry = cache_slot(node, entry >> 2);
			return entry & 3 ? 0 : entry;
		}
	}
	return 0;
}

/* Address in the direct map of page `index` of a mapping, which the folio holds; 0 if it does not any more. */
static __always_inline __u64 cache_address_in(__u64 folio, __u64 index, __u64 page_offset, __u64 vmemmap)
{
	/* a folio is one or more pages in a row */
	__u64 first = KERNEL_READ(struct folio, folio, index), bytes;

	if (index < first)
		return 0;
	/* a division only where a page's structure has not its usual size */
	bytes = bpf_core_type_size(struct page) == CACHE_PAGE_STRUCT
			? (folio - vmemmap) * (KERNEL_PAGE_SIZE / CACHE_PAGE_STRUCT)
			: (folio - vmemmap) / bpf_core_type_size(struct page) * KERNEL_PAGE_SIZE;
	return page_offset + bytes + (index - first) * KERNEL_PAGE_SIZE;
}

/* Address in the direct map of the page with that struct page. */
static __always_inline __u64 cache_page(__u64 page)
{
	return cache_bases.page_offset +
	       (page - cache_bases.vmemmap) / bpf_core_type_size(struct page) * KERNEL_PAGE_SIZE;
}

/* The same by the mapping; 0 if the page is not resident. */
static __always_inline __u64 cache_address(__u64 mapping, __u64 index, __u64 page_offset, __u64 vmemmap)
{
	__u64 folio = cache_folio(mapping, index);

	return folio ? cache_address_in(folio, index, page_offset, vmemmap) : 0;
}
