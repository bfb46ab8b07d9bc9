/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this host is called. */
#pragma once

/* host_name() - NODE_NAME of the environment, or the host's name; anybody's bytes, so masked and printable. Returns 0 and *ret_name (malloc'ed), or -ENOMEM. */
int host_name(char **ret_name);
