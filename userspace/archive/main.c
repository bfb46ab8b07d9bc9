// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* spillwatch-scan: what `spillwatch scan` runs where it is installed; the same, and it looks into archives. */
#include "archive/unpack.h"
#include "cmd/command.h"
#include "lib/exit_code.h"
#include "lib/start.h"

#include <locale.h>

int main(int argc, char **argv)
{
	if (start_process() < 0)
		return EXIT_CODE_RUNTIME;
	/* names in archives may be of any kind, and are shown as UTF-8 */
	setlocale(LC_CTYPE, "C.UTF-8");
	scan_unpacker = unpack_input;
	return command_scan.main(argc, argv);
}
