// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → recheck → matcher: two bounded lists, in the order of arrival.
 *
 * A call whose bytes have to be read in the file is told of when they were, which takes as long as all that waits to be read: so
 * what is held of that place waits for it, or it would be told of as of who has made the page dirty.
 *
 * Invariant: a held sample holds a secret portion; it is wiped before its memory is given back.
 */
#include "engine/recheck.h"

#include "detect/kept.h"
#include "bounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECHECK_HELD_MAX 4096
#define RECHECK_WRITERS_MAX 4096
/* First looks that are remembered, and for how long; ns. */
#define RECHECK_FIRST_MAX 256
#define RECHECK_FIRST_NS 1000000000ULL
/* Calls that wait for what lies in the ring, for as long. */
#define RECHECK_CLAIMS 64
#define RECHECK_CLAIMS_GROUP 16

struct recheck_held {
	struct token_sample *sample; /* with its strings */
	int64_t due, until; /* ms, CLOCK_MONOTONIC; it waits no longer than the latter */
};

/* What a first look has told of. */
struct recheck_told {
	uint64_t token_key, place;
	uint64_t time; /* ns, CLOCK_BOOTTIME */
};

struct recheck {
	/* the oldest first */
	struct recheck_claim claims[RECHECK_CLAIMS];
	size_t claim_count;
	struct recheck_told second[RECHECK_FIRST_MAX];
	size_t second_count; /* so far */
	struct recheck_held held[RECHECK_HELD_MAX];
	size_t held_count;
	struct recheck_told told[RECHECK_FIRST_MAX];
	size_t told_count; /* so far */
	/* a ring: the oldest at `first` */
	struct token_sample *writers[RECHECK_WRITERS_MAX];
	size_t first, count, bytes;
};

int recheck_open(struct recheck **ret_recheck)
{
	struct recheck *recheck = calloc(1, sizeof(*recheck));

	if (!recheck)
		return -ENOMEM;
	*ret_recheck = recheck;
	return 0;
}

static void recheck_drop(struct recheck_held *held)
{
	kept_free(held->sample);
	held->sample = NULL;
}

static void recheck_forget_writer(struct recheck *recheck)
{
	struct token_sample **oldest = &recheck->writers[recheck->first];

	recheck->bytes -= (*oldest)->size;
	kept_free(*oldest);
	*oldest = NULL;
	recheck->first = (recheck->first + 1) % RECHECK_WRITERS_MAX;
	recheck->count--;
}

void recheck_close(struct recheck *recheck)
{
	if (!recheck)
		return;
	for (size_t i = 0; i < recheck->held_count; i++)
		recheck_drop(&recheck->held[i]);
	for (size_t i = 0; i < recheck->claim_count; i++)
		recheck_unclaim(&recheck->claims[i]);
	while (recheck->count)
		recheck_forget_writer(recheck);
	free(recheck);
}

int recheck_describe(struct recheck *recheck, const struct sample_view *view)
{
	struct token_sample *copy = kept_sample(view);

	if (!copy)
		return -ENOMEM;
	while (recheck->count &&
	       (recheck->count == RECHECK_WRITERS_MAX || recheck->bytes + copy->size > LIMIT_WRITERS_BYTES))
		recheck_forget_writer(recheck);
	recheck->writers[(recheck->first + recheck->count) % RECHECK_WRITERS_MAX] = copy;
	recheck->count++;
	recheck->bytes += copy->size;
	return 0;
}

bool recheck_stores(const struct recheck *recheck, const struct token_sample *file)
{
	for (size_t i = 0; i < recheck->count; i++) {
		const struct token_sample *writer =
			recheck->writers[(recheck->first + i) % RECHECK_WRITERS_MAX];

		if (writer->inode == file->inode && writer->device == file->device &&
		    writer->generation == file->generation)
			return true;
	}
	return false;
}

static uint64_t recheck_apart(uint64_t one, uint64_t other)
{
	return one > other ? one - other : other - one;
}

/*
 * Was it told of by a first look just now? Then that was in the ring before: the kernel side asks what is known first, and the other look may
 * come between that and the ring.
 */
static bool recheck_was_told(const struct recheck *recheck, const struct token_sample *head)
{
	for (size_t i = 0; i < RECHECK_FIRST_MAX && i < recheck->told_count; i++) {
		const struct recheck_told *told = &recheck->told[i];

		if (told->token_key == head->token_key && told->place == head->place &&
		    recheck_apart(told->time, head->time) < RECHECK_FIRST_NS)
			return true;
	}
	return false;
}

