/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a token in the window to a sample in the ring. All that costs (paths, arguments) is done here,
 * once for a write, and only for writes that hold a token.
 */
#pragma once

#include "emit/cgroup.bpf.h"
#include "emit/identity.bpf.h"
#include "base/count.bpf.h"
#include "scan/pre_write.bpf.h"
#include "base/file.bpf.h"
#include "base/maps.bpf.h"
#include "emit/path.bpf.h"
#include "scan/recheck.bpf.h"
#include "emit/process.bpf.h"
#include "emit/share.bpf.h"
#include "token_key.h"
#include "token_search.h"

/* Where the next string of the sample goes, LIMIT_STRINGS_BYTES if there is no room for one more. */
static __always_inline __u32 emit_room(struct scratch *s)
{
	__u32 at = s->sample.head.size - sizeof(struct token_sample);

	if (at < LIMIT_STRINGS_BYTES)
		return at;
	s->sample.head.flags |= SAMPLE_STRINGS_CUT;
	return LIMIT_STRINGS_BYTES;
}

/* Appends the path that was built from `start` on; returns its length. */
static __always_inline __u32 emit_path(struct scratch *s, __u32 start)
{
	__u32 len = (PATH_END - start) & (LIMIT_PATH_BYTES - 1), at = emit_room(s);

	if (at >= LIMIT_STRINGS_BYTES)
		return 0;
	bpf_probe_read_kernel(&s->sample.strings.bytes[at & (LIMIT_STRINGS_BYTES - 1)], len,
			      &s->path.bytes[start & (LIMIT_PATH_BYTES - 1)]);
	s->sample.head.size += len;
	return len;
}

/* The command line as the process holds it now; what is past a page that is not resident is lost. */
static __always_inline __u32 emit_args(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 start = BPF_CORE_READ(task, mm, arg_start);
	__u64 end = BPF_CORE_READ(task, mm, arg_end);
	__u32 at = emit_room(s);
	__u8 *to = &s->sample.strings.bytes[at & (LIMIT_STRINGS_BYTES - 1)];
	__u64 len = end - start, in_page;

	if (!start || end <= start || at >= LIMIT_STRINGS_BYTES)
		return 0;
	if (len >= LIMIT_ARGS_BYTES) {
		len = LIMIT_ARGS_BYTES - 1;
		s->sample.head.flags |= SAMPLE_ARGS_TRUNCATED;
		count(COUNTER_args_truncated);
	}
	if (!bpf_probe_read_user(to, len & (LIMIT_ARGS_BYTES - 1), (const void *)start))
		return len & (LIMIT_ARGS_BYTES - 1);
	in_page = KERNEL_PAGE_SIZE - (start & (KERNEL_PAGE_SIZE - 1));
	if (in_page < len &&
	    !bpf_probe_read_user(to, in_page & (LIMIT_ARGS_BYTES - 1), (const void *)start)) {
		s->sample.head.flags |= SAMPLE_ARGS_TRUNCATED;
		count(COUNTER_args_truncated);
		return in_page & (LIMIT_ARGS_BYTES - 1);
	}
	s->sample.head.flags |= SAMPLE_ARGS_UNREADABLE;
	count(COUNTER_args_unreadable);
	return 0;
}

/* Appends the path of (mnt, dentry); returns its length. */
static __always_inline __u32 emit_object_path(struct scratch *s, __u64 mnt, __u64 dentry, __u32 flag)
{
	__u32 start = path_build(&s->path, mnt, dentry);

	if (s->path.truncated) {
		s->sample.head.flags |= flag;
		count(COUNTER_path_truncated);
	}
	return emit_path(s, start);
}

/*
 * The path of what was named but not opened, as the caller gave it: behind the path of the directory it
 * starts from, unless it is absolute. It is the first string.
 */
__noinline int emit_name(struct scratch *s)
{
	const struct path *base;
	__u32 at = 0, room;
	char first = 0;
	long len;

	if (!s || !s->event.name)
		return 0;
	bpf_probe_read_user(&first, 1, (const void *)s->event.name);
	base = (const struct path *)s->event.name_base;
	if (first != '/' && base) {
		at = emit_object_path(s, (__u64)BPF_CORE_READ(base, mnt), (__u64)BPF_CORE_READ(base, dentry),
				      SAMPLE_PATH_TRUNCATED) &
		     (LIMIT_PATH_BYTES - 1);
		s->sample.strings.bytes[at] = '/';
		at++;
	}
	room = LIMIT_PATH_BYTES - at;
	if (room > LIMIT_PATH_BYTES)
		return 0;
	len = bpf_probe_read_user_str(&s->sample.strings.bytes[at & (2 * LIMIT_PATH_BYTES - 1)],
				      room & (2 * LIMIT_PATH_BYTES - 1), (const void *)s->event.name);
	s->sample.head.mode = s->event.name_mode;
	s->sample.head.path_len = at + (len > 0 ? (len - 1) & (LIMIT_PATH_BYTES - 1) : 0);
	s->sample.head.size = sizeof(struct token_sample) + s->sample.head.path_len;
	return 0;
}

