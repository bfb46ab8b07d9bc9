/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * systemd's journal: of which unit, process and container the entry is that holds a byte of the file. Read beside journald, which writes it; nothing that
 * the file says is believed but what journald's own tables lead to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an entry's fields say. Texts are terminated, cut at their size, and anybody's bytes; "": not told. */
struct journal_entry {
	bool found;
	uint32_t pid, uid; /* _PID, _UID; 0 and UINT32_MAX: not told */
	char name[64]; /* _COMM */
	char unit[256]; /* _SYSTEMD_UNIT, or else _SYSTEMD_USER_UNIT */
	char cgroup[512]; /* _SYSTEMD_CGROUP */
	/* what the sender says, as Docker's and podman's log drivers do: CONTAINER_ID_FULL, CONTAINER_NAME */
	char container_id[65], container[256];
};

/*
 * journal_entry_writer() - is it journald, by its user, root, and the name of its executable? In a container others may be called so as well.
 * @exe: not terminated
 */
bool journal_entry_writer(uint32_t uid, const char *exe, size_t len);

/*
 * journal_entry_at() - the first entry that has the field in which the byte at `at` is.
 * @fd: of the file, for reading
 * Returns 0 and *ret_entry; -EMEDIUMTYPE: it is no journal; -ENOENT: no field that journald knows is there, or no entry of it yet; -EBADMSG: it
 * contradicts itself; -E2BIG: an entry of more fields than are read here; or another negative errno. *ret_entry is untouched then.
 */
int journal_entry_at(int fd, uint64_t at, struct journal_entry *ret_entry);
