/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Facts that wait to be stored. Those of one process and one file differ in token, time and count, so what they share is there once,
 * for as long as one of them needs it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"
#include "store/fact.h"

struct brief_base;
struct brief_bases;

struct brief {
	struct brief_base *base; /* all the rest */
	int64_t first, last; /* microseconds since 1970, UTC */
	uint64_t count; /* writes */
	size_t size; /* bytes that came with it: the base's too, if nobody had it before */
	char token[];
};

/* brief_bases_open() - what was shared last. One thread's. Returns 0 and *ret_bases (brief_bases_close()), or -ENOMEM. */
int brief_bases_open(struct brief_bases **ret_bases);
/* brief_bases_close() - NULL is fine. What was brief by it stays good. */
void brief_bases_close(struct brief_bases *bases);

/*
 * brief_make() - the fact of an alert, counting the writes that it is the first to tell of.
 * @bases: NULL: shared with nobody
 * Returns 0 and *ret_brief (brief_free(), by any thread), or -ENOMEM.
 */
int brief_make(struct brief_bases *bases, const struct alert *alert, struct brief **ret_brief);
/* brief_free() - NULL is fine. */
void brief_free(struct brief *brief);

/*
 * brief_wait() - it waits for the store from now on: the bytes that this takes, with what it shares if nobody else waits who does.
 * brief_leave() - not any more: the bytes that this frees. brief_cost() - what brief_wait() would return. All of one thread.
 */
size_t brief_cost(const struct brief *brief);
size_t brief_wait(struct brief *brief);
size_t brief_leave(struct brief *brief);

/* brief_fact() - as a fact, whose texts are borrowed from it. */
struct fact brief_fact(struct brief *brief);

/* brief_hash() - of what a fact goes by: token, file, program, container, verdict and hour. */
uint32_t brief_hash(const struct brief *brief);
/* brief_same() - is that the same of both? */
bool brief_same(const struct brief *one, const struct brief *other);
