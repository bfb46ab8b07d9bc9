// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The store and `audit`, from a write to a report: what is kept, what is never kept, what is still there. */
#include "live.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STORE live_path("store/audit.db")

static struct live_run audit(const char *const *options)
{
	const char *args[32] = {"spillwatch", "audit", "--store", STORE};
	size_t count = 4;

	while (*options)
		args[count++] = *options++;
	return live_command(args);
}

static struct live_run audit_ok(const char *const *options)
{
	struct live_run run = audit(options);

	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	/* what a line of CSV has no place for */
	if (!strstr(run.errors, "watched"))
		assert_string_equal(run.errors, "");
	return run;
}

/* Fails if 8 bytes of the secret in a row stand anywhere in the file; returns its size. */
static off_t check_no_secret(const char *path, const struct maker_token *token)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	char *bytes;

	if (fd < 0)
		return 0;
	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size + 1);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	for (size_t i = 0; i + 8 <= MAKER_SECRET_LEN; i++)
		if (memmem(bytes, (size_t)st.st_size, token->secret + i, 8))
			fail_msg("%s holds a part of the secret, from its byte %zu on", path, i);
	free(bytes);
	return st.st_size;
}

/* One token written by a program, passed on by tee, and written by another one: one leak. */
static void write_leaks(void)
{
	struct maker_token shell = maker_token(62);
	char command[2048];
	struct live_run run;

	snprintf(command, sizeof(command),
		 "%s call write %s 61; %s call write %s 61; tail -c 250 %s | tee %s >/dev/null; echo %s > %s",
		 live_writer("writer"), live_path("app.log"), live_writer("writer"), live_path("app.log"),
		 live_path("app.log"), live_path("copy.log"), shell.text, live_path("shell"));
	run = live_exec(ARGS("--store", STORE), ARGS("sh", "-c", command));
	assert_int_equal(run.status, 0);
	live_free(&run);
}

