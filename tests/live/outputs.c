// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Outputs that are stuck, full, dead or closed: what that costs the others (nothing), and how it is told. */
#include "live.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A shell script that knows where everything is. Its standard output and error are the test's. */
static struct live_run script(const char *text)
{
	char command[4096];

	snprintf(command, sizeof(command),
		 "D=$(dirname %s); W=$(readlink -f %s); S=$(readlink -f %s); A=%s; "
		 /* a reader that reads nothing, until it is over; bounded, if it never is */
		 "sleeper() { for i in $(seq 1200); do [ -e $D/over ] && return; sleep 0.1; done; }; "
		 /* until it is so, for as long as a slow machine may take */
		 "await() { for i in $(seq 600); do \"$@\" && return; sleep 0.1; done; return 1; }; %s",
		 live_path("any"), live_writer("writer"),
		 getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch",
		 getenv("SPILLWATCH_ATTACH") ? getenv("SPILLWATCH_ATTACH") : "auto", text);
	return live_command(ARGS("sh", "-c", command));
}

/* Alerts of a token, in lines of JSON: also what was lost is told there. */
static size_t alerts_of(const char *text)
{
	size_t alerts = 0;

	for (const char *at = text; (at = strstr(at, "\"action\":\"token-written\"")); at++)
		alerts++;
	return alerts;
}

static size_t alerts_in(const char *name)
{
	struct live_run run = live_command(ARGS("cat", live_path(name)));
	size_t alerts = alerts_of(run.output);

	live_free(&run);
	return alerts;
}

static void check_has(const struct live_run *run, const char *text)
{
	if (!strstr(run->errors, text))
		fail_msg("no '%s' in: %s", text, run->errors);
}

/* So many ms, at most. */
static void check_took(const struct live_run *run, const char *what, long most)
{
	check_has(run, what);
	assert_in_range(strtol(strstr(run->errors, what) + strlen(what), NULL, 10), 1, most);
}

/* A pipe that nobody reads, beside the alert file: the file has all, and the end comes. */
static void test_stuck_pipe(void **state)
{
	struct live_run run =
		script("{ timeout -s KILL 100 $S exec --attach $A --ring-bytes 8388608 --alerts $D/alerts "
		       "--output json -- "
		       "$W storm $D/file 1500 0; echo status $? >&2; touch $D/over; } | sleeper; "
		       "[ -e $D/over ] || echo too late >&2");

	(void)state;
	check_has(&run, "status 0");
	check_has(&run, " alerts not delivered to standard output: it takes them too slowly, or not at all");
	assert_null(strstr(run.errors, "too late"));
	assert_int_equal(live_summary(&run, "alert"), alerts_in("alerts"));
	assert_true(live_summary(&run, "alerts not delivered to standard output") > 0);
	assert_true(live_summary(&run, "alerts not delivered to standard output") < alerts_in("alerts"));
	live_free(&run);
}

/* The same for what --exit-code says; a reader that is gone is told by name as well. */
static void test_dead_pipe(void **state)
{
	struct live_run run = script(
		"{ until [ -e $D/gone ]; do sleep 0.1; done; $S exec --attach $A --alerts $D/alerts --output "
		"json "
		"--exit-code 7 -- $W call write $D/file 40; echo status $? >&2; } | { exec <&-; touch "
		"$D/gone; }; "
		"$S exec --attach $A --alerts $D/alerts -- $W call write $D/file 41");

	(void)state;
	check_has(&run, "status 7");
	check_has(&run, "LOST: 1 alerts not delivered to standard output: Broken pipe");
	assert_int_equal(alerts_in("alerts"), 2);
	live_free(&run);
}

/* A full disk costs the alerts that it has no room for, and only there; when there is room, it goes on. */
static void test_full_disk(void **state)
{
	struct live_run run = script(
		"mkdir $D/disk; unshare -m sh -c 'mount -t tmpfs -o size=64k none $0/disk || exit 9; "
		"$2 exec --attach $3 --ring-bytes 8388608 --alerts $0/disk/alerts --output json -- "
		"sh -c \"$1 storm $0/file 200 0; until grep -q \\\"not delivered\\\" $0/errors; do "
		"sleep 0.1; done; "
		"cat $0/disk/alerts > $0/first; : > $0/disk/alerts; $1 call write $0/file 424242\"; echo "
		"status $? >&2; "
		"cat $0/disk/alerts > $0/second' $D $W $S $A");

	(void)state;
	check_has(&run, "status 0");
	check_has(&run, "lost just now: ");
	check_has(&run, "disk/alerts: No space left on device");
	assert_int_equal(live_summary(&run, " alert"), 201);
	assert_null(strstr(run.errors, "standard output"));
	assert_int_equal(alerts_of(run.output), 201);
	/* the torn one stands on a line of its own */
	assert_true(alerts_in("first") < 200);
	assert_true(alerts_in("second") > 0);
	live_free(&run);
}

