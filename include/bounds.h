/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every bound of the monitor, each stated once. What lies past a bound is counted (counters.h),
 * never dropped silently.
 */
#pragma once

/* Bytes of one system call that are inspected, however many writes it makes; the rest counts as over_bound_bytes. */
#define LIMIT_INSPECT_BYTES (16U << 20)

/*
 * Time (ns) that a hook looks at bytes, whatever it is asked: no other program runs on that CPU meanwhile. Of a file, the daemon
 * is asked to look at what is left; elsewhere it counts as over_time_writes and over_time_bytes. So many steps (pages,
 * iovec entries, tokens, requests) are taken in any case: the time can be another's, who was let run in between.
 */
#define LIMIT_HOOK_NS 1000000ULL
#define LIMIT_HOOK_STEPS 256U

/* Bytes of the inspection window in the per-CPU scratch; a power of two, indexes are masked by it. */
#define LIMIT_WINDOW_BYTES 8192U

/* Bytes of a path as the kernel accepts it (PATH_MAX); longer ones are cut at the top and flagged. */
#define LIMIT_PATH_BYTES 4096U

/* Path components that are walked before the path is cut at the top and flagged. */
#define LIMIT_PATH_COMPONENTS 512U

/* Bytes of one path component (NAME_MAX + the slash). */
#define LIMIT_NAME_BYTES 256U

/* Bytes of the command line that travel with a sample. */
#define LIMIT_ARGS_BYTES 2048U

/* Bytes of a cgroup's path, and of the two that a sample can carry. */
#define LIMIT_CGROUP_BYTES 4096U

/* Processes above the parent that a sample names. */
#define LIMIT_ANCESTORS 16U

/* Bytes of a stream that the daemon is given to look for a token in a form that the kernel side does not know. */
#define LIMIT_TEXT_BYTES 1024U

/* Bytes of all strings of a sample together; what finds no room any more is left out and flagged. */
#define LIMIT_STRINGS_BYTES 16384U

/* TASK_COMM_LEN of every kernel so far. */
#define LIMIT_COMM_BYTES 16

/* Processes that `exec` can follow at the same time; more count as tree_full. */
#define LIMIT_TREE_PROCESSES 32768U

/* Places (streams, and offsets of files whose neighbours can't be read) where a token has begun and may go
 * on; the least recent is forgotten, which is counted. */
#define LIMIT_BEGUN 4096U

/* One bit for each of so many hashes, of streams and of tasks for which anything was ever kept. */
#define LIMIT_MARKS 65536U

/* Tokens of one write to a stream that are kept from its beginning to its end; more count as entered_full. */
#define LIMIT_ENTERED 8U

/* Buffers of a pipe that are looked at for one call: as many as anybody but root can give it. The others' bytes count as
 * landed_unseen. */
#define LIMIT_PIPE_PARTS 256U

/* Messages of one sendmmsg(2), as the kernel bounds it (UIO_MAXIOV). */
#define LIMIT_MESSAGES 1024U

/* (token, place, writer) that are known, so that repeats are counted instead of sent; the least recent is
 * forgotten, which is counted, and would be alerted anew. */
#define LIMIT_SEEN 16384U

/* (token, place) of which there was an alert, whoever wrote it; the least recent is forgotten, likewise. */
#define LIMIT_PLACED 16384U

/* Of those, the last alerts that the daemon keeps to tell of their repeats in the end, a thousand or so; more count as
 * repeats_untold. */
#define LIMIT_REPEATS_BYTES (1U << 20)

/* Two writers of pieces who both find the whole within this time are one leak. */
#define LIMIT_PIECES_NS 1000000000ULL

/* A repeat is sent again, with the count so far, once this time has passed since the last. */
#define LIMIT_REPEAT_NS 10000000000ULL

/* Or sooner, if the ring was full then. */
#define LIMIT_REPEAT_RETRY_NS 1000000000ULL

/* Shared mappings that the daemon keeps an eye on at the same time, and those of them that are kept for writers who have none. */
#define LIMIT_MAPPED 512
#define LIMIT_MAPPED_KEPT 128

/* Containers that are known, also when they are gone; the one that was not asked for longest is forgotten, and
 * looked up on disk again. */
#define LIMIT_CONTAINERS 4096U

/* Cgroups that are looked at when the daemon starts; what lies past that is looked up when it writes a token. */
#define LIMIT_CGROUPS_SCANNED 65536

/* Bytes of a file that the daemon reads itself for one write or one look at a mapping. */
#define LIMIT_FILE_SCAN (256UL << 20)

/* Ranges of files that the daemon reads because the kernel side had no time or room, a part of each in turn: all, one writer's,
 * and those that are kept for writers of which none waits. More are not read; nor is what is left of one after so long (ms). */
