// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Log lines, written with one write(2) each so that they don't mix with other processes' output.
 * Nothing that came out of a sample may be logged unless mask.h made it printable.
 */
#include "lib/log.h"

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

__attribute__((format(printf, 2, 0))) static void log_line(const char *level, const char *format,
							   va_list args)
{
	char line[1024];
	int head = snprintf(line, sizeof(line), "spillwatch: %s", level);
	size_t len;
	bool taken;

	/* room for the newline */
	vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
	len = strlen(line);
	line[len] = '\n';
	line[len + 1] = '\0';
	pthread_mutex_lock(&log_lock);
	taken = log_taker;
	if (taken)
		log_taker(log_context, line);
	pthread_mutex_unlock(&log_lock);
	if (!taken)
		fputs(line, stderr);
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
