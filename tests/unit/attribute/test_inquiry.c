// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The process that asks other people's files: the same answers as without it; what becomes of those it hangs for, and of all others. */
#include "children.h"
#include "start.h"
#include "tree.h"
#include "unit.h"

#include "attribute/container/readers.h"
#include "attribute/inquiry.h"
#include "attribute/inquiry_wire.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ms that a question takes at most that is not asked, with a slow machine's share. */
#define UNASKED_MS 500

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char root[] = "/tmp/spillwatch-unit-XXXXXX";
static struct inquiry *inquiry;
static struct inquiry_world world;

static void put(const char *path, const char *text)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(whole, 0755);
		*at = '/';
	}
	tree_put(whole, text);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	world = (struct inquiry_world){
		.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), .procfs = "/proc", .path = root};
	put("/var/lib/docker/containers/" A "/config.v2.json",
	    "{\"ID\":\"" A "\",\"Name\":\"/web\",\"Config\":{\"Image\":\"web:1\",\"Labels\":{}}}");
	return inquiry_open("/proc", root, &inquiry);
}

static int teardown(void **state)
{
	(void)state;
	inquiry_close(inquiry);
	close(world.root);
	return tree_remove(root);
}

static struct inquiry_question docker(uint32_t uid)
{
	struct inquiry_question question = {.kind = INQUIRY_READ,
					    .uid = uid,
					    .name = {.runtime = "docker", .id = A},
					    .path = "/docker/" A};

	return question;
}

static int ask(const struct inquiry_question *question, struct container_facts *facts)
{
	struct inquiry_answer answer;

	return inquiry_ask(inquiry, &world, question, facts, &answer);
}

/* On a slow machine even who answers may be too late; then another one, of whom nothing is held against him. */
static void check_known(uint32_t uid)
{
	for (uint32_t other = uid; other <= uid + 9000; other += 1000) {
		const struct inquiry_question question = docker(other);
		struct container_facts facts = {0};

		if (ask(&question, &facts) == 0) {
			assert_string_equal(facts.name, "web");
			assert_string_equal(facts.runtime, "docker");
			container_facts_free(&facts);
			return;
		}
		container_facts_free(&facts);
	}
	fail_msg("of user %u nothing is known", uid);
}

static bool is_known(uint32_t uid)
{
	const struct inquiry_question question = docker(uid);
	struct container_facts facts = {0};
	int r = ask(&question, &facts);

	container_facts_free(&facts);
	return r == 0;
}

static void check_unknown(uint32_t uid, int64_t most)
{
	const struct inquiry_question question = docker(uid);
	struct container_facts facts = {.pod = strdup("kept")};
	int64_t began = monotonic_ms();

	assert_int_equal(ask(&question, &facts), -ETIME);
	assert_true(monotonic_ms() - began <= most);
	assert_null(facts.name);
	assert_string_equal(facts.pod, "kept");
	container_facts_free(&facts);
}

/* What has a name, where who gave it and its parent have ended: only if their root directory was the host's. */
static void test_mode(void **state)
{
	/* nobody has that number */
	struct inquiry_question question = {
		.kind = INQUIRY_MODE, .pid = 0x7ffffff0, .number = 0x7ffffff0, .path = "/given"};
	struct inquiry_answer answer;

	(void)state;
	put("/given", "x");
	inquiry_here(&world, &question, NULL, &answer);
	assert_int_equal(answer.result, 0);
	assert_int_equal(answer.number, 0);
	question.hosts = true;
	inquiry_here(&world, &question, NULL, &answer);
	assert_int_equal(answer.number & S_IFMT, S_IFREG);
	strcpy(question.path, "/not given");
	inquiry_here(&world, &question, NULL, &answer);
	assert_int_equal(answer.number, 0);
}

/* As this process would answer itself. */
static void test_same(void **state)
{
	struct inquiry_question question = docker(0);
	struct inquiry_answer far, near;
	struct container_facts facts = {.image = strdup("was known")};

	(void)state;
	check_known(0);
	assert_int_equal(ask(&question, &facts), 0);
	assert_string_equal(facts.image, "was known");
	/* told of, and to be looked at again */
	assert_string_equal(facts.source, "/var/lib/docker/containers/" A "/config.v2.json");
	assert_true(facts.stamp != 0);
	container_facts_free(&facts);
	question.name.id[0] = 'f';
	assert_int_equal(ask(&question, &facts), -ENOENT);
	question = (struct inquiry_question){.kind = INQUIRY_ARGS, .pid = (uint32_t)getpid(), .uid = 5};
	assert_int_equal(inquiry_ask(inquiry, &world, &question, NULL, &far), -ESRCH);
	question.time = unit_start();
	assert_true(inquiry_ask(inquiry, &world, &question, NULL, &far) > 0);
	assert_int_equal(far.result, inquiry_ask(NULL, &world, &question, NULL, &near));
	assert_memory_equal(far.text, near.text, (size_t)near.result);
	question = (struct inquiry_question){.kind = INQUIRY_GONE, .path = "/var/lib/docker"};
	assert_int_equal(inquiry_ask(inquiry, &world, &question, NULL, &far), 0);
	strcpy(question.path, "/var/lib/none");
	assert_int_equal(inquiry_ask(inquiry, &world, &question, NULL, &far), 1);
	assert_int_equal(inquiry_unanswered(inquiry), 0);
	assert_int_equal(inquiry_unanswered(NULL), 0);
	assert_false(inquiry_ended(inquiry));
	assert_false(inquiry_ended(NULL));
}

