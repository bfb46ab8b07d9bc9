// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * daemon → nursery → fetcher → other people's files.
 *
 * The nursery is forked before the daemon opens or learns anything, does nothing but start and end fetchers, and so never hangs. A fetcher opens,
 * reads and searches. When it hangs in the kernel, where not even SIGKILL reaches it, it is left there; it holds no link, no map
 * and no output of the daemon's.
 *
 * Invariant: the daemon holds none of the files itself: closing one asks its file system as well (flush).
 */
#include "files/fetcher_process.h"

#include "files/journal_entry.h"
#include "files/scan.h"
#include "lib/privileges.h"
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Bytes between two looks at the clock. */
#define FETCHER_STEP (1UL << 20)
#define FETCHER_NS 1000000000ULL
/* ms of a request, for whose the entries are in which tokens were found; those that are found later are told without. */
#define FETCHER_ENTRIES_MS 50
/* ms for those that were killed in the end. */
#define NURSERY_LAST_MS 50

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
	int fd = -1;

	if (!fetcher->message.close) {
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
	answer.cpu = fetcher_clock(CLOCK_PROCESS_CPUTIME_ID);
	fetcher_say(fetcher, &answer);
}

static _Noreturn void fetcher_main(const struct fetcher_world *world, int lane)
{
	/* aligned as the samples are */
	static uint64_t buffer[(sizeof(struct fetcher_message) + SAMPLE_MAX_BYTES) / sizeof(uint64_t) + 1];
	struct fetcher_process *fetcher = calloc(1, sizeof(*fetcher));

	prctl(PR_SET_NAME, "spillwatch-read", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
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

/* Keeps the numbers of standard input, output and error taken, and nothing of theirs. */
static void fetcher_let_go(const struct fetcher_world *world)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; nothing >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(nothing, fd);
	for (int fd = STDERR_FILENO + 1; fd < (int)sysconf(_SC_OPEN_MAX) && fd < 4096; fd++) {
		bool ours = fd == world->control;

		for (size_t i = 0; !ours && i < FETCHER_LANES; i++)
			ours = fd == world->lanes[i];
		if (!ours)
			close(fd);
	}
	/* no mount is kept busy */
	if (chdir("/") < 0)
		return;
}

static void nursery_obey(const struct fetcher_world *world, const struct fetcher_control *order, pid_t *pids)
{
	pid_t *pid = order->lane < FETCHER_LANES ? &pids[order->lane] : NULL;

	if (!pid)
		return;
	if (order->order == FETCHER_KILL && *pid > 0)
		kill(*pid, SIGKILL);
	if (order->order != FETCHER_START || *pid > 0)
		return;
	*pid = fork();
	if (*pid != 0)
		return;
	close(world->control);
	for (size_t i = 0; i < FETCHER_LANES; i++)
		if (i != order->lane)
			close(world->lanes[i]);
	fetcher_main(world, world->lanes[order->lane]);
}

/* Tells of those that have ended; also of one that could not be started. */
static void nursery_reap(const struct fetcher_world *world, pid_t *pids)
{
	struct fetcher_control ended = {.order = FETCHER_ENDED};

	for (uint32_t i = 0; i < FETCHER_LANES; i++) {
		if (pids[i] == 0 || (pids[i] > 0 && waitpid(pids[i], NULL, WNOHANG) == 0))
			continue;
		pids[i] = 0;
		ended.lane = i;
		if (write(world->control, &ended, sizeof(ended)) < 0)
			_exit(0);
	}
}

/* The daemon has ended: so do all that can. */
static _Noreturn void nursery_end(const pid_t *pids)
{
	const struct timespec pause = {.tv_nsec = 1000000L};

	for (size_t i = 0; i < FETCHER_LANES; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	for (int ms = 0; ms < NURSERY_LAST_MS && waitpid(-1, NULL, WNOHANG) >= 0; ms++)
		nanosleep(&pause, NULL);
	_exit(0);
}

void fetcher_nursery(struct fetcher_world *world)
{
	pid_t pids[FETCHER_LANES] = {0};
	struct fetcher_control order;
	struct pollfd fds[2] = {{.fd = world->control, .events = POLLIN}, {.events = POLLIN}};
	sigset_t set;

	/* a signal for the daemon and all of its group is the daemon's; we end when it does */
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fetcher_let_go(world);
	/* what can't be given away is so in the daemon as well, which says why */
	(void)privileges_drop(PRIVILEGES_FORK | PRIVILEGES_MAP_FILES);
	prctl(PR_SET_NAME, "spillwatch-read", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		struct signalfd_siginfo info;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			_exit(1);
		if (fds[1].revents)
			while (read(fds[1].fd, &info, sizeof(info)) == sizeof(info))
				;
		if (fds[0].revents) {
			if (read(world->control, &order, sizeof(order)) != sizeof(order))
				nursery_end(pids);
			nursery_obey(world, &order, pids);
		}
		nursery_reap(world, pids);
	}
}
