/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file of ours that may lie where nobody answers: a FUSE server that was stopped, an NFS server that is gone. */
#pragma once

/* ms that a file may take. */
#define ANSWERS_MS 2000

/*
 * answers_path() - does what lies at that path, or would lie there, answer? Asked by a process of its own, which is given up after
 * ANSWERS_MS. Opens a regular file for reading, and nothing else, so nobody sees it come and go.
 * To be called by a process of one thread.
 * Returns 0, whatever the answer is; -ETIME: there is none; or another negative errno: it could not be asked.
 */
int answers_path(const char *path);
