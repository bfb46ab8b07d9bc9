/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sample: what one write of one token looks like on its way from the kernel to the daemon.
 *
 * A fixed head, then strings without terminators, those of SAMPLE_STRINGS in this order. `size` is the whole
 * record. Both sides are the same machine and the same build: native byte order,
 * no versioning; the daemon still checks every length before it believes one.
 *
 * A write with several tokens puts its facts into the ring once, with the first of them. Each further one is a token_more
 * that names the first one's record.
 *
 * The window holds one whole token and nothing else. It is the only place outside the writing
 * process where the kernel side keeps a secret portion (the ring buffer's memory, which only the
 * daemon maps, read-only, and which is left out of core dumps).
 */
#pragma once

#include "file_kind.h"
#include "bounds.h"
#include "token_formats.h"
#include "types.h"
#include "write_call.h"

enum sample_flag {
	SAMPLE_PATH_TRUNCATED = 1U << 0, /* the path's upper directories are missing */
	SAMPLE_EXE_TRUNCATED = 1U << 1,
	SAMPLE_ARGS_TRUNCATED = 1U << 2,
	SAMPLE_ARGS_UNREADABLE = 1U << 3, /* the pages of the command line were not resident */
	SAMPLE_FILE_DELETED = 1U << 4, /* unlinked, no name left */
	SAMPLE_OFFSET_APPROX = 1U << 5, /* the file position was read after the call returned */
	SAMPLE_COMPAT = 1U << 6, /* a 32-bit caller */
	SAMPLE_KTHREAD = 1U << 7, /* no user memory: no executable, no command line */
	SAMPLE_UNREAD = 1U << 8, /* no window: the written range is to be read from the file */
	SAMPLE_MAPPED = 1U << 9, /* no window: the file was mapped shared and can be written to */
	SAMPLE_CACHE = 1U << 10, /* the token was seen in the page cache, not in the caller's buffer */
	SAMPLE_NAME = 1U << 11, /* the token is in the name of what was created or renamed */
	SAMPLE_LINK = 1U << 12, /* in the target of a symbolic link */
	SAMPLE_XATTR = 1U << 13, /* in the name or the value of an extended attribute */
	SAMPLE_ENTRY = 1U << 14, /* in the buffer when the call began, but not when it returned */
	SAMPLE_CGROUP =
		1U
		<< 15, /* no window: a cgroup was made; its path is the only string, its maker all that is told of a process */
	SAMPLE_ROOT_MOUNT = 1U << 16, /* the file lies on the mount that is the process's root */
	SAMPLE_STRINGS_CUT = 1U << 17, /* not all strings found room */
	SAMPLE_CANARY = 1U << 18, /* written by the daemon, to see whether it comes through */
	SAMPLE_OWN_ROOT = 1U << 19, /* the process has neither init's mounts nor init's root directory */
	/*
	 * no window: only the daemon can tell whether that is a token (settings.suspects). With SAMPLE_UNREAD, what lies at token_at is to be
	 * read from the file, token_key bytes; else it lies in `text`, whose first byte is at token_at
	 */
	SAMPLE_SUSPECT = 1U << 22,
	SAMPLE_OWN_USERS =
		1U << 21, /* ns_uid and ns_gid are told: the process has a user namespace of its own */
	SAMPLE_FOUND_LATE =
		1U << 20, /* there was no room for it when it was first seen, and that was counted */
	SAMPLE_CWD_TRUNCATED = 1U << 28, /* the working directory's upper directories are missing */
	SAMPLE_ANCESTORS_CUT = 1U << 29, /* there are more of them up to init */
	SAMPLE_LABEL = 1U << 30, /* in a file system's label */
	SAMPLE_RECHECK = 1U << 24, /* found by a second look; `described` tells whose it is */
	SAMPLE_WRITEBACK = 1U << 25, /* by the one at what is on its way to a block device */
	SAMPLE_DESCRIBES =
		1U << 26, /* no window: who stores into which file, for what is found there later */
	SAMPLE_MORE = 1U << 27, /* a struct token_more, and not a sample */
};

/*
 * X(name, bound): the strings behind the head.
 *
 * path      of the file, as the process sees it
 * exe       of the executable, likewise
 * args      the command line, arguments separated by NUL
 * ancestors struct sample_ancestor, unaligned: the processes above the parent, up to init
 * cgroup    the path in the cgroup v2 hierarchy; behind a newline, if it is another, the one of cgroup v1's
 *           memory or pids
 * inner     the file's path in its own file system (of overlayfs: in the upper layer's), see inner_device
 * cwd       the working directory, as the process sees it
 * text      of SAMPLE_SUSPECT: what was written, as it is; it may hold a secret portion as a window does
 */
