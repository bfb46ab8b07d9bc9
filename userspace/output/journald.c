// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → a datagram of the journal's. It is sent as those of syslog are (syslog.c).
 *
 * Limit: what is too long for a datagram would have to be sent as a file. An alert is not: its line of JSON has 16 KiB at most, its
 * fields less, and a datagram takes 200 KiB where nobody has made that less.
 */
#include "output/journald.h"

#include "alert/message.h"
#include "lib/cleanup.h"
#include "output/fields.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOURNALD_PREFIX "SPILLWATCH_"

/* A value with a newline in it has its length before it. */
static void journald_value(FILE *out, const char *value)
{
	size_t len = strlen(value);
	uint64_t count = htole64(len);

	if (!memchr(value, '\n', len)) {
		fprintf(out, "=%s\n", value);
		return;
	}
	fputc('\n', out);
	fwrite(&count, sizeof(count), 1, out);
	fwrite(value, 1, len, out);
	fputc('\n', out);
}

/* "token.identifier" is SPILLWATCH_TOKEN_IDENTIFIER. */
static void journald_field(void *context, const char *name, const char *value)
{
	FILE *out = context;

	fputs(JOURNALD_PREFIX, out);
	for (; *name; name++)
		fputc(*name == '.' ? '_' : toupper((unsigned char)*name), out);
	journald_value(out, value);
}

int journald_message(const struct alert *alert, const struct loss *loss, bool text, char **ret_message,
		     size_t *ret_len)
{
	int severity = alert ? alert_severity(alert) : ALERT_SEVERITY_LOSS;
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
	fputs("MESSAGE", out);
	journald_value(out, said);
	fprintf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=spillwatch\nMESSAGE_ID=%s\n", fields_priority(severity),
		alert ? JOURNALD_ALERT_ID : JOURNALD_LOSS_ID);
	if (alert)
		fields_of_alert(alert, journald_field, out);
	else
		fields_of_loss(loss, journald_field, out);
	if (fclose(out) != 0) {
		free(message);
		return -ENOMEM;
	}
	*ret_message = message;
	*ret_len = len;
	return 0;
}
