// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Daemons one after the other: what is written while there is none, what one had not delivered when it was killed, and that
 * nothing is left in the end. Each in a cgroup and a BPF file system of its own.
 *
 * From the environment: RESTART_KILLS, how often test_restart_killed kills.
 */
#include "live.h"

#include "capture/probe.h"
#include "known.h"
#include "lib/cleanup.h"
#include "token_key.h"
#include "spillwatch.skel.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTART_KILLS 3
/* Tokens between two kills, 100 a second. */
#define RESTART_TOKENS 150

/*
 * For sh: "daemon OPTION…" starts one and waits until it watches, "inside COMMAND…" runs a command in the cgroup, "await COMMAND…" until
 * it succeeds. What daemons say goes to $SAID, alerts to $ALERTS.
 */
static const char restart_shell[] =
	"n=0; await() { for i in $(seq 1200); do \"$@\" && return; sleep 0.1; done; echo \"waited for $*\" "
	">&2; }; "
	"said() { [ $(grep -c \"$1\" $SAID) -ge $2 ]; }; "
	"alerts() { [ $(wc -l < $ALERTS) -ge $1 ]; }; "
	"daemon() { n=$((n + 1)); $SPILLWATCH run --attach $ATTACH --cgroup $GROUP --pin $PIN --alerts "
	"$ALERTS "
	"--store $STORE --ring-bytes ${RING:-16777216} --output text \"$@\" 2>> $SAID & watcher=$!; "
	"await said watching $n; }; "
	"end() { kill -$1 $watcher; wait $watcher; }; "
	"inside() { (echo 0 > $GROUP/cgroup.procs; exec \"$@\"); }; "
	": > $SAID; : > $ALERTS; ";

static const char *restart_group(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/spillwatch-restart-%d", live_cgroup_root(), getpid());
	return path;
}

static int restart_setup(void **state)
{
	int r = live_setup(state);

	if (mkdir(live_path("bpf"), 0755) < 0 || mount("bpf", live_path("bpf"), "bpf", 0, NULL) < 0 ||
	    mkdir(restart_group(), 0755) < 0)
		fail_msg("can't make a BPF file system and a cgroup");
	setenv("PIN", live_path("bpf/sw"), 1);
	setenv("GROUP", restart_group(), 1);
	setenv("SAID", live_path("said"), 1);
	setenv("ALERTS", live_path("daemon-alerts"), 1);
	setenv("STORE", live_path("store"), 1);
	setenv("FILE", live_path("file"), 1);
	setenv("WRITER", live_writer("writer"), 1);
	setenv("ATTACH", getenv("SPILLWATCH_ATTACH") ? getenv("SPILLWATCH_ATTACH") : "auto", 1);
	setenv("SPILLWATCH", getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch", 1);
	return r;
}

static int restart_teardown(void **state)
{
	rmdir(restart_group());
	umount2(live_path("bpf"), MNT_DETACH);
	return live_teardown(state);
}

static struct live_run restart_run(const char *script)
{
	char command[8192];

	snprintf(command, sizeof(command), "%s%s", restart_shell, script);
	return live_command(ARGS("sh", "-c", command));
}

static char *restart_text(const char *path)
{
	struct live_run run = live_command(ARGS("cat", path));
	char *text = strdup(run.output);

	live_free(&run);
	return text;
}

/* How often a text stands in another. */
static size_t restart_times(const char *text, const char *what)
{
	size_t times = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		times++;
	return times;
}

static void restart_said(const char *what)
{
	char *said = restart_text(live_path("said"));

	if (!strstr(said, what))
		fail_msg("'%s' was not said: %s", what, said);
	free(said);
}

/* As audit writes a number below a million; static. */
static const char *restart_number(size_t number)
{
	static char text[32];

	if (number < 1000)
		snprintf(text, sizeof(text), "%zu", number);
	else
		snprintf(text, sizeof(text), "%zu,%03zu", number / 1000, number % 1000);
	return text;
}

/* Each alert has an id, and no two the same, whichever daemons made them. */
static void restart_ids(void)
{
	struct live_run run = live_command(ARGS("sh", "-c",
						"grep -c '\"identifier\"' \"$ALERTS\"; grep '\"identifier\"' "
						"\"$ALERTS\" | grep -o '\"id\":\"[0-9a-f]*-[0-9a-f]*\"' "
						"| sort -u | wc -l"));
	char *second = strchr(run.output, '\n');

	assert_non_null(second);
	if (strtoul(run.output, NULL, 10) != strtoul(second, NULL, 10))
		fail_msg("alerts, ids: %s", run.output);
	live_free(&run);
}

/* Tokens 0 … count - 1, once each: in the alert file and in the store. */
static void restart_check(size_t count)
{
	char *alerts = restart_text(live_path("daemon-alerts"));
	struct live_run run;
	char stored[64];

	for (size_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);
		char identifier[MAKER_IDENTIFIER_LEN + 32];

		snprintf(identifier, sizeof(identifier), "\"identifier\":\"%s\"", token.identifier);
		if (restart_times(alerts, identifier) != 1) {
			char *said = restart_text(live_path("said"));

			fail_msg("token %zu of %zu was alerted %zu times: %s", i, count,
				 restart_times(alerts, identifier), said);
		}
	}
	free(alerts);
	restart_ids();
	snprintf(stored, sizeof(stored), "%s leaked tokens", restart_number(count));
	run = live_command(ARGS("spillwatch", "audit", "--store", live_path("store"), "--limit", "1"));
	if (!strstr(run.output, stored))
		fail_msg("%s", run.output);
	snprintf(stored, sizeof(stored), ", %s writes", restart_number(count));
	if (!strstr(run.output, stored))
		fail_msg("%s", run.output);
	live_free(&run);
}

