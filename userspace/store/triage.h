/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What somebody has decided of a token: kept beside the facts and by its identifier, so that it stays when these are removed for their
 * age. The store's bounds do not hold for it; it is as much as people write by hand.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* X(id, name) */
#define TRIAGE_STATES(X)                    \
	X(REVOKED, "revoked")               \
	X(FALSE_POSITIVE, "false-positive") \
	X(ACCEPTED, "accepted")

enum triage_state {
	TRIAGE_NONE,
#define TRIAGE_STATE(id, name) TRIAGE_##id,
	TRIAGE_STATES(TRIAGE_STATE)
#undef TRIAGE_STATE
		TRIAGE_MAX
};

/* Bytes of a note, masked. */
#define TRIAGE_NOTE_MAX 1000

/* triage_name() - "revoked" …; "none". Static. */
const char *triage_name(enum triage_state state);

/* triage_parse() - the reverse. False if there is none of that name. */
bool triage_parse(const char *name, enum triage_state *ret_state);

struct triage {
	const char *identifier; /* the token's */
	enum triage_state state; /* TRIAGE_NONE: what was decided before is taken back */
	const char *note; /* masked, at most TRIAGE_NOTE_MAX bytes; NULL: none */
	int64_t time; /* microseconds since 1970 */
};

/*
 * triage_put() - keeps it in a store that is there, in place of what was decided before; an older version's is brought up to date.
 * @ret_known: does the store have a fact of that token?
 * Returns 0 or a negative errno: those of database_open(), -ENOENT: there is no store; -EBUSY: others write to it for too long.
 */
int triage_put(const char *path, const struct triage *triage, bool *ret_known);