static void test_audit(void **state)
{
	struct maker_token first = maker_token(61), second = maker_token(62);
	json_t *root, *row, *rows;
	struct live_run run;
	struct stat st;

	(void)state;
	write_leaks();
	assert_int_equal(stat(STORE, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(live_path("store"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	run = audit_ok(ARGS("--by", "token", "--output", "json"));
	root = json_loads(run.output, 0, NULL);
	assert_non_null(root);
	rows = json_object_get(root, "rows");
	assert_int_equal(json_array_size(rows), 2);
	for (size_t i = 0; i < 2; i++) {
		row = json_array_get(rows, i);
		if (strcmp(live_string(row, "token"), first.identifier) != 0) {
			assert_string_equal(live_string(row, "token"), second.identifier);
			continue;
		}
		/* twice by the writer, once by tee: one leak, one carrier */
		assert_int_equal(live_integer(row, "writes"), 3);
		assert_int_equal(live_integer(row, "files"), 2);
		assert_non_null(strstr(live_string(row, "origin.executable"), "writer"));
		assert_int_equal(json_array_size(json_object_get(row, "carriers")), 1);
		assert_non_null(
			strstr(live_string(json_array_get(json_object_get(row, "carriers"), 0), "executable"),
			       "tee"));
	}
	json_decref(root);
	live_no_secret(&run, &first);
	live_no_secret(&run, &second);
	live_free(&run);
}

static void test_outputs(void **state)
{
	static const char *const outputs[] = {"table", "json", "csv", "html"};
	static const char *const by[] = {"container", "process", "file", "token", "pod"};
	struct maker_token first = maker_token(61), second = maker_token(62);

	(void)state;
	write_leaks();
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < 5; j++) {
			struct live_run run = audit_ok(ARGS("--output", outputs[i], "--by", by[j]));

			assert_non_null(strstr(run.output, first.identifier));
			assert_non_null(strstr(run.output, second.identifier));
			assert_non_null(strstr(run.output, "app.log"));
			live_no_secret(&run, &first);
			live_no_secret(&run, &second);
			live_free(&run);
		}
	}
	/* and nothing of what was not asked for */
	for (size_t i = 0; i < 4; i++) {
		struct live_run run = audit_ok(ARGS("--output", outputs[i], "--token", first.identifier,
						    "--since", "1h", "--container", "(host)"));

		assert_non_null(strstr(run.output, first.identifier));
		assert_null(strstr(run.output, second.identifier));
		live_free(&run);
	}
}

static json_t *coverage(json_t **ret_root)
{
	struct live_run run = audit_ok(ARGS("--output", "json"));

	*ret_root = json_loads(run.output, 0, NULL);
	assert_non_null(*ret_root);
	live_free(&run);
	return json_object_get(*ret_root, "coverage");
}

/* What was lost, and that the time before and behind it was nobody's, is in every report; also of a monitor that was killed. */
static void test_covered(void **state)
{
	static const char *const outputs[] = {"table", "csv", "html"};
	json_t *root, *covered, *loss;
	char command[1024];
	struct live_run run =
		live_exec(ARGS("--store", STORE), ARGS(live_writer("writer"), "vanish", live_path("file")));

	(void)state;
	assert_int_equal(json_array_size(run.losses), 1);
	live_free(&run);
	covered = coverage(&root);
	assert_true(json_is_false(json_object_get(covered, "whole")));
	assert_int_equal(live_integer(covered, "watched_seconds"), 0);
	assert_non_null(strstr(live_string(covered, "parts"), "the command "));
	loss = json_array_get(json_object_get(covered, "losses"), 0);
	assert_string_equal(live_string(loss, "counter"), "pages_unreadable");
	assert_int_equal(live_integer(loss, "count"), 1);
	json_decref(root);
	for (size_t i = 0; i < 4; i++) {
		run = i < 3 ? audit_ok(ARGS("--output", outputs[i])) : audit_ok(ARGS("--files"));
		if (!strstr(run.output, "LOST") && !strstr(run.errors, "LOST"))
			fail_msg("%s: %s%s", i < 3 ? outputs[i] : "--files", run.output, run.errors);
		assert_null(strstr(run.output, "No token was written"));
		live_free(&run);
	}
	/* killed once it has said that it is there, within the seconds between two signs of life */
	snprintf(command, sizeof(command),
		 "for i in $(seq 240); do ${SPILLWATCH:-build/spillwatch} audit --store %s > %s; "
		 "grep -q 'the command sh' %s && kill -9 $PPID && exit; sleep 0.25; done",
		 STORE, live_path("stored"), live_path("stored"));
	run = live_exec(ARGS("--store", STORE), ARGS("sh", "-c", command));
	assert_int_equal(run.status, 128 + SIGKILL);
	live_free(&run);
	covered = coverage(&root);
	assert_non_null(strstr(live_string(covered, "parts"), "the command sh"));
	assert_int_equal(json_array_size(json_object_get(covered, "losses")), 2);
	json_decref(root);
}

/* A shell command: until the store holds both tokens, a minute at most; what comes later a test can do without. */
static const char *await_stored(const char *one, const char *other)
{
	static char command[1024];

	snprintf(command, sizeof(command),
		 "for i in $(seq 120); do ${SPILLWATCH:-build/spillwatch} audit --store %s --by token > %s "
		 "2> %s; "
		 "grep -q %s %s && grep -q %s %s && break; sleep 0.5; done",
		 STORE, live_path("stored"), live_path("stored-errors"), one, live_path("stored"), other,
		 live_path("stored"));
	return command;
}

/* The files of the store, also while they are in use; the token stood on a command line as well. */
static void test_no_secret_stored(void **state)
{
	struct maker_token tokens[] = {maker_token(63), maker_token(64)};
	char command[4096];
	struct live_run run;

	(void)state;
	assert_int_equal(mkdir(live_path("copies"), 0700), 0);
	snprintf(command, sizeof(command), "%s call write %s 63; echo %s > %s; touch %s/%s; %s; cp %s* %s/",
		 live_writer("writer"), live_path("file"), tokens[1].text, live_path("shell"),
		 live_path("copies"), tokens[1].text,
		 await_stored(tokens[0].identifier, tokens[1].identifier), STORE, live_path("copies"));
	run = live_exec(ARGS("--store", STORE), ARGS("sh", "-c", command));
	assert_int_equal(run.status, 0);
	assert_true(json_array_size(run.alerts) >= 2);
	live_free(&run);
	for (size_t i = 0; i < 2; i++) {
		assert_true(check_no_secret(STORE, &tokens[i]) > 0);
		assert_true(check_no_secret(live_path("copies/audit.db-wal"), &tokens[i]) > 0);
		assert_true(check_no_secret(live_path("copies/audit.db-shm"), &tokens[i]) > 0);
	}
	run = audit_ok(ARGS("--by", "token"));
	assert_non_null(strstr(run.output, tokens[0].identifier));
	assert_non_null(strstr(run.output, tokens[1].identifier));
	live_free(&run);
}

static void test_files(void **state)
{
	struct maker_token first = maker_token(61);
	struct live_run run;
	json_t *root;

	(void)state;
	write_leaks();
	run = audit_ok(ARGS("--files", "--output", "json"));
	root = json_loads(run.output, 0, NULL);
	assert_int_equal(live_integer(root, "counts.still there"), 3);
	json_decref(root);
	live_free(&run);
	run = audit(ARGS("--files", "--exit-code", "9"));
	assert_int_equal(run.status, 9);
	assert_non_null(strstr(run.output, first.identifier));
	live_no_secret(&run, &first);
	live_free(&run);
	/* cleaned up, in three ways; a device in place of a file must not hold us up */
	run = live_command(ARGS("sh", "-c", "echo clean > \"$0\"; rm \"$1\" \"$2\"; mkfifo \"$2\"",
				live_path("app.log"), live_path("copy.log"), live_path("shell")));
	assert_int_equal(run.status, 0);
	live_free(&run);
	run = audit(ARGS("--files", "--exit-code", "9", "--output", "json"));
	assert_int_equal(run.status, 0);
	root = json_loads(run.output, 0, NULL);
	assert_int_equal(live_integer(root, "counts.clean"), 1);
	assert_int_equal(live_integer(root, "counts.gone"), 1);
	assert_int_equal(live_integer(root, "counts.replaced"), 1);
	json_decref(root);
	live_free(&run);
}

/* A byte that is no text, and a name that looks like its escape: told apart, and both found again. */
static void test_names_told_apart(void **state)
{
	static const char *const shown[] = {"/a\\x01", "/a\\x5cx01"};
	struct live_run run;
	char command[2048];
	json_t *root;

	(void)state;
	snprintf(command, sizeof(command), "%s call write %s 66; %s call write '%s' 67",
		 live_writer("writer"), live_path("a\x01"), live_writer("writer"), live_path("a\\x01"));
	run = live_exec(ARGS("--store", STORE), ARGS("sh", "-c", command));
	assert_int_equal(json_array_size(run.alerts), 2);
	for (size_t i = 0; i < 2; i++) {
		const char *path = live_string(json_array_get(run.alerts, i), "file.path");

		assert_string_equal(path + strlen(path) - strlen(shown[i]), shown[i]);
	}
	live_free(&run);
	run = audit_ok(ARGS("--files", "--output", "json"));
	root = json_loads(run.output, 0, NULL);
	assert_int_equal(live_integer(root, "counts.still there"), 2);
	json_decref(root);
	live_free(&run);
	/* gone or not, nothing is said of a name that could be another's */
	unlink(live_path("a\x01"));
	run = audit_ok(ARGS("--files", "--output", "json"));
	root = json_loads(run.output, 0, NULL);
	assert_int_equal(live_integer(root, "counts.still there"), 1);
	assert_int_equal(live_integer(root, "counts.unknown"), 1);
	json_decref(root);
	live_free(&run);
}

/* `audit` reads while a monitor writes, which neither hinders; a monitor that is killed leaves what it had. */
static void test_while_written(void **state)
{
	struct maker_token token = maker_token(65);
	char command[1024];
	struct live_run run;
	int pid, status, seen = 0;

	(void)state;
	snprintf(command, sizeof(command),
		 "%s call write %s 65; while %s call write %s/$((i += 1)) 65; do :; done",
		 live_writer("writer"), live_path("file"), live_writer("writer"), live_path("many"));
	assert_int_equal(mkdir(live_path("many"), 0700), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		execl(getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch", "spillwatch", "exec",
		      "--store", STORE, "--", "timeout", "600", "sh", "-c", command, NULL);
		_exit(98);
	}
	for (int i = 0; i < 3000 && seen < 5; i++) {
		run = audit(ARGS("--by", "token"));
		seen += strstr(run.output, token.identifier) != NULL;
		/* there is no store yet, or it is whole */
		if (run.status != 0 && run.status != 3)
			fail_msg("status %d: %s", run.status, run.errors);
		live_free(&run);
		usleep(100000);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(seen, 5);
	/* what it watched ends with its directory */
	assert_int_equal(rename(live_path("many"), live_path("few")), 0);
	run = audit_ok(ARGS("--by", "token"));
	assert_non_null(strstr(run.output, token.identifier));
	live_free(&run);
}

static void check_sentence(const char *const *command, int status, const char *text)
{
	struct live_run run = live_command(command);

	if (run.status != status || !strstr(run.errors, text))
		fail_msg("status %d instead of %d, and on standard error: %s", run.status, status,
			 run.errors);
	live_free(&run);
}

static void test_audit_bad_input(void **state)
{
	struct live_run run;

	(void)state;
	check_sentence(ARGS("spillwatch", "audit", "--store", STORE), 3, "spillwatch run");
	check_sentence(ARGS("spillwatch", "audit", "--store", "/dev/null"), 3, "something else");
	check_sentence(ARGS("spillwatch", "audit", "--store", "/etc/passwd"), 3, "something else");
	check_sentence(ARGS("spillwatch", "audit", "--since", "yesterday"), 2, "24h");
	check_sentence(ARGS("spillwatch", "audit", "--since", "1h", "--until", "2h"), 2, "--until");
	check_sentence(ARGS("spillwatch", "audit", "--by", "colour"), 2, "container");
	check_sentence(ARGS("spillwatch", "audit", "--output", "xml"), 2, "html");
	check_sentence(ARGS("spillwatch", "audit", "--limit", "0"), 2, "--limit");
	check_sentence(ARGS("spillwatch", "audit", "--place", "attic"), 2, "volume");
	check_sentence(ARGS("spillwatch", "audit", "--severity", "0"), 2, "critical");
	check_sentence(ARGS("spillwatch", "audit", "more"), 2, "arguments");
	check_sentence(ARGS("spillwatch", "audit", "--frob"), 2, "--frob");
	check_sentence(ARGS("spillwatch", "exec", "--store", "/nowhere/at/all", "--", "true"), 3, "/nowhere");
	check_sentence(ARGS("spillwatch", "exec", "--store-days", "0", "--", "true"), 2, "--store-days");
	check_sentence(ARGS("spillwatch", "exec", "--store-bytes", "7", "--", "true"), 2, "--store-bytes");
	/* exec leaves no store unless it is asked to */
	run = live_exec(NO_ARGS, ARGS(live_writer("writer"), "call", "write", live_path("file"), "66"));
	assert_int_not_equal(access(STORE, F_OK), 0);
	live_free(&run);
}

/* A report that ends well, and says of one option that nothing matches. */
static void audit_nearest(const char *const *options, const char *option, const char *nearest)
{
	struct live_run run = audit(options);

	if (run.status || !strstr(run.errors, option) || !strstr(run.errors, nearest))
		fail_msg("status %d, and on standard error: %s", run.status, run.errors);
	live_free(&run);
}

/* What a name that the store has not may have meant is said; what it has, and shows nothing of, is not. */
static void test_audit_unmatched(void **state)
{
	struct live_run run;

	(void)state;
	write_leaks();
	audit_nearest(ARGS("--program", "writr"), "--program", "/writer'");
	audit_nearest(ARGS("--path", "app.lgo"), "--path", "app.log'");
	audit_nearest(ARGS("--path", "copy"), "--path", "copy.log'");
	audit_nearest(ARGS("--container", "shop"), "--container", "no name of that kind");
	audit_nearest(ARGS("--rule", "mine"), "--rule", "no name of that kind");
	audit_nearest(ARGS("--token", "dt0c01.NOSUCHTOKENANYWHERE00000"), "--token", "nothing in the store");
	run = audit_ok(ARGS("--program", "tee", "--until", "2020-01-01"));
	live_free(&run);
	run = audit_ok(ARGS("--program", "*/tee"));
	live_free(&run);
	run = audit_ok(ARGS("--container", "(host)", "--until", "2020-01-01"));
	live_free(&run);
}

static size_t marked(const char *text)
{
	struct live_run run = audit_ok(ARGS("--by", "token", "--output", "json"));
	size_t count = 0;

	for (const char *at = run.output; (at = strstr(at, text)); at++)
		count++;
	live_free(&run);
	return count;
}

/* What is decided of a token is kept; a whole token is refused, not repeated, and masked where it stands in a note. */
static void test_mark(void **state)
{
	struct maker_token token = maker_token(61);
	char note[256];
	char lost[256];
	struct live_run run;

	(void)state;
	write_leaks();
	snprintf(note, sizeof(note), "rotated, was %s", token.text);
	run = audit_ok(ARGS("--mark", token.identifier, "revoked", "--note", note));
	assert_non_null(strstr(run.output, "revoked"));
	live_no_secret(&run, &token);
	live_free(&run);
	check_no_secret(STORE, &token);
	check_no_secret(live_path("store/audit.db-wal"), &token);
	run = audit_ok(ARGS("--by", "token"));
	assert_non_null(strstr(run.output, "marked: 1 revoked"));
	assert_non_null(strstr(run.output, "rotated, was dt0c01."));
	live_no_secret(&run, &token);
	live_free(&run);
	/* its row, and its entries */
	assert_in_range(marked("\"state\":\"revoked\""), 2, 8);
	run = audit(ARGS("--mark", token.text, "revoked"));
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.errors, "disable the token"));
	live_no_secret(&run, &token);
	live_free(&run);
	/* a part or a dot that was left out: what looks like a public portion is the secret one */
	snprintf(lost, sizeof(lost), "%.7s%s", token.text, token.text + strlen(token.identifier) + 1);
	run = audit(ARGS("--mark", lost, "revoked"));
	assert_int_equal(run.status, 2);
	live_no_secret(&run, &token);
	live_free(&run);
	snprintf(lost, sizeof(lost), "%s%s", token.identifier, token.text + strlen(token.identifier) + 1);
	run = audit(ARGS("--mark", lost, "revoked"));
	assert_int_equal(run.status, 2);
	live_no_secret(&run, &token);
	live_free(&run);
	run = audit(ARGS("--mark", token.identifier, token.text));
	assert_int_equal(run.status, 2);
	live_no_secret(&run, &token);
	live_free(&run);
	run = audit(ARGS("--mark", "nonsense", "revoked"));
	assert_int_equal(run.status, 2);
	live_free(&run);
	run = audit_ok(ARGS("--mark", token.identifier, "none"));
	live_free(&run);
	assert_int_equal(marked("\"mark\""), 0);
	/* who may not write says so, and of a store that is not there none is made */
	snprintf(note, sizeof(note), "%s/no.db", live_path("store"));
	check_sentence(ARGS("spillwatch", "audit", "--store", note, "--mark", token.identifier, "revoked"), 3,
		       "can't write to the store");
	assert_int_not_equal(access(note, F_OK), 0);
	assert_int_equal(chmod(STORE, 0666), 0);
	check_sentence(ARGS("spillwatch", "audit", "--store", STORE, "--mark", token.identifier, "revoked"),
		       3, "others may write to it");
	assert_int_equal(chmod(STORE, 0600), 0);
}

/* What a command has stored as a node. */
static void store_node(const char *file, const char *node, const char *written, int token)
{
	char number[16];
	struct live_run run;

	snprintf(number, sizeof(number), "%d", token);
	assert_int_equal(setenv("NODE_NAME", node, 1), 0);
	run = live_exec(ARGS("--store", file), ARGS(live_writer("writer"), "call", "write", written, number));
	assert_int_equal(unsetenv("NODE_NAME"), 0);
	assert_int_equal(run.status, 0);
	live_free(&run);
}

/* Two nodes' stores are one; what can't be read of them is named in the report and by the exit code. */
static void test_several(void **state)
{
	struct maker_token both = maker_token(61), one = maker_token(62);
	char a[300], b[300], c[300], foreign[300], fleet[256];
	struct live_run run;
	json_t *root;

	(void)state;
	snprintf(fleet, sizeof(fleet), "%s", live_path("fleet"));
	snprintf(a, sizeof(a), "%s/a.db", fleet);
	snprintf(b, sizeof(b), "%s/b.db", fleet);
	snprintf(c, sizeof(c), "%s/c.db", fleet);
	snprintf(foreign, sizeof(foreign), "%s/foreign.db", fleet);
	store_node(a, "node-a", live_path("x"), 61);
	store_node(b, "node-b", live_path("x"), 61);
	store_node(b, "node-b", live_path("y"), 62);
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--store", a, "--by", "token",
				"--output", "json"));
	assert_int_equal(run.status, 0);
	/* the same file twice is one */
	assert_string_equal(run.errors, "");
	root = json_loads(run.output, 0, NULL);
	assert_int_equal(live_integer(root, "totals.tokens"), 2);
	assert_int_equal(live_integer(root, "totals.nodes"), 2);
	assert_int_equal(live_integer(root, "totals.files"), 3);
	assert_int_equal(json_array_size(json_object_get(json_object_get(root, "coverage"), "nodes")), 2);
	json_decref(root);
	live_no_secret(&run, &both);
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", a, "--store", b, "--by", "node"));
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.output, "2 leaked tokens on 2 nodes"));
	assert_non_null(strstr(run.output, "node-a: watched"));
	live_free(&run);
	/* none of these hosts is this one: nothing is called clean or gone */
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--files"));
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.output, "3 tokens in files: 3 unknown"));
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--files", "--output", "html"));
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.output, "3 unknown, 0 replaced, 0 gone, 0 clean"));
	live_no_secret(&run, &both);
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--todo"));
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.output, "node-b:"));
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--export"));
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.output, "\"node_names\":[\"node-"));
	assert_non_null(strstr(run.errors, "node-b: watched"));
	live_free(&run);
	/* a mark goes into the first, and into those that have the token */
	run = live_command(
		ARGS("spillwatch", "audit", "--store", a, "--store", b, "--mark", one.identifier, "revoked"));
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.output, "revoked, in 2 of 2 stores"));
	live_free(&run);
	run = live_command(
		ARGS("spillwatch", "audit", "--store", b, "--store", a, "--mark", one.identifier, "none"));
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.output, "none, in 1 of 2 stores"));
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", b, "--by", "token"));
	assert_null(strstr(run.output, "revoked"));
	live_free(&run);
	/* the first had it: what was decided is known of all still */
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--by", "token"));
	assert_non_null(strstr(run.output, "marked: 1 revoked"));
	live_free(&run);
	/* damaged behind its head, cut, and of another kind: named, and the others are told of */
	run = live_command(ARGS("sh", "-c",
				"cp \"$0\" \"$1\" && dd if=/dev/zero of=\"$1\" bs=4096 seek=2 conv=notrunc "
				"count=30 2>/dev/null "
				"&& echo something else, and long enough >\"$2\"",
				b, c, foreign));
	assert_int_equal(run.status, 0);
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--by", "token"));
	assert_int_equal(run.status, 3);
	assert_non_null(strstr(run.errors, "c.db: "));
	assert_non_null(strstr(run.errors, "foreign.db: "));
	assert_non_null(strstr(run.output, "NOT READ "));
	assert_non_null(strstr(run.output, "2 leaked tokens on 2 nodes"));
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--files", "--output", "json"));
	assert_int_equal(run.status, 3);
	root = json_loads(run.output, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(root, "stores_unread")), 2);
	json_decref(root);
	live_free(&run);
	check_sentence(ARGS("spillwatch", "audit", "--store", foreign, "--store", c), 3, "foreign.db");
	/* one that was moved aside is no failure, but what it holds is missed; what belongs to it is not another one */
	run = live_command(ARGS("sh", "-c",
				"rm \"$2\"; mv \"$1\" \"$0.corrupt-20260101T000000Z\" && : "
				">\"$0.corrupt-20260101T000000Z-wal\"",
				b, c, foreign));
	assert_int_equal(run.status, 0);
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", fleet, "--output", "json"));
	assert_int_equal(run.status, 0);
	root = json_loads(run.output, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(root, "stores_unread")), 1);
	assert_true(json_is_false(json_object_get(json_object_get(root, "coverage"), "whole")));
	json_decref(root);
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", b));
	assert_int_equal(run.status, 0);
	assert_non_null(
		strstr(run.output, "b.db.corrupt-20260101T000000Z: a damaged store that was moved aside"));
	live_free(&run);
	run = live_command(ARGS("spillwatch", "audit", "--store", a));
	assert_null(strstr(run.output, "moved aside"));
	live_free(&run);
	run = live_command(ARGS("rm", "-r", fleet));
	live_free(&run);
	assert_int_equal(mkdir(fleet, 0700), 0);
	check_sentence(ARGS("spillwatch", "audit", "--store", fleet), 3, "there is no store (*.db)");
}

