/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An alert as one line for a person. */
#pragma once

#include "alert/alert.h"

/*
 * alert_to_text() - one line, with its newline, in local time of day:
 *     12:04:31  ALERT   python3 (pid 42, root) wrote API token dt0c01.ABC… to /var/log/app.log
 *                       (write of 97 bytes, token at byte 8192)
 * (on one line). Returns 0 and *ret_line (malloc'ed), or -ENOMEM.
 */
int alert_to_text(const struct alert *alert, bool colour, char **ret_line);
