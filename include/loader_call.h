/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a BPF program asks its loader for (bpf/base/preempt.bpf.h, bpf/base/direct.bpf.h, userspace/capture/loader.c): written
 * as calls of helpers that no kernel has, and replaced by other instructions before the program is loaded. libbpf, for
 * a function that the kernel may lack, asks the BTF of every module as well, which takes CAP_SYS_ADMIN.
 */
#pragma once

#define PREEMPT_CALL_DISABLE 0x70726501 /* becomes bpf_preempt_disable(), or nothing */
#define PREEMPT_CALL_ENABLE 0x70726502 /* becomes bpf_preempt_enable(), or nothing */
#define PREEMPT_CALL_ROLE \
	0x70726503 /* becomes a constant: a door's PREEMPT_ROLE(), or the hook's own, without a door */

#define DIRECT_CALL_CAST 0x64697201 /* becomes bpf_rdonly_cast(), or nothing */

/* A door's hook, by a number from 1 on, and a bit for the door. */
#define PREEMPT_HOOK_SHIFT 8
#define PREEMPT_DOORS_MASK 0xffU
#define PREEMPT_ROLE(hook, door) ((hook) << PREEMPT_HOOK_SHIFT | 1U << (door))
