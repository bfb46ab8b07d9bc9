// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* source → head, the rest → finder, or archive/unpack.c. */
#include "scan/input.h"

#include "lib/packed.h"

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

struct input_mark {
	uint16_t at, len;
	const char *bytes;
};

static bool input_has(const struct scan_input *input, const struct input_mark *marks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (input->head_len >= (size_t)marks[i].at + marks[i].len &&
		    memcmp(input->head + marks[i].at, marks[i].bytes, marks[i].len) == 0)
			return true;
	return false;
}

bool scan_input_is_packed(const struct scan_input *input)
{
	/* archives, as file(1) knows them, those that libarchive reads */
	static const struct input_mark marks[] = {
		{0, 8, "!<arch>\n"}, /* ar, deb */
		{0, 4, "\xed\xab\xee\xdb"}, /* rpm */
		{0, 6, "070701"}, /* cpio */
		{0, 6, "070702"}, /* and with checksums */
		{0, 6, "070707"}, /* and as it was */
		{0, 8, "MSCF\0\0\0\0"}, /* cab */
		{257, 5, "ustar"}, /* tar */
	};

	return input_has(input, marks, sizeof(marks) / sizeof(*marks)) ||
	       packed_begins(input->head, input->head_len);
}

bool scan_input_is_closed(const struct scan_input *input)
{
	static const struct input_mark marks[] = {
		{0, 5, "%PDF-"},
		{0, 4, "PAR1"}, /* Parquet */
		{0, 7, "PACK\0\0\0"}, /* gitformat-pack(5) */
		{0, 16, "# v2 git bundle\n"}, /* gitformat-bundle(5): a pack as well */
		{0, 16, "# v3 git bundle\n"},
		{0, 16, "SQLite format 3"}, /* what is longer than a page is in several */
	};

	return input_has(input, marks, sizeof(marks) / sizeof(*marks));
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
