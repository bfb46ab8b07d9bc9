// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * command → pipe or pseudoterminal → stream → standard output, standard error.
 *
 * Invariants: nothing of a secret portion is written; each byte that is none is written, in order, and at once or after MASK_WAIT_MS
 * (spillwatch.h); what can't be written any more is not read any more, so that the command sees that as it would without us, and
 * what it can't see, since it has ended, its status says.
 *
 * The pseudoterminal does nothing to what is printed (no OPOST): the terminal behind it does, as it is set then. A program that sets its
 * terminal by what it prints to, and not by what it reads from, sets that one as well (masker_settings).
 *
 * Where they are two that are not one file, each has a process: who reads them in turn stops one, and the other goes on.
 *
 * Limits: between these two no order is kept. What is held as the possible beginning of a secret portion, and is
 * none, waits for what comes.
 */
#include "cmd/exec_mask.h"

#include "lib/cleanup.h"
#include "lib/monotonic.h"
#include "spillwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>

/* ms that what may be the beginning of a token waits for its rest. */
#define MASKER_WAIT_MS 100

/* ms in which what an ended command has printed has come through its pseudoterminal, if nothing more comes, */
#define MASKER_LAST_MS 20

/* and if what it left goes on printing. */
#define MASKER_DEADLINE_MS 500

#define MASKER_BUFFER (64UL << 10)

/* One of what the command prints to. */
struct channel {
	int from, to; /* from: -1: it has ended */
	bool terminal;
	struct termios settings; /* of the pseudoterminal, as last seen */
	struct winsize size; /* of the terminal, as last seen */
	struct spillwatch_stream *stream;
	int error; /* an errno: it could not be written, though somebody wants it */
	size_t len; /* bytes in the buffer */
	uint8_t buffer[MASKER_BUFFER];
};

struct masker {
	struct channel *channel;
	int ended, said; /* as of struct exec_mask, the other ends; -1: that has been */
	int signals;
	size_t left; /* bytes that a pipe held at the command's end, and that were not read yet */
	int64_t deadline; /* ms, CLOCK_MONOTONIC: what a pseudoterminal has then, came after the end */
};

/* Whoever reads it may have made it non-blocking, for all who have it. */
static int channel_write(struct channel *channel)
{
	size_t at = 0;

	while (at < channel->len) {
		ssize_t written = write(channel->to, channel->buffer + at, channel->len - at);

		if (written >= 0) {
			at += (size_t)written;
		} else if (errno == EAGAIN) {
			struct pollfd room = {.fd = channel->to, .events = POLLOUT};

			poll(&room, 1, -1);
		} else if (errno != EINTR) {
			/* who does not read does not want it */
			channel->error = errno == EPIPE ? 0 : errno;
			return -errno;
		}
	}
	channel->len = 0;
	return 0;
}

static int channel_text(void *context, const void *bytes, size_t len)
{
	struct channel *channel = context;
	int r = 0;

	while (len && r == 0) {
		size_t room = sizeof(channel->buffer) - channel->len, part = len < room ? len : room;

		memcpy(channel->buffer + channel->len, bytes, part);
		channel->len += part;
		bytes = (const uint8_t *)bytes + part;
		len -= part;
		if (channel->len == sizeof(channel->buffer))
			r = channel_write(channel);
	}
	return r;
}

/* Nothing of it goes anywhere any more: who writes to it is told so. */
static void channel_end(struct channel *channel)
{
	if (channel->from >= 0)
		close(channel->from);
	channel->from = -1;
}

static bool channel_is_set(const struct termios *a, const struct termios *b)
{
	return a->c_iflag != b->c_iflag || a->c_lflag != b->c_lflag ||
	       memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) != 0;
}

/* Was the pseudoterminal set? Then that was meant for the terminal. */
static void channel_settings(struct channel *channel)
{
	struct termios now, real;

	if (tcgetattr(channel->from, &now) < 0 || !channel_is_set(&now, &channel->settings))
		return;
	channel->settings = now;
	if (tcgetattr(channel->to, &real) < 0)
		return;
	real.c_iflag = now.c_iflag;
	real.c_lflag = now.c_lflag;
	memcpy(real.c_cc, now.c_cc, sizeof(real.c_cc));
	tcsetattr(channel->to, TCSANOW, &real);
}

/* Returns how many bytes came. */
static size_t channel_read(struct channel *channel)
{
	int64_t got;
	int r;

	if (channel->terminal)
		channel_settings(channel);
	got = spillwatch_stream_pull(channel->stream, channel->from);
	/* a pseudoterminal that nobody has open any more */
	if (got == -EIO && channel->terminal)
		got = spillwatch_stream_end(channel->stream);
	/* what was not taken once is not offered again: a part of it was */
	r = got < 0 ? (int)got : channel_write(channel);
	if (got <= 0 || r < 0)
		channel_end(channel);
	return got > 0 ? (size_t)got : 0;
}