/* The file, where only its inode is known: whoever sees it there has not opened it. */
static __always_inline void emit_inode(struct scratch *s)
{
	const struct inode *inode = (const struct inode *)s->event.inode;
	struct task_struct *task = bpf_get_current_task_btf();

	file_describe_inode(inode, &s->sample.head);
	if (!s->sample.head.links)
		s->sample.head.flags |= SAMPLE_FILE_DELETED;
	if (BPF_CORE_READ(task, fs, root.mnt, mnt_sb) == BPF_CORE_READ(inode, i_sb))
		s->sample.head.flags |= SAMPLE_ROOT_MOUNT;
}

/* The path of what was written to. Functions of their own, like all of these: verified once, alone. */
__noinline int emit_file(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct file *file;
	__u64 mount, dentry;

	if (!s)
		return 0;
	file = (const struct file *)s->event.file;
	mount = s->event.name_mount;
	dentry = s->event.name_dentry;
	if (file) {
		mount = (__u64)BPF_CORE_READ(file, f_path.mnt);
		dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
		file_describe(file, &s->sample.head);
		/* of /dev/kmsg, which has none: what it is at is no place */
		if ((s->sample.head.mode & KERNEL_S_IFMT) == KERNEL_S_IFCHR)
			s->sample.head.offset = SAMPLE_NO_OFFSET;
		if (path_unlinked((const struct dentry *)dentry))
			s->sample.head.flags |= SAMPLE_FILE_DELETED;
	} else if (s->event.inode) {
		emit_inode(s);
	} else {
		s->sample.head.mode = s->event.name_mode;
	}
	if (!dentry)
		return 0;
	s->sample.head.path_len = emit_object_path(s, mount, dentry, SAMPLE_PATH_TRUNCATED);
	if (mount == (__u64)BPF_CORE_READ(task, fs, root.mnt))
		s->sample.head.flags |= SAMPLE_ROOT_MOUNT;
	return 0;
}

/*
 * The dentry of an open file in its own file system. Up to 6.4 the file under one on overlayfs bears the path of the
 * one above (open_with_fake_path()); then it is the one that its inode knows.
 */
static __always_inline const struct dentry *emit_dentry(const struct file *file)
{
	const struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	const struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u64 named;

	if (BPF_CORE_READ(dentry, d_inode) == inode)
		return dentry;
	named = kernel_inode_dentry(inode);
	return named ? (const struct dentry *)named : dentry;
}

/* The file's path in its own file system, by which the host can find it. */
__noinline int emit_inner(struct scratch *s)
{
	const struct file *file, *under;
	const struct dentry *dentry;

	if (!s)
		return 0;
	file = (const struct file *)s->event.file;
	dentry = (const struct dentry *)s->event.name_dentry;
	if (file && !file_kind_has_offset(s->event.kind))
		return 0;
	if (file && file_magic(file) == FILE_MAGIC_OVERLAYFS) {
		under = file_under_overlay(file);
		file = under ? under : file;
	}
	if (file)
		dentry = emit_dentry(file);
	if (!dentry)
		return 0;
	s->sample.head.inner_device = BPF_CORE_READ(dentry, d_sb, s_dev);
	s->sample.head.inner_len = emit_object_path(s, 0, (__u64)dentry, SAMPLE_STRINGS_CUT);
	return 0;
}

/* The path of the executable. */
__noinline int emit_executable(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct file *file = BPF_CORE_READ(task, mm, exe_file);

	if (!s || !file)
		return 0;
	s->sample.head.exe_len =
		emit_object_path(s, (__u64)BPF_CORE_READ(file, f_path.mnt),
				 (__u64)BPF_CORE_READ(file, f_path.dentry), SAMPLE_EXE_TRUNCATED);
	return 0;
}