/* What is to be done, and that it is done once it was. */
static void test_todo(void **state)
{
	struct maker_token token = maker_token(61), other = maker_token(62);
	struct live_run run;

	(void)state;
	write_leaks();
	run = audit(ARGS("--todo", "--exit-code", "9"));
	assert_int_equal(run.status, 9);
	assert_non_null(strstr(run.output, "2 tokens to be dealt with"));
	assert_non_null(strstr(run.output, token.identifier));
	assert_non_null(strstr(run.output, "/api/v2/apiTokens/"));
	assert_non_null(strstr(run.output, "spillwatch mask <"));
	live_no_secret(&run, &token);
	live_free(&run);
	run = audit_ok(ARGS("--mark", token.identifier, "accepted"));
	live_free(&run);
	run = audit_ok(ARGS("--todo", "--output", "json"));
	assert_null(strstr(run.output, token.identifier));
	assert_non_null(strstr(run.output, "\"accepted\": 1"));
	live_free(&run);
	check_sentence(ARGS("spillwatch", "audit", "--todo", "--output", "csv"), 2, "json");
	/* it lies there, as was decided */
	run = audit_ok(ARGS("--mark", other.identifier, "false-positive"));
	live_free(&run);
	run = audit_ok(ARGS("--todo", "--exit-code", "9"));
	assert_non_null(strstr(run.output, "0 tokens to be dealt with"));
	live_free(&run);
	/* what others take has it still, and says what was decided */
	run = audit_ok(ARGS("--export"));
	assert_non_null(strstr(run.output, token.identifier));
	assert_non_null(strstr(run.output, "\"state\":\"accepted\""));
	live_no_secret(&run, &token);
	live_free(&run);
	check_sentence(ARGS("spillwatch", "audit", "--export", "--by", "file"), 2, "--by");
}

