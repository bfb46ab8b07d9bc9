/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What came to a stream without a buffer of the caller's (splice, tee, sendfile), for both attachments: where it can be seen.
 *
 *     from a file              in the file's page cache, where it stays
 *     to a pipe, from others   in the pipe's own buffers: the last bytes of those that nobody has read yet
 *     from /dev/zero           there is nothing to be seen
 *
 * What a reader has taken out of the pipe meanwhile is gone: that is counted, also of a call that is only perhaps looked at
 * for the second time (event.again), and of one whose buffers a reader has let go when they had just been read, which may have
 * been in time: better once too often.
 */
#pragma once

#include "base/count.bpf.h"
#include "base/file.bpf.h"
#include "scan/inspect.bpf.h"
#include "scan/partial.bpf.h"

/* drivers/char/mem.c */
#define LANDED_DEVICE_ZERO (1U << 20 | 5)
#define LANDED_DEVICE_FULL (1U << 20 | 7)

/* From the pipe's end to its beginning: buffers' bytes become parts of what the event names, the last ones first. */
struct landed_walk {
	struct scratch *s;
	__u64 buffers; /* a ring of struct pipe_buffer */
	__u32 head, tail, mask; /* which go around, as the kernel keeps them */
	__u32 parts;
	__u64 left; /* bytes that are not accounted for */
};

static long landed_part(__u32 index, struct landed_walk *walk)
{
	const struct pipe_buffer *buffer;
	struct bio_vec *part;
	struct write_event *event = &walk->s->event;
	__u32 len, at = walk->head - 1 - index;

	if (!walk->left || index == walk->head - walk->tail)
		return 1;
	buffer = (const struct pipe_buffer *)(walk->buffers +
					      (at & walk->mask) * bpf_core_type_size(struct pipe_buffer));
	len = BPF_CORE_READ(buffer, len);
	if (len > walk->left)
		len = walk->left;
	part = &walk->s->parts[(LIMIT_PIPE_PARTS - 1 - index) % LIMIT_PIPE_PARTS];
	part->bv_page = BPF_CORE_READ(buffer, page);
	/* a reader takes bytes off the front */
	event->piped = (__u64)buffer;
	event->piped_index = at;
	event->piped_end = BPF_CORE_READ(buffer, offset) + BPF_CORE_READ(buffer, len);
	part->bv_offset = event->piped_end - len;
	part->bv_len = len;
	walk->left -= len;
	walk->parts++;
	return 0;
}

/* Makes the event one of what a pipe has been given last, as far as it is there to be seen. */
static __always_inline void landed_in_pipe(struct scratch *s)
{
	struct write_event *event = &s->event;
	const struct file *file = (const struct file *)event->file;
	const struct pipe_inode_info *pipe =
		(const struct pipe_inode_info *)BPF_CORE_READ(file, private_data);
	struct landed_walk walk = {.s = s, .left = event->length};
	struct begun_key key;

	walk.buffers = (__u64)BPF_CORE_READ(pipe, bufs);
	walk.head = BPF_CORE_READ(pipe, head);
	walk.tail = BPF_CORE_READ(pipe, tail);
	walk.mask = BPF_CORE_READ(pipe, ring_size) - 1;
	bpf_loop(LIMIT_PIPE_PARTS, landed_part, &walk, 0);
	/* nothing of it: inspect_run() counts it */
	if (walk.left == event->length)
		return;
	if (walk.left) {
		count(COUNTER_landed_unseen);
		/* once a call */
		event->piped = 0;
		event->length -= walk.left;
		/* what is there does not go on with what was there before */
		key = begun_stream(file, begun_joins((__u64)file, event->kind));
		begun_forget(&key);
	}
	event->source = WRITE_SOURCE_BIO;
	event->address = (__u64)&s->parts[(LIMIT_PIPE_PARTS - walk.parts) % LIMIT_PIPE_PARTS];
	event->segments = walk.parts;
}

/* Where the bytes came from, as far as it matters. */
enum landed_source {
	LANDED_ANYWHERE,
	LANDED_FILE, /* a page cache */
	LANDED_NOTHING, /* what gives nothing but zeros */
};

/* enum landed_source of a struct file, by its address; a function of its own (verified once). */
__weak __noinline int landed_source(__u64 from)
{
	const struct file *file = (const struct file *)from;
	__u32 kind = file_kind(file), device;

	if (!file)
		return LANDED_ANYWHERE;
	if (file_kind_has_offset(kind) && !(BPF_CORE_READ(file, f_flags) & KERNEL_O_DIRECT))
		return LANDED_FILE;
	device = BPF_CORE_READ(file, f_inode, i_rdev);
	if (kind == FILE_KIND_CHAR && (device == LANDED_DEVICE_ZERO || device == LANDED_DEVICE_FULL))
		return LANDED_NOTHING;
	return LANDED_ANYWHERE;
}

/*
 * landed_in_stream() - finds the bytes of the event, of which source is LANDED and the destination a stream. Returns 0 if there
 * is nothing to be looked at. A function of its own (verified once).
 * @from:     the struct file they came from, 0 if it is not known
 * @position: in it
 */
__weak __noinline int landed_in_stream(struct scratch *s, __u64 from, __u64 position)
{
	int source = landed_source(from);

	if (!s || source == LANDED_NOTHING)
		return 0;
	if (source == LANDED_FILE) {
		s->event.mapping = file_mapping((const struct file *)from, NULL);
		s->event.address = position;
	}
	if (!s->event.mapping && s->event.kind == FILE_KIND_PIPE && s->event.file && cache_bases.valid)
		landed_in_pipe(s);
	return 1;
}
