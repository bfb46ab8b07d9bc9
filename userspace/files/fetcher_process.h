/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the daemon and the processes that read for it say to each other (files/fetcher.h).
 *
 * Sockets that keep messages apart (SOCK_SEQPACKET). A token's bytes are never sent as they are: the kernel keeps what was sent in
 * memory that nobody wipes, and a look at sockets (--watch socket) would find the token.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/mapped.h"
#include "files/fetcher.h"
#include "token_formats.h"

/* The daemon to a fetcher; behind it stands the sample. */
struct fetcher_message {
	uint64_t number; /* of the request, which the answers repeat */
	uint64_t id, from, end, journal;
	uint64_t gone, oldest;
	uint32_t close, rival_count, heir_count, pad;
	struct mapped_rival rivals[MAPPED_RIVALS], heirs[MAPPED_RIVALS];
};

/* A fetcher to the daemon: any number of tokens, then it is done. */
struct fetcher_answer {
	uint64_t number;
	uint32_t done;
	int32_t error;
	uint64_t next, end, read, cpu;
	uint64_t at;
	uint32_t len; /* of the token in the window */
	uint32_t form, more; /* as of the token and its span */
	uint8_t window[WIDE_MAX_LEN];
	struct journal_entry journal; /* of a token that journald has stored */
	struct mapped_heir heir; /* of a token: who has stored it */
	uint32_t unasked; /* of a token: there was no time for that */
	uint32_t unseen;
	uint64_t walk; /* ns of the time that it took, for finding heirs */
	struct mapped_heirs heirs; /* of all */
};

/* What all of them have from the beginning. */
struct fetcher_world {
	const char *procfs, *root;
	uint32_t suspects; /* enum suspect, added up: what is looked for besides what the kernel side knows */
	uint8_t pad[WIDE_MAX_LEN]; /* what hides a token */
};

/* fetcher_pad() - hides a window, or shows it again. */
static inline void fetcher_pad(const struct fetcher_world *world, uint8_t *window)
{
	for (unsigned int i = 0; i < WIDE_MAX_LEN; i++)
		window[i] ^= world->pad[i];
}

/* fetcher_pad_entry() - the same for the texts of a journal's entry, any of which may hold a token as well. */
static inline void fetcher_pad_entry(const struct fetcher_world *world, struct journal_entry *entry)
{
	uint8_t *bytes = (uint8_t *)entry;

	for (size_t i = offsetof(struct journal_entry, name); entry->found && i < sizeof(*entry); i++)
		bytes[i] ^= world->pad[i % WIDE_MAX_LEN];
}

/* fetcher_main() - a fetcher (files/nursery.h). @context: the world */
_Noreturn void fetcher_main(const void *context, int lane);