__noinline int emit_directory(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct fs_struct *fs = BPF_CORE_READ(task, fs);

	if (!s || !fs)
		return 0;
	s->sample.head.cwd_len = emit_object_path(s, (__u64)BPF_CORE_READ(fs, pwd.mnt),
						  (__u64)BPF_CORE_READ(fs, pwd.dentry), SAMPLE_CWD_TRUNCATED);
	return 0;
}

/* The paths of the process's cgroups, a newline between them. */
__noinline int emit_cgroups(struct scratch *s)
{
	__u64 v1 = cgroup_node_v1();
	__u32 at;

	if (!s)
		return 0;
	s->sample.head.cgroup_len = emit_path(s, cgroup_path(&s->path, cgroup_node()));
	at = emit_room(s);
	if (!v1 || at >= LIMIT_STRINGS_BYTES)
		return 0;
	s->sample.strings.bytes[at & (LIMIT_STRINGS_BYTES - 1)] = '\n';
	s->sample.head.size++;
	s->sample.head.cgroup_len += 1 + emit_path(s, cgroup_path(&s->path, v1));
	return 0;
}

struct emit_ancestors {
	struct scratch *s;
	struct task_struct *task;
};

static long emit_ancestor(__u32 index, struct emit_ancestors *walk)
{
	struct sample_ancestor ancestor = {};
	struct scratch *s = walk->s;
	struct task_struct *task = walk->task;
	__u32 at = emit_room(s);

	task = BPF_CORE_READ(task, real_parent, group_leader);
	walk->task = task;
	ancestor.tgid = BPF_CORE_READ(task, tgid);
	/* above init there is nobody */
	if (!ancestor.tgid || at >= LIMIT_STRINGS_BYTES)
		return 1;
	if (index >= LIMIT_ANCESTORS) {
		s->sample.head.flags |= SAMPLE_ANCESTORS_CUT;
		return 1;
	}
	ancestor.start = BPF_CORE_READ(task, start_boottime);
	BPF_CORE_READ_INTO(&ancestor.comm, task, comm);
	bpf_probe_read_kernel(&s->sample.strings.bytes[at & (LIMIT_STRINGS_BYTES - 1)], sizeof(ancestor),
			      &ancestor);
	s->sample.head.size += sizeof(ancestor);
	s->sample.head.ancestors_len += sizeof(ancestor);
	return 0;
}

/* Who stands above the parent, as it is now: who has ended is not there any more. */
__noinline int emit_ancestors(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct emit_ancestors walk = {.s = s};

	if (!s)
		return 0;
	walk.task = BPF_CORE_READ(task, real_parent, group_leader);
	bpf_loop(LIMIT_ANCESTORS + 1, emit_ancestor, &walk, 0);
	return 0;
}

/* The facts of the process. */
__noinline int emit_process(struct scratch *s)
{
	if (s)
		process_describe(&s->sample.head);
	return 0;
}

/* The command line. */
__noinline int emit_command_line(struct scratch *s)
{
	__u32 len;

	if (!s)
		return 0;
	len = emit_args(s);
	s->sample.head.args_len = len;
	s->sample.head.size += len;
	return 0;
}

/* All that does not differ between the tokens of one write. */
static __always_inline void emit_describe(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct token_sample *head = &s->sample.head;

	/* it takes as long as some pages */
	s->steps += 16;
	__builtin_memset(head, 0, sizeof(*head));
	head->time = bpf_ktime_get_boot_ns();
	head->flags = s->event.flags;
	if (s->reader.landed)
		head->flags |= SAMPLE_CACHE;
	head->kind = s->event.kind;
	head->call = s->event.call;
	head->offset = s->event.offset;
	head->length = s->event.length;
	head->size = sizeof(*head);
	head->group = share_group();
	head->slot = s->slot;
	emit_process(s);
	if (head->tgid == canary_tid && head->start == self_start)
		head->flags |= SAMPLE_CANARY;
	if (s->event.name)
		emit_name(s);
	else
		emit_file(s);
	identity_inode(s);
	identity_place(s);
	identity_writer(s);
	emit_executable(s);
	if (!BPF_CORE_READ(task, mm))
		head->flags |= SAMPLE_KTHREAD;
	else
		emit_command_line(s);
	/* in the order of SAMPLE_STRINGS */
	emit_ancestors(s);
	emit_cgroups(s);
	emit_inner(s);
	emit_directory(s);
}

