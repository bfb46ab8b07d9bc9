// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → a message of RFC 5424:
 *
 *     <27>1 2026-11-28T19:11:02.123456Z node-7 spillwatch 42 token-written [spillwatch@32473 event.id="…" …] python3 (pid …
 *
 * Invariant: it is SYSLOG_BYTES long at most, and whole: what is long in the alert is cut as for a line of JSON that is too long, and
 * where that is not enough, the message says in words what it would have as JSON.
 */
#include "output/syslog.h"

#include "alert/cut.h"
#include "alert/loss.h"
#include "alert/message.h"
#include "lib/cleanup.h"
#include "lib/utf8.h"
#include "output/fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* RFC 5424, 6: bytes of HOSTNAME. */
#define SYSLOG_HOST_BYTES 255
#define SYSLOG_FACILITIES 8

static const struct {
	const char *name;
	int number;
} syslog_facilities[] = {
	{"user", 1},    {"daemon", 3},  {"auth", 4},    {"syslog", 5},  {"authpriv", 10},
	{"audit", 13},  {"local0", 16}, {"local1", 17}, {"local2", 18}, {"local3", 19},
	{"local4", 20}, {"local5", 21}, {"local6", 22}, {"local7", 23},
};

int syslog_facility(const char *name)
{
	for (size_t i = 0; i < sizeof(syslog_facilities) / sizeof(*syslog_facilities); i++)
		if (strcmp(syslog_facilities[i].name, name) == 0)
			return syslog_facilities[i].number;
	return -1;
}

/* A name without spaces or anything that is not ASCII; "-" if there is none. */
static void syslog_host(FILE *out, const char *host)
{
	size_t len = host ? strlen(host) : 0;

	if (!len)
		fputc('-', out);
	for (size_t i = 0; i < len && i < SYSLOG_HOST_BYTES; i++)
		fputc(host[i] > ' ' && host[i] < 0x7f ? host[i] : '_', out);
}

static void syslog_head(FILE *out, int facility, int severity, const struct timespec *time, const char *host,
			const char *action)
{
	char when[32];
	struct tm tm;

	gmtime_r(&time->tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(out, "<%d>1 %s.%06ldZ ", facility * SYSLOG_FACILITIES + fields_priority(severity), when,
		time->tv_nsec / 1000);
	syslog_host(out, host);
	fprintf(out, " spillwatch %d %s [" SYSLOG_SD_ID, getpid(), action);
}

/* RFC 5424, 6.3.3: three characters are escaped. */
static void syslog_field(void *context, const char *name, const char *value)
{
	FILE *out = context;

	fprintf(out, " %s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\' || *value == ']')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

static int syslog_whole(int facility, const struct alert *alert, const struct loss *loss, bool text,
			char **ret_message, size_t *ret_len)
{
	AUTO_FREE char *said = NULL;
	char *message = NULL;
	size_t len = 0;
	FILE *out;
	int r = fields_said(alert, loss, text, &said);

	if (r < 0)
		return r;
	out = open_memstream(&message, &len);
	if (!out)
		return -ENOMEM;
	if (alert) {
		syslog_head(out, facility, alert_severity(alert), &alert->time, alert->host_name,
			    alert_action(alert));
		fields_of_alert(alert, syslog_field, out);
	} else {
		syslog_head(out, facility, ALERT_SEVERITY_LOSS, &loss->time, loss->host_name, LOSS_ACTION);
		fields_of_loss(loss, syslog_field, out);
	}
	fprintf(out, "] %s", said);
	if (fclose(out) != 0) {
		free(message);
		return -ENOMEM;
	}
	*ret_message = message;
	*ret_len = len;
	return 0;
}

/* Once more, shorter. */
static int syslog_shorter(int facility, const struct alert *alert, const struct loss *loss, size_t bytes,
			  bool text, char **message, size_t *len)
{
	struct alert_cut cut;
	int r;

	free(*message);
	*message = NULL;
	if (!alert)
		return syslog_whole(facility, NULL, loss, text, message, len);
	r = alert_cut(alert, bytes, &cut);
	if (r < 0)
		return r;
	r = syslog_whole(facility, &cut.alert, NULL, text, message, len);
	alert_cut_free(&cut);
	return r;
}

int syslog_message(int facility, const struct alert *alert, const struct loss *loss, bool text,
		   char **ret_message, size_t *ret_len)
{
	AUTO_FREE char *message = NULL;
	size_t len;
	int r = syslog_whole(facility, alert, loss, text, &message, &len);

	if (r == 0 && len > SYSLOG_BYTES)
		r = syslog_shorter(facility, alert, loss, SYSLOG_BYTES / 2, text, &message, &len);
	if (r == 0 && len > SYSLOG_BYTES)
		r = syslog_shorter(facility, alert, loss, SYSLOG_BYTES / 4, true, &message, &len);
	if (r < 0)
		return r;
	/* of losses without number: what comes last is cut, and not in the middle of a character */
	if (len > SYSLOG_BYTES)
		len = utf8_cut(message, SYSLOG_BYTES);
	*ret_message = TAKE(message);
	*ret_len = len;
	return 0;
}
