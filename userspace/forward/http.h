/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests to receivers, by libcurl. */
#pragma once

#include "forward/receiver.h"

/* Bytes of an answer that are looked at; what is longer is no answer of a receiver. */
#define HTTP_ANSWER_MAX (8UL << 20)
/* ms that a receiver's Retry-After is obeyed, at most. */
#define HTTP_RETRY_AFTER_MAX 3600000L

/*
 * http_open() - a connection that is kept between requests.
 * @stopped: asked about once a second while it waits; true ends the attempt
 * Returns it (http_close()), or NULL if there is no memory.
 */
struct http *http_open(const struct receiver *receiver, bool (*stopped)(void *context), void *context);
void http_close(struct http *http);

/*
 * http_send() - one attempt for all of them. Sets verdicts and *attempt, and never waits longer than the receiver's timeout.
 *
 * 2xx: as the kind judges, also of an answer that is too long; where it does not, delivered, also if the answer breaks off. 400, 413, 422: refused. Everything else, no answer, and one that is not HTTP: they stay VERDICT_RETRY, also 401,
 * 403 and 404: somebody has to see to those, and until then nothing is given up. Redirections are not followed: they could lead a credential away.
 */
void http_send(struct http *http, struct event *const *events, size_t count, struct attempt *attempt);
