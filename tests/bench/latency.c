// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * From a write's return to its alert:
 *
 *     latency FILE COUNT MICROSECONDS ALERTS
 *
 * One thread writes so many tokens with pauses between; another looks into the file of alerts, again and again, and notes
 * when each line is there. It stays on a CPU of its own and never sleeps, so only the daemon has to be woken, and has
 * the other CPUs for that. When done, prints a line "IDENTIFIER NANOSECONDS" each; -1 if there was no alert.
 */
#include "token_maker.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 65536
#define PATIENCE_NS 1000000000ULL

static struct {
	char identifier[MAKER_IDENTIFIER_LEN + 1];
	_Atomic uint64_t written; /* ns; 0: not yet */
	uint64_t seen; /* ns; 0: not at all */
} tokens[COUNT_MAX];

static size_t count;
static int alerts;

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

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* as good as it can be */
}

/* Alerts come in the order of the writes. */
static void *look(void *context)
{
	static char text[1 << 16];
	uint64_t patience = 0;
	size_t next = 0;
	off_t at = 0;

	(void)context;
	stay_on(1);
	while (next < count) {
		ssize_t got = pread(alerts, text, sizeof(text) - 1, at);
		uint64_t now = now_ns();
		char *line = text, *end;

		if (got < 0)
			fail("alerts");
		text[got] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			at += end + 1 - line;
			for (size_t i = next; i < count; i++)
				if (strstr(line, tokens[i].identifier)) {
					tokens[i].seen = now;
					next = i + 1;
					break;
				}
		}
		if (tokens[count - 1].written && !patience)
			patience = now + PATIENCE_NS;
		if (patience && now > patience)
			break;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t looker;
	int file;

	count = argc == 5 ? strtoull(argv[2], NULL, 10) : 0;
	if (!count || count > COUNT_MAX)
		return 2;
	file = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	alerts = open(argv[4], O_RDONLY | O_CLOEXEC);
	if (file < 0 || alerts < 0)
		fail(file < 0 ? argv[1] : argv[4]);
	for (size_t i = 0; i < count; i++)
		memcpy(tokens[i].identifier, maker_token(i).identifier, sizeof(tokens[i].identifier));
	if (pthread_create(&looker, NULL, look, NULL))
		fail("thread");
	stay_on(0);
	for (size_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);

		token.text[MAKER_TOKEN_LEN] = '\n';
		if (write(file, token.text, sizeof(token.text)) != sizeof(token.text))
			fail(argv[1]);
		tokens[i].written = now_ns();
		usleep((unsigned int)strtoul(argv[3], NULL, 10));
	}
	pthread_join(looker, NULL);
	for (size_t i = 0; i < count; i++)
		printf("%s %lld\n", tokens[i].identifier,
		       tokens[i].seen ? (long long)(tokens[i].seen - tokens[i].written) : -1);
	return 0;
}
