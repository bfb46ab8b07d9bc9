/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The container whose output a process of the host writes. */
#pragma once

#include "attribute/container/containers.h"
#include "attribute/mounts.h"
#include "detect/sample_view.h"

struct relay {
	struct containers *containers;
	struct mounts *mounts;
	const char *procfs, *root; /* the host's */
};

/* relay_same_path() - does the host call the file as the process does? */
bool relay_same_path(struct mounts *mounts, const struct sample_view *view);

/*
 * relay_find() - of a writer that is in no container. Whoever is in one of a kind that we don't know is not believed: the writer has to see
 * the host's root directory or, if it is gone, to have written where the host sees the same path.
 * Returns 0 and *ret_container (containers_free_one()), with id NULL if it writes for none; or -ENOMEM.
 */
int relay_find(const struct relay *relay, const struct sample_view *view, const struct mask_known *known,
	       struct alert_container *ret_container);
