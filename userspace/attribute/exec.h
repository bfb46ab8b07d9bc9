/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Was a process put into a container that runs already (docker exec, kubectl exec, podman exec, lxc-attach)? Told by the runtime's process
 * above it, as long as that is there.
 */
#pragma once

#include <stdbool.h>

#include "attribute/procfs.h"
#include "detect/sample_view.h"

struct exec;
struct inquiry;

/*
 * exec_open()
 * @root: the host's root directory, NULL for "/"; @procfs: the host's, borrowed
 * Returns 0 and *ret_exec (exec_close()), or a negative errno.
 */
int exec_open(const char *root, const char *procfs, struct exec **ret_exec);
void exec_close(struct exec *exec);

/* exec_look_by() - who asks the runtimes' processes from now on; NULL: this process, which waits for them. Borrowed. */
void exec_look_by(struct exec *exec, struct inquiry *inquiry);

/*
 * exec_below() - by the runtime's process: was it the runtime that put it there?
 * @root: descriptor of the host's root directory; @name: of the runtime's process; @id: of the container; @pid: a child of the runtime's in it
 * Returns 1 or 0, or -EXDEV: it does not see the host's root directory, so it is a runtime by its name only, or gone.
 */
int exec_below(int root, const struct procfs_process *runtime, const char *name, const char *id,
	       uint32_t pid);

/*
 * exec_find() - true: it, or what is above it in its container, is a child of the runtime's and not what the container began with. False also
 * where that can't be told: in the host's pid namespace, in a container within a container, or when the runtime's process is gone.
 * @id: of its container
 */
bool exec_find(struct exec *exec, const struct sample_view *view, const char *id);
