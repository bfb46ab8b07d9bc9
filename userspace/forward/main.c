// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * spillwatch-forward: what `spillwatch forward` runs, beside the command. An executable of its own, so that the daemon links nothing that
 * talks to a network.
 *
 *   forward/config.c     which receivers
 *   forward/source.c     the daemon's socket → lines
 *   forward/spool.c      what waits, on disk
 *   forward/delivery.c   a thread for each receiver: batches, attempts, pauses
 *   forward/http.c       one attempt; webhook.c …: what a receiver gets, and what its answer means
 *   forward/metrics.c    how it goes
 *
 * The main thread reads the socket, writes the metrics and waits for signals. SIGHUP: the configuration is read anew; the spool and the
 * connection to the daemon stay, so nothing is missed.
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "forward/config.h"
#include "forward/delivery.h"
#include "forward/metrics.h"
#include "forward/source.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/monotonic.h"
#include "lib/notify.h"
#include "lib/start.h"
#include "rules/file.h"

#include <cap-ng.h>
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

/* ms between two writes of the metrics. */
#define FORWARD_METRICS_MS 2000
/* ms between two tries to begin again, where there was no room for it. */
#define FORWARD_AGAIN_MS 500

struct forward {
	const char *path;
	bool check;
	struct forward_config config;
	struct spool *spool; /* NULL: it can't be opened now, and nothing is read */
	int spool_error; /* that was told */
	struct source *source;
	struct delivery *deliveries[FORWARD_RECEIVERS_MAX];
	size_t started;
	int64_t damaged; /* spools that were set aside */
	int signals; /* a signalfd(2) */
	int64_t metrics; /* ms, CLOCK_MONOTONIC: when they are written next */
	int metrics_error; /* that was told */
	struct notify notify;
};

/* Returns an exit code. */
static int forward_configure(const struct forward *forward, struct forward_config *ret_config)
{
	struct problems problems = {0};
	AUTO_FREE char *shown = NULL;
	int r = config_forward_read(forward->path, &problems, ret_config);

	problems_log(&problems);
	problems_free(&problems);
	if (r == 0 || r == -EBADMSG)
		return r == 0 ? EXIT_CODE_OK : EXIT_CODE_CONFIG;
	shown = options_shown(forward->path, strlen(forward->path));
	log_error("can't read %s: %s%s", shown ? shown : "the configuration", rules_file_error(r),
		  r == -ENOENT ? "; spillwatch-forward(1) says what stands in it" : "");
	return r == -ENOMEM ? EXIT_CODE_RUNTIME : EXIT_CODE_CONFIG;
}

/* What waited in a spool that is damaged is given up: whatever it would still hand out, it would not keep. */
static int forward_set_aside(struct forward *forward)
{
	int r = spool_set_aside(forward->config.spool);

	if (r < 0) {
		log_error("the spool %s is damaged, and can't be moved away: %s", forward->config.spool,
			  spool_error(r));
		return r;
	}
	forward->damaged++;
	log_error(
		"the spool %s is damaged: it is %s.damaged now, and what waited in it is lost; a new one is "
		"begun",
		forward->config.spool, forward->config.spool);
	return 0;
}

static int forward_open_spool(struct forward *forward)
{
	const char *names[FORWARD_RECEIVERS_MAX];
	int64_t abandoned = 0;
	int r;

	for (size_t i = 0; i < forward->config.count; i++)
		names[i] = forward->config.receivers[i].name;
	r = spool_open(forward->config.spool, forward->config.spool_bytes, names, forward->config.count,
		       &forward->spool, &abandoned);
	if (r == -EUCLEAN) {
		r = forward_set_aside(forward);
		if (r < 0)
			return r;
		r = spool_open(forward->config.spool, forward->config.spool_bytes, names,
			       forward->config.count, &forward->spool, &abandoned);
	}
	if (r < 0 && r != forward->spool_error)
		log_error("can't use the spool %s: %s", forward->config.spool, spool_error(r));
	forward->spool_error = r;
	if (abandoned)
		log_warning("%lld alerts waited for receivers that the configuration no longer has; they are "
			    "given up",
			    (long long)abandoned);
	return r;
}