/* A bound of the alert file: two files of that size at most; an alert that is as long as they get is cut. */
static void test_alerts_bytes(void **state)
{
	struct live_run run =
		script("$S exec --attach $A --ring-bytes 8388608 --alerts $D/alerts --alerts-bytes 65536 "
		       "--output json -- "
		       "$W storm $D/file 200 0; "
		       /* 14 directories of control characters, as the working directory and in the path */
		       "cd $D; N=$(printf '%0250d' 0 | tr 0 '\\001'); for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 "
		       "14; do mkdir $N; "
		       "cd $N; done; E=$(printf '%02000d' 0 | tr 0 '\\033'); $S exec --attach $A --alerts "
		       "$D/long -- "
		       "sh -c '$0 call write ./file 7' $W $E");
	struct stat st;

	(void)state;
	assert_int_equal(stat(live_path("alerts.1"), &st), 0);
	assert_true(st.st_size > 40000 && st.st_size <= 65536);
	assert_int_equal(stat(live_path("alerts"), &st), 0);
	assert_true(st.st_size <= 65536);
	assert_int_equal(alerts_of(run.output), 200);
	assert_int_equal(alerts_in("long"), 1);
	assert_int_equal(stat(live_path("long"), &st), 0);
	assert_true(st.st_size > 2048 && st.st_size <= 16384);
	live_free(&run);
}

/* Told to end while nobody reads standard output, nor error: ends, and the alert file has all. */
static void check_term(const char *output)
{
	char text[2048];
	struct live_run run;

	snprintf(text, sizeof(text),
		 "C=%s/spillwatch-outputs-$$; mkdir $C; "
		 "{ $S run --no-store --attach $A --cgroup $C --alerts $D/alerts --output %s & "
		 "echo $! > $D/pid; wait $!; echo status $? > $D/status; touch $D/over; } | sleeper & "
		 "await [ -s $D/pid ]; await grep -q watching $D/errors $D/own 2>/dev/null; "
		 "( echo 0 > $C/cgroup.procs; exec $W storm $D/file 500 0 ); "
		 "await sh -c \"[ \\$(wc -l < $D/alerts) -gt 400 ]\"; kill $(cat $D/pid); "
		 /* two seconds, and a slow machine's share */
		 "for i in $(seq 100); do [ -e $D/status ] && break; sleep 0.1; done; "
		 "[ -e $D/status ] || { echo too late >&2; kill -9 $(cat $D/pid); touch $D/over; }; "
		 "wait; rmdir $C; cat $D/status >&2; cat $D/own >&2 2>/dev/null",
		 live_cgroup_root(), output);
	run = script(text);
	check_has(&run, "status 0");
	assert_null(strstr(run.errors, "too late"));
	assert_true(alerts_in("alerts") > 400);
	if (strcmp(output, "json") == 0)
		check_has(&run, " alerts not delivered to standard output: ");
	live_free(&run);
}

static void test_term_stuck(void **state)
{
	(void)state;
	check_term("json");
}

/* What was said is read up to there, and then never again. */
static void test_term_stuck_errors(void **state)
{
	(void)state;
	check_term("text 2>&1");
}

/* A file system whose server is stopped, where alert file and store are to be: in a mount namespace, and gone with it. */
#define STOPPED                                                                              \
	"mkdir $D/below $D/dead; cat > $D/mounted <<'E'\n"                                   \
	"await() { for i in $(seq 600); do \"$@\" && return; sleep 0.1; done; return 1; }\n" \
	"bindfs -f $D/below $D/dead & B=$!\n"                                                \
	"trap 'kill -KILL $B; wait $B; umount -l $D/dead' EXIT\n"                            \
	"await mountpoint -q $D/dead || { echo no bindfs >&2; exit 1; }\n"                   \
	"export B S W D A\n"                                                                 \
	". $D/then\n"                                                                        \
	"E\n"                                                                                \
	"cat > $D/then <<'E'\n"
#define STOPPED_RUN "E\nexport D W S A; unshare -m sh $D/mounted"

