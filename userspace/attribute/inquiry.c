// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → nursery → who asks other people's files.
 *
 * A lane is a socket to one process. One that does not answer in time is left alone, and another lane is asked meanwhile: if the answer comes after
 * all, the lane is as good as before; else its process is ended. So a dead file system costs those whose it is their names, and everybody else at most
 * the time that inquiry.h says. A slow one that answers is paid for just so: each has an account of the time that was waited for him.
 *
 * Invariant: nothing is waited for but a socket, and that for a bounded time.
 */
#include "attribute/inquiry.h"

#include "attribute/inquiry_wire.h"
#include "files/nursery.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Bytes that hide what is sent: the kernel keeps it in memory that nobody wipes, and --watch socket looks there. */
#define INQUIRY_PAD 256
/* Of so many it is remembered what they have cost; of more, the one that is over first is forgotten. */
#define INQUIRY_ACCOUNTS 64
/* us in a ms. */
#define INQUIRY_US 1000LL
/* us of waiting for an answer that are not counted. */
#define INQUIRY_FREE_US 1000
/* ms, the least that is waited for. */
#define INQUIRY_LEAST_MS 20
/* ms that are a slow answer, and for how many times that nothing is asked for him any more. */
#define INQUIRY_SLOW_MS 100
#define INQUIRY_SLOW_TIMES 20
/* Of SPILLWATCH_PATIENCE. */
#define INQUIRY_TIMES_MAX 100

enum inquiry_state { LANE_FREE, LANE_READY, LANE_LATE, LANE_KILLED };

/* Whose: a group, else a user, else the host. */
struct inquiry_whose {
	uint64_t group;
	uint32_t uid;
};

struct inquiry_lane {
	enum inquiry_state state;
	int fd;
	/* of LANE_LATE and LANE_KILLED */
	int64_t asked; /* us, CLOCK_MONOTONIC */
	struct inquiry_whose whose[2];
	size_t whose_count;
};

/* us, CLOCK_MONOTONIC */
struct inquiry_account {
	struct inquiry_whose whose;
	int64_t silent; /* until when he is not asked about */
	int64_t paid; /* when his share of the time has made good for what was waited */
};

struct inquiry {
	const char *procfs, *root;
	uint8_t pad[INQUIRY_PAD];
	pid_t nursery;
	int control;
	struct inquiry_lane lanes[NURSERY_LANES];
	struct inquiry_account accounts[INQUIRY_ACCOUNTS];
	int64_t patient; /* us; 0: as accounts have it */
	int64_t times; /* all of the bounds: so many times as long */
	uint64_t number; /* of the last question */
	uint64_t unanswered;
	int64_t paid; /* of all of them but the host, as in their accounts */
	struct inquiry_wire wire;
};

/* us, CLOCK_MONOTONIC */
static int64_t inquiry_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * INQUIRY_US + now.tv_nsec / 1000;
}

static void inquiry_pad(const struct inquiry *inquiry, struct inquiry_wire *wire)
{
	for (size_t i = 0; i < wire->len; i++)
		wire->bytes[i] ^= inquiry->pad[i % INQUIRY_PAD];
}

static void inquiry_wipe(struct inquiry_wire *wire)
{
	explicit_bzero(wire->bytes, wire->len);
	wire->len = wire->at = 0;
	wire->failed = false;
}

/* One message. Returns 1, 0 at the end, or a negative errno. */
static int inquiry_read(const struct inquiry *inquiry, int fd, struct inquiry_wire *wire)
{
	ssize_t len;

	inquiry_wipe(wire);
	do
		len = read(fd, wire->bytes, sizeof(wire->bytes));
	while (len < 0 && errno == EINTR);
	if (len <= 0)
		return len < 0 ? -errno : 0;
	wire->len = (size_t)len;
	inquiry_pad(inquiry, wire);
	return 1;
}

/* What is in the wire, which holds nothing any more behind that. */
static int inquiry_write(const struct inquiry *inquiry, int fd, struct inquiry_wire *wire)
{
	ssize_t r;

	if (wire->failed) {
		inquiry_wipe(wire);
		return -EMSGSIZE;
	}
	inquiry_pad(inquiry, wire);
	do
		r = write(fd, wire->bytes, wire->len);
	while (r < 0 && errno == EINTR);
	r = r < 0 ? -errno : 0;
	inquiry_wipe(wire);
	return (int)r;
}