/* Hands on what is held and is no secret. */
static void channel_flush(struct channel *channel)
{
	if (channel->from < 0 || !spillwatch_stream_holds(channel->stream))
		return;
	if (spillwatch_stream_flush(channel->stream) < 0 || channel_write(channel) < 0)
		channel_end(channel);
}

/* The terminal has another size: so has the command's, and it is told when that is so. */
static void channel_resize(struct channel *channel)
{
	struct winsize size;
	pid_t group;

	if (channel->from < 0 || !channel->terminal || ioctl(channel->to, TIOCGWINSZ, &size) < 0 ||
	    memcmp(&size, &channel->size, sizeof(size)) == 0)
		return;
	channel->size = size;
	ioctl(channel->from, TIOCSWINSZ, &size);
	group = tcgetpgrp(channel->to);
	if (group > 0)
		kill(-group, SIGWINCH);
}

static void masker_signals(const struct masker *masker)
{
	struct signalfd_siginfo info;

	while (read(masker->signals, &info, sizeof(info)) == sizeof(info))
		channel_resize(masker->channel);
}

/* The command has ended. A pipe has all that it printed, a pseudoterminal may have some on its way. */
static void masker_ended(struct masker *masker)
{
	int left = 0;

	close(masker->ended);
	masker->ended = -1;
	if (!masker->channel->terminal && ioctl(masker->channel->from, FIONREAD, &left) == 0)
		masker->left = (size_t)left;
	masker->deadline = monotonic_ms() + MASKER_DEADLINE_MS;
}

/* Waits, and takes what has come. Returns whether all that the command printed has. */
static bool masker_turn(struct masker *masker)
{
	struct channel *channel = masker->channel;
	struct pollfd fds[] = {
		{.fd = masker->ended, .events = POLLIN},
		{.fd = masker->signals, .events = POLLIN},
		{.fd = channel->from, .events = POLLIN},
	};
	bool last = masker->ended < 0 && masker->said >= 0;
	int timeout = last ? MASKER_LAST_MS : spillwatch_stream_holds(channel->stream) ? MASKER_WAIT_MS : -1;
	int ready = poll(fds, sizeof(fds) / sizeof(*fds), timeout);
	size_t got;

	if (ready < 0)
		return false;
	if (fds[1].revents)
		masker_signals(masker);
	got = fds[2].revents ? channel_read(channel) : 0;
	/* behind what had come before */
	if (fds[0].revents)
		masker_ended(masker);
	else
		masker->left -= got < masker->left ? got : masker->left;
	if (last && !masker->left && (!channel->terminal || monotonic_ms() >= masker->deadline))
		ready = 0;
	if (ready == 0)
		channel_flush(channel);
	return ready == 0 && last;
}

static void masker_say(struct masker *masker)
{
	uint8_t error = (uint8_t)masker->channel->error;

	if (error)
		(void)!write(masker->said, &error, 1);
	close(masker->said);
	masker->said = -1;
}

static void masker_run(struct masker *masker)
{
	while (masker->channel->from >= 0)
		if (masker_turn(masker))
			masker_say(masker);
	if (masker->said >= 0)
		masker_say(masker);
}

/* What it has from us by chance, and would keep from who waits for its end. */
static void masker_close_others(const int *kept, size_t count)
{
	int from = 0;

	/* in order, as few as they are */
	for (;;) {
		int next = -1;

		for (size_t i = 0; i < count; i++)
			if (kept[i] >= from && (next < 0 || kept[i] < next))
				next = kept[i];
		if (next < 0)
			break;
		if (next > from)
			close_range((unsigned int)from, (unsigned int)next - 1, 0);
		from = next + 1;
	}
	close_range((unsigned int)from, ~0U, 0);
}

/* Never returns. */
static void masker_main(struct masker *masker)
{
	const int kept[] = {masker->ended, masker->said, masker->channel->from, masker->channel->to};
	sigset_t set;

	masker_close_others(kept, sizeof(kept) / sizeof(*kept));
	/* a terminal's are for the command; who reads what it prints ends us */
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	masker->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	/* where that is refused, what it could do is not what it does */
	(void)privileges_drop(PRIVILEGES_SIGNAL | PRIVILEGES_COPY);
	masker_run(masker);
	spillwatch_stream_free(masker->channel->stream);
	_exit(0);
}

static struct channel *channel_new(int to)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return NULL;
	channel->from = -1;
	channel->to = to;
	channel->stream = spillwatch_stream_new(channel);
	if (channel->stream) {
		spillwatch_stream_on_text(channel->stream, channel_text);
		return channel;
	}
	free(channel);
	return NULL;
}