int recheck_hold(struct recheck *recheck, const struct sample_view *view, int64_t now)
{
	struct recheck_held *held = &recheck->held[recheck->held_count];

	if (recheck_was_told(recheck, view->head))
		return 0;
	if (recheck->held_count == RECHECK_HELD_MAX)
		return -ENOSPC;
	held->sample = kept_sample(view);
	if (!held->sample)
		return -ENOMEM;
	held->due = now + RECHECK_HOLD_MS;
	held->until = now + RECHECK_WAIT_MS;
	recheck->held_count++;
	return 0;
}

bool recheck_take(struct recheck *recheck, uint64_t token_key, uint64_t place)
{
	size_t kept = 0;
	bool taken;

	for (size_t i = 0; i < recheck->held_count; i++) {
		const struct token_sample *sample = recheck->held[i].sample;

		/* the place is that of the file below, also on a stacked file system; the same process may have put it elsewhere as well */
		if (sample->token_key == token_key && sample->place == place)
			recheck_drop(&recheck->held[i]);
		else
			recheck->held[kept++] = recheck->held[i];
	}
	taken = kept != recheck->held_count;
	recheck->held_count = kept;
	return taken;
}

void recheck_told(struct recheck *recheck, uint64_t token_key, uint64_t place, uint64_t time)
{
	recheck->told[recheck->told_count++ % RECHECK_FIRST_MAX] =
		(struct recheck_told){token_key, place, time};
}

void recheck_first(struct recheck *recheck, const struct sample_view *view)
{
	const struct token_sample *head = view->head;

	recheck_told(recheck, head->token_key, head->place, head->time);
	recheck_take(recheck, head->token_key, head->place);
}

void recheck_second(struct recheck *recheck, uint64_t token_key, uint64_t place)
{
	recheck->second[recheck->second_count++ % RECHECK_FIRST_MAX] =
		(struct recheck_told){token_key, place, 0};
}

static bool recheck_was_second(const struct recheck *recheck, uint64_t token_key, uint64_t place)
{
	for (size_t i = 0; i < RECHECK_FIRST_MAX && i < recheck->second_count; i++)
		if (recheck->second[i].token_key == token_key && recheck->second[i].place == place)
			return true;
	return false;
}

void recheck_unclaim(struct recheck_claim *claim)
{
	kept_free(claim->sample);
	explicit_bzero(claim, sizeof(*claim));
}

/* Takes it off the list. */
static void recheck_take_claim(struct recheck *recheck, size_t index, struct recheck_claim *ret_claim)
{
	struct recheck_claim *claim = &recheck->claims[index];

	*ret_claim = *claim;
	memmove(claim, claim + 1, (--recheck->claim_count - index) * sizeof(*claim));
	explicit_bzero(&recheck->claims[recheck->claim_count], sizeof(*claim));
}

/* Room for one more of that group. */
static void recheck_claim_room(struct recheck *recheck, uint64_t group)
{
	struct recheck_claim claim;
	size_t of_group = 0, oldest = 0;

	for (size_t i = recheck->claim_count; i-- > 0;)
		if (recheck->claims[i].sample->group == group) {
			of_group++;
			oldest = i;
		}
	if (recheck->claim_count < RECHECK_CLAIMS && of_group < RECHECK_CLAIMS_GROUP)
		return;
	recheck_take_claim(recheck, of_group < RECHECK_CLAIMS_GROUP ? 0 : oldest, &claim);
	recheck_unclaim(&claim);
}

void recheck_claim(struct recheck *recheck, const struct sample_view *view, const struct recheck_claim *claim)
{
	struct token_sample *sample;

	/* what lies in the ring was not told of yet */
	if (recheck_was_second(recheck, claim->token_key, view->head->place))
		return;
	sample = kept_sample(view);
	if (!sample)
		return;
	recheck_claim_room(recheck, sample->group);
	recheck->claims[recheck->claim_count] = *claim;
	recheck->claims[recheck->claim_count++].sample = sample;
}

bool recheck_claimed(struct recheck *recheck, const struct token_sample *found,
		     struct recheck_claim *ret_claim)
{
	for (size_t i = 0; i < recheck->claim_count; i++) {
		const struct recheck_claim *claim = &recheck->claims[i];

		/* the same token may stand elsewhere in the file, of somebody else */
		if (claim->token_key != found->token_key || claim->sample->place != found->place ||
		    claim->at != (uint64_t)(found->offset + found->token_at) ||
		    recheck_apart(claim->time, found->time) >= RECHECK_FIRST_NS)
			continue;
		recheck_take_claim(recheck, i, ret_claim);
		return true;
	}
	return false;
}