#define SAMPLE_STRINGS(X)                                                    \
	X(path, LIMIT_PATH_BYTES)                                            \
	X(exe, LIMIT_PATH_BYTES)                                             \
	X(args, LIMIT_ARGS_BYTES)                                            \
	X(ancestors, LIMIT_ANCESTORS *(__u32)sizeof(struct sample_ancestor)) \
	X(cgroup, 2 * LIMIT_CGROUP_BYTES)                                    \
	X(inner, LIMIT_PATH_BYTES)                                           \
	X(cwd, LIMIT_PATH_BYTES)                                             \
	X(text, LIMIT_TEXT_BYTES)

struct sample_ancestor {
	__u64 start; /* ns, CLOCK_BOOTTIME */
	__u32 tgid; /* as the initial pid namespace counts */
	__u32 pad;
	char comm[LIMIT_COMM_BYTES];
};

/* What is not a file's content. */
#define SAMPLE_PARTS (SAMPLE_NAME | SAMPLE_LINK | SAMPLE_XATTR | SAMPLE_LABEL)

/* device, inner_device and rdev: a dev_t as the kernel keeps it (include/linux/kdev_t.h) */
#define SAMPLE_MINOR_BITS 20
#define SAMPLE_DEVICE(major, minor) ((__u32)((major) << SAMPLE_MINOR_BITS | (minor)))
#define SAMPLE_MAJOR(device) ((device) >> SAMPLE_MINOR_BITS)
#define SAMPLE_MINOR(device) ((device) & ((1U << SAMPLE_MINOR_BITS) - 1))

/* offset of a write to something that has no positions (pipe, socket, terminal) */
#define SAMPLE_NO_OFFSET (-1LL)

struct token_sample {
	__u32 size; /* bytes, head and strings */
	__u32 flags; /* enum sample_flag */
	__u64 seq; /* 1, 2, 3 … over all CPUs; taken before the ring is asked for room */
	__u64 time; /* ns, CLOCK_BOOTTIME, when the write returned */

	/* process: identity is (tgid, start), never tgid alone */
	__u64 start; /* ns, CLOCK_BOOTTIME, of the thread group leader */
	__u64 parent_start; /* likewise of the parent */
	__u64 cgroup_id; /* in the cgroup v2 hierarchy */
	__u32 tgid; /* as the initial pid namespace counts */
	__u32 tid;
	__u32 ns_tgid; /* as the process's own pid namespace counts */
	__u32 parent_tgid;
	__u32 uid, gid; /* effective */
	__u32 ns_uid, ns_gid; /* the same as its user namespace counts, see SAMPLE_OWN_USERS */
	__u32 login_uid; /* audit; (uint32_t)-1 when never set */
	__u32 repeats; /* of this token in this place by this writer, since the first sample of it */
	char comm[LIMIT_COMM_BYTES]; /* thread group leader */
	char thread_comm[LIMIT_COMM_BYTES]; /* the thread that wrote */
	char parent_comm[LIMIT_COMM_BYTES];

	/* file: identity is (device, inode, generation) */
	__u64 inode;
	__u64 fs_magic; /* super_block.s_magic, see statfs(2) */
	__u32 device; /* dev_t as the kernel keeps it: major << 20 | minor */
	__u32 generation;
	__u32 mode; /* st_mode */
	__u32 open_flags; /* O_* of the open file */
	__u32 links;
	__u32 owner_uid, owner_gid;
	__u32 rdev; /* of a device file, else 0 */
	__u32 inner_device; /* of the file system that `inner` is a path in */
	__u16 kind; /* enum file_kind */
	__u16 call; /* enum write_call */
	__u32 slot; /* of the map `scratch`, where it was made: see struct token_more */
	__u32 news; /* writes of the token that this sample is the first to tell of */
	char fs_name[16]; /* file_system_type.name */

	/* write */
	__s64 offset; /* file offset of the write's first byte, or SAMPLE_NO_OFFSET */
	__u64 length; /* bytes the call wrote */
	__s64 token_at; /* of the token's first byte, counted from the write's first byte */

	/* which leak it is: see struct seen_key */
	__u64 token_key;
	__u64 place;
	__u64 writer;

	__u64 group; /* whose share of the ring it takes (share.h) */
	__u64 described; /* of SAMPLE_RECHECK: sequence number of the sample that describes the writer, 0: none does */