/* The one that asks. */
static void inquiry_main(const void *context, int lane)
{
	const struct inquiry *inquiry = context;
	struct inquiry_world world = {.procfs = inquiry->procfs, .path = inquiry->root};
	struct inquiry_wire *wire = calloc(1, sizeof(*wire));
	struct inquiry_question question;
	struct inquiry_answer answer;
	struct container_facts facts;
	uint64_t number;

	world.root = open(*inquiry->root ? inquiry->root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (wire && world.root >= 0 && inquiry_read(inquiry, lane, wire) == 1) {
		inquiry_wire_take(wire, &number, sizeof(number));
		inquiry_wire_take_question(wire, &question);
		inquiry_wire_take_facts(wire, &facts);
		if (wire->failed)
			break;
		inquiry_here(&world, &question, &facts, &answer);
		inquiry_wipe(wire);
		inquiry_wire_put(wire, &number, sizeof(number));
		inquiry_wire_put_answer(wire, &answer);
		inquiry_wire_put_facts(wire, &facts);
		explicit_bzero(&question, sizeof(question));
		explicit_bzero(&answer, sizeof(answer));
		container_facts_free(&facts);
		if (inquiry_write(inquiry, lane, wire) < 0)
			break;
	}
	_exit(0);
}

/* On a machine that is emulated, or has a small part of a CPU, who asks is late without any file system's fault. */
static int64_t inquiry_times(void)
{
	const char *text = getenv("SPILLWATCH_PATIENCE");
	long times = text ? strtol(text, NULL, 10) : 1;

	return times < 1 ? 1 : times > INQUIRY_TIMES_MAX ? INQUIRY_TIMES_MAX : times;
}

int inquiry_open(const char *procfs, const char *root, struct inquiry **ret_inquiry)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
	struct nursery nursery = {.name = "spillwatch-look", .serve = inquiry_main, .context = inquiry};
	int lanes[NURSERY_LANES], r;

	if (!inquiry)
		return -ENOMEM;
	inquiry->procfs = procfs ? procfs : "/proc";
	inquiry->root = root ? root : "";
	inquiry->times = inquiry_times();
	inquiry->control = -1;
	for (size_t i = 0; i < NURSERY_LANES; i++)
		inquiry->lanes[i].fd = -1;
	r = getrandom(inquiry->pad, sizeof(inquiry->pad), 0) < 0 ? -errno : 0;
	if (r == 0)
		r = nursery_start(&nursery, &inquiry->nursery, &inquiry->control, lanes);
	if (r < 0) {
		inquiry_close(inquiry);
		return r;
	}
	for (size_t i = 0; i < NURSERY_LANES; i++)
		inquiry->lanes[i].fd = lanes[i];
	*ret_inquiry = inquiry;
	return 0;
}

void inquiry_close(struct inquiry *inquiry)
{
	if (!inquiry)
		return;
	if (inquiry->control >= 0)
		close(inquiry->control);
	for (size_t i = 0; i < NURSERY_LANES; i++)
		if (inquiry->lanes[i].fd >= 0)
			close(inquiry->lanes[i].fd);
	/* it waits for nobody; those that it has started are killed with it */
	if (inquiry->nursery > 0)
		waitpid(inquiry->nursery, NULL, 0);
	explicit_bzero(inquiry->pad, sizeof(inquiry->pad));
	free(inquiry);
}

void inquiry_patient(struct inquiry *inquiry, int64_t ms)
{
	if (inquiry)
		inquiry->patient = ms * INQUIRY_US * inquiry->times;
}

int64_t inquiry_ms(const struct inquiry *inquiry, int64_t ms)
{
	return inquiry ? ms * inquiry->times : ms;
}

uint64_t inquiry_unanswered(const struct inquiry *inquiry)
{
	return inquiry ? inquiry->unanswered : 0;
}

bool inquiry_ended(const struct inquiry *inquiry)
{
	return inquiry && inquiry->control < 0;
}

