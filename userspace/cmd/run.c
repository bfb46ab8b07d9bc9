// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch run`: the daemon. Watches the whole host (or one cgroup) until it is told to stop or
 * its time is over, then judges what is still in the ring and says what it did.
 */
#include "cmd/command.h"
#include "cmd/run.h"
#include "engine/pipeline.h"
#include "capture/pin.h"
#include "cmd/options.h"
#include "lib/privileges.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/notify.h"
#include "lib/monotonic.h"
#include "status/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

/*
 * ms from the signal on. Samples sent before it are judged, but a storm must not hold the end up, nor must an output or the store:
 * with the time that it takes to close them, it comes within two seconds, whatever hangs.
 */
#define RUN_END_MS 1500
#define RUN_SETTLE_MS 1100
/* What outputs and store have in any case. */
#define RUN_DELIVER_MS 200
/* A week. */
#define RUN_PIN_SECONDS_MAX 604800UL

struct run_options {
	struct pipeline_options pipeline;
	const char *cgroup;
	const char *pin; /* NULL: at the default place */
	bool no_pin;
	struct privileges_user user;
	struct sockaddr_storage metrics; /* where to serve them */
	socklen_t metrics_size; /* 0: nowhere */
	unsigned long duration; /* seconds; 0: until told to stop */
	struct config *config;
	int argc; /* of the command line, which wins over what is read later as well */
	char **argv;
	bool running; /* these are only tried on */
};

enum {
	OPTION_CGROUP = OPTION_OWN,
	OPTION_DURATION,
	OPTION_USER,
	OPTION_PIN,
	OPTION_NO_PIN,
	OPTION_PIN_SECONDS,
	OPTION_METRICS
};

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry run_entries[] = {
	{.name = "cgroup", .value = "PATH", .id = OPTION_CGROUP,
	 .help = "watch only this cgroup (v2) and what is below it"},
	{.name = "duration", .value = "SECONDS", .id = OPTION_DURATION,
	 .help = "stop after that time, of 1 to 2147483648 seconds"},
	{.name = "pin", .value = "DIR", .id = OPTION_PIN,
	 .help = "where programs stay while there is no daemon: a directory of its own in a BPF file system "
		 "(default: " PIN_DIRECTORY "; with --cgroup none)"},
	{.name = "no-pin", .id = OPTION_NO_PIN,
	 .help = "they don't: they end with the daemon"},
	{.name = "pin-seconds", .value = "N", .id = OPTION_PIN_SECONDS,
	 .help = "they go on without a daemon for that time, of 1 to 604800 seconds (default: 600)"},
	{.name = "metrics", .value = "ADDRESS", .id = OPTION_METRICS,
	 .help = "serve /metrics (OpenMetrics), /healthz and /readyz there: a port, of the loopback address, "
		 "or 127.0.0.1:9464, [::1]:9464 (default: nowhere)",
	 .more = "By `spillwatch-metrics`, a process without privileges that can only read how the daemon is."},
	{.name = "user", .value = "NAME", .id = OPTION_USER,
	 .help = "run as that user, by name or number, with the capabilities that are needed; alert file and "
		 "store must be in directories of that user"},
	{0},
};
/* clang-format on */

static int run_cgroup(struct run_options *options)
{
	int r = cgroup_resolve(options->cgroup, &options->pipeline.probe.cgroup);

	if (r == -ENOTTY)
		options_takes("--cgroup", options->cgroup,
			      "a directory of a cgroup v2 hierarchy (often below /sys/fs/cgroup, on hybrid "
			      "systems /sys/fs/cgroup/unified)");
	else if (r < 0)
		options_takes("--cgroup", options->cgroup, "a cgroup's directory that can be opened (%s)",
			      strerror(-r));
	if (r < 0)
		return EXIT_CODE_CONFIG;
	options->pipeline.probe.scope = SCOPE_CGROUP;
	options->pipeline.scope_name = options->cgroup;
	return 0;
}

