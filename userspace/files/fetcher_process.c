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
#include "lib/monotonic.h"
#include "sample.h"
#include "token_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Bytes between two looks at the clock. */
#define FETCHER_STEP (1UL << 20)
#define FETCHER_MS 1000000ULL
/* ms of a request, for whose the entries are in which tokens were found; those that are found later are told without. */
#define FETCHER_ENTRIES_MS 50
/* ms of a look at a file, over all its turns, for who of several has stored its tokens; those that are found later are told as its process's. */
#define FETCHER_ASKS_MS 20
/* The same, for who has inherited the mapping of a process that lives, and has not stored it. */
#define FETCHER_SEEKS_MS 50
/* Tokens of which it is remembered who has stored them; and in how many looks it is asked if there is no time. */
#define FETCHER_ASKED 256
#define FETCHER_MISSES 3

struct fetcher_kept {
	uint64_t id; /* 0: free */
	int fd;
};

/* Of a look at what is mapped, from one turn to the next. */
struct fetcher_asked {
	uint64_t id, next; /* which, and where it goes on; id 0: none */
	uint64_t ns; /* that it took to ask who has stored its tokens */
	uint64_t began; /* ns, CLOCK_BOOTTIME */
	uint64_t seek_ns,
		walk; /* as above, of a process that lives; and of that for finding heirs, in this turn */
	bool inherited; /* who has inherited it was asked */
	struct mapped_heirs heirs; /* of one that lives, who has inherited it as well */
};

/* A token in a mapped file, and which process it was that has inherited the mapping; tgid 0: none, as far as was to be known. */
struct fetcher_stored {
	uint64_t id, at, token_key;
	struct mapped_rival heir;
	uint32_t missed; /* looks without time to ask for it */
	uint32_t pad;
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
	struct fetcher_asked asked;
	struct fetcher_stored stored[FETCHER_ASKED];
	struct token_seed seed;
	bool shared; /* others than its process may have stored into it */
	uint64_t until; /* ns, CLOCK_MONOTONIC, of the turn */
	uint64_t stopped; /* where it has to go on, since the turn is over; 0: it is not */
};

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
	    fetcher->entries_ns > FETCHER_ENTRIES_MS * FETCHER_MS)
		return;
	start = clock_ns(CLOCK_MONOTONIC);
	(void)journal_entry_at(fetcher->fd, at, ret_entry);
	fetcher->entries_ns += clock_ns(CLOCK_MONOTONIC) - start;
}

/* Who has it at that place, if it is not the file's own process, by the page tables, which are not inherited with a shared mapping. */
static int fetcher_asks(struct fetcher_process *fetcher, const struct mapped_rival *rivals, size_t count,
			uint64_t at, bool *ret_unasked)
{
	struct fetcher_asked *asked = &fetcher->asked;
	uint64_t start = clock_ns(CLOCK_MONOTONIC), left;
	int64_t until;
	int r = -1;

	if (!count)
		return -1;
	*ret_unasked = asked->ns >= FETCHER_ASKS_MS * FETCHER_MS;
	if (*ret_unasked)
		return -1;
	left = FETCHER_ASKS_MS * FETCHER_MS - asked->ns;
	until = (int64_t)((start + left) / FETCHER_MS);
	r = mapped_anothers(fetcher->world->procfs, &fetcher->view, rivals, count, at, until);
	asked->ns += clock_ns(CLOCK_MONOTONIC) - start;
	*ret_unasked = r < 0 && monotonic_ms() > until;
	return r;
}

/* Another child of the one that has ended, or one of the file's process's own. */
static bool fetcher_is_sibling(const struct fetcher_message *message, uint32_t tgid)
{
	bool sibling = !message->gone;

	for (size_t i = 0; i < message->heir_count && i < MAPPED_RIVALS; i++)
		sibling |= message->heirs[i].tgid == tgid;
	return sibling;
}

static bool fetcher_describe(const struct fetcher_process *fetcher, const struct mapped_rival *heir,
			     struct mapped_heir *ret_heir)
{
	struct mapped_heir found;

