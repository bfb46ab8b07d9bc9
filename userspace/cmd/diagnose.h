/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why the kernel side could not start, in words, and what to do about it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "capture/probe.h"

/*
 * diagnose_failure() - says it on standard error in one sentence.
 * @wanted:   the attachment that was asked for
 * @failures: as probe_start() filled them
 * @error:    what probe_start() returned
 */
void diagnose_failure(enum probe_attachment wanted, const struct probe_failure *failures, int error);

/* What programs need: bpf_loop() and others came with it. */
#define DIAGNOSE_MAJOR 5
#define DIAGNOSE_MINOR 17

/* What may be in the way of BPF programs. */
struct diagnose_host {
	char release[65]; /* as uname(2) has it */
	bool btf;
	bool seccomp; /* a filter refuses bpf(2) */
	bool bpf, perfmon; /* there are such capabilities */
	bool user_namespace; /* not that of the host */
	bool lockdown; /* confidentiality */
};

void diagnose_look(struct diagnose_host *ret_host);

/*
 * diagnose_refusal() - what of a host refuses BPF programs, and what to do about it, in one sentence.
 * @error: what loading ended with
 * Returns whether there is such a thing; *text is "" if not.
 */
bool diagnose_refusal(const struct diagnose_host *host, int error, char *text, size_t size);

/* diagnose_has_btf() - does the kernel describe its own types? */
bool diagnose_has_btf(void);

/*
 * diagnose_seccomp() - does a seccomp filter, such as that of a container's runtime, refuse bpf(2) to who has the capability for it?
 * Without the capability nobody can tell whose refusal it is, and the answer is no.
 */
bool diagnose_seccomp(void);
