/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an alert says in one sentence, and how grave it is. */
#pragma once

#include "alert/alert.h"

/* event.severity: as large as in ECS's own examples, 0 to 100. */
#define ALERT_SEVERITY_TOKEN 73
#define ALERT_SEVERITY_LOSS 47
#define ALERT_SEVERITY_PLACEHOLDER 21

/* Room for an id: two numbers in hexadecimal, with a dash. */
#define ALERT_ID_BYTES 34

/*
 * alert_id() - event.id, of an alert or a loss: the same whenever that is delivered again, of whichever daemon, and no other's.
 * Returns id.
 */
const char *alert_id(uint64_t series, uint64_t number, char id[ALERT_ID_BYTES]);

int alert_severity(const struct alert *alert);

/* alert_action() - event.action; static. */
const char *alert_action(const struct alert *alert);

/* alert_rule() - "token-written-to-file" and the like, by destination; static. */
const char *alert_rule(const struct alert *alert);

/*
 * alert_message() - "python3 (pid 42, root) wrote API token dt0c01.ABC… to /var/log/app.log".
 * @before, @after: put around the identifier (terminal colour), "" for none
 * Returns 0 and *ret_text (malloc'ed), or -ENOMEM.
 */
int alert_message(const struct alert *alert, const char *before, const char *after, char **ret_text);

/* alert_message_short() - likewise, without pid and user: "python3 wrote API token dt0c01.ABC… to /var/log/app.log". */
int alert_message_short(const struct alert *alert, char **ret_text);

/* alert_message_brief() - likewise, without what an alert's fields say as well: "python3 wrote API token". Not of a flood. */
int alert_message_brief(const struct alert *alert, char **ret_text);

/* alert_message_who() - the name that both begin with. */
const char *alert_message_who(const char *name);
