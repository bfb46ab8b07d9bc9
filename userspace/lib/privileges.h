/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process may do, before and after it has attached.
 *
 * Loading and attaching needs a lot; reading the ring and other people's files needs little. So the rest is given away for good,
 * once the programs are attached: what an attacker makes of a fault in the daemon is then bounded by what the daemon does.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whom --user names. */
struct privileges_user {
	bool given;
	uid_t uid;
	gid_t gid;
	char name[64]; /* as the system knows it; empty for a number that no name belongs to */
	char home[256]; /* likewise */
};

/*
 * privileges_user() - finds a user by name or number.
 * Returns 0, -ENOENT if there is no such name, or another negative errno.
 */
int privileges_user(const char *name, struct privileges_user *ret_user);

/*
 * privileges_join() - the calling process is in that group as well, so that it can give files of its own to it when all else is given
 * away. Returns 0 or a negative errno: it is not in it, and may not join it.
 */
int privileges_join(gid_t group);

/* privileges_in() - is it in that group already? */
bool privileges_in(gid_t group);

/*
 * privileges_become() - the calling process is that user from now on, with the groups he has, and no capability but what a
 * later exec gives. For a child that is about to become a command.
 * Returns 0 or a negative errno.
 */
int privileges_become(const struct privileges_user *user);

/*
 * privileges_keep() - the calling process is that user from now on, but keeps the capabilities that it had.
 * Returns 0 or a negative errno.
 */
int privileges_keep(const struct privileges_user *user);

/* What a process needs besides reading other people's files. */
enum privileges_need {
	PRIVILEGES_SIGNAL = 1U << 0, /* signals to other users' processes */
	PRIVILEGES_FORK = 1U << 1,
	PRIVILEGES_MAP_FILES = 1U << 2, /* /proc/PID/map_files */
	PRIVILEGES_ACCEPT = 1U << 3, /* to be connected to, by a socket that listens already */
	PRIVILEGES_CONNECT = 1U << 4, /* to connect to others on this host, by unix sockets */
	PRIVILEGES_COPY =
		1U << 6, /* for who only copies, also to a terminal, and needs no other people's files */
	PRIVILEGES_CONNECT_NET = 1U << 5, /* likewise, and over a network as well */
};

/*
 * privileges_drop() - gives away, for good: all capabilities but those that reading other processes' files needs (also those that an
 * exec would give), new privileges, core dumps, and the system calls that a daemon that has attached does not make.
 * For a process of one thread; what it starts later is bound as well.
 * @needs: of enum privileges_need
 * Returns 0; -EBUSY if there are other threads; or another negative errno.
 */
int privileges_drop(unsigned int needs);
