/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Alerts as the store gets them, and stores to put them into. */
#pragma once

#include "alert/alert.h"
#include "store/store.h"

/* What differs between the alerts of a test. */
struct alert_spec {
	const char *token, *file, *program; /* NULL program: unknown */
	const char *container; /* id; NULL: none */
	const char *name; /* the container's; NULL: app */
	const char *pod, *host_path;
	const char *runtime, *namespace, *created; /* NULL runtime: containerd */
	const char *image, *unit, *user; /* NULL user: root */
	const char *digest, *outer;
	bool exec; /* it was put into the container */
	bool relayed; /* what the container printed */
	bool outside; /* what the host wrote into it */
	int64_t time; /* seconds since 1970 */
	uint64_t repeats;
	uint64_t news; /* 0: 1 */
};

/* alerts_make() - borrows the spec's texts; not to be freed. */
struct alert alerts_make(const struct alert_spec *spec);

/* alerts_dir() - a fresh directory; alerts_remove() removes it with all files in it. */
char *alerts_dir(void);
void alerts_remove(char *dir);

/* alerts_store() - a store in a file, with usual limits; fails the test if there is none. */
struct store *alerts_store(const char *path);

/* alerts_put() - puts an alert and checks that it was taken. */
void alerts_put(struct store *store, const struct alert_spec *spec);

/* alerts_now() - seconds since 1970. */
int64_t alerts_now(void);

/* alerts_number() - the first column of a query's first row, by a connection of its own. */
int64_t alerts_number(const char *path, const char *sql);
