/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /metrics, /healthz and /readyz over HTTP, by spillwatch-metrics, a process and an executable of its own (serve/main.c), which reads the
 * status in memory that the daemon writes and it can only read. It ends with the daemon.
 */
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include "lib/board.h"

/* What that process has open. */
enum { SERVER_LISTEN_FD = 3, SERVER_BOARD_FD, SERVER_LIFE_FD };

/*
 * server_address() - "9464", "127.0.0.1:9464" or "[::1]:9464"; without an address, the loopback's. Numbers only: no name is asked of anybody.
 * Returns 0 and *ret_address, *ret_size; or -EINVAL.
 */
int server_address(const char *text, struct sockaddr_storage *ret_address, socklen_t *ret_size);

/*
 * server_start() - listens, and starts the process. To be called by a process of one thread.
 * Returns 0, *ret_board, to be written (board_say()), and *ret_life, a descriptor on which poll(2) reports an error when the process has
 * ended; both until the caller ends. Or a negative errno: of bind(2); -ENOEXEC if the executable is neither beside ours nor where it
 * is installed.
 */
int server_start(const struct sockaddr *address, socklen_t size, struct board **ret_board, int *ret_life);
