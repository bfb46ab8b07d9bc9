/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Does what is written come through? The daemon writes a token of its own, by each plain write call, to a file without a name, and
 * looks whether it comes back: through hook, search and ring to the matcher. It raises no alert and is a new one each time. A round
 * is one token for each call, the next as soon as the one before has come: so they need a ring's room for one.
 *
 * The hook runs inside the call, so a canary is in the ring when its write returns. One that has not come when everything that was in
 * the ring is taken, some time later, does not come.
 *
 * What this can't show: calls without a buffer, streams, names, and that others' writes are in the scope.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ms between two rounds; until one is given up; and rounds in a row that must fail before nothing is said to come through. */
#define CANARY_MS 10000
#define CANARY_WAIT_MS 2000
#define CANARY_ROUNDS 3

enum canary_state {
	CANARY_NONE, /* there is no file of a kind that is watched */
	CANARY_WAITS, /* none has come yet */
	CANARY_COMES, /* the last ones have come */
	CANARY_FAILS, /* not all of the last ones have, and nothing else tells why */
};

struct canary_health {
	enum canary_state state;
	int64_t seen; /* ms, CLOCK_MONOTONIC, when a round was last whole; 0: never */
	uint64_t rounds, failed; /* that were begun, and that were given up */
	uint64_t unexplained; /* of those, where no sample of anybody was lost */
	unsigned int row; /* of those, the last ones */
	const char *call; /* the first that did not come; static; NULL: none */
};

struct canary;

/*
 * canary_open() - finds a place for it.
 * @watch: FILE_KIND_BIT()s
 * Returns 0 and *ret_canary, also if there is no place: then its state says so. -ENOMEM.
 */
int canary_open(uint32_t watch, struct canary **ret_canary);

/* canary_close() - NULL is fine. */
void canary_close(struct canary *canary);

/* canary_due() - ms, CLOCK_MONOTONIC, of the next look at it; INT64_MAX: never. */
int64_t canary_due(const struct canary *canary);

/*
 * canary_round() - if it is time: gives up what has not come, and writes the next one. Only when all that was in the ring is taken.
 * @lost: samples that were lost so far: with those a canary may be, and that is known
 * @arm: has the calling thread's writes looked at, or not any more
 */
void canary_round(struct canary *canary, int64_t now, uint64_t lost, void (*arm)(void *context, bool on),
		  void *context);

/* canary_seen() - this came out of the ring, marked as a canary; another daemon's may be among them. */
void canary_seen(struct canary *canary, const uint8_t *window, size_t len, int64_t now);

/* canary_health() - as long as the canary lives. */
const struct canary_health *canary_health(const struct canary *canary);
