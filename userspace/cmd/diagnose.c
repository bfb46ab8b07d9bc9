// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From an errno to a sentence that helps: the usual causes first, the kernel's own words last. */
#include "cmd/diagnose.h"

#include "capture/pin.h"
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool diagnose_has_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

static void diagnose_holder(pid_t holder)
{
	char pid[32] = "";

	if (holder)
		snprintf(pid, sizeof(pid), ", pid %d", (int)holder);
	log_error("another daemon watches the same already%s; end it ('spillwatch stop'), or give this one a "
		  "scope, files and --pin of its own",
		  pid);
}

void diagnose_failure(enum probe_attachment wanted, const struct probe_failure *failures, int error)
{
	enum probe_attachment last = wanted == PROBE_AUTO ? PROBE_SYSCALL : wanted;
	const struct probe_failure *failure = &failures[last];

	if (failures[PROBE_AUTO].pin == -EBUSY)
		diagnose_holder(failures[PROBE_AUTO].holder);
	else if (failures[PROBE_AUTO].pin < 0)
		log_error("can't pin the programs there: %s; give --pin a directory in a BPF file system, or "
			  "--no-pin",
			  pin_error(failures[PROBE_AUTO].pin));
	else if (access("/sys/kernel/btf/vmlinux", F_OK) < 0)
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
