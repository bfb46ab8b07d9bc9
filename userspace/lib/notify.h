/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a service manager is told: sd_notify(3) without libsystemd, since it is one datagram to the socket that NOTIFY_SOCKET names.
 * The socket is opened once, before the system calls for that are given away.
 */
#pragma once

#include <stdint.h>

struct notify {
	int fd; /* negative: nobody asked */
	int64_t every; /* ms between two signs of life, 0: nobody waits for them */
	int64_t next; /* ms, CLOCK_MONOTONIC */
};

/* notify_open() - by the environment. Returns 0, also if nobody asked; or a negative errno, and nobody is told anything. */
int notify_open(struct notify *ret_notify);

/* notify_close() - nothing more is told. */
void notify_close(struct notify *notify);

/* notify_say() - "READY=1", and what else sd_notify(3) knows; several by newlines. Never waits. */
void notify_say(const struct notify *notify, const char *state);

/* notify_alive() - a sign of life, if it is time. @now: ms, CLOCK_MONOTONIC */
void notify_alive(struct notify *notify, int64_t now);

/* notify_timeout() - for poll(2): the sooner of that and of the next sign of life. @timeout: ms, negative: never */
int notify_timeout(const struct notify *notify, int timeout, int64_t now);
