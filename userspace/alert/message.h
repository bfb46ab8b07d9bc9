/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an alert says in one sentence, and how grave it is. */
#pragma once

#include "alert/alert.h"
#include "alert/loss.h"

/* event.severity: as large as in ECS's own examples, 0 to 100. */
#define ALERT_SEVERITY_TOKEN 73
#define ALERT_SEVERITY_LOSS 47
#define ALERT_SEVERITY_PLACEHOLDER 21

/* Room for an id: two numbers in hexadecimal, with a dash, and a letter. */
#define ALERT_ID_BYTES 35

/*
 * alert_id() - event.id: the same whenever an alert is delivered again, of whichever daemon, and no other alert's. Returns id.
 */
const char *alert_id(const struct alert *alert, char id[ALERT_ID_BYTES]);

/* alert_loss_id() - likewise of what tells of a loss. */
const char *alert_loss_id(const struct loss *loss, char id[ALERT_ID_BYTES]);

int alert_severity(const struct alert *alert);

/* alert_rule() - "token-written-to-file" and the like, by destination; static. */
const char *alert_rule(const struct alert *alert);

/*
 * alert_message() - "python3 (pid 42, root) wrote API token dt0c01.ABC… to /var/log/app.log".
 * @before, @after: put around the identifier (terminal colour), "" for none
 * Returns 0 and *ret_text (malloc'ed), or -ENOMEM.
 */
int alert_message(const struct alert *alert, const char *before, const char *after, char **ret_text);
