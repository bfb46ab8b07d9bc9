/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared mappings of files that are open for writing: what is stored through them passes no hook, so
 * the daemon is told of the mapping and looks at the file from time to time. Whether the mapping is
 * writable now is not asked: mprotect(2) can change it.
 */
#pragma once

#include "file.bpf.h"
#include "inspect.bpf.h"
#include "scope.bpf.h"

/* include/uapi/linux/mman.h: MAP_SHARED, and MAP_SHARED_VALIDATE with it */
#define MAP_SHARED_BIT 0x01
/* include/linux/fs.h */
#define MAP_FMODE_WRITE 0x2

static __always_inline void map_shared(const struct file *file, __u64 flags, __u64 offset, __u64 len)
{
	struct scratch *s;
	__u32 kind;

	if (!file || !(flags & MAP_SHARED_BIT) || !scope_holds_current())
		return;
	kind = file_kind(file);
	if (!file_kind_has_offset(kind) || !(settings.watch & (1U << kind)))
		return;
	if (!((__u64)BPF_CORE_READ(file, f_mode) & MAP_FMODE_WRITE))
		return;
	s = inspect_begin();
	if (!s)
		return;
	s->event = (struct write_event){
		.file = (__u64)file,
		.length = len,
		.offset = offset,
		.call = WRITE_CALL_MMAP,
		.kind = kind,
	};
	inspect_mapped(s);
	inspect_end(s);
}
