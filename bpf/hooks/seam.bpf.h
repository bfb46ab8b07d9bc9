/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A call that writes no byte, and joins what stood apart: fallocate(2) that takes a range out of a file. The page cache from
 * there on is gone then: the daemon is asked to read it.
 */
#pragma once

#include "base/file.bpf.h"
#include "scan/inspect.bpf.h"
#include "scan/recheck.bpf.h"

/* include/uapi/linux/falloc.h */
#define SEAM_COLLAPSE_RANGE 0x08

/* Fills in the event for a range of a file; returns 0 if nobody asked for it. */
static __always_inline int seam_event(struct write_event *event, const struct file *file, __u64 offset,
				      __u64 length)
{
	__u32 kind = file_kind(file);

	if (!file || !length || !file_kind_has_offset(kind) || !(settings.watch & (1U << kind)))
		return 0;
	event->file = (__u64)file;
	event->kind = kind;
	event->offset = offset;
	event->length = length;
	return 1;
}

/* What stands behind the range that was taken out now follows what stands before it. */
static __always_inline int seam_collapsed(struct scratch *s, const struct file *file, __u64 mode,
					  __u64 offset)
{
	s->event.call = WRITE_CALL_FALLOCATE;
	if (!(mode & SEAM_COLLAPSE_RANGE) || !seam_event(&s->event, file, offset, 1))
		return 0;
	/* of overlayfs the file below: it is its pages that the second look sees */
	recheck_joined(s, file_mapping(file, NULL), offset);
	return 1;
}
