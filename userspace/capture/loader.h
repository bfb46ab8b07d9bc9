/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the BPF object to programs in the kernel, sooner than libbpf gets there by itself (`make bench-ready`): programs
 * are verified side by side, and relocated by a minimized BTF (capture/min_btf.h).
 */
#pragma once

#include "capture/doors.h"
#include "capture/targets.h"

struct spillwatch_bpf;
struct loader;

/* Which way? What the fast one can't load, the plain one may, and it says why not. */
enum loader_way {
	LOADER_FAST,
	LOADER_PLAIN, /* libbpf's own: one program after the other, by all of the kernel's BTF */
};

/*
 * loader_new() - finds out what the kernel has that programs attach to.
 * Returns 0 and *ret_loader (loader_free()), or a negative errno: -ESRCH or the like if the kernel has no BTF.
 */
int loader_new(struct loader **ret_loader);

/* loader_free() - NULL is fine. What has been loaded stays. */
void loader_free(struct loader *loader);

const struct targets *loader_targets(const struct loader *loader);

/* loader_open() - Returns 0 and *ret_skeleton, open and to be destroyed by the caller, or a negative errno. */
int loader_open(struct loader *loader, enum loader_way way, struct spillwatch_bpf **ret_skeleton);

/*
 * loader_load() - loads a skeleton that loader_open() has opened in the same way. As with libbpf's own loading, it
 * can then only be attached or destroyed. Not for several threads at a time.
 * Returns 0 or a negative errno, by LOADER_PLAIN with the reason given to libbpf's print function.
 */
int loader_load(struct loader *loader, enum loader_way way, struct spillwatch_bpf *skeleton);

/*
 * loader_doors() - those of what loader_load() has loaded, if the skeleton's preempt_doors say so: the caller's now
 * (doors_free()), once. NULL if there are none.
 */
struct doors *loader_doors(struct loader *loader);

/* loader_lacked() - the section of a program that loader_load() failed for since this kernel lacks its target, or NULL. */
const char *loader_lacked(const struct loader *loader);
