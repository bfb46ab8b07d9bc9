/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What stands behind `outputs:` in the configuration. */
#pragma once

#include <stddef.h>

#include "output/spec.h"
#include "rules/problems.h"

struct tree_node;

/* Outputs, at most: standard error is one as well, and what the command line asks for. */
#define CONFIG_OUTPUTS_MAX 12

/*
 * config_outputs_read() - what is wrong is added to *problems, and what was read is not to be used then. Texts are borrowed from the
 * tree. Nothing is opened, nor looked up.
 * Returns 0 and *ret_outputs with *ret_count of them (config_outputs_free(), also if there are problems), or -ENOMEM.
 */
int config_outputs_read(const struct tree_node *list, struct problems *problems,
			struct output_spec **ret_outputs, size_t *ret_count);

void config_outputs_free(struct output_spec *outputs, size_t count);
