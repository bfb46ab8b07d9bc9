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
#include <sys/utsname.h>
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

/* A capability of eBPF's own, or the one that was asked for before there was any. */
static bool diagnose_may(unsigned int capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, capability) ||
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
}

/* The first line of a file. Returns whether there is one. */
static bool diagnose_read(const char *path, char *line, int size)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");

	return file && fgets(line, size, file);
}

/* The host's own maps all ids to themselves: "0 0 4294967295". */
static bool diagnose_first_namespace(const char *map)
{
	char *end;
	unsigned long inside = strtoul(map, &end, 10), outside = strtoul(end, &end, 10);

	return !inside && !outside && strtoul(end, NULL, 10) == UINT32_MAX;
}

void diagnose_look(struct diagnose_host *ret_host)
{
	struct utsname name;
	char line[128];

	*ret_host = (struct diagnose_host){
		.btf = access("/sys/kernel/btf/vmlinux", F_OK) == 0,
		.seccomp = diagnose_seccomp(),
		.bpf = diagnose_may(CAP_BPF),
		.perfmon = diagnose_may(CAP_PERFMON),
	};
	if (uname(&name) == 0)
		snprintf(ret_host->release, sizeof(ret_host->release), "%s", name.release);
	ret_host->user_namespace =
		diagnose_read("/proc/self/uid_map", line, sizeof(line)) && !diagnose_first_namespace(line);
	/* "none [integrity] confidentiality" */
	ret_host->lockdown = diagnose_read("/sys/kernel/security/lockdown", line, sizeof(line)) &&
			     strstr(line, "[confidentiality]");
}

static bool diagnose_old(const char *release)
{
	char *end;
	unsigned long major = strtoul(release, &end, 10), minor;

	if (end == release || *end != '.')
		return false;
	minor = strtoul(end + 1, NULL, 10);
	return major < DIAGNOSE_MAJOR || (major == DIAGNOSE_MAJOR && minor < DIAGNOSE_MINOR);
}

bool diagnose_refusal(const struct diagnose_host *host, int error, char *text, size_t size)
{
	const char *release = host->release;

	*text = '\0';
	if (host->seccomp)
		snprintf(text, size,
			 "a seccomp filter refuses bpf(2), in a container most likely that of its runtime; "
			 "deploy/seccomp/spillwatch.json allows it");
	else if (error == -EPERM && host->user_namespace)
		snprintf(text, size,
			 "the kernel lets nobody in a user namespace load BPF programs, as in a rootless "
			 "container; run it as root of the host (sudo), or in a container of its root");
	else if (error == -EPERM && !(host->bpf && host->perfmon))
		snprintf(text, size,
			 "no permission to load BPF programs (missing: %s%s%s); run it as root (sudo), or "
			 "with "
			 "the capabilities CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH",
			 host->bpf ? "" : "CAP_BPF", host->bpf || host->perfmon ? "" : ", ",
			 host->perfmon ? "" : "CAP_PERFMON");
	else if (host->lockdown)
		snprintf(
			text, size,
			"kernel lockdown (confidentiality) keeps BPF programs from reading memory; boot with "
			"lockdown=integrity, which allows it");
	else if (error != -EPERM && diagnose_old(release))
		snprintf(text, size, "this kernel is %s; %d.%d or later is needed", release, DIAGNOSE_MAJOR,
			 DIAGNOSE_MINOR);
	else if (!host->btf)
		snprintf(text, size,
			 "this kernel has no BTF (/sys/kernel/btf/vmlinux is missing); boot a kernel with "
			 "CONFIG_DEBUG_INFO_BTF=y, such as those of Debian 12 and later");
	return *text;
}

void diagnose_failure(enum probe_attachment wanted, const struct probe_failure *failures, int error)
{
	enum probe_attachment last = wanted == PROBE_AUTO ? PROBE_SYSCALL : wanted;
	const struct probe_failure *failure = &failures[last];
	struct diagnose_host host;
	char text[256];

	diagnose_look(&host);
	if (failures[PROBE_AUTO].pin == -EBUSY)
		diagnose_holder(failures[PROBE_AUTO].holder);
	else if (failures[PROBE_AUTO].pin < 0)
		log_error("can't pin the programs there: %s; give --pin a directory in a BPF file system, or "
			  "--no-pin",
			  pin_error(failures[PROBE_AUTO].pin));
	else if (diagnose_refusal(&host, error, text, sizeof(text)))
		log_error("%s", text);
	else if (error == -ENOTSUP && wanted == PROBE_FEXIT && *failure->text)
		log_error("%s; use --attach syscall, or leave --attach away", failure->text);
	else if (error == -EPERM && wanted == PROBE_FEXIT)
		log_error("this kernel refuses fexit programs; use --attach syscall, or leave --attach away");
	else if (error == -EPERM)
		log_error("the kernel refuses BPF programs although the capabilities are there: a security "
			  "module (SELinux, AppArmor) or a container's settings; see 'spillwatch check'");
	else
		log_error("can't %s the BPF programs (%s attachment): %s; the kernel says: %s",
			  failure->step ? failure->step : "load", probe_attachment_name(last),
			  strerror(-error), *failure->text ? failure->text : "nothing");
}
