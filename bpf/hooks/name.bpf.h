/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What lands on disk without being a file's content: the names of what is created, linked or renamed, the
 * targets of symbolic links, and extended attributes.
 *
 * Only the last component of a path is new; the others were judged when they were made.
 */
#pragma once

#include "base/file.bpf.h"
#include "scan/inspect.bpf.h"
#include "token_search.h"
#include "base/write_call.bpf.h"

/* include/uapi/linux/fcntl.h */
#define NAME_AT_FDCWD (-100)
/* include/uapi/linux/un.h, include/linux/socket.h */
#define NAME_SUN_PATH 108
#define NAME_AF_UNIX 1
/* include/uapi/linux/btrfs.h, include/uapi/linux/fs.h: where a name stands in what ioctl(2) is given */
#define NAME_SUBVOL_CREATE 0x5000940e
#define NAME_SNAP_CREATE 0x50009401
#define NAME_SUBVOL_CREATE_V2 0x50009418
#define NAME_SNAP_CREATE_V2 0x50009417
#define NAME_SETFSLABEL 0x41009432
#define NAME_VOLUME 8
#define NAME_VOLUME_NEWER 56
#define NAME_WATCH (FILE_KIND_BIT(DISK) | FILE_KIND_BIT(TMPFS))

/* Where a relative path of the caller starts: a directory's descriptor, or where the process is. */
static __always_inline __u64 name_base(const struct task_struct *task, __u64 directory)
{
	const struct fs_struct *fs;
	const struct file *file;

	if ((__s32)directory == NAME_AT_FDCWD) {
		fs = BPF_CORE_READ(task, fs);
		return (__u64)__builtin_preserve_access_index(&fs->pwd);
	}
	file = file_by_number(task, directory);
	return file ? (__u64)__builtin_preserve_access_index(&file->f_path) : 0;
}

/* Enum file_kind of the file system a path of the caller's starts on. */
static __always_inline __u32 name_kind(__u64 base)
{
	const struct path *path = (const struct path *)base;

	return path ? file_kind_regular(BPF_CORE_READ(path, dentry, d_sb)) : FILE_KIND_DISK;
}

/* Copies a string of the caller into the window; returns its length, 0 if it can't be read. */
static __always_inline __u64 name_copy(struct scratch *s, __u64 address)
{
	long len = bpf_probe_read_user_str(&s->window.bytes[INSPECT_CARRY], LIMIT_PATH_BYTES,
					   (const void *)address);

	return len > 1 ? len - 1 : 0;
}

static __always_inline int name_volume_is_newer(__u32 command)
{
	return command == NAME_SUBVOL_CREATE_V2 || command == NAME_SNAP_CREATE_V2;
}

/* Enum write_call of an ioctl(2) that makes a name; WRITE_CALL_UNKNOWN of any other. */
static __always_inline __u32 name_ioctl(__u32 command)
{
	if (command == NAME_SUBVOL_CREATE || command == NAME_SNAP_CREATE || name_volume_is_newer(command))
		return WRITE_CALL_SUBVOLUME;
	return command == NAME_SETFSLABEL ? WRITE_CALL_LABEL : WRITE_CALL_UNKNOWN;
}

struct name_walk {
	const struct token_window *window;
	__u64 len;
	__u64 start; /* of the last component */
};

/*
 * From the end to a slash that has a name behind it; slashes behind the name are allowed. No flag is carried from step
 * to step: 6.1's verifier walks such a function for its first call only, and takes for dead code what a later one
 * would do (mended by "bpf: verify callbacks as if they are called unknown number of times").
 */
static long name_walk_step(__u32 index, struct name_walk *walk)
{
	__u64 left = walk->len - index;

	if (!left)
		return 1;
	if (left == walk->len || token_byte(walk->window->bytes, INSPECT_CARRY + left - 1) != '/' ||
	    token_byte(walk->window->bytes, INSPECT_CARRY + left) == '/')
		return 0;
	walk->start = left;
	return 1;
}

/* Where the last component of the path in the window starts. */
static __always_inline __u64 name_last_component(const struct scratch *s, __u64 len)
{
	struct name_walk walk = {.window = &s->window, .len = len};

	bpf_loop(LIMIT_PATH_BYTES, name_walk_step, &walk, 0);
	return walk.start;
}

