// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The process that reads: what it finds, what becomes of it when it hangs or ends, and of those who ask. */
#include "unit.h"
#include "start.h"

#include "files/fetcher.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What is found, and how often. */
struct seen {
	size_t count;
	uint64_t at;
};

static int seen_add(void *context, const uint8_t *window, const struct token *token,
		    const struct token_span *span, uint64_t at)
{
	struct seen *seen = context;

	assert_memory_equal(window, token->identifier, strlen(token->identifier));
	assert_int_equal(span->end, MAKER_TOKEN_LEN);
	seen->count++;
	seen->at = at;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A file of this process's, and a sample of it. */
struct subject {
	struct {
		struct token_sample head;
		char path[64];
	} sample;
	struct sample_view view;
	int fd;
};

static void subject_make(struct subject *subject, uint64_t token_at)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	struct token_sample *head = &subject->sample.head;
	struct stat st;

	memset(subject, 0, sizeof(*subject));
	subject->fd = mkstemp(path);
	assert_int_equal(pwrite(subject->fd, maker_token(3).text, MAKER_TOKEN_LEN, (off_t)token_at),
			 MAKER_TOKEN_LEN);
	assert_int_equal(fstat(subject->fd, &st), 0);
	strcpy(subject->sample.path, path);
	head->path_len = (uint16_t)strlen(path);
	head->size = (uint32_t)(sizeof(*head) + head->path_len);
	head->tgid = (uint32_t)getpid();
	head->start = unit_start();
	head->inode = st.st_ino;
	head->device = SAMPLE_DEVICE(major(st.st_dev), minor(st.st_dev));
	assert_int_equal(sample_view_parse(head, head->size, &subject->view), 0);
}

static void subject_end(const struct subject *subject)
{
	unlink(subject->sample.path);
	close(subject->fd);
}

static struct fetcher_request request_of(const struct subject *subject, uint64_t group)
{
	return (struct fetcher_request){.view = &subject->view, .end = 1UL << 62, .group = group, .uid = 0};
}

/* Until the request is done. */
static struct fetcher_done hear(struct fetcher *fetcher, struct seen *seen)
{
	struct fetcher_done done;

	while (!fetcher_hear(fetcher, now_ms(), seen_add, seen, &done)) {
		struct pollfd fd = {.fd = fetcher_fd(fetcher), .events = POLLIN};

		poll(&fd, 1, 10);
	}
	return done;
}

static struct fetcher_done ask(struct fetcher *fetcher, const struct fetcher_request *request,
			       struct seen *seen)
{
	int r = fetcher_ask(fetcher, request, now_ms());

	if (r < 0)
		return (struct fetcher_done){.error = r};
	assert_true(fetcher_busy(fetcher));
	assert_int_equal(fetcher_ask(fetcher, request, now_ms()), -EBUSY);
	return hear(fetcher, seen);
}

/* The child of a process that has one. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &child) != 1)
		child = 0;
	if (file)
		fclose(file);
	return child;
}

static void test_found(void **state)
{
	struct fetcher *fetcher;
	struct fetcher_request request;
	struct fetcher_done done;
	struct subject subject;
	struct seen seen = {0};

	(void)state;
	assert_int_equal(fetcher_open("/proc", NULL, 0, &fetcher), 0);
	subject_make(&subject, 5000);
	request = request_of(&subject, 1);
	done = ask(fetcher, &request, &seen);
	assert_int_equal(done.error, 0);
	assert_int_equal(done.next, 5000 + MAKER_TOKEN_LEN);
	assert_int_equal(done.end, done.next);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.at, 5000);
	/* what is kept open has no need of a name, until it is closed */
	request.id = 9;
	assert_int_equal(ask(fetcher, &request, &seen).error, 0);
	unlink(subject.sample.path);
	close(subject.fd);
	assert_int_equal(ask(fetcher, &request, &seen).error, 0);
	assert_int_equal(seen.count, 3);
	request.close = true;
	request.view = NULL;
	assert_int_equal(ask(fetcher, &request, &seen).error, 0);
	request.close = false;
	request.view = &subject.view;
	assert_int_equal(ask(fetcher, &request, &seen).error, -ENOENT);
	fetcher_close(fetcher);
}

