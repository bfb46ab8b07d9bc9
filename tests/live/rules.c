// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The configuration: what a rule allows is not alerted but stored, mistakes are told, and a running daemon takes new rules. */
#include "live.h"

#include <stdlib.h>
#include <string.h>

/* A shell script that knows where everything is; `rule TEXT` makes a configuration of one rule. */
static struct live_run script(const char *text)
{
	char command[8192];

	snprintf(command, sizeof(command),
		 "D=$(dirname %s); W=$(readlink -f %s); S=$(readlink -f %s); A=%s; "
		 "rule() { printf 'rules:\\n  - %%s\\n' \"$*\" > $D/c.yaml; }; "
		 /* until it is so, for as long as a slow machine may take */
		 "await() { for i in $(seq 3000); do \"$@\" && return; sleep 0.02; done; echo too late >&2; "
		 "return 1; }; "
		 "%s",
		 live_path("any"), live_writer("writer"),
		 getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch",
		 getenv("SPILLWATCH_ATTACH") ? getenv("SPILLWATCH_ATTACH") : "auto", text);
	return live_command(ARGS("sh", "-c", command));
}

static void check_has(const struct live_run *run, const char *text)
{
	if (!strstr(run->errors, text))
		fail_msg("no '%s' in: %s", text, run->errors);
}

static void check_shows(const struct live_run *run, const char *text)
{
	if (!strstr(run->output, text))
		fail_msg("no '%s' in: %s", text, run->output);
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		count++;
	return count;
}

/* No alert, no exit code for it; in the store it is, under this rule's name, and no leak. */
static void test_allowed(void **state)
{
	struct live_run run =
		script("rule '{name: may write, match: {executable: \"**/writer\", path: \"/**/allowed\", "
		       "user: 0}, action: "
		       "allow}'; "
		       "$S exec --attach $A --config $D/c.yaml --store $D/db --alerts $D/alerts --output "
		       "text --exit-code 7 -- "
		       "$W call write $D/allowed 40; echo status $? >&2; wc -l < $D/alerts >&2; "
		       "$S exec --attach $A --config $D/c.yaml --store $D/db --alerts $D/alerts --output "
		       "text --exit-code 7 -- "
		       "$W call write $D/other 40; echo status $? >&2; "
		       "$S audit --store $D/db --by token; $S audit --store $D/db --allowed --output csv");
	struct maker_token token = maker_token(40);

	(void)state;
	check_has(&run, "status 0\n0\n");
	check_has(&run, "status 7");
	assert_int_equal(count_of(run.errors, "ALERT"), 1);
	check_shows(&run, "1 leaked token on ");
	check_shows(&run, "beside them, as rules allow: 1 entry");
	assert_int_equal(count_of(run.output, "/allowed"), 3); /* of one line: the file, as seen, arguments */
	check_shows(&run, ",may write,");
	live_no_secret(&run, &token);
	live_free(&run);
}

/* Severity and name of the rule that decides; one whose time is over decides no more, and that is said. */
static void test_decides(void **state)
{
	struct live_run run = script(
		"printf '%s\\n' rules: '- {name: until it is gone, match: {path: /**/f}, action: allow, "
		"until: "
		"2020-01-31}' '- {name: urgent, match: {prefix: [dt0s16, dt0c01], not: {namespace: test}}, "
		"severity: critical, reason: it is}' > $D/c.yaml; "
		"$S exec --attach $A --config $D/c.yaml --alerts - -- $W call write $D/f 41; "
		"$S exec --attach $A --config $D/c.yaml --alerts $D/recorded --output text -- $W call write "
		"$D/f 42; "
		"$S check --config $D/c.yaml --alert $D/recorded");

	(void)state;
	check_shows(&run, "\"severity\":99");
	check_shows(&run,
		    "\"rule\":{\"name\":\"urgent\",\"description\":"
		    "\"it is\","
		    "\"expired\":{\"name\":\"until it is gone\",\"until\":\"2020-01-31T00:00:00.000000Z\"}}");
	check_has(&run, "; rule: urgent; the rule 'until it is gone' is over since 2020-01-31)");
	check_shows(&run, "/f: alerted, severity critical by 'urgent' (");
	check_shows(&run, "c.yaml:3): namespace does not match test, prefix is dt0c01; 'until it is gone' (");
	check_shows(&run, "c.yaml:2) would, but is over since 2020-01-31T00:00:00Z");
	live_free(&run);
}

