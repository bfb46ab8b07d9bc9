// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions and losses in the store: signs of life, kills, merges, bounds, older stores. */
#include "alerts.h"
#include "unit.h"

#include "store/database.h"
#include "store/reader.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct store_watched watched = {.scope = "host", .files = "disk,tmpfs,block"};

static char *dir;
static char path[128];

static int setup(void **state)
{
	(void)state;
	dir = alerts_dir();
	snprintf(path, sizeof(path), "%s/audit.db", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alerts_remove(dir);
	return 0;
}

static struct store *begin(void)
{
	struct store *store = alerts_store(path);

	assert_int_equal(store_session(store, &watched), 0);
	return store;
}

static void work(struct store *store)
{
	char *moved = NULL;

	for (int i = 0; store_due(store) == 0 && i < 100; i++)
		assert_int_equal(store_work(store, &moved), 0);
	assert_null(moved);
	assert_true(store_due(store) > 0);
}

static void lose_as(struct store *store, const char *counter, const char *text, uint64_t count,
		    const char *container, uint64_t of_it)
{
	const struct loss_kind kind = {.name = counter, .text = text, .count = count, .total = count};
	struct loss loss = {.kinds = &kind, .kind_count = 1};

	loss.time.tv_sec = alerts_now();
	loss.since.tv_sec = loss.time.tv_sec - 1;
	if (container)
		loss.writers[loss.writer_count++] = (struct loss_writer){
			.samples = of_it, .name = "x", .container = "c", .container_name = container};
	store_loss(store, &loss);
}

static void lose(struct store *store, const char *counter, uint64_t count, const char *container,
		 uint64_t of_it)
{
	lose_as(store, counter, "samples", count, container, of_it);
}

/* What names a file each time is one loss all the same, as the last one says; each output's are its own. */
static void test_words(void **state)
{
	struct store *store = begin();

	(void)state;
	work(store);
	for (int i = 0; i < 6; i++) {
		char text[32];

		snprintf(text, sizeof(text), "such as /file-%d", i);
		lose_as(store, "files_unread", text, 1, NULL, 0);
		lose_as(store, "output_errors", text, 1, NULL, 0);
		/* also when it was written meanwhile */
		if (i % 2)
			work(store);
	}
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss WHERE counter = 'files_unread'"), 1);
	assert_int_equal(alerts_number(path, "SELECT count FROM loss WHERE text = 'such as /file-5' AND"
					     " counter = 'files_unread'"),
			 6);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss WHERE counter = 'output_errors'"), 6);
}

/* What the reader calls it: "h" if it has not been told. */
static void check_node(const char *expected)
{
	struct reader *reader;

	assert_int_equal(reader_open(path, "h", &reader), 0);
	assert_string_equal(reader_node(reader, 0), expected);
	assert_int_equal(reader_told(reader, 0), strcmp(expected, "h") != 0);
	reader_close(reader);
}

/* Whose store it is: of nobody who has not said so, and by the last name. */
static void test_node(void **state)
{
	struct store_watched named = watched;
	struct store *store = begin();

	(void)state;
	work(store);
	store_close(store);
	check_node("h");
	for (int i = 0; i < 2; i++) {
		named.node = i ? "node-8" : "node-7";
		store = alerts_store(path);
		assert_int_equal(store_session(store, &named), 0);
		work(store);
		check_node(named.node);
		store_close(store);
	}
}

/* There at once, alive every ten seconds and no more often, and ended when it ends. */
static void test_life(void **state)
{
	struct store *store = begin();

	(void)state;
	assert_int_equal(store_due(store), 0);
	work(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session WHERE ended = 0"), 1);
	assert_in_range(store_due(store), 5000, 10000);
	assert_int_equal(alerts_number(path, "SELECT abs(unixepoch() - start / 1000000) < 60 FROM session"),
			 1);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session"), 1);
	assert_int_equal(alerts_number(path, "SELECT ended AND seen >= start AND scope = 'host' AND files ="
					     " 'disk,tmpfs,block' AND name IS NULL FROM session"),
			 1);
	/* the next one is another one; one without a session leaves nothing */
	store = begin();
	store_close(store);
	store_close(alerts_store(path));
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session"), 2);
}

static void test_killed(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct store *store = begin();

		work(store);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session WHERE ended = 0"), 1);
}

/* What was lost: with whom it was, as far as that is known; what goes on is one row. */
static void test_losses(void **state)
{
	struct store *store = begin();

	(void)state;
	work(store);
	lose(store, "ring_full", 5, NULL, 0);
	assert_int_equal(store_due(store) > 1000, 0);
	lose(store, "flooded", 10, "app", 7);
	lose(store, "flooded", 2, "app", 2);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss"), 3);
	assert_int_equal(alerts_number(path, "SELECT count FROM loss WHERE counter = 'ring_full'"), 5);
	assert_int_equal(alerts_number(path, "SELECT count FROM loss WHERE writer = 'container app'"), 9);
	assert_int_equal(
		alerts_number(path, "SELECT count FROM loss WHERE counter = 'flooded' AND writer IS NULL"),
		3);
	assert_int_equal(alerts_number(path, "SELECT since < until AND session = 1 FROM loss"), 1);
}

static void test_merged(void **state)
{
	struct store *store = begin();
	char *moved = NULL;

	(void)state;
	for (int i = 0; i < 4; i++) {
		lose(store, "flooded", 10, "app", 7);
		assert_int_equal(store_flush(store, &moved), 0);
	}
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss"), 2);
	assert_int_equal(alerts_number(path, "SELECT sum(count) FROM loss"), 40);
	/* long ago is another time */
	alerts_number(path, "UPDATE loss SET since = since - 7200000000, until = until - 7200000000");
	lose(store, "flooded", 10, "app", 7);
	assert_int_equal(store_flush(store, &moved), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss"), 4);
	store_close(store);
}

/* Who makes containers without end gets no row for each; all is counted still. */
static void test_bounds(void **state)
{
	struct store *store = begin();
	char *moved = NULL, name[32];

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "app-%d", i);
		lose(store, "flooded", 10, name, 10);
		if (i % 3 == 0)
			assert_int_equal(store_flush(store, &moved), 0);
	}
	assert_int_equal(store_flush(store, &moved), 0);
	assert_in_range(alerts_number(path, "SELECT count(*) FROM loss"), 10, 70);
	assert_int_equal(alerts_number(path, "SELECT sum(count) FROM loss"), 2000);
	store_close(store);
	/* of all times: the oldest go, and it is known until when */
	alerts_number(path, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
			    " INSERT INTO loss (session, since, until, counter, text, count)"
			    " SELECT 99, i, i, 'x', 'x', 1 FROM n");
	alerts_number(path, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
			    " INSERT INTO session (start, seen, ended, scope) SELECT i, i, 1, 'host' FROM n");
	store = begin();
	lose(store, "ring_full", 1, NULL, 0);
	assert_int_equal(store_flush(store, &moved), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss"), 2048);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session"), 2048);
	assert_true(alerts_number(path, "SELECT value FROM meta WHERE key = 'told_until'") > 0);
	/* and by age */
	work(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session"), 1);
	store_close(store);
}

/* As version 9 had it. */
static void before_counted(void)
{
	alerts_number(path, "DROP TRIGGER fact_added");
	alerts_number(path, "ALTER TABLE fact DROP COLUMN counted");
	alerts_number(path,
		      "CREATE TRIGGER fact_added AFTER INSERT ON fact BEGIN UPDATE name SET facts = facts + 1"
		      " WHERE id IN (new.token, new.file, new.program, new.container); END");
	alerts_number(path, "PRAGMA user_version = 9");
}

/* As version 8 had it. */
static void before_images(void)
{
	before_counted();
	alerts_number(path, "ALTER TABLE container DROP COLUMN digest");
	alerts_number(path, "ALTER TABLE container DROP COLUMN outer_id");
	alerts_number(path, "ALTER TABLE detail DROP COLUMN exec");
	alerts_number(path, "PRAGMA user_version = 8");
}

/* As version 7 had it. */
static void before_formers(void)
{
	before_images();
	alerts_number(path, "ALTER TABLE container DROP COLUMN former");
	alerts_number(path, "PRAGMA user_version = 7");
}

/* As version 6 had it. */
static void before_places(void)
{
	before_formers();
	alerts_number(path, "ALTER TABLE detail DROP COLUMN place");
	alerts_number(path, "ALTER TABLE detail DROP COLUMN severity");
	alerts_number(path, "PRAGMA user_version = 6");
}

/* As version 5 had it. */
static void before_triage(void)
{
	before_places();
	alerts_number(path, "DROP TABLE triage");
	alerts_number(path, "PRAGMA user_version = 5");
}

/* As version 4 had it. */
static void before_identities(void)
{
	before_triage();
	alerts_number(path, "ALTER TABLE container DROP COLUMN cid");
	alerts_number(path, "ALTER TABLE container DROP COLUMN namespace");
	alerts_number(path, "ALTER TABLE container DROP COLUMN created");
	alerts_number(path, "PRAGMA user_version = 4");
}

/* As version 3 had it. */
static void before_relays(void)
{
	before_identities();
	alerts_number(path, "ALTER TABLE fact DROP COLUMN relayed");
	alerts_number(path, "PRAGMA user_version = 3");
}

/* As version 2 had it. */
static void before_rules(void)
{
	before_relays();
	alerts_number(path, "DROP INDEX fact_key");
	alerts_number(path, "ALTER TABLE fact DROP COLUMN verdict");
	alerts_number(path, "ALTER TABLE detail DROP COLUMN rule");
	alerts_number(path, "CREATE UNIQUE INDEX fact_key ON fact (token, file, program, container)");
	alerts_number(path, "PRAGMA user_version = 2");
}

static int count_facts(void *context, const struct reader_fact *row)
{
	assert_int_equal(row->verdict, FACT_LEAK);
	++*(int *)context;
	return 0;
}

static int count_triage(void *context, int64_t id, const struct triage *triage)
{
	assert_true(id > 0);
	assert_int_equal(triage->state, TRIAGE_REVOKED);
	++*(int *)context;
	return 0;
}

/* One that knows of no decisions is read as it is; the first of them brings it up to date, and a monitor goes on with it. */
static void test_before_triage(void **state)
{
	const struct triage triage = {
		.identifier = "dt0c01.AAAA", .state = TRIAGE_REVOKED, .note = "rotated", .time = 1};
	struct alert_spec spec = {.token = "dt0c01.AAAA", .file = "/f", .program = "/bin/a"};
	struct store *store = alerts_store(path);
	struct reader *reader;
	char *moved = NULL;
	bool known = false;
	int count = 0;

	(void)state;
	spec.time = alerts_now();
	alerts_put(store, &spec);
	assert_int_equal(store_flush(store, &moved), 0);
	before_triage();
	assert_int_equal(reader_open(path, "h", &reader), 0);
	assert_int_equal(reader_triage(reader, count_triage, &count), 0);
	assert_int_equal(count, 0);
	reader_close(reader);
	assert_int_equal(triage_put(path, &triage, &known), 0);
	assert_true(known);
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), DATABASE_VERSION);
	alerts_put(store, &spec);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count FROM fact"), 2);
	assert_int_equal(reader_open(path, "h", &reader), 0);
	assert_int_equal(reader_triage(reader, count_triage, &count), 0);
	assert_int_equal(count, 1);
	reader_close(reader);
}

