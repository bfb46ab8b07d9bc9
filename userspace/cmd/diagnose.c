// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From an errno to a sentence that helps: the usual causes first, the kernel's own words last. */
#include "cmd/diagnose.h"

#include "lib/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool diagnose_has_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

void diagnose_failure(enum probe_attachment wanted, const struct probe_failure *failures, int error)
{
	enum probe_attachment last = wanted == PROBE_AUTO ? PROBE_SYSCALL : wanted;
	const struct probe_failure *failure = &failures[last];

	if (access("/sys/kernel/btf/vmlinux", F_OK) < 0)
		log_error("this kernel has no BTF (/sys/kernel/btf/vmlinux is missing); boot a kernel with "
			  "CONFIG_DEBUG_INFO_BTF=y, such as those of Debian 12 and later");
	else if (error == -EPERM && geteuid() != 0)
		log_error("no permission to load BPF programs; run it as root (sudo), or with the "
			  "capabilities CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH");
	else if (error == -ENOTSUP && wanted == PROBE_FEXIT && *failure->text)
		log_error("%s; use --attach syscall, or leave --attach away", failure->text);
	else if (error == -EPERM && wanted == PROBE_FEXIT)
		log_error("this kernel refuses fexit programs; use --attach syscall, or leave --attach away");
	else if (error == -EPERM)
		log_error("the kernel refuses BPF programs although this is root: a container without "
			  "CAP_BPF and CAP_PERFMON, or kernel lockdown; see 'spillwatch check'");
	else
		log_error("can't %s the BPF programs (%s attachment): %s; the kernel says: %s",
			  failure->step ? failure->step : "load", probe_attachment_name(last),
			  strerror(-error), *failure->text ? failure->text : "nothing");
}