/* What a line may have had no room for, and a rule asks for, is said: what the daemon decides by may be more. */
static void test_recorded(void **state)
{
	struct live_run run = script(
		"alert() { printf "
		"'{\"token\":{\"identifier\":\"dt0c01.ABCDEFGH\"},\"process\":{\"name\":\"sh\"%s},\"file\":"
		"{\"path\":\"/"
		"%s\",\"place\":\"%s\"%s},\"container\":{\"id\":\"c\",\"image\":{\"name\":\"app\"%s}},"
		"\"message\":\"%0*d\"}\\n' \"$@\"; }; "
		"{ alert '' a layer '' '' 1 0; alert '' b volume '' '' 1 0; alert '' c layer "
		"',\"host_path\":\"/h\"' "
		"',\"hash\":{\"all\":[\"sha256:1\"]}' 1 0; alert '' d layer '' '' 1100 0; "
		"alert ',\"ancestors_truncated\":true' e volume '' '' 1100 0; } > $D/recorded; "
		"echo 'rules: [{name: one, match: {host_path: /srv/**, image: x, ancestor: cron}, severity: "
		"low}]' > "
		"$D/c.yaml; "
		"echo 'rules: [{name: one, match: {user: x}, severity: low}]' > $D/other.yaml; "
		"$S check --config $D/c.yaml --alert $D/recorded; $S check --config $D/other.yaml --alert "
		"$D/recorded | tail -n 5 | grep -c 'no rule matches$'");

	(void)state;
	check_shows(&run,
		    "/a: alerted as it is: no rule matches; the host's path of what lies in a layer is not "
		    "in it, "
		    "a rule that asks for one may decide otherwise; the image's digest is not in it, a rule "
		    "that asks for one may decide otherwise\n");
	check_shows(&run, "/b: alerted as it is: no rule matches; the image's digest is not in it, a rule "
			  "that asks for "
			  "one may decide otherwise\n");
	check_shows(&run, "/c: alerted as it is: no rule matches\n");
	check_shows(&run, "/d: alerted as it is: no rule matches\n");
	check_shows(&run, "/e: alerted as it is: no rule matches; not all ancestors are in it, a rule that "
			  "asks for one "
			  "may decide otherwise\n");
	check_shows(&run, "\n5\n");
	live_free(&run);
}

/* Settings are those of the options, and the command line wins. */
static void test_settings(void **state)
{
	struct live_run run = script(
		"printf '%s\\n' \"alerts: $D/one\" 'output: text' 'watch: [disk, tmpfs, memfd]' 'net: on' > "
		"$D/c.yaml; "
		"mkdir $D/rules.d; printf '%s\\n' rules: '- {name: beside it, match: {}, severity: 33}' > "
		"$D/rules.d/10.yaml; echo no > $D/rules.d/README; "
		"$S exec --attach $A --config $D/c.yaml -- $W call write $D/file 43; cat $D/one; "
		"$S exec --attach $A --alerts $D/two --config $D/c.yaml -- $W call write $D/file 44; wc -l < "
		"$D/two; "
		/* without being told exec has none, and /dev/null is none */
		"$S exec --attach $A --output text -- $W call write $D/file 45; "
		"$S exec --attach $A --config /dev/null --output text -- $W call write $D/file 46");

	(void)state;
	assert_int_equal(count_of(run.errors, "ALERT"), 4);
	assert_int_equal(count_of(run.errors, "; rule: beside it"), 2);
	check_shows(&run, "\"severity\":33");
	check_shows(&run, "\n1\n");
	live_free(&run);
}

