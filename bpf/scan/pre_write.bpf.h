/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A write to a pipe, a socket or a terminal can sleep, and another thread can change the buffer
 * meanwhile. So the buffer is looked at twice: what stood in it when the call began is kept with the task,
 * and sent when the call returns, if it was delivered and has not been found again.
 *
 * Loaded only if streams are watched.
 */
#pragma once

#include "base/count.bpf.h"
#include "base/maps.bpf.h"
#include "scan/filter.bpf.h"
#include "token_key.h"
#include "token_search.h"

#define ENTERED_KINDS (FILE_KIND_BIT(PIPE) | FILE_KIND_BIT(SOCKET) | FILE_KIND_BIT(TTY))

/* What is kept with the current task, or NULL. */
static __always_inline struct entered *entered_mine(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return mark_has(mark_of(task->pid)) ? bpf_task_storage_get(&entered, task, NULL, 0) : NULL;
}

/* Keeps the token at `start` of the window, `at` in the write, until the call returns. */
__weak __noinline int entered_keep(struct scratch *s, __u64 start, __u64 len, __s64 at)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct entered *mine = bpf_task_storage_get(&entered, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct entered_token *token;
	__u64 index;

	if (!s)
		return 0;
	index = mine ? mine->count : LIMIT_ENTERED;
	if (!mine || index >= LIMIT_ENTERED) {
		count(COUNTER_entered_full);
		return 0;
	}
	token = &mine->tokens[index & (LIMIT_ENTERED - 1)];
	__builtin_memset(token, 0, sizeof(*token));
#pragma unroll
	for (__u64 i = 0; i < TOKEN_MAX_LEN; i += 8)
		if (i < len)
			*(__u64 *)(token->window + i) = token_word(s->window.bytes, start + i);
	token->key = token_key(&token_seed, token->window);
	token->at = at;
	token->len = len;
	mine->count = index + 1;
	mark_set(mark_of(task->pid));
	return 0;
}

/* The token with this key was found when the call returned. */
__weak __noinline int entered_found(__u64 key)
{
	struct entered *mine = entered_mine();

	if (!mine)
		return 0;
#pragma unroll
	for (__u32 i = 0; i < LIMIT_ENTERED; i++)
		if (i < mine->count && mine->tokens[i].key == key)
			mine->tokens[i].reported = 1;
	return 0;
}

/* A call begins: what an earlier one left behind, because it failed, is void. */
static __always_inline void entered_reset(void)
{
	struct entered *mine = entered_mine();

	if (mine)
		mine->count = 0;
}
