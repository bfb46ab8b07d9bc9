/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What lies in a run of base64 (lib/base64_run.h) besides a token that is encoded once: texts with forms of their own, base64 again, what gzip has
 * packed. Helm's releases in Kubernetes are base64 of base64 of gzip.
 *
 * Each finder has one of these for its runs, and it has a finder for what is in them, and so on, NESTED_DEPTH deep. What all of them find is
 * kept by the outermost one until its run ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base64_run.h"
#include "spillwatch.h"

/* Runs in each other. */
#define NESTED_DEPTH 3

/* Different tokens of a run. */
#define NESTED_FOUND 512

/* What is unpacked of a text: so many bytes, and so many times as many as were read of it. */
#define NESTED_BYTES (256ULL << 20)
#define NESTED_RATIO 100

struct nested;

struct nested_found {
	struct spillwatch_token *token;
	char *encoding;
};

/* nested_open() - @outer: in whose run it is; NULL: in none. Returns 0 or -ENOMEM; end with nested_close(), which wipes. */
int nested_open(struct nested *outer, bool agent, struct nested **ret_nested);
void nested_close(struct nested *nested);

/* nested_forget() - of the outermost one: what was found is wiped; nested_reset() - and another text begins. */
void nested_forget(struct nested *nested);
void nested_reset(struct nested *nested);

/* nested_begin() - a run. @read: bytes of the text so far. Returns 0 or -ENOMEM. */
int nested_begin(struct nested *nested, const struct run *run, uint64_t read);

/*
 * nested_feed() - reads on from *at, as run_read() does. Returns 0: to the end of the run, or of what there is; 1: what follows is not
 * looked into, since it is nothing that was packed, or too much; or a negative errno.
 */
int nested_feed(struct nested *nested, struct run *run, const uint8_t *bytes, size_t len, bool whole,
		size_t *at);

/* nested_end() - no more of the run comes. Returns 0 or a negative errno. */
int nested_end(struct nested *nested);

/* nested_found() - the tokens of the run so far; *ret_left: there are more, or more was packed than is looked into. */
const struct nested_found *nested_found(const struct nested *nested, size_t *ret_count, bool *ret_left);
