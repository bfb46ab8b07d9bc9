// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What each of our programs does first. */
#include "lib/start.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * Standard descriptors that are closed would be given to the next files that we open, and what is meant for
 * standard error would land there. What takes their place can neither be read nor written, as if they were
 * closed, and is gone in a command that `exec` starts.
 */
static int start_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH | O_CLOEXEC) != fd)
			return -EBADF;
	return 0;
}

int start_process(void)
{
	int r = start_descriptors();

	/* Samples hold secrets while they are judged, and so do windows. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return r;
}
