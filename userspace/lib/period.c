// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Times in and out. */
#include "lib/period.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PERIOD_SECOND 1000000LL
#define PERIOD_DAY (86400 * PERIOD_SECOND)
/* A day and a month alone say which year is meant, if they lie less far back. */
#define PERIOD_RECENT (300 * PERIOD_DAY)
/* "9999-12-31" and a century of weeks: everything that fits is far from overflowing */
#define PERIOD_MOST 36500L

static bool period_ago(const char *text, int64_t now, int64_t *ret_time)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	long number;

	if (*text < '0' || *text > '9')
		return false;
	number = strtol(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (*end != units[i].unit || end[1])
			continue;
		if (number < 0 || number > PERIOD_MOST * 86400 / units[i].seconds)
			return false;
		*ret_time = now - number * units[i].seconds * PERIOD_SECOND;
		return true;
	}
	return false;
}

/* "Z" or "+01:30": seconds to the east. */
static bool period_offset(const char *text, int64_t *ret_seconds)
{
	int hours, minutes, used = 0;

	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*ret_seconds = 0;
		return true;
	}
	/* NOLINTNEXTLINE(cert-err34-c): two digits can't overflow */
	if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
	    used != 5 || text[1 + used] || hours > 23 || minutes > 59 || hours < 0 || minutes < 0)
		return false;
	*ret_seconds = (*text == '-' ? -1 : 1) * (hours * 3600LL + minutes * 60LL);
	return true;
}

/* What timegm(3) makes of the 31st of February is not what was meant. */
static bool period_valid(const struct tm *given)
{
	struct tm tm = *given;

	return timegm(&tm) != -1 && tm.tm_mday == given->tm_mday && tm.tm_mon == given->tm_mon &&
	       tm.tm_hour == given->tm_hour;
}

bool period_parse(const char *text, int64_t now, int64_t *ret_time)
{
	struct tm tm = {0};
	int64_t offset = 0;
	const char *end;

	if (period_ago(text, now, ret_time))
		return true;
	end = strptime(text, "%Y-%m-%d", &tm);
	if (!end || end - text != 10)
		return false;
	if (*end) {
		if (!strchr("Tt ", *end))
			return false;
		end = strptime(end + 1, "%H:%M:%S", &tm);
		if (end && *end == '.')
			end += 1 + strspn(end + 1, "0123456789");
		if (!end || !period_offset(end, &offset))
			return false;
	}
	if (!period_valid(&tm))
		return false;
	*ret_time = ((int64_t)timegm(&tm) - offset) * PERIOD_SECOND;
	return true;
}

int64_t period_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * PERIOD_SECOND + now.tv_nsec / 1000;
}

/* The forms in which a time is shown; strftime(3) wants its format to be a constant. */
#define PERIOD_FORMAT(name, convert, format)                                              \
	static char *name(int64_t time, char *text)                                       \
	{                                                                                 \
		time_t seconds = (time_t)(time / PERIOD_SECOND);                          \
		struct tm tm;                                                             \
                                                                                          \
		if (!convert(&seconds, &tm) || !strftime(text, PERIOD_TEXT, format, &tm)) \
			snprintf(text, PERIOD_TEXT, "?");                                 \
		return text;                                                              \
	}

PERIOD_FORMAT(period_format_utc, gmtime_r, "%Y-%m-%dT%H:%M:%SZ")
PERIOD_FORMAT(period_format_human, gmtime_r, "%Y-%m-%d %H:%M")
PERIOD_FORMAT(period_format_minute, gmtime_r, "%m-%d %H:%M")
PERIOD_FORMAT(period_format_day, gmtime_r, "%Y-%m-%d ")

char *period_utc(int64_t time, char text[PERIOD_TEXT])
{
	return period_format_utc(time, text);
}

char *period_human(int64_t time, char text[PERIOD_TEXT])
{
	return period_format_human(time, text);
}

char *period_short(int64_t time, int64_t now, char text[PERIOD_TEXT])
{
	return now - time < PERIOD_RECENT ? period_format_minute(time, text) : period_format_day(time, text);
}
