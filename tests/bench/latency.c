// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * From a write's return to its alert:
 *
 *     latency FILE COUNT MICROSECONDS ALERTS
 *
 * writes so many tokens with pauses between, and looks after each one into the file of alerts, again and again, until its
 * line is there: so only the daemon has to be woken. When done, prints a line "IDENTIFIER NANOSECONDS" each; -1 if there
 * was none after a second.
 */
#include "token_maker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 65536
#define PATIENCE_NS 1000000000ULL

static struct {
	char identifier[MAKER_IDENTIFIER_LEN + 1];
	long long ns;
} figures[COUNT_MAX];

static char text[1 << 16];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Nanoseconds from `start` until a line that names the token stands at `*at` of the file or behind; moves `*at` behind it. */
static long long wait_for(int alerts, off_t *at, const char *identifier, uint64_t start)
{
	for (;;) {
		ssize_t got = pread(alerts, text, sizeof(text) - 1, *at);
		uint64_t now = now_ns();
		char *line = text, *end;

		if (got < 0)
			fail("alerts");
		text[got] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			*at += end + 1 - line;
			if (strstr(line, identifier))
				return (long long)(now - start);
		}
		if (now - start > PATIENCE_NS)
			return -1;
	}
}

int main(int argc, char **argv)
{
	size_t count = argc == 5 ? strtoull(argv[2], NULL, 10) : 0;
	int file, alerts;
	off_t at = 0;

	if (!count || count > COUNT_MAX)
		return 2;
	file = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	alerts = open(argv[4], O_RDONLY | O_CLOEXEC);
	if (file < 0 || alerts < 0)
		fail(file < 0 ? argv[1] : argv[4]);
	for (size_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);
		uint64_t start;

		token.text[MAKER_TOKEN_LEN] = '\n';
		if (write(file, token.text, sizeof(token.text)) != sizeof(token.text))
			fail(argv[1]);
		start = now_ns();
		memcpy(figures[i].identifier, token.identifier, sizeof(token.identifier));
		figures[i].ns = wait_for(alerts, &at, token.identifier, start);
		usleep((unsigned int)strtoul(argv[3], NULL, 10));
	}
	for (size_t i = 0; i < count; i++)
		printf("%s %lld\n", figures[i].identifier, figures[i].ns);
	return 0;
}