/* Who has made the page dirty that holds this byte of the file; of two, the later. Returns 0 if nobody knows. */
static __always_inline int emit_writer_at(struct scratch *s, __u64 position)
{
	__u64 folio = cache_folio(s->event.mapping, position / KERNEL_PAGE_SIZE);
	struct recheck_writer writer = {};

	if (!recheck_writer_of(s->event.mapping,
			       folio ? BPF_CORE_READ((const struct folio *)folio, index)
				     : position / KERNEL_PAGE_SIZE,
			       &writer))
		return 0;
	if (writer.time >= s->writer.time || !s->writer.tgid)
		s->writer = writer;
	return 1;
}

/*
 * What is known of a token that a second look has found: where it is, and whose it is. Who that was has been told when it
 * made the page dirty.
 * @since: when the page was last looked at, in which it was not
 */
__noinline int emit_describe_recheck(struct scratch *s, __s64 token_at, __u64 len)
{
	__u64 since, position;
	struct token_sample *head;

	if (!s)
		return 0;
	head = &s->sample.head;
	since = s->event.since;
	position = s->event.offset + token_at;
	__builtin_memset(&s->writer, 0, sizeof(s->writer));
	emit_writer_at(s, position);
	if ((position + TOKEN_MIN_LEN - 1) / KERNEL_PAGE_SIZE != position / KERNEL_PAGE_SIZE)
		emit_writer_at(s, position + TOKEN_MIN_LEN - 1);
	recheck_joiner_of(s->event.mapping, position, len, &s->writer, &s->writer);
	__builtin_memset(head, 0, sizeof(*head));
	head->time = s->writer.time > since ? s->writer.time : since;
	head->flags = s->event.flags;
	head->kind = s->event.kind;
	head->call = s->writer.call;
	head->offset = s->event.offset;
	head->length = s->event.length;
	head->size = sizeof(*head);
	head->group = s->writer.group;
	head->described = s->writer.described;
	/* not told of when it was there: what procfs still has of it */
	if (!s->writer.described)
		head->flags |= SAMPLE_ARGS_UNREADABLE;
	head->tgid = s->writer.tgid;
	head->ns_tgid = s->writer.tgid;
	head->start = s->writer.start;
	head->login_uid = ~0U;
	__builtin_memcpy(head->comm, s->writer.comm, sizeof(head->comm));
	return 0;
}

/* Does the token reach out of the write on either side, into what the file held before? */
static __always_inline int emit_reaches_out(const struct token_sample *head)
{
	return head->offset >= 0 &&
	       (head->token_at < 0 || head->token_at + head->window_len > (__s64)head->length);
}

/* Remembers who wrote last. */
static __always_inline void emit_last(struct seen_value *value, const struct token_sample *head)
{
	value->at = head->offset + head->token_at;
	value->time = head->time;
	value->start = head->start;
	value->tgid = head->tgid;
	value->tid = head->tid;
	value->ns_tgid = head->ns_tgid;
	value->uid = head->uid;
	value->gid = head->gid;
}

/* Of emit_is_repeat(): not to be sent, but counted, by who calls it: 6.1 counts all frames of a chain together. */
#define EMIT_SUPPRESSED 2

/* Of a leak that is known: counts the write, and what of it is to be told now. Returns 0 if that is anything. */
static __always_inline int emit_again(struct seen_value *value, struct token_sample *head)
{
	emit_last(value, head);
	head->repeats = __sync_fetch_and_add(&value->repeats, 1) + 1;
	__sync_fetch_and_add(&value->untold, 1);
	__sync_fetch_and_add(&known.untold, 1);
	if (head->time - value->sent < LIMIT_REPEAT_NS)
		return EMIT_SUPPRESSED;
	value->sent = head->time;
	head->news = __sync_lock_test_and_set(&value->untold, 0);
	__sync_fetch_and_add(&known.untold, -(__u64)head->news);
	return 0;
}

static __always_inline struct missed_token *emit_missed(const struct token_sample *head)
{
	struct placed_key key = {.token_key = head->token_key, .place = head->place};

	return bpf_map_lookup_elem(&missed, &key);
}

/* Was this token counted as lost just now, by another look at the same write? It is neither lost again nor sent after all. */
static __always_inline int emit_was_lost(const struct token_sample *head)
{
	const struct missed_token *last = emit_missed(head);

	return last && last->writer == head->writer && last->at == head->offset + head->token_at &&
	       head->time - last->time < LIMIT_PIECES_NS;
}

static __always_inline void emit_note_lost(const struct token_sample *head)
{
	struct placed_key key = {.token_key = head->token_key, .place = head->place};
	struct missed_token last = {
		.writer = head->writer,
		.at = head->offset + head->token_at,
		.time = head->time,
	};

	bpf_map_update_elem(&missed, &key, &last, BPF_ANY);
}

