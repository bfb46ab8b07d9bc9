/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is scanned, with its first bytes known before: they say whether it is packed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "scan/finder.h"

/* Enough for what a tar says of itself. */
#define INPUT_HEAD 512

struct scan_input {
	finder_pull *pull;
	void *source;
	int fd; /* of a file that can be sought in, from its beginning on; or -1 */
	uint8_t head[INPUT_HEAD];
	size_t head_len, head_at;
	bool ended;
	int error; /* a negative errno that comes after the head */
};

/* scan_input_begin() - reads once, for the head. Returns 0 or a negative errno. */
int scan_input_begin(struct scan_input *input);

/* scan_input_is_packed() - does it begin as an archive, or as what a packer made? */
bool scan_input_is_packed(const struct scan_input *input);

/* scan_input_is_closed() - does it begin as what holds packed parts that nothing here unpacks? */
bool scan_input_is_closed(const struct scan_input *input);

/* scan_input_pull() - a finder_pull of a struct scan_input: the head, and what follows. */
ssize_t scan_input_pull(void *source, void *to, size_t room);

/* scan_input_seek() - as lseek(2), of what scan_input_pull() gives. Returns the place, or -1. */
off_t scan_input_seek(struct scan_input *input, off_t offset, int whence);

/* scan_input_can_seek() - and scan_input_seek() would work. */
bool scan_input_can_seek(const struct scan_input *input);