/* Nothing of a start hangs in them: the others have their alerts, and these two as soon as they answer. */
static void test_start_stuck(void **state)
{
	struct live_run run = script(
		STOPPED "kill -STOP $B\n"
			"timeout -s KILL 100 $S exec --attach $A --alerts $D/dead/alerts --store "
			"$D/dead/store --output json -- $W call write $D/file 40\n"
			"echo status $? >&2\n"
			"timeout -s KILL 100 $S exec --attach $A --alerts $D/dead/alerts --store "
			"$D/dead/store --output json -- sh -c '$W call write $D/file 41; kill -CONT $B; "
			"until grep -qs token-written $D/below/alerts && [ -s $D/below/store ]; do "
			"sleep 0.1; done'\n"
			"echo again $? >&2\n"
			"$S audit --store $D/dead/store --json | grep -c '\"identifier\"' >&2\n" STOPPED_RUN);

	(void)state;
	check_has(&run, "dead/alerts does not answer; alerts wait for it, and the others go on");
	check_has(&run, "can't be opened yet, alerts go on: it does not answer");
	check_has(&run, "status 0");
	check_has(&run, " alerts not delivered to ");
	check_has(&run, " writes of tokens that the store could not take");
	check_has(&run, "again 0");
	check_has(&run, "the store works again");
	assert_int_equal(alerts_of(run.output), 2);
	live_free(&run);
}

/*
 * Told to end while both hang: says what did not arrive within two seconds. Of the process, what the kernel itself keeps is left until
 * the server answers: each file that is closed is flushed there (fuse_flush()), also by SIGKILL.
 */
static void test_term_dead(void **state)
{
	char text[4096];
	struct live_run run;

	(void)state;
	snprintf(text, sizeof(text),
		 STOPPED "C=%s/spillwatch-outputs-$$; mkdir $C\n"
			 "$S run --no-pin --attach $A --cgroup $C --alerts $D/dead/alerts --store "
			 "$D/dead/store --output json & P=$!\n"
			 "await grep -q watching $D/errors\n"
			 "kill -STOP $B\n"
			 "( echo 0 > $C/cgroup.procs; exec $W storm $D/file 50 0 )\n"
			 "await sh -c '[ $(grep -c token-written $D/output) -ge 50 ]'\n"
			 "T=$(date +%%s%%N); kill $P; await grep -q could.not.take $D/errors\n"
			 "echo ended after $(( ($(date +%%s%%N) - T) / 1000000 )) ms >&2\n"
			 "kill -CONT $B; wait $P; echo status $? >&2\n"
			 "rmdir $C\n" STOPPED_RUN,
		 live_cgroup_root());
	run = script(text);
	check_has(&run, "status 0");
	check_has(&run, " alerts not delivered to ");
	check_has(&run, " writes of tokens that the store could not take");
	/* two seconds, and a slow machine's share */
	check_took(&run, "ended after ", 5000);
	live_free(&run);
}

/* The tokens of a storm, and two others, are alerted, and the monitor is asked to end; how long each took, in ms. */
#define TOLD                                                              \
	"await sh -c '[ $(grep -c token-written $D/alerts) -ge 52 ]'\n"   \
	"echo told after $(( ($(date +%%s%%N) - T) / 1000000 )) ms >&2\n" \
	"T=$(date +%%s%%N); kill $P; wait $P; echo status $? >&2\n"       \
	"echo ended after $(( ($(date +%%s%%N) - T) / 1000000 )) ms >&2\n"

/* As TOLD says it. */
static void check_told(const struct live_run *run, long most)
{
	check_took(run, "told after ", most);
	check_took(run, "ended after ", most);
	assert_int_equal(alerts_in("alerts"), 52);
}

/*
 * A runtime's directory where nobody answers, and a process whose arguments can't be read: those tokens are alerted without what would have been
 * said there, and the others as ever.
 */
static void test_facts_dead(void **state)
{
	char text[4096];
	struct live_run run;

	(void)state;
	snprintf(text, sizeof(text),
		 STOPPED
		 "C=%s/spillwatch-outputs-$$; I=docker-$(printf %%064d 7).scope; mkdir $C $C/$I\n"
		 "mount -t tmpfs none /var/lib; mkdir -p /var/lib/docker $D/below/containers\n"
		 "truncate -s 1M $D/below/memory; mount --bind $D/dead /var/lib/docker\n"
		 "$S run --no-pin --attach $A --cgroup $C --alerts $D/alerts --output json & P=$!\n"
		 "await grep -q watching $D/errors\n"
		 "( echo 0 > $C/cgroup.procs; exec $W unasked $D/dead/memory $B $D/first 60 ) & U=$!\n"
		 "await grep -q '. T ' /proc/$B/stat\n"
		 "T=$(date +%%s%%N)\n"
		 "( echo 0 > $C/$I/cgroup.procs; exec $W call write $D/second 61 )\n"
		 "( echo 0 > $C/cgroup.procs; exec $W storm $D/file 50 0 )\n" TOLD
		 "kill -KILL $U; kill -CONT $B; wait $U; rmdir $C/$I $C\n" STOPPED_RUN,
		 live_cgroup_root());
	run = script(text);
	check_has(&run, "status 0");
	check_has(&run, " and its file system did not answer in time");
	/* a second, or two; who waits for what hangs waits for a minute */
	check_told(&run, 20000);
	live_free(&run);
}

