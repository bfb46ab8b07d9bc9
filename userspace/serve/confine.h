/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * confine() - for a process that answers on sockets which are open already: nobody, if it may become that; no capability, no new
 * privileges, no core dumps, few descriptors, and only the system calls for connections and memory. For good.
 * Returns 0 or a negative errno.
 */
int confine(void);