/* A path, of which the last component was made. */
static __always_inline void name_path(struct scratch *s)
{
	__u64 len;

	len = name_copy(s, s->event.name);
	if (s->event.call == WRITE_CALL_BIND && len > NAME_SUN_PATH)
		len = NAME_SUN_PATH; /* has no terminator if it is as long as it can be */
	if (!len || len > LIMIT_PATH_BYTES)
		return;
	s->event.flags |= SAMPLE_NAME;
	inspect_text(s, len, name_last_component(s, len));
}

/* A string of the caller's: a link's target, an attribute's name. */
static __always_inline void name_string(struct scratch *s, __u64 address, __u32 flag)
{
	__u64 len = name_copy(s, address);

	if (!len || len > LIMIT_PATH_BYTES)
		return;
	s->event.flags |= flag;
	inspect_text(s, len, 0);
	s->event.flags &= ~flag;
}

struct name_call {
	__u64 directory, path;
	__u64 target; /* of a symbolic link, or 0 */
	__u64 attribute, value, size; /* of an attribute, or 0 */
	__u64 label; /* of a file system, or 0 */
	__u32 call;
	__u32 pad;
};

static __always_inline __u64 name_argument(const struct call_args *args, __u32 index, __u64 none)
{
	return index == WRITE_NO_ARGUMENT ? none : args->value[index & 3];
}

/* The kind of what a call makes, as st_mode has it; 0: links and renamed files are what they were. */
static __always_inline __u32 name_mode(const struct call_args *args, __u32 call)
{
	__u32 mode;

	switch (call) {
	case WRITE_CALL_MKDIR:
	case WRITE_CALL_MKDIRAT:
	case WRITE_CALL_SUBVOLUME:
		return KERNEL_S_IFDIR;
	case WRITE_CALL_SYMLINK:
	case WRITE_CALL_SYMLINKAT:
		return KERNEL_S_IFLNK;
	case WRITE_CALL_BIND:
		return KERNEL_S_IFSOCK;
	case WRITE_CALL_MKNOD:
	case WRITE_CALL_MKNODAT:
		mode = args->value[call == WRITE_CALL_MKNOD ? 1 : 2] & KERNEL_S_IFMT;
		return mode ? mode : KERNEL_S_IFREG;
	default:
		return 0;
	}
}

/* Sorts the arguments of a call; returns 0 if it makes no name. */
static __always_inline int name_arguments(const struct call_args *args, struct name_call *name)
{
	__u64 buffer[2] = {};

	switch (name->call) {
#define NAME_CASE(id, text, nr64, nr32, dir_arg, path_arg)                                   \
	case WRITE_CALL_##id:                                                                \
		name->directory = name_argument(args, dir_arg, (__u64)(__s64)NAME_AT_FDCWD); \
		name->path = args->value[path_arg];                                          \
		break;
		WRITE_CALLS_NAME(NAME_CASE)
#undef NAME_CASE
	case WRITE_CALL_BIND:
		/* struct sockaddr_un: the family, then the path; a path that starts with a zero is on no disk */
		bpf_probe_read_user(buffer, 3, (const void *)args->value[1]);
		if ((__u16)buffer[0] != NAME_AF_UNIX || !(buffer[0] >> 16))
			return 0;
		name->directory = (__u64)(__s64)NAME_AT_FDCWD;
		name->path = args->value[1] + sizeof(__u16);
		break;
	case WRITE_CALL_SUBVOLUME:
		name->directory = args->value[0];
		name->path = args->value[2] +
			     (name_volume_is_newer(args->value[1]) ? NAME_VOLUME_NEWER : NAME_VOLUME);
		break;
	case WRITE_CALL_LABEL:
		name->directory = args->value[0];
		name->path = 0;
		name->label = args->value[2];
		break;
	case WRITE_CALL_SETXATTR:
	case WRITE_CALL_LSETXATTR:
	case WRITE_CALL_FSETXATTR:
		name->directory = (__u64)(__s64)NAME_AT_FDCWD;
		name->path = name->call == WRITE_CALL_FSETXATTR ? 0 : args->value[0];
		name->attribute = args->value[1];
		name->value = args->value[2];
		name->size = args->value[3];
		break;
	case WRITE_CALL_SETXATTRAT:
		/* struct xattr_args: value, then size */
		bpf_probe_read_user(buffer, sizeof(buffer), (const void *)args->value[4]);
		name->directory = args->value[0];
		name->path = args->value[1];
		name->attribute = args->value[3];
		name->value = buffer[0];
		name->size = (__u32)buffer[1];
		break;
	default:
		return 0;
	}
	if (name->call == WRITE_CALL_SYMLINK || name->call == WRITE_CALL_SYMLINKAT)
		name->target = args->value[0];
	return 1;
}

