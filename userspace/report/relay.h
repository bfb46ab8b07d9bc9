/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that write what others have said: log daemons and shippers, container runtimes, tee. */
#pragma once

#include <stdbool.h>

/* relay_known() - is the executable (a path, or a name in parentheses) one of them? */
bool relay_known(const char *program);
