/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How far somebody has come, as a number that only grows: moved on by whoever delivers, and by whoever knows that
 * there is nothing to deliver.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * mark_pass() - of a number that is nothing for whoever has that mark (NULL: nobody): he has it, if he has all
 * before; never back.
 */
static inline void mark_pass(uint64_t *mark, uint64_t number)
{
	uint64_t before = number - 1, *shared = mark;

	if (shared)
		__atomic_compare_exchange_n(shared, &before, number, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED);
}