	if (!heirs_describe(fetcher->world->procfs, heir, &found))
		return false;
	found.sibling = fetcher_is_sibling(&fetcher->message, heir->tgid);
	*ret_heir = found;
	return true;
}

/* Whose the file's is from now on: the oldest that lives, since all others are younger than that then. */
static void fetcher_first(const struct fetcher_process *fetcher, struct mapped_heirs *heirs)
{
	struct mapped_heir heir;

	for (size_t i = 0; i < heirs->count; i++)
		if ((!heirs->first.tgid || heirs->all[i].start < heirs->first.start) &&
		    fetcher_describe(fetcher, &heirs->all[i], &heir))
			heirs->first = heir;
}

/* Returns whether there was time for all. */
static bool fetcher_collect(const struct fetcher_process *fetcher, struct mapped_heirs *heirs)
{
	const struct fetcher_message *message = &fetcher->message;
	int64_t until = monotonic_ms() + FETCHER_TURN_MS;
	size_t i = 0;

	while (heirs->count < MAPPED_RIVALS && monotonic_ms() <= until)
		if (heirs_next(fetcher->heirs, &fetcher->view, message->rivals, message->rival_count, &i,
			       &heirs->all[heirs->count]))
			heirs->count++;
		else
			return true;
	return heirs->count == MAPPED_RIVALS;
}

/* Who has inherited it, of one whose process has ended. Returns whether that is known by now. */
static bool fetcher_inherited(struct fetcher_process *fetcher, struct fetcher_answer *answer)
{
	struct mapped_heirs *heirs = &fetcher->asked.heirs;
	const struct fetcher_message *message = &fetcher->message;
	enum heirs_state state;
	uint64_t start;

	memset(heirs, 0, sizeof(*heirs));
	if (!fetcher->heirs && heirs_open(fetcher->world->procfs, &fetcher->heirs) < 0) {
		answer->unseen = 1;
		return true;
	}
	start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	state = heirs_look(fetcher->heirs, &fetcher->view, message->gone, message->oldest);
	answer->walk = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
	heirs->later = state == HEIRS_RESTS;
	if (state != HEIRS_READY)
		return state == HEIRS_RESTS;
	answer->unseen = heirs_unseen(fetcher->heirs, &fetcher->view);
	answer->unseen += !fetcher_collect(fetcher, heirs);
	fetcher_first(fetcher, heirs);
	return true;
}

/*
 * Before the look: whoever stores later does so before the next one. Returns whether all processes were asked; else it is gone on with
 * at the next turn. Once for all turns of a look.
 */
static bool fetcher_heirs(struct fetcher_process *fetcher, struct fetcher_answer *answer)
{
	const struct fetcher_message *message = &fetcher->message;
	struct fetcher_asked *asked = &fetcher->asked;

	fetcher->shared = !message->close && (message->gone || message->rival_count || message->heir_count ||
					      fetcher->view.head->flags & SAMPLE_MAPPED);
	if (!fetcher->shared)
		return true;
	if (asked->id != message->id || asked->next != message->from) {
		*asked = (struct fetcher_asked){
			.id = message->id, .next = message->from, .began = boottime_ns()};
		memcpy(asked->heirs.all, message->heirs, sizeof(message->heirs));
		asked->heirs.count =
			message->heir_count < MAPPED_RIVALS ? message->heir_count : MAPPED_RIVALS;
	}
	if (message->gone && !asked->inherited)
		asked->inherited = fetcher_inherited(fetcher, answer);
	return !message->gone || asked->inherited;
}

/* Looks for those who have inherited it from a process that lives. Returns whether all were found who may have. */
static bool fetcher_heirs_of_living(struct fetcher_process *fetcher, int64_t until,
				    struct mapped_heirs *ret_heirs, uint64_t *ret_walk)
{
	struct fetcher_message *message = &fetcher->message;
	const struct token_sample *head = fetcher->view.head;
	struct mapped_rival known[MAPPED_RIVALS + 1] = {{.tgid = head->tgid, .start = head->start}};
	size_t count = message->rival_count < MAPPED_RIVALS ? message->rival_count : MAPPED_RIVALS, i = 0;
	enum heirs_state state;
	uint64_t start;