/* One option, of the command line or of the configuration. As options_shared(). */
static int run_option(void *context, int option)
{
	struct run_options *options = context;

	switch (option) {
	case OPTION_CGROUP:
		options->cgroup = optarg;
		return 0;
	case OPTION_DURATION:
		if (options_number(optarg, 1, 1UL << 31, &options->duration))
			return 0;
		return options_takes("--duration", optarg, "a number of seconds from 1 to %lu", 1UL << 31);
	case OPTION_USER:
		/* when the configuration is read anew, nobody can be looked up any more */
		return options->running ? 0 : options_user(&options->user);
	case OPTION_PIN:
		options->pin = optarg;
		return 0;
	case OPTION_NO_PIN:
		options->no_pin = true;
		return 0;
	case OPTION_PIN_SECONDS:
		if (options_number(optarg, 1, RUN_PIN_SECONDS_MAX, &options->pipeline.probe.pin_seconds))
			return 0;
		return options_takes("--pin-seconds", optarg, "a number of seconds from 1 to %lu",
				     RUN_PIN_SECONDS_MAX);
	case OPTION_METRICS:
		if (server_address(optarg, &options->metrics, &options->metrics_size) == 0)
			return 0;
		return options_takes("--metrics", optarg,
				     "a port, or a numeric address with one (9464, 127.0.0.1:9464, "
				     "[::1]:9464)");
	default:
		return options_shared(&command_run, option, &options->pipeline);
	}
}

static const struct config_taker run_taker = {
	.command = &command_run,
	.run = true,
	.take = run_option,
};

void run_try(const struct config *config, bool running, struct problems *problems)
{
	struct run_options scratch = {.pipeline = pipeline_defaults(), .running = running};

	config_set(config, &run_taker, &scratch, problems);
}

/* The host's daemon pins unless it was told not to; one for a cgroup, which may be gone tomorrow, if it was told where. */
static void run_pin(struct run_options *options)
{
	struct probe_options *probe = &options->pipeline.probe;

	if (options->no_pin || (options->cgroup && !options->pin))
		return;
	probe->pin = options->pin ? options->pin : PIN_DIRECTORY;
	probe->pin_needed = options->pin != NULL;
}

/* Its options only. Returns 0, an exit code after saying what is wrong, or -1: help is asked for. */
static int run_command_line(int argc, char **argv, struct run_options *options)
{
	struct options_reader reader;
	int option, r;

	options_begin(&command_run, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		if (option == 'h')
			return -1;
		r = option == OPTION_WRONG ? EXIT_CODE_USAGE : run_option(options, option);
		if (r)
			return r;
	}
	return 0;
}

static int run_parse(int argc, char **argv, struct run_options *options)
{
	int r = run_command_line(argc, argv, options);

	if (r)
		return r;
	if (optind < argc) {
		log_error("'run' takes no arguments, only options; to watch one command use 'spillwatch exec "
			  "-- "
			  "COMMAND'");
		return EXIT_CODE_USAGE;
	}
	r = options->cgroup ? run_cgroup(options) : 0;
	if (r == 0)
		run_pin(options);
	return r;
}

static int run_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	/* an alert nobody reads any more is an output's error, not our end */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run_timer(unsigned long seconds)
{
	struct itimerspec spec = {.it_value.tv_sec = (time_t)seconds};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd >= 0)
		timerfd_settime(fd, 0, &spec, NULL);
	return fd;
}

/* A daemon, and what it was started with. */
struct run_daemon {
	const struct run_options *options;
	struct pipeline *pipeline;
};

/* As of config_reload(): the command line wins as it did at the start. */
static int run_apply(void *context, const struct config *new, bool *ret_outputs)
{
	const struct run_daemon *daemon = context;
	struct run_options scratch = {.pipeline = pipeline_defaults(), .running = true};
	struct problems problems = {0};
	int r;

	/* there is none in it, and none in what was taken at the start */
	config_set(new, &run_taker, &scratch, &problems);
	problems_free(&problems);
	if (run_command_line(daemon->options->argc, daemon->options->argv, &scratch))
		return -EINVAL;
	config_use(new, &scratch.pipeline);
	r = pipeline_change(daemon->pipeline, &scratch.pipeline, ret_outputs);
	if (r == 0)
		pipeline_rules(daemon->pipeline, config_rules(new));
	return r;
}

