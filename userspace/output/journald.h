/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* systemd's journal, by its native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): the facts are fields of their own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "alert/alert.h"
#include "alert/loss.h"

/* Where the journal listens. */
#define JOURNALD_PATH "/run/systemd/journal/socket"

/* MESSAGE_ID, by which these are found whatever their words are: of alerts, and of what was lost. */
#define JOURNALD_ALERT_ID "d7a5f1c04e8b4b6c9f5e2a9a3b1c7d60"
#define JOURNALD_LOSS_ID "4c1e9b7f2a8d45d0b3f6e8c27a905d13"

/*
 * journald_message() - an alert, or a loss, as one datagram: MESSAGE (a sentence, or JSON), PRIORITY, MESSAGE_ID and a
 * field SPILLWATCH_TOKEN_IDENTIFIER and the like for each of output/fields.h. All strings of an alert are bounded, so is that.
 * Returns 0, *ret_message (malloc'ed) and its length, or a negative errno.
 */
int journald_message(const struct alert *alert, const struct loss *loss, bool text, char **ret_message,
		     size_t *ret_len);
