// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The daemon's side of the fetchers (files/fetcher_process.c). Nothing here waits for one.
 *
 * A lane is a socket to one fetcher at a time. The one that doesn't answer is told to be killed, and its lane is free again when the
 * nursery says that it has ended; another lane goes on meanwhile. Who keeps some of them waiting, by its group or its user, is not read
 * for until those have ended, so nobody can take all of them.
 */
#include "files/fetcher.h"

#include "bounds.h"
#include "files/fetcher_process.h"
#include "files/nursery.h"
#include "lib/monotonic.h"
#include "lib/privileges.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

enum fetcher_state { LANE_FREE, LANE_READS, LANE_LEFT };

struct fetcher_lane {
	enum fetcher_state state;
	int fd;
	/* of LANE_LEFT: whose file it was */
	uint64_t group;
	uint32_t uid;
	uint64_t cpu; /* ns, that it has told of */
};

struct fetcher {
	struct fetcher_world world;
	struct fetcher_lane lanes[FETCHER_LANES];
	pid_t nursery;
	int control, epoll;
	int current; /* the lane that reads; -1: none */
	int patience; /* ms */
	bool busy;
	uint64_t number; /* of the last request */
	uint8_t message[sizeof(struct fetcher_message) + SAMPLE_MAX_BYTES]; /* with its sample */
	int64_t until; /* ms, CLOCK_MONOTONIC */
	uint64_t group; /* of the request under way */
	uint32_t uid;
	struct journal_entry journal; /* of the token that is told */
	struct mapped_heir heir; /* likewise */
	bool unasked; /* likewise */
};