/*
 * Has a first look found the token there just now? Its time may be the later one: each knows its own before it looks here. What was found to
 * be old is new to the call that has written it: the file was mapped before that was looked at.
 */
static __always_inline int emit_was_placed(const struct placed_value *place, __s64 at, __u64 time)
{
	return place->at == at && !(place->time & PLACED_OLD) &&
	       (__s64)(time - place->time) < (__s64)LIMIT_PIECES_NS;
}

/*
 * Is this a repeat that need not be sent? Then it has been counted. Otherwise the sample's count of
 * repeats is set. Before the ring, so that a writer in a loop can't fill it.
 *
 * A token that was seen here, and is seen again because of a write to a part of it, is no repeat: the
 * writers of two pieces may both find the whole.
 */
__noinline int emit_is_repeat(struct scratch *s)
{
	struct seen_value first = {};
	struct placed_value *place;
	struct token_sample *head;
	struct seen_value *value;
	struct seen_key key;
	int part;
	__s64 at;

	if (!s)
		return 0;
	head = &s->sample.head;
	head->token_key = token_key(&token_seed, head->window);
	head->repeats = 0;
	head->news = 1;
	key.token_key = head->token_key;
	key.place = head->place;
	key.writer = head->writer;
	at = head->offset + head->token_at;
	if (s->event.again && emit_was_lost(head))
		return 1;
	/* what both looks at one write have found is one token */
	part = emit_reaches_out(head) || s->event.again;
	value = bpf_map_lookup_elem(&seen, &key);
	if (part && value && value->at == at)
		return 1;
	place = placed_has(key.token_key, key.place);
	/* another look, on another CPU, may be first by a hair */
	if (!place)
		place = placed_add(key.token_key, key.place, at, head->time);
	if (place) {
		if (part && !value && emit_was_placed(place, at, head->time))
			return 1;
		/* in this order, because others look meanwhile */
		place->time = head->time;
		barrier();
		place->at = at;
	}
	if (value)
		return emit_again(value, head);
	emit_last(&first, head);
	first.sent = head->time;
	if (!bpf_map_update_elem(&seen, &key, &first, BPF_NOEXIST)) {
		__sync_fetch_and_add(&known.seen_in, 1);
		/* what was lost of it is told of now: a placed_key is how a seen_key begins */
		if (known.lost)
			bpf_map_delete_elem(&missed, &key);
		return 0;
	}
	/* another thread was first by a hair; or there is no memory, and each is a first one */
	value = bpf_map_lookup_elem(&seen, &key);
	if (part && value && value->at == at)
		return 1;
	return value ? emit_again(value, head) : 0;
}

/* Is a token that a second look has found known at its place? From now on it is. */
__noinline int emit_is_known(struct scratch *s)
{
	struct token_sample *head;
	int old;

	if (!s)
		return 0;
	head = &s->sample.head;
	/* of somebody who is not watched */
	if (s->writer.tgid == RECHECK_FOREIGN && s->event.recheck != RECHECK_DIRECT &&
	    s->event.recheck != RECHECK_OLD)
		return 1;
	if (s->event.folio && recheck_is_mapped(s->event.folio))
		return 1;
	head->token_key = token_key(&token_seed, head->window);
	head->repeats = 0;
	head->news = 1;
	if (s->event.recheck != RECHECK_DIRECT)
		head->place = place_of_inode(s->event.inode, 0, 0);
	if (placed_has(head->token_key, head->place))
		return 1;
	old = s->event.recheck == RECHECK_OLD;
	/*
	 * Another look, on another CPU, may be first by a hair. The first look at the call that wrote it may be yet to come: it knows whose it
	 * is, so to it the token is new (emit_is_repeat()), and what is found here is held until then.
	 */
	if (placed_add(head->token_key, head->place, head->offset + head->token_at,
		       old ? head->time | PLACED_OLD : 0))
		return 1;
	/* of RECHECK_DIRECT the next token of the write has the same flags; and a first look is still to come */
	if (!old && s->event.recheck != RECHECK_DIRECT && emit_missed(head))
		head->flags |= SAMPLE_FOUND_LATE;
	return old;
}

/* There was no room for what would have been alerts. */
static __always_inline void emit_lost(struct scratch *s, __u64 samples)
{
	count_add(s->reader.refused ? COUNTER_flooded : COUNTER_ring_full, samples);
	if (s->reader.refused)
		share_lost(s, samples);
	__sync_fetch_and_add(&known.lost, samples);
}

