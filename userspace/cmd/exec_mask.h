/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `exec --mask-output`: what the command prints goes through the masker (spillwatch.h) before it is anybody's.
 *
 *     command ─ pipe, or pseudoterminal ─ a process that masks ─ our standard output, our standard error
 *
 * A terminal stays one to the command: of the same size and settings, but not its controlling one, which it has as before with all signals.
 * Where standard output and error are one file, so they are to the command, and keep their order; where they are two, each keeps its own.
 *
 * It is a process, begun before anything is watched, so that what outlives the command, or us, prints on as it would without.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/privileges.h"

struct exec_mask {
	bool open; /* else there is none */
	int command[2]; /* what standard output and error are to the command; -1: as they are */
	int ended; /* closed: the command has ended */
	int said; /* ends when all that the command printed is where it belongs; before that an errno, one byte, for what can't be */
};

/*
 * exec_mask_open() - starts it. @user: whom the command runs as.
 * Returns 0 or a negative errno. End with exec_mask_close() in any case.
 */
int exec_mask_open(struct exec_mask *mask, const struct privileges_user *user);

/* exec_mask_command() - in the command's process: its standard output and error. */
void exec_mask_command(const struct exec_mask *mask);

/* exec_mask_begun() - the command has its own of them. */
void exec_mask_begun(struct exec_mask *mask);

/*
 * exec_mask_end() - the command has ended. Returns a descriptor that ends (read(2): 0) when all that it printed is where it belongs, and
 * has the errno, one byte, of each output for which that can't be; -1 if there is nothing to wait for.
 */
int exec_mask_end(struct exec_mask *mask);

/* exec_mask_close() - what is still printed is masked on. */
void exec_mask_close(struct exec_mask *mask);
