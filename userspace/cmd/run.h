/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What others ask of `run`. */
#pragma once

#include "cmd/config.h"

/*
 * run_try() - tries a configuration's settings on, which then go nowhere; what `run` would not take is added to *problems.
 * @running: privileges are given away already, so no user can be looked up
 */
void run_try(const struct config *config, bool running, struct problems *problems);
