// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See known.h. */
#include "cmd/known.h"

#include "cmd/options.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <errno.h>
#include <string.h>

int known_load(struct baseline **known, const char *path)
{
	AUTO_FREE char *shown = NULL;
	int r = *known ? 0 : baseline_new(known);

	if (r == 0)
		r = baseline_load(*known, path);
	if (r == 0)
		return 0;
	shown = options_shown(path, strlen(path));
	log_error("can't use the baseline %s: %s", shown ? shown : "",
		  r == -EINVAL ? "it is no file that --write-baseline has written" : strerror(-r));
	return EXIT_CODE_CONFIG;
}
