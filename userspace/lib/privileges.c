// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Before the way of the data begins: who we are, and what is given away.
 *
 * Two capabilities stay, each seen to be needed (tests/live/privileges.c):
 * CAP_DAC_READ_SEARCH  any file is read, and opened by its handle (open_by_handle_at(2))
 * CAP_SYS_PTRACE       links of /proc/PID (exe, root, cwd) of processes that hold a capability that we don't (ptrace(2),
 *                      "Ptrace access mode checking")
 * With `exec` CAP_KILL as well, for a command that has become another user; in who reads files, CAP_CHECKPOINT_RESTORE, for
 * /proc/PID/map_files. Also CAP_BPF before Linux 5.19, which asks for it at
 * each use of a map (c8644cd0efe7, "bpf: refine kernel.unprivileged_bpf_disabled behaviour").
 *
 * There is no way back, so there is no attaching anew: who wants that starts another daemon. A helper that stays privileged would be
 * one more process that can be attacked, and its pipe as well.
 */
#include "lib/privileges.h"

#include "lib/cleanup.h"

#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PRIVILEGES_COUNT(array) (sizeof(array) / sizeof(*(array)))

int privileges_user(const char *name, struct privileges_user *ret_user)
{
	struct privileges_user user = {.given = true};
	struct passwd *entry;
	unsigned long number;
	char *end;

	errno = 0;
	entry = getpwnam(name);
	if (!entry) {
		number = strtoul(name, &end, 10);
		if (*name < '0' || *name > '9' || *end || number >= (uid_t)-1)
			return errno && errno != ENOENT ? -errno : -ENOENT;
		entry = getpwuid((uid_t)number);
		user.uid = (uid_t)number;
		user.gid = (gid_t)number;
	}
	if (entry) {
		user.uid = entry->pw_uid;
		user.gid = entry->pw_gid;
		snprintf(user.name, sizeof(user.name), "%s", entry->pw_name);
		snprintf(user.home, sizeof(user.home), "%s", entry->pw_dir);
	}
	*ret_user = user;
	return 0;
}

/* The groups that the process is in, with room for one more (malloc'ed), and how many; NULL: a negative errno. */
static gid_t *privileges_list(int *ret_count)
{
	int count = getgroups(0, NULL);
	AUTO_FREE gid_t *groups = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*groups));

	*ret_count = count < 0 ? -errno : -ENOMEM;
	if (!groups)
		return NULL;
	count = getgroups(count, groups);
	*ret_count = count < 0 ? -errno : count;
	return count < 0 ? NULL : TAKE(groups);
}

static bool privileges_has(const gid_t *groups, int count, gid_t group)
{
	for (int i = 0; groups && i < count; i++)
		if (groups[i] == group)
			return true;
	return group == getegid();
}

bool privileges_in(gid_t group)
{
	int count;
	AUTO_FREE gid_t *groups = privileges_list(&count);

	return privileges_has(groups, count, group);
}

int privileges_join(gid_t group)
{
	int count;
	AUTO_FREE gid_t *groups = privileges_list(&count);

	if (!groups)
		return count;
	if (privileges_has(groups, count, group))
		return 0;
	groups[count] = group;
	return setgroups((size_t)count + 1, groups) < 0 ? -errno : 0;
}

static int privileges_groups(const struct privileges_user *user)
{
	int r = *user->name ? initgroups(user->name, user->gid) : setgroups(0, NULL);

	if (r == 0)
		r = setresgid(user->gid, user->gid, user->gid);
	return r < 0 ? -errno : 0;
}

int privileges_become(const struct privileges_user *user)
{
	int r = privileges_groups(user);

	if (r < 0)
		return r;
	/* from root to another user, the kernel clears the capabilities */
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	if (!*user->name)
		return 0;
	return setenv("USER", user->name, 1) || setenv("LOGNAME", user->name, 1) ||
			       setenv("HOME", user->home, 1)
		       ? -ENOMEM
		       : 0;
}

