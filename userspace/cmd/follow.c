// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch follow`: what a daemon alerts, live, from its socket (output/socket.h). When the daemon ends, the next one is waited for.
 */
#include "alert/retell.h"
#include "cmd/command.h"
#include "cmd/follow.h"
#include "cmd/options.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Bytes of a line, at most: alerts are much shorter, losses can't be that long either. */
#define FOLLOW_LINE_BYTES (1UL << 20)
/* ms until it is clear that one may stay. */
#define FOLLOW_AWAY_MS 100
/* Between two looks for a daemon. */
#define FOLLOW_PAUSE_NS 200000000L

enum { OPTION_FOLLOW_SOCKET = OPTION_OWN, OPTION_FOLLOW_OUTPUT };

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry follow_entries[] = {
	{.name = "socket", .value = "PATH", .id = OPTION_FOLLOW_SOCKET,
	 .help = "where the daemon listens, as its own --socket says (default: " FOLLOW_PATH ")"},
	{.name = "output", .value = "text|json", .id = OPTION_FOLLOW_OUTPUT,
	 .help = "a readable line for each alert, or JSON (default: text on a terminal)"},
	{0},
};
/* clang-format on */

struct follow {
	const char *path;
	bool text, colour;
	char *bytes; /* FOLLOW_LINE_BYTES */
	size_t len;
};

/* Returns a descriptor or a negative errno. */
static int follow_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* One line. Returns 0 or a negative errno. */
static int follow_line(const struct follow *follow, const char *line, size_t len)
{
	AUTO_FREE char *text = NULL;
	int r = follow->text ? retell(line, len, follow->colour, &text) : 0;

	if (r < 0)
		return r;
	if (follow->text)
		fputs(text, stdout);
	else
		fwrite(line, 1, len, stdout);
	return 0;
}

/* All lines that are whole. Returns 0 or a negative errno. */
static int follow_lines(struct follow *follow)
{
	char *from = follow->bytes, *end;
	int r = 0;

	while (r == 0 && (end = memchr(from, '\n', follow->len))) {
		size_t len = (size_t)(end - from) + 1;

		r = follow_line(follow, from, len);
		from += len;
		follow->len -= len;
	}
	memmove(follow->bytes, from, follow->len);
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = -EPIPE;
	return r;
}

/* Until the daemon ends: 0; or a negative errno. */
static int follow_read(struct follow *follow, int fd)
{
	int r = 0;

	follow->len = 0;
	while (r == 0) {
		ssize_t got = read(fd, follow->bytes + follow->len, FOLLOW_LINE_BYTES - follow->len);

		if (got < 0 && errno == EINTR)
			continue;
		/* a line that breaks off was nobody's */
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return 0;
		if (got < 0)
			return -errno;
		follow->len += (size_t)got;
		r = follow_lines(follow);
		if (r == 0 && follow->len == FOLLOW_LINE_BYTES)
			r = -EBADMSG;
	}
	return r;
}

static int follow_explain(const char *path, int error)
{
	AUTO_FREE char *shown = options_shown(path, strlen(path));
	const char *name = shown ? shown : "the socket";

	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		log_error("no daemon listens at %s; one does that was started with --socket %s", name, name);
		return EXIT_CODE_CONFIG;
	case -EBADMSG:
		log_error("what comes from %s is no alert of a daemon", name);
		return EXIT_CODE_RUNTIME;
	case -EPIPE:
		log_error("can't write to standard output");
		return EXIT_CODE_RUNTIME;
	default:
		log_error("can't follow %s: %s", name, strerror(-error));
		return EXIT_CODE_CONFIG;
	}
}

/* Who is one too many is turned away at once. */
static bool follow_stays(int fd)
{
	struct pollfd daemon = {.fd = fd, .events = POLLIN};

	return poll(&daemon, 1, FOLLOW_AWAY_MS) == 0 || !(daemon.revents & POLLHUP);
}

/* Follows one daemon after the other; returns an exit code if that fails. */
static int follow_run(struct follow *follow)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_PAUSE_NS};
	int fd = follow_connect(follow->path), r;
	bool stays = true;

	if (fd < 0)
		return follow_explain(follow->path, fd);
	for (;;) {
		bool before = stays;

		stays = follow_stays(fd);
		if (stays)
			log_note("following what is alerted from now on; stop with Ctrl-C");
		else if (before)
			log_warning("the daemon takes no more readers, or has ended; trying again");
		r = follow_read(follow, fd);
		close(fd);
		if (r < 0)
			return follow_explain(follow->path, r);
		if (stays)
			log_warning("the daemon has ended; waiting for the next one");
		do
			nanosleep(&pause, NULL);
		while ((fd = follow_connect(follow->path)) < 0);
	}
}

static bool follow_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

static int follow_main(int argc, char **argv)
{
	static const char *const forms[] = {"text", "json"};
	struct follow follow = {.path = FOLLOW_PATH, .text = isatty(STDOUT_FILENO)};
	AUTO_FREE char *bytes = NULL;
	size_t form;
	struct options_reader reader;
	int option;

	options_begin(&command_follow, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_FOLLOW_SOCKET:
			follow.path = optarg;
			break;
		case OPTION_FOLLOW_OUTPUT:
			if (options_choice(&command_follow, "--output", optarg, forms, 2, &form))
				return EXIT_CODE_USAGE;
			follow.text = form == 0;
			break;
		case 'h':
			return command_help.main(2, (char *[]){"help", "follow", NULL});
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (options_none(&command_follow, argc))
		return EXIT_CODE_USAGE;
	follow.colour = follow_colour();
	follow.bytes = bytes = malloc(FOLLOW_LINE_BYTES);
	if (!bytes) {
		log_error("out of memory");
		return EXIT_CODE_RUNTIME;
	}
	return follow_run(&follow);
}

/* clang-format off */
const struct command command_follow = {
	.name = "follow",
	.summary = "print what a daemon alerts, live",
	.usage =
		"Usage: spillwatch follow [--socket PATH] [--output text|json]\n\n"
		"Prints each alert from now on as it is raised, and what is lost, until it is stopped. If the\n"
		"daemon ends, the next one is waited for. Several may follow one daemon; who is slow loses only\n"
		"his own, which the daemon counts and tells.\n",
	.options = follow_entries,
	.main = follow_main,
};
/* clang-format on */