static int fetcher_watch(const struct fetcher *fetcher, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(fetcher->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int fetcher_watch_all(const struct fetcher *fetcher)
{
	int r = fetcher_watch(fetcher, fetcher->control);

	for (size_t i = 0; r == 0 && i < FETCHER_LANES; i++)
		r = fetcher_watch(fetcher, fetcher->lanes[i].fd);
	return r;
}

static void fetcher_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int fetcher_open(const char *procfs, const char *root, uint32_t suspects, struct fetcher **ret_fetcher)
{
	struct fetcher *fetcher = calloc(1, sizeof(*fetcher));
	struct nursery nursery = {
		.name = "spillwatch-read", .needs = PRIVILEGES_MAP_FILES, .serve = fetcher_main};
	int lanes[NURSERY_LANES], r;

	if (!fetcher)
		return -ENOMEM;
	fetcher->world.procfs = procfs;
	fetcher->world.root = root;
	fetcher->world.suspects = suspects;
	fetcher->control = fetcher->current = -1;
	fetcher->patience = FETCHER_PATIENCE_MS;
	for (size_t i = 0; i < FETCHER_LANES; i++)
		fetcher->lanes[i].fd = -1;
	fetcher->epoll = epoll_create1(EPOLL_CLOEXEC);
	r = fetcher->epoll < 0 || getrandom(fetcher->world.pad, sizeof(fetcher->world.pad), 0) < 0 ? -errno
												   : 0;
	nursery.context = &fetcher->world;
	if (r == 0)
		r = nursery_start(&nursery, &fetcher->nursery, &fetcher->control, lanes);
	for (size_t i = 0; r == 0 && i < FETCHER_LANES; i++)
		fetcher->lanes[i].fd = lanes[i];
	if (r == 0)
		r = fetcher_watch_all(fetcher);
	if (r < 0) {
		fetcher_close(fetcher);
		return r;
	}
	*ret_fetcher = fetcher;
	return 0;
}

void fetcher_close(struct fetcher *fetcher)
{
	if (!fetcher)
		return;
	fetcher_end(&fetcher->control);
	fetcher_end(&fetcher->epoll);
	for (size_t i = 0; i < FETCHER_LANES; i++)
		fetcher_end(&fetcher->lanes[i].fd);
	/* it waits for nobody; its fetchers are killed with it */
	if (fetcher->nursery > 0)
		waitpid(fetcher->nursery, NULL, 0);
	explicit_bzero(&fetcher->world, sizeof(fetcher->world));
	free(fetcher);
}

int fetcher_fd(const struct fetcher *fetcher)
{
	return fetcher->epoll;
}

bool fetcher_busy(const struct fetcher *fetcher)
{
	return fetcher->busy;
}

int64_t fetcher_until(const struct fetcher *fetcher)
{
	return fetcher->until;
}

void fetcher_patience(struct fetcher *fetcher, int ms)
{
	int less = fetcher->patience - ms;

	fetcher->patience = ms;
	if (fetcher->busy && less > 0)
		fetcher->until -= less;
}

size_t fetcher_left(const struct fetcher *fetcher)
{
	size_t left = 0;

	for (size_t i = 0; i < FETCHER_LANES; i++)
		left += fetcher->lanes[i].state == LANE_LEFT;
	return left;
}

/* Those that wait for files of that group, or of that user. */
static size_t fetcher_blames(const struct fetcher *fetcher, uint64_t group, uint32_t uid, bool of_user)
{
	size_t left = 0;

	for (size_t i = 0; i < FETCHER_LANES; i++) {
		const struct fetcher_lane *lane = &fetcher->lanes[i];

		left += lane->state == LANE_LEFT &&
			(of_user ? uid && lane->uid == uid : lane->group == group);
	}
	return left;
}

/* A lane with a fetcher: the current one, or another. */
static int fetcher_lane(struct fetcher *fetcher)
{
	for (int i = 0; fetcher->current < 0 && i < FETCHER_LANES; i++) {
		int r;

		if (fetcher->lanes[i].state != LANE_FREE)
			continue;
		r = nursery_order(fetcher->control, NURSERY_START, (uint32_t)i);
		if (r < 0)
			return r;
		fetcher->lanes[i].state = LANE_READS;
		fetcher->lanes[i].cpu = 0;
		fetcher->current = i;
	}
	return fetcher->current < 0 ? -ENOSPC : fetcher->current;
}

int fetcher_ask(struct fetcher *fetcher, const struct fetcher_request *request, int64_t now)
{
	const struct token_sample *head = request->close ? NULL : request->view->head;
	struct fetcher_message message = {.number = fetcher->number + 1,
					  .id = request->id,
					  .from = request->from,
					  .end = request->end,
					  .journal = request->journal,
					  .close = request->close,
					  .gone = request->gone,
					  .oldest = request->oldest,
					  .rival_count = (uint32_t)request->rival_count,
					  .heir_count = (uint32_t)request->heir_count};
	size_t of_group = fetcher_blames(fetcher, request->group, request->uid, false);
	size_t of_user = fetcher_blames(fetcher, request->group, request->uid, true);
	int lane, patience = fetcher->patience;

	if (fetcher->busy)
		return -EBUSY;
	if (head && head->size > SAMPLE_MAX_BYTES)
		return -EBADMSG;
	if (of_group >= FETCHER_LEFT_GROUP || of_user >= FETCHER_LEFT_USER)
		return -ETIME;
	if ((of_group || of_user) && patience > FETCHER_PATIENCE_LESS_MS)
		patience = FETCHER_PATIENCE_LESS_MS;
	lane = fetcher_lane(fetcher);
	if (lane < 0)
		return lane;
	memcpy(message.rivals, request->rivals, sizeof(message.rivals));
	memcpy(message.heirs, request->heirs, sizeof(message.heirs));
	memcpy(fetcher->message, &message, sizeof(message));
	if (head)
		memcpy(fetcher->message + sizeof(message), head, head->size);
	/* a token's bytes are never sent as they are */
	if (head && request->journal)
		memset(fetcher->message + sizeof(message) + offsetof(struct token_sample, window), 0,
		       sizeof(head->window));
	if (write(fetcher->lanes[lane].fd, fetcher->message, sizeof(message) + (head ? head->size : 0)) < 0)
		return -errno;
	fetcher->number++;
	fetcher->busy = true;
	fetcher->group = request->group;
	fetcher->uid = request->uid;
	fetcher->until = now + patience;
	return 0;
}

/* The fetcher of that lane has ended, by itself or because it was told to. */
static void fetcher_ended(struct fetcher *fetcher, uint32_t lane)
{
	if (lane >= FETCHER_LANES || fetcher->lanes[lane].state == LANE_FREE)
		return;
	fetcher->lanes[lane].state = LANE_FREE;
	if (fetcher->current == (int)lane)
		fetcher->current = -1;
}

/* Goes on without the current one. */
static void fetcher_give_up(struct fetcher *fetcher)
{
	struct fetcher_lane *lane = &fetcher->lanes[fetcher->current];

	nursery_order(fetcher->control, NURSERY_KILL, (uint32_t)fetcher->current);
	lane->state = LANE_LEFT;
	lane->group = fetcher->group;
	lane->uid = fetcher->uid;
	fetcher->current = -1;
}

bool fetcher_stop(struct fetcher *fetcher)
{
	bool busy = fetcher->busy;

	if (busy && fetcher->current >= 0)
		fetcher_give_up(fetcher);
	fetcher->busy = false;
	return busy;
}

static int fetcher_failed(struct fetcher *fetcher, int error, struct fetcher_done *ret_done)
{
	fetcher->busy = false;
	*ret_done = (struct fetcher_done){.error = error};
	return 1;
}

/* It has read other people's bytes. */
static void fetcher_terminate(struct journal_entry *entry)
{
	entry->name[sizeof(entry->name) - 1] = '\0';
	entry->unit[sizeof(entry->unit) - 1] = '\0';
	entry->cgroup[sizeof(entry->cgroup) - 1] = '\0';
	entry->container_id[sizeof(entry->container_id) - 1] = '\0';
	entry->container[sizeof(entry->container) - 1] = '\0';
}

const struct journal_entry *fetcher_journal(const struct fetcher *fetcher)
{
	return fetcher->journal.found ? &fetcher->journal : NULL;
}

const struct mapped_heir *fetcher_heir(const struct fetcher *fetcher)
{
	return fetcher->heir.tgid ? &fetcher->heir : NULL;
}

bool fetcher_unasked(const struct fetcher *fetcher)
{
	return fetcher->unasked;
}

/* What a fetcher has found is a token only if it is one here as well. The window is wiped by who asks. */
static bool fetcher_named(const struct fetcher_answer *answer, struct forms_found *ret_found)
{
	size_t len = answer->len < sizeof(answer->window) ? answer->len : sizeof(answer->window);
	size_t plain = len < TOKEN_MAX_LEN ? len : TOKEN_MAX_LEN;

	memset(ret_found, 0, sizeof(*ret_found));
	if (forms_window(answer->window, len, answer->form, answer->more, ret_found))
		return true;
	if (answer->form)
		return false;
	memcpy(ret_found->window, answer->window, plain);
	return token_match((const uint8_t *)ret_found->window, plain, 0, &ret_found->token, &ret_found->span);
}

/* One answer of the current fetcher. Returns 1 if it was the last. */
static int fetcher_take(struct fetcher *fetcher, struct fetcher_answer *answer, file_scan_token token,
			void *context, struct fetcher_done *ret_done)
{
	struct fetcher_lane *lane = &fetcher->lanes[fetcher->current];
	struct forms_found found;

	fetcher_pad_entry(&fetcher->world, &answer->journal);
	if (answer->done) {
		*ret_done = (struct fetcher_done){.error = answer->error,
						  .next = answer->next,
						  .end = answer->end,
						  .read = answer->read,
						  .cpu = answer->cpu - lane->cpu - answer->walk,
						  .journal = answer->journal,
						  .heirs = answer->heirs,
						  .unseen = answer->unseen};
		fetcher_terminate(&ret_done->journal);
		lane->cpu = answer->cpu;
		fetcher->busy = false;
		return 1;
	}
	fetcher_pad(&fetcher->world, answer->window);
	if (fetcher_named(answer, &found)) {
		fetcher->journal = answer->journal;
		fetcher_terminate(&fetcher->journal);
		fetcher->heir = answer->heir;
		fetcher->unasked = answer->unasked;
		token(context, (const uint8_t *)found.window, &found.token, &found.span, answer->at);
		explicit_bzero(&fetcher->journal, sizeof(fetcher->journal));
	}
	explicit_bzero(&answer->journal, sizeof(answer->journal));
	forms_wipe(&found);
	explicit_bzero(answer->window, sizeof(answer->window));
	return 0;
}

/* What was heard of the request, as long as it may. Returns 1 if it is done. */
static int fetcher_listen(struct fetcher *fetcher, int64_t now, file_scan_token token, void *context,
			  struct fetcher_done *ret_done)
{
	struct fetcher_answer answer;

	while (fetcher->busy && fetcher->current >= 0) {
		ssize_t len = read(fetcher->lanes[fetcher->current].fd, &answer, sizeof(answer));

		if (len < 0 && errno == EINTR)
			continue;
		if (len != sizeof(answer))
			return 0;
		if (answer.number != fetcher->number)
			continue;
		if (fetcher_take(fetcher, &answer, token, context, ret_done))
			return 1;
		/* it is not the fetcher who is slow then */
		fetcher->until = monotonic_ms() + fetcher->patience;
		if (monotonic_ms() > now + FETCHER_TURN_MS)
			return 0;
	}
	return 0;
}

/* Nobody is there any more to start one: what asks is told so, and nothing is heard that would wake us again and again. */
static void fetcher_orphaned(struct fetcher *fetcher)
{
	fetcher_end(&fetcher->control);
	for (size_t i = 0; i < FETCHER_LANES; i++) {
		fetcher_end(&fetcher->lanes[i].fd);
		fetcher->lanes[i].state = LANE_FREE;
	}
	fetcher->current = -1;
}

/* What the nursery tells. Returns whether the fetcher that was asked is among those that have ended. */
static bool fetcher_news(struct fetcher *fetcher)
{
	struct nursery_control control;
	int asked = fetcher->current;
	ssize_t len;

	while ((len = read(fetcher->control, &control, sizeof(control))) == sizeof(control))
		if (control.order == NURSERY_ENDED)
			fetcher_ended(fetcher, control.lane);
	if (len == 0)
		fetcher_orphaned(fetcher);
	return fetcher->busy && asked >= 0 && fetcher->current < 0;
}

/* What those say late that were given up is not listened to. */
static void fetcher_ignore(const struct fetcher *fetcher)
{
	struct fetcher_answer answer;

	for (int i = 0; i < FETCHER_LANES; i++)
		while (i != fetcher->current &&
		       read(fetcher->lanes[i].fd, &answer, sizeof(answer)) == sizeof(answer))
			explicit_bzero(&answer, sizeof(answer));
}

int fetcher_hear(struct fetcher *fetcher, int64_t now, file_scan_token token, void *context,
		 struct fetcher_done *ret_done)
{
	int64_t began = monotonic_ms();

	if (fetcher_listen(fetcher, began, token, context, ret_done))
		return 1;
	if (fetcher_news(fetcher)) {
		fetcher_ignore(fetcher);
		return fetcher_failed(fetcher, -EIO, ret_done);
	}
	fetcher_ignore(fetcher);
	if (!fetcher->busy || now < fetcher->until)
		return 0;
	fetcher_give_up(fetcher);
	return fetcher_failed(fetcher, -ETIME, ret_done);
}
