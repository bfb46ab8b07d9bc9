/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `check --config`: is a configuration good, and what do its rules decide? */
#pragma once

/*
 * check_config() - says what is wrong with it, or what it has.
 * @path: NULL: CONFIG_PATH; @alerts: recorded alerts, lines of JSON, of which each is decided ("-": standard input); NULL: none
 * Returns an exit code.
 */
int check_config(const char *path, const char *alerts);
