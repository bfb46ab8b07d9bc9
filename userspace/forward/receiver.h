/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where alerts go: what the configuration says of one receiver, and what a kind of receivers does. */
#pragma once

#include "forward/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one request, the most that a kind may say. */
#define RECEIVER_EVENTS_MAX 500

/* Bytes of what is said of an attempt. */
#define ATTEMPT_TEXT 128

struct receiver;
struct http;

/* What came of one attempt, beside the events' verdicts. */
struct attempt {
	bool refused; /* for what is in it, or its size: fewer at a time may do */
	bool doubt; /* its status means success, and its body nothing of its kind's: they are delivered, and somebody is told */
	int64_t retry_after; /* ms that the receiver asks for; 0: it doesn't say */
	char problem
		[ATTEMPT_TEXT]; /* without a secret, an address or anything that the receiver has said; "": none */
};

/* One kind. */
struct receiver_kind {
	const char *name; /* its key in the configuration */
	size_t events; /* in one request, at most: up to RECEIVER_EVENTS_MAX */
	bool http; /* its target is an address of HTTP; else it has an open, a send and a close of its own */
	const char *path; /* which is put behind the address; NULL: it is used as it is */
	const char *content_type;
	const char *scheme; /* of the header Authorization, unless it is said */
	/* body() - what is sent of them. Returns 0, *ret_body (malloc'ed) and its length, or -ENOMEM. */
	int (*body)(const struct receiver *receiver, struct event *const *events, size_t count,
		    char **ret_body, size_t *ret_len);
	/*
	 * judge() - sets the verdicts after an answer that means success. NULL: all are delivered.
	 * @body: of the answer, terminated
	 */
	void (*judge)(struct event *const *events, size_t count, long status, const char *body,
		      struct attempt *attempt);
	/*
	 * open(), send(), close() - what is not HTTP. open() returns 0 and *ret_state, or a negative errno. send() sets verdicts, and
	 * soon comes back after stopped() has become true.
	 */
	int (*open)(const struct receiver *receiver, bool (*stopped)(void *context), void *context,
		    void **ret_state);
	void (*send)(const struct receiver *receiver, void *state, struct event *const *events, size_t count,
		     struct attempt *attempt);
	void (*close)(void *state);
};

/* Borrowed of the configuration, which stays. */
struct receiver {
	const struct receiver_kind *kind;
	const char *name;
	const char *
		target; /* an address; or @ and the path of a file that holds it; of Kafka HOST:PORT by commas */
	const char *authorization; /* the scheme; NULL: the kind's */
	const char *credential_file; /* NULL: none */
	const char *ca_file, *certificate_file, *key_file; /* NULL: the system's, none */
	const char *index; /* of Elasticsearch; NULL: its default */
	const char *topic; /* of Kafka; NULL: its default */
	const char *tenant; /* of Loki; NULL: none */
	bool plaintext; /* HTTP without TLS, also to another host */
	unsigned long timeout; /* ms of one attempt */
	unsigned long retry_min, retry_max; /* ms between two attempts */
};

extern const struct receiver_kind receiver_webhook, receiver_alertmanager, receiver_otlp, receiver_loki,
	receiver_elasticsearch, receiver_dynatrace, receiver_dynatrace_security, receiver_kafka;

/* All of them; the last is NULL. */
extern const struct receiver_kind *const receiver_kinds[];