/* Of terabytes of holes nothing is read. */
static void test_sparse(void **state)
{
	const uint64_t at = 3ULL << 40;
	struct fetcher *fetcher;
	struct fetcher_request request;
	struct fetcher_done done = {0};
	struct subject subject;
	struct seen seen = {0};
	uint64_t read = 0;

	(void)state;
	assert_int_equal(fetcher_open("/proc", NULL, 0, &fetcher), 0);
	subject_make(&subject, 0);
	if (pwrite(subject.fd, maker_token(4).text, MAKER_TOKEN_LEN, (off_t)at) != MAKER_TOKEN_LEN) {
		print_message("no files of terabytes in /tmp\n");
	} else {
		for (request = request_of(&subject, 1); done.next < at + MAKER_TOKEN_LEN;
		     request.from = done.next) {
			done = ask(fetcher, &request, &seen);
			assert_int_equal(done.error, 0);
			read += done.read;
		}
		assert_int_equal(seen.count, 2);
		assert_int_equal(seen.at, at);
		assert_true(read <= 4 << 20);
	}
	subject_end(&subject);
	fetcher_close(fetcher);
}

/* One that doesn't answer is given up, another one goes on; who keeps too many waiting is not read for. */
static void test_hangs(void **state)
{
	struct fetcher *fetcher;
	struct fetcher_request request;
	struct subject subject;
	struct seen seen = {0};
	pid_t nursery;

	(void)state;
	assert_int_equal(fetcher_open("/proc", NULL, 0, &fetcher), 0);
	nursery = child_of(getpid());
	subject_make(&subject, 0);
	request = request_of(&subject, 1);
	assert_int_equal(ask(fetcher, &request, &seen).error, 0);
	if (!nursery || !child_of(nursery)) {
		print_message("this kernel doesn't tell of children\n");
		subject_end(&subject);
		fetcher_close(fetcher);
		return;
	}
	fetcher_patience(fetcher, 50);
	/* with the one that starts them, so that nobody ends it */
	kill(nursery, SIGSTOP);
	kill(child_of(nursery), SIGSTOP);
	assert_int_equal(ask(fetcher, &request, &seen).error, -ETIME);
	assert_int_equal(fetcher_left(fetcher), 1);
	for (size_t i = 1; i < FETCHER_LEFT_GROUP; i++)
		assert_int_equal(ask(fetcher, &request, &seen).error, -ETIME);
	assert_int_equal(fetcher_left(fetcher), FETCHER_LEFT_GROUP);
	/* at once: it is not even asked for */
	assert_int_equal(fetcher_ask(fetcher, &request, now_ms()), -ETIME);
	fetcher_patience(fetcher, 60000);
	kill(nursery, SIGCONT);
	request.group = 2;
	assert_int_equal(ask(fetcher, &request, &seen).error, 0);
	/* those that were given up are killed, and their places free again */
	request.group = 1;
	while (fetcher_left(fetcher)) {
		struct fetcher_done done;

		fetcher_hear(fetcher, now_ms(), seen_add, &seen, &done);
		usleep(1000);
	}
	assert_int_equal(ask(fetcher, &request, &seen).error, 0);
	assert_int_equal(seen.count, 3);
	subject_end(&subject);
	fetcher_close(fetcher);
}

