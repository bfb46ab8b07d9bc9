// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lib/packed.h"

#include <stdint.h>
#include <string.h>

bool packed_begins(const void *begin, size_t len)
{
	static const struct {
		size_t len;
		const char *bytes;
	} marks[] = {
		{3, "\x1f\x8b\x08"}, /* gzip */
		{2, "\x1f\x9d"}, /* compress */
		{6, "\xfd"
		    "7zXZ\0"},
		{4, "\x28\xb5\x2f\xfd"}, /* zstd */
		{4, "\x04\x22\x4d\x18"}, /* lz4 */
		{4, "\x02\x21\x4c\x18"}, /* and as it was */
		{4, "LZIP"},
		{4, "PK\3\4"},
		{6, "7z\xbc\xaf\x27\x1c"},
	};
	const uint8_t *bytes = begin;

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (len >= marks[i].len && memcmp(bytes, marks[i].bytes, marks[i].len) == 0)
			return true;
	/* frames of zstd and lz4 that are to be skipped, as pzstd begins with one */
	if (len >= 4 && (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0)
		return true;
	/* any text may begin with three letters and a digit */
	return len >= PACKED_BYTES && memcmp(bytes, "BZh", 3) == 0 &&
	       memcmp(bytes + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0;
}
