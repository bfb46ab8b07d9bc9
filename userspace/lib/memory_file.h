/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file without a name, in memory. */
#pragma once

/*
 * memory_file() - opens a new one, not to be executed: since 6.3 the kernel wants that to be said (vm.memfd_noexec), and logs a
 * warning, or refuses, if it is not.
 * Returns the descriptor, closed by exec, or a negative errno.
 */
int memory_file(void);