/* It ends in the middle, and then the one that starts them does. */
static void test_ends(void **state)
{
	struct fetcher *fetcher;
	struct fetcher_request request;
	struct subject subject;
	struct seen seen = {0};
	pid_t nursery, child;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(fetcher_open("/proc", NULL, 0, &fetcher), 0);
	nursery = child_of(getpid());
	subject_make(&subject, 0);
	request = request_of(&subject, 1);
	assert_int_equal(ask(fetcher, &request, &seen).error, 0);
	child = nursery ? child_of(nursery) : 0;
	if (child) {
		kill(child, SIGSTOP);
		assert_int_equal(fetcher_ask(fetcher, &request, now_ms()), 0);
		kill(child, SIGKILL);
		assert_int_equal(hear(fetcher, &seen).error, -EIO);
		assert_int_equal(ask(fetcher, &request, &seen).error, 0);
		kill(nursery, SIGKILL);
		/* it takes the one that reads with it, as soon as that can be */
		while (ask(fetcher, &request, &seen).error == 0)
			usleep(1000);
		assert_true(ask(fetcher, &request, &seen).error < 0);
		/* and nothing wakes us without end: the last that is heard of the two may come after that */
		struct pollfd fd = {.fd = fetcher_fd(fetcher), .events = POLLIN};
		struct fetcher_done done;

		for (int turn = 0; turn < 100 && poll(&fd, 1, 10) > 0; turn++)
			assert_int_equal(fetcher_hear(fetcher, now_ms(), seen_add, &seen, &done), 0);
		assert_int_equal(poll(&fd, 1, 0), 0);
	}
	subject_end(&subject);
	fetcher_close(fetcher);
}

#define CROWD 24
#define CROWD_TOKENS 2000

struct mapped_sample {
	struct token_sample head;
	char strings[LIMIT_PATH_BYTES];
};

/* The sample becomes one of this process and that file. */
static void file_of_ours(struct mapped_sample *sample, const char *path, const struct stat *st,
			 struct sample_view *ret_view)
{
	struct token_sample *head = &sample->head;
	size_t path_len = strlen(path);
	ssize_t len;

	memcpy(sample->strings, path, path_len);
	len = readlink("/proc/self/exe", sample->strings + path_len, sizeof(sample->strings) - path_len);
	assert_true(len > 0);
	head->path_len = (uint16_t)path_len;
	head->exe_len = (uint16_t)len;
	head->size = (uint32_t)(sizeof(*head) + head->path_len + head->exe_len);
	head->tgid = (uint32_t)getpid();
	head->start = unit_start();
	head->inode = st->st_ino;
	head->device = SAMPLE_DEVICE(major(st->st_dev), minor(st->st_dev));
	assert_int_equal(sample_view_parse(head, head->size, ret_view), 0);
}

/*
 * A file full of tokens, of one who has ended and has many children, none of whom has stored anything: who of them it was is asked for a
 * bounded time only, and all tokens are told. Each turn is short, whatever is in the file.
 */
