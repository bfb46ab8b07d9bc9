/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The container whose output a process of the host writes. */
#pragma once

#include "attribute/container/containers.h"
#include "attribute/inquiry.h"
#include "attribute/mounts.h"
#include "detect/sample_view.h"

/* Of the last process that was asked about: does it see the host's root directory? Zero at first. */
struct relay_known {
	uint32_t tgid;
	uint64_t start;
	int64_t at; /* ms, CLOCK_MONOTONIC */
	int root; /* 1 if so, else 0 */
};

struct relay {
	struct containers *containers;
	struct mounts *mounts;
	struct inquiry *inquiry; /* borrowed; NULL: it is asked here, and waited for */
	struct relay_known *known; /* borrowed */
	const char *procfs, *root; /* the host's */
};

/* relay_same_path() - does the host call the file as the process does? */
bool relay_same_path(struct mounts *mounts, const struct sample_view *view);

/*
 * relay_find() - of a writer that is in no container. Whoever is in one of a kind that we don't know is not believed: the writer has to see
 * the host's root directory or, if it is gone or can't be asked, to have written where the host sees the same path.
 * Returns 0 and *ret_container (containers_free_one()), with id NULL if it writes for none; or -ENOMEM.
 */
int relay_find(const struct relay *relay, const struct sample_view *view, const struct mask_known *known,
	       struct alert_container *ret_container);
