/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Does this kernel preempt BPF programs? Asked of what it is and does, not of its version: distributions take such changes to
 * older kernels, and the model can be chosen when it is booted.
 */
#pragma once

#include "capture/targets.h"

/* preempt_functions() - can programs be preempted that are attached to functions (fexit)? If it can't be told: yes. */
bool preempt_functions(void);

/* preempt_tracepoints() - can they be that are attached to tracepoints? Takes a moment where there is a doubt (Linux 6.15 and later). */
bool preempt_tracepoints(const struct targets *targets);