static void test_crowd(void **state)
{
	static const char path[] = "/dev/shm/spillwatch-unit-crowd";
	static struct mapped_sample sample;
	struct fetcher_request request = {.view = &(struct sample_view){0}, .id = 1};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct token_sample *head = &sample.head;
	struct seen seen = {0};
	struct sample_view view;
	struct fetcher *fetcher;
	struct fetcher_done done;
	pid_t children[CROWD];
	uint64_t cpu = 0;
	struct stat st;
	size_t turns = 0;
	char *map;

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < CROWD_TOKENS; i++) {
		assert_int_equal(write(fd, maker_token(3).text, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
		assert_int_equal(write(fd, "\n", 1), 1);
	}
	assert_int_equal(fstat(fd, &st), 0);
	/* before the file is mapped: what it starts is a child as well */
	assert_int_equal(fetcher_open("/proc", NULL, 0, &fetcher), 0);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	for (size_t i = 0; i < CROWD; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			/* also when this test has failed */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	munmap(map, 4096);
	file_of_ours(&sample, path, &st, &view);
	request.view = &view;
	request.end = (uint64_t)st.st_size;
	request.gone = boottime_ns();
	request.oldest = head->start;
	/* this process itself, which a look would take for its own child */
	request.rivals[0] = (struct mapped_rival){.tgid = head->tgid, .start = head->start};
	request.rival_count = 1;
	do {
		done = ask(fetcher, &request, &seen);
		assert_int_equal(done.error, 0);
		assert_true(done.next > request.from || turns < 1000);
		request.from = done.next;
		cpu += done.cpu;
		turns++;
	} while (done.next < done.end);
	assert_true(turns > 1);
	assert_int_equal(seen.count, CROWD_TOKENS);
	assert_true(done.heirs.count == MAPPED_RIVALS);
	assert_int_equal(done.heirs.first.tgid, children[0]);
	/* ns of a processor's time: to ask all would be many seconds */
	assert_true(cpu < 1000000000ULL);
	/* they hold its sockets as well */
	for (size_t i = 0; i < CROWD; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	fetcher_close(fetcher);
	unlink(path);
	close(fd);
}

/* Of each token in a file that is mapped by a process that lives: where, and who has stored it (0: that one). */
struct stored {
	const struct fetcher *fetcher;
	size_t count;
	uint64_t at[4];
	uint32_t by[4];
	bool unasked;
};

static int stored_add(void *context, const uint8_t *window, const struct token *token,
		      const struct token_span *span, uint64_t at)
{
	struct stored *stored = context;
	const struct mapped_heir *heir = fetcher_heir(stored->fetcher);

	(void)window;
	(void)token;
	(void)span;
	assert_true(stored->count < 4);
	stored->at[stored->count] = at;
	stored->by[stored->count++] = heir ? heir->tgid : 0;
	stored->unasked |= fetcher_unasked(stored->fetcher);
	return 0;
}

/* One look at all of the file. */
static struct stored look_at(struct fetcher *fetcher, struct fetcher_request request)
{
	struct stored stored = {.fetcher = fetcher};
	struct fetcher_done done;

	do {
		assert_int_equal(fetcher_ask(fetcher, &request, now_ms()), 0);
		while (!fetcher_hear(fetcher, now_ms(), stored_add, &stored, &done)) {
			struct pollfd fd = {.fd = fetcher_fd(fetcher), .events = POLLIN};

			poll(&fd, 1, 10);
		}
		assert_int_equal(done.error, 0);
		request.from = done.next;
	} while (done.next < done.end);
	return stored;
}

/* What a child stores through what it has inherited is the child's, while its parent lives as well, who has not stored there. */
static void test_living(void **state)
{
	struct mapped_sample sample = {.head = {.flags = SAMPLE_MAPPED, .call = WRITE_CALL_MMAP}};
	static const char path[] = "/dev/shm/spillwatch-living";
	struct fetcher_request request = {.view = &(struct sample_view){0}, .id = 1};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), ready[2];
	struct fetcher *fetcher;
	struct sample_view view;
	struct stored stored;
	struct stat st;
	pid_t child;
	char *map;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 16384), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(fetcher_open("/proc", NULL, 0, &fetcher), 0);
	map = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	memcpy(map + 100, maker_token(3).text, MAKER_TOKEN_LEN);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memcpy(map + 8192 + 200, maker_token(4).text, MAKER_TOKEN_LEN);
		if (write(ready[1], "", 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &(char){0}, 1), 1);
	file_of_ours(&sample, path, &st, &view);
	request.view = &view;
	request.end = (uint64_t)st.st_size;
	/* the second look is at what stood there at the first one */
	for (int i = 0; i < 2; i++) {
		stored = look_at(fetcher, request);
		assert_int_equal(stored.count, 2);
		assert_int_equal(stored.at[0], 100);
		assert_int_equal(stored.by[0], 0);
		assert_int_equal(stored.at[1], 8192 + 200);
		/* where there is no time, that is said */
		if (!stored.unasked)
			assert_int_equal(stored.by[1], child);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	fetcher_close(fetcher);
	munmap(map, 16384);
	unlink(path);
	close(fd);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found), cmocka_unit_test(test_sparse), cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_ends),  cmocka_unit_test(test_crowd),  cmocka_unit_test(test_living),
	};

	return UNIT_RUN(tests);
}
