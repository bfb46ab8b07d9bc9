// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who wrote, and where that lies: scripts, ancestors, working directories, the host's paths, pids used again. */
#include "batch.h"

#include <stdlib.h>
#include <sys/stat.h>

static void who_script(const char *name, const char *text)
{
	FILE *file = fopen(live_path(name), "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	fclose(file);
	assert_int_equal(chmod(live_path(name), 0700), 0);
}

/* Runs a shell script in this test's directory, with $WRITER and $DIR. */
static struct live_run who_run(const char *script)
{
	char command[4096];

	snprintf(command, sizeof(command), "set -e; export DIR=%s WRITER=%s; cd $DIR; %s", live_path(""),
		 realpath(live_writer("writer"), NULL), script);
	return live_exec(NO_ARGS, ARGS("sh", "-c", command));
}

/* As a line. */
static void who_size(const json_t *alert, size_t most)
{
	char *line = json_dumps(alert, JSON_COMPACT);

	assert_non_null(line);
	if (strlen(line) + 1 > most)
		fail_msg("%zu bytes: %s", strlen(line) + 1, line);
	free(line);
}

static void test_script(void **state)
{
	struct live_run run;
	const json_t *alert;

	(void)state;
	who_script("deploy.sh", "umask 077; token=$($WRITER token 61); echo $token > here");
	/* not the last command: some shells leave that their own process */
	run = who_run("./deploy.sh; true");
	alert = live_only(&run);
	assert_string_equal(live_string(alert, "process.name"), "deploy.sh");
	assert_string_equal(live_string(alert, "process.script"), "./deploy.sh");
	assert_non_null(strstr(live_path("."), live_string(alert, "process.working_directory")));
	assert_string_equal(live_string(alert, "process.parent.name"), "sh");
	/* root's group is root */
	assert_null(json_object_get(json_object_get(alert, "user"), "group"));
	assert_null(json_object_get(json_object_get(alert, "process"), "thread"));
	who_size(alert, 1024);
	live_free(&run);
	/* an interpreter that is called with its script */
	run = who_run("sh -e deploy.sh");
	assert_string_equal(live_string(live_only(&run), "process.script"), "deploy.sh");
	live_free(&run);
}

/* From the parent's parent up to init. */
static void test_ancestors(void **state)
{
	struct live_run run;
	json_t *ancestors;

	(void)state;
	who_script("inner", "$WRITER call write $DIR/file 62; true");
	who_script("outer", "./inner; true");
	run = who_run("./outer; true");
	ancestors = json_object_get(json_object_get(live_only(&run), "process"), "ancestors");
	assert_string_equal(live_string(live_only(&run), "process.parent.name"), "inner");
	assert_string_equal(json_string_value(json_array_get(ancestors, 0)), "outer");
	/* if the line has room for it, by what else there is to tell here */
	if (json_array_size(ancestors) > 1)
		assert_string_equal(json_string_value(json_array_get(ancestors, 1)), "sh");
	who_size(live_only(&run), 1024);
	live_free(&run);
}

/* More than the line has room for: the nearest, and a mark. */
static void test_many_ancestors(void **state)
{
	struct live_run run;
	const json_t *process;

	(void)state;
	who_script("d",
		   "[ $1 -gt 0 ] || { $WRITER call write $DIR/file 62; exit; }; $DIR/d $(($1 - 1)); true");
	run = who_run("./d 20; true");
	process = json_object_get(live_only(&run), "process");
	assert_in_range(json_array_size(json_object_get(process, "ancestors")), 1, 16);
	assert_string_equal(json_string_value(json_array_get(json_object_get(process, "ancestors"), 0)), "d");
	assert_true(json_is_true(json_object_get(process, "ancestors_truncated")));
	who_size(live_only(&run), 1024);
	live_free(&run);
}

/* The kernel's log has no positions. */
static void test_kmsg(void **state)
{
	struct live_run run = who_run("$WRITER token 66 > /dev/kmsg");
	const json_t *alert = live_only(&run);

	(void)state;
	assert_null(json_object_get(json_object_get(alert, "write"), "offset"));
	assert_int_equal(live_integer(alert, "write.token_offset"), 0);
	assert_string_equal(live_string(alert, "file.type"), "char");
	live_free(&run);
}

/* A number for all that is said, in order; none is left out if nothing is lost. */
static void test_sequence(void **state)
{
	struct live_run run = who_run(
		"for i in 1 2 3 4 5; do $WRITER call write file$i 6$i; $WRITER call write file$i 6$i; done");
	json_t *alert;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(run.alerts), 10);
	json_array_foreach (run.alerts, i, alert)
		assert_int_equal(live_integer(alert, "event.sequence"), i + 1);
	live_free(&run);
}

