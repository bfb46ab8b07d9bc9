// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus → queue → output → keeper → a program.
 *
 * Once it has attached, the daemon can start nothing. So a keeper is forked before, which does nothing but hand lines on and start the
 * program again; neither has any capability, or anything open that is the daemon's. The keeper answers each line, so what waits does
 * so in the output's queue.
 *
 * Invariant: a line is through when the program's pipe has all of it. If the program ends before, the next one gets it; if it takes
 * nothing for too long, it is killed, and that line is lost.
 *
 * What a program had not read when it ended is counted, as far as it stands in the pipe: what it had read is its own.
 *
 * Of one for each line (per_alert) it is its end that counts: with 0 the line has arrived, whether it was read or not.
 *
 * Limit: at the daemon's end nobody is left to count.
 */
#include "output/program.h"

#include "lib/cleanup.h"
#include "lib/exec_report.h"
#include "lib/monotonic.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Bytes of a line, at most: an alert has 16 KiB. */
#define PROGRAM_LINE_BYTES (128UL << 10)
/* ms between two looks at whether to go on. */
#define PROGRAM_LOOK_MS 100
/* ms until a program that has ended is started again: doubled each time, and the first again when it has lived for so long. */
#define PROGRAM_AGAIN_MS 100
#define PROGRAM_AGAIN_MOST_MS 30000
#define PROGRAM_LIVES_MS 60000
/* ms that it has to end by itself. */
#define PROGRAM_END_MS 1000
/* ms that the daemon waits for that; what needs longer goes on without it. */
#define PROGRAM_CLOSE_MS 300
/* Of the last lines, how long they were: a pipe has 64 KiB. */
#define PROGRAM_LINES 512

/* What the keeper says. */
struct program_answer {
	bool done; /* with the line; else it waits */
	int error; /* a negative errno */
	uint32_t unread; /* lines before it, that a program had not read when it ended */
};

struct program_keeper {
	int lane; /* to the daemon */
	char *const *args;
	int late_ms;
	bool per_alert;
	pid_t pid; /* 0: there is none */
	int input; /* the program's; -1: it has ended */
	uint32_t lengths[PROGRAM_LINES]; /* of what that has been given */
	uint64_t given; /* lines */
	uint32_t unread; /* not told yet */
	int64_t started; /* ms, CLOCK_MONOTONIC */
	int again_ms;
};

struct output_program {
	struct output output;
	int lane;
	pid_t keeper;
	bool given_up; /* by __atomic_… */
};

static void program_pause(int ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&pause, NULL);
}

/* Waits for its end, for so long; then it is killed, and what it has started with it: they are one group. */
static void program_reap(pid_t pid, int ms)
{
	for (; ms > 0 && waitpid(pid, NULL, WNOHANG) == 0; ms -= 10)
		program_pause(10);
	if (ms > 0)
		return;
	kill(-pid, SIGKILL);
	/* it may have left its group */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Lines, from the last one back, of which something stands in the pipe still. */
static uint32_t program_unread(const struct program_keeper *keeper)
{
	uint32_t lines = 0;
	int left = 0;

	if (keeper->input < 0 || ioctl(keeper->input, FIONREAD, &left) < 0)
		return 0;
	for (uint64_t i = keeper->given; left > 0 && i > 0 && lines < PROGRAM_LINES; lines++)
		left -= (int)keeper->lengths[--i % PROGRAM_LINES];
	return lines;
}

/* In the keeper: the program is over, or is to be. @ms: as of program_reap() */
static void program_over(struct program_keeper *keeper, int ms)
{
	if (!keeper->pid)
		return;
	keeper->unread += program_unread(keeper);
	keeper->given = 0;
	if (keeper->input >= 0)
		close(keeper->input);
	keeper->input = -1;
	program_reap(keeper->pid, ms);
	keeper->pid = 0;
	if (monotonic_ms() - keeper->started > PROGRAM_LIVES_MS)
		keeper->again_ms = PROGRAM_AGAIN_MS;
	else if (keeper->again_ms < PROGRAM_AGAIN_MOST_MS)
		keeper->again_ms *= 2;
}

static _Noreturn void program_end(struct program_keeper *keeper)
{
	program_over(keeper, PROGRAM_END_MS);
	_exit(0);
}

static void program_say(struct program_keeper *keeper, bool done, int error)
{
	const struct program_answer answer = {.done = done, .error = error, .unread = keeper->unread};

	keeper->unread = 0;

	if (write(keeper->lane, &answer, sizeof(answer)) != sizeof(answer))
		program_end(keeper);
}

static _Noreturn void program_become(const struct program_keeper *keeper, int input, int report)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (setpgid(0, 0) == 0 && dup2(input, STDIN_FILENO) == STDIN_FILENO)
		execv(keeper->args[0], keeper->args);
	exec_report_say(report, errno);
	_exit(127);
}

