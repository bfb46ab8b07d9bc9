/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What second looks have found, until it is sure that no first look has: a call that is still under way tells of its token
 * when it returns. And who stores into which file, as the kernel side told when a page became dirty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/sample_view.h"
#include "files/journal_entry.h"

/* How long what a second look has found waits for a first one. */
#define RECHECK_HOLD_MS 400
/*
 * How long at most, and how often it is asked, while a first one that has to read the file may still come: with RECHECK_INTERVAL_MS well
 * below the 3 s in which an alert is promised.
 */
#define RECHECK_WAIT_MS 1500
#define RECHECK_AGAIN_MS 20
/* How long after a store its page is looked at, at the latest. */
#define RECHECK_INTERVAL_MS 1000

struct recheck;

/* recheck_open() - Returns 0 and *ret_recheck (end it with recheck_close(), which wipes what is held), or -ENOMEM. */
int recheck_open(struct recheck **ret_recheck);
void recheck_close(struct recheck *recheck);

/* recheck_describe() - keeps a copy of a sample with SAMPLE_DESCRIBES; the oldest go when LIMIT_WRITERS_BYTES are kept.
 * Returns 0 or -ENOMEM. */
int recheck_describe(struct recheck *recheck, const struct sample_view *view);

/*
 * recheck_hold() - keeps a copy of a sample with SAMPLE_RECHECK.
 * @now: ms, CLOCK_MONOTONIC
 * Returns 0; -ENOSPC if so many are held that recheck_walk() must come first, or -ENOMEM.
 */
int recheck_hold(struct recheck *recheck, const struct sample_view *view, int64_t now);

/* recheck_first() - a first look has told of a token: what is held of it is dropped, and what comes of it in the next second is not held. */
void recheck_first(struct recheck *recheck, const struct sample_view *view);

/* recheck_stores() - has somebody stored into that file through a mapping, as far as is known? */
bool recheck_stores(const struct recheck *recheck, const struct token_sample *file);

/* recheck_told() - a token was told of at that time (ns, CLOCK_BOOTTIME), by a look into the file: what comes of it in the next second is not held. */
void recheck_told(struct recheck *recheck, uint64_t token_key, uint64_t place, uint64_t time);

/*
 * recheck_take() - a first look whose bytes had to be read in the file has found the token after a second one had: what is held of it
 * is dropped, since who made the call is known better than who made the page dirty. Returns whether anything was held.
 */
bool recheck_take(struct recheck *recheck, uint64_t token_key, uint64_t place);

/* recheck_second() - what was held of a token was told of: what calls complete there later is not claimed. */
void recheck_second(struct recheck *recheck, uint64_t token_key, uint64_t place);

/* A call that has completed a token which a second look has found before. */
struct recheck_claim {
	struct token_sample *sample; /* with its strings; NULL: none */
	uint64_t token_key;
	uint64_t at; /* of the token's first byte in the file */
	uint64_t time; /* ns, CLOCK_BOOTTIME */
	struct journal_entry entry; /* that the token is in, if it was told */
};

/*
 * recheck_claim() - likewise, but nothing is held of it: what the second look has found lies in the ring still. Keeps a copy of the call's
 * sample and of @claim, but for its sample; of RECHECK_CLAIMS the oldest goes, of a group that has RECHECK_CLAIMS_GROUP the oldest of these,
 * and without memory none is kept: then it is told of as what it was found as.
 */
void recheck_claim(struct recheck *recheck, const struct sample_view *view,
		   const struct recheck_claim *claim);

/*
 * recheck_claimed() - is what a second look has found a call's, which had its file read less than a second before or after that? Then it is not to
 * be held. Returns true and that claim, once (recheck_unclaim()).
 */
bool recheck_claimed(struct recheck *recheck, const struct token_sample *found,
		     struct recheck_claim *ret_claim);

/* recheck_unclaim() - gives back what a claim holds, and wipes it. */
void recheck_unclaim(struct recheck_claim *claim);

/* Samples that are told of in one go, if not all are to be. */
#define RECHECK_WALK_MOST 256

/*
 * recheck_walk() - calls back for the oldest samples, RECHECK_WALK_MOST at most, that were held long enough, or for all, with what is
 * known of their writer filled in; then forgets them. The view is gone after the call.
 * @now: ms, CLOCK_MONOTONIC
 * @waits: may a first look at that place (struct token_sample) still come? Then it is held on, but for no more than RECHECK_WAIT_MS
 */
typedef void (*recheck_token)(void *context, const struct sample_view *view);
typedef bool (*recheck_waits)(void *context, uint64_t place);
void recheck_walk(struct recheck *recheck, int64_t now, bool all, recheck_waits waits, recheck_token token,
		  void *context);

/* recheck_held() - how much is held. */
size_t recheck_held(const struct recheck *recheck);

/* recheck_timeout() - ms until one was held long enough, -1 if none is held. */
int recheck_timeout(const struct recheck *recheck, int64_t now);
