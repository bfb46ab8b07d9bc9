/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map and every global of the BPF object. Weak, so that each .bpf.c has them and the linker
 * keeps one (libbpf 1.1 miscounts the offsets of extern maps).
 *
 * map       | bound                             | when full
 * ----------+-----------------------------------+--------------------------------------------------
 * samples   | LIMIT_RING_BYTES                  | the sample is dropped and counted (ring_full)
 * shares    | LIMIT_SHARES                      | the least recent has a whole share again (emit/share.bpf.h)
 * scratch   | one a CPU, LIMIT_SCRATCH_SLOTS and more if preemptible | the write is not inspected, counted (scratch_busy)
 * counters  | one struct for each CPU           | -
 * begun     | LIMIT_BEGUN                       | the least recent is forgotten: a token that goes on
 *           |                                   | there later is not joined; how many were is known from `known`
 * entered   | one for each task that is writing | -
 * seen      | LIMIT_SEEN                        | the least recent is forgotten and would be alerted again;
 *           |                                   | how many were is known from `known`
 * placed    | LIMIT_PLACED                      | likewise
 * tree      | LIMIT_TREE_PROCESSES              | the process is not followed, counted (tree_full)
 * preempted | LIMIT_PREEMPTED                   | two tasks share a word: a write may be inspected twice
 * missed    | LIMIT_LOST                        | the least recent is forgotten: a token that is lost may be counted twice
 * dropped   | LIMIT_DROPPED_FULL and _FLOODED   | the oldest of its half is forgotten: it is not looked for
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "counters.h"
#include "bounds.h"
#include "calibration.h"
#include "known.h"
#include "lease.h"
#include "recheck.h"
#include "sample.h"
#include "scope.h"
#include "token_formats.h"
#include "token_key.h"
#include "base/user.bpf.h"
#include "write_call.h"

/* The bytes that are searched; the tail past the window keeps the loads of token_search.h inside. */
struct token_window {
	__u8 bytes[LIMIT_WINDOW_BYTES + TOKEN_SECRET_LEN];
};

/* What a second look is at (scan/recheck.bpf.h). */
enum recheck {
	RECHECK_NONE,
	RECHECK_OLD, /* what stood there before: known from now on, and not told of */
	RECHECK_PAGE, /* a page that may have changed */
	RECHECK_WRITEBACK, /* a page on its way to a block device */
	RECHECK_DIRECT, /* memory on its way to a block device: the current task is the writer */
};

/* One write, as its hook found it. */
struct write_event {
	__u64 file; /* struct file *, 0 if it is gone or there is none */
	__u64 mapping; /* its struct address_space *, 0 if its page cache is not to be asked */
	__u64 address; /* of the buffer, or of the iovec array; of LANDED, the place in the mapping */
	__u64 length; /* bytes written */
	__s64 offset; /* file offset of the first byte, or SAMPLE_NO_OFFSET */
	__u32 segments; /* entries of the iovec array */
	__u32 source; /* enum write_source */
	__u32 call; /* enum write_call */
	__u32 kind; /* enum file_kind */
	__u32 flags; /* enum sample_flag */
	__u8 coherent; /* what was written is what the page cache holds at `offset` */
	__u8 direct; /* the bytes went past the page cache */
	__u8 guess; /* … if the offset is where it went, which may be wrong: see inspect_guess() */
	__u8 again; /* the second look at a write: all of it was counted by the first */
	__u8 late; /* there was no time to look at it */
	__u8 entry; /* the call has only begun: keep what is found until it returns */
	__u8 recheck; /* enum recheck: this is a second look */
	__u64 inode; /* without a file: the struct inode * that holds the bytes */
	__u8 io_uring; /* a name is made by io_uring, whatever call is named */
	__u8 old; /* of a file that is to be looked at again: what stands in it now is old */
	__u64 next; /* of a file that was mapped: the page to go on with */
	__u64 folio; /* of RECHECK_OLD: nothing is old if this one has been mapped meanwhile */
	__u64 since; /* of a second look: ns, CLOCK_BOOTTIME, before which it can't have been written */
	/* without a file: the path that was named, by its dentry … */
	__u64 name_mount; /* struct vfsmount * */
	__u64 name_dentry; /* struct dentry * */
	__u64 place_inode, place_name; /* of identity_place() */
	__u32 name_mode; /* st_mode of what gets the name, as far as its kind; 0: not known */
	__u32 pad;
	__u64 attribute; /* address of the attribute's name, a string of the caller's, or 0 */
	/* … or as the caller gave it */
	__u64 name; /* address of the caller's string */
	__u64 name_base; /* struct path * of where it starts, unless it is absolute */
	/* of a pipe's own buffers, the oldest that is looked at: see inspect_was_taken() */
	__u64 piped; /* struct pipe_buffer *, or 0 */
	__u32 piped_index; /* its number, as the pipe counts */
	__u32 piped_end; /* of what is in it: bytes from its page's beginning */
};

