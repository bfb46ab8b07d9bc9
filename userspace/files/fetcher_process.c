// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * daemon → nursery → fetcher → other people's files.
 *
 * A fetcher opens, reads and searches. When it hangs in the kernel, it is left there (files/nursery.h).
 *
 * Invariant: the daemon holds none of the files itself: closing one asks its file system as well (flush).
 */
#include "files/fetcher_process.h"

#include "files/heirs.h"
#include "files/journal_entry.h"
#include "files/scan.h"
#include "sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Bytes between two looks at the clock. */
#define FETCHER_STEP (1UL << 20)
#define FETCHER_NS 1000000000ULL
/* ms of a request, for whose the entries are in which tokens were found; those that are found later are told without. */
#define FETCHER_ENTRIES_MS 50

struct fetcher_kept {
	uint64_t id; /* 0: free */
	int fd;
};

struct fetcher_process {
	const struct fetcher_world *world;
	int lane;
	struct file_roots *roots;
	struct fetcher_kept kept[FETCHER_KEPT];
	struct fetcher_message message;
	struct sample_view view;
	int fd; /* of the file that is looked at */
	uint64_t entries_ns; /* that it took to find whose its tokens are */
	struct heirs *heirs; /* NULL: nobody has asked yet */
	struct mapped_heir heir; /* of the file: who has stored its last token, else one that lives */
};

static uint64_t fetcher_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * FETCHER_NS + (uint64_t)now.tv_nsec;
}

/* Says something, and waits until there is room for it: so who is not listened to reads no further. */
static void fetcher_say(const struct fetcher_process *fetcher, struct fetcher_answer *answer)
{
	ssize_t r;

	fetcher_pad_entry(fetcher->world, &answer->journal);
	do
		r = write(fetcher->lane, answer, sizeof(*answer));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		_exit(0);
}

/* Whose entry a token is in, which is told anyway: as long as the request has time for it. */
static void fetcher_whose(struct fetcher_process *fetcher, uint64_t at, struct journal_entry *ret_entry)
{
	const struct token_sample *head = fetcher->view.head;
	uint64_t start;

	if (!journal_entry_writer(head->uid, fetcher->view.exe, head->exe_len) ||
	    fetcher->entries_ns > FETCHER_ENTRIES_MS * FETCHER_NS / 1000)
		return;
	start = fetcher_clock(CLOCK_MONOTONIC);
	(void)journal_entry_at(fetcher->fd, at, ret_entry);
	fetcher->entries_ns += fetcher_clock(CLOCK_MONOTONIC) - start;
}

/* Which of the heirs has stored it, by the page tables, which are not inherited with a shared mapping. */
static void fetcher_heir_of(struct fetcher_process *fetcher, uint64_t at, struct mapped_heir *ret_heir)
{
	const struct fetcher_message *message = &fetcher->message;
	struct mapped_rival heir;
	size_t i = 0;

	while (message->gone && fetcher->heirs &&
	       heirs_next(fetcher->heirs, &fetcher->view, message->rivals, message->rival_count, &i, &heir))
		if (mapped_is_anothers(fetcher->world->procfs, &fetcher->view, &heir, 1, at) &&
		    heirs_describe(fetcher->heirs, &heir, ret_heir)) {
			fetcher->heir = *ret_heir;
			return;
		}
}

/*
 * Before the look: whoever stores later does so before the next one. Returns whether all processes were asked; else it is gone on with
 * at the next turn.
 */
static bool fetcher_heirs(struct fetcher_process *fetcher, struct fetcher_answer *answer)
{
	const struct fetcher_message *message = &fetcher->message;
	struct mapped_rival heir;
	size_t i = 0;

	memset(&fetcher->heir, 0, sizeof(fetcher->heir));
	if (!message->gone)
		return true;
	if (!fetcher->heirs && heirs_open(fetcher->world->procfs, &fetcher->heirs) < 0) {
		answer->unseen = 1;
		return true;
	}
	if (!heirs_look(fetcher->heirs, message->gone, &answer->unseen))
		return false;
	answer->unseen += heirs_unseen(fetcher->heirs, fetcher->view.head);
	while (!fetcher->heir.tgid &&
	       heirs_next(fetcher->heirs, &fetcher->view, message->rivals, message->rival_count, &i, &heir))
		if (!heirs_describe(fetcher->heirs, &heir, &fetcher->heir))
			memset(&fetcher->heir, 0, sizeof(fetcher->heir));
	return true;
}

static int fetcher_token(void *context, const uint8_t *window, const struct token *token,
			 const struct token_span *span, uint64_t at)
{
	struct fetcher_process *fetcher = context;
	struct fetcher_answer answer = {.number = fetcher->message.number, .at = at};

	(void)token;
	/* it is found again when it is that one's turn */
	if (mapped_is_anothers(fetcher->world->procfs, &fetcher->view, fetcher->message.rivals,
			       fetcher->message.rival_count, at))
		return 0;
	answer.secret = (uint32_t)span->secret;
	answer.len = (uint32_t)span->end;
	fetcher_whose(fetcher, at, &answer.journal);
	fetcher_heir_of(fetcher, at, &answer.heir);
	memcpy(answer.window, window, sizeof(answer.window));
	fetcher_pad(fetcher->world, answer.window);
	fetcher_say(fetcher, &answer);
	return 0;
}

