/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A unix stream socket: whoever connects gets each line from then on, as long as he likes. */
#pragma once

#include "output/output.h"
#include "output/spec.h"

/* Readers at the same time; one more is turned away. */
#define SOCKET_READERS 256

/* Bytes that wait for readers, all together, unless it is said: some 2,500 alerts. What is older is lost to who has not read it. */
#define SOCKET_BYTES (4UL << 20)

/*
 * output_socket_open() - makes the socket, in the place of one that a daemon has left there.
 * Returns 0 and *ret_output (output_close(), which takes the path away), or a negative errno, for which output_error() has words:
 * -ENOTSOCK: something else has that name; -EUSERS: another user's socket has; -EADDRINUSE: somebody listens there;
 * -ENAMETOOLONG.
 */
int output_socket_open(const struct output_spec *spec, struct output **ret_output);
