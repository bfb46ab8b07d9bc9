/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How spillwatch ends, for scripts; `exec` otherwise ends as its command did. */
#pragma once

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_RUNTIME = 1, /* something failed while running */
	EXIT_CODE_USAGE = 2, /* the command line is wrong */
	EXIT_CODE_CONFIG = 3, /* a file or path that was named can't be used */
	EXIT_CODE_KERNEL = 4, /* the kernel lacks something, or we lack a privilege */
	EXIT_CODE_FOUND = 10, /* `scan` has found a token; no error has that number */
};

/* What a shell says of a command it could not start (POSIX, 2.8.2). */
#define EXIT_CODE_NOT_EXECUTABLE 126
#define EXIT_CODE_NOT_FOUND 127
