// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute → alert → sink: the alert's memory. */
#include "alert/alert.h"

#include <stdlib.h>
#include <string.h>

void alert_free(struct alert *alert)
{
	if (!alert)
		return;
	free(alert->process.name);
	free(alert->process.thread_name);
	free(alert->process.executable);
	free(alert->process.command_line);
	free(alert->process.script);
	free(alert->process.working_directory);
	free(alert->process.unit);
	free(alert->process.parent.name);
	for (size_t i = 0; i < alert->process.ancestor_count; i++)
		free(alert->process.ancestors[i].name);
	free(alert->process.ancestors);
	free(alert->process.user_name);
	free(alert->process.group_name);
	free(alert->file.path);
	free(alert->file.host_path);
	free(alert->file.fs_type);
	free(alert->container.id);
	free(alert->container.name);
	free(alert->container.image);
	free(alert->container.pod);
	free(alert->container.pod_namespace);
	free(alert->container.pod_uid);
	memset(alert, 0, sizeof(*alert));
}
