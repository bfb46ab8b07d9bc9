/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why the kernel side could not start, in words, and what to do about it. */
#pragma once

#include <stdbool.h>

#include "capture/probe.h"

/*
 * diagnose_failure() - says it on standard error in one sentence.
 * @wanted:   the attachment that was asked for
 * @failures: as probe_start() filled them
 * @error:    what probe_start() returned
 */
void diagnose_failure(enum probe_attachment wanted, const struct probe_failure *failures, int error);

/* diagnose_has_btf() - does the kernel describe its own types? */
bool diagnose_has_btf(void);

/*
 * diagnose_seccomp() - does a seccomp filter, such as that of a container's runtime, refuse bpf(2) to who has the capability for it?
 * Without the capability nobody can tell whose refusal it is, and the answer is no.
 */
bool diagnose_seccomp(void);