/* A terminal like that one, which only hands on. Returns 0 or a negative errno. */
static int channel_open_terminal(struct channel *channel, int *ret_command)
{
	struct stat st;
	int slave;

	if (tcgetattr(channel->to, &channel->settings) < 0)
		return -errno;
	channel->settings.c_oflag &= ~(tcflag_t)OPOST;
	/* one that has none yet has 0 by 0 */
	if (ioctl(channel->to, TIOCGWINSZ, &channel->size) < 0)
		channel->size = (struct winsize){0};
	if (openpty(&channel->from, &slave, NULL, &channel->settings, &channel->size) < 0)
		return -errno;
	channel->terminal = true;
	*ret_command = slave;
	if (fcntl(channel->from, F_SETFD, FD_CLOEXEC) < 0 || fcntl(slave, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	/* who may open the one by its name, may open the other */
	if (fstat(channel->to, &st) < 0 || fchown(slave, st.st_uid, st.st_gid) < 0 ||
	    fchmod(slave, st.st_mode & 07777) < 0)
		return -errno;
	/* as the kernel has it, which is not all that was asked for */
	return tcgetattr(channel->from, &channel->settings) < 0 ? -errno : 0;
}

static int channel_open_pipe(struct channel *channel, const struct privileges_user *user, int *ret_command)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	channel->from = ends[0];
	*ret_command = ends[1];
	/* /dev/stdout is to be opened by who runs */
	return user->given && fchown(ends[1], user->uid, user->gid) < 0 ? -errno : 0;
}

/* Returns how many there are, or a negative errno. */
static int channels_open(struct channel *channels[2], const struct privileges_user *user, int command[2])
{
	struct stat st, first = {0};
	int count = 0, r = 0;

	command[0] = command[1] = -1;
	for (int i = 0; i < 2 && r >= 0; i++) {
		struct channel *channel;

		/* one that is closed stays so */
		if (fstat(STDOUT_FILENO + i, &st) < 0)
			continue;
		if (i == 1 && command[0] >= 0 && st.st_dev == first.st_dev && st.st_ino == first.st_ino) {
			command[1] = fcntl(command[0], F_DUPFD_CLOEXEC, 0);
			return command[1] < 0 ? -errno : count;
		}
		first = st;
		channel = channel_new(STDOUT_FILENO + i);
		if (!channel)
			return -ENOMEM;
		channels[count++] = channel;
		r = isatty(channel->to) ? channel_open_terminal(channel, &command[i])
					: channel_open_pipe(channel, user, &command[i]);
	}
	return r < 0 ? r : count;
}

static int exec_mask_start(struct channel *const channels[2], struct exec_mask *mask)
{
	int ended[2], said[2] = {-1, -1}, r = 0;

	if (pipe2(ended, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(said, O_CLOEXEC) < 0) {
		r = -errno;
		close(ended[0]);
		close(ended[1]);
		return r;
	}
	mask->ended = ended[1];
	mask->said = said[0];
	for (int i = 0; i < 2 && channels[i] && r == 0; i++) {
		pid_t pid = fork();

		if (pid == 0)
			masker_main(
				&(struct masker){.channel = channels[i], .ended = ended[0], .said = said[1]});
		r = pid < 0 ? -errno : 0;
	}
	close(ended[0]);
	close(said[1]);
	return r;
}

int exec_mask_open(struct exec_mask *mask, const struct privileges_user *user)
{
	struct channel *channels[2] = {NULL, NULL};
	int r;

	*mask = (struct exec_mask){.ended = -1, .said = -1};
	r = channels_open(channels, user, mask->command);
	if (r > 0)
		r = exec_mask_start(channels, mask);
	for (size_t i = 0; i < 2 && channels[i]; i++) {
		channel_end(channels[i]);
		spillwatch_stream_free(channels[i]->stream);
		free(channels[i]);
	}
	mask->open = true;
	return r;
}

void exec_mask_command(const struct exec_mask *mask)
{
	for (int i = 0; mask->open && i < 2; i++)
		if (mask->command[i] >= 0)
			dup2(mask->command[i], STDOUT_FILENO + i);
}

void exec_mask_begun(struct exec_mask *mask)
{
	for (int i = 0; mask->open && i < 2; i++) {
		if (mask->command[i] >= 0)
			close(mask->command[i]);
		mask->command[i] = -1;
	}
}

int exec_mask_end(struct exec_mask *mask)
{
	if (!mask->open)
		return -1;
	exec_mask_begun(mask);
	if (mask->ended >= 0)
		close(mask->ended);
	mask->ended = -1;
	return mask->said;
}

void exec_mask_close(struct exec_mask *mask)
{
	exec_mask_begun(mask);
	if (mask->open && mask->ended >= 0)
		close(mask->ended);
	if (mask->open && mask->said >= 0)
		close(mask->said);
	*mask = (struct exec_mask){0};
}
