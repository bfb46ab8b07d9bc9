// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `exec` stands between a command and whoever starts it, and neither is to notice. Signals from a terminal go to all of its
 * foreground group, so the command has them as well; those that somebody sends are sent to us alone, and are the command's.
 */
#include "cmd/exec_signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static bool exec_signal_default(int signal)
{
	static const int defaults[] = {SIGKILL, SIGSTOP, SIGABRT, SIGBUS,  SIGFPE,  SIGILL, SIGSEGV,
				       SIGSYS,  SIGTRAP, SIGTTIN, SIGTTOU, SIGPIPE, SIGXFSZ};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		if (defaults[i] == signal)
			return true;
	return false;
}

static bool exec_signal_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int exec_signals_open(sigset_t *ret_before)
{
	sigset_t set;

	sigemptyset(&set);
	/* between the two, the C library has its own, which it leaves out of any set */
	for (int signal = 1; signal <= SIGRTMAX; signal++)
		if (!exec_signal_default(signal) && (signal != SIGHUP || !exec_signal_ignored(SIGHUP)))
			sigaddset(&set, signal);
	if (sigprocmask(SIG_BLOCK, &set, ret_before) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Whether the command has this one already: a terminal sends to a group, but tells of its end only who leads its session. */
static bool exec_signal_shared(const struct signalfd_siginfo *info)
{
	if (info->ssi_code <= 0)
		return false;
	return info->ssi_signo != SIGHUP || getsid(0) != getpid();
}

static void exec_signal_pass(const struct signalfd_siginfo *info, pid_t pid)
{
	const union sigval value = {.sival_int = info->ssi_int};

	if (info->ssi_code == SI_QUEUE)
		sigqueue(pid, (int)info->ssi_signo, value);
	else
		kill(pid, (int)info->ssi_signo);
}

struct exec_signals exec_signals_pass(int fd, pid_t pid)
{
	struct exec_signals signals = {0};
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			signals.child = true;
		else if (info.ssi_signo == SIGUSR1)
			signals.reopen = true;
		else if (!exec_signal_shared(&info) && info.ssi_pid != (uint32_t)pid) {
			exec_signal_pass(&info, pid);
			signals.end |= info.ssi_signo == SIGTERM;
		}
	}
	return signals;
}

struct exec_signals exec_signals_own(int fd)
{
	struct exec_signals signals = {0};
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		signals.reopen |= info.ssi_signo == SIGUSR1;
		signals.interrupt |= info.ssi_signo == SIGINT || info.ssi_signo == SIGQUIT ||
				     info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP;
	}
	return signals;
}

/* A shell with job control gives each job a process group. What it starts otherwise is in the starter's, who waits for ends alone. */
static bool exec_is_job(void)
{
	pid_t parent = getppid();

	return getpgid(parent) != getpgrp() && getsid(parent) == getsid(0);
}

int exec_signals_early(void)
{
	static const int ends[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return 0;
	if (sigismember(&pending, SIGTSTP) && !exec_signal_ignored(SIGTSTP) && exec_is_job()) {
		/* whoever goes on with us takes that one back (signal(7)) */
		kill(getpid(), SIGSTOP);
		sigpending(&pending);
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (sigismember(&pending, ends[i]) && !exec_signal_ignored(ends[i]))
			return ends[i];
	return 0;
}

bool exec_signals_stopped(pid_t pid)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG) < 0 || info.si_pid != pid)
		return false;
	return info.si_code == CLD_STOPPED && exec_is_job();
}
