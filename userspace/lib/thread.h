/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A thread that works for the loop. */
#pragma once

#include <pthread.h>

/*
 * thread_start() - as pthread_create(3), without any signal: those are for who waits for them, and a SIGPIPE must not end a
 * program that did not ask for it. Returns 0 or a negative errno.
 */
int thread_start(pthread_t *ret_thread, void *(*run)(void *context), void *context);