/* What can't be stored is said and counted; the alerts go on. */
/* Damage that is found while nothing is written: the new store is there, and whoever waits for the next alert does only that. */
static void test_damaged_idle(void **state)
{
	char noise[4096], command[1024];
	struct live_run run;
	int fd;

	(void)state;
	write_leaks();
	fd = open(STORE, O_WRONLY);
	memset(noise, 0xa5, sizeof(noise));
	for (off_t at = sizeof(noise); at < lseek(fd, 0, SEEK_END); at += (off_t)sizeof(noise))
		assert_int_equal(pwrite(fd, noise, sizeof(noise), at), sizeof(noise));
	close(fd);
	/* once it lies aside: hundredths of a second of CPU time in four seconds */
	snprintf(
		command, sizeof(command),
		"for i in $(seq 600); do ls %s.corrupt-* >&2 && break; sleep 0.1; done 2>/dev/null; sleep 1; "
		"used() { awk '{print $14 + $15}' /proc/$PPID/stat; }; from=$(used); sleep 4; "
		"echo used $(($(used) - from))",
		STORE);
	run = live_exec(ARGS("--store", STORE), ARGS("sh", "-c", command));
	if (run.status || !strstr(run.errors, "a new one was begun") || !strstr(run.output, "used "))
		fail_msg("status %d: %s%s", run.status, run.output, run.errors);
	assert_in_range(strtoul(strstr(run.output, "used ") + 5, NULL, 10), 0, 150);
	live_free(&run);
	run = audit_ok(ARGS("--output", "json"));
	assert_non_null(strstr(run.output, "\"entries\":0"));
	assert_non_null(strstr(run.output, "the command sh"));
	live_free(&run);
}

