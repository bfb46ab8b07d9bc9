// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a search costs a byte:
 *
 *     search make CONTENT FILE BYTES    a corpus of content.h
 *     search plant FILE COUNT           puts so many tokens into it, made here and now
 *     search run FILE                   every contender once: a line "NAME NANOSECONDS FOUND" each
 *
 * To add a contender: a function and a line in `contenders`.
 */
#include "content.h"
#include "token_maker.h"

#include "detect/token.h"
#include "token_search.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_HYPERSCAN
#include <hs.h>
#endif

#define CHUNK (256U << 10)

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The limit: every byte is fetched and put into a buffer that stays in the cache. */
static uint64_t contend_memcpy(const uint8_t *bytes, size_t len)
{
	static uint8_t into[CHUNK];

	for (size_t at = 0; at < len; at += CHUNK) {
		memcpy(into, bytes + at, len - at < CHUNK ? len - at : CHUNK);
		__asm__ volatile("" ::"r"(into) : "memory");
	}
	return 0;
}

/* Candidates only: what follows "dt0" is not looked at. */
static uint64_t contend_memmem(const uint8_t *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = bytes + len;
	uint64_t found = 0;

	while ((at = memmem(at, (size_t)(end - at), "dt0", 3))) {
		found++;
		at++;
	}
	return found;
}

static uint64_t contend_token_search(const uint8_t *bytes, size_t len)
{
	uint64_t found = 0;

	for (__u64 dot = 0; (dot = token_search(bytes, len, dot)) != TOKEN_NONE; dot++)
		found++;
	return found;
}

static uint64_t contend_token_match(const uint8_t *bytes, size_t len)
{
	struct token_span span = {0};
	struct token token;
	uint64_t found = 0;

	while (token_match(bytes, len, span.end, &token, &span))
		found++;
	return found;
}

#ifdef HAVE_HYPERSCAN
static int hyperscan_found(unsigned int id, unsigned long long from, unsigned long long to,
			   unsigned int flags, void *context)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	++*(uint64_t *)context;
	return 0;
}

/* The documented pattern, compiled outside of what is timed: at the first call, which warms up. */
static uint64_t contend_hyperscan(const uint8_t *bytes, size_t len)
{
	static hs_database_t *database;
	static hs_scratch_t *scratch;
	hs_compile_error_t *error;
	uint64_t found = 0;

	if (!database && (hs_compile("dt0[a-zA-Z][0-9]{2}\\.([A-Z0-9]{24}|[A-Z0-9]{8})\\.[A-Z0-9]{64}",
				     HS_FLAG_DOTALL, HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS ||
			  hs_alloc_scratch(database, &scratch) != HS_SUCCESS))
		fail("hyperscan");
	if (hs_scan(database, (const char *)bytes, (unsigned int)len, 0, scratch, hyperscan_found, &found) !=
	    HS_SUCCESS)
		fail("hyperscan");
	return found;
}
#endif

static const struct contender {
	const char *name;
	uint64_t (*run)(const uint8_t *bytes, size_t len);
} contenders[] = {
	{"memcpy", contend_memcpy},
	{"memmem", contend_memmem},
	{"token_search", contend_token_search},
	{"token_match", contend_token_match},
#ifdef HAVE_HYPERSCAN
	{"hyperscan", contend_hyperscan},
#endif
};

static uint8_t *map_file(const char *path, int protection, size_t *ret_len)
{
	int fd = open(path, protection & PROT_WRITE ? O_RDWR : O_RDONLY);
	struct stat status;
	void *bytes;

	if (fd < 0 || fstat(fd, &status) < 0)
		fail(path);
	bytes = mmap(NULL, (size_t)status.st_size, protection, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		fail(path);
	close(fd);
	*ret_len = (size_t)status.st_size;
	return bytes;
}

static void make(const char *content, const char *path, size_t len)
{
	char *bytes = malloc(len);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (!bytes || fd < 0 || content_fill(content, bytes, len) < 0 ||
	    write(fd, bytes, len) != (ssize_t)len)
		fail(path);
	close(fd);
	free(bytes);
}

static void plant(const char *path, size_t count)
{
	size_t len;
	uint8_t *bytes = map_file(path, PROT_READ | PROT_WRITE, &len);

	for (size_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);
		uint8_t *at = bytes + len / (count + 1) * (i + 1) + i % 64;

		/* a line of its own: grep counts lines */
		at[0] = at[MAKER_TOKEN_LEN + 1] = '\n';
		memcpy(at + 1, token.text, MAKER_TOKEN_LEN);
	}
	munmap(bytes, len);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void run(const char *path)
{
	size_t len;
	uint8_t *bytes = map_file(path, PROT_READ, &len);

	/* the mapping's first touch is nobody's */
	contend_memcpy(bytes, len);
	for (size_t i = 0; i < sizeof(contenders) / sizeof(*contenders); i++) {
		uint64_t found;
		double start;

		contenders[i].run(bytes, len < CHUNK ? len : CHUNK);
		start = now_ns();
		found = contenders[i].run(bytes, len);
		printf("%s %.0f %llu\n", contenders[i].name, now_ns() - start, (unsigned long long)found);
	}
	munmap(bytes, len);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "make") == 0)
		make(argv[2], argv[3], strtoull(argv[4], NULL, 10));
	else if (argc == 4 && strcmp(argv[1], "plant") == 0)
		plant(argv[2], strtoull(argv[3], NULL, 10));
	else if (argc == 3 && strcmp(argv[1], "run") == 0)
		run(argv[2]);
	else
		return 2;
	return 0;
}