/* All mistakes at once, each with its place; and a file that others may write to is none of ours. */
static void test_mistakes(void **state)
{
	struct live_run run = script(
		"printf '%s\\n' 'ring_bytes: 5000' 'wacth: disk' 'rules:' '  - {name: n, match: {pth: /x}}' "
		"> "
		"$D/c.yaml; for c in 'run --duration 1 --no-store' 'exec' 'check'; do set -- $c; "
		"$S $1 --config $D/c.yaml $2 $3 $4 $(if [ $1 = exec ]; then echo -- true; fi); echo status "
		"$? >&2; done; "
		"echo 'ring_bytes: 4096' > $D/c.yaml; chmod 666 $D/c.yaml; $S check --config $D/c.yaml; echo "
		"status $? >&2; "
		"chmod 644 $D/c.yaml; chown 1 $D/c.yaml; $S check --config $D/c.yaml; echo status $? >&2; "
		"chown 0 $D/c.yaml; $S check --config $D/c.yaml; echo status $? >&2; "
		"mkdir -m 777 $D/rules.d; chmod 777 $D/rules.d; $S check --config $D/c.yaml; echo status $? "
		">&2; "
		"rmdir $D/rules.d; mkfifo $D/fifo; $S check --config $D/fifo; $S check --config $D/none; "
		"echo status $? >&2");

	(void)state;
	assert_int_equal(count_of(run.errors, "c.yaml:1:13: ring_bytes takes a power of two from 4096 to "),
			 3);
	assert_int_equal(
		count_of(run.errors, "c.yaml:2:1: there is no setting 'wacth'; did you mean 'watch'?"), 3);
	assert_int_equal(count_of(run.errors, "c.yaml:4:23: match has no 'pth'; did you mean 'path'?"), 3);
	assert_int_equal(count_of(run.errors,
				  "c.yaml: can't be used: it belongs to another user, or others may write "
				  "to it"),
			 2);
	check_has(&run, "rules.d: can't be used: it belongs to another user, or others may write to it");
	check_has(&run, "fifo: can't be used: it is no regular file");
	check_has(&run, "none: can't be used: No such file or directory");
	assert_int_equal(count_of(run.errors, "status 3"), 7);
	assert_int_equal(count_of(run.errors, "status 0"), 1);
	check_shows(&run, "no mistake, 0 rules");
	live_free(&run);
}

/* SIGHUP: other rules are in force between two alerts, and garbage changes nothing, however often it comes. */
static void test_reread(void **state)
{
	char text[4096];
	struct live_run run;

	snprintf(text, sizeof(text),
		 "C=%s/spillwatch-rules-$$; mkdir $C; w() { ( echo 0 > $C/cgroup.procs; exec $W call write "
		 "$D/$1 $2 ); }; "
		 "said() { [ $(grep -c \"$1\" $D/log) -ge $2 ]; }; "
		 "rule '{name: one, match: {path: /**/f1}, action: allow}'; "
		 "$S run --no-store --attach $A --cgroup $C --config $D/c.yaml --alerts $D/alerts --output "
		 "text 2> $D/log & "
		 "P=$!; await said watching 1; w f1 50; w f2 51; await said 'wrote API token.*/f2' 1; "
		 "rule '{name: two, match: {path: /**/f2}, action: allow}'; kill -HUP $P; "
		 "await said 'read anew: 1 rules are in force' 1; w f2 52; w f1 53; await said 'wrote API "
		 "token.*/f1' 1; "
		 /* garbage of all kinds: cut, wrong, huge, somebody else's, no YAML, gone */
		 "n=0; for i in $(seq 8); do for g in 'rules: [' 'rules: {a: b}' 'rules:' 'x: y' "
		 "'ring_bytes: 3'; do "
		 "head -c 2000 /dev/urandom > $D/c.yaml; [ $((n %% 2)) = 0 ] && echo \"$g\" > $D/c.yaml; "
		 "[ \"$g\" = rules: ] && rm $D/c.yaml; n=$((n + 1)); kill -HUP $P; "
		 "await said 'the configuration is not used; the 1 rules' $n; done; done; "
		 "w f2 54; w f1 55; await said 'wrote API token.*/f1' 2; "
		 "rule '{name: three, match: {path: /**/f3}}'; echo 'output: json' >> $D/c.yaml; "
		 "echo 'store_days: 7' >> $D/c.yaml; echo 'pin_seconds: 7' >> $D/c.yaml; kill -HUP $P; "
		 "await said 'needs a restart: pin_seconds; ' 1; "
		 "w f2 56; await said 'wrote API token.*/f2' 2; "
		 "kill $P; wait $P; echo status $? >&2; rmdir $C; cat $D/log >&2; wc -l < $D/alerts",
		 live_cgroup_root());
	run = script(text);
	(void)state;
	check_has(&run, "status 0");
	assert_null(strstr(run.errors, "too late"));
	check_has(&run, "1 rules are in force");
	check_has(&run, "3 tokens were written as a rule allows");
	check_has(&run, "4 alerts, nothing lost");
	assert_string_equal(run.output, "4\n");
	live_free(&run);
}

const struct CMUnitTest live_rules[] = {
	cmocka_unit_test_setup_teardown(test_allowed, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_decides, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_recorded, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_settings, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_mistakes, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_reread, live_setup, live_teardown),
};
const size_t live_rules_count = sizeof(live_rules) / sizeof(*live_rules);