/* How far the reading of a write has come; the search runs over window[0, fill). */
struct reader {
	__u64 next_segment; /* address of the next iovec entry */
	__u64 address; /* next byte of the current segment */
	__u64 segment_left; /* bytes of the current segment */
	__u64 left; /* bytes of the write not yet read or passed over */
	__u64 position; /* bytes of the write read or passed over */
	__u32 segments_left;
	__u32 fill; /* bytes in the window */
	__u64 joins; /* begun_joins() of the stream */
	__u64 facts; /* number of the sample in the ring that has this write's facts, 0: none has */
	/* of what only the daemon can tell (suspect.bpf.h), as places in the write: where the next look begins, and what is to be read */
	__s64 suspect_at, suspect_from, suspect_to;
	__u64 suspect_text; /* in the window: what is to be sent begins there */
	__u32 suspect_texts; /* so many were sent of the write */
	__s64 defer_at; /* of the first token that is the daemon's to find, if `deferred` */
	__u32 missing; /* tokens from there on, so far */
	__u32 tokens; /* of the write, so far */
	__u64 min_dot; /* tokens whose second dot lies before it were reported already */
	__u8 in_cache; /* the current segment is a range of the file, `address` a file position */
	__u8 after; /* the bytes behind the write have been asked for, or are not to be */
	__u8 behind; /* what is read now lies behind the write */
	__u8 continued; /* the beginning of a token was remembered and stands in front of the window */
	__u8 landed; /* the write itself is read in the page cache */
	__u8 begun; /* the write ends with the beginning of a token */
	__u8 ask_before; /* what the write may go on with can't be seen from here */
	__u8 remember; /* what is left to be done for that */
	__u8 ask_behind; /* what goes on with it is there, but can't be seen from here */
	__u8 searching; /* the window waits to be searched */
	__u8 hole; /* what comes next does not follow the window's bytes */
	__u8 found; /* a token was in the window: wipe it in the end */
	__u8 cut; /* the write goes on past the bound */
	__u8 unread; /* a page of the file was not there to be seen */
	__u8 late; /* the time was over before all of it was read */
	__u8 described; /* the sample's facts are filled in */
	__u8 refused; /* the last sample had no share of the ring */
	__u8 deferred; /* so the daemon is asked to look for the rest in the file; there is room for that */
};

/*
 * A path is written from its end: `bytes` before LIMIT_PATH_BYTES, a name's overhang behind. What a walk carries from
 * step to step is kept here, and not on the stack, where the verifier would know it and walk each case by itself.
 */
struct path_buffer {
	__u8 bytes[LIMIT_PATH_BYTES + LIMIT_NAME_BYTES];
	__u32 start; /* of what is written so far */
	__u32 truncated;
	__u64 node; /* the name to be written next: a struct dentry or kernfs_node * */
	__u64 mount; /* its struct mount *, or 0 */
	__u64 root_dentry, root_mount; /* where the walk ends: a struct dentry * and mount * */
};

/* The strings of a sample: one more can start anywhere below the bound. */
struct sample_strings {
	__u8 bytes[LIMIT_STRINGS_BYTES + LIMIT_PATH_BYTES];
};

struct sample_buffer {
	struct token_sample head;
	struct sample_strings strings;
};

/* The arguments of a system call. */
struct call_args {
	__u64 value[6];
};

