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
	free(alert->process.parent_name);
	free(alert->process.user_name);
	free(alert->file.path);
	free(alert->file.fs_type);
	memset(alert, 0, sizeof(*alert));
}
