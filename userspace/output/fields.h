/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The facts of an alert by which it is searched for, one by one: for outputs that have fields (syslog, journald). */
#pragma once

#include "alert/alert.h"
#include "alert/loss.h"

/* @name: as in JSON, with dots; value: as there, never empty */
typedef void (*fields_take)(void *context, const char *name, const char *value);

/* fields_of_alert(), fields_of_loss() - each that there is. What is long comes last. */
void fields_of_alert(const struct alert *alert, fields_take take, void *context);
void fields_of_loss(const struct loss *loss, fields_take take, void *context);

/*
 * fields_said() - the alert or the loss itself, as a sentence or as JSON, without a newline. Returns 0 and *ret_said (malloc'ed), or
 * -ENOMEM.
 */
int fields_said(const struct alert *alert, const struct loss *loss, bool text, char **ret_said);

/* fields_priority() - of syslog(3): 2 (critical) to 5 (notice), by event.severity. */
int fields_priority(int severity);