struct scratch {
	__u32 busy;
	__u32 slot; /* its number in the map */
	/* of the hook: what it has done, until when (ns, CLOCK_MONOTONIC) it may go on, and how many bytes it may look at */
	__u32 steps;
	__u64 until;
	__u64 budget;
	struct call_args args;
	struct write_event event;
	struct recheck_writer writer; /* of a second look */
	struct write_event kept; /* of inspect_guess(): the event as it was */
	struct user_iocb request; /* of io_submit, while its array is walked */
	struct bio_vec parts[LIMIT_PIPE_PARTS]; /* of a pipe; filled from the end */
	struct reader reader;
	__u64 window_at; /* of inspect_window() */
	struct token_window window;
	struct path_buffer path;
	struct sample_buffer sample;
	struct token_more more;
};

const volatile struct probe_config settings __weak = {};
/* The functions of the VFS are hooked (fexit), not the system calls. */
const volatile __u32 vfs_hooked __weak = 0;
/* Programs can be preempted while they work: nesting on one CPU must be reckoned with. */
const volatile __u32 preemptible __weak = 0;
/* How many doors a hook has (preempt.bpf.h); 0: programs are not preempted, and need none. */
const volatile __u32 preempt_doors __weak = 0;
/* Never anything else, which only the verifier knows (preempt.bpf.h). */
const volatile __u32 preempt_never __weak = 0;

/* The slot of `scratch` that no hook takes. */
const volatile __u32 scratch_own __weak = 0;

/* Can kernel memory be read by plain loads (direct.bpf.h)? */
const volatile __u32 direct_loads __weak = 0;
/* The daemon, as the initial pid namespace counts, and when it was started: another one may have its number after it. */
__u32 self_tgid __weak = 0;
__u64 self_start __weak = 0; /* ns, CLOCK_BOOTTIME */
/* Its thread that is writing a canary, which is looked at whatever the scope is; else 0. */
__u32 canary_tid __weak = 0;
/* The programs are pinned: without a daemon they go on for as long as their lease. */
const volatile __u32 leased __weak = 0;
struct lease lease __weak = {};
__u64 sample_seq __weak = 0;
/* Set by calibrate_cache; see cache.bpf.h. */
struct cache_bases cache_bases __weak = {};
/* What hashes are made with: random, filled in by userspace. */
const volatile struct token_seed token_seed __weak = {};
/* How to find a btrfs inode's subvolume; filled in by userspace, also later: btrfs may be a module. */
struct btrfs_layout btrfs_layout __weak = {};
struct known_counts known __weak = {};
/* Filled in by userspace, so that a call nobody asked for is none. */
const volatile struct write_call_table write_calls __weak = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, LIMIT_RING_BYTES);
} samples __weak SEC(".maps");

/* By CPU and slot; not a per-CPU array, whose values are at most 32 KiB. Userspace sets how many there are. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_SEEN);
	__type(key, struct seen_key);
	__type(value, struct seen_value);
} seen __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_PLACED);
	__type(key, struct placed_key);
	__type(value, struct placed_value);
} placed __weak SEC(".maps");

/* Tokens that stood in a stream's buffer when the call began; see entry.bpf.h. */
struct entered_token {
	__u64 key; /* token_key() */
	__s64 at; /* in the write */
	__u32 len;
	__u32 reported; /* it was still there when the call returned */
	__u8 window[TOKEN_MAX_LEN];
};

struct entered {
	__u64 count;
	struct entered_token tokens[LIMIT_ENTERED];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct entered);
} entered __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LIMIT_TREE_PROCESSES);
	__type(key, __u32);
	__type(value, __u8);
} tree __weak SEC(".maps");

/* Which of a hook's doors have been come to by a task's event, by task and hook; see preempt.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LIMIT_PREEMPTED);
	__type(key, __u32);
	__type(value, __u64);
} preempted __weak SEC(".maps");

/* Tokens in a place that were counted as lost, and not found since. */
struct missed_token {
	__u64 writer; /* of the last */
	__s64 at; /* in the file */
	__u64 time; /* ns, bpf_ktime_get_boot_ns() */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_LOST);
	__type(key, struct placed_key);
	__type(value, struct missed_token);
} missed __weak SEC(".maps");

/* The last samples that were lost, in the order of known_counts.dropped. See emit_keep(). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LIMIT_DROPPED_FULL + LIMIT_DROPPED_FLOODED);
	__type(key, __u32);
	__type(value, struct dropped_sample);
} dropped __weak SEC(".maps");
