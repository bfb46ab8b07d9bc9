// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch exec -- COMMAND`: watches one command and all its descendants, and ends as it did.
 *
 * The command is an ordinary child: it has our terminal, our input, output and process group, and is
 * followed in the kernel from its fork on (bpf/hooks/follow.bpf.c). Whose a signal is: exec_signals.h.
 *
 * With --wait, what the command leaves behind is watched until it has ended as well. Then nobody is there to
 * hand signals on to: they are ours, and end the waiting.
 */
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/exec_findings.h"
#include "cmd/exec_mask.h"
#include "cmd/exec_signals.h"
#include "cmd/known.h"
#include "engine/pipeline.h"
#include "cmd/options.h"
#include "file_kind.h"
#include "lib/privileges.h"
#include "lib/cleanup.h"
#include "lib/exec_report.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel has sent every sample before the command's end is seen; only judging takes time. */
#define EXEC_SETTLE_MS 30000

/* An output that goes on taking alerts is waited for. */
#define EXEC_DELIVER_MS 10000

/* How often it is asked whether what the command left is still there: these are not our children. */
#define EXEC_WAIT_MS 100

struct exec_options {
	struct pipeline_options pipeline;
	unsigned long exit_code;
	bool has_exit_code;
	bool wait; /* for what outlives the command */
	struct privileges_user user; /* whom the command runs as */
	struct exec_findings findings;
	bool mask_output;
	struct exec_mask mask;
	int unwritten; /* an errno: what was printed could not be */
	char **command; /* NULL-terminated, borrowed from argv */
};

enum {
	OPTION_EXIT_CODE = OPTION_OWN,
	OPTION_WAIT,
	OPTION_USER,
	OPTION_REPORT,
	OPTION_ANNOTATE,
	OPTION_BASELINE,
	OPTION_MASK_OUTPUT
};

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry exec_entries[] = {
	{.name = "user", .value = "NAME", .id = OPTION_USER,
	 .help = "run COMMAND as that user (as in --user \"$SUDO_USER\"), with the groups and the home "
		 "directory of that user and no capability"},
	{.name = "exit-code", .value = "N", .id = OPTION_EXIT_CODE,
	 .help = "end with N, from 0 to 255, if any alert was raised, or anything was lost"},
	{.name = "report", .value = "FORM=FILE", .id = OPTION_REPORT, .many = true,
	 .help = "write the tokens and the files that they were written to to FILE, as `scan` does: text, "
		 "json, sarif, junit, github or gitlab; up to five times",
	 .more = "The programs that wrote them as well. A link, and what another user owns or may write to, "
		 "is refused."},
	{.name = "annotate", .value = "auto|github|gitlab", .id = OPTION_ANNOTATE,
	 .help = "show them beside a change: workflow commands on standard error, or "
		 "gl-code-quality-report.json here; auto: what the environment says (GITHUB_ACTIONS, "
		 "GITLAB_CI), else nothing"},
	{.name = "baseline", .value = "FILE", .id = OPTION_BASELINE, .many = true,
	 .help = "findings that are known, by token identifier and path, are none for --exit-code, --report and "
		 "--annotate; a file of `scan --write-baseline`, also several",
	 .more = "Alerts stay. Paths are from where this is run, as those of a scan from there."},
	{.name = "mask-output", .id = OPTION_MASK_OUTPUT,
	 .help = "put <masked> in place of each secret portion on standard output and error; alerts stay",
	 .more = "Exit status, signals and the order of lines are as without; where standard output and error "
		 "are two pipes, no order is kept between them. A terminal stays one to the command. What "
		 "outlives the command prints on, masked. /dev/tty, and a terminal that is standard input, are not "
		 "masked."},
	{.name = "wait", .id = OPTION_WAIT,
	 .help = "watch what COMMAND leaves running as well, until it has ended",
	 .more = "Or until SIGINT, SIGTERM, SIGHUP or SIGQUIT comes. The exit status is the command's. While "
		 "the command runs, signals are for it; a SIGTERM meanwhile is handed on, and nothing is "
		 "waited for then."},
	{0},
};
/* clang-format on */

/* One option of the configuration. */
static int exec_option(void *context, int option)
{
	struct exec_options *options = context;

	return options_shared(&command_exec, option, &options->pipeline);
}

static const struct config_taker exec_taker = {
	.command = &command_exec,
	.take = exec_option,
};