/* Nothing is left: no pin, and so no program, link or map. */
static void restart_gone(void)
{
	struct stat st;

	if (stat(live_path("bpf/sw"), &st) == 0)
		fail_msg("pins are left");
}

/* Killed by force in a stream of tokens, and started again: each is alerted, none twice, all are in the store. */
static void test_restart_killed(void **state)
{
	const char *given = getenv("RESTART_KILLS");
	size_t kills = given ? strtoul(given, NULL, 10) : RESTART_KILLS;
	char script[2048];
	struct live_run run;

	(void)state;
	snprintf(script, sizeof(script),
		 "daemon; inside $WRITER storm $FILE %zu 100 & writer=$!; "
		 "for kill in $(seq %zu); do await alerts $((kill * 30)); sleep 0.$((kill * 37 %% 100)); "
		 "kill -9 $watcher; wait $watcher 2> /dev/null; sleep 0.5; daemon; done; "
		 "wait $writer; await alerts %zu; end INT",
		 kills * RESTART_TOKENS, kills, kills * RESTART_TOKENS);
	run = restart_run(script);
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	live_free(&run);
	restart_check(kills * RESTART_TOKENS);
	restart_said("goes on where another daemon died");
	restart_gone();
}

/* What a ring that nobody empties has no room for is found in the file by the next daemon, once. */
static void test_restart_late(void **state)
{
	struct live_run run =
		restart_run("RING=4096; daemon; kill -9 $watcher; wait $watcher 2> /dev/null; "
			    "inside $WRITER storm $FILE 40 0; daemon; await alerts 40; end INT; "
			    /* that one names a token as well */
			    "sed -i /token-flood/d $ALERTS");

	(void)state;
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	live_free(&run);
	restart_check(40);
	restart_said("were found late");
	restart_gone();
}