int privileges_keep(const struct privileges_user *user)
{
	int r = privileges_groups(user);

	if (r < 0)
		return r;
	capng_get_caps_process();
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	/* kept are the permitted ones; the effective ones are taken anew */
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	/* a change of user forgets that we are not dumpable, and makes us so to nobody but root at best */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

/* Capabilities are a thread's own. */
static int privileges_alone(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *entry;
	unsigned int count = 0;

	if (!tasks)
		return -errno;
	while ((entry = readdir(tasks)))
		count += *entry->d_name != '.';
	closedir(tasks);
	return count == 1 ? 0 : -EBUSY;
}

static bool privileges_old_kernel(void)
{
	unsigned long major, minor = 0;
	struct utsname name;
	char *end;

	if (uname(&name) < 0)
		return false;
	major = strtoul(name.release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return major < 5 || (major == 5 && minor < 19);
}

static int privileges_capabilities(unsigned int needs)
{
	const struct {
		unsigned int capability;
		bool needed;
	} kept[] = {
		{CAP_DAC_READ_SEARCH, !(needs & PRIVILEGES_COPY)},
		{CAP_SYS_PTRACE, !(needs & PRIVILEGES_COPY)},
		{CAP_BPF, privileges_old_kernel()},
		{CAP_KILL, needs & PRIVILEGES_SIGNAL},
		{CAP_CHECKPOINT_RESTORE, needs & PRIVILEGES_MAP_FILES},
	};
	bool keep[PRIVILEGES_COUNT(kept)], bounding;

	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (size_t i = 0; i < PRIVILEGES_COUNT(kept); i++)
		keep[i] = kept[i].needed && capng_have_capability(CAPNG_PERMITTED, kept[i].capability);
	/* without it the bounding set stays; no_new_privs makes it not matter */
	bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_ALL);
	if (bounding && capng_apply(CAPNG_SELECT_BOUNDS) < 0)
		return -EPERM;
	for (size_t i = 0; i < PRIVILEGES_COUNT(kept); i++)
		if (keep[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i].capability);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	return capng_apply(CAPNG_SELECT_CAPS) < 0 ? -EPERM : 0;
}

/*
 * What a daemon does that has attached: it waits, reads, writes its outputs and its store, and keeps the time. Nothing here starts
 * a program, talks to a network, mounts, or changes who it is.
 */
static const int privileges_calls[] = {
	/* memory, threads, signals, time */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
	SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(membarrier), SCMP_SYS(set_robust_list),
	SCMP_SYS(get_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address), SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
	SCMP_SYS(sched_setscheduler), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall), SCMP_SYS(kill), /* exec hands signals on */
	SCMP_SYS(tgkill), SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_send_signal), SCMP_SYS(waitid),
	SCMP_SYS(wait4), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
	SCMP_SYS(getrusage), SCMP_SYS(prlimit64), SCMP_SYS(getrlimit), SCMP_SYS(sysinfo), SCMP_SYS(uname),
	/* who we are */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getpgrp), SCMP_SYS(getpgid),
	SCMP_SYS(getsid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(getgroups), SCMP_SYS(getcpu),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2), SCMP_SYS(pipe2),
	SCMP_SYS(signalfd4), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
	/* files and directories */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(name_to_handle_at), SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(dup), SCMP_SYS(dup2),
	SCMP_SYS(dup3), SCMP_SYS(fcntl), SCMP_SYS(flock), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64),
	SCMP_SYS(preadv), SCMP_SYS(preadv2), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(fadvise64), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd), SCMP_SYS(getdents64), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(fchmod), SCMP_SYS(umask),
	SCMP_SYS(fchown), /* SQLite, of its journal; to ourselves, as we have no capability for more */
};

