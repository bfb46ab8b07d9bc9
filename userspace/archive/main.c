// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * spillwatch-scan: what `spillwatch scan` runs where it is installed; the same, and it looks into archives. By the name of mask it is what
 * `spillwatch mask --style sha` runs; the same, and it has SHA-256.
 */
#include "archive/unpack.h"
#include "cmd/command.h"
#include "cmd/mask_digest.h"
#include "digest/digest.h"
#include "lib/exit_code.h"
#include "lib/start.h"

#include <locale.h>
#include <string.h>
#include <sys/resource.h>

/* What an archive may ask for: sizes in it are believed before they are read, a dictionary of 7z's has 4 GiB. zstd -19 takes 8 MiB, xz -9 64. */
#define UNPACK_MEMORY (1UL << 30)

/* What is beyond can't be unpacked, and is told as such. */
static void bound_memory(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) < 0 || limit.rlim_cur <= UNPACK_MEMORY)
		return;
	limit.rlim_cur = UNPACK_MEMORY;
	(void)setrlimit(RLIMIT_DATA, &limit);
}

static bool is_mask(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strcmp(slash ? slash + 1 : name, command_mask.name) == 0;
}

int main(int argc, char **argv)
{
	if (start_process() < 0)
		return EXIT_CODE_RUNTIME;
	bound_memory();
	/* names in archives may be of any kind, and are shown as UTF-8 */
	setlocale(LC_CTYPE, "C.UTF-8");
	scan_unpacker = unpack_input;
	mask_digester = digest_secret;
	return (argc && is_mask(argv[0]) ? &command_mask : &command_scan)->main(argc, argv);
}
