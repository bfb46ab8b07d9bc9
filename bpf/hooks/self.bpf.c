// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who am I: run once by the daemon itself (BPF_PROG_TEST_RUN), because in a container it cannot know
 * its own number in the initial pid namespace, which is what the hooks see.
 */
#include "license.h"
#include "base/maps.bpf.h"

SEC("raw_tp")
int register_self(void *ctx)
{
	(void)ctx;
	self_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

char LICENSE[] SEC("license") = PROGRAM_LICENSE;