/* Who is not answered for waits once; nobody else does. What is answered at last is asked again, but not at once. */
static void test_hangs(void **state)
{
	pid_t nursery, first;
	uint64_t before;
	int64_t began;

	(void)state;
	check_known(7);
	nursery = child_of(getpid());
	first = nursery ? child_of(nursery) : 0;
	if (!first) {
		print_message("this kernel doesn't tell of children\n");
		return;
	}
	before = inquiry_unanswered(inquiry);
	kill(first, SIGSTOP);
	check_unknown(7, INQUIRY_PATIENCE_MS + 3000);
	check_unknown(7, INQUIRY_PATIENCE_MS / 2);
	assert_int_equal(inquiry_unanswered(inquiry), before + 2);
	check_known(8);
	check_known(0);
	kill(first, SIGCONT);
	began = monotonic_ms();
	while (monotonic_ms() - began < 2000) {
		check_unknown(7, INQUIRY_PATIENCE_MS);
		usleep(10000);
	}
	/* on a slow machine it may be unanswered once more */
	while (!is_known(7)) {
		assert_true(monotonic_ms() - began < 4L * INQUIRY_SILENT_MS);
		usleep(50000);
	}
}

/* Lets a process that stands still go on, so many us after each byte that it reads. Returns its number, and where to write. */
static pid_t wake(pid_t looker, useconds_t us, int *ret_fd)
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[1]);
		while (read(ends[0], &byte, 1) == 1) {
			usleep(us);
			kill(looker, SIGCONT);
		}
		_exit(0);
	}
	close(ends[0]);
	*ret_fd = ends[1];
	return pid;
}

/* Who answers slowly has his part of the time and no more, however short each answer is; what others have is theirs. */
static void test_slow(void **state)
{
	static const useconds_t slow[] = {15000, 40000};
	pid_t nursery, looker;

	(void)state;
	check_known(7);
	nursery = child_of(getpid());
	looker = nursery ? child_of(nursery) : 0;
	if (!looker) {
		print_message("this kernel doesn't tell of children\n");
		return;
	}
	for (uint32_t i = 0; i < 2; i++) {
		int64_t waited = 0, most = 2 * INQUIRY_BUDGET_MS / INQUIRY_PARTS;
		bool known = true;
		int fd;
		pid_t waker = wake(looker, slow[i], &fd);

		while (known && waited < most) {
			int64_t began;

			kill(looker, SIGSTOP);
			began = monotonic_ms();
			assert_int_equal(write(fd, "", 1), 1);
			known = is_known(7 + i);
			waited += monotonic_ms() - began;
		}
		close(fd);
		waitpid(waker, NULL, 0);
		assert_false(known);
		check_unknown(7 + i, UNASKED_MS);
		check_known(70 + i);
	}
	check_known(0);
}

/* Of many at once, all together wait for a bounded time. */
static void test_budget(void **state)
{
	uint64_t before;
	int64_t began;
	pid_t nursery;

	(void)state;
	check_known(1);
	nursery = child_of(getpid());
	if (!nursery || !child_of(nursery))
		return;
	/* with the one that starts others, so that nobody answers any more */
	kill(nursery, SIGSTOP);
	kill(child_of(nursery), SIGSTOP);
	before = inquiry_unanswered(inquiry);
	began = monotonic_ms();
	for (uint32_t uid = 1; uid < 100; uid++)
		check_unknown(uid, INQUIRY_PATIENCE_MS + 3000);
	assert_true(monotonic_ms() - began < INQUIRY_BUDGET_MS + 5000);
	assert_int_equal(inquiry_unanswered(inquiry), before + 99);
	kill(nursery, SIGCONT);
}

