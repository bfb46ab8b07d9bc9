/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is written and searched in the benchmarks: texts that a host's programs write, and texts made
 * to be as dear as possible. The same bytes in every run; none holds a whole token.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* splitmix64 (Steele, Lea, Flood 2014), as in tests/live/token_maker.h */
static inline uint64_t content_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline void content_append(char *bytes, size_t size, size_t *at, const char *text, size_t len)
{
	if (len > size - *at)
		len = size - *at;
	memcpy(bytes + *at, text, len);
	*at += len;
}

/* Lines as a service writes them: a date, a level in capitals, an identifier, numbers. */
static inline void content_text(char *bytes, size_t size)
{
	static const char *const levels[] = {"INFO", "WARN", "DEBUG", "ERROR"};
	static const char *const words[] = {
		"accepted", "connection", "from",    "upstream", "took",    "request",      "cache miss",
		"retry",    "shard",      "flushed", "segment",  "timeout", "user",         "session",
		"closed",   "heartbeat",  "queue",   "backlog",  "GET",     "/api/v2/items"};
	uint64_t state = 1;
	char line[512];

	for (size_t at = 0; at < size;) {
		uint64_t pick = content_next(&state);
		int len = snprintf(line, sizeof(line), "2026-03-%02uT%02u:%02u:%02u.%06uZ %s [worker-%u]",
				   (unsigned int)(pick % 28 + 1), (unsigned int)(pick >> 8) % 24,
				   (unsigned int)(pick >> 16) % 60, (unsigned int)(pick >> 24) % 60,
				   (unsigned int)(pick >> 32) % 1000000, levels[pick >> 60 & 3],
				   (unsigned int)(pick >> 40) % 16);

		for (unsigned int i = 0; i < 4 + (pick >> 50) % 8; i++) {
			uint64_t word = content_next(&state);

			len += snprintf(line + len, sizeof(line) - (size_t)len, " %s=%x", words[word % 20],
					(unsigned int)(word >> 40));
		}
		line[len++] = '\n';
		content_append(bytes, size, &at, line, (size_t)len);
	}
}

static inline void content_alphabet(char *bytes, size_t size, const char *alphabet, unsigned int letters,
				    size_t line)
{
	uint64_t state = 2;

	for (size_t i = 0; i < size; i++)
		bytes[i] = line && i % line == line - 1 ? '\n' : alphabet[content_next(&state) % letters];
}

static inline void content_binary(char *bytes, size_t size)
{
	uint64_t state = 3;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)content_next(&state);
}

/*
 * A token but for one character, again and again; a varying gap brings it to every offset of a word, a stride and a
 * page.
 * @wrong: which one
 */
static inline void content_near(char *bytes, size_t size, size_t wrong)
{
	uint64_t state = 4;
	char near[96];

	for (size_t at = 0, n = 0; at < size; n++) {
		memcpy(near, "dt0c01.", 7);
		for (int i = 7; i < 96; i++)
			near[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[content_next(&state) % 32];
		near[31] = '.';
		near[wrong] = '-';
		content_append(bytes, size, &at, near, sizeof(near));
		content_append(bytes, size, &at, "       ", n % 8);
	}
}

#define CONTENT_BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* content_fill() - writes the text of a name; -1 for another name. */
static inline int content_fill(const char *name, char *bytes, size_t size)
{
	if (strcmp(name, "text") == 0)
		content_text(bytes, size);
	else if (strcmp(name, "binary") == 0)
		content_binary(bytes, size);
	else if (strcmp(name, "base64") == 0)
		content_alphabet(bytes, size, CONTENT_BASE64, 64, 77);
	else if (strcmp(name, "base32") == 0)
		content_alphabet(bytes, size, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32, 77);
	else if (strcmp(name, "capitals") == 0)
		content_alphabet(bytes, size, CONTENT_BASE64, 26, 0);
	else if (strcmp(name, "near") == 0)
		content_near(bytes, size, 95);
	else if (strcmp(name, "prefix") == 0)
		content_near(bytes, size, 5);
	else if (strcmp(name, "early") == 0)
		content_near(bytes, size, 42);
	else if (strcmp(name, "hex") == 0)
		content_alphabet(bytes, size, "0123456789abcdef", 16, 65);
	else if (strcmp(name, "dots") == 0)
		memset(bytes, '.', size);
	else
		return -1;
	return 0;
}
