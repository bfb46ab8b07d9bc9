// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch check`: what this kernel offers. Each attachment is really tried, for a moment and with
 * nobody in its scope, because a kernel's version and configuration don't tell what it will refuse.
 */
#include "capture/pin.h"
#include "cmd/check_config.h"
#include "cmd/command.h"
#include "cmd/diagnose.h"
#include "engine/pipeline.h"
#include "cmd/options.h"
#include "file_kind.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>

/* A canary is written every CANARY_MS; one that is given up, sooner. */
#define CHECK_CANARY_SECONDS 15

static void check_line(const char *mark, const char *what, const char *text)
{
	printf("  %-4s  %-22s  %s\n", mark, what, text);
}

/* What goes by, function by function. */
static void check_missing(const struct functions_missing *missing)
{
	char text[128];

	for (size_t i = 0; i < missing->count; i++) {
		snprintf(text, sizeof(text),
			 "this kernel has no such function: %s would not be seen by fexit",
			 missing->function[i]->sees);
		check_line("no", missing->function[i]->name, text);
	}
}

static int check_record(void *context, void *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return 0;
}

/* Has who asks what loading programs takes? */
static bool check_may(void)
{
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) ||
	       (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) &&
		capng_have_capability(CAPNG_EFFECTIVE, CAP_PERFMON));
}

/* Tries one attachment; says how it went. Returns whether it works, and then how the page cache is seen. */
static bool check_attachment(enum probe_attachment attachment, const char *what, enum probe_cache *ret_cache)
{
	struct probe_options options = {
		.attachment = attachment,
		.scope = SCOPE_TREE,
		.watch = FILE_KINDS_DEFAULT,
	};
	struct probe_failure failures[PROBE_ATTACHMENT_MAX];
	struct functions_missing missing;
	struct timespec before, after;
	struct probe *probe;
	bool preempted;
	char text[768];
	int r;

	clock_gettime(CLOCK_MONOTONIC, &before);
	r = probe_start(&options, check_record, NULL, failures, &probe);
	clock_gettime(CLOCK_MONOTONIC, &after);
	if (r < 0) {
		const struct probe_failure *failure = &failures[attachment];
		/* libbpf has another guess, of limits */
		const char *why =
			r == -EPERM && !check_may() ? "a privilege is missing, see below" : failure->text;

		snprintf(text, sizeof(text), "refused at %s: %s%s%s%s",
			 failure->step ? failure->step : "load", strerror(-r), *why ? " (" : "", why,
			 *why ? ")" : "");
		check_line("no", what, text);
		return false;
	}
	*ret_cache = probe_cache(probe);
	preempted = probe_preempted(probe);
	missing = *probe_missing(probe);
	probe_stop(probe);
	snprintf(text, sizeof(text), "loads and attaches, in %ld ms%s",
		 (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000,
		 preempted ? "; this kernel preempts programs: each has several doors" : "");
	check_line("ok", what, text);
	check_missing(&missing);
	return true;
}

static void check_capability(unsigned int capability, const char *name, const char *why)
{
	bool have = capng_have_capability(CAPNG_EFFECTIVE, capability);

	check_line(have ? "ok" : "no", name, have ? "" : why);
}

static void check_cache(enum probe_cache cache)
{
	bool none = cache == PROBE_CACHE_NONE;

	check_line(none ? "no" : "ok", "page cache", probe_cache_text(cache));
	check_line(none ? "no" : "ok", "second look",
		   none ? "needs the page cache: stores through mappings are not seen"
			: "at what is stored through mappings or on its way to a block device; not on tmpfs, "
			  "NFS or "
			  "FUSE, nor what is compressed or encrypted above the device");
}

static void check_cgroup(void)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs fs;
	char text[64];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (statfs(places[i], &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		snprintf(text, sizeof(text), "at %s", places[i]);
		check_line("ok", "cgroup v2", text);
		return;
	}
	check_line("no", "cgroup v2", "not mounted: --cgroup can't be used");
}

/* Is there a daemon, and did what it wrote come back to it? Nothing of it is asked: it may hang. */
static void check_daemon(void)
{
	struct pin_state state;
	struct timespec now;
	pid_t holder;
	char text[256];
	int r = pin_peek(PIN_DIRECTORY, &holder, &state);
	double ago;

	if (r == -ENOENT || (r == 0 && !holder)) {
		check_line("-", "daemon",
			   r == 0 ? "none; its programs wait for the next one (spillwatch stop)"
				  : "none has pinned its programs at " PIN_DIRECTORY);
		return;
	}
	if (r < 0) {
		snprintf(text, sizeof(text), "%s: %s", PIN_DIRECTORY, strerror(-r));
		check_line("-", "daemon", text);
		return;
	}
	clock_gettime(CLOCK_BOOTTIME, &now);
	ago = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)state.canary / 1e9;
	if (state.canary)
		snprintf(text, sizeof(text), "pid %d; what it writes itself came back to it %.1f s ago%s",
			 holder, ago, ago > CHECK_CANARY_SECONDS ? ": it may see nothing any more" : "");
	else
		snprintf(text, sizeof(text), "pid %d; what it writes itself has not come back to it yet",
			 holder);
	check_line(state.canary && ago <= CHECK_CANARY_SECONDS ? "ok" : "no", "daemon", text);
}

