/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Syslog by RFC 5424, with the facts of an alert as structured data: to a unix datagram socket (/dev/log), by UDP, or by TCP (RFC 6587,
 * octet counting).
 */
#pragma once

#include "output/output.h"
#include "output/spec.h"

/* Bytes of a message, at most. */
#define SYSLOG_BYTES 8192UL

/* SD-ID. We have no enterprise number; this one is for whoever has none (RFC 5612). */
#define SYSLOG_SD_ID "spillwatch@32473"

/* syslog_facility() - by its name ("daemon", "local0"); -1: there is none. */
int syslog_facility(const char *name);

/* syslog_is_target() - a path, or udp://ADDRESS:PORT, tcp://ADDRESS:PORT: numbers, an IPv6 address in brackets. */
bool syslog_is_target(const char *target);

/* syslog_message() - an alert, or a loss, as a message. Returns 0, *ret_message (malloc'ed) and its length, or a negative errno. */
int syslog_message(int facility, const struct alert *alert, const struct loss *loss, bool text,
		   char **ret_message, size_t *ret_len);

/*
 * output_syslog_open() - or of the journal (journald.h), which is sent to in the same way. Connects when there is something to write; as long as nobody is there, that waits. Returns 0 and *ret_output
 * (output_close()), or a negative errno.
 */
int output_syslog_open(const struct output_spec *spec, struct output **ret_output);