/*
 * Who writes has its root directory where nobody answers, once under the name of a program that is asked more: what it writes is alerted, others' is within a
 * second, and the end comes.
 */
static void test_root_dead(void **state)
{
	char text[4096];
	struct live_run run;

	(void)state;
	snprintf(text, sizeof(text),
		 STOPPED "C=%s/spillwatch-outputs-$$; I=$(printf %%064d 7); mkdir -p $C $D/containers/$I; cp "
			 "$W $D/dockerd\n"
			 "$S run --no-pin --attach $A --cgroup $C --alerts $D/alerts --output json & P=$!\n"
			 "await grep -q watching $D/errors\n"
			 "( echo 0 > $C/cgroup.procs; exec $D/dockerd rooted $D/dead $B "
			 "$D/containers/$I/$I-json.log 60 ) & U=$!\n"
			 "await grep -q '. T ' /proc/$B/stat\n"
			 "T=$(date +%%s%%N)\n"
			 "( echo 0 > $C/cgroup.procs; exec $W storm $D/file 50 0 )\n" TOLD
			 "kill -KILL $U; kill -CONT $B; wait $U; rmdir $C\n" STOPPED_RUN,
		 live_cgroup_root());
	run = script(text);
	check_has(&run, "status 0");
	/* a second and two, and a slow machine's share */
	check_told(&run, 5000);
	live_free(&run);
}

/* Closed standard descriptors: what is meant for them lands nowhere else, and is no success. */
static void test_closed(void **state)
{
	struct live_run run = script(
		"$S exec --attach $A --alerts $D/alerts --output text -- $W call write $D/file 43 2>&-; "
		"$S exec --attach $A --alerts $D/alerts --output text -- $W call write $D/file 44 <&- >&- "
		"2>&-; "
		"$S exec --attach $A --alerts $D/json --output json --exit-code 8 -- true >&-; echo quiet $? "
		">&2; "
		"$S exec --attach $A --alerts - -- $W call write $D/file 45 >&-; "
		/* the command finds them as they were */
		"$S exec -- sh -c 'ls /proc/$$/fd > $0/fds' $D <&- 2>&-; "
		"$S scan - <&- ; echo scan $? >&2; $S mask <&-; echo mask $? >&2; "
		"$S mask < $D/file >&-; echo out $? >&2; $S scan $D/file >&-; echo found $? >&2");
	struct live_run file;

	(void)state;
	file = live_command(ARGS("grep", "-vc", "^{", live_path("alerts")));
	assert_string_equal(file.output, "0\n");
	live_free(&file);
	assert_int_equal(alerts_in("alerts"), 2);
	file = live_command(ARGS("grep", "-xc", "[02]", live_path("fds")));
	assert_string_equal(file.output, "0\n");
	live_free(&file);
	check_has(&run, "quiet 0");
	check_has(&run, "1 alerts not delivered to standard output: Bad file descriptor");
	check_has(&run, "scan 3");
	check_has(&run, "mask ");
	assert_null(strstr(run.errors, "mask 0"));
	assert_null(strstr(run.errors, "out 0"));
	assert_null(strstr(run.errors, "found 0"));
	live_free(&run);
}

/*
 * Two follow, one daemon after the other: as JSON they get what the alert file has, byte by byte, also of the last moment. Then
 * there is nothing to follow, and no place for a socket.
 */
