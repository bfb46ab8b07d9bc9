// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A sequence lock for one writer. Whoever reads believes no length. */
#include "lib/board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* It is written in some microseconds a second; one that was killed while it wrote leaves an odd number. */
#define BOARD_TRIES 10000

void board_say(struct board *board, const char *text, size_t len)
{
	if (len >= sizeof(board->text))
		return;
	/* also behind one that died while it wrote */
	__atomic_store_n(&board->changes, board->changes | 1, __ATOMIC_SEQ_CST);
	memcpy(board->text, text, len);
	board->len = (uint32_t)len;
	__atomic_store_n(&board->changes, board->changes + 1, __ATOMIC_SEQ_CST);
}

int board_read(const struct board *board, char **ret_text)
{
	char *text = malloc(sizeof(board->text) + 1);

	if (!text)
		return -ENOMEM;
	for (int i = 0; i < BOARD_TRIES; i++) {
		uint32_t before = __atomic_load_n(&board->changes, __ATOMIC_SEQ_CST), len = board->len;

		if (before % 2 || !len || len >= sizeof(board->text))
			continue;
		memcpy(text, board->text, len);
		text[len] = '\0';
		if (__atomic_load_n(&board->changes, __ATOMIC_SEQ_CST) != before)
			continue;
		*ret_text = text;
		return 0;
	}
	free(text);
	return -ENOENT;
}
