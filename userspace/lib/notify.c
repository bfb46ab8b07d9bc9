// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lib/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How long a manager waits for a sign of life, if it waits for ours: ms; 0: it doesn't (sd_watchdog_enabled(3)). */
static int64_t notify_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return (int64_t)(strtoull(usec, NULL, 10) / 1000);
}

int notify_open(struct notify *ret_notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	struct notify notify = {.fd = -1};

	*ret_notify = notify;
	if (!len)
		return 0;
	if (len >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return -EINVAL;
	memcpy(address.sun_path, path, len);
	/* an abstract name */
	if (*path == '@')
		*address.sun_path = '\0';
	notify.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify.fd < 0)
		return -errno;
	if (connect(notify.fd, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
		int r = -errno;

		close(notify.fd);
		return r;
	}
	/* twice in the time that there is */
	notify.every = notify_watchdog() / 2;
	*ret_notify = notify;
	return 0;
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void notify_say(const struct notify *notify, const char *state)
{
	/* a manager that does not listen is not our trouble */
	if (notify->fd >= 0 && write(notify->fd, state, strlen(state)) < 0)
		return;
}

void notify_alive(struct notify *notify, int64_t now)
{
	if (notify->fd < 0 || !notify->every || now < notify->next)
		return;
	notify->next = now + notify->every;
	notify_say(notify, "WATCHDOG=1");
}

int notify_timeout(const struct notify *notify, int timeout, int64_t now)
{
	int64_t left = notify->next > now ? notify->next - now : 0;

	if (notify->fd < 0 || !notify->every)
		return timeout;
	return timeout < 0 || left < timeout ? (int)left : timeout;
}
