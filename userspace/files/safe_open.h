/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files of other people's choosing, opened in one way: a name is first only a place (O_PATH), which wakes no device, no pipe
 * and no lease. What lies there is asked of the place, and only a regular file is then opened, by the place and not by
 * its name, which may mean something else by now.
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

/*
 * safe_root() - a directory to look below: the host's root, or a process's (/proc/PID/root). Returns a descriptor, or a negative
 * errno.
 */
int safe_root(const char *path);

/*
 * safe_place() - the place that a name means below a root directory: ".." and links stay below it, and the kernel's own links
 * (/proc/PID/fd) are not followed.
 * @flags: O_NOFOLLOW: what the last component is itself; O_DIRECTORY
 * Returns a descriptor that can't be read, or a negative errno.
 */
int safe_place(int root, const char *path, int flags);

/*
 * safe_reopen() - opens the regular file at a place for reading; never waits for who holds a lease.
 * @ret_st: what the place holds; may be NULL
 * Returns a descriptor; -ELOOP (a symbolic link), -EMEDIUMTYPE (something else that is no regular file), -EWOULDBLOCK (a lease), or
 * another negative errno.
 */
int safe_reopen(int place, struct stat *ret_st);

/*
 * safe_glance() - the place that a name means below a root directory, and what lies there, as far as the kernel knows that without asking
 * a file system, which may not answer. Links are not followed.
 * Returns as safe_place(), and type and permissions, inode, device, links, size and change of *ret_st; -EAGAIN if it would have to ask.
 */
int safe_glance(int root, const char *path, struct stat *ret_st);

/* safe_mount() - which mount a descriptor is in, as /proc/PID/mountinfo counts; negative: it can't be told. */
int safe_mount(int fd);
