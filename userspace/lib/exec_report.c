// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lib/exec_report.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int exec_report_open(int ret_ends[2])
{
	return pipe2(ret_ends, O_CLOEXEC) < 0 ? -errno : 0;
}

void exec_report_say(int end, int error)
{
	/* who reads it finds nothing else out: there is nobody to be told */
	(void)!write(end, &error, sizeof(error));
}

int exec_report_take(const int ends[2])
{
	int error = 0;

	close(ends[1]);
	if (read(ends[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(ends[0]);
	return -error;
}
