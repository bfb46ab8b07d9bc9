// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is parsed here comes from whoever can reach the port: what a fault in it is worth is bounded by this. */
#include "serve/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The user that owns nothing. */
#define CONFINE_NOBODY 65534
#define CONFINE_FILES 64

static const int confine_calls[] = {
	SCMP_SYS(accept4),        SCMP_SYS(recvfrom),      SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),         SCMP_SYS(sendmsg),       SCMP_SYS(read),
	SCMP_SYS(write),          SCMP_SYS(writev),        SCMP_SYS(shutdown),
	SCMP_SYS(close),          SCMP_SYS(setsockopt),    SCMP_SYS(getsockopt),
	SCMP_SYS(getsockname),    SCMP_SYS(fcntl),         SCMP_SYS(poll),
	SCMP_SYS(ppoll),          SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),     SCMP_SYS(epoll_pwait),   SCMP_SYS(eventfd2),
	SCMP_SYS(pipe2),          SCMP_SYS(brk),           SCMP_SYS(mmap),
	SCMP_SYS(munmap),         SCMP_SYS(mremap),        SCMP_SYS(mprotect),
	SCMP_SYS(madvise),        SCMP_SYS(futex),         SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),   SCMP_SYS(gettimeofday),  SCMP_SYS(time),
	SCMP_SYS(getrandom),      SCMP_SYS(getpid),        SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),  SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),           SCMP_SYS(exit_group),    SCMP_SYS(newfstatat),
	SCMP_SYS(fstat),
};

static int confine_seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = 0;

	if (!filter)
		return -ENOMEM;
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	for (size_t i = 0; r == 0 && i < sizeof(confine_calls) / sizeof(*confine_calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, confine_calls[i], 0);
	r = r < 0 ? r : seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

int confine(void)
{
	const struct rlimit none = {0}, files = {CONFINE_FILES, CONFINE_FILES};

	/* who may not become nobody, since a service manager has taken that away, keeps no capability either */
	if (geteuid() == 0 && setgroups(0, NULL) == 0 &&
	    (setresgid(CONFINE_NOBODY, CONFINE_NOBODY, CONFINE_NOBODY) < 0 ||
	     setresuid(CONFINE_NOBODY, CONFINE_NOBODY, CONFINE_NOBODY) < 0))
		return -errno;
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &files) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return confine_seccomp();
}
