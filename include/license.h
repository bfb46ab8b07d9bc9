/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The license of the BPF programs as the kernel is told it: several helpers are for GPL-compatible ones only. */
#pragma once

#define PROGRAM_LICENSE "Dual BSD/GPL"