static int keep_fact(void *context, int64_t id)
{
	*(int64_t *)context += id;
	return 0;
}

/* Names of which it is not known how many facts have them. */
static int64_t miscounted(void)
{
	return alerts_number(path, "SELECT count(*) FROM name WHERE facts != (SELECT count(*) FROM fact"
				   " WHERE name.id IN (token, file, program, container))");
}

/* Each fact is counted once with each of its names, whoever has added it, and in however many places it has one. */
static void test_counted(void **state)
{
	static const char *const tokens[] = {"dt0c01.AAAA", "dt0c01.BBBB", "dt0c01.CCCC"};
	static const char *const files[] = {"/a", "/bin/a", "dt0c01.BBBB", "/c"};
	static const char *const programs[] = {"/bin/a", "/c", NULL};
	static const char *const containers[] = {NULL, "0123456789abcdef"};
	struct store *store = alerts_store(path);
	char *moved = NULL;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 3 * 4 * 3 * 2; i++) {
			/* one after the other, and to and fro */
			unsigned int at = round ? i * 29 % 72 : i;
			struct alert_spec spec = {.token = tokens[at % 3],
						  .file = files[at / 3 % 4],
						  .program = programs[at / 12 % 3],
						  .container = containers[at / 36],
						  .time = alerts_now() -
							  (round ? 0 : (STORE_DAYS + 1) * 86400)};

			/* some are there already, some have a row of their own in each round */
			if (round && i % 2)
				spec.user = "other";
			alerts_put(store, &spec);
			if (i % 7 == 6)
				assert_int_equal(store_flush(store, &moved), 0);
		}
		assert_int_equal(store_flush(store, &moved), 0);
		assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 72);
		assert_int_equal(miscounted(), 0);
		if (round)
			break;
		/* a monitor of before, which does not count */
		alerts_number(path,
			      "INSERT INTO fact (token, file, program, container, first, last, count)"
			      " SELECT token, file, container, program, first, last, 1 FROM fact LIMIT 5");
		assert_int_equal(miscounted(), 0);
		alerts_number(path, "DELETE FROM fact WHERE id % 3 = 0 OR id > 72");
		assert_int_equal(miscounted(), 0);
	}
	alerts_number(path, "DELETE FROM fact WHERE id % 2");
	assert_int_equal(miscounted(), 0);
	alerts_number(path, "DELETE FROM fact");
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name"), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM token"), 0);
	store_close(store);
}

