/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map and every global of the BPF object. Weak, so that each .bpf.c has them and the linker
 * keeps one (libbpf 1.1 miscounts the offsets of extern maps).
 *
 * map       | bound                             | when full
 * ----------+-----------------------------------+--------------------------------------------------
 * samples   | LIMIT_RING_BYTES                  | the sample is dropped and counted (ring_full)
 * scratch   | LIMIT_SCRATCH_SLOTS for each CPU  | the write is not inspected, counted (scratch_busy)
 * counters  | one struct for each CPU           | -
 * streams   | LIMIT_STREAMS                     | the least recent stream is forgotten: a token that
 *           |                                   | goes on there later is not joined
 * seen      | LIMIT_SEEN                        | the least recent is forgotten and would be sent again
 * tree      | LIMIT_TREE_PROCESSES              | the process is not followed, counted (tree_full)
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "counters.h"
#include "bounds.h"
#include "calibration.h"
#include "sample.h"
#include "scope.h"
#include "token_formats.h"
#include "write_call.h"

/* The bytes that are searched; the tail past the window keeps the last word's load inside. */
struct token_window {
	__u8 bytes[LIMIT_WINDOW_BYTES + 8];
};

/* One write, as its hook found it. */
struct write_event {
	__u64 file; /* struct file *, 0 if it is gone */
	__u64 mapping; /* its struct address_space *, 0 if its page cache is not to be asked */
	__u64 address; /* of the buffer, or of the iovec array */
	__u64 length; /* bytes written */
	__s64 offset; /* file offset of the first byte, or SAMPLE_NO_OFFSET */
	__u32 segments; /* entries of the iovec array */
	__u32 source; /* enum write_source */
	__u32 call; /* enum write_call */
	__u32 kind; /* enum file_kind */
	__u32 flags; /* enum sample_flag */
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
	__u64 min_dot; /* tokens whose second dot lies before it were reported already */
	__u8 in_cache; /* the current segment is a range of the file, `address` a file position */
	__u8 after; /* the bytes behind the write have been asked for, or are not to be */
	__u8 behind; /* what is read now lies behind the write */
	__u8 continued; /* a stream's last bytes stand in front of the window */
	__u8 searching; /* the window waits to be searched */
	__u8 hole; /* what comes next does not follow the window's bytes */
	__u8 found; /* a token was in the window: wipe it in the end */
	__u8 cut; /* the write goes on past the bound */
	__u8 unread; /* a page of the file was not there to be seen */
	__u8 described; /* the sample's facts are filled in */
};

/* A path is written from its end: `bytes` before LIMIT_PATH_BYTES, a name's overhang behind. */
struct path_buffer {
	__u8 bytes[LIMIT_PATH_BYTES + LIMIT_NAME_BYTES];
};

/* The strings of a sample; twice a path and the arguments, each index masked to its bound. */
struct sample_strings {
	__u8 bytes[3 * LIMIT_PATH_BYTES];
};

struct sample_buffer {
	struct token_sample head;
	struct sample_strings strings;
};

struct scratch {
	__u32 busy;
	__u32 pad;
	struct write_event event;
	struct iocb request; /* of io_submit, while its array is walked */
	struct reader reader;
	struct token_window window;
	struct path_buffer path;
	struct sample_buffer sample;
};

const volatile struct probe_config settings __weak = {};
/* Programs of this attachment can be preempted (fexit): nesting on one CPU must be reckoned with. */
const volatile __u32 preemptible __weak = 0;
/* The daemon, as the initial pid namespace counts; set by register_self. */
__u32 self_tgid __weak = 0;
__u64 sample_seq __weak = 0;
/* Set by calibrate_cache; see cache.bpf.h. */
struct cache_bases cache_bases __weak = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, LIMIT_RING_BYTES);
} samples __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LIMIT_SCRATCH_SLOTS);
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

/* A stream, and the last bytes that were written to it. */
struct stream_key {
	__u64 inode;
	__u64 device;
};

struct stream_tail {
	__u8 bytes[TOKEN_MAX_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LIMIT_STREAMS);
	__type(key, struct stream_key);
	__type(value, struct stream_tail);
} streams __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LIMIT_TREE_PROCESSES);
	__type(key, __u32);
	__type(value, __u8);
} tree __weak SEC(".maps");
