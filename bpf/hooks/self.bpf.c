// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who am I, and am I still there: run by the daemon itself (BPF_PROG_TEST_RUN). In a container it cannot know
 * its own number in the initial pid namespace, which is what the hooks see.
 */
#include "license.h"
#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"

SEC("raw_tp")
int register_self(void *ctx)
{
	const struct task_struct *task = bpf_get_current_task_btf();

	(void)ctx;
	self_start = task->group_leader->start_boottime;
	self_tgid = task->tgid;
	return 0;
}

SEC("raw_tp")
int lease_renew(void *ctx)
{
	__u64 now = bpf_ktime_get_ns(), jiffies = bpf_jiffies64(), hz = LEASE_HZ_MAX, ms;

	(void)ctx;
	if (!lease.ns) {
		lease.ns = now;
		lease.jiffies = jiffies;
	}
	ms = (now - lease.ns) / 1000000;
	if (ms >= 1000)
		hz = (jiffies - lease.jiffies) * 1000 / ms + 1;
	lease.until = jiffies + lease.seconds * hz;
	lease.renewed = bpf_ktime_get_boot_ns();
	return 0;
}

char LICENSE[] SEC("license") = PROGRAM_LICENSE;