static struct fetcher_kept *fetcher_find(struct fetcher_process *fetcher, uint64_t id)
{
	for (size_t i = 0; i < FETCHER_KEPT; i++)
		if (fetcher->kept[i].id == id)
			return &fetcher->kept[i];
	return NULL;
}

/* The file of the request, kept open or opened now. */
static int fetcher_file(struct fetcher_process *fetcher)
{
	uint64_t id = fetcher->message.id;
	struct fetcher_kept *kept = id ? fetcher_find(fetcher, id) : NULL;
	int fd;

	if (kept)
		return kept->fd;
	fd = file_scan_open(fetcher->roots, &fetcher->view);
	kept = id && fd >= 0 ? fetcher_find(fetcher, 0) : NULL;
	if (kept)
		*kept = (struct fetcher_kept){id, fd};
	return fd;
}

static void fetcher_forget(struct fetcher_process *fetcher, int fd)
{
	struct fetcher_kept *kept = fetcher->message.id ? fetcher_find(fetcher, fetcher->message.id) : NULL;

	if (kept && !fetcher->message.close)
		return;
	if (kept)
		kept->id = 0;
	close(kept ? kept->fd : fd);
}

/* Where the range ends, or the file before that. */
static uint64_t fetcher_end(int fd, uint64_t end)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (uint64_t)st.st_size < end ? (uint64_t)st.st_size : end;
}

/* Looks at the range as long as it may; what was never written (holes) is passed over. */
static void fetcher_look(struct fetcher_process *fetcher, int fd, struct fetcher_answer *answer)
{
	uint64_t until = fetcher_clock(CLOCK_MONOTONIC) + FETCHER_TURN_MS * FETCHER_NS / 1000;
	uint64_t at = fetcher->message.from;

	fetcher->fd = fd;
	fetcher->entries_ns = 0;
	answer->end = fetcher_end(fd, fetcher->message.end);
	while (at < answer->end) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA);
		uint64_t step;
		int64_t r;

		if (data < 0 && errno == ENXIO) {
			at = answer->end;
			break;
		}
		/* who can't tell where data is has it everywhere */
		at = data < 0 ? at : (uint64_t)data;
		if (at >= answer->end)
			break;
		step = answer->end - at < FETCHER_STEP ? answer->end - at : FETCHER_STEP;
		r = file_scan(fd, at, step, step, fetcher_token, fetcher);
		if (r < 0) {
			answer->error = (int32_t)r;
			break;
		}
		answer->read += step;
		at += step;
		if (fetcher_clock(CLOCK_MONOTONIC) > until)
			break;
	}
	answer->next = at;
}

static void fetcher_serve(struct fetcher_process *fetcher)
{
	struct fetcher_answer answer = {.number = fetcher->message.number,
					.done = true,
					.next = fetcher->message.end,
					.end = fetcher->message.end};
	bool ready = fetcher_heirs(fetcher, &answer);
	int fd = -1;

	if (!ready) {
		answer.next = fetcher->message.from;
	} else if (!fetcher->message.close) {
		fd = fetcher_file(fetcher);
		if (fd < 0)
			answer.error = fd;
		else if (fetcher->message.journal)
			answer.error = journal_entry_at(fd, fetcher->message.journal, &answer.journal);
		else if (fetcher->message.from < fetcher->message.end)
			fetcher_look(fetcher, fd, &answer);
	}
	if (fd >= 0 || fetcher->message.close)
		fetcher_forget(fetcher, fd);
	answer.heir = fetcher->heir;
	answer.cpu = fetcher_clock(CLOCK_PROCESS_CPUTIME_ID);
	fetcher_say(fetcher, &answer);
}

void fetcher_main(const void *context, int lane)
{
	const struct fetcher_world *world = context;
	/* aligned as the samples are */
	static uint64_t buffer[(sizeof(struct fetcher_message) + SAMPLE_MAX_BYTES) / sizeof(uint64_t) + 1];
	struct fetcher_process *fetcher = calloc(1, sizeof(*fetcher));

	if (!fetcher || file_roots_open(world->procfs, world->root, &fetcher->roots) < 0)
		_exit(1);
	fetcher->world = world;
	fetcher->lane = lane;
	for (;;) {
		ssize_t len = read(lane, buffer, sizeof(buffer));

		if (len < 0 && errno == EINTR)
			continue;
		if (len < (ssize_t)sizeof(fetcher->message))
			_exit(0);
		memcpy(&fetcher->message, buffer, sizeof(fetcher->message));
		if (fetcher->message.close ||
		    sample_view_parse((const uint8_t *)buffer + sizeof(fetcher->message),
				      (size_t)len - sizeof(fetcher->message), &fetcher->view) == 0)
			fetcher_serve(fetcher);
		else
			_exit(1);
	}
}