/* Those that are allowed with one value of one argument. */
static const struct privileges_call {
	int call;
	unsigned int argument;
	uint64_t value;
} privileges_values[] = {
	{SCMP_SYS(bpf), 0, BPF_MAP_LOOKUP_ELEM},
	{SCMP_SYS(bpf), 0, BPF_MAP_UPDATE_ELEM},
	{SCMP_SYS(bpf), 0, BPF_MAP_DELETE_ELEM},
	{SCMP_SYS(bpf), 0, BPF_MAP_GET_NEXT_KEY},
	{SCMP_SYS(bpf), 0, BPF_MAP_LOOKUP_AND_DELETE_ELEM},
	{SCMP_SYS(bpf), 0, BPF_MAP_LOOKUP_BATCH},
	{SCMP_SYS(bpf), 0, BPF_MAP_LOOKUP_AND_DELETE_BATCH},
	{SCMP_SYS(bpf), 0, BPF_MAP_DELETE_BATCH},
	{SCMP_SYS(bpf), 0, BPF_PROG_TEST_RUN},
	{SCMP_SYS(bpf), 0, BPF_OBJ_GET_INFO_BY_FD},
	{SCMP_SYS(bpf), 0, BPF_LINK_DETACH},
	{SCMP_SYS(prctl), 0, PR_SET_NAME},
	{SCMP_SYS(prctl), 0, PR_GET_DUMPABLE},
	{SCMP_SYS(prctl), 0, PR_SET_PDEATHSIG},
	{SCMP_SYS(ioctl), 1, 0x5401}, /* TCGETS: isatty(3) */
	{SCMP_SYS(ioctl), 1, 0x2400}, /* PERF_EVENT_IOC_ENABLE and … */
	{SCMP_SYS(ioctl), 1, 0x2401}, /* … _DISABLE, as a link ends */
};

/* What a terminal's settings and size are asked for and set by, and its foreground group. */
static int privileges_terminal(scmp_filter_ctx filter)
{
	static const uint64_t calls[] = {0x5402, 0x540f, 0x5413,
					 0x5414}; /* TCSETS, TIOCGPGRP, TIOCGWINSZ, TIOCSWINSZ */
	int r = 0;

	for (size_t i = 0; r == 0 && i < PRIVILEGES_COUNT(calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				     SCMP_CMP(1, SCMP_CMP_EQ, calls[i], 0));
	return r;
}

/* What connects, and nothing that listens. */
static int privileges_connect(scmp_filter_ctx filter, bool net)
{
	/* the first is of this host alone */
	static const int domains[] = {AF_UNIX, AF_INET, AF_INET6};
	static const int calls[] = {SCMP_SYS(connect), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt)};
	int r = 0;

	for (size_t i = 0; r == 0 && i < (net ? PRIVILEGES_COUNT(domains) : 1); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				     SCMP_CMP(0, SCMP_CMP_EQ, (uint64_t)domains[i], 0));
	for (size_t i = 0; r == 0 && i < PRIVILEGES_COUNT(calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return r;
}

static int privileges_filter(scmp_filter_ctx filter, unsigned int needs)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < PRIVILEGES_COUNT(privileges_calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, privileges_calls[i], 0);
	for (size_t i = 0; r == 0 && i < PRIVILEGES_COUNT(privileges_values); i++)
		r = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, privileges_values[i].call, 1,
			SCMP_CMP(privileges_values[i].argument, SCMP_CMP_EQ, privileges_values[i].value, 0));
	/* threads, but no processes; clone3's flags are in memory, and glibc takes clone where there is no clone3 */
	if (r == 0)
		r = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			SCMP_CMP(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_NEWUSER, CLONE_THREAD));
	/* by the C library's fork(), which asks for no new namespace */
	if (r == 0 && needs & PRIVILEGES_FORK)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				     SCMP_CMP(0, SCMP_CMP_MASKED_EQ, ~(uint64_t)0,
					      CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r == 0 && needs & PRIVILEGES_ACCEPT)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(accept4), 0);
	if (r == 0 && needs & (PRIVILEGES_CONNECT | PRIVILEGES_CONNECT_NET))
		r = privileges_connect(filter, needs & PRIVILEGES_CONNECT_NET);
	if (r == 0 && needs & PRIVILEGES_COPY)
		r = privileges_terminal(filter);
	return r < 0 ? r : seccomp_load(filter);
}

static int privileges_seccomp(unsigned int needs)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!filter)
		return -ENOMEM;
	/* what is refused shows in the audit log; without one it does not matter */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	r = privileges_filter(filter, needs);
	seccomp_release(filter);
	return r;
}

int privileges_drop(unsigned int needs)
{
	const struct rlimit none = {0};
	int r = privileges_alone();

	if (r < 0)
		return r;
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	r = privileges_capabilities(needs);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return privileges_seccomp(needs);
}