/* Ended in order, as a service manager does it; then for good, by a person. */
static void test_restart_ended(void **state)
{
	struct live_run run =
		/* what lies there and nobody knows is removed, in the end */
		restart_run("mkdir -p $PIN/7; daemon; inside $WRITER storm $FILE 100 0; end TERM || exit 1; "
			    "inside $WRITER call write $FILE.2 100; daemon; await alerts 101; end TERM; "
			    /* a token that is known already */
			    "inside $WRITER call write $FILE.3 101; daemon; await alerts 102; end INT");

	(void)state;
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	live_free(&run);
	restart_check(102);
	restart_said("goes on where another daemon ended");
	restart_gone();
}

/* `stop` ends a daemon, and removes what one has left. */
static void test_restart_stop(void **state)
{
	struct live_run run =
		restart_run("daemon; $SPILLWATCH stop --pin $PIN || exit 1; wait $watcher || exit 2; "
			    "test -e $PIN && exit 3; daemon; kill -9 $watcher; wait $watcher; "
			    "test -e $PIN || exit 4; $SPILLWATCH stop --pin $PIN || exit 5; "
			    "test -e $PIN && exit 6; $SPILLWATCH stop --pin $PIN");

	(void)state;
	if (run.status || !strstr(run.errors, "the daemon has ended") ||
	    !strstr(run.errors, "had left are detached") || !strstr(run.errors, "nothing is pinned"))
		fail_msg("status %d: %s", run.status, run.errors);
	live_free(&run);
	restart_gone();
}

/* Two daemons don't share what is pinned, nor a store; where nothing can be pinned, who asked for it is told. */
static void test_restart_second(void **state)
{
	struct live_run run =
		restart_run("daemon; echo \"pid $watcher\"; $SPILLWATCH run --attach $ATTACH "
			    "--cgroup $GROUP --pin $PIN --no-store; "
			    "echo \"status $?\"; $SPILLWATCH run --attach $ATTACH --cgroup $GROUP "
			    "--pin ${PIN}2 --store $STORE; echo \"status $?\"; test -e ${PIN}2 && echo left; "
			    "end INT; $SPILLWATCH run --cgroup $GROUP "
			    "--pin $FILE.dir --no-store; echo \"status $?\"");
	char *pid;

	(void)state;
	pid = strstr(run.output, "pid ");
	if (!pid || !strstr(run.output, "status 3\nstatus 3\nstatus 3\n"))
		fail_msg("%s%s", run.output, run.errors);
	pid[strcspn(pid, "\n")] = '\0';
	if (!strstr(run.errors, pid) || !strstr(run.errors, "another daemon watches"))
		fail_msg("%s", run.errors);
	if (!strstr(run.errors, "another daemon writes to the store"))
		fail_msg("%s", run.errors);
	if (!strstr(run.errors, "BPF file system"))
		fail_msg("%s", run.errors);
	live_free(&run);
	restart_gone();
}

/* `reload`: what is wrong is said to whoever asks, and the daemon hears nothing of it; else it reads it. */
static void test_restart_reload(void **state)
{
	struct live_run run =
		restart_run("printf 'rules:\\n  - name: all\\n    match: {}\\n    action: allow\\n' > "
			    "$FILE.yaml; chmod 600 $FILE.yaml; "
			    "$SPILLWATCH reload --config $FILE.yaml --pin $PIN; echo \"status $?\"; "
			    "daemon --config $FILE.yaml; sed -i s/allow/alow/ $FILE.yaml; "
			    "$SPILLWATCH reload --config $FILE.yaml --pin $PIN; echo \"status $?\"; "
			    "sed -i 's/action: alow/severity: low/' $FILE.yaml; "
			    "$SPILLWATCH reload --config $FILE.yaml --pin $PIN; echo \"status $?\"; await "
			    "said 'read anew' 1; "
			    "inside $WRITER call write $FILE 0; await alerts 1; end INT");

	(void)state;
	if (!strstr(run.output, "status 1\n") || !strstr(run.output, "status 3\n") ||
	    !strstr(run.output, "status 0\n"))
		fail_msg("%s%s", run.output, run.errors);
	if (!strstr(run.errors, "no daemon has") || !strstr(run.errors, "found 'alow'"))
		fail_msg("%s", run.errors);
	live_free(&run);
	restart_gone();
}