static int forward_deliver(struct forward *forward)
{
	for (size_t i = 0; i < forward->config.count; i++) {
		const struct receiver *receiver = &forward->config.receivers[i];
		int r = delivery_start(receiver, forward->spool, &forward->deliveries[i]);

		if (r < 0) {
			log_error("can't start receiver %s: %s", receiver->name, strerror(-r));
			return r;
		}
		forward->started++;
	}
	return 0;
}

static int forward_catch_signals(struct forward *forward)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	forward->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return forward->signals < 0 ? -errno : 0;
}

/* Whoever started it: from here on it has no capability, and its children none either. */
static int forward_confine(void)
{
	bool none = capng_get_caps_process() == 0 && capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE;

	capng_clear(CAPNG_SELECT_ALL);
	/* the unit's, which has none, may not ask for capset(2) either */
	if ((!none && capng_apply(CAPNG_SELECT_CAPS) < 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -EPERM;
	umask(077);
	return 0;
}

/* The spool, and who reads it and writes to it. */
static int forward_begin(struct forward *forward)
{
	int r = forward_open_spool(forward);

	if (r == 0)
		r = forward_deliver(forward);
	if (r < 0)
		return r;
	if (forward->source)
		source_move(forward->source, forward->config.socket, forward->spool);
	else
		forward->source = source_open(forward->config.socket, forward->spool);
	return forward->source ? 0 : -ENOMEM;
}

static int forward_open(struct forward *forward)
{
	int r = forward_catch_signals(forward);

	if (r == 0)
		r = forward_confine();
	if (r == 0 && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		r = -ENOMEM;
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		return r;
	}
	r = forward_begin(forward);
	return r < 0 ? r : notify_open(&forward->notify);
}

static void forward_write_metrics(struct forward *forward)
{
	const struct metrics_source from = {
		.spool = forward->spool,
		.spool_bytes = forward->config.spool_bytes,
		.damaged = forward->damaged,
		.connected = source_connected(forward->source),
		.receivers = forward->config.receivers,
		.deliveries = forward->deliveries,
		.count = forward->config.count,
	};
	int r = forward->config.metrics_file ? metrics_forward_write(forward->config.metrics_file, &from) : 0;

	if (r < 0 && r != forward->metrics_error)
		log_warning("can't write the metrics to %s: %s", forward->config.metrics_file, strerror(-r));
	forward->metrics_error = r;
	forward->metrics = monotonic_ms() + FORWARD_METRICS_MS;
}

static void forward_turn(struct forward *forward)
{
	bool connected = source_connected(forward->source);
	int r = source_turn(forward->source);

	if (!connected && source_connected(forward->source))
		log_note("following %s", forward->config.socket);
	else if (connected && !source_connected(forward->source))
		log_warning("the daemon has ended; waiting for the next one");
	if (r < 0 && (source_connected(forward->source) || source_holds(forward->source)))
		log_warning("the spool: %s; nothing is read until that is over", spool_error(r));
	else if (r < 0 && !connected)
		log_warning("can't follow %s: %s; trying again", forward->config.socket, strerror(-r));
}

/* What was begun, but the source. */
static void forward_end(struct forward *forward)
{
	if (forward->spool)
		spool_stop(forward->spool);
	for (size_t i = 0; i < forward->started; i++)
		delivery_stop(forward->deliveries[i]);
	/* what they have settled at last stands in the metrics */
	if (forward->spool && forward->source && forward->started == forward->config.count)
		forward_write_metrics(forward);
	for (size_t i = 0; i < forward->started; i++)
		delivery_free(forward->deliveries[i]);
	spool_close(forward->spool);
	forward->started = 0;
	forward->spool = NULL;
}

static void forward_close(struct forward *forward)
{
	forward_end(forward);
	source_close(forward->source);
	forward->source = NULL;
	config_forward_free(&forward->config);
}

/* What was begun, or nothing of it. */
static int forward_begin_whole(struct forward *forward)
{
	int r = forward_begin(forward);

	if (r < 0)
		forward_end(forward);
	return r;
}

/* What to wait for beside signals, and how long. */
static int forward_wait(const struct forward *forward, int64_t now, int *ret_ms)
{
	int fd, ms, left = forward->metrics > now ? (int)(forward->metrics - now) : 0;

	*ret_ms = FORWARD_AGAIN_MS;
	if (!forward->spool)
		return -1;
	fd = source_fd(forward->source, &ms);
	*ret_ms = ms < 0 || ms > left ? left : ms;
	return fd;
}

/* Returns the signal that came, or 0: the spool is damaged. Without a spool, tries to begin again. */
static int forward_loop(struct forward *forward)
{
	for (;;) {
		struct pollfd waits[] = {{.fd = forward->signals, .events = POLLIN}, {.events = POLLIN}};
		struct signalfd_siginfo signal;
		int64_t now = monotonic_ms();
		int ms;

		waits[1].fd = forward_wait(forward, now, &ms);
		poll(waits, 2, notify_timeout(&forward->notify, ms, now));
		if (waits[0].revents && read(forward->signals, &signal, sizeof(signal)) == sizeof(signal))
			return (int)signal.ssi_signo;
		if (forward->spool && spool_damaged(forward->spool))
			return 0;
		if (forward->spool || forward_begin_whole(forward) == 0)
			forward_turn(forward);
		now = monotonic_ms();
		if (forward->spool && now >= forward->metrics)
			forward_write_metrics(forward);
		notify_alive(&forward->notify, now);
	}
}

/* In the place of a damaged spool a new one, however often; where there is no room for it now, the loop begins it. */
static int forward_begin_anew(struct forward *forward)
{
	int r;

	forward_end(forward);
	r = forward_set_aside(forward);
	if (r == 0)
		forward_begin_whole(forward);
	return r;
}

/*
 * The configuration anew; if it has a mistake, or can't be begun, the one before stays. If that can't be begun either, it is tried
 * again in the loop: the source stays, with what it has read.
 */
static void forward_reload(struct forward *forward)
{
	struct forward_config config, before = forward->config;

	if (forward_configure(forward, &config)) {
		log_warning("the configuration stays as it was");
		return;
	}
	/* what waits in the one before would wait there for ever */
	if (strcmp(config.spool, before.spool) != 0) {
		log_warning("another spool takes a restart: the configuration stays as it was");
		config_forward_free(&config);
		return;
	}
	forward_end(forward);
	forward->config = config;
	if (forward_begin_whole(forward) == 0) {
		config_forward_free(&before);
		log_note("the configuration was read anew");
		return;
	}
	forward->config = before;
	config_forward_free(&config);
	log_warning("the configuration stays as it was");
	forward_begin_whole(forward);
}

/* Until it is to end. Returns 0, or a negative errno that was told. */
static int forward_follow(struct forward *forward)
{
	for (;;) {
		int r = 0, signal = forward_loop(forward);

		if (signal && signal != SIGHUP)
			return 0;
		if (signal)
			forward_reload(forward);
		else
			r = forward_begin_anew(forward);
		if (r < 0)
			return r;
	}
}

static int forward_run(struct forward *forward)
{
	int r, code = forward_configure(forward, &forward->config);

	if (code || forward->check) {
		config_forward_free(&forward->config);
		return code;
	}
	r = forward_open(forward);
	if (r == 0) {
		notify_say(&forward->notify, "READY=1");
		r = forward_follow(forward);
	}
	if (r == 0)
		notify_say(&forward->notify, "STOPPING=1");
	forward_close(forward);
	return r < 0 ? EXIT_CODE_CONFIG : EXIT_CODE_OK;
}

int main(int argc, char **argv)
{
	struct forward forward = {.path = FORWARD_CONFIG_PATH, .signals = -1};
	struct options_reader reader;
	int option;

	if (start_process() < 0)
		return EXIT_CODE_RUNTIME;
	options_begin(&command_forward, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			forward.path = optarg;
			break;
		case OPTION_CHECK:
			forward.check = true;
			break;
		case 'h':
			return command_help.main(2, (char *[]){"help", "forward", NULL});
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (options_none(&command_forward, argc))
		return EXIT_CODE_USAGE;
	return forward_run(&forward);
}