/*
 * Can the daemon look for the rest of the write in the file, and is there room to ask it to? Not for single tokens: it would
 * take as much. Nor if it is not sure that this is where they are.
 */
static __always_inline int emit_defers(struct scratch *s, __s64 token_at)
{
	if (s->reader.tokens <= LIMIT_DEFER_TOKENS || s->event.offset < 0 || s->event.entry ||
	    s->event.recheck || s->reader.behind || s->event.flags & SAMPLE_OFFSET_APPROX || s->event.guess ||
	    share_admit(s, s->sample.head.size, LIMIT_SHARE_ASK_BYTES))
		return 0;
	s->reader.deferred = 1;
	s->reader.defer_at = token_at;
	s->reader.missing = 1;
	return 1;
}

/*
 * Keeps all that is known of a token that a first look has seen in a file and has no room for, but not itself: the daemon looks for it
 * there. A function of its own.
 */
__noinline int emit_keep(struct scratch *s)
{
	const struct token_sample *head;
	struct dropped_sample *kept;
	__u32 flooded, at, first, args, behind, rest;
	__u64 number;

	if (!s)
		return 0;
	head = &s->sample.head;
	if (head->flags & SAMPLE_PARTS || head->offset < 0 || !head->inode)
		return 0;
	flooded = s->reader.refused;
	number = __sync_fetch_and_add(&known.dropped[flooded & 1], 1) + 1;
	at = flooded ? LIMIT_DROPPED_FULL + number % LIMIT_DROPPED_FLOODED : number % LIMIT_DROPPED_FULL;
	kept = bpf_map_lookup_elem(&dropped, &at);
	if (!kept)
		return 0;
	/* who was preempted in here has it still, after all others have been written once */
	if (__sync_lock_test_and_set(&kept->number, ~0ULL) == ~0ULL)
		return 0;
	first = head->path_len + head->exe_len;
	args = head->args_len;
	behind = first + args;
	rest = head->size - sizeof(*head) - behind;
	if (args > LIMIT_DROPPED_STRINGS - 1)
		args = LIMIT_DROPPED_STRINGS - 1;
	/* or the bound, of another register, is all that the verifier has */
	asm volatile("" : "+r"(args));
	bpf_probe_read_kernel(&kept->head, offsetof(struct token_sample, window), head);
	if (first < LIMIT_DROPPED_STRINGS)
		bpf_probe_read_kernel(kept->first, first & (LIMIT_DROPPED_STRINGS - 1),
				      s->sample.strings.bytes);
	bpf_probe_read_kernel(kept->args, args & (LIMIT_DROPPED_STRINGS - 1),
			      &s->sample.strings.bytes[first & (LIMIT_STRINGS_BYTES - 1)]);
	if (rest < LIMIT_DROPPED_STRINGS)
		bpf_probe_read_kernel(kept->rest, rest & (LIMIT_DROPPED_STRINGS - 1),
				      &s->sample.strings.bytes[behind & (LIMIT_STRINGS_BYTES - 1)]);
	barrier();
	kept->number = number;
	return 0;
}

/* A page on its way to a block device, and no room for what is in it: it stays in the page cache for a while, and is looked at once more. */
static __always_inline void emit_again_later(struct scratch *s)
{
	/* a token may lie across two */
	(void)later_add(s->event.mapping, (s->event.offset + s->sample.head.token_at) / KERNEL_PAGE_SIZE, 2);
}

/*
 * The ring was full. A first sample is lost, and forgotten, so that the next one is a first one again and its repeats are
 * not hidden. Of a repeat nothing is lost: it has been counted, and is told a second later or in the end.
 */
__noinline int emit_dropped(struct scratch *s)
{
	struct token_sample *head;
	struct seen_value *value;
	struct seen_key key;

	if (!s)
		return 0;
	head = &s->sample.head;
	/* who waits for it knows */
	if (head->flags & SAMPLE_CANARY)
		return 0;
	key.token_key = head->token_key;
	key.place = head->place;
	key.writer = head->writer;
	if (s->event.recheck) {
		/* it is found as long as it is there: one that is lost is lost once */
		if (!emit_missed(head))
			emit_lost(s, 1);
		emit_note_lost(head);
		placed_drop(head->token_key, head->place);
		if (s->event.recheck == RECHECK_WRITEBACK)
			emit_again_later(s);
		return 0;
	}
	if (!head->repeats) {
		if (!s->reader.deferred)
			emit_lost(s, 1);
		emit_note_lost(head);
		placed_drop(key.token_key, key.place);
		if (!bpf_map_delete_elem(&seen, &key))
			__sync_fetch_and_add(&known.seen_out, 1);
		/* last: to who looks for it, it must not seem known */
		if (!s->reader.deferred)
			emit_keep(s);
		return 0;
	}
	count(COUNTER_repeats_suppressed);
	__sync_fetch_and_add(&known.untold, head->news);
	value = bpf_map_lookup_elem(&seen, &key);
	if (value) {
		__sync_fetch_and_add(&value->untold, head->news);
		value->sent = head->time - LIMIT_REPEAT_NS + LIMIT_REPEAT_RETRY_NS;
	}
	return 0;
}

