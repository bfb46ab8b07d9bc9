// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The pipeline's own test of itself; see canary.h. Invariant: at most one round is under way. */
#include "engine/canary.h"

#include "file_kind.h"
#include "token_formats.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Bytes from one to the next: none stands beside another. */
#define CANARY_STEP 256

/* In the order of canary_write(). */
static const char *const canary_calls[] = {"write", "pwrite64", "writev", "pwritev"};
#define CANARY_CALLS (sizeof(canary_calls) / sizeof(*canary_calls))

struct canary {
	int fd; /* negative: none */
	int64_t due, sent;
	uint64_t lost; /* samples, before this round */
	unsigned int pending; /* of this round, a bit each */
	char tokens[CANARY_CALLS][TOKEN_MAX_LEN];
	struct canary_health health;
};

/* A file without a name there, if what lies there is watched. Returns a descriptor, or a negative errno. */
static int canary_at(const char *directory, uint32_t watch)
{
	struct statfs fs;
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) == 0 &&
	    watch & (fs.f_type == TMPFS_MAGIC ? FILE_KIND_BIT(TMPFS) : FILE_KIND_BIT(DISK)))
		return fd;
	close(fd);
	return -ENOENT;
}

/* In memory if that is watched, else on a disk. */
static int canary_place(uint32_t watch)
{
	static const char *const places[] = {"/dev/shm", "/run", "/tmp", "/var/tmp", "/"};
	int fd = -ENOENT;

	if (watch & FILE_KIND_BIT(MEMFD)) {
		fd = memfd_create("canary", MFD_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	for (size_t i = 0; fd < 0 && i < sizeof(places) / sizeof(*places); i++)
		fd = canary_at(places[i], watch);
	return fd;
}

int canary_open(uint32_t watch, struct canary **ret_canary)
{
	struct canary *canary = calloc(1, sizeof(*canary));

	if (!canary)
		return -ENOMEM;
	canary->fd = canary_place(watch);
	canary->health.state = canary->fd < 0 ? CANARY_NONE : CANARY_WAITS;
	*ret_canary = canary;
	return 0;
}

void canary_close(struct canary *canary)
{
	if (!canary)
		return;
	if (canary->fd >= 0)
		close(canary->fd);
	explicit_bzero(canary->tokens, sizeof(canary->tokens));
	free(canary);
}

int64_t canary_due(const struct canary *canary)
{
	return canary->fd < 0 ? INT64_MAX : canary->due;
}

static void canary_make(char token[TOKEN_MAX_LEN])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t random[TOKEN_MAX_LEN];

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		memset(random, 0, sizeof(random));
	for (size_t i = 0; i < TOKEN_MAX_LEN; i++)
		token[i] = letters[random[i] % (sizeof(letters) - 1)];
	memcpy(token, "dt0c01.", TOKEN_PREFIX_LEN + 1);
	token[TOKEN_IDENTIFIER_MAX] = '.';
	explicit_bzero(random, sizeof(random));
}

static ssize_t canary_write(int fd, size_t call, struct iovec *part)
{
	off_t at = (off_t)(call * CANARY_STEP);

	switch (call) {
	case 0:
		return lseek(fd, at, SEEK_SET) < 0 ? -1 : write(fd, part->iov_base, part->iov_len);
	case 1:
		return pwrite(fd, part->iov_base, part->iov_len, at);
	case 2:
		return lseek(fd, at, SEEK_SET) < 0 ? -1 : writev(fd, part, 1);
	default:
		return pwritev(fd, part, 1, at);
	}
}

/* Writes new ones; those that could not be written are not waited for. */
static void canary_send(struct canary *canary)
{
	for (size_t i = 0; i < CANARY_CALLS; i++) {
		struct iovec part = {canary->tokens[i], TOKEN_MAX_LEN};

		canary_make(canary->tokens[i]);
		if (canary_write(canary->fd, i, &part) == TOKEN_MAX_LEN)
			canary->pending |= 1U << i;
	}
}

/* What was written is no secret, and yet of no use to anybody. */
static void canary_wipe(const struct canary *canary)
{
	static const char nothing[CANARY_CALLS * CANARY_STEP];

	if (pwrite(canary->fd, nothing, sizeof(nothing), 0) < 0)
		return;
}

/* The end of a round that is not whole. */
static void canary_fail(struct canary *canary, uint64_t lost)
{
	struct canary_health *health = &canary->health;
	size_t call = 0;

	while (!(canary->pending & 1U << call))
		call++;
	canary->pending = 0;
	health->failed++;
	/* something else was lost as well: that is told of by its own name */
	if (lost != canary->lost)
		return;
	health->state = CANARY_FAILS;
	health->unexplained++;
	health->call = canary_calls[call];
	health->row++;
}

void canary_round(struct canary *canary, int64_t now, uint64_t lost, void (*arm)(void *context, bool on),
		  void *context)
{
	if (canary->fd < 0 || now < canary->due)
		return;
	if (canary->pending)
		canary_fail(canary, lost);
	canary->sent = now;
	canary->due = now + CANARY_WAIT_MS;
	canary->lost = lost;
	canary->health.rounds++;
	arm(context, true);
	canary_send(canary);
	arm(context, false);
	canary_wipe(canary);
	/* none could be written: a full file system is no fault of the hooks */
	if (!canary->pending)
		canary->due = now + CANARY_MS;
}

void canary_seen(struct canary *canary, const uint8_t *window, size_t len, int64_t now)
{
	for (size_t i = 0; i < CANARY_CALLS; i++)
		if (len == TOKEN_MAX_LEN && canary->pending & 1U << i &&
		    memcmp(window, canary->tokens[i], TOKEN_IDENTIFIER_MAX) == 0) {
			canary->pending &= ~(1U << i);
			if (canary->pending)
				return;
			canary->health.state = CANARY_COMES;
			canary->health.seen = now;
			canary->health.row = 0;
			canary->health.call = NULL;
			canary->due = canary->sent + CANARY_MS;
			return;
		}
}

const struct canary_health *canary_health(const struct canary *canary)
{
	return &canary->health;
}