/* The sample with that number, which describes a writer, or NULL; the newest are asked for most. */
static const struct token_sample *recheck_writer(const struct recheck *recheck, uint64_t seq)
{
	for (size_t i = recheck->count; seq && i-- > 0;) {
		const struct token_sample *writer =
			recheck->writers[(recheck->first + i) % RECHECK_WRITERS_MAX];

		if (writer->seq == seq)
			return writer;
	}
	return NULL;
}

/*
 * A worker of the kernel does what others have asked for, as for a loop device: whose it was nobody knows. Threads of
 * the kernel with a name of their own (nfsd) say more than nothing.
 */
static bool recheck_is_worker(const struct token_sample *writer)
{
	return writer->flags & SAMPLE_KTHREAD && strncmp(writer->comm, "kworker/", strlen("kworker/")) == 0;
}

/* A sample becomes nobody's: where it lies, since a copy would be another one of the secret. */
static void recheck_disown(struct token_sample *sample)
{
	sample->flags |= SAMPLE_KTHREAD;
	sample->tgid = sample->ns_tgid = 0;
	sample->start = 0;
	memset(sample->comm, 0, sizeof(sample->comm));
}

/* What was found, by whom it was described: the file and the token of the one, the process of the other. */
static void recheck_tell(const struct recheck *recheck, struct token_sample *sample, recheck_token token,
			 void *context)
{
	const struct token_sample *writer = recheck_writer(recheck, sample->described);
	struct sample_view view, by;
	struct token_sample head;

	if (sample_view_parse(sample, sample->size, &view) < 0)
		return;
	if (writer && recheck_is_worker(writer)) {
		recheck_disown(sample);
		writer = NULL;
	}
	if (!writer || sample_view_parse(writer, writer->size, &by) < 0) {
		token(context, &view);
		return;
	}
	head = *writer;
	head.flags = sample->flags | (writer->flags & (SAMPLE_EXE_TRUNCATED | SAMPLE_ARGS_TRUNCATED |
						       SAMPLE_ARGS_UNREADABLE | SAMPLE_KTHREAD));
	head.seq = sample->seq;
	head.time = sample->time;
	head.inode = sample->inode;
	head.fs_magic = sample->fs_magic;
	head.device = sample->device;
	head.generation = sample->generation;
	head.mode = sample->mode;
	head.links = sample->links;
	head.owner_uid = sample->owner_uid;
	head.owner_gid = sample->owner_gid;
	head.rdev = sample->rdev;
	head.inner_device = sample->inner_device;
	head.kind = sample->kind;
	head.call = sample->call;
	memcpy(head.fs_name, sample->fs_name, sizeof(head.fs_name));
	head.offset = sample->offset;
	head.length = sample->length;
	head.token_at = sample->token_at;
	head.token_key = sample->token_key;
	head.place = sample->place;
	head.repeats = 0;
	head.news = 1;
	head.window_len = sample->window_len;
	head.path_len = 0;
	head.inner_len = sample->inner_len;
	/* the window itself stays where it is */
	by.window = view.window;
	by.inner = view.inner;
	by.head = &head;
	token(context, &by);
}

void recheck_walk(struct recheck *recheck, int64_t now, bool all, recheck_waits waits, recheck_token token,
		  void *context)
{
	size_t told = 0, kept = 0;

	for (size_t i = 0; i < recheck->held_count; i++) {
		struct recheck_held *held = &recheck->held[i];
		bool due = all || (told < RECHECK_WALK_MOST && held->due <= now);

		if (due && !all && now < held->until && waits(context, held->sample->place)) {
			held->due =
				held->until - now > RECHECK_AGAIN_MS ? now + RECHECK_AGAIN_MS : held->until;
			due = false;
		}
		if (!due) {
			recheck->held[kept++] = *held;
			continue;
		}
		recheck_tell(recheck, held->sample, token, context);
		recheck_drop(held);
		told++;
	}
	recheck->held_count = kept;
}

size_t recheck_held(const struct recheck *recheck)
{
	return recheck->held_count;
}

int recheck_timeout(const struct recheck *recheck, int64_t now)
{
	int64_t due = INT64_MAX;

	if (!recheck->held_count)
		return -1;
	for (size_t i = 0; i < recheck->held_count; i++)
		due = recheck->held[i].due < due ? recheck->held[i].due : due;
	return due > now ? (int)(due - now) : 0;
}