static bool inquiry_same(const struct inquiry_whose *one, const struct inquiry_whose *other)
{
	return one->group == other->group && one->uid == other->uid;
}

static int64_t inquiry_over(const struct inquiry_account *account)
{
	return account->silent > account->paid ? account->silent : account->paid;
}

/* NULL: he has cost nothing. */
static struct inquiry_account *inquiry_find(struct inquiry *inquiry, const struct inquiry_whose *whose,
					    int64_t now)
{
	for (size_t i = 0; i < INQUIRY_ACCOUNTS; i++)
		if (inquiry_over(&inquiry->accounts[i]) > now &&
		    inquiry_same(&inquiry->accounts[i].whose, whose))
			return &inquiry->accounts[i];
	return NULL;
}

/* The same, or a new one in the place that is over first, or was long ago. */
static struct inquiry_account *inquiry_account(struct inquiry *inquiry, const struct inquiry_whose *whose,
					       int64_t now)
{
	struct inquiry_account *account = inquiry_find(inquiry, whose, now);

	if (account)
		return account;
	account = inquiry->accounts;
	for (size_t i = 1; i < INQUIRY_ACCOUNTS; i++)
		if (inquiry_over(&inquiry->accounts[i]) < inquiry_over(account))
			account = &inquiry->accounts[i];
	*account = (struct inquiry_account){.whose = *whose};
	return account;
}

/* By the group as well as by the user: who has many of the one has few of the other. */
static size_t inquiry_whose(const struct inquiry_question *question, struct inquiry_whose ret_whose[2])
{
	size_t count = 0;

	if (question->group)
		ret_whose[count++] = (struct inquiry_whose){.group = question->group};
	if (question->uid || !count)
		ret_whose[count++] = (struct inquiry_whose){.uid = question->uid};
	return count;
}

/* It has answered after all: asked again after many times as long, if that is sooner. */
static void inquiry_forgive(struct inquiry *inquiry, const struct inquiry_lane *lane, int64_t now)
{
	int64_t until = now + (now - lane->asked) * INQUIRY_SLOW_TIMES;

	for (size_t i = 0; i < lane->whose_count; i++) {
		struct inquiry_account *account = inquiry_find(inquiry, &lane->whose[i], now);

		if (account && account->silent > until)
			account->silent = until;
	}
}

/* Do as many hang for them as may? What even SIGKILL does not reach is a place less for everybody. */
static bool inquiry_keeps(const struct inquiry *inquiry, const struct inquiry_question *question)
{
	struct inquiry_whose whose[2];
	size_t count = inquiry_whose(question, whose), left = 0, all = 0;

	for (size_t i = 0; i < NURSERY_LANES; i++) {
		const struct inquiry_lane *lane = &inquiry->lanes[i];
		bool same = false;

		if (lane->state != LANE_LATE && lane->state != LANE_KILLED)
			continue;
		for (size_t j = 0; j < lane->whose_count; j++)
			for (size_t k = 0; k < count; k++)
				same |= inquiry_same(&lane->whose[j], &whose[k]);
		left += same;
		all++;
	}
	return left >= INQUIRY_LEFT || ((question->group || question->uid) && all >= INQUIRY_LEFT_ALL);
}

static bool inquiry_is_host(const struct inquiry_question *question)
{
	return !question->group && !question->uid;
}

/* us that are left of what may be waited at once. @parts: 1 for all of them */
static int64_t inquiry_left(const struct inquiry *inquiry, int64_t paid, int64_t now, int64_t parts)
{
	int64_t owed = paid > now ? (paid - now) / (INQUIRY_SHARE * parts) : 0;

	return inquiry->times * INQUIRY_BUDGET_MS * INQUIRY_US / parts - owed;
}

static void inquiry_pay(int64_t *paid, int64_t now, int64_t us, int64_t parts)
{
	*paid = (*paid > now ? *paid : now) + us * INQUIRY_SHARE * parts;
}

