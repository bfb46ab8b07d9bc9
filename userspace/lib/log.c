// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Log lines, written with one write(2) each so that they don't mix with other processes' output.
 * Nothing that came out of a sample may be logged unless mask.h made it printable. What is none of it (an error's text) is escaped here, and
 * so is what deceives.
 */
#include "lib/log.h"

#include "lib/deceive.h"
#include "lib/utf8.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void (*log_taker)(void *context, const char *line);
static void *log_context;
/* of these two: a thread that was left behind may have something to say when nobody takes it any more */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

void log_to(void (*taker)(void *context, const char *line), void *context)
{
	pthread_mutex_lock(&log_lock);
	log_taker = taker;
	log_context = context;
	pthread_mutex_unlock(&log_lock);
}

/* What a terminal would obey, or nobody could tell, is escaped. Returns the end. */
static char *log_shown(char *to, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t count = utf8_length((const uint8_t *)text + at, len - at);
		bool control = (unsigned char)text[at] < ' ' || text[at] == 0x7f ||
			       (count == 2 && (uint8_t)text[at] == 0xc2 && (uint8_t)text[at + 1] < 0xa0);

		if (!count || control || deceive_length(text + at, len - at)) {
			count = count ? count : 1;
			to = deceive_escape(to, text + at, count);
		} else {
			to = mempcpy(to, text + at, count);
		}
		at += count;
	}
	return to;
}

__attribute__((format(printf, 2, 0))) static void log_line(const char *level, const char *format,
							   va_list args)
{
	char line[1024], shown[sizeof(line) * DECEIVE_ESCAPE + 2], *end;
	int head = snprintf(line, sizeof(line), "spillwatch: %s", level);
	bool taken;

	vsnprintf(line + head, sizeof(line) - (size_t)head, format, args);
	end = log_shown(shown, line, strlen(line));
	*end++ = '\n';
	*end = '\0';
	pthread_mutex_lock(&log_lock);
	taken = log_taker;
	if (taken)
		log_taker(log_context, shown);
	pthread_mutex_unlock(&log_lock);
	if (!taken)
		fputs(shown, stderr);
}

#define LOG_FUNCTION(name, level)              \
	void name(const char *format, ...)     \
	{                                      \
		va_list args;                  \
                                               \
		va_start(args, format);        \
		log_line(level, format, args); \
		va_end(args);                  \
	}

LOG_FUNCTION(log_error, "")
LOG_FUNCTION(log_warning, "warning: ")
LOG_FUNCTION(log_note, "")
