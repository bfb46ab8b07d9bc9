// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whoever reads counts, and one of them shows it when it is time. The line leaves the cursor at its beginning, so what is said without it being
 * wiped is readable as well.
 */
#include "scan/progress.h"

#include "lib/monotonic.h"
#include "scan/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ms until it is worth a line, and between two of them */
#define PROGRESS_AFTER_MS 1000
#define PROGRESS_EACH_MS 250

void progress_open(struct progress *progress)
{
	const char *terminal = getenv("TERM");

	if (isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0)
		progress->next = monotonic_ms() + PROGRESS_AFTER_MS;
}

void progress_add(struct progress *progress, uint64_t files, uint64_t bytes)
{
	int64_t next, now;
	char size[SCAN_OUTPUT_SIZE_LEN];

	if (!progress || !progress->next)
		return;
	next = progress->next;
	progress->files += files;
	progress->bytes += bytes;
	now = monotonic_ms();
	/* one of them has the turn */
	if (now < next || !atomic_compare_exchange_strong(&progress->next, &next, now + PROGRESS_EACH_MS))
		return;
	scan_output_size(progress->bytes, size);
	progress->shown = true;
	fprintf(stderr, "\033[K%" PRIu64 " files (%s) so far\r", (uint64_t)progress->files, size);
}

void progress_wipe(struct progress *progress)
{
	int64_t next = monotonic_ms() + PROGRESS_EACH_MS;

	if (!progress || !progress->next)
		return;
	/* not at once again, over what is said now */
	if (progress->next < next)
		progress->next = next;
	if (atomic_exchange(&progress->shown, false))
		fputs("\033[K", stderr);
}
