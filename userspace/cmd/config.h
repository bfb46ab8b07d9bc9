/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The configuration: spillwatch.yaml, and rules.d/NAME.yaml beside it. It sets what long options set, before the command line
 * does, and has rules.
 */
#pragma once

#include <stdbool.h>

#include "rules/rules.h"

struct command;

#define CONFIG_PATH "/etc/spillwatch/spillwatch.yaml"

struct config;

/*
 * config_read() - reads and compiles all of it. What is wrong is added to *problems; it is not to be used then.
 * @path: NULL: CONFIG_PATH, which need not be there
 * Returns 0 and *ret_config (config_free()), or -ENOMEM.
 */
int config_read(const char *path, struct problems *problems, struct config **ret_config);
void config_free(struct config *config);

/* config_rules() - those of all files. config_path(): as it was given, or CONFIG_PATH. */
const struct rules *config_rules(const struct config *config);
const char *config_path(const struct config *config);

struct pipeline_options;

/* config_use() - rules and outputs, for a pipeline; borrowed. */
void config_use(const struct config *config, struct pipeline_options *options);

/* How a command takes an option, as getopt_long(3) returned it, with optarg; returns 0 or an exit code after options_wrong(). */
struct config_taker {
	const struct command *command;
	bool run; /* `run`: has what only a daemon has */
	int (*take)(void *context, int option);
};

/* config_set() - hands each setting to a command. What it does not take is added to *problems. */
void config_set(const struct config *config, const struct config_taker *taker, void *context,
		struct problems *problems);

/*
 * config_load() - finds --config on a command line, reads the configuration and hands its settings on. Its strings are borrowed
 * by who takes them. With --help, and for exec without --config, there is none.
 * Returns 0 and *ret_config (may be NULL), or an exit code after saying what is wrong.
 */
int config_load(int argc, char **argv, const struct config_taker *taker, void *context,
		struct config **ret_config);

/*
 * config_reload() - reads it anew, for a daemon that runs: either all of it is good, and is in force between two alerts, or nothing
 * changes, and it is said why. Settings that can't change while it runs are those of the start; it is said which.
 * @apply: puts it in force. Returns 0; or a negative errno after saying what can't be done: nothing has changed then. *ret_outputs: are
 * its outputs in force as well?
 */
typedef int (*config_apply)(void *context, const struct config *new, bool *ret_outputs);
void config_reload(struct config *config, config_apply apply, void *context);
