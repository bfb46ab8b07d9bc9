/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A thread for each receiver: none waits for another. */
#pragma once

#include "forward/receiver.h"
#include "forward/spool.h"

#include <pthread.h>

/* Bytes of events that are in memory for one receiver, about. */
#define DELIVERY_BYTES (1UL << 20)

struct delivery_status {
	int64_t attempts, failures; /* since the start */
	int64_t success; /* seconds since 1970, of the last attempt that went well; 0: none */
};

struct delivery;

/* delivery_start() - Returns 0 and *ret_delivery (delivery_stop(), then delivery_free()), or a negative errno. */
int delivery_start(const struct receiver *receiver, struct spool *spool, struct delivery **ret_delivery);

/* delivery_stop() - after spool_stop(): waits until the thread has ended, a second at most if its receiver hangs. */
void delivery_stop(struct delivery *delivery);

/* delivery_free() - after delivery_stop(). */
void delivery_free(struct delivery *delivery);

void delivery_status(struct delivery *delivery, struct delivery_status *ret_status);