/* Takes one signal; returns its number if it asks for the end, else 0. */
static int run_signal(struct pipeline *pipeline, int signals, const struct run_options *options)
{
	struct run_daemon daemon = {options, pipeline};
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	/* a terminal that hangs up is not who watches; nohup(1) leaves it ignored, which a signalfd doesn't know */
	if (info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGHUP)
		return (int)info.ssi_signo;
	pipeline_reopen(pipeline);
	if (info.ssi_signo == SIGHUP)
		config_reload(options->config, run_apply, &daemon);
	return 0;
}

/* Returns the signal that asks for the end; SIGALRM: the time is over; or a negative errno. */
static int run_loop(struct pipeline *pipeline, int signals, int timer, int serving,
		    const struct run_options *options, struct notify *notify)
{
	struct pollfd fds[] = {
		{.fd = pipeline_fd(pipeline), .events = POLLIN},
		{.fd = signals, .events = POLLIN},
		{.fd = timer, .events = POLLIN}, /* negative: ignored by poll(2) */
		{.fd = serving}, /* likewise */
	};
	int r;

	for (;;) {
		int ready = poll(fds, sizeof(fds) / sizeof(*fds),
				 notify_timeout(notify, pipeline_timeout(pipeline), monotonic_ms()));

		if (ready < 0 && errno != EINTR)
			return -errno;
		r = pipeline_turn(pipeline, fds[0].revents);
		if (r < 0)
			return r;
		if (pipeline_blind(pipeline))
			return -ENODATA;
		notify_alive(notify, monotonic_ms());
		if (fds[3].revents) {
			log_warning("spillwatch-metrics has ended: whoever asks --metrics is not answered "
				    "any more");
			fds[3].fd = -1;
		}
		if (fds[2].revents)
			return SIGALRM;
		r = fds[1].revents ? run_signal(pipeline, signals, options) : 0;
		if (r)
			return r;
	}
}

/* Starts whoever answers for us, before anything is open that it shall not have. Returns 0 or an exit code. */
static int run_serve(struct run_options *options, int *ret_life)
{
	int r;

	if (!options->metrics_size)
		return 0;
	r = server_start((const struct sockaddr *)&options->metrics, options->metrics_size,
			 &options->pipeline.board, ret_life);
	if (r == -ENOEXEC)
		log_error("--metrics: there is no spillwatch-metrics, neither beside this program nor where "
			  "it is "
			  "installed");
	else if (r < 0)
		log_error("--metrics: can't listen there: %s", strerror(-r));
	if (r != -EADDRINUSE)
		return r < 0 ? EXIT_CODE_CONFIG : 0;
	/* any user may take a port: that must not keep us from watching */
	log_warning("goes on without --metrics");
	return 0;
}

/* Files that are made later are given to their groups by who is in them. Returns 0 or an exit code. */
static int run_groups(const struct pipeline_options *options)
{
	for (size_t i = 0; i < options->output_count; i++) {
		const struct output_spec *output = &options->outputs[i];
		int r = output->grouped ? privileges_join(output->group) : 0;

		if (r == 0)
			continue;
		log_error("outputs: group: this daemon is not in group %u, and can't join it: %s; have it "
			  "started in that group (SupplementaryGroups= of systemd)",
			  (unsigned int)output->group, strerror(-r));
		return EXIT_CODE_CONFIG;
	}
	return 0;
}