static void check_verdict(bool fexit, bool syscall)
{
	if (fexit)
		printf("\nspillwatch would attach by fexit: only the write functions are touched.\n");
	else if (syscall)
		printf("\nspillwatch would attach by syscall: every write is seen as well, but each system "
		       "call of\n"
		       "the host pays for the hook (some 100 ns). fexit needs a kernel that allows BPF\n"
		       "trampolines (CONFIG_FUNCTION_TRACER and CONFIG_DYNAMIC_FTRACE, no lockdown that "
		       "forbids it)\nand has the functions that carry contents.\n");
	else if (diagnose_seccomp())
		printf("\nspillwatch can't run: a seccomp filter refuses bpf(2), in a container most likely\n"
		       "that of its runtime. deploy/seccomp/spillwatch.json allows it (podman, docker:\n"
		       "--security-opt seccomp=FILE; Kubernetes: seccompProfile of type Localhost).\n");
	else if (!diagnose_has_btf())
		printf("\nspillwatch can't run: this kernel has no BTF. Boot one with "
		       "CONFIG_DEBUG_INFO_BTF=y,\n"
		       "such as those of Debian 12 and later.\n");
	else
		printf("\nspillwatch can't run here. As root (sudo), outside a container or in one with "
		       "CAP_BPF,\n"
		       "CAP_PERFMON and CAP_DAC_READ_SEARCH, a kernel from 5.17 on allows one of the two.\n");
}

enum { OPTION_CHECK_ALERT = OPTION_OWN };

static int check_kernel(void)
{
	struct utsname host;
	enum probe_cache cache = PROBE_CACHE_NONE;
	bool fexit, syscall;

	if (uname(&host) < 0) {
		log_error("can't tell the kernel: %s", strerror(errno));
		return EXIT_CODE_RUNTIME;
	}
	printf("Kernel %s %s\n", host.release, host.machine);
	check_line(diagnose_has_btf() ? "ok" : "no", "BTF",
		   diagnose_has_btf() ? "/sys/kernel/btf/vmlinux" : "/sys/kernel/btf/vmlinux can't be read");
	fexit = check_attachment(PROBE_FEXIT, "fexit attachment", &cache);
	syscall = check_attachment(PROBE_SYSCALL, "syscall attachment", &cache);
	if (fexit || syscall)
		check_cache(cache);
	check_cgroup();
	check_daemon();
	printf("Privileges\n");
	check_capability(CAP_BPF, "CAP_BPF", "needed to load programs (CAP_SYS_ADMIN does as well)");
	check_capability(CAP_PERFMON, "CAP_PERFMON",
			 "needed to trace the kernel (CAP_SYS_ADMIN does as well)");
	if (diagnose_seccomp())
		check_line("no", "bpf(2)", "a seccomp filter refuses it");
	check_capability(CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH",
			 "needed to name processes of other users that started before");
	check_capability(CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE",
			 "a warning only: kernels since 5.11 need no higher memory lock limit");
	check_verdict(fexit, syscall);
	return fexit || syscall ? EXIT_CODE_OK : EXIT_CODE_KERNEL;
}

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry check_entries[] = {
	{.name = "config", .value = "FILE", .id = OPTION_CONFIG,
	 .help = "only say whether this configuration is good, and rules.d/*.yaml beside it; ends with 3 if "
		 "there is a mistake in it"},
	{.name = "alert", .value = "FILE", .id = OPTION_CHECK_ALERT,
	 .help = "say which of its rules decides each recorded alert (a line of JSON, as --alerts writes it; "
		 "- is standard input), and why"},
	{0},
};
/* clang-format on */

static int check_main(int argc, char **argv)
{
	const char *config = NULL, *alerts = NULL;
	struct options_reader reader;
	int option;

	options_begin(&command_check, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			config = optarg;
			break;
		case OPTION_CHECK_ALERT:
			alerts = optarg;
			break;
		case 'h':
			return command_help.main(2, (char *[]){"help", "check", NULL});
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (options_none(&command_check, argc))
		return EXIT_CODE_USAGE;
	return config || alerts ? check_config(config, alerts) : check_kernel();
}

/* clang-format off */
const struct command command_check = {
	.name = "check",
	.summary = "what this kernel offers, and what is missing",
	.usage =
		"Usage: spillwatch check\n"
		"       spillwatch check [--config FILE] [--alert FILE]\n\n"
		"Tries each attachment for a moment, watching nobody, and says which one `run` and `exec` would\n"
		"take, what is missing and how to get it. Ends with 0 if there is one, else with 4.\n",
	.options = check_entries,
	.main = check_main,
};
/* clang-format on */