static int64_t find_facts(const struct reader_said said)
{
	struct reader *reader;
	int64_t sum = 0;

	assert_int_equal(reader_open(path, "h", &reader), 0);
	assert_int_equal(reader_find_facts(reader, &said, keep_fact, &sum), 0);
	reader_close(reader);
	return sum;
}

/* What was stored before where a file is was kept is of no place, and goes on; what comes is. */
static void test_before_places(void **state)
{
	struct alert_spec spec = {.token = "dt0c01.AAAA", .file = "/f", .program = "/bin/a"};
	struct store *store = alerts_store(path);

	(void)state;
	spec.time = alerts_now();
	alerts_put(store, &spec);
	store_close(store);
	before_places();
	assert_int_equal(find_facts((struct reader_said){.place = "host"}), 0);
	assert_int_equal(find_facts((struct reader_said){.severity = 1}), 0);
	assert_int_equal(find_facts((struct reader_said){.rule = "*"}), 0);
	assert_int_equal(find_facts((struct reader_said){0}), 1);
	store = alerts_store(path);
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), DATABASE_VERSION);
	assert_int_equal(find_facts((struct reader_said){.place = "host"}), 0);
	spec.file = "/g";
	alerts_put(store, &spec);
	store_close(store);
	assert_int_equal(find_facts((struct reader_said){.place = "host"}), 2);
	assert_int_equal(find_facts((struct reader_said){.severity = 1}), 2);
}

