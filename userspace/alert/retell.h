/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An alert that was told as JSON, told again to a person. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * retell() - a line of JSON as alert_to_json() or loss_to_json() has made it, as the line that alert_to_text() makes; of a loss one
 * in the same form.
 * Returns 0 and *ret_line (malloc'ed, with its newline), -EBADMSG if it is no such JSON, or -ENOMEM.
 */
int retell(const char *json, size_t len, bool colour, char **ret_line);

/*
 * retell_sentence() - an alert's message; where a container's line had no room for it (alert_message_brief()), the sentence that it stands
 * for, made of the other fields. Returns 0 and *ret_text (malloc'ed), -EBADMSG without a message, or -ENOMEM.
 */
int retell_sentence(const json_t *alert, char **ret_text);
