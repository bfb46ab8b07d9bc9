// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* source → head, the rest → finder, or archive/unpack.c. */
#include "scan/input.h"

#include <string.h>
#include <unistd.h>

int scan_input_begin(struct scan_input *input)
{
	ssize_t got = input->pull(input->source, input->head, sizeof(input->head));

	input->head_len = got > 0 ? (size_t)got : 0;
	input->head_at = 0;
	input->ended = got == 0;
	return got < 0 ? (int)got : 0;
}

bool scan_input_is_packed(const struct scan_input *input)
{
	/* as file(1) knows them, those that libarchive reads */
	static const struct {
		uint16_t at, len;
		const char *bytes;
	} marks[] = {
		{0, 3, "\x1f\x8b\x08"}, /* gzip */
		{0, 2, "\x1f\x9d"}, /* compress */
		{0, 6,
		 "\xfd"
		 "7zXZ\0"},
		{0, 4, "\x28\xb5\x2f\xfd"}, /* zstd */
		{0, 4, "\x04\x22\x4d\x18"}, /* lz4 */
		{0, 4, "\x02\x21\x4c\x18"}, /* and as it was */
		{0, 4, "LZIP"},
		{0, 4, "PK\3\4"},
		{0, 6, "7z\xbc\xaf\x27\x1c"},
		{0, 8, "!<arch>\n"},
		{0, 4, "\xed\xab\xee\xdb"}, /* rpm */
		{0, 6, "070701"}, /* cpio */
		{0, 6, "070702"},
		{0, 6, "070707"},
		{0, 8, "MSCF\0\0\0\0"},
		{257, 5, "ustar"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (input->head_len >= (size_t)marks[i].at + marks[i].len &&
		    memcmp(input->head + marks[i].at, marks[i].bytes, marks[i].len) == 0)
			return true;
	/* frames of zstd and lz4 that are to be skipped, as pzstd begins with one */
	if (input->head_len >= 4 && (input->head[0] & 0xf0) == 0x50 &&
	    memcmp(input->head + 1, "\x2a\x4d\x18", 3) == 0)
		return true;
	/* any text may begin with three letters and a digit */
	return input->head_len >= 10 && memcmp(input->head, "BZh", 3) == 0 &&
	       memcmp(input->head + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0;
}

ssize_t scan_input_pull(void *source, void *to, size_t room)
{
	struct scan_input *input = source;
	size_t len = input->head_len - input->head_at;
	ssize_t got = 0;

	if (input->error)
		return input->error;
	len = len < room ? len : room;
	memcpy(to, input->head + input->head_at, len);
	input->head_at += len;
	/* of a pipe it is not known when there will be more */
	if (input->ended || room == len || (len && input->fd < 0))
		return (ssize_t)len;
	/* in one go: a file's first bytes and the others are searched once */
	got = input->pull(input->source, (uint8_t *)to + len, room - len);
	input->ended = got == 0;
	input->error = got < 0 ? (int)got : 0;
	if (got < 0 && !len)
		return got;
	return (ssize_t)len + (got > 0 ? got : 0);
}

bool scan_input_can_seek(const struct scan_input *input)
{
	return input->fd >= 0 && lseek(input->fd, 0, SEEK_CUR) >= 0;
}

off_t scan_input_seek(struct scan_input *input, off_t offset, int whence)
{
	if (input->fd < 0)
		return -1;
	if (whence == SEEK_CUR)
		offset -= (off_t)(input->head_len - input->head_at);
	offset = lseek(input->fd, offset, whence);
	if (offset < 0)
		return -1;
	input->head_at = input->head_len;
	input->ended = false;
	return offset;
}