	if (!fetcher->heirs && heirs_open(fetcher->world->procfs, &fetcher->heirs) < 0)
		return false;
	start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	do
		state = heirs_look(fetcher->heirs, &fetcher->view, fetcher->asked.began, head->start);
	while (state == HEIRS_MORE && monotonic_ms() <= until);
	*ret_walk += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
	memcpy(known + 1, message->rivals, count * sizeof(*known));
	/* if there was none now, what the last walk has found is better than nothing */
	while (state != HEIRS_MORE && ret_heirs->count < MAPPED_RIVALS && monotonic_ms() <= until &&
	       heirs_next(fetcher->heirs, &fetcher->view, known, count + 1, &i,
			  &ret_heirs->all[ret_heirs->count]))
		ret_heirs->count++;
	return state == HEIRS_READY && !heirs_unseen(fetcher->heirs, &fetcher->view);
}

/* Who has it at that place, if the file's process lives, and has not: a child that has inherited the mapping. */
static void fetcher_seek(struct fetcher_process *fetcher, uint64_t at, struct fetcher_stored *stored,
			 struct fetcher_answer *answer)
{
	struct fetcher_asked *asked = &fetcher->asked;
	uint64_t start = clock_ns(CLOCK_MONOTONIC), left = FETCHER_SEEKS_MS * FETCHER_MS;
	const char *procfs = fetcher->world->procfs;
	struct mapped_heirs heirs = {0};
	int64_t until;

	answer->unasked = asked->seek_ns >= left;
	if (answer->unasked)
		return;
	until = (int64_t)((start + left - asked->seek_ns) / FETCHER_MS);
	if (!mapped_holds(procfs, fetcher->view.head, at, until)) {
		bool all = fetcher_heirs_of_living(fetcher, until, &heirs, &asked->walk);
		int heir = mapped_anothers(procfs, &fetcher->view, heirs.all, heirs.count, at, until);

		if (heir >= 0)
			stored->heir = heirs.all[heir];
		answer->unasked = heir < 0 && (!all || monotonic_ms() > until);
	}
	asked->seek_ns += clock_ns(CLOCK_MONOTONIC) - start;
}

/* The same, once for each token: what stands there is found by each look. */
static void fetcher_sought(struct fetcher_process *fetcher, uint64_t at, const uint8_t *window,
			   struct fetcher_answer *answer)
{
	uint64_t id = fetcher->message.id, key = token_key(&fetcher->seed, window);
	struct fetcher_stored *stored = &fetcher->stored[(key ^ at ^ id) % FETCHER_ASKED];

	/* io_uring needs no mapping */
	if (fetcher->message.gone || fetcher->view.head->call == WRITE_CALL_IO_URING)
		return;
	if (stored->id != id || stored->at != at || stored->token_key != key) {
		*stored = (struct fetcher_stored){.id = id, .at = at, .token_key = key};
		fetcher_seek(fetcher, at, stored, answer);
		stored->missed = answer->unasked;
	} else if (stored->missed && stored->missed < FETCHER_MISSES) {
		fetcher_seek(fetcher, at, stored, answer);
		stored->missed = answer->unasked ? stored->missed + 1 : 0;
	}
	if (stored->heir.tgid && heirs_describe(fetcher->world->procfs, &stored->heir, &answer->heir))
		answer->heir.sibling = 0;
}

/* Who has stored a token there, of all who may have. Returns false if it is one who has mapped the file as well. */
static bool fetcher_is_its(struct fetcher_process *fetcher, uint64_t at, const uint8_t *window,
			   struct fetcher_answer *answer)
{
	const struct fetcher_message *message = &fetcher->message;
	const struct mapped_heirs *heirs = &fetcher->asked.heirs;
	bool of_rivals = false, of_heirs = false;
	int heir;

