/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System call numbers to calls: the table that the kernel side looks every call up in. */
#pragma once

#include "write_call.h"

#include <stdint.h>

/*
 * calls_fill() - the table for what is watched; what is not asked for stays WRITE_CALL_UNKNOWN, and costs
 * no more than a call that writes nothing.
 * @watch: FILE_KIND_BIT()s
 */
void calls_fill(uint32_t watch, struct write_call_table *ret_table);

/* calls_name() - a call's name as alerts give it. Static. */
const char *calls_name(enum write_call call);