/* Nobody comes back: the programs do nothing any more. Who comes after all says how long that was. */
static void test_restart_lease(void **state)
{
	struct live_run run = restart_run(
		"daemon --pin-seconds 1; inside $WRITER call write $FILE.0 0; await alerts 1; sleep 3; "
		"kill -9 $watcher; wait $watcher; sleep 4; inside $WRITER call write $FILE.1 1; "
		"daemon; inside $WRITER call write $FILE.2 2; await alerts 2; end INT");
	struct maker_token asleep = maker_token(1);
	char *alerts;

	(void)state;
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	live_free(&run);
	alerts = restart_text(live_path("daemon-alerts"));
	assert_null(strstr(alerts, asleep.identifier));
	assert_int_equal(restart_times(alerts, "\"identifier\""), 2);
	free(alerts);
	restart_said("nobody watched for ");
	restart_gone();
}

/* Another program takes the place of the one that is attached: nothing is missed in between. */
static void test_restart_replaced(void **state)
{
	struct live_run run =
		restart_run("daemon; inside $WRITER storm $FILE 50 0; await alerts 50; end TERM; "
			    "inside $WRITER call write $FILE.2 50; "
			    "daemon --inspect-bytes 1000000; inside $WRITER call write $FILE.3 51; "
			    "await alerts 52; end INT");

	(void)state;
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	live_free(&run);
	restart_check(52);
	restart_said("replaced the programs of another daemon");
	restart_gone();
}

/* The programs' variables, of the daemon that is pinned; NULL: none is, yet. */
static struct spillwatch_bpf__bss *restart_variables(void)
{
	const char *directory = live_path("bpf/sw/1");
	DIR *names = opendir(directory);
	struct spillwatch_bpf__bss *bss = MAP_FAILED;
	const struct dirent *entry;
	char path[1024];
	size_t len;

