// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report: who passes things on. By the executable's name, which anybody can choose: so being a relay only changes
 * what is said about an entry, never whether it is shown.
 */
#include "report/relay.h"

#include <stddef.h>
#include <string.h>

static const char *const relays[] = {
	/* container runtimes that copy standard output to files */
	"containerd-shim",
	"containerd-shim-runc-v1",
	"containerd-shim-runc-v2",
	"containerd-shim-kata-v2",
	"containerd-shim-runsc-v1",
	"conmon",
	"conmonrs",
	"crio",
	"dockerd",
	"containerd",
	"kubelet",
	"podman",
	"lxc-start",
	/* log daemons */
	"systemd-journald",
	"systemd-journal-remote",
	"systemd-journal-upload",
	"rsyslogd",
	"syslog-ng",
	"syslogd",
	"klogd",
	"multilog",
	"svlogd",
	"s6-log",
	"ulogd",
	/* log shippers */
	"fluent-bit",
	"fluentd",
	"td-agent",
	"td-agent-bit",
	"filebeat",
	"auditbeat",
	"journalbeat",
	"elastic-agent",
	"vector",
	"promtail",
	"alloy",
	"grafana-agent",
	"logstash",
	"otelcol",
	"otelcol-contrib",
	"datadog-agent",
	"splunkd",
	"oneagentloganalytics",
	"oneagentos",
	"nxlog",
	"logrotate",
	"cribl",
	/* pipes and copies */
	"tee",
	"cat",
	"cp",
	"mv",
	"dd",
	"rsync",
	"gzip",
	"xz",
	"zstd",
	"tar",
	"sponge",
	"ts",
	"script",
	"rotatelogs",
	"cronolog",
	"tmux",
	"screen",
};

bool relay_known(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;
	const char *applet = strstr(name, " (");
	size_t len;

	/* BusyBox's applets, as store/fact.c has them, and what has no path */
	if (applet)
		name = applet + 1;
	if (*name == '(')
		name++;
	len = strcspn(name, " )");
	for (size_t i = 0; i < sizeof(relays) / sizeof(*relays); i++)
		if (strlen(relays[i]) == len && strncmp(name, relays[i], len) == 0)
			return true;
	return false;
}