/* us that may be waited; 0: it is not asked. */
static int64_t inquiry_patience(struct inquiry *inquiry, const struct inquiry_question *question, int64_t now)
{
	struct inquiry_whose whose[2];
	size_t count = inquiry_whose(question, whose);
	int64_t us = inquiry->times * INQUIRY_PATIENCE_MS * INQUIRY_US, left;
	int64_t all = inquiry_left(inquiry, inquiry->paid, now, 1);
	bool used = false;

	if (inquiry->patient)
		return inquiry->patient;
	if (inquiry_keeps(inquiry, question))
		return 0;
	for (size_t i = 0; i < count; i++) {
		const struct inquiry_account *account = inquiry_find(inquiry, &whose[i], now);

		if (!account)
			continue;
		if (account->silent > now)
			return 0;
		used |= account->paid > now;
		left = inquiry_left(inquiry, account->paid, now, INQUIRY_PARTS);
		us = left < us ? left : us;
	}
	if (inquiry_is_host(question))
		return inquiry->times * INQUIRY_PATIENCE_HOST_MS * INQUIRY_US;
	if (used)
		all -= inquiry->times * INQUIRY_BUDGET_MS * INQUIRY_US / INQUIRY_PARTS;
	us = all < us ? all : us;
	return us < INQUIRY_LEAST_MS * INQUIRY_US ? 0 : us;
}

/* What the waiting has cost, and for how long it is not done again. */
static void inquiry_charge(struct inquiry *inquiry, const struct inquiry_question *question, int64_t now,
			   int64_t us, bool answered)
{
	struct inquiry_whose whose[2];
	size_t count = inquiry_whose(question, whose);
	bool host = inquiry_is_host(question);

	if (inquiry->patient || (answered && (host || us < INQUIRY_FREE_US)))
		return;
	if (!host)
		inquiry_pay(&inquiry->paid, now, us, 1);
	for (size_t i = 0; i < count; i++) {
		struct inquiry_account *account = inquiry_account(inquiry, &whose[i], now);

		if (!host)
			inquiry_pay(&account->paid, now, us, INQUIRY_PARTS);
		if (!answered)
			account->silent = now + INQUIRY_SILENT_MS * INQUIRY_US;
		else if (us >= inquiry->times * INQUIRY_SLOW_MS * INQUIRY_US)
			account->silent = now + us / inquiry->times * INQUIRY_SLOW_TIMES;
	}
}

/* What the nursery tells. */
static void inquiry_news(struct inquiry *inquiry)
{
	struct nursery_control control;
	ssize_t len;

	while ((len = read(inquiry->control, &control, sizeof(control))) == sizeof(control))
		if (control.order == NURSERY_ENDED && control.lane < NURSERY_LANES)
			inquiry->lanes[control.lane].state = LANE_FREE;
	if (len != 0)
		return;
	/* it is gone, its processes with it, and nobody starts any more */
	close(inquiry->control);
	inquiry->control = -1;
	for (size_t i = 0; i < NURSERY_LANES; i++)
		inquiry->lanes[i].state = LANE_FREE;
}

/* Those that were late: what has come of them, and whose time is over. */
static void inquiry_tend(struct inquiry *inquiry, int64_t now)
{
	if (inquiry->control >= 0)
		inquiry_news(inquiry);
	for (uint32_t i = 0; i < NURSERY_LANES; i++) {
		struct inquiry_lane *lane = &inquiry->lanes[i];

		if (lane->state != LANE_LATE)
			continue;
		if (inquiry_read(inquiry, lane->fd, &inquiry->wire) == 1) {
			inquiry_wipe(&inquiry->wire);
			lane->state = LANE_READY;
			inquiry_forgive(inquiry, lane, now);
		} else if (now - lane->asked >= inquiry->times * INQUIRY_LEFT_MS * INQUIRY_US) {
			lane->state = LANE_KILLED;
			(void)nursery_order(inquiry->control, NURSERY_KILL, i);
		}
	}
}

/* One that waits for a question, or one that is started for it. */
static struct inquiry_lane *inquiry_lane(struct inquiry *inquiry)
{
	for (size_t i = 0; i < NURSERY_LANES; i++)
		if (inquiry->lanes[i].state == LANE_READY)
			return &inquiry->lanes[i];
	for (uint32_t i = 0; i < NURSERY_LANES; i++) {
		if (inquiry->lanes[i].state != LANE_FREE)
			continue;
		if (inquiry->control < 0 || nursery_order(inquiry->control, NURSERY_START, i) < 0)
			return NULL;
		inquiry->lanes[i].state = LANE_READY;
		return &inquiry->lanes[i];
	}
	return NULL;
}

