/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs attach to, as this kernel's BTF has it: the ids of functions and tracepoints, all found in
 * one walk over its 127,000 types, where libbpf takes one for each.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "known.h"

struct bpf_object;
struct bpf_program;
struct btf;
struct targets;

/* What is looked up as well, though nothing attaches to it (all but the tracepoint). */
#define TARGETS_PREEMPT_DISABLE "bpf_preempt_disable"
#define TARGETS_PREEMPT_ENABLE "bpf_preempt_enable"
#define TARGETS_PREEMPT_COUNT "__preempt_count" /* the variable, of each CPU */
#define TARGETS_CAST "bpf_rdonly_cast" /* makes a type of an address (bpf/base/direct.bpf.h) */
#define TARGETS_TEST_FINISH "btf_trace_bpf_test_finish"

/*
 * targets_find() - looks up what the programs of an object name in their sections ("fexit/vfs_write"), loaded or not.
 * @kernel: only needed for this call
 * Returns 0 and *ret_targets (targets_free()), or a negative errno.
 */
int targets_find(const struct bpf_object *object, struct btf *kernel, struct targets **ret_targets);

/* targets_free() - NULL is fine. */
void targets_free(struct targets *targets);

/* targets_of() - the BTF id of what a program attaches to, 0: this kernel has none, or it attaches to nothing. */
uint32_t targets_of(const struct targets *targets, const struct bpf_program *program);

/* targets_id() - the same of a function by its name, if a program attaches to it, or of one of those above. */
uint32_t targets_id(const struct targets *targets, const char *name);

/* targets_has_plain_loads() - does this kernel let programs read its memory without a helper (since 6.2)? */
bool targets_has_plain_loads(const struct targets *targets);

/*
 * targets_can_disable_preemption() - may programs switch preemption off (since 6.10), and call global functions then (since
 * 6.15, b2bb703434bd)?
 */
bool targets_can_disable_preemption(const struct targets *targets);

/* targets_io_uring_arguments() - of the tracepoint io_uring_complete, 0: there is none. They changed in 6.12. */
unsigned int targets_io_uring_arguments(const struct targets *targets);

/* targets_io_uring_opens() - does it tell when a request's descriptor is looked up, and of which request (since 6.0)? */
bool targets_io_uring_opens(const struct targets *targets);

/* targets_btrfs() - where btrfs keeps an inode's subvolume; all 0: not known, it may be a module that comes later. */
struct btrfs_layout targets_btrfs(const struct targets *targets);