static int read_fact(void *context, const struct reader_fact *row)
{
	*(struct reader_fact *)context = *row;
	return 0;
}

/* What images there were is not known of before; what is stored from then on is. */
static void test_before_images(void **state)
{
	struct alert_spec spec = {
		.token = "dt0c01.AAAA", .file = "/f", .program = "/bin/a", .container = "c1"};
	struct store *store = alerts_store(path);

	(void)state;
	spec.time = alerts_now();
	spec.digest = "sha256:ab";
	spec.outer = "c0";
	spec.exec = true;
	for (int i = 0; i < 2; i++) {
		struct reader_fact row = {0};
		struct reader *reader;
		struct fact fact;

		alerts_put(store, &spec);
		store_close(store);
		if (i == 0)
			before_images();
		assert_int_equal(reader_open(path, "h", &reader), 0);
		assert_int_equal(reader_facts(reader, 0, INT64_MAX, read_fact, &row), 0);
		assert_int_equal(reader_fact(reader, &row, &fact), 0);
		assert_string_equal(fact.container_name, "app");
		assert_int_equal(fact.exec, i);
		if (i) {
			assert_string_equal(fact.digest, "sha256:ab");
			assert_string_equal(fact.outer, "c0");
		} else {
			assert_null(fact.digest);
			assert_null(fact.outer);
		}
		fact_free(&fact);
		reader_close(reader);
		store = alerts_store(path);
	}
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), DATABASE_VERSION);
	store_close(store);
}

