// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From an errno to a sentence that helps: the usual causes first, the kernel's own words last. */
#include "cmd/diagnose.h"

#include "capture/pin.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* No command of bpf(2), now or later: the kernel answers EINVAL, a filter whatever it answers to all. */
#define DIAGNOSE_NO_COMMAND 0x7fffffff

bool diagnose_has_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

static bool diagnose_filtered(void)
{
	static const char name[] = "Seccomp:";
	AUTO_FCLOSE FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, name, strlen(name)) == 0)
			return strtoul(line + strlen(name), NULL, 10) == SECCOMP_MODE_FILTER;
	return false;
}

bool diagnose_seccomp(void)
{
	/* before Linux 5.19 the kernel asks for it first */
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) &&
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		return false;
	return diagnose_filtered() && syscall(SYS_bpf, DIAGNOSE_NO_COMMAND, NULL, 0) < 0 && errno != EINVAL;
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
	else if (diagnose_seccomp())
		log_error("a seccomp filter refuses bpf(2), in a container most likely that of its runtime; "
			  "deploy/seccomp/spillwatch.json allows it");
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