static int run_watch(struct run_options *options)
{
	CLEANUP(notify_close) struct notify notify = {.fd = -1};
	AUTO_CLOSE int signals = -1;
	AUTO_CLOSE int timer = -1;
	AUTO_CLOSE int serving = -1;
	struct pipeline *pipeline;
	int64_t end, left;
	int r;

	r = options->user.given ? privileges_keep(&options->user) : 0;
	if (r < 0) {
		log_error("--user: can't become that user: %s", strerror(-r));
		return EXIT_CODE_CONFIG;
	}
	r = run_serve(options, &serving);
	if (r)
		return r;
	signals = run_signals();
	if (signals < 0) {
		log_error("can't receive signals: %s", strerror(errno));
		return EXIT_CODE_RUNTIME;
	}
	if (options->config)
		config_use(options->config, &options->pipeline);
	r = run_groups(&options->pipeline);
	if (r)
		return r;
	r = pipeline_open(&options->pipeline, &pipeline);
	if (r)
		return r;
	r = pipeline_watch_self(pipeline, options->pipeline.probe.watch);
	if (r < 0)
		log_warning("can't try whether what is written comes through: %s", strerror(-r));
	r = notify_open(&notify);
	if (r < 0)
		log_warning("can't tell the service manager anything: %s", strerror(-r));
	r = privileges_drop(pipeline_needs(&options->pipeline));
	if (r < 0)
		log_warning("can't give away what is not needed any more: %s", strerror(-r));
	r = pipeline_begin(pipeline);
	if (r < 0) {
		log_error("can't start writing alerts: %s", strerror(-r));
		pipeline_close(pipeline);
		return EXIT_CODE_RUNTIME;
	}
	if (options->duration)
		timer = run_timer(options->duration);
	log_note("watching %s by %s; stop with Ctrl-C or SIGTERM",
		 options->cgroup ? "the cgroup" : "this host",
		 probe_attachment_name(pipeline_attachment(pipeline)));
	if (options->config && rules_count(config_rules(options->config)))
		log_note("%zu rules are in force", rules_count(config_rules(options->config)));
	notify_say(&notify, "READY=1\nSTATUS=watching");
	r = run_loop(pipeline, signals, timer, serving, options, &notify);
	notify_say(&notify, "STOPPING=1");
	end = monotonic_ms() + RUN_END_MS;
	if (r == -ENODATA)
		log_error("nothing of what is written comes through: ends, so that another one can attach "
			  "anew");
	else if (r < 0)
		log_error("reading samples failed: %s", strerror(-r));
	/* who sends SIGTERM will start another one; programs that see nothing are not to be taken over */
	if (pipeline_pinned(pipeline) && r != -ENODATA && (r < 0 || r == SIGTERM))
		pipeline_leave(pipeline, RUN_SETTLE_MS);
	else if (r >= 0 || r == -ENODATA)
		pipeline_settle(pipeline, RUN_SETTLE_MS);
	pipeline_look(pipeline, true);
	pipeline_last_repeats(pipeline);
	left = end - monotonic_ms();
	pipeline_deliver(pipeline, left > RUN_DELIVER_MS ? (int)left : RUN_DELIVER_MS);
	pipeline_summary(pipeline, false);
	pipeline_close(pipeline);
	return r < 0 ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
}

static int run_main(int argc, char **argv)
{
	struct run_options options = {.pipeline = pipeline_defaults(), .argc = argc, .argv = argv};
	int r;

	options.pipeline.store = STORE_PATH;
	options.pipeline.store_alone = true;
	r = config_load(argc, argv, &run_taker, &options, &options.config);
	if (r == 0)
		r = run_parse(argc, argv, &options);
	if (r < 0)
		r = command_help.main(2, (char *[]){"help", "run", NULL});
	else if (r == 0)
		r = run_watch(&options);
	config_free(options.config);
	return r;
}

/* clang-format off */
const struct command command_run = {
	.name = "run",
	.summary = "watch this host, or one cgroup, until stopped",
	.usage =
		"Usage: spillwatch run [OPTION…]\n\n"
		"Watches every process of this host (but itself) and raises an alert for each token that is\n"
		"written to a file. Needs root, or CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH.\n",
	.notes =
		"SIGUSR1 and SIGHUP reopen the alert file (a terminal that hangs up ends nothing); SIGHUP reads the\n"
		"configuration anew, with its rules and outputs, if there is no mistake in it. SIGTERM and SIGINT\n"
		"judge what was seen, print the summary and end. After SIGTERM the programs stay attached, and\n"
		"the next daemon misses nothing; 'spillwatch stop' removes them, SIGINT and the end of\n"
		"--duration as well.\n",
	.options = run_entries,
	.monitors = true,
	.main = run_main,
};
/* clang-format on */