/* What was decided stays when the token's facts go, is replaced by what is decided next, and is taken back. */
static void test_triage(void **state)
{
	struct triage triage = {.identifier = "dt0c01.AAAA", .state = TRIAGE_REVOKED, .time = 1};
	struct alert_spec spec = {.token = "dt0c01.AAAA", .file = "/f", .program = "/bin/a"};
	struct store *store;
	bool known = true;

	(void)state;
	/* nothing is made for it */
	assert_int_equal(triage_put(path, &triage, &known), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
	store = alerts_store(path);
	assert_int_equal(triage_put(path, &triage, &known), 0);
	assert_false(known);
	spec.time = alerts_now() - (STORE_DAYS + 1) * 86400;
	alerts_put(store, &spec);
	work(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name"), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM triage WHERE state = 'revoked'"), 1);
	triage.state = TRIAGE_ACCEPTED;
	triage.note = "of a test system";
	assert_int_equal(triage_put(path, &triage, &known), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM triage"), 1);
	assert_int_equal(
		alerts_number(path, "SELECT count(*) FROM triage WHERE state = 'accepted' AND note NOTNULL"),
		1);
	triage.state = TRIAGE_NONE;
	assert_int_equal(triage_put(path, &triage, &known), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM triage"), 0);
	store_close(store);
	assert_int_equal(triage_put("/dev/null", &triage, &known), -EMEDIUMTYPE);
	/* others may write to it: nobody's word */
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(triage_put(path, &triage, &known), -EUSERS);
}

/* One that knows of no rules is read as it is; a monitor brings it up to date, and then what a rule says stands by itself. */
static void test_before_rules(void **state)
{
	struct alert_spec spec = {.token = "dt0c01.AAAA", .file = "/f", .program = "/bin/a"};
	struct store *store = alerts_store(path);
	struct reader *reader;
	struct alert alert;
	int facts = 0;

	(void)state;
	spec.time = alerts_now();
	alerts_put(store, &spec);
	store_close(store);
	before_rules();
	assert_int_equal(reader_open(path, "h", &reader), 0);
	assert_int_equal(reader_facts(reader, 0, INT64_MAX, count_facts, &facts), 0);
	assert_int_equal(facts, 1);
	reader_close(reader);
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), 2);
	store = begin();
	alerts_put(store, &spec);
	alert = alerts_make(&spec);
	alert.ruling = (struct alert_ruling){.rule = "may", .allowed = true};
	assert_int_equal(store_put(store, &alert), 0);
	alert.ruling = (struct alert_ruling){.rule = "passes", .carrier = true};
	assert_int_equal(store_put(store, &alert), 0);
	assert_int_equal(store_put(store, &alert), 0);
	store_close(store);
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), DATABASE_VERSION);
	assert_int_equal(alerts_number(path, "SELECT count FROM fact WHERE verdict = 0"), 2);
	assert_int_equal(alerts_number(path, "SELECT count FROM fact WHERE verdict = 1"), 1);
	assert_int_equal(alerts_number(path, "SELECT count FROM fact WHERE verdict = 2"), 2);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM detail JOIN fact ON fact = id"
					     " WHERE rule = 'may' AND verdict = 1"),
			 1);
}