static int exec_parse(int argc, char **argv, struct exec_options *options)
{
	struct options_reader reader;
	int option, r;

	options_begin(&command_exec, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		r = options_shared(&command_exec, option, &options->pipeline);
		if (r > 0)
			return r;
		if (r == 0)
			continue;
		switch (option) {
		case OPTION_EXIT_CODE:
			if (options_number(optarg, 0, 255, &options->exit_code)) {
				options->has_exit_code = true;
				break;
			}
			return options_takes("--exit-code", optarg, "a number from 0 to 255");
		case OPTION_WAIT:
			options->wait = true;
			break;
		case OPTION_MASK_OUTPUT:
			options->mask_output = true;
			break;
		case OPTION_USER:
			r = options_user(&options->user);
			if (r)
				return r;
			break;
		case OPTION_REPORT:
			r = exec_findings_report(&options->findings, optarg);
			if (r)
				return r;
			break;
		case OPTION_ANNOTATE:
			r = exec_findings_annotate(&options->findings, optarg);
			if (r)
				return r;
			break;
		case OPTION_BASELINE:
			r = known_load(&options->findings.known, optarg);
			if (r)
				return r;
			break;
		case 'h':
			return -1;
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (optind >= argc) {
		log_error("no command to watch; use 'spillwatch exec [OPTION…] -- COMMAND [ARGUMENT…]'");
		return EXIT_CODE_USAGE;
	}
	options->command = argv + optind;
	return 0;
}

/* In the child: becomes the command, or tells the parent through `report` why it can't. */
static void exec_child(const struct exec_options *options, const sigset_t *mask, int report)
{
	int error = options->user.given ? -privileges_become(&options->user) : 0;

	exec_mask_command(&options->mask);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (!error) {
		execvp(options->command[0], options->command);
		error = errno;
	}
	exec_report_say(report, error);
	_exit(error == ENOENT ? EXIT_CODE_NOT_FOUND : EXIT_CODE_NOT_EXECUTABLE);
}

/* Starts the command. Returns its pid; or a negative exit code after saying what is wrong. */
static pid_t exec_start(struct exec_options *options, const sigset_t *mask)
{
	int report[2], r = exec_report_open(report);
	AUTO_FREE char *shown = NULL;
	pid_t pid = -1;

	if (r == 0 && (pid = fork()) < 0)
		r = -errno;
	if (r < 0) {
		log_error("can't start the command: %s", strerror(-r));
		return -EXIT_CODE_RUNTIME;
	}
	if (pid == 0)
		exec_child(options, mask, report[1]);
	r = exec_report_take(report);
	exec_mask_begun(&options->mask);
	if (r == 0)
		return pid;
	waitpid(pid, NULL, 0);
	shown = options_shown(options->command[0], strlen(options->command[0]));
	log_error("can't start the command: %s: %s", shown ? shown : "it", strerror(-r));
	return r == -ENOENT ? -EXIT_CODE_NOT_FOUND : -EXIT_CODE_NOT_EXECUTABLE;
}

/* Stops as the command has; when somebody goes on with us, the command does as well. */
static int exec_stop(struct pipeline *pipeline, pid_t pid)
{
	int r = pipeline_turn(pipeline, POLLIN);

	kill(getpid(), SIGSTOP);
	kill(pid, SIGCONT);
	return r;
}

/* Takes the signals that came while the command runs. Returns 0 or a negative errno. */
static int exec_take(struct pipeline *pipeline, int fd, pid_t pid, bool *ret_end)
{
	struct exec_signals signals = exec_signals_pass(fd, pid);

	*ret_end |= signals.end;
	if (signals.reopen)
		pipeline_reopen(pipeline);
	return signals.child && exec_signals_stopped(pid) ? exec_stop(pipeline, pid) : 0;
}

/* Until the command has ended. Returns its status as waitpid(2) gives it, or a negative errno. */
static int exec_loop(struct pipeline *pipeline, int signals, pid_t pid, bool *ret_end)
{
	AUTO_CLOSE int ended = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fds[] = {
		{.fd = pipeline_fd(pipeline), .events = POLLIN},
		{.fd = signals, .events = POLLIN},
		{.fd = ended, .events = POLLIN},
	};
	int status, r;

	if (ended < 0)
		return -errno;
	for (;;) {
		int ready = poll(fds, sizeof(fds) / sizeof(*fds), pipeline_timeout(pipeline));

		if (ready < 0 && errno != EINTR)
			return -errno;
		/* also what has come with its end, such as the Ctrl-C that it ended by */
		r = fds[1].revents || fds[2].revents ? exec_take(pipeline, signals, pid, ret_end) : 0;
		if (r == 0)
			r = pipeline_turn(pipeline, fds[0].revents);
		if (r < 0)
			return r;
		if (fds[2].revents && waitpid(pid, &status, 0) == pid)
			return status;
	}
}

/* Until nobody is left whom the command has left behind, or a signal comes. Returns 0 or a negative errno. */
static int exec_wait(struct pipeline *pipeline, int signals)
{
	struct pollfd fds[] = {
		{.fd = pipeline_fd(pipeline), .events = POLLIN},
		{.fd = signals, .events = POLLIN},
	};
	int r;

	if (pipeline_follows(pipeline))
		log_note("the command has ended; watching what it left, stop with Ctrl-C or SIGTERM");
	while (pipeline_follows(pipeline)) {
		int timeout = pipeline_timeout(pipeline);

		if (timeout < 0 || timeout > EXEC_WAIT_MS)
			timeout = EXEC_WAIT_MS;
		if (poll(fds, sizeof(fds) / sizeof(*fds), timeout) < 0 && errno != EINTR)
			return -errno;
		r = pipeline_turn(pipeline, fds[0].revents);
		if (r < 0)
			return r;
		if (fds[1].revents) {
			struct exec_signals own = exec_signals_own(signals);

			if (own.reopen)
				pipeline_reopen(pipeline);
			if (own.interrupt) {
				log_note("what the command left goes on unwatched");
				return 0;
			}
		}
	}
	return 0;
}

/* Takes what the masker says. Returns whether there is more to wait for; @error: the first of what could not be written. */
static bool exec_said(int fd, int *error)
{
	uint8_t said;

	if (read(fd, &said, 1) != 1)
		return false;
	if (!*error)
		log_error("what the command printed could not be written: %s", strerror(said));
	*error = *error ? *error : said;
	return true;
}

/*
 * Until what the command printed is where it belongs, or somebody has had enough of a reader that does not read. @bounded: they said so
 * before. Returns 0 or a negative errno.
 */
static int exec_printed(struct exec_options *options, struct pipeline *pipeline, int signals, bool bounded)
{
	int64_t deadline = bounded ? monotonic_ms() + EXEC_DELIVER_MS : INT64_MAX;
	struct pollfd fds[] = {
		{.fd = pipeline_fd(pipeline), .events = POLLIN},
		{.fd = signals, .events = POLLIN},
		{.fd = exec_mask_end(&options->mask), .events = POLLIN},
	};
	int r = 0;

	while (fds[2].fd >= 0 && r == 0 && monotonic_ms() < deadline) {
		int timeout = pipeline_timeout(pipeline);

		if (bounded && (timeout < 0 || timeout > EXEC_WAIT_MS))
			timeout = EXEC_WAIT_MS;
		if (poll(fds, sizeof(fds) / sizeof(*fds), timeout) < 0 && errno != EINTR)
			return -errno;
		r = pipeline_turn(pipeline, fds[0].revents);
		if ((fds[2].revents && !exec_said(fds[2].fd, &options->unwritten)) ||
		    (fds[1].revents && exec_signals_own(signals).interrupt))
			break;
	}
	return r;
}

static int exec_status(const struct exec_options *options, const struct pipeline *pipeline, int status)
{
	/* what was lost may have held one */
	if (options->has_exit_code && (options->findings.alerted || pipeline_lost(pipeline)))
		return (int)options->exit_code;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status) || !options->unwritten ? WEXITSTATUS(status) : EXIT_CODE_RUNTIME;
}

static int exec_watch(struct exec_options *options, struct pipeline *pipeline, int signals,
		      const sigset_t *mask)
{
	int early = exec_signals_early(), r, status;
	bool end = false;
	pid_t pid;

	if (early)
		return 128 + early;
	pid = exec_start(options, mask);
	if (pid < 0)
		return -pid;
	/* after the fork, so that the command keeps its own */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	r = privileges_drop(PRIVILEGES_SIGNAL | pipeline_needs(&options->pipeline));
	if (r < 0)
		log_warning("can't give away what is not needed any more: %s", strerror(-r));
	r = pipeline_begin(pipeline);
	if (r < 0)
		log_error("can't start writing alerts: %s", strerror(-r));
	status = exec_loop(pipeline, signals, pid, &end);
	r = status < 0 ? status : end || !options->wait ? 0 : exec_wait(pipeline, signals);
	if (r == 0)
		r = exec_printed(options, pipeline, signals, end);
	if (r < 0) {
		log_error("reading samples failed: %s; the command goes on unwatched", strerror(-r));
		return EXIT_CODE_RUNTIME;
	}
	r = pipeline_settle(pipeline, EXEC_SETTLE_MS);
	if (r < 0)
		log_warning("not every write was judged in time: %s", strerror(-r));
	pipeline_look(pipeline, true);
	pipeline_last_repeats(pipeline);
	pipeline_deliver(pipeline, EXEC_DELIVER_MS);
	pipeline_summary(pipeline, true);
	return exec_status(options, pipeline, status);
}

/* What the command prints is looked at as well: a log of a pipeline's is read by many. Of terminals any, since it has one. */
static void exec_own_output(struct exec_options *options)
{
	struct pipeline_options *pipeline = &options->pipeline;
	struct probe_options *probe = &pipeline->probe;

	/* whoever says what is to be watched, has it so */
	if (pipeline->watch_given)
		return;
	for (size_t i = 0; i < 2; i++) {
		int masked = options->mask.open ? options->mask.command[i] : -1;
		int fd = masked >= 0 ? masked : STDOUT_FILENO + (int)i;
		struct stat st;

		if (fstat(fd, &st) < 0)
			continue;
		if (isatty(fd))
			probe->watch |= FILE_KIND_BIT(TTY);
		if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
			continue;
		probe->own.kinds |= S_ISFIFO(st.st_mode) ? FILE_KIND_BIT(PIPE) : FILE_KIND_BIT(SOCKET);
		probe->own.inodes[i] = st.st_ino;
		options->findings.streams[i] = st.st_ino;
	}
	probe->watch |= probe->own.kinds;
}

static int exec_run(struct exec_options *options)
{
	AUTO_CLOSE int signals = -1;
	struct pipeline *pipeline;
	sigset_t mask;
	int r;

	/* before there is anything that it should not have */
	r = options->mask_output ? exec_mask_open(&options->mask, &options->user) : 0;
	if (r < 0) {
		log_error("can't mask the output: %s", strerror(-r));
		exec_mask_close(&options->mask);
		return EXIT_CODE_RUNTIME;
	}
	options->pipeline.probe.scope = SCOPE_TREE;
	exec_own_output(options);
	options->pipeline.told = exec_findings_add;
	options->pipeline.told_context = &options->findings;
	options->pipeline.scope_name = options->command[0];
	options->pipeline.store_needed = true;
	/* before there is any thread, so that no signal comes to one */
	signals = exec_signals_open(&mask);
	if (signals < 0) {
		log_error("can't receive signals: %s", strerror(errno));
		return EXIT_CODE_RUNTIME;
	}
	r = exec_findings_open(&options->findings);
	if (r == 0)
		r = pipeline_open(&options->pipeline, &pipeline);
	if (r == 0) {
		r = exec_watch(options, pipeline, signals, &mask);
		if (!exec_findings_end(&options->findings, !pipeline_lost(pipeline)) &&
		    options->has_exit_code)
			r = (int)options->exit_code;
		pipeline_close(pipeline);
	}
	exec_mask_close(&options->mask);
	return r;
}

static int exec_main(int argc, char **argv)
{
	struct exec_options options = {.pipeline = pipeline_defaults()};
	struct config *config;
	int r = config_load(argc, argv, &exec_taker, &options, &config);

	if (config)
		config_use(config, &options.pipeline);
	if (r == 0)
		r = exec_parse(argc, argv, &options);
	if (r < 0)
		r = command_help.main(2, (char *[]){"help", "exec", NULL});
	else if (r == 0)
		r = exec_run(&options);
	exec_findings_close(&options.findings);
	config_free(config);
	return r;
}

/* clang-format off */
const struct command command_exec = {
	.name = "exec",
	.summary = "watch one command and everything it starts",
	.usage =
		"Usage: spillwatch exec [OPTION…] -- COMMAND [ARGUMENT…]\n\n"
		"Runs COMMAND with this terminal, input and output, and raises an alert for each token that it\n"
		"or any of its descendants writes to a file, or prints (to what standard output and error are\n"
		"here, also a pipe or a terminal). Ends with COMMAND's exit status, or with 128 plus\n"
		"the signal that ended it; 127 if there is no such command. Silent if there is nothing to say.\n"
		"What outlives COMMAND is not watched any more, or with --wait, until it has ended or a\n"
		"SIGINT (Ctrl-C), SIGTERM, SIGHUP or SIGQUIT comes; as long as COMMAND runs, signals are for\n"
		"it. A SIGTERM meanwhile is handed on, and says that nothing is to be waited for.\n",
	.options = exec_entries,
	.monitors = true,
	.runs = true,
	.main = exec_main,
};
/* clang-format on */
