/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What packers make, by its first bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What packed_begins() looks at. */
#define PACKED_BYTES 10

/*
 * packed_begins() - does it begin as what a packer made, that libarchive reads: gzip, compress, xz, zstd, lz4, lzip, bzip2,
 * zip, 7z? Source: file(1).
 * @begin: its first bytes, PACKED_BYTES if there are so many
 */
bool packed_begins(const void *begin, size_t len);
