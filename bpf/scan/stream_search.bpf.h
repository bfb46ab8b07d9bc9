/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A write to a stream (a pipe, a socket, a terminal), of one buffer that is not too long: could it hold a token, or a piece of
 * one? Nearly all could not, and end here: the buffer is copied and searched, and asked for is whether what was written
 * before ended with a beginning, and whether this does. The others go the whole way (inspect.bpf.c).
 *
 * Part of syscall.bpf.c alone. Only if streams are watched.
 */
#pragma once

#include "scan/partial.bpf.h"
#include "base/direct.bpf.h"
#include "scan/pre_write.bpf.h"
#include "base/file.bpf.h"
#include "scan/inspect.bpf.h"
#include "token_search.h"

/* The longest buffer that is looked at here. */
#define STREAM_BYTES 4096U

/*
 * Copies a buffer: could it hold a token, or what is written next go on with one that it ends with?
 * @alone: nothing is to go on with it
 */
static __always_inline int stream_text(struct scratch *s, __u64 address, __u64 len, int alone)
{
	__u8 *bytes = s->window.bytes;
	__u64 end = INSPECT_CARRY + len;

	asm volatile("" : "+r"(len)); /* keep the bound where the verifier can see it */
	if (len > STREAM_BYTES || bpf_probe_read_user(bytes + INSPECT_CARRY, len, (const void *)address))
		return 1;
	/* what an earlier write has left before it in the window at worst sends it the whole way */
	if (len >= TOKEN_MIN_LEN && inspect_search(&s->window, end, INSPECT_CARRY) != TOKEN_NONE)
		return 1;
	if (alone)
		return 0;
	*(__u64 *)(bytes + INSPECT_CARRY - 16) = 0;
	*(__u64 *)(bytes + INSPECT_CARRY - 8) = 0;
	return token_may_go_on(token_word(bytes, end - 16), token_word(bytes, end - 8));
}

/*
 * stream_innocent() - is a write of `len` bytes of one buffer to the current task's descriptor `number` one to a stream that
 * is watched, without a token or a piece of one?
 * @entry: the call only begins: nobody has to remember how it ends, but what an earlier call left behind is void
 */
__noinline int stream_innocent(__u64 number, __u64 address, __u64 len, int entry)
{
	const struct file *file;
	struct begun_key key;
	struct entered *mine;
	struct scratch *s;
	__u64 joins;
	__u32 kind;
	int result;

	if (settings.suspects || !direct_loads || !len || len > STREAM_BYTES)
		return 0;
	file = file_by_number(bpf_get_current_task_btf(), number);
	if (!file)
		return 0;
	kind = file_kind(file);
	if (!(settings.watch & ENTERED_KINDS & (1U << kind)))
		return 0;
	mine = entered_mine();
	if (mine && entry)
		mine->count = 0;
	else if (mine && mine->count)
		return 0;
	/* one that can't sleep is looked at when it returns */
	if (entry && KERNEL_READ(struct file, file, f_flags) & KERNEL_O_NONBLOCK)
		return 1;
	joins = begun_joins((__u64)file, kind);
	key = begun_stream(file, joins);
	if (joins && begun_find(&key))
		return 0;
	s = inspect_take();
	if (!s)
		return 0;
	result = !stream_text(s, address, len, entry || !joins);
	inspect_end(s);
	return result;
}
