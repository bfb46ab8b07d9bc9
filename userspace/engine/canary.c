// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The pipeline's own test of itself; see canary.h. Invariant: at most one token of a round is under way. */
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
	int64_t due, begun; /* ms, CLOCK_MONOTONIC: of the next look, and when this round was */
	uint64_t lost; /* samples, before this round */
	size_t call; /* of this round, that is written next or waited for; CANARY_CALLS: the round is whole */
	bool pending; /* it is waited for */
	char token[TOKEN_MAX_LEN];
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
	canary->call = CANARY_CALLS;
	*ret_canary = canary;
	return 0;
}

void canary_close(struct canary *canary)
{
	if (!canary)
		return;
	if (canary->fd >= 0)
		close(canary->fd);
	explicit_bzero(canary->token, sizeof(canary->token));
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

/* Writes the next one; those that can't be written are not waited for. */
static void canary_send(struct canary *canary)
{
	struct iovec part = {canary->token, TOKEN_MAX_LEN};

	canary_make(canary->token);
	for (; !canary->pending && canary->call < CANARY_CALLS; canary->call += !canary->pending)
		canary->pending = canary_write(canary->fd, canary->call, &part) == TOKEN_MAX_LEN;
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
	const char *call = canary_calls[canary->call];

	canary->pending = false;
	canary->call = CANARY_CALLS;
	health->failed++;
	/* something else was lost as well: that is told of by its own name */
	if (lost != canary->lost)
		return;
	health->state = CANARY_FAILS;
	health->unexplained++;
	health->call = call;
	health->row++;
}

void canary_round(struct canary *canary, int64_t now, uint64_t lost, void (*arm)(void *context, bool on),
		  void *context)
{
	if (canary->fd < 0 || now < canary->due)
		return;
	if (canary->pending)
		canary_fail(canary, lost);
	if (canary->call == CANARY_CALLS) {
		canary->call = 0;
		canary->begun = now;
		canary->health.rounds++;
	}
	canary->due = now + CANARY_WAIT_MS;
	canary->lost = lost;
	arm(context, true);
	canary_send(canary);
	arm(context, false);
	canary_wipe(canary);
	/* not even the last could be written: a full file system is no fault of the hooks */
	if (!canary->pending)
		canary->due = canary->begun + CANARY_MS;
}

void canary_seen(struct canary *canary, const uint8_t *window, size_t len, int64_t now)
{
	if (len != TOKEN_MAX_LEN || !canary->pending ||
	    memcmp(window, canary->token, TOKEN_IDENTIFIER_MAX) != 0)
		return;
	canary->pending = false;
	canary->due = now;
	if (++canary->call < CANARY_CALLS)
		return;
	canary->health.state = CANARY_COMES;
	canary->health.seen = now;
	canary->health.row = 0;
	canary->health.call = NULL;
	canary->due = canary->begun + CANARY_MS;
}

const struct canary_health *canary_health(const struct canary *canary)
{
	return &canary->health;
}
