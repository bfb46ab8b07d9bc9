// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * From a write's return to its alert:
 *
 *     latency write FILE COUNT MICROSECONDS   writes so many tokens with pauses between; when done, prints a
 *                                             line "IDENTIFIER NANOSECONDS" each: the clock after the write
 *     latency read                            the same for each alert on standard input: the clock at its arrival
 *
 * Both clocks are CLOCK_MONOTONIC. Nothing is printed while it is measured.
 */
#include "token_maker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 65536

static struct {
	char identifier[MAKER_IDENTIFIER_LEN + 1];
	uint64_t ns;
} stamps[COUNT_MAX];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static size_t write_tokens(const char *path, size_t count, unsigned int pause)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	for (size_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);

		token.text[MAKER_TOKEN_LEN] = '\n';
		if (write(fd, token.text, sizeof(token.text)) != sizeof(token.text)) {
			perror(path);
			exit(1);
		}
		stamps[i].ns = now_ns();
		memcpy(stamps[i].identifier, token.identifier, sizeof(token.identifier));
		usleep(pause);
	}
	close(fd);
	return count;
}

/* A line counts as available when the read that brought its end returned. */
static size_t read_alerts(void)
{
	static char text[1 << 16];
	size_t count = 0, held = 0;
	ssize_t r;

	while ((r = read(STDIN_FILENO, text + held, sizeof(text) - held - 1)) > 0) {
		uint64_t now = now_ns();
		char *line = text, *end;

		held += (size_t)r;
		text[held] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			const char *token;

			*end = '\0';
			token = strstr(line, "dt0");
			if (token && strstr(line, "token-written") && count < COUNT_MAX) {
				memcpy(stamps[count].identifier, token, MAKER_IDENTIFIER_LEN);
				stamps[count++].ns = now;
			}
		}
		held = strlen(line);
		memmove(text, line, held + 1);
	}
	return count;
}

int main(int argc, char **argv)
{
	size_t count = argc == 5 ? strtoull(argv[3], NULL, 10) : 0;

	if (argc == 5 && strcmp(argv[1], "write") == 0 && count <= COUNT_MAX)
		count = write_tokens(argv[2], count, (unsigned int)strtoul(argv[4], NULL, 10));
	else if (argc == 2 && strcmp(argv[1], "read") == 0)
		count = read_alerts();
	else
		return 2;
	for (size_t i = 0; i < count; i++)
		printf("%s %llu\n", stamps[i].identifier, (unsigned long long)stamps[i].ns);
	return 0;
}
