/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose a signal is that reaches `exec`: its own, or the command's. The list is in spillwatch(8), SIGNALS.
 *
 * kept     SIGUSR1 (the alert file is reopened), SIGCHLD
 * default  what can't be caught, and what tells of a fault of our own: SIGKILL, SIGSTOP, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV,
 *          SIGSYS, SIGTRAP; SIGTTIN and SIGTTOU
 * ignored  SIGPIPE, SIGXFSZ: an output's error, not our end
 * passed   all others, real-time ones as well
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct exec_signals {
	bool end; /* one asked us to end with the command, whatever it leaves */
	bool reopen; /* the alert file */
	bool child; /* the command may have stopped */
	bool interrupt; /* exec_signals_own(): one ends the waiting */
};

/*
 * exec_signals_open() - blocks what is not left to its default. A SIGHUP that nohup(1) has set to be ignored stays so.
 * @ret_before: the mask for the command
 * Returns a descriptor for poll(2), or a negative errno.
 */
int exec_signals_open(sigset_t *ret_before);

/*
 * exec_signals_early() - has one come that would have ended us, before there is a command? Returns it, or 0. A terminal has sent its
 * Ctrl-C to nobody else then, and by its Ctrl-Z we stop here.
 */
int exec_signals_early(void);

/*
 * exec_signals_pass() - takes what has come while the command runs, and hands on what is the command's, unless a terminal has
 * sent it to the command as well.
 */
struct exec_signals exec_signals_pass(int fd, pid_t pid);

/* exec_signals_own() - takes what has come when the command has ended: nothing is handed on any more. */
struct exec_signals exec_signals_own(int fd);

/*
 * exec_signals_stopped() - has the command been stopped, and is there a shell that waits for us as its job? Then we are to
 * stop as well, so that it sees that.
 */
bool exec_signals_stopped(pid_t pid);