static void test_store_lost(void **state)
{
	struct maker_token token = maker_token(67);
	char command[1024];
	struct live_run run;

	(void)state;
	/* the store's directory goes away under it */
	snprintf(command, sizeof(command), "until rm -r %s; do sleep 0.1; done; : > %s; %s call write %s 67",
		 live_path("store"), live_path("store"), live_writer("writer"), live_path("file"));
	run = live_exec(ARGS("--store", STORE), ARGS("sh", "-c", command));
	assert_int_equal(run.status, 0);
	assert_int_equal(live_count(&run, &token), 1);
	assert_non_null(strstr(run.errors, "alerts go on"));
	assert_int_equal(live_summary(&run, "writes of tokens that the store could not take"), 1);
	live_free(&run);
}

/* `run`, in a cgroup of ours: it writes what it has while it idles, so that even SIGKILL finds it stored. */
static void test_run_store(void **state)
{
	struct maker_token token = maker_token(68);
	char group[128], command[2048];
	struct live_run run;

	(void)state;
	snprintf(group, sizeof(group), "%s/spillwatch-store-%d", live_cgroup_root(), getpid());
	assert_int_equal(mkdir(group, 0755), 0);
	snprintf(command, sizeof(command),
		 "spillwatch=${SPILLWATCH:-build/spillwatch}; "
		 "$spillwatch run --cgroup %s --store %s & watcher=$!; "
		 "for i in $(seq 120); do grep -q watching %s && break; sleep 0.5; done; "
		 "(echo 0 > %s/cgroup.procs; exec %s call write %s 68); %s; "
		 "kill -9 $watcher; wait $watcher; "
		 "$spillwatch run --cgroup %s --store /nowhere/at/all --duration 1",
		 group, STORE, live_path("errors"), group, live_writer("writer"), live_path("file"),
		 await_stored(token.identifier, token.identifier), group);
	run = live_command(ARGS("sh", "-c", command));
	rmdir(group);
	/* without its store it goes on, loudly */
	if (run.status || !strstr(run.errors, "ALERTS ARE NOT STORED"))
		fail_msg("status %d: %s", run.status, run.errors);
	live_free(&run);
	run = audit_ok(ARGS("--by", "token"));
	assert_non_null(strstr(run.output, token.identifier));
	live_free(&run);
}

const struct CMUnitTest live_audit[] = {
	cmocka_unit_test_setup_teardown(test_audit, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_outputs, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_no_secret_stored, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_files, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_names_told_apart, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_run_store, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_while_written, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_mark, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_several, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_todo, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_audit_unmatched, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_audit_bad_input, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_store_lost, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_covered, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_damaged_idle, live_setup, live_teardown),
};
const size_t live_audit_count = sizeof(live_audit) / sizeof(*live_audit);