#define LIMIT_DEFERRED 64U
#define LIMIT_DEFERRED_WRITER 16U
#define LIMIT_DEFERRED_KEPT 16U
#define LIMIT_DEFERRED_MS 10000

/* Bytes of ranges that are read at once, before the longer ones. Those that wait, and their bytes: what comes then is not read. One
 * writer has half of it. */
#define LIMIT_READ_AT_ONCE 4096U
#define LIMIT_ERRANDS 1024U
#define LIMIT_ERRANDS_BYTES (2U << 20)

/* Bytes of the ring buffer between kernel and daemon; a power of two times the page size. */
#define LIMIT_RING_BYTES (2U << 20)

/* While the ring is half full, one writer may send so many bytes in LIMIT_SHARE_NS that the ring holds LIMIT_SHARES_RING times
 * as many; those below one second-level cgroup LIMIT_SHARES_TOP times that. What is beyond is looked for in the file,
 * or counts as flooded. */
#define LIMIT_SHARES_RING 32U
#define LIMIT_SHARE_NS 100000000ULL
#define LIMIT_SHARES_TOP 4U

/* Tokens of one write that are lost where there is no share left; of a write with more, the daemon reads the rest in the file. */
#define LIMIT_DEFER_TOKENS 16U

/* Bytes beyond its share that a writer has to ask that the daemon look at the file itself. */
#define LIMIT_SHARE_ASK_BYTES (8U << 10)

/* Writers of whom it is known how much they sent; the least recent is forgotten, and has a whole share again. */
#define LIMIT_SHARES 1024U

/* Writers that are told of as flooding at the same time. */
#define LIMIT_FLOODS 64U

/* Tasks that may be inspecting on one CPU at the same time (preemption nests them); as many again if hooks have doors. */
#define LIMIT_SCRATCH_SLOTS 2U

/* Ways into a hook where the kernel preempts programs (bpf/base/preempt.bpf.h). */
#define LIMIT_DOORS 6U

/* Words for tasks of which a hook's programs have done the work; two that share one may be looked at twice. */
#define LIMIT_PREEMPTED 65536U

/* Files of which it is kept where two parts were joined last, and by whom. */
#define LIMIT_SEAMS 256U

/* Tokens in a place that were lost last: none of them is lost again by a second look, and one that is found is told as found late. */
#define LIMIT_LOST 1024U

/* The last samples that were lost for a full ring, and those for want of a share: the daemon looks for these in their files, five times a
 * second, and not for earlier ones. Bytes of each third of their strings, and one more; a power of two. */
#define LIMIT_DROPPED_FULL 128U
#define LIMIT_DROPPED_FLOODED 64U
#define LIMIT_DROPPED_STRINGS 1024U

/* Bytes of facts that wait for the store, while it is busy or its disk is full; what comes then is
 * counted and not stored. */
#define LIMIT_STORE_PENDING (8U << 20)

/* Bytes of one file that `audit --files` reads; a longer one is said to be read in part. */
#define LIMIT_AUDIT_SCAN (4ULL << 30)

/* Files that are looked at again because something came into them past every hook; more are looked at when they are written
 * back only, and count as rechecks_full. */
#define LIMIT_RECHECKS 4096U

/* Pages of which it is known who made them dirty; the least recent is forgotten, and its file's last writer named. */
#define LIMIT_DIRTIERS 4096U

/* (Process, file) pairs that the daemon was told of; the least recent is forgotten, and would be told of again. */
#define LIMIT_DESCRIBED 2048U

/* Bytes of what the daemon keeps of those. */
#define LIMIT_WRITERS_BYTES (1U << 20)

/* After this time a writer is described again, since the daemon may have forgotten it. */
#define LIMIT_DESCRIBED_NS 60000000000ULL

/* Slots for rings of io_uring that write to what is never written back; rings that share one are counted as if they were one. */
#define LIMIT_RINGS 1024U

/* Such writes under way; what is forgotten stays so, and what finds no room in that ring's completion queue is counted. */
#define LIMIT_RING_WRITES 8192U

/* After this time the daemon is told again of a file that a ring writes to without telling. */
#define LIMIT_RING_TOLD_NS 10000000000ULL

/* Pages that are looked at while a bio is queued; what is beyond is looked at by the daemon, or counted. */
#define LIMIT_BIO_PAGES 256U

/* The same where they have to be copied to be searched (Linux before 6.2). */
#define LIMIT_BIO_PAGES_COPIED 16U

/* Pages of one look that the daemon asks for, so that it can do something else in between. */
#define LIMIT_RECHECK_PAGES 1024U

/* Rows of pages on their way to a block device that wait for the daemon to look at them; more count as bio_pages_unseen. */
#define LIMIT_LATER 8192U