static void test_host_path(void **state)
{
	struct live_run run;
	const char *inside;

	(void)state;
	run = who_run("mkdir real seen; unshare -m sh -ec \"mount --bind real seen; $WRITER call write "
		      "seen/file 63\"");
	assert_string_equal(live_string(live_only(&run), "file.host_path"), live_path("real/file"));
	live_free(&run);
	/* what a chroot calls /file */
	run = who_run(
		"mkdir -p root/bin; cp $WRITER root/bin/writer; chroot root /bin/writer call write /file 64");
	inside = live_string(live_only(&run), "file.path");
	assert_string_equal(inside, "/file");
	assert_string_equal(live_string(live_only(&run), "file.host_path"), live_path("root/file"));
	live_free(&run);
	/* on overlayfs, the file below */
	run = who_run("mkdir lower upper work mnt; unshare -m sh -ec \"mount -t overlay overlay -o "
		      "lowerdir=lower,upperdir=upper,workdir=work mnt; $WRITER call write mnt/file 65\"");
	assert_string_equal(live_string(live_only(&run), "file.host_path"), live_path("upper/file"));
	live_free(&run);
	/* and nothing where both agree */
	run = who_run("$WRITER call write file 66");
	assert_null(json_object_get(json_object_get(live_only(&run), "file"), "host_path"));
	live_free(&run);
}

/* Writes as root with these maps, in octal escapes of printf; returns the alert's user. */
static json_t *who_mapped(struct live_run *ret_run, const char *users, const char *groups)
{
	char script[1024];

	snprintf(script, sizeof(script),
		 "unshare -U sh -ec 'until [ -e mapped ]; do sleep 0.05; done; $WRITER call write file 67' & "
		 "p=$!; "
		 "while [ \"$(readlink /proc/$p/ns/user)\" = \"$(readlink /proc/self/ns/user)\" ]; do sleep "
		 "0.05; done; "
		 "printf '%s' > /proc/$p/uid_map; printf '%s' > /proc/$p/gid_map; : > mapped; wait $p; rm "
		 "mapped file",
		 users, groups);
	*ret_run = who_run(script);
	if (ret_run->status)
		fail_msg("status %d: %s", ret_run->status, ret_run->errors);
	return json_object_get(live_only(ret_run), "user");
}

/* What a user namespace calls user and group, of a process that is gone; nothing where that is the same, or nobody. */
static void test_users_mapped(void **state)
{
	struct live_run run;
	const json_t *user;

	(void)state;
	user = who_mapped(&run, "1000 0 1\\n", "5 1000 3\\n1001 0 1\\n");
	assert_string_equal(live_string(user, "id"), "0");
	assert_string_equal(live_string(user, "ns_id"), "1000");
	assert_string_equal(live_string(user, "group.id"), "0");
	assert_string_equal(live_string(user, "group.ns_id"), "1001");
	live_free(&run);
	user = who_mapped(&run, "1000 0 1\\n", "1000 0 1\\n");
	assert_string_equal(live_string(user, "ns_id"), "1000");
	assert_null(json_object_get(user, "group"));
	live_free(&run);
	user = who_mapped(&run, "0 0 10\\n", "0 0 10\\n");
	assert_null(json_object_get(user, "ns_id"));
	live_free(&run);
	/* more ranges than the namespace itself has room for */
	user = who_mapped(&run, "7 0 1\\n11 1 1\\n12 2 1\\n13 3 1\\n14 4 1\\n15 5 1\\n", "0 0 10\\n");
	assert_null(json_object_get(user, "ns_id"));
	live_free(&run);
}

