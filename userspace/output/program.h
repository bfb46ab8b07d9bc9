/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program that gets each line on its standard input: one that is kept running, or one for each line. */
#pragma once

#include "output/output.h"
#include "output/spec.h"

/* Seconds after which a program that takes nothing, or one for a line that has not ended, is killed, unless it is said. */
#define PROGRAM_SECONDS 10
#define PROGRAM_SECONDS_MAX 3600

/*
 * output_program_open() - forks, so it is for a process of one thread that has its privileges still. The program is started with the
 * first line, and again when it has ended; @spec->per_alert: with each line, which is lost if it ends otherwise than with 0.
 * Returns 0 and *ret_output (output_close()), or a negative errno: it can't be executed.
 */
int output_program_open(const struct output_spec *spec, struct output **ret_output);