/* A file that was just created, by its open file: its name is its dentry's. */
static __always_inline void name_created(struct scratch *s, const struct file *file)
{
	const struct dentry *dentry;
	__u32 kind, len;

	if (!file || !((__u64)BPF_CORE_READ(file, f_mode) & KERNEL_FMODE_CREATED))
		return;
	kind = file_kind(file);
	if (!(settings.watch & NAME_WATCH & (1U << kind)))
		return;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	len = BPF_CORE_READ(dentry, d_name.len);
	if (len < TOKEN_MIN_LEN || len >= LIMIT_NAME_BYTES)
		return;
	asm volatile("" : "+r"(len)); /* keep the bound where the verifier can see it */
	bpf_probe_read_kernel(&s->window.bytes[INSPECT_CARRY], len & (LIMIT_NAME_BYTES - 1),
			      BPF_CORE_READ(dentry, d_name.name));
	s->event.file = (__u64)file;
	s->event.offset = SAMPLE_NO_OFFSET;
	s->event.kind = kind;
	s->event.flags |= SAMPLE_NAME;
	inspect_text(s, len, 0);
}

/* Is an attribute set by a descriptor, with no path or an empty one (AT_EMPTY_PATH)? A function of its own: frames are short. */
__weak __noinline int name_by_descriptor(struct scratch *s)
{
	if (!s)
		return 0;
	if (s->event.call == WRITE_CALL_FSETXATTR)
		return 1;
	return s->event.call == WRITE_CALL_SETXATTRAT && (__s32)s->args.value[0] != NAME_AT_FDCWD &&
	       !name_copy(s, s->args.value[1]);
}

/*
 * name_run() - inspects what the call in s->event, with the arguments in s->args, has named; it returned without
 * an error. A function of its own. Returns 1 if an attribute's value is left to be inspected: by the caller, so that
 * this frame is gone by then.
 */
__weak __noinline int name_run(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct name_call name = {};
	__u32 kind;

	if (!s || !(settings.watch & NAME_WATCH))
		return 0;
	name.call = s->event.call;
	if (!name_arguments(&s->args, &name))
		return 0;
	if (s->event.io_uring)
		s->event.call = WRITE_CALL_IO_URING;
	s->event.name = name.path;
	s->event.name_base = name_base(task, name.directory);
	s->event.name_mode = name_mode(&s->args, name.call);
	kind = name_kind(s->event.name_base);
	/* an absolute path may lead to another file system than the one it is asked from */
	s->event.kind = settings.watch & (1U << kind) ? kind : FILE_KIND_DISK;
	s->event.offset = SAMPLE_NO_OFFSET;
	if (name.label) {
		s->event.file = (__u64)file_by_number(task, name.directory);
		name_string(s, name.label, SAMPLE_LABEL);
		return 0;
	}
	if (name_by_descriptor(s)) {
		s->event.name = 0;
		s->event.file = (__u64)file_by_number(task, s->args.value[0]);
	}
	if (name.attribute) {
		s->event.attribute = name.attribute;
		name_string(s, name.attribute, SAMPLE_XATTR);
		s->event.flags |= SAMPLE_XATTR;
		s->event.address = name.value;
		s->event.length = name.size;
		s->event.source = WRITE_SOURCE_BUFFER;
		return name.size >= TOKEN_MIN_LEN;
	}
	if (name.target)
		name_string(s, name.target, SAMPLE_LINK);
	name_path(s);
	return 0;
}
