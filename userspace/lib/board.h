/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A text in shared memory that one process writes again and again, and others read at any moment: how the daemon is, as one line of
 * JSON. Between two changes of the counter it is being written, which is odd meanwhile.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BOARD_BYTES (32UL << 10)

struct board {
	uint32_t changes;
	uint32_t len; /* 0: nothing was written yet */
	char text[BOARD_BYTES - 2 * sizeof(uint32_t)];
};

/* board_say() - this is what stands there from now on; what is too long is not said. By one process at a time. */
void board_say(struct board *board, const char *text, size_t len);

/*
 * board_read() - Returns 0 and *ret_text (malloc'ed, with a terminator); -ENOENT if nothing was said, or who wrote died while it did; or
 * -ENOMEM.
 */
int board_read(const struct board *board, char **ret_text);