static void test_follow(void **state)
{
	struct live_run run = script(
		"export S W D; "
		"cat > $D/one <<'E'\n"
		"$S follow --socket $D/s --output json > $D/json 2> $D/said & echo $! > $D/pids\n"
		"$S follow --socket $D/s --output text > $D/text 2> $D/said.text & echo $! >> $D/pids\n"
		"until grep -q following $D/said && grep -q following $D/said.text; do sleep 0.05; done\n"
		"stat -c 'mode %a' $D/s\n"
		"$W call write $D/file 40\n"
		"E\n"
		"timeout 100 $S exec --attach $A --alerts $D/alerts --socket $D/s -- sh $D/one; "
		"[ -e $D/s ] && echo the socket is left; "
		"timeout 100 $S exec --attach $A --alerts $D/alerts --socket $D/s -- sh -c \"until "
		"[ \\$(grep -c following $D/said) -ge 2 ]; do sleep 0.05; done; $W call write $D/file 41\"; "
		"await cmp -s $D/alerts $D/json || cmp $D/alerts $D/json; kill $(cat $D/pids); cat $D/text; "
		"$S follow --socket $D/s; echo status $? >&2; "
		"$S exec --attach $A --socket $D/alerts -- true; echo status $? >&2");

	(void)state;
	assert_int_equal(alerts_in("alerts"), 2);
	assert_non_null(strstr(run.output, "mode 600\n"));
	assert_null(strstr(run.output, "left"));
	assert_null(strstr(run.output, "differ"));
	assert_non_null(strstr(run.output, "ALERT   writer (pid "));
	check_has(&run, "no daemon listens at ");
	check_has(&run, "status 3\nspillwatch: can't write alerts to ");
	check_has(&run, "what is there is no socket");
	live_free(&run);
}

/* Those of a configuration: each in its form, with what it is for, and its losses by its name. */
static void test_configured(void **state)
{
	struct live_run run =
		script("cat > $D/c.yaml <<E\n"
		       "outputs:\n"
		       "  - {file: $D/text, format: text}\n"
		       "  - {file: $D/grave, filter: {severity: critical}}\n"
		       "  - {file: $D/one, mode: '0640', filter: {match: {path: '/**/special'}}}\n"
		       "  - {file: /dev/full, name: the full one}\n"
		       "  - {socket: $D/s, mode: '0666'}\n"
		       "  - {program: [/bin/sh, -c, 'cat > $D/program; grep CapEff /proc/self/status >> "
		       "$D/program']}\n"
		       "  - {program: [/bin/sh, -c, 'cat >> $D/each; echo one >> $D/starts'], name: one "
		       "each, per_alert: "
		       "true}\n"
		       "  - {program: [/bin/sh, -c, 'exit 1'], name: the failing one, per_alert: true}\n"
		       "rules:\n"
		       "  - {name: special, match: {path: '/**/special'}, severity: critical}\n"
		       "E\n"
		       "umask 022; $S check --config $D/c.yaml; "
		       "$S exec --attach $A --config $D/c.yaml --alerts $D/alerts -- sh -c \"$W call write "
		       "$D/file 40; "
		       "$W call write $D/special 41; stat -c 'mode %a' $D/s $D/one\"; "
		       "grep -c . $D/starts; cat $D/text; wc -l < $D/text; tail -n 1 $D/program; "
		       "$S exec --attach $A --config $D/c.yaml --alerts $D/one -- true; echo status $? >&2");

	(void)state;
	assert_int_equal(alerts_in("alerts"), 2);
	assert_int_equal(alerts_in("grave"), 1);
	assert_int_equal(alerts_in("one"), 1);
	assert_int_equal(alerts_in("program"), 2);
	assert_int_equal(alerts_in("each"), 2);
	assert_true(atoi(strstr(run.output, "mode 640\n") + strlen("mode 640\n")) >= 2);
	check_has(&run, "LOST: 2 alerts not delivered to the failing one: Remote I/O error");
	assert_non_null(strstr(run.output, "CapEff:\t0000000000000000\n"));
	assert_non_null(strstr(run.output, "mode 666\nmode 640\n"));
	assert_non_null(strstr(run.output, "rule: special)"));
	/* losses are told to each */
	assert_non_null(strstr(run.output, "  LOST    lost just now: "));
	check_has(&run, "LOST: 2 alerts not delivered to the full one: No space left on device");
	check_has(&run, "there are two outputs to ");
	check_has(&run, "status 3");
	live_free(&run);
}

const struct CMUnitTest live_outputs[] = {
	cmocka_unit_test_setup_teardown(test_stuck_pipe, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_dead_pipe, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_full_disk, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_term_stuck, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_term_stuck_errors, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_alerts_bytes, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_start_stuck, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_term_dead, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_facts_dead, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_root_dead, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_closed, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_follow, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_configured, live_setup, live_teardown),
};
const size_t live_outputs_count = sizeof(live_outputs) / sizeof(*live_outputs);
