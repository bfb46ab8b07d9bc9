/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every number the kernel side counts, by name. One list makes the enum, the names in the summary
 * and in `check`, and the tests' table, so that no counter can exist without being shown.
 *
 * X(id, class, text): class WORK is what was done; LOSS is something written that was not, or not
 * wholly, seen; DETAIL is something that is missing in an alert although the alert itself is there.
 */
#pragma once

#include "types.h"

#define COUNTERS(X)                                                                                    \
	X(writes_inspected, WORK, "writes inspected")                                                  \
	X(bytes_inspected, WORK, "bytes inspected")                                                    \
	X(samples_sent, WORK, "samples sent to the daemon")                                            \
	X(files_deferred, WORK, "writes and mappings that the daemon had to look at in the file")      \
	X(repeats_suppressed, WORK, "repeats of a known token in a known file, counted but not sent")  \
	X(ring_full, LOSS, "samples dropped because the ring buffer was full")                         \
	X(flooded, LOSS,                                                                               \
	  "samples of writers that had more than their share of a ring buffer that was half full")     \
	X(pages_unreadable, LOSS, "pages of a written buffer that could not be read")                  \
	X(bytes_unreadable, LOSS, "bytes of a written buffer that could not be read")                  \
	X(iovecs_unreadable, LOSS, "iovec entries that could not be read")                             \
	X(over_bound_writes, LOSS, "writes longer than the inspection bound")                          \
	X(over_bound_bytes, LOSS, "bytes past the inspection bound")                                   \
	X(over_time_writes, LOSS, "writes whose call took more time to inspect than a hook may")       \
	X(over_time_bytes, LOSS, "bytes of such writes that were not inspected")                       \
	X(steps_exhausted, LOSS, "writes whose inspection ran out of steps")                           \
	X(scratch_busy, LOSS, "writes not inspected because the CPU's scratch was in use")             \
	X(landed_unseen, LOSS, "writes without a buffer whose bytes could not be seen")                \
	X(entered_full, LOSS,                                                                          \
	  "tokens of writes to a stream that could not be kept until the write returned")              \
	X(names_unseen, LOSS, "names and attributes made by io_uring that could not be seen")          \
	X(io_uring_untold, LOSS, "writes of io_uring that may have completed unseen")                  \
	X(tree_full, LOSS, "processes that could not be followed because the table was full")          \
	X(rechecks_full, LOSS, "files with stores through mappings that could not be kept an eye on")  \
	X(bio_pages_unseen, LOSS, "pages on their way to a block device that could not be looked at")  \
	X(writers_undescribed, DETAIL, "processes that stored into a file and could not be described") \
	X(cgroups_untold, DETAIL,                                                                      \
	  "new cgroups for which the ring buffer had no room: their containers may lack a name")       \
	X(file_unknown, DETAIL, "writes whose file was already closed when they returned")             \
	X(path_truncated, DETAIL, "file or executable paths cut at the top")                           \
	X(args_unreadable, DETAIL, "command lines that could not be read at the write")                \
	X(args_truncated, DETAIL, "command lines cut at their bound")

enum counter_id {
#define COUNTER_ENUM(id, class, text) COUNTER_##id,
	COUNTERS(COUNTER_ENUM)
#undef COUNTER_ENUM
		COUNTER_MAX
};

/* One CPU's share: the value of the per-CPU map `counters`. */
struct counters {
	__u64 value[COUNTER_MAX];
};
