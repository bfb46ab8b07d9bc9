// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who has inherited a mapping: children that live and have it still, and nobody else. */
#include "unit.h"
#include "start.h"

#include "files/heirs.h"
#include "lib/monotonic.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file in memory, mapped by this process, and a sample as of it. */
struct subject {
	struct {
		struct token_sample head;
		char exe[LIMIT_PATH_BYTES];
	} sample;
	struct sample_view view;
	char *map;
};

static void subject_make(struct subject *subject)
{
	int fd = memfd_create("heirs", MFD_CLOEXEC);
	ssize_t len = readlink("/proc/self/exe", subject->sample.exe, sizeof(subject->sample.exe));
	struct token_sample *head = &subject->sample.head;
	struct stat st;

	assert_true(fd >= 0 && len > 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_int_equal(fstat(fd, &st), 0);
	subject->map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(subject->map, MAP_FAILED);
	close(fd);
	*head = (struct token_sample){.size = (uint32_t)(sizeof(*head) + (size_t)len),
				      .tgid = (uint32_t)getpid(),
				      .start = unit_start(),
				      .inode = st.st_ino,
				      .device = SAMPLE_DEVICE(major(st.st_dev), minor(st.st_dev)),
				      .exe_len = (uint16_t)len};
	assert_int_equal(sample_view_parse(&subject->sample, head->size, &subject->view), 0);
}

/* A walk to its end, as many turns as that takes. */
static void walk_since(struct heirs *heirs, const struct subject *subject, uint64_t since)
{
	enum heirs_state state;
	int turns = 0;

	while ((state = heirs_look(heirs, &subject->view, since, subject->sample.head.start)) !=
	       HEIRS_READY) {
		assert_true(++turns < 100000);
		if (state == HEIRS_RESTS)
			usleep(1000);
	}
}

static void walk(struct heirs *heirs, const struct subject *subject)
{
	walk_since(heirs, subject, boottime_ns());
	assert_int_equal(heirs_unseen(heirs, &subject->view), 0);
}

/* How many but this process itself; *ret_heir: the last of them. */
static size_t heirs_of(const struct heirs *heirs, const struct subject *subject,
		       struct mapped_rival *ret_heir)
{
	const struct mapped_rival self = {.tgid = (uint32_t)getpid()};
	size_t i = 0, count = 0;

	while (heirs_next(heirs, &subject->view, &self, 1, &i, ret_heir))
		count++;
	return count;
}

static pid_t child(struct subject *subject, bool keeps)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (!keeps)
			munmap(subject->map, 8192);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_heirs(void **state)
{
	struct subject subject = {0}, other = {0};
	struct mapped_rival found = {0};
	struct mapped_heir heir;
	struct heirs *heirs;
	pid_t keeps, not ;

	(void)state;
	subject_make(&subject);
	keeps = child(&subject, true);
	not = child(&subject, false);
	subject_make(&other);
	assert_int_equal(heirs_open("/proc", &heirs), 0);
	walk(heirs, &subject);
	assert_int_equal(heirs_of(heirs, &subject, &found), 1);
	assert_int_equal(found.tgid, keeps);
	assert_true(heirs_describe("/proc", &found, &heir));
	assert_int_equal(heir.tgid, keeps);
	assert_int_equal(heir.ns_tgid, keeps);
	assert_int_equal(heir.uid, geteuid());
	assert_int_equal(heir.gid, getegid());
	assert_string_equal(heir.comm, "test_heirs");
	/* who runs another program can't have it from there, nor who is older */
	subject.sample.exe[subject.sample.head.exe_len - 1] ^= 1;
	assert_int_equal(heirs_of(heirs, &subject, &found), 0);
	subject.sample.exe[subject.sample.head.exe_len - 1] ^= 1;
	subject.sample.head.start += 3600000000000ULL;
	assert_int_equal(heirs_of(heirs, &subject, &found), 0);
	assert_int_equal(heirs_unseen(heirs, &subject.view), 0);
	subject.sample.head.start -= 3600000000000ULL;
	/* another file, mapped later */
	assert_int_equal(heirs_of(heirs, &other, &found), 0);
	/* it has ended: what the walk has found is no heir any more, before its parent has asked for it and after that */
	assert_int_equal(heirs_of(heirs, &subject, &found), 1);
	kill(keeps, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)keeps, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_false(heirs_describe("/proc", &found, &heir));
	end(keeps);
	assert_false(heirs_describe("/proc", &found, &heir));
	walk(heirs, &subject);
	assert_int_equal(heirs_of(heirs, &subject, &found), 0);
	end(not );
	heirs_close(heirs);
	munmap(subject.map, 8192);
	munmap(other.map, 8192);
}

/* One walk does for all that had ended when it began. */
static void test_once(void **state)
{
	struct subject subject = {0};
	struct mapped_rival found;
	struct heirs *heirs;
	uint64_t before;
	pid_t pid;

	(void)state;
	subject_make(&subject);
	assert_int_equal(heirs_open("/proc", &heirs), 0);
	before = boottime_ns();
	walk(heirs, &subject);
	pid = child(&subject, true);
	walk_since(heirs, &subject, before);
	assert_int_equal(heirs_of(heirs, &subject, &found), 0);
	/* the next one is not at once */
	assert_int_equal(heirs_look(heirs, &subject.view, boottime_ns(), 0), HEIRS_RESTS);
	walk(heirs, &subject);
	assert_int_equal(heirs_of(heirs, &subject, &found), 1);
	end(pid);
	heirs_close(heirs);
	/* without a procfs nobody can be asked, which is counted */
	assert_int_equal(heirs_open("/nonexistent", &heirs), 0);
	walk_since(heirs, &subject, boottime_ns());
	assert_int_equal(heirs_unseen(heirs, &subject.view), 1);
	heirs_close(heirs);
	munmap(subject.map, 8192);
}

/* What a walk costs: of who runs another program, or is older, nothing is read but that. One with many mappings is read to a bound. */
static void test_cost(void **state)
{
	struct subject subject = {0};
	struct mapped_rival found;
	struct heirs *heirs;
	pid_t pid;

	(void)state;
	subject_make(&subject);
	assert_int_equal(heirs_open("/proc", &heirs), 0);
	pid = fork();
	if (pid == 0) {
		/* more than HEIRS_LINES before what is looked for, by where they lie: side by side they would be one */
		for (int i = 0; i < HEIRS_LINES + 16; i++)
			if (mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				 0) == MAP_FAILED)
				_exit(1);
		kill(getpid(), SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &(int){0}, WUNTRACED), pid);
	walk_since(heirs, &subject, boottime_ns());
	assert_int_equal(heirs_unseen(heirs, &subject.view), 1);
	/* for another program's file it is not even opened */
	subject.sample.exe[subject.sample.head.exe_len - 1] ^= 1;
	walk(heirs, &subject);
	subject.sample.exe[subject.sample.head.exe_len - 1] ^= 1;
	walk_since(heirs, &subject, 0);
	assert_int_equal(heirs_unseen(heirs, &subject.view), 1);
	(void)heirs_of(heirs, &subject, &found);
	end(pid);
	heirs_close(heirs);
	munmap(subject.map, 8192);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_heirs), cmocka_unit_test(test_once),
						  cmocka_unit_test(test_cost)};

	return UNIT_RUN(tests);
}
