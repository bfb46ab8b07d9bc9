/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a write goes, as far as it matters to who may read it later. A kind is one bit of the
 * watch mask, so that a destination nobody asked for costs nothing past its guard.
 *
 * X(id, name, type): name is what --watch takes; type is file.type in alerts.
 */
#pragma once

#include "types.h"

#define FILE_KINDS(X)                    \
	X(UNKNOWN, "unknown", "unknown") \
	X(DISK, "disk", "regular")       \
	X(TMPFS, "tmpfs", "regular")     \
	X(BLOCK, "block", "block")       \
	X(MEMFD, "memfd", "memfd")       \
	X(PIPE, "pipe", "fifo")          \
	X(SOCKET, "socket", "socket")    \
	X(TTY, "tty", "tty")             \
	X(CHAR, "char", "char")          \
	X(PSEUDO, "pseudo", "regular")   \
	X(ANON, "anon", "anon")

enum file_kind {
#define FILE_KIND_ENUM(id, name, type) FILE_KIND_##id,
	FILE_KINDS(FILE_KIND_ENUM)
#undef FILE_KIND_ENUM
		FILE_KIND_MAX
};

#define FILE_KIND_BIT(id) (1U << FILE_KIND_##id)

/*
 * What lies on storage, and what could be (the file was closed before it could be told): the default.
 * CHAR (/dev/null and other devices), PSEUDO (procfs, sysfs, cgroupfs: calls to the kernel in the
 * shape of files) and ANON (eventfd and the like) keep no bytes and are never watched.
 */
#define FILE_KINDS_DEFAULT \
	(FILE_KIND_BIT(UNKNOWN) | FILE_KIND_BIT(DISK) | FILE_KIND_BIT(TMPFS) | FILE_KIND_BIT(BLOCK))
#define FILE_KINDS_ALL                                                                             \
	(FILE_KINDS_DEFAULT | FILE_KIND_BIT(MEMFD) | FILE_KIND_BIT(PIPE) | FILE_KIND_BIT(SOCKET) | \
	 FILE_KIND_BIT(TTY))