/* One that knows of no relays is read as it is; a monitor brings it up to date, and then a relay's write is told as one. */
static void test_before_relays(void **state)
{
	struct alert_spec spec = {
		.token = "dt0c01.AAAA", .file = "/f", .program = "/bin/a", .container = "c1"};
	struct store *store = alerts_store(path);
	struct reader *reader;
	int facts = 0;

	(void)state;
	spec.time = alerts_now();
	alerts_put(store, &spec);
	store_close(store);
	before_relays();
	assert_int_equal(reader_open(path, "h", &reader), 0);
	assert_int_equal(reader_facts(reader, 0, INT64_MAX, count_facts, &facts), 0);
	assert_int_equal(facts, 1);
	reader_close(reader);
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), 3);
	store = begin();
	spec.program = "/bin/conmon";
	spec.relayed = true;
	alerts_put(store, &spec);
	store_close(store);
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), DATABASE_VERSION);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact WHERE relayed = 0"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact WHERE relayed = 1"), 1);
}

/* A store of the version before is brought up to date where it lies, with all that it holds. */
static void test_older(void **state)
{
	struct alert_spec spec = {.token = "dt0c01.AAAA", .file = "/f", .program = "/bin/a"};
	struct store *store = alerts_store(path);

	(void)state;
	spec.time = alerts_now();
	alerts_put(store, &spec);
	store_close(store);
	alerts_number(path, "DROP TABLE session");
	alerts_number(path, "DROP TABLE loss");
	before_rules();
	alerts_number(path, "PRAGMA user_version = 1");
	store = begin();
	alerts_put(store, &spec);
	lose(store, "ring_full", 1, NULL, 0);
	store_close(store);
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), DATABASE_VERSION);
	assert_int_equal(alerts_number(path, "SELECT count FROM fact"), 2);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss"), 1);
}

/* Locked by another one: what was lost waits. Removed: the new file knows of the time from then on, and of no time before. */
static void test_troubles(void **state)
{
	struct store *store = begin();
	char *moved = NULL, beside[160];
	int64_t start;
	sqlite3 *other;

	(void)state;
	work(store);
	start = alerts_number(path, "SELECT start FROM session");
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	lose(store, "ring_full", 3, NULL, 0);
	assert_int_equal(store_flush(store, &moved), -EBUSY);
	assert_true(store_due(store) > 1000);
	sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(other);
	lose(store, "ring_full", 4, NULL, 0);
	assert_int_equal(store_flush(store, &moved), 0);
	assert_int_equal(alerts_number(path, "SELECT count FROM loss"), 7);
	unlink(path);
	snprintf(beside, sizeof(beside), "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof(beside), "%s-shm", path);
	unlink(beside);
	lose(store, "ring_full", 1, NULL, 0);
	assert_int_equal(store_flush(store, &moved), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session"), 1);
	assert_true(alerts_number(path, "SELECT start FROM session") > start);
	assert_int_equal(alerts_number(path, "SELECT count FROM loss"), 1);
	store_close(store);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_words),         TEST(test_node),          TEST(test_life),
		TEST(test_killed),        TEST(test_losses),        TEST(test_merged),
		TEST(test_bounds),        TEST(test_counted),       TEST(test_older),
		TEST(test_before_places), TEST(test_before_triage), TEST(test_before_images),
		TEST(test_triage),        TEST(test_before_rules),  TEST(test_before_relays),
		TEST(test_troubles),
	};

	return UNIT_RUN(tests);
}
