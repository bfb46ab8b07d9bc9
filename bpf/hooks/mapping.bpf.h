/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared mappings of files that are open for writing: what is stored through them passes no hook. Where pages become clean,
 * the next store tells of itself (hooks/recheck.bpf.c); where they do not (tmpfs, memfd), the daemon is told of the mapping
 * and looks at the file from time to time. Whether the mapping is writable now is not asked: mprotect(2) can change it.
 */
#pragma once

#include "base/file.bpf.h"
#include "scan/inspect.bpf.h"
#include "scan/recheck.bpf.h"

/* include/uapi/linux/mman.h: MAP_SHARED, and MAP_SHARED_VALIDATE with it */
#define MAP_SHARED_BIT 0x01

/* Fills in the event; returns 0 if the mapping matters to nobody. */
static __always_inline int map_shared(struct write_event *event, const struct file *file, __u64 flags,
				      __u64 offset, __u64 len)
{
	__u32 kind;

	if (!file || !(flags & MAP_SHARED_BIT))
		return 0;
	kind = file_kind(file);
	if (!file_kind_has_offset(kind) || !(settings.watch & (1U << kind)))
		return 0;
	if (!((__u64)BPF_CORE_READ(file, f_mode) & KERNEL_FMODE_WRITE))
		return 0;
	event->file = (__u64)file;
	event->length = len;
	event->offset = offset;
	event->call = WRITE_CALL_MMAP;
	event->kind = kind;
	/* what is never written back has no clean pages, of which the next store would tell */
	if (kind == FILE_KIND_DISK || kind == FILE_KIND_BLOCK)
		event->mapping = file_mapping(file, NULL);
	return 1;
}

/* Dirty folios with a token in them that are looked at when a file is mapped. */
#define MAPPING_OLD_FOLIOS 4

/* recheck_any() - enum recheck_dirtiness of an address space. Defined in recheck.bpf.c. */
enum recheck_dirtiness {
	RECHECK_CLEAN, /* no dirty page: each store will tell */
	RECHECK_NEW,
	RECHECK_KNOWN, /* it is looked at already, so what it holds may have been stored through a mapping that is gone */
};
extern int recheck_any(__u64 mapping);

/*
 * recheck_mapped() - the file of this address space was mapped, and is written back: goes on to the next dirty folio that must
 * be inspected (inspect_recheck()), because what it holds by now was there before. Defined in recheck.bpf.c; returns 0 if
 * there is none.
 */
extern int recheck_mapped(struct scratch *s, __u64 mapping);

static __always_inline void map_noted(struct scratch *s)
{
	__u64 mapping = s->event.mapping;
	int dirtiness;

	if (!mapping)
		inspect_mapped(s);
	dirtiness = mapping ? recheck_any(mapping) : RECHECK_CLEAN;
	if (dirtiness == RECHECK_CLEAN)
		return;
	for (int i = 0; dirtiness == RECHECK_NEW && i < MAPPING_OLD_FOLIOS && recheck_mapped(s, mapping); i++)
		inspect_recheck(s);
	recheck_begin(s, mapping, 0, WRITE_CALL_MMAP);
	/* of who has only mapped it, no page is known yet */
	recheck_note(s, RECHECK_NOTHING);
}