	__u16 window_len;
#define SAMPLE_LEN(name, bound) __u16 name##_len;
	SAMPLE_STRINGS(SAMPLE_LEN)
#undef SAMPLE_LEN
	__u16 pad[3];
	__u8 window[TOKEN_MAX_LEN];
	/* the strings follow */
};

/* A further token of a write. It begins as a sample does, so that each can be told from the other. */
struct token_more {
	__u32 size;
	__u32 flags; /* SAMPLE_MORE */
	__u64 seq; /* as the samples' */
	/* of the record that has the facts: it is the last whole one of that scratch, so no other can have come in between */
	__u64 facts; /* its seq */
	__u32 slot; /* of the map `scratch` */
	/* what differs, as in the sample */
	__u32 repeats;
	__u32 news;
	__u32 window_len;
	__s64 token_at;
	__u64 token_key;
	__u8 window[TOKEN_MAX_LEN];
};

/*
 * A sample of a file's content for which there was no room, as the map `dropped` keeps it without its token: the daemon looks for that in
 * the file.
 */
struct dropped_sample {
	__u64 number; /* known_counts.dropped; 0: it is being written, or was taken */
	struct token_sample head; /* its window is zero; lengths are as they were */
	__u8 first[LIMIT_DROPPED_STRINGS]; /* path and exe, if they are shorter than that */
	__u8 args[LIMIT_DROPPED_STRINGS]; /* cut there */
	__u8 rest[LIMIT_DROPPED_STRINGS]; /* the strings behind args, if they are shorter */
};

/*
 * One leak: a token in a place by a writer, as the map `seen` knows it. Each is a hash (token_key.h); they stay in
 * memory and are never shown.
 *
 * place  of content: the file, by device (of btrfs, subvolume), inode and generation. Of a name or a link's target: the directory
 *        and the name; of an attribute: the file and the attribute's name. By the syscall attachment, where those are only
 *        named: the directory that the path starts from, and the path.
 * writer the cgroup, the mount namespace and the executable
 */
struct seen_key {
	__u64 token_key;
	__u64 place;
	__u64 writer;
};

struct seen_value {
	__u64 repeats; /* since the first */
	__u64 untold; /* of these, those that no sample has told of */
	__u64 sent; /* ns, CLOCK_BOOTTIME, of the last sample */
	__s64 at; /* file offset of the token's first byte, when it was last seen */
	/* of the last write */
	__u64 time; /* ns, CLOCK_BOOTTIME */
	__u64 start; /* of the thread group leader, likewise */
	__u32 tgid, tid; /* as the initial pid namespace counts */
	__u32 ns_tgid; /* as the process's own does */
	__u32 uid, gid; /* effective */
	__u32 pad;
};

/* A token in a place, whoever wrote it, as the map `placed` knows it: there was an alert. */
struct placed_key {
	__u64 token_key;
	__u64 place;
};

struct placed_value {
	__s64 at; /* file offset of the token's first byte, when it was last seen */
	__u64 time; /* ns, CLOCK_BOOTTIME, of that; 0: only a second look has seen it; or PLACED_OLD */
};

/* In a placed_value's time: nobody was told of it. It was found to stand there already, when nobody could say any more who had put it there. */
#define PLACED_OLD (1ULL << 63)

#define SAMPLE_MAX_BYTES (sizeof(struct token_sample) + LIMIT_STRINGS_BYTES + LIMIT_PATH_BYTES)

/* Both compilers must agree; `make lint` also checks the BPF object's BTF against this. */
_Static_assert(sizeof(struct token_sample) == 400, "struct token_sample: size");
_Static_assert(__builtin_offsetof(struct token_sample, comm) == 88, "struct token_sample: comm");
_Static_assert(__builtin_offsetof(struct token_sample, inode) == 136, "struct token_sample: inode");
_Static_assert(__builtin_offsetof(struct token_sample, offset) == 216, "struct token_sample: offset");
_Static_assert(__builtin_offsetof(struct token_sample, window) == 304, "struct token_sample: window");
_Static_assert(__builtin_offsetof(struct seen_key, token_key) ==
			       __builtin_offsetof(struct placed_key, token_key) &&
		       __builtin_offsetof(struct seen_key, place) ==
			       __builtin_offsetof(struct placed_key, place),
	       "struct seen_key begins with a struct placed_key");
_Static_assert(sizeof(struct token_more) == 152, "struct token_more: size");
_Static_assert(__builtin_offsetof(struct token_more, seq) == __builtin_offsetof(struct token_sample, seq),
	       "each record's number is at one place");