/* The same pid again and again, in a pid namespace: each alert names its own process. */
static void test_pid_reuse(void **state)
{
	enum { TIMES = 50 };
	json_t *by_identifier = json_object(), *pids = json_object(), *alert;
	struct live_run run;
	size_t i;

	(void)state;
	who_script("reuse",
		   "mount -t proc proc /proc; i=1; while [ $i -le 50 ]; do\n"
		   "echo 99 > /proc/sys/kernel/ns_last_pid; $WRITER one $DIR $i; i=$((i + 1)); done");
	run = who_run("unshare -p -f -m ./reuse");
	if (run.status || json_array_size(run.alerts) != TIMES)
		fail_msg("status %d, %zu alerts: %s", run.status, json_array_size(run.alerts), run.errors);
	json_array_foreach (run.alerts, i, alert) {
		json_object_set(by_identifier, live_string(alert, "token.identifier"), alert);
		assert_int_equal(live_integer(alert, "process.ns_pid"), 100);
		/* as the host counts, each has its own */
		json_object_set_new(pids, live_string(alert, "process.start"), json_true());
	}
	assert_int_equal(json_object_size(pids), TIMES);
	for (uint64_t n = 1; n <= TIMES; n++) {
		char name[40];

		alert = json_object_get(by_identifier, maker_token(n).identifier);
		assert_non_null(alert);
		snprintf(name, sizeof(name), "w%llu", (unsigned long long)n);
		assert_string_equal(live_string(alert, "process.name"), name);
		assert_string_equal(live_string(alert, "file.path") + strlen(live_path("")), name + 1);
	}
	json_decref(by_identifier);
	json_decref(pids);
	live_free(&run);
}

/* Files as they are at the write: renamed since they were opened, without a name, deeper than is walked. */
static void test_odd_paths(void **state)
{
	struct live_run run = who_run("exec 3>old; mv old new; $WRITER token 67 >&3");
	const char *path;

	(void)state;
	assert_string_equal(live_string(live_only(&run), "file.path"), live_path("new"));
	live_free(&run);
	run = who_run("exec 3>gone; rm gone; $WRITER token 68 >&3");
	assert_string_equal(live_string(live_only(&run), "file.path"), live_path("gone"));
	assert_true(json_is_true(json_object_get(json_object_get(live_only(&run), "file"), "deleted")));
	live_free(&run);
	run = who_run("p=$(printf \"a/%.0s\" $(seq 600)); mkdir -p $p; $WRITER token 69 > ${p}file");
	path = live_string(live_only(&run), "file.path");
	assert_string_equal(path + strlen(path) - strlen("/a/a/file"), "/a/a/file");
	assert_true(
		json_is_true(json_object_get(json_object_get(live_only(&run), "file"), "path_truncated")));
	assert_int_not_equal(*path, '/');
	assert_non_null(strstr(run.errors, "paths cut at the top"));
	live_free(&run);
	/* so is the directory where such a process is */
	run = who_run(
		"p=$(printf \"a/%.0s\" $(seq 600)); mkdir -p $p; cd $p; $WRITER call write $DIR/other 70");
	assert_true(json_is_true(
		json_object_get(json_object_get(live_only(&run), "process"), "working_directory_truncated")));
	assert_int_not_equal(*live_string(live_only(&run), "process.working_directory"), '/');
	assert_string_equal(live_string(live_only(&run), "file.path"), live_path("other"));
	live_free(&run);
}

/*
 * A part of a token is overwritten by a second program, and put back by a third: who has put something there is named (the third one
 * only if that is a second later), who has destroyed it is not.
 */
static void test_put_back(void **state)
{
	struct maker_token token = maker_token(62);
	struct live_run run;
	size_t later = 0, i;
	const json_t *alert;
	char command[1024];

	(void)state;
	snprintf(command, sizeof(command),
		 "cd %s; for i in first third; do cp %s $i; done; mkdir mnt; "
		 "mount -t tmpfs none mnt; for f in now mnt/now later mnt/later; do ./first put $f 62 0 96; "
		 "done; "
		 "for f in now mnt/now; do printf ! 1<>$f; ./third put $f 62 0 8; done; sleep 1.2; "
		 "for f in later mnt/later; do printf ! 1<>$f; ./third put $f 62 0 8; done",
		 live_path(""), realpath(live_writer("writer"), NULL));
	run = live_exec(ARGS("--watch", "disk,tmpfs"), ARGS("unshare", "-m", "sh", "-ec", command));
	assert_int_equal(run.status, 0);
	assert_int_equal(live_count(&run, &token), json_array_size(run.alerts));
	json_array_foreach (run.alerts, i, alert) {
		if (i < 4)
			assert_string_equal(live_string(alert, "process.name"), "first");
		else
			assert_string_equal(live_string(alert, "process.name"), "third");
		later += i >= 4 && strstr(live_string(alert, "file.path"), "later");
	}
	assert_int_equal(later, 2);
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
}

const struct CMUnitTest live_who[] = {
	cmocka_unit_test_setup_teardown(test_script, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_ancestors, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_many_ancestors, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_kmsg, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_sequence, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_host_path, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_users_mapped, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_odd_paths, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_put_back, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_pid_reuse, live_setup, live_teardown),
};
const size_t live_who_count = sizeof(live_who) / sizeof(*live_who);
