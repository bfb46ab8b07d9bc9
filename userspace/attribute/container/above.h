/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has made a container, or stands above it: a runtime's program, whose arguments tell where its files are, wherever a setting has
 * put them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "attribute/container/relayed.h"
#include "attribute/procfs.h"

/*
 * container_above_tells() - what one process tells by its arguments. Only a process of root's that sees the host's root directory is
 * believed.
 * @root: descriptor of the host's root directory
 * Returns 0 and *ret_told, or -ENOENT: it is no runtime's, or gone.
 */
int container_above_tells(int root, const struct procfs_process *process, struct relayed *ret_told);

/* container_above_host() - does it see the host's root directory, that of `root`? */
bool container_above_host(int root, const struct procfs_process *process);

/*
 * container_above_find() - the same of the nearest that tells anything, among the parent and what is above it.
 * @procfs: where procfs is mounted; @parent: tgid of the process's parent
 * @start: of the process, ns of CLOCK_BOOTTIME: what started later is not above it
 */
int container_above_find(int root, const char *procfs, uint32_t parent, uint64_t start,
			 struct relayed *ret_told);

/*
 * container_above_parse() - the arguments alone, of runc, crun, youki and systemd-nspawn; and what relayed_parse() knows.
 * Returns 0 and *ret_told, whose id can be a component of a path and nothing else (nspawn's: anything that a directory can be called),
 * or -ENOENT.
 */
int container_above_parse(const struct relayed_writer *process, struct relayed *ret_told);
