// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * daemon → nursery → processes that ask other people's files.
 *
 * Invariant: the nursery opens, reads and asks nothing, so it never hangs.
 */
#include "files/nursery.h"

#include "lib/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ms for those that were killed in the end. */
#define NURSERY_LAST_MS 50

/* The nursery's ends. */
struct nursery_ends {
	const struct nursery *nursery;
	int control;
	int lanes[NURSERY_LANES];
};

/* Keeps the numbers of standard input, output and error taken, and nothing of theirs. */
static void nursery_let_go(const struct nursery_ends *ends)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; nothing >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(nothing, fd);
	for (int fd = STDERR_FILENO + 1; fd < (int)sysconf(_SC_OPEN_MAX) && fd < 4096; fd++) {
		bool ours = fd == ends->control;

		for (size_t i = 0; !ours && i < NURSERY_LANES; i++)
			ours = fd == ends->lanes[i];
		if (!ours)
			close(fd);
	}
	/* no mount is kept busy */
	if (chdir("/") < 0)
		return;
}

static void nursery_obey(const struct nursery_ends *ends, const struct nursery_control *order, pid_t *pids)
{
	pid_t *pid = order->lane < NURSERY_LANES ? &pids[order->lane] : NULL;

	if (!pid)
		return;
	if (order->order == NURSERY_KILL && *pid > 0)
		kill(*pid, SIGKILL);
	if (order->order != NURSERY_START || *pid > 0)
		return;
	*pid = fork();
	if (*pid != 0)
		return;
	close(ends->control);
	for (size_t i = 0; i < NURSERY_LANES; i++)
		if (i != order->lane)
			close(ends->lanes[i]);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	ends->nursery->serve(ends->nursery->context, ends->lanes[order->lane]);
	_exit(1);
}

/* Tells of those that have ended; also of one that could not be started. */
static void nursery_reap(const struct nursery_ends *ends, pid_t *pids)
{
	struct nursery_control ended = {.order = NURSERY_ENDED};

	for (uint32_t i = 0; i < NURSERY_LANES; i++) {
		if (pids[i] == 0 || (pids[i] > 0 && waitpid(pids[i], NULL, WNOHANG) == 0))
			continue;
		pids[i] = 0;
		ended.lane = i;
		if (write(ends->control, &ended, sizeof(ended)) < 0)
			_exit(0);
	}
}

/* The daemon has ended: so do all that can. */
static _Noreturn void nursery_end(const pid_t *pids)
{
	const struct timespec pause = {.tv_nsec = 1000000L};

	for (size_t i = 0; i < NURSERY_LANES; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	for (int ms = 0; ms < NURSERY_LAST_MS && waitpid(-1, NULL, WNOHANG) >= 0; ms++)
		nanosleep(&pause, NULL);
	_exit(0);
}

static _Noreturn void nursery_run(const struct nursery_ends *ends)
{
	pid_t pids[NURSERY_LANES] = {0};
	struct nursery_control order;
	struct pollfd fds[2] = {{.fd = ends->control, .events = POLLIN}, {.events = POLLIN}};
	sigset_t set;

	/* a signal for the daemon and all of its group is the daemon's; we end when it does */
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	nursery_let_go(ends);
	/* what can't be given away is so in the daemon as well, which says why */
	(void)privileges_drop(PRIVILEGES_FORK | ends->nursery->needs);
	prctl(PR_SET_NAME, ends->nursery->name, 0, 0, 0);
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
			if (read(ends->control, &order, sizeof(order)) != sizeof(order))
				nursery_end(pids);
			nursery_obey(ends, &order, pids);
		}
		nursery_reap(ends, pids);
	}
}

static int nursery_pair(int *ret_ours, int *ret_theirs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static void nursery_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int nursery_start(const struct nursery *nursery, pid_t *ret_pid, int *ret_control,
		  int ret_lanes[NURSERY_LANES])
{
	struct nursery_ends ends = {.nursery = nursery, .control = -1};
	int control = -1, lanes[NURSERY_LANES], r;
	pid_t pid = -1;

	for (size_t i = 0; i < NURSERY_LANES; i++)
		lanes[i] = ends.lanes[i] = -1;
	r = nursery_pair(&control, &ends.control);
	for (size_t i = 0; r == 0 && i < NURSERY_LANES; i++)
		r = nursery_pair(&lanes[i], &ends.lanes[i]);
	if (r == 0) {
		pid = fork();
		r = pid < 0 ? -errno : 0;
	}
	if (pid == 0)
		nursery_run(&ends);
	nursery_close(&ends.control);
	for (size_t i = 0; i < NURSERY_LANES; i++)
		nursery_close(&ends.lanes[i]);
	if (r < 0) {
		nursery_close(&control);
		for (size_t i = 0; i < NURSERY_LANES; i++)
			nursery_close(&lanes[i]);
		return r;
	}
	*ret_pid = pid;
	*ret_control = control;
	for (size_t i = 0; i < NURSERY_LANES; i++)
		ret_lanes[i] = lanes[i];
	return 0;
}

int nursery_order(int control, enum nursery_order order, uint32_t lane)
{
	const struct nursery_control message = {.order = order, .lane = lane};

	return write(control, &message, sizeof(message)) < 0 ? -errno : 0;
}
