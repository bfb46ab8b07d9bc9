// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → a line on a terminal. The order is what a person needs first: who did what where; then the
 * identifier, by which the token can be revoked; then how. A placeholder's line is dim from end to end.
 */
#include "alert/text.h"

#include "alert/text_parts.h"
#include "alert/cut.h"
#include "alert/loss.h"
#include "alert/message.h"
#include "lib/cleanup.h"
#include "lib/deceive.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int text_place(const struct alert_write *write, char **ret_text)
{
	const char *call = strcmp(write->syscall, "unknown") == 0 ? "unknown call" : write->syscall;
	const char *late = write->found_late ? ", found late" : "";
	char *text;
	int r;

	if (write->offset < 0)
		r = asprintf(&text, "%s of %" PRIu64 " bytes%s", call, write->length, late);
	else
		r = asprintf(&text, "%s of %" PRIu64 " bytes, token at byte %" PRId64 "%s", call,
			     write->length, write->token_offset, late);
	if (r < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

int text_samples(size_t tokens, size_t files, char **ret_text)
{
	char *text;

	if (asprintf(&text, "%zu token%s and %zu file%s of it in the alert file", tokens,
		     tokens == 1 ? "" : "s", files, files == 1 ? "" : "s") < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

/* Which rule decided, and which one does not any more. */
static int text_ruling(const struct alert_ruling *ruling, char **ret_text)
{
	time_t until = ruling->until / 1000000;
	char day[16] = "";
	struct tm tm;
	char *text;

	if (ruling->expired && gmtime_r(&until, &tm))
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	if (asprintf(&text, "%s%s%s%s%s%s", ruling->rule ? "; rule: " : "", ruling->rule ? ruling->rule : "",
		     ruling->expired ? "; the rule '" : "", ruling->expired ? ruling->expired : "",
		     ruling->expired ? "' is over since " : "", day) < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

int text_line(const struct text_parts *parts, bool colour, char **ret_line)
{
	bool dim = colour && parts->low, bright = colour && !dim;
	const char *plain = bright ? TEXT_PLAIN : "";
	AUTO_FREE char *line = NULL;
	AUTO_FREE char *ruling = NULL;
	char time[16], again[48] = "";
	struct tm tm;
	int r = text_ruling(parts->ruling, &ruling);

	if (r < 0)
		return r;
	localtime_r(&parts->time, &tm);
	strftime(time, sizeof(time), "%H:%M:%S", &tm);
	if (parts->repeats)
		snprintf(again, sizeof(again), "; %" PRIu64 " time%s more since", parts->repeats,
			 parts->repeats == 1 ? "" : "s");
	if (asprintf(&line, "%s%s  %s%s%s  %s  %s(%s%s%s)%s\n", dim ? TEXT_DIM : "", time,
		     bright ? TEXT_RED : "", parts->low ? "notice" : "ALERT ", plain, parts->message,
		     bright ? TEXT_DIM : "", parts->place, again, ruling, colour ? TEXT_PLAIN : "") < 0)
		return -ENOMEM;
	*ret_line = deceive_shown(line);
	return *ret_line ? 0 : -ENOMEM;
}

int text_loss(time_t time, const char *message, bool colour, char **ret_line)
{
	AUTO_FREE char *line = NULL;
	char at[16];
	struct tm tm;

	localtime_r(&time, &tm);
	strftime(at, sizeof(at), "%H:%M:%S", &tm);
	if (asprintf(&line, "%s  %sLOST%s    %s\n", at, colour ? TEXT_RED : "", colour ? TEXT_PLAIN : "",
		     message) < 0)
		return -ENOMEM;
	*ret_line = deceive_shown(line);
	return *ret_line ? 0 : -ENOMEM;
}

int loss_to_text(const struct loss *loss, bool colour, char **ret_line)
{
	AUTO_FREE char *message = NULL;
	int r = loss_message(loss, &message);

	return r < 0 ? r : text_loss(loss->time.tv_sec, message, colour, ret_line);
}

static int text_whole(const struct alert *alert, bool colour, char **ret_line)
{
	struct text_parts parts = {
		.time = alert->time.tv_sec,
		.low = alert_severity(alert) <= ALERT_SEVERITY_PLACEHOLDER,
		.repeats = alert->repeats,
		.ruling = &alert->ruling,
	};
	bool bright = colour && !parts.low;
	AUTO_FREE char *message = NULL;
	AUTO_FREE char *place = NULL;
	int r = alert_message(alert, bright ? TEXT_BOLD : "", bright ? TEXT_PLAIN : "", &message);

	if (r == 0)
		r = alert->flood ? text_samples(alert->flood->token_count, alert->flood->file_count, &place)
				 : text_place(&alert->write, &place);
	if (r < 0)
		return r;
	parts.message = message;
	parts.place = place;
	return text_line(&parts, colour, ret_line);
}

int alert_to_text(const struct alert *alert, bool colour, char **ret_line)
{
	AUTO_FREE char *whole = NULL;
	struct alert_cut cut;
	int r = text_whole(alert, colour, &whole);

	if (r < 0)
		return r;
	if (strlen(whole) <= ALERT_LINE_BYTES) {
		*ret_line = TAKE(whole);
		return 0;
	}
	r = alert_cut(alert, ALERT_LINE_BYTES, &cut);
	if (r < 0)
		return r;
	r = text_whole(&cut.alert, colour, ret_line);
	alert_cut_free(&cut);
	return r;
}