	while (names && (entry = readdir(names))) {
		AUTO_CLOSE int fd = -1;

		len = strlen(entry->d_name);
		if (strncmp(entry->d_name, "map:", 4) != 0 || len < 4 ||
		    strcmp(entry->d_name + len - 4, "_bss") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		fd = bpf_obj_get(path);
		if (fd >= 0)
			bss = mmap(NULL, sizeof(*bss), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	if (names)
		closedir(names);
	return bss == MAP_FAILED ? NULL : bss;
}

/* Once the daemon watches, it is made a stranger to its programs: what it writes itself is not in their scope any more. */
static pid_t restart_blind(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (int i = 0; i < 6000; i++) {
		struct spillwatch_bpf__bss *bss = NULL;

		if (system("grep -q watching \"$SAID\" 2>/dev/null") == 0)
			bss = restart_variables();
		if (bss) {
			bss->self_tgid = 0;
			_exit(0);
		}
		usleep(20000);
	}
	_exit(1);
}

/* A daemon that sees nothing any more says so, and ends, and its programs with it: whoever supervises it starts another one. */
static void test_restart_blind(void **state)
{
	pid_t pid = restart_blind();
	struct live_run run = restart_run("daemon; wait $watcher; echo ended $?; daemon; "
					  "inside $WRITER storm $FILE 2 0; await alerts 2; end INT");
	int status;

	(void)state;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	if (run.status || !strstr(run.output, "ended 1"))
		fail_msg("status %d, %s: %s", run.status, run.output, run.errors);
	live_free(&run);
	restart_check(2);
	restart_said("what is written does not come through");
	restart_said("nothing of what is written comes through");
	restart_gone();
}

/* How a daemon is, while it runs, while it hangs, and when it was killed; a token's public portion is nobody's business there. */
static void test_restart_status(void **state)
{
	struct live_run run = restart_run(
		"status() { echo \"== $1\"; $SPILLWATCH status --pin $PIN 2>&1; echo \"ended $?\"; }; "
		"status none; daemon; inside $WRITER storm $FILE 3 0; await alerts 3; "
		"comes() { $SPILLWATCH status --pin $PIN | grep -q \"$1\"; }; "
		"await comes 'canary  *came back'; await comes 'alerts  *3'; status well; "
		"$SPILLWATCH status --pin $PIN --output json; "
		"kill -STOP $watcher; await comes HANGS; status hangs; kill -CONT $watcher; "
		"kill -9 $watcher; wait $watcher; status killed; daemon; end INT; status ended");
	struct maker_token token = maker_token(0);
	const char *well, *json, *hangs, *killed, *ended;

	(void)state;
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	well = strstr(run.output, "== well");
	json = strstr(run.output, "\n{\"");
	hangs = strstr(run.output, "== hangs");
	killed = strstr(run.output, "== killed");
	ended = strstr(run.output, "== ended");
	if (!well || !json || !hangs || !killed || !ended)
		fail_msg("%s", run.output);
	assert_true(strstr(run.output, "no daemon has pinned anything") < well);
	/* what is in force, and how full the ring is */
	if (!strstr(well, "\nrules       0 in force\ncontainers  ") ||
	    !strstr(well, "\nring        0 % full: "))
		fail_msg("%s", well);
	assert_non_null(strstr(json, "\"ring\":{\"bytes\":"));
	assert_true(strstr(well, "ended 0") < json);
	assert_non_null(strstr(json, "\"raised\":3,"));
	assert_non_null(strstr(json, "\"running\":true"));
	assert_true(strstr(hangs, "the daemon HANGS") < killed && strstr(hangs, "ended 1") < killed);
	assert_non_null(strstr(killed, "there is no daemon any more"));
	assert_non_null(strstr(ended, "no daemon has pinned anything"));
	assert_null(strstr(run.output, token.identifier));
	live_free(&run);
	restart_gone();
}

static int nothing(void *context, void *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return 0;
}

/* Where nothing can be pinned it is said, and what is attached then never falls asleep. */
static void test_restart_unpinned(void **state)
{
	struct probe_options options = {.scope = SCOPE_TREE,
					.watch = FILE_KINDS_DEFAULT,
					.pin = live_path("no-bpf"),
					.pin_seconds = 1};
	struct probe_failure failures[PROBE_ATTACHMENT_MAX];
	struct probe *probe;

	(void)state;
	assert_int_equal(mkdir(live_path("no-bpf"), 0700), 0);
	assert_int_equal(probe_start(&options, nothing, NULL, failures, &probe), 0);
	assert_int_equal(probe_pinned(probe), -EMEDIUMTYPE);
	assert_false(probe_leased(probe));
	probe_stop(probe);
	options.pin_needed = true;
	assert_int_equal(probe_start(&options, nothing, NULL, failures, &probe), -EMEDIUMTYPE);
	assert_int_equal(failures[PROBE_AUTO].pin, -EMEDIUMTYPE);
	/* it was there before */
	assert_int_equal(rmdir(live_path("no-bpf")), 0);
}

const struct CMUnitTest live_restart[] = {
	cmocka_unit_test_setup_teardown(test_restart_killed, restart_setup, restart_teardown),
};
const size_t live_restart_count = sizeof(live_restart) / sizeof(*live_restart);

const struct CMUnitTest live_restart_commands[] = {
	cmocka_unit_test_setup_teardown(test_restart_late, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_ended, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_stop, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_second, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_reload, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_lease, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_replaced, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_status, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_blind, restart_setup, restart_teardown),
	cmocka_unit_test_setup_teardown(test_restart_unpinned, restart_setup, restart_teardown),
};
const size_t live_restart_commands_count = sizeof(live_restart_commands) / sizeof(*live_restart_commands);