/*
 * What differs from the token of this write that is in the ring already. A function of its own: what it spills is not on the way
 * that is deepest. Returns 0, or 1 if the ring is full.
 */
__noinline int emit_more(struct scratch *s)
{
	const struct token_sample *head;
	struct token_more *more;
	int full;

	if (!s)
		return 0;
	head = &s->sample.head;
	more = &s->more;
	more->size = sizeof(*more);
	more->flags = SAMPLE_MORE;
	more->seq = head->seq;
	more->facts = s->reader.facts;
	more->slot = s->slot;
	more->repeats = head->repeats;
	more->news = head->news;
	more->window_len = head->window_len;
	more->token_at = head->token_at;
	more->token_key = head->token_key;
	__builtin_memcpy(more->window, head->window, sizeof(more->window));
	full = bpf_ringbuf_output(&samples, more, sizeof(*more), 0) != 0;
	__builtin_memset(more->window, 0, sizeof(more->window));
	return full;
}

/* The sample whole; of what follows in the same write the facts are known then. Returns 0, or 1 if the ring is full. */
static __always_inline int emit_whole(struct scratch *s)
{
	__u32 size = s->sample.head.size;

	if (size > sizeof(s->sample) || bpf_ringbuf_output(&samples, &s->sample, size, 0))
		return 1;
	/* what a second look finds is another's each time */
	if (!s->event.recheck)
		s->reader.facts = s->sample.head.seq;
	return 0;
}

/* No function of its own: 6.1 counts all frames of a chain together. Returns 0, or 1 if there is no room for the sample. */
static __always_inline int emit_send(struct scratch *s, __s64 token_at)
{
	__u32 size = s->reader.facts ? sizeof(struct token_more) : s->sample.head.size;

	s->reader.refused = share_admit(s, size, 0);
	if (s->reader.refused) {
		if (!s->sample.head.repeats)
			emit_defers(s, token_at);
		return 1;
	}
	return s->reader.facts ? emit_more(s) : emit_whole(s);
}

/*
 * emit_token() - sends the token whose second dot is at `dot` of the window.
 * A function of its own (verified once, alone); returns 0.
 */
__noinline int emit_token(struct scratch *s, __u64 dot)
{
	struct token_sample *head;
	__u64 public_len, start;
	__s64 token_at;
	int known_already;

	if (!s)
		return 0;
	public_len = token_public_len(s->window.bytes, dot);
	start = dot - public_len - 1 - TOKEN_PREFIX_LEN;
	/* the window ends at reader.position in the write */
	token_at = (__s64)(s->reader.position - s->reader.fill + start);
	if (token_at >= (__s64)s->event.length)
		return 0;
	s->reader.found = 1;
	if (settings.watch & ENTERED_KINDS && s->event.entry) {
		entered_keep(s, start, dot + 1 + TOKEN_SECRET_LEN - start, token_at);
		return 0;
	}
	s->reader.tokens++;
	if (s->event.recheck && s->event.recheck != RECHECK_DIRECT) {
		emit_describe_recheck(s, token_at, dot + 1 + TOKEN_SECRET_LEN - start);
		emit_file(s);
		/* nobody has opened it here: the path is the one in its own file system */
		s->sample.head.inner_device = s->sample.head.device;
		s->sample.head.inner_len = s->sample.head.path_len;
		s->sample.head.path_len = 0;
	} else if (!s->reader.described) {
		s->reader.described = 1;
		emit_describe(s);
	}
	head = &s->sample.head;
	head->window_len = TOKEN_PREFIX_LEN + 1 + public_len + 1 + TOKEN_SECRET_LEN;
	/* lengths are whole words (token_formats.h); unrolled, because 6.1 refuses this loop's shape */
#pragma unroll
	for (__u64 i = 0; i < TOKEN_MAX_LEN; i += 8)
		if (i < head->window_len)
			*(__u64 *)(head->window + i) = token_word(s->window.bytes, start + i);
	head->token_at = token_at;
	if (settings.watch & ENTERED_KINDS && !file_kind_has_offset(s->event.kind))
		entered_found(token_key(&token_seed, head->window));
	/* the daemon finds what is not known yet */
	if (s->reader.deferred) {
		s->reader.missing += !placed_has(token_key(&token_seed, head->window), head->place);
		__builtin_memset(head->window, 0, sizeof(head->window));
		return 0;
	}
	/* a canary is not a leak: each is a new one, and nobody remembers it */
	if (head->flags & SAMPLE_CANARY)
		known_already = 0;
	else
		known_already = s->event.recheck ? emit_is_known(s) : emit_is_repeat(s);
	if (known_already == EMIT_SUPPRESSED)
		count(COUNTER_repeats_suppressed);
	if (known_already) {
		__builtin_memset(head->window, 0, sizeof(head->window));
		return 0;
	}
	head->seq = __sync_fetch_and_add(&sample_seq, 1) + 1;
	if (emit_send(s, token_at))
		emit_dropped(s);
	else
		count(COUNTER_samples_sent);
	__builtin_memset(head->window, 0, sizeof(head->window));
	return 0;
}

