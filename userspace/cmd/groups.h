/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of groups, by name: from NSS as long as it can be asked, and from /etc/group always. */
#pragma once

#include <sys/types.h>

/* Names that are remembered, at most: one for each output that may have a group. */
#define GROUPS_KEPT 12

/*
 * groups_find() - a name that only NSS knows (LDAP, SSSD) is remembered, since a daemon that has given its privileges away can't ask for it any
 * more. What /etc/group has is read there each time.
 * Returns 0 and *ret_group; or -ENOENT: there is none, or it can't be known any more.
 */
int groups_find(const char *name, gid_t *ret_group);