/* One that ends is replaced; without the one that starts them, nobody is asked, and nobody waits. */
static void test_ends(void **state)
{
	pid_t nursery, child;

	(void)state;
	check_known(0);
	nursery = child_of(getpid());
	child = nursery ? child_of(nursery) : 0;
	if (!child)
		return;
	kill(child, SIGSTOP);
	check_unknown(7, INQUIRY_PATIENCE_MS + 3000);
	kill(child, SIGKILL);
	check_known(8);
	kill(nursery, SIGKILL);
	for (int i = 0; i < 5000 && inquiry_unanswered(inquiry) < 2; i++) {
		const struct inquiry_question question = docker(9);
		struct container_facts facts = {0};

		(void)ask(&question, &facts);
		container_facts_free(&facts);
		usleep(1000);
	}
	check_unknown(10, 500);
	for (uint32_t uid = 11; uid < 40; uid++)
		check_unknown(uid, UNASKED_MS);
	assert_true(inquiry_ended(inquiry));
}

/* What was sent comes out; what was cut does not. */
static void test_wire(void **state)
{
	struct inquiry_wire *wire = calloc(1, sizeof(*wire));
	struct container_facts facts = {.runtime = "cri-o", .name = strdup("name"), .stamp = 9, .due = 8},
			       got;
	struct inquiry_answer answer = {.result = -3, .told = {.name = {.runtime = "podman", .id = "id"}}},
			      back;
	size_t len;

	(void)state;
	assert_non_null(wire);
	assert_int_equal(container_facts_volume(&facts, "/volumes/one"), 0);
	assert_int_equal(container_facts_volume(&facts, "/volumes/two"), 0);
	inquiry_wire_put_answer(wire, &answer);
	inquiry_wire_put_facts(wire, &facts);
	len = wire->len;
	for (size_t cut = 0; cut < 64 && !wire->failed; cut++) {
		wire->len = len - cut;
		wire->at = 0;
		inquiry_wire_take_answer(wire, &back);
		inquiry_wire_take_facts(wire, &got);
		assert_int_equal(wire->failed, cut != 0);
		wire->failed = false;
		assert_int_equal(back.result, -3);
		assert_string_equal(back.told.name.runtime, "podman");
		assert_string_equal(got.runtime, "cri-o");
		assert_string_equal(got.name, "name");
		assert_null(got.image);
		if (!cut) {
			assert_int_equal(got.stamp, 9);
			assert_int_equal(got.due, 8);
			assert_int_equal(got.volume_count, 2);
			assert_string_equal(got.volumes[1], "/volumes/two");
		}
		container_facts_free(&got);
	}
	container_facts_free(&facts);
	/* more than there is room for */
	wire->len = wire->at = 0;
	wire->failed = false;
	for (size_t i = 0; i < 64; i++)
		inquiry_wire_put_answer(wire, &answer);
	assert_true(wire->failed);
	free(wire);
}

/* Whoever has read other people's bytes says how long what is: of what is told, nothing has a length but its text. */
static void test_lies(void **state)
{
	struct inquiry_wire *wire = calloc(1, sizeof(*wire));
	struct inquiry_answer answer, back;
	const struct cgroup_name *names[] = {&back.conmon.name, &back.told.name};

	(void)state;
	assert_non_null(wire);
	memset(&answer, 'x', sizeof(answer));
	answer.result = 0;
	answer.conmon.name.runtime = "podman";
	answer.told.name.runtime = "runc";
	inquiry_wire_put_answer(wire, &answer);
	inquiry_wire_take_answer(wire, &back);
	assert_false(wire->failed);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(names[i]->end, 0);
		assert_int_equal(names[i]->outer_end, 0);
		assert_string_equal(names[i]->outer, "");
		assert_int_equal(strlen(names[i]->id), sizeof(names[i]->id) - 1);
		assert_int_equal(strlen(names[i]->pod_uid), sizeof(names[i]->pod_uid) - 1);
	}
	assert_int_equal(strlen(back.text), sizeof(back.text) - 1);
	assert_int_equal(strlen(back.conmon.container), sizeof(back.conmon.container) - 1);
	assert_int_equal(strlen(back.conmon.bundle), sizeof(back.conmon.bundle) - 1);
	assert_int_equal(strlen(back.told.container), sizeof(back.told.container) - 1);
	assert_int_equal(strlen(back.told.pod), sizeof(back.told.pod) - 1);
	assert_int_equal(strlen(back.told.pod_namespace), sizeof(back.told.pod_namespace) - 1);
	assert_int_equal(strlen(back.told.log), sizeof(back.told.log) - 1);
	assert_int_equal(strlen(back.told.namespace), sizeof(back.told.namespace) - 1);
	assert_int_equal(strlen(back.told.states), sizeof(back.told.states) - 1);
	assert_int_equal(strlen(back.told.directory), sizeof(back.told.directory) - 1);
	free(wire);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hangs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_lies),
	};

	return UNIT_RUN(tests);
}