/* Takes what was answered to that question. Returns 1, 0 if there is nothing, or a negative errno. */
static int inquiry_take(struct inquiry *inquiry, const struct inquiry_lane *lane,
			struct container_facts *facts, struct inquiry_answer *ret_answer)
{
	struct inquiry_wire *wire = &inquiry->wire;
	struct container_facts fresh = {0};
	uint64_t number = 0;
	int r;

	do {
		r = inquiry_read(inquiry, lane->fd, wire);
		if (r <= 0)
			return r == -EAGAIN ? 0 : -EIO;
		inquiry_wire_take(wire, &number, sizeof(number));
	} while (number != inquiry->number);
	inquiry_wire_take_answer(wire, ret_answer);
	inquiry_wire_take_facts(wire, &fresh);
	r = wire->failed ? -EBADMSG : 1;
	inquiry_wipe(wire);
	if (r == 1 && facts) {
		container_facts_free(facts);
		*facts = fresh;
	} else {
		container_facts_free(&fresh);
	}
	return r;
}

/* Waits until there is an answer, its process has ended, or the time is over. */
static int inquiry_wait(struct inquiry *inquiry, struct inquiry_lane *lane, int64_t until,
			struct container_facts *facts, struct inquiry_answer *ret_answer)
{
	for (;;) {
		struct pollfd fds[2] = {{.fd = lane->fd, .events = POLLIN},
					{.fd = inquiry->control, .events = POLLIN}};
		int r = inquiry_take(inquiry, lane, facts, ret_answer);
		int64_t left = until - inquiry_now();

		if (r)
			return r;
		inquiry_news(inquiry);
		if (inquiry->control < 0 || lane->state == LANE_FREE)
			return -EIO;
		if (left <= 0)
			return -ETIME;
		poll(fds, 2, (int)(left / INQUIRY_US) + 1);
	}
}

static int inquiry_try(struct inquiry *inquiry, const struct inquiry_question *question,
		       struct container_facts *facts, struct inquiry_answer *ret_answer)
{
	static const struct container_facts none;
	int64_t began = inquiry_now(), patience, now;
	struct inquiry_lane *lane;
	int r;

	inquiry_tend(inquiry, began);
	patience = inquiry_patience(inquiry, question, began);
	lane = patience ? inquiry_lane(inquiry) : NULL;
	if (!lane)
		return -ETIME;
	inquiry->number++;
	inquiry_wipe(&inquiry->wire);
	inquiry_wire_put(&inquiry->wire, &inquiry->number, sizeof(inquiry->number));
	inquiry_wire_put_question(&inquiry->wire, question);
	inquiry_wire_put_facts(&inquiry->wire, facts ? facts : &none);
	r = inquiry_write(inquiry, lane->fd, &inquiry->wire);
	if (r < 0)
		return r;
	r = inquiry_wait(inquiry, lane, began + patience, facts, ret_answer);
	now = inquiry_now();
	inquiry_charge(inquiry, question, now, now - began, r == 1);
	if (r == -ETIME) {
		lane->state = LANE_LATE;
		lane->asked = began;
		lane->whose_count = inquiry_whose(question, lane->whose);
	}
	return r;
}

int inquiry_ask(struct inquiry *inquiry, const struct inquiry_world *world,
		const struct inquiry_question *question, struct container_facts *facts,
		struct inquiry_answer *ret_answer)
{
	if (!inquiry) {
		inquiry_here(world, question, facts, ret_answer);
		return ret_answer->result;
	}
	*ret_answer = (struct inquiry_answer){0};
	if (inquiry_try(inquiry, question, facts, ret_answer) == 1) {
		/* whatever a file system says: these two are ours */
		if (ret_answer->result == -ETIME || ret_answer->result == -ENOMEM)
			ret_answer->result = -EIO;
		return ret_answer->result;
	}
	*ret_answer = (struct inquiry_answer){0};
	inquiry->unanswered++;
	return -ETIME;
}