/*
 * emit_request() - asks the daemon to look at the file itself: a sample without a window, for a write
 * whose bytes can't be seen from here (SAMPLE_UNREAD), or for a mapping (SAMPLE_MAPPED). Returns 0, or 1 if the ring was
 * full.
 */
__noinline int emit_request(struct scratch *s, __u32 flag)
{
	struct token_sample *head;
	__u32 size;

	if (!s)
		return 0;
	emit_describe(s);
	s->reader.facts = 0;
	head = &s->sample.head;
	head->flags |= flag;
	head->news = s->reader.deferred ? s->reader.missing : 0;
	if (flag & SAMPLE_SUSPECT) {
		/* what is to be read, of the write or beyond it */
		head->token_at = s->reader.suspect_from;
		head->token_key = s->reader.suspect_to - s->reader.suspect_from;
	}
	head->seq = __sync_fetch_and_add(&sample_seq, 1) + 1;
	size = head->size;
	if (size > sizeof(s->sample))
		return 0;
	s->reader.refused = !s->reader.deferred && share_admit(s, size, LIMIT_SHARE_ASK_BYTES);
	if (s->reader.refused || bpf_ringbuf_output(&samples, &s->sample, size, 0)) {
		if (flag == SAMPLE_DESCRIBES)
			count(COUNTER_writers_undescribed);
		else
			emit_lost(s, s->reader.deferred ? s->reader.missing : 1);
		return 1;
	}
	count(COUNTER_samples_sent);
	return 0;
}

/*
 * emit_text() - sends the window from reader.suspect_text on: what only the daemon can tell to be a token, of what it can't read again.
 * Returns 0.
 */
__noinline int emit_text(struct scratch *s)
{
	struct token_sample *head;
	__u32 to;
	__u64 at, len;

	if (!settings.suspects || !s)
		return 0;
	/* what comes next in this write is described anew: this record has no facts to go by */
	emit_describe(s);
	s->reader.described = 0;
	s->reader.facts = 0;
	at = s->reader.suspect_text;
	len = s->reader.fill - at;
	head = &s->sample.head;
	head->flags |= SAMPLE_SUSPECT;
	head->token_at = (__s64)(s->reader.position - len);
	head->seq = __sync_fetch_and_add(&sample_seq, 1) + 1;
	to = emit_room(s);
	if (len > LIMIT_TEXT_BYTES)
		len = LIMIT_TEXT_BYTES;
	asm volatile("" : "+r"(len)); /* keep the bound where the verifier can see it */
	if (to >= LIMIT_STRINGS_BYTES || len > LIMIT_TEXT_BYTES)
		return 0;
	bpf_probe_read_kernel(&s->sample.strings.bytes[to & (LIMIT_STRINGS_BYTES - 1)], len,
			      &s->window.bytes[TOKEN_INDEX(at)]);
	head->text_len = len;
	head->size += len;
	s->reader.refused = share_admit(s, head->size, 0);
	if (s->reader.refused || head->size > sizeof(s->sample) ||
	    bpf_ringbuf_output(&samples, &s->sample, head->size, 0))
		emit_lost(s, 1);
	else
		count(COUNTER_samples_sent);
	/* a read that fails leaves zeros */
	bpf_probe_read_kernel(&s->sample.strings.bytes[to & (LIMIT_STRINGS_BYTES - 1)], len, NULL);
	return 0;
}