/* Returns 0 or a negative errno. */
static int program_start(struct program_keeper *keeper)
{
	int ends[2], report[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	if (fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0 || exec_report_open(report) < 0) {
		r = -errno;
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	pid = fork();
	if (pid == 0)
		program_become(keeper, ends[0], report[1]);
	if (pid < 0)
		exec_report_say(report[1], errno);
	close(ends[0]);
	/* no line is given to what does not run */
	r = exec_report_take(report);
	if (r < 0) {
		if (pid > 0)
			waitpid(pid, NULL, 0);
		close(ends[1]);
		return r;
	}
	keeper->pid = pid;
	keeper->input = ends[1];
	keeper->started = monotonic_ms();
	return 0;
}

/* Waits until the program takes something; ends if the daemon has. Returns whether it does. */
static bool program_wait(struct program_keeper *keeper, int ms)
{
	struct pollfd fds[2] = {
		{.fd = keeper->lane},
		{.fd = keeper->pid ? keeper->input : -1, .events = POLLOUT},
	};

	if (poll(fds, 2, ms) < 0)
		return false;
	if (fds[0].revents)
		program_end(keeper);
	return fds[1].revents;
}

/* Returns 0, -EPIPE if the program has ended, -ETIMEDOUT if it takes nothing, or another negative errno. */
static int program_write(struct program_keeper *keeper, const char *line, size_t len)
{
	int64_t until = monotonic_ms() + keeper->late_ms, now;

	while (len) {
		ssize_t written = write(keeper->input, line, len);

		if (written < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		line += written > 0 ? written : 0;
		len -= written > 0 ? (size_t)written : 0;
		now = monotonic_ms();
		if (len && now >= until)
			return -ETIMEDOUT;
		if (len)
			program_wait(keeper, (int)(until - now));
	}
	return 0;
}

/* Waits for the end of the program, whose input has ended. Returns 0, -EREMOTEIO if that was with an error, or -ETIMEDOUT. */
static int program_await(struct program_keeper *keeper, int64_t until)
{
	struct pollfd fds[2] = {{.fd = keeper->lane}, {.events = POLLIN}};
	int status = 0, ended = 0;
	int64_t left;

	fds[1].fd = (int)syscall(SYS_pidfd_open, keeper->pid, 0);
	for (; (left = until - monotonic_ms()) > 0; ended = 0) {
		ended = waitpid(keeper->pid, &status, WNOHANG);
		if (ended)
			break;
		/* without a descriptor of it, now and then */
		if (fds[1].fd < 0 && left > PROGRAM_LOOK_MS)
			left = PROGRAM_LOOK_MS;
		poll(fds, 2, (int)left);
		if (fds[0].revents)
			program_end(keeper);
	}
	if (fds[1].fd >= 0)
		close(fds[1].fd);
	if (ended <= 0)
		return -ETIMEDOUT;
	keeper->pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EREMOTEIO;
}

/* The line is for this program alone. Returns 0 or a negative errno: it is lost. */
static int program_write_all(struct program_keeper *keeper, const char *line, size_t len)
{
	int64_t until = monotonic_ms() + keeper->late_ms;
	int r = program_write(keeper, line, len);

	close(keeper->input);
	keeper->input = -1;
	/* it may not care for what it gets */
	if (r == 0 || r == -EPIPE)
		r = program_await(keeper, until);
	if (keeper->pid)
		program_over(keeper, 0);
	return r;
}

/* Until one program has the line and has ended, or is killed for it. */
static void program_deliver_alone(struct program_keeper *keeper, const char *line, size_t len)
{
	int r = program_start(keeper);

	while (r < 0) {
		program_say(keeper, false, r);
		for (int ms = 0; ms < keeper->again_ms; ms += PROGRAM_LOOK_MS)
			program_wait(keeper, PROGRAM_LOOK_MS);
		r = program_start(keeper);
	}
	program_say(keeper, true, program_write_all(keeper, line, len));
}

/* Until the program has the line, or is killed for it. */
static void program_deliver(struct program_keeper *keeper, const char *line, size_t len)
{
	int r;

	for (;;) {
		r = keeper->pid ? 0 : program_start(keeper);
		if (r == 0)
			r = program_write(keeper, line, len);
		if (r == 0 || r == -ETIMEDOUT)
			break;
		program_over(keeper, PROGRAM_END_MS);
		program_say(keeper, false, r);
		for (int ms = 0; ms < keeper->again_ms; ms += PROGRAM_LOOK_MS)
			program_wait(keeper, PROGRAM_LOOK_MS);
	}
	if (r == 0)
		keeper->lengths[keeper->given++ % PROGRAM_LINES] = (uint32_t)len;
	if (r == -ETIMEDOUT)
		program_over(keeper, 0);
	program_say(keeper, true, r);
}

/* Keeps the three standard descriptors, of which only standard error is ours, and the lane. */
static int program_let_go(int lane)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 ||
	    dup3(lane, STDERR_FILENO + 1, O_CLOEXEC) < 0 || close_range(STDERR_FILENO + 2, ~0U, 0) < 0)
		return -errno;
	return STDERR_FILENO + 1;
}

static _Noreturn void program_keep(const struct output_spec *spec, int lane)
{
	static char line[PROGRAM_LINE_BYTES];
	struct program_keeper keeper = {
		.args = spec->args,
		.late_ms = (int)(spec->seconds ? spec->seconds : PROGRAM_SECONDS) * 1000,
		.per_alert = spec->per_alert,
		.input = -1,
		.again_ms = PROGRAM_AGAIN_MS,
	};
	sigset_t set;

	/* a signal for the daemon and all of its group is the daemon's; we end when it does */
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	setsid();
	prctl(PR_SET_NAME, "spillwatch-keep", 0, 0, 0);
	keeper.lane = lane == STDERR_FILENO + 1 ? dup(lane) : lane;
	keeper.lane = keeper.lane < 0 ? keeper.lane : program_let_go(keeper.lane);
	capng_clear(CAPNG_SELECT_ALL);
	/* without CAP_SETPCAP the bounding set stays, which does not matter without new privileges */
	if (keeper.lane < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    (capng_apply(CAPNG_SELECT_BOTH) < 0 && capng_apply(CAPNG_SELECT_CAPS) < 0))
		_exit(1);
	for (;;) {
		ssize_t len = read(keeper.lane, line, sizeof(line));

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			program_end(&keeper);
		if (keeper.per_alert)
			program_deliver_alone(&keeper, line, (size_t)len);
		else
			program_deliver(&keeper, line, (size_t)len);
	}
}

static struct output_program *program_of(struct output *output)
{
	return (struct output_program *)(void *)output;
}

/* What the keeper says of a line. Returns how many were lost: it, and others before; or a negative errno: it was. */
static int program_answered(struct output_program *to, bool alert)
{
	struct pollfd answers = {.fd = to->lane, .events = POLLIN};
	struct program_answer answer = {0};
	int unread = 0;

	while (!answer.done) {
		ssize_t len;

		if (__atomic_load_n(&to->given_up, __ATOMIC_ACQUIRE))
			return -ECANCELED;
		if (poll(&answers, 1, PROGRAM_LOOK_MS) <= 0)
			continue;
		len = read(to->lane, &answer, sizeof(answer));
		if (len < 0 && errno == EINTR)
			continue;
		if (len != sizeof(answer))
			return len < 0 ? -errno : -EPIPE;
		unread += (int)answer.unread;
		__atomic_store_n(&to->output.trouble, answer.error, __ATOMIC_RELAXED);
	}
	return unread ? unread + (answer.error && alert) : answer.error;
}

static int program_hand_over(struct output *output, const char *line, size_t len, bool alert)
{
	struct output_program *to = program_of(output);

	if (len > PROGRAM_LINE_BYTES)
		return -EMSGSIZE;
	if (write(to->lane, line, len) != (ssize_t)len)
		return errno ? -errno : -EIO;
	return program_answered(to, alert);
}

static uint64_t program_give_up(struct output *output)
{
	__atomic_store_n(&program_of(output)->given_up, true, __ATOMIC_RELEASE);
	return 0;
}

/* The keeper ends by itself then, when its program has. */
static void program_close(struct output *output)
{
	struct output_program *of = program_of(output);
	int64_t until = monotonic_ms() + PROGRAM_CLOSE_MS;

	if (of->lane >= 0)
		close(of->lane);
	while (of->keeper > 0 && waitpid(of->keeper, NULL, WNOHANG) == 0 && monotonic_ms() < until)
		program_pause(10);
	free(of);
}

static const struct output_kind program_kind = {
	.write = program_hand_over,
	.give_up = program_give_up,
	.close = program_close,
};

int output_program_open(const struct output_spec *spec, struct output **ret_output)
{
	struct output_program *to;
	int lanes[2];

	if (access(spec->target, X_OK) < 0)
		return -errno;
	to = calloc(1, sizeof(*to));
	if (!to)
		return -ENOMEM;
	to->output.kind = &program_kind;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, lanes) < 0) {
		free(to);
		return -errno;
	}
	to->lane = lanes[0];
	to->keeper = fork();
	if (to->keeper == 0) {
		close(lanes[0]);
		program_keep(spec, lanes[1]);
	}
	close(lanes[1]);
	if (to->keeper < 0) {
		int r = -errno;

		program_close(&to->output);
		return r;
	}
	*ret_output = &to->output;
	return 0;
}