	if (!fetcher->shared)
		return true;
	if (fetcher_asks(fetcher, message->rivals, message->rival_count, at, &of_rivals) >= 0)
		return false;
	heir = fetcher_asks(fetcher, heirs->all, heirs->count, at, &of_heirs);
	answer->unasked = of_rivals || of_heirs;
	if (heir >= 0)
		(void)fetcher_describe(fetcher, &heirs->all[heir], &answer->heir);
	else if (!answer->unasked)
		fetcher_sought(fetcher, at, window, answer);
	return true;
}

static int fetcher_token(void *context, const uint8_t *window, const struct token *token,
			 const struct token_span *span, uint64_t at)
{
	struct fetcher_process *fetcher = context;
	struct fetcher_answer answer = {.number = fetcher->message.number, .at = at};

	/* what is another's is found again when it is that one's turn */
	if (fetcher_is_its(fetcher, at, window, &answer)) {
		answer.len = (uint32_t)span->end;
		answer.form = token->form;
		answer.more = (uint32_t)span->more;
		fetcher_whose(fetcher, at, &answer.journal);
		memcpy(answer.window, window, span->end);
		fetcher_pad(fetcher->world, answer.window);
		fetcher_say(fetcher, &answer);
	}
	/* who asks long has the next turn's time for the rest */
	if (!fetcher->shared || clock_ns(CLOCK_MONOTONIC) <= fetcher->until)
		return 0;
	fetcher->stopped = at + token_span_len(span);
	return -EINTR;
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

/*
 * What is looked for. What is mapped may have held anything before it was, and of what was lost it is the token that the kernel side knew:
 * in both there are no others.
 */
static uint32_t fetcher_what(const struct fetcher_process *fetcher)
{
	uint32_t flags = fetcher->view.head->flags;

	if (flags & SAMPLE_SUSPECT)
		return fetcher->world->suspects;
	return flags & SAMPLE_UNREAD && !(flags & SAMPLE_FOUND_LATE)
		       ? FILE_SCAN_PLAIN | fetcher->world->suspects
		       : FILE_SCAN_PLAIN;
}

/* Looks at the range as long as it may; what was never written (holes) is passed over. */
static void fetcher_look(struct fetcher_process *fetcher, int fd, struct fetcher_answer *answer)
{
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
		fetcher->stopped = 0;
		r = file_scan(fd, at, step, step, fetcher_what(fetcher), fetcher_token, fetcher);
		if (fetcher->stopped) {
			step = fetcher->stopped - at;
		} else if (r < 0) {
			answer->error = (int32_t)r;
			break;
		}
		answer->read += step;
		at += step;
		if (fetcher->stopped || clock_ns(CLOCK_MONOTONIC) > fetcher->until)
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
	bool ready;
	int fd = -1;

	fetcher->until = clock_ns(CLOCK_MONOTONIC) + FETCHER_TURN_MS * FETCHER_MS;
	fetcher->asked.walk = 0;
	ready = fetcher_heirs(fetcher, &answer);
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
	if (fetcher->shared) {
		answer.heirs = fetcher->asked.heirs;
		fetcher->asked.next = answer.next;
		if (answer.error < 0 || answer.next >= answer.end)
			fetcher->asked.id = 0;
	}
	answer.walk += fetcher->asked.walk;
	answer.cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	fetcher_say(fetcher, &answer);
}

void fetcher_main(const void *context, int lane)
{
	const struct fetcher_world *world = context;
	/* aligned as the samples are */
	static uint64_t buffer[(sizeof(struct fetcher_message) + SAMPLE_MAX_BYTES) / sizeof(uint64_t) + 1];
	struct fetcher_process *fetcher = calloc(1, sizeof(*fetcher));

	if (!fetcher || getrandom(&fetcher->seed, sizeof(fetcher->seed), 0) != sizeof(fetcher->seed) ||
	    file_roots_open(world->procfs, world->root, &fetcher->roots) < 0)
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
