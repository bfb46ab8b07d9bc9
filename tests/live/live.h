/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Driving the built binary as a stranger would: run it around a command, read what it wrote.
 *
 * From the environment: SPILLWATCH (the binary), SPILLWATCH_ATTACH (auto, fexit, syscall),
 * LIVE_WRITERS (the folder of the writers), LIVE_SCHEMA (the alerts' JSON Schema).
 */
#pragma once

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "token_maker.h"

#define LIVE_MAX_ARGS 512

struct live_run {
	int status; /* exit status; 128 + signal */
	json_t *alerts; /* array, as --alerts wrote them: those of a token each */
	json_t *floods; /* of who floods */
	json_t *losses; /* of what was lost */
	char *output; /* standard output of all */
	char *errors; /* standard error of all */
};

/* A list of arguments, NULL-terminated. */
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ARGS ((const char *const[]){NULL})

/* live_setup(), live_teardown() - a fresh directory for each test, as cmocka calls them. */
int live_setup(void **state);
int live_teardown(void **state);

/* live_path() - a path in this test's directory; static, 64 at a time. */
const char *live_path(const char *name);

/* live_writer() - the path of a writer ("writer", "writer_32"); static. */
const char *live_writer(const char *name);

/*
 * live_widths() - for how many kinds of programs the cases stand: 2, 64-bit and 32-bit ones, or 1 where the kernel
 * refuses 32-bit ones (ENOEXEC), which is asked once, by running one. In a guest always 2: there they must run.
 */
size_t live_widths(void);

/*
 * live_exec() - runs `spillwatch exec --alerts FILE --attach … OPTIONS -- COMMAND` to its end.
 * Fails the test if any alert breaks the schema. Free with live_free().
 */
struct live_run live_exec(const char *const *options, const char *const *command);

/* live_command() - runs any command (argv[0] "spillwatch" is the binary) to its end; no alerts. */
struct live_run live_command(const char *const *command);

/* live_start() - starts it and returns its pid; output goes to live_path("output"/"errors"). */
int live_start(const char *const *command);
/* live_wait() - waits for it and collects what it wrote. */
struct live_run live_wait(int pid);

void live_free(struct live_run *run);

/* live_string(), live_integer() - a value by its dotted name ("token.identifier"); fail if missing. */
const char *live_string(const json_t *alert, const char *name);
int64_t live_integer(const json_t *alert, const char *name);

/* live_optional() - an integer by its dotted name, 0 if it is not there. */
int64_t live_optional(const json_t *alert, const char *name);

/* live_only() - the alert, after checking that there is exactly one. */
const json_t *live_only(const struct live_run *run);

/* live_count() - how many alerts name the token. */
size_t live_count(const struct live_run *run, const struct maker_token *token);

/* live_no_secret() - fails if 8 or more bytes of the secret stand in the alerts or in any output. */
void live_no_secret(const struct live_run *run, const struct maker_token *token);

/* live_summary() - the number before `text` in a line of the summary on standard error, or 0. */
uint64_t live_summary(const struct live_run *run, const char *text);

/* live_cgroup_root() - where cgroup v2 is mounted: by itself, or beside v1's hierarchies; static. */
const char *live_cgroup_root(void);

/* live_late() - those that found no room in the ring and were found late. live_dropped() - the others that found none. */
uint64_t live_late(const struct live_run *run);
uint64_t live_dropped(const struct live_run *run);

/* live_lost() - all that the summary counts as lost, whatever it is, also what was found late. */
uint64_t live_lost(const struct live_run *run);

/* live_tick() - says that a write path is seen, and by what: a row of the table that tests/paths makes. */
void live_tick(const char *path, const char *how);

/* Tests, one table a file; run by main.c. */
extern const struct CMUnitTest live_writes[], live_commands[], live_probe[], live_bounds[], live_host[],
	live_run_tests[], live_pieces[], live_pipes[], live_seams[], live_budget[], live_names[],
	live_files[], live_who[], live_audit[], live_loader[], live_identity[], live_stores[], live_others[],
	live_outputs[], live_privileges[], live_rules[], live_restart[], live_restart_commands[],
	live_forgotten[], live_bounds_once[], live_told[], live_run_commands[], live_files_once[],
	live_stores_once[], live_suspects[], live_suspects_less[];
extern const size_t live_writes_count, live_commands_count, live_probe_count, live_bounds_count,
	live_run_tests_count, live_host_count, live_pieces_count, live_pipes_count, live_seams_count,
	live_budget_count, live_names_count, live_files_count, live_who_count, live_audit_count,
	live_loader_count, live_identity_count, live_stores_count, live_others_count, live_outputs_count,
	live_privileges_count, live_rules_count, live_restart_count, live_restart_commands_count,
	live_forgotten_count, live_bounds_once_count, live_told_count, live_run_commands_count,
	live_files_once_count, live_stores_once_count, live_suspects_count, live_suspects_less_count;
