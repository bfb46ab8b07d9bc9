// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program that stores tokens through mappings, and brings them into a file past every call:
 *
 *     stores prepare FILE N     a file with token N in its first page, written and clean
 *     stores soiled FILE N      the same, but it has not reached the disk
 *     stores HOW FILE N         see the table at the end
 *
 * For each token that must be alerted it prints a line "HOW PID NUMBER AT TIME": who stored it, where, and when (s, since
 * 1970); by process 0: it was on its way, but has not come to lie there, and may be alerted. Tokens are named by number
 * (token_maker.h). Ends with 0; with 77 if this machine can't do it; or with 1 after saying what failed.
 */
#include "../token_maker.h"
#include "async.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define WINDOW (16 * PAGE)
#define EXIT_VOID 77
/* Longer than it may take until a store is seen. */
#define SEEN_US 3000000

static const char *how;
static uint64_t first;

static void fail(const char *what)
{
	perror(what);
	exit(errno == ENOSYS || errno == EPERM ? EXIT_VOID : 1);
}

static void check(const char *what, ssize_t got, size_t wanted)
{
	if (got < 0)
		fail(what);
	if ((size_t)got != wanted) {
		fprintf(stderr, "%s: short\n", what);
		exit(1);
	}
}

static int open_file(const char *path, size_t size)
{
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	if (fd < 0 || (size && ftruncate(fd, (off_t)size) < 0))
		fail(path);
	return fd;
}

static char *map_file(int fd, size_t at, size_t len)
{
	char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)at);

	if (map == MAP_FAILED)
		fail("mmap");
	return map;
}

/* Token N + i must be alerted, at this place. */
static void expect(uint64_t i, int pid, size_t at)
{
	printf("%s %d %llu %zu %lld\n", how, pid, (unsigned long long)(first + i), at, (long long)time(NULL));
	fflush(stdout);
}

/* Stores token N + i at map[at], which is byte `from` + `at` of the file. */
static void store(char *map, size_t from, size_t at, uint64_t i)
{
	struct maker_token token = maker_token(first + i);

	memcpy(map + at, token.text, MAKER_TOKEN_LEN);
	expect(i, getpid(), from + at);
}

static void put_old(const char *path)
{
	static char page[PAGE];
	struct maker_token token = maker_token(first);
	int fd = open_file(path, 0);

	memset(page, '.', sizeof(page));
	memcpy(page + 1000, token.text, MAKER_TOKEN_LEN);
	check("write", write(fd, page, sizeof(page)), sizeof(page));
	if (how[0] == 'p' && fsync(fd) < 0)
		fail("fsync");
}

static void put_windows(const char *path)
{
	int fd = open_file(path, 4 * WINDOW);

	for (size_t i = 0; i < 4; i++) {
		char *map = map_file(fd, i * WINDOW, WINDOW);

		store(map, i * WINDOW, 5 * PAGE + 7, i);
		munmap(map, WINDOW);
	}
}

/* Mapped and stored into, then grown. */
static void put_grown(const char *path)
{
	int fd = open_file(path, PAGE);
	char *map = map_file(fd, 0, PAGE);

	map[0] = 'x';
	if (ftruncate(fd, 8 * PAGE) < 0)
		fail("ftruncate");
	close(fd);
	map = mremap(map, PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	if (map == MAP_FAILED)
		fail("mremap");
	store(map, 0, 6 * PAGE + 9, 0);
}

static void put_inherited(const char *path)
{
	int fd = open_file(path, 4 * PAGE);
	char *map = map_file(fd, 0, 4 * PAGE);

	close(fd);
	if (fork() == 0) {
		store(map, 0, 2 * PAGE + 11, 0);
		_exit(0);
	}
	wait(NULL);
}

/* The page is dirty already: the store faults for nobody's page to become dirty. */
static void put_dirty(const char *path)
{
	static char page[PAGE];
	int fd = open_file(path, 0);
	char *map;

	memset(page, '.', sizeof(page));
	check("write", write(fd, page, sizeof(page)), sizeof(page));
	map = map_file(fd, 0, PAGE);
	store(map, 0, 1300, 0);
}

/* The same with something in between, in a page that stays dirty; and gone after a while. */
static void put_again(const char *path)
{
	int fd = open_file(path, PAGE);
	char *map = map_file(fd, 0, PAGE);

	map[0] = 'x';
	usleep(SEEN_US / 2);
	store(map, 0, 1400, 0);
	usleep(SEEN_US);
	memset(map, '.', PAGE);
}

/* Another process's memory: whoever calls is who stores. */
static void put_remotely(const char *path)
{
	struct maker_token token = maker_token(first);
	int fd = open_file(path, 4 * PAGE);
	char *map = map_file(fd, 0, 4 * PAGE);
	struct iovec here = {token.text, MAKER_TOKEN_LEN}, there = {map + PAGE + 13, MAKER_TOKEN_LEN};
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	munmap(map, 4 * PAGE);
	check("process_vm_writev", process_vm_writev(pid, &here, 1, &there, 1, 0), MAKER_TOKEN_LEN);
	expect(0, getpid(), PAGE + 13);
	kill(pid, SIGKILL);
	wait(NULL);
}

/* read(2) into a mapping, beside an old token. */
static void put_read(const char *path)
{
	struct maker_token token = maker_token(first);
	int fd = open_file(path, 0), fds[2];
	char *map = map_file(fd, 0, PAGE);

	if (pipe(fds) < 0)
		fail("pipe");
	check("write", write(fds[1], token.text, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
	check("read", read(fds[0], map + 2000, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
	expect(0, getpid(), 2000);
	usleep(SEEN_US / 2);
}

/* Through these nothing is stored, into a file with an old token in it. */
static void put_nothing(const char *path)
{
	int fd = open_file(path, 0);
	volatile char *map = map_file(fd, 0, PAGE);

	if (map[1000] != 'd')
		fail("nothing is old");
	usleep(SEEN_US / 2);
	fsync(fd);
}

static void put_reading(const char *path)
{
	int fd = open(path, O_RDONLY);
	volatile char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED || map[1000] != 'd')
		fail("mmap");
	usleep(SEEN_US / 2);
}

static void put_beside(const char *path)
{
	int fd = open_file(path, 0);
	char *map = map_file(fd, 0, PAGE);

	store(map, 0, 2000, 0);
	usleep(SEEN_US / 2);
	fsync(fd);
}

/* Two processes, a token each, in two pages of one mapping. */
static void put_two(const char *path)
{
	int fd = open_file(path, 4 * PAGE);
	char *map = map_file(fd, 0, 4 * PAGE);

	for (size_t i = 0; i < 2; i++)
		if (fork() == 0) {
			store(map, 0, (2 * i + 1) * PAGE + 17, i);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
}

/* One has begun it in one page, another completes it in the next. */
static void put_halves(const char *path)
{
	struct maker_token token = maker_token(first);
	int fd = open_file(path, 4 * PAGE);
	char *map = map_file(fd, 0, 4 * PAGE);

	memcpy(map + 2 * PAGE - 40, token.text, 40);
	if (fork() == 0) {
		memcpy(map + 2 * PAGE, token.text + 40, MAKER_TOKEN_LEN - 40);
		expect(0, getpid(), 2 * PAGE - 40);
		_exit(0);
	}
	wait(NULL);
}

/* Erased as soon as it has reached the disk. */
static void put_erased(const char *path)
{
	int fd = open_file(path, 4 * PAGE);
	char *map = map_file(fd, 0, 4 * PAGE);

	store(map, 0, PAGE + 19, 0);
	if (fsync(fd) < 0)
		fail("fsync");
	memset(map, '.', 4 * PAGE);
}

/*
 * The same in every second page. Where these lie beside each other in memory, the kernel writes two by one entry of a bio.
 * Each is made dirty before anything is stored, so that nothing comes in between.
 */
static void put_gaps(const char *path)
{
	enum { TOKENS = 32 };
	int fd = open_file(path, 2UL * TOKENS * PAGE);
	char *map = map_file(fd, 0, 2UL * TOKENS * PAGE);

	/* without reading ahead: only these pages come to memory */
	madvise(map, 2UL * TOKENS * PAGE, MADV_RANDOM);
	for (size_t i = 0; i < TOKENS; i++)
		map[2 * i * PAGE] = 'x';
	for (size_t i = 0; i < TOKENS; i++)
		store(map, 0, 2 * i * PAGE + 29, i);
	if (fsync(fd) < 0)
		fail("fsync");
	memset(map, '.', 2UL * TOKENS * PAGE);
}

/* Behind so many dirty pages that one look is not enough. */
static void put_last(const char *path)
{
	/* a guest is slow, and its disk small */
	size_t size = (getenv("LIVE_HOST") ? 16UL : 160UL) << 20;
	int fd = open_file(path, size);
	char *map = map_file(fd, 0, size);

	for (size_t at = 0; at < size; at += PAGE)
		map[at] = 'x';
	store(map, 0, size - PAGE + 21, 0);
	usleep(SEEN_US);
	memset(map + size - PAGE, '.', PAGE);
	unlink(path);
}

struct race {
	char *pages;
	int faults;
	uint64_t i;
};

static void spin(long ns)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec - begin.tv_nsec < ns);
}

/* While the call waits for its second page: the token comes into the first one, and goes when the call goes on. */
static void *put_race_thread(void *context)
{
	struct race *race = context;
	struct uffdio_zeropage zero = {.range = {(uintptr_t)race->pages + PAGE, PAGE}};
	struct maker_token token = maker_token(first + race->i);
	struct uffd_msg fault;

	check("userfaultfd", read(race->faults, &fault, sizeof(fault)), sizeof(fault));
	memcpy(race->pages + 23, token.text, MAKER_TOKEN_LEN);
	if (ioctl(race->faults, UFFDIO_ZEROPAGE, &zero) < 0)
		fail("userfaultfd");
	/* it may have reached the device by then, or not: what lies in the file tells */
	spin(60000);
	memset(race->pages, '.', PAGE);
	return NULL;
}

/* O_DIRECT, from memory that another thread changes. */
static void put_race(const char *path)
{
	static char read_back[PAGE] __attribute__((aligned(PAGE)));
	struct race race = {.faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC)};
	struct uffdio_api api = {.api = UFFD_API};
	int fd = open(path, O_CREAT | O_RDWR | O_DIRECT, 0600);

	if (fd < 0 || race.faults < 0 || ioctl(race.faults, UFFDIO_API, &api) < 0)
		fail("userfaultfd");
	for (race.i = 0; race.i < 20; race.i++) {
		struct uffdio_register second = {.mode = UFFDIO_REGISTER_MODE_MISSING};
		off_t at = (off_t)race.i * 2 * PAGE;
		pthread_t thread;

		race.pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		second.range = (struct uffdio_range){(uintptr_t)race.pages + PAGE, PAGE};
		if (race.pages == MAP_FAILED || ioctl(race.faults, UFFDIO_REGISTER, &second) < 0)
			fail("userfaultfd");
		race.pages[0] = '.';
		if (pthread_create(&thread, NULL, put_race_thread, &race))
			fail("pthread_create");
		check("write", pwrite(fd, race.pages, 2 * PAGE, at), 2 * PAGE);
		pthread_join(thread, NULL);
		check("read", pread(fd, read_back, PAGE, at), PAGE);
		expect(race.i,
		       memcmp(read_back + 23, maker_token(first + race.i).text, MAKER_TOKEN_LEN) ? 0
												 : getpid(),
		       (size_t)at + 23);
		munmap(race.pages, 2 * PAGE);
	}
}

static int open_memory(void)
{
	int fd = (int)syscall(SYS_memfd_create, "stores", 0);

	if (fd < 0 || ftruncate(fd, 4 * WINDOW) < 0)
		fail("memfd_create");
	return fd;
}

/* What is never written back: by two windows, the second one later, when nothing has changed for long. */
static void put_unwritten(int fd)
{
	char *map = map_file(fd, 0, WINDOW), *next;

	store(map, 0, 3 * PAGE, 0);
	usleep(SEEN_US);
	memset(map + 3 * PAGE, '.', PAGE);
	next = map_file(fd, 2 * WINDOW, WINDOW);
	usleep(3 * SEEN_US);
	store(next, 2 * WINDOW, 3 * PAGE + 25, 1);
	store(map, 0, 8 * PAGE + 27, 2);
	usleep(SEEN_US);
	memset(next, '.', WINDOW);
	memset(map, '.', WINDOW);
}

static void put_tmpfs(const char *path)
{
	put_unwritten(open_file(path, 4 * WINDOW));
}

static void put_memfd(const char *path)
{
	(void)path;
	put_unwritten(open_memory());
}

/* include/uapi/linux/io_uring.h; older headers lack them */
#define RING_SINGLE_ISSUER (1U << 12)
#define RING_DEFER_TASKRUN (1U << 13)

/* A ring of which nobody is told what it has written. */
struct quiet {
	struct async_ring ring;
	char *page; /* what requests bring; each its own bytes */
	size_t used;
	int fd;
};

static struct quiet quiet_open(const char *path, unsigned int flags)
{
	struct quiet quiet = {.fd = open_file(path, 0)};

	/* rather than to wait for what a kernel doesn't tell */
	alarm(100);
	if (async_ring_open(&quiet.ring, flags) < 0)
		fail("io_uring_setup");
	quiet.page = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (quiet.page == MAP_FAILED)
		fail("mmap");
	return quiet;
}

/* A request that writes token N + i there. */
static struct io_uring_sqe quiet_token(struct quiet *quiet, uint64_t i, size_t at)
{
	struct maker_token token = maker_token(first + i);
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE, .fd = quiet->fd, .off = at, .len = MAKER_TOKEN_LEN};

	memcpy(quiet->page + quiet->used, token.text, MAKER_TOKEN_LEN);
	sqe.addr = (uintptr_t)quiet->page + quiet->used;
	quiet->used += MAKER_TOKEN_LEN;
	return sqe;
}

static void quiet_put(struct quiet *quiet, const struct io_uring_sqe *sqe)
{
	if (async_ring_leave(&quiet->ring, sqe) < 0)
		fail("io_uring_enter");
}

/* Until it lies there, however long a worker takes; then what it came from is overwritten, which io_uring allows. */
static void quiet_await(const struct quiet *quiet, uint64_t i, size_t at)
{
	struct maker_token token = maker_token(first + i);
	char there[MAKER_TOKEN_LEN];

	do
		usleep(1000);
	while (pread(quiet->fd, there, sizeof(there), (off_t)at) != sizeof(there) ||
	       memcmp(there, token.text, sizeof(there)) != 0);
	expect(i, getpid(), at);
}

/* Longer than until it is looked at, and gone after that. */
static void quiet_end(const struct quiet *quiet)
{
	memset(quiet->page, '.', quiet->used);
	usleep(SEEN_US);
	if (ftruncate(quiet->fd, 0) < 0)
		fail("ftruncate");
}

static void quiet_reap(const struct quiet *quiet, unsigned int wanted)
{
	if (syscall(SYS_io_uring_enter, quiet->ring.fd, 0, wanted, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		fail("io_uring_enter");
}

/* IOSQE_CQE_SKIP_SUCCESS, in each form. */
static void put_skipping(const char *path)
{
	struct quiet quiet = quiet_open(path, 0);
	struct iovec registered = {quiet.page, WINDOW}, part;
	struct io_uring_sqe sqe;
	int fds[2];

	check("io_uring_register",
	      syscall(SYS_io_uring_register, quiet.ring.fd, IORING_REGISTER_BUFFERS, &registered, 1), 0);
	for (uint64_t i = 0; i < 9; i++) {
		size_t at = 3UL * PAGE * (9 - i) + 11 * i;

		sqe = quiet_token(&quiet, i, at);
		sqe.flags = IOSQE_CQE_SKIP_SUCCESS;
		if (i == 1) {
			sqe.flags |= IOSQE_ASYNC;
		} else if (i == 2) {
			part = (struct iovec){(void *)(uintptr_t)sqe.addr, sqe.len};
			sqe.opcode = IORING_OP_WRITEV;
			sqe.addr = (uintptr_t)&part;
			sqe.len = 1;
		} else if (i == 3) {
			sqe.opcode = IORING_OP_WRITE_FIXED;
		} else if (i == 4) {
			/* the second of two, which waits for the first */
			struct io_uring_sqe before = {.opcode = IORING_OP_NOP,
						      .flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS};

			async_ring_add(&quiet.ring, &before);
		} else if (i == 5) {
			check("io_uring_register",
			      syscall(SYS_io_uring_register, quiet.ring.fd, IORING_REGISTER_FILES, &quiet.fd,
				      1),
			      0);
			sqe.flags |= IOSQE_FIXED_FILE;
			sqe.fd = 0;
		} else if (i == 6) {
			/* where the last one ended */
			if (lseek(quiet.fd, (off_t)at, SEEK_SET) < 0)
				fail("lseek");
			sqe.off = (uint64_t)-1;
		} else if (i == 7) {
			check("pipe", pipe(fds), 0);
			check("write", write(fds[1], (void *)(uintptr_t)sqe.addr, sqe.len), sqe.len);
			sqe.opcode = IORING_OP_SPLICE;
			sqe.splice_fd_in = fds[0];
			sqe.splice_off_in = (uint64_t)-1;
			sqe.addr = sqe.splice_off_in;
		} else if (i == 8) {
			/* behind what is there, wherever it says */
			at = (size_t)lseek(quiet.fd, 0, SEEK_END);
			sqe.off = 7;
			sqe.rw_flags = RWF_APPEND;
		}
		quiet_put(&quiet, &sqe);
		quiet_await(&quiet, i, at);
	}
	quiet_end(&quiet);
}

/* O_DIRECT, where there is no device: from memory that was registered, and is not where it was any more. */
static void put_registered(const char *path)
{
	struct quiet quiet = quiet_open(path, 0);
	struct iovec registered = {quiet.page, WINDOW};
	int fd = open(path, O_RDWR | O_DIRECT);
	struct io_uring_sqe sqe = quiet_token(&quiet, 0, 4 * PAGE);

	/* before 6.6 */
	if (fd < 0)
		exit(EXIT_VOID);
	check("io_uring_register",
	      syscall(SYS_io_uring_register, quiet.ring.fd, IORING_REGISTER_BUFFERS, &registered, 1), 0);
	if (mmap(quiet.page, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		fail("mmap");
	sqe.fd = fd;
	sqe.opcode = IORING_OP_WRITE_FIXED;
	quiet_put(&quiet, &sqe);
	quiet_reap(&quiet, 1);
	expect(0, getpid(), 4 * PAGE);
}

/* A thread of the kernel takes the requests. */
static void put_polled(const char *path)
{
	struct quiet quiet = quiet_open(path, IORING_SETUP_SQPOLL);
	struct io_uring_sqe sqe = quiet_token(&quiet, 0, 5000);

	sqe.flags = IOSQE_CQE_SKIP_SUCCESS;
	quiet_put(&quiet, &sqe);
	quiet_await(&quiet, 0, 5000);
	quiet_end(&quiet);
}

/* Nobody reaps, so the queue is full by the time. */
static void put_unreaped(const char *path)
{
	struct quiet quiet = quiet_open(path, 0);
	struct io_uring_sqe nothing = {.opcode = IORING_OP_NOP}, sqe;

	for (size_t i = 0; i < 16; i++)
		quiet_put(&quiet, &nothing);
	for (uint64_t i = 0; i < 4; i++) {
		size_t at = (4UL - i) * PAGE;

		sqe = quiet_token(&quiet, i, at);
		sqe.flags = i & 1 ? IOSQE_ASYNC : 0;
		quiet_put(&quiet, &sqe);
		quiet_await(&quiet, i, at);
	}
	quiet_end(&quiet);
}

/* The same by as many as find no room in it, all at once and by workers. */
static void put_crowd(const char *path)
{
	struct quiet quiet = quiet_open(path, 0);
	struct io_uring_sqe sqe;

	for (uint64_t i = 0; i < 40; i++) {
		sqe = quiet_token(&quiet, i, 100 + i * 200);
		sqe.flags = IOSQE_ASYNC;
		if (i % 8 == 7)
			quiet_put(&quiet, &sqe);
		else
			async_ring_add(&quiet.ring, &sqe);
	}
	for (uint64_t i = 0; i < 40; i++)
		quiet_await(&quiet, i, 100 + i * 200);
	quiet_end(&quiet);
}

/* A worker does it: it completes when somebody reaps, here when it was looked at, or when the process has ended. */
static void put_deferred(const char *path)
{
	struct quiet quiet = quiet_open(path, RING_DEFER_TASKRUN | RING_SINGLE_ISSUER);
	struct io_uring_sqe sqe;

	for (uint64_t i = 0; i < 2; i++) {
		sqe = quiet_token(&quiet, i, 5000 + 300 * i);
		sqe.flags = IOSQE_ASYNC;
		quiet_put(&quiet, &sqe);
		quiet_await(&quiet, i, 5000 + 300 * i);
		usleep(SEEN_US);
		if (i == 0 &&
		    syscall(SYS_io_uring_enter, quiet.ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
			fail("io_uring_enter");
	}
}

/* To a pipe: one of which nobody is told, and one that finds the queue full. Nothing looks at what lies there. */
static void put_piped(const char *path)
{
	struct quiet quiet = quiet_open(path, 0);
	struct io_uring_sqe nothing = {.opcode = IORING_OP_NOP}, sqe;
	char there[MAKER_TOKEN_LEN];
	int fds[2];

	check("pipe", pipe(fds), 0);
	for (size_t i = 0; i < 16; i++)
		quiet_put(&quiet, &nothing);
	for (uint64_t i = 0; i < 2; i++) {
		sqe = quiet_token(&quiet, i, 0);
		sqe.fd = fds[1];
		sqe.flags = i ? 0 : IOSQE_CQE_SKIP_SUCCESS;
		quiet_put(&quiet, &sqe);
		check("read", read(fds[0], there, sizeof(there)), sizeof(there));
	}
}

/* A write of token N that waits for a byte in a pipe. */
static void quiet_behind(struct quiet *quiet, int pipe, struct io_uring_sqe *sqe)
{
	static char byte;
	struct io_uring_sqe before = {.opcode = IORING_OP_READ,
				      .fd = pipe,
				      .addr = (uintptr_t)&byte,
				      .len = 1,
				      .off = (uint64_t)-1,
				      .flags = IOSQE_IO_LINK};

	async_ring_add(&quiet->ring, &before);
	quiet_put(quiet, sqe);
}

static uint32_t quiet_tail(const struct quiet *quiet)
{
	return *(volatile uint32_t *)(void *)(quiet->ring.cq + quiet->ring.params.cq_off.tail);
}

/* Nothing more finds room in the queue. */
static void quiet_fill(struct quiet *quiet)
{
	struct io_uring_sqe nothing = {.opcode = IORING_OP_NOP};

	while (quiet_tail(quiet) -
		       *(volatile uint32_t *)(void *)(quiet->ring.cq + quiet->ring.params.cq_off.head) <
	       16) {
		quiet_put(quiet, &nothing);
		quiet_reap(quiet, 0);
	}
}

/* The token that waited comes to lie there, and that finds no room. 6.1 looks a descriptor up early. */
static void quiet_release(const struct quiet *quiet, int pipe, int fd)
{
	struct maker_token token = maker_token(first);
	char there[MAKER_TOKEN_LEN];
	size_t turns = 0;

	check("write", write(pipe, "", 1), 1);
	do {
		if (++turns == 5000 && strncmp(how, "late", 4) == 0)
			exit(EXIT_VOID);
		quiet_reap(quiet, 0);
		usleep(1000);
	} while (pread(fd, there, sizeof(there), 0) != sizeof(there) ||
		 memcmp(there, token.text, sizeof(there)) != 0);
	/* its completion comes after that */
	quiet_reap(quiet, 0);
	usleep(100000);
}

/* A write is under way while others that were to tell nothing fail: at once, or in the middle. */
static void put_failed(const char *path)
{
	struct quiet quiet = quiet_open(path, 0);
	struct io_uring_sqe sqe = quiet_token(&quiet, 0, 0);
	int fds[2];

	check("pipe", pipe(fds), 0);
	check("munmap", munmap(quiet.page + WINDOW - PAGE, PAGE), 0);
	quiet_behind(&quiet, fds[0], &sqe);
	sqe.flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe.off = 8192;
	sqe.addr = how[0] == 'f' ? 8 : (uintptr_t)quiet.page + WINDOW - PAGE - 10;
	quiet_put(&quiet, &sqe);
	/* it tells of that */
	while (quiet_tail(&quiet) == 0)
		usleep(1000);
	quiet_fill(&quiet);
	quiet_release(&quiet, fds[1], quiet.fd);
}

/* The same while a worker's write completes that was told of. */
static void put_worked(const char *path)
{
	struct quiet quiet = quiet_open(path, RING_DEFER_TASKRUN | RING_SINGLE_ISSUER);
	struct io_uring_sqe sqe = quiet_token(&quiet, 0, 0);
	int fds[2];

	check("pipe", pipe(fds), 0);
	quiet_behind(&quiet, fds[0], &sqe);
	sqe.flags = IOSQE_ASYNC;
	sqe.addr = (uintptr_t)quiet.page + PAGE;
	sqe.off = 8192;
	quiet_put(&quiet, &sqe);
	quiet_reap(&quiet, 1);
	quiet_fill(&quiet);
	quiet_release(&quiet, fds[1], quiet.fd);
}

/* To where its descriptor leads by then: it finds the queue full, or tells nothing. */
static void put_late(const char *path)
{
	struct quiet quiet = quiet_open(path, 0);
	struct io_uring_sqe sqe = quiet_token(&quiet, 0, 0);
	char other[PATH_MAX];
	int fds[2], fd;

	/* at first it leads nowhere, or to another file: beside it, or above what is mounted there, where it is a disk's */
	if (strstr(how, "-disk"))
		snprintf(other, sizeof(other), "%.*s-other", (int)(strrchr(path, '/') - path), path);
	else
		snprintf(other, sizeof(other), "%s-other", path);
	fd = strstr(how, "-disk") || strstr(how, "-file") ? open(other, O_CREAT | O_RDWR, 0600)
							  : open("/dev/null", O_RDWR);
	if (fd < 0)
		fail("open");
	check("pipe", pipe(fds), 0);
	sqe.fd = fd;
	if (strncmp(how, "late-skipped", strlen("late-skipped")) == 0)
		sqe.flags = IOSQE_CQE_SKIP_SUCCESS;
	quiet_behind(&quiet, fds[0], &sqe);
	if (!sqe.flags)
		quiet_fill(&quiet);
	check("dup2", dup2(quiet.fd, fd), (size_t)fd);
	quiet_release(&quiet, fds[1], quiet.fd);
}

/* While it waits, as many other rings write as are remembered, and more. */
static void put_rings(const char *path)
{
	struct rlimit files = {4096, 4096};
	struct quiet quiet = quiet_open(path, 0);
	struct io_uring_sqe sqe = quiet_token(&quiet, 0, 0);
	int fds[2];

	check("pipe", pipe(fds), 0);
	quiet_behind(&quiet, fds[0], &sqe);
	sqe.addr = (uintptr_t)quiet.page + PAGE;
	sqe.off = 8192;
	check("setrlimit", setrlimit(RLIMIT_NOFILE, &files), 0);
	for (size_t i = 0; i < 1500; i++) {
		struct async_ring other;

		if (async_ring_open(&other, 0) < 0)
			fail("io_uring_setup");
		if (async_ring_leave(&other, &sqe) < 0)
			fail("io_uring_enter");
	}
	quiet_fill(&quiet);
	quiet_release(&quiet, fds[1], quiet.fd);
}

/* As programs do: to a disk, one after the other and then synced, and by workers, told of or not; nothing is lost by that. */
static void put_linked(const char *path)
{
	struct quiet quiet = quiet_open(path, 0);
	struct io_uring_sqe sqe = {.opcode = IORING_OP_WRITE, .fd = quiet.fd, .len = 100};
	struct io_uring_sqe sync = {.opcode = IORING_OP_FSYNC, .fd = quiet.fd};

	sqe.addr = (uintptr_t)quiet.page;
	for (size_t i = 0; i < 40; i++) {
		uint32_t *head = (uint32_t *)(void *)(quiet.ring.cq + quiet.ring.params.cq_off.head);
		unsigned char skip = i & 1 ? IOSQE_CQE_SKIP_SUCCESS : 0;

		sqe.flags = IOSQE_IO_LINK | skip;
		async_ring_add(&quiet.ring, &sqe);
		async_ring_add(&quiet.ring, &sqe);
		quiet_put(&quiet, &sync);
		quiet_reap(&quiet, skip ? 1 : 3);
		sqe.flags = IOSQE_ASYNC | skip;
		quiet_put(&quiet, &sqe);
		if (!skip)
			quiet_reap(&quiet, 4);
		__atomic_store_n(head, quiet_tail(&quiet), __ATOMIC_RELEASE);
	}
	/* none of them is under way any more */
	usleep(100000);
	quiet_fill(&quiet);
	sqe.flags = 0;
	sqe.fd = open("/dev/null", O_WRONLY);
	for (size_t i = 0; i < 16; i++)
		quiet_put(&quiet, &sqe);
}

/* One maps it first, another stores. */
static void put_mappers(const char *path)
{
	int fd = open_memory();
	char *map = map_file(fd, 0, WINDOW);

	(void)path;
	map[0] = 'x';
	if (fork() == 0) {
		char *own = map_file(fd, 0, WINDOW);

		usleep(SEEN_US);
		store(own, 0, 9 * PAGE + 29, 0);
		usleep(SEEN_US);
		_exit(0);
	}
	wait(NULL);
}

/* In a new process: the file mapped. In the one that was there before: NULL, when that and all that it leaves have ended. */
static char *begin_family(const char *path)
{
	int fd = open_file(path, 4 * WINDOW), ready[2];
	char *map, byte;

	check("pipe", pipe(ready), 0);
	if (fork()) {
		close(ready[1]);
		check("read", read(ready[0], &byte, 1), 0);
		return NULL;
	}
	map = map_file(fd, 0, WINDOW);
	map[0] = 'x';
	return map;
}

/* One maps it and stores, and its child stores elsewhere; both live on. */
static void put_living(const char *path)
{
	char *map = map_file(open_file(path, 4 * WINDOW), 0, WINDOW);

	if (fork() == 0) {
		store(map, 0, 9 * PAGE + 43, 0);
		usleep(2 * SEEN_US);
		_exit(0);
	}
	store(map, 0, 3 * PAGE + 47, 1);
	wait(NULL);
}

/* One maps it and ends; its children go on, and then a child of one of them. */
static void put_heirs(const char *path)
{
	char *map = begin_family(path);

	if (!map)
		return;
	if (fork())
		_exit(0);
	/* until a round may have begun while it lived is over */
	usleep(SEEN_US);
	store(map, 0, 3 * PAGE + 31, 0);
	usleep(SEEN_US);
	store(map, 0, 5 * PAGE + 33, 1);
	usleep(SEEN_US);
	memset(map, '.', WINDOW);
	if (fork())
		_exit(0);
	usleep(SEEN_US);
	store(map, 0, 7 * PAGE + 35, 2);
	usleep(SEEN_US);
	memset(map, '.', WINDOW);
	_exit(0);
}

/* One maps it, and ends when it has several children, which live on and store each: soon, and when it is known whose it is. */
static void put_siblings(const char *path)
{
	char *map = begin_family(path);

	if (!map)
		return;
	for (size_t child = 0; child < 3; child++) {
		if (fork())
			continue;
		usleep(SEEN_US);
		store(map, 0, (int)(3 + 4 * child) * PAGE + 37, (int)(2 * child));
		usleep(2 * SEEN_US);
		store(map, 0, (int)(5 + 4 * child) * PAGE + 41, (int)(2 * child + 1));
		usleep(2 * SEEN_US);
		_exit(0);
	}
	_exit(0);
}

static const struct {
	const char *how;
	void (*put)(const char *path);
} ways[] = {
	{"prepare", put_old},
	{"soiled", put_old},
	{"windows", put_windows},
	{"grown", put_grown},
	{"dirty", put_dirty},
	{"again", put_again},
	{"nothing", put_nothing},
	{"reading", put_reading},
	{"beside", put_beside},
	{"two", put_two},
	{"halves", put_halves},
	{"inherited", put_inherited},
	{"read", put_read},
	{"race", put_race},
	{"remotely", put_remotely},
	{"erased", put_erased},
	{"gaps", put_gaps},
	{"last", put_last},
	{"tmpfs", put_tmpfs},
	{"memfd", put_memfd},
	{"mappers", put_mappers},
	{"heirs", put_heirs},
	{"siblings", put_siblings},
	{"skipping", put_skipping},
	{"registered", put_registered},
	{"polled", put_polled},
	{"unreaped", put_unreaped},
	{"crowd", put_crowd},
	{"deferred", put_deferred},
	{"piped", put_piped},
	{"failed", put_failed},
	{"short", put_failed},
	{"worked", put_worked},
	{"late", put_late},
	{"late-skipped", put_late},
	{"late-skipped-disk", put_late},
	{"late-skipped-file", put_late},
	{"late-file", put_late},
	{"rings", put_rings},
	{"linked", put_linked},
	{"living", put_living},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 4 && i < sizeof(ways) / sizeof(*ways); i++) {
		if (strcmp(ways[i].how, argv[1]) != 0)
			continue;
		how = argv[1];
		first = strtoull(argv[3], NULL, 10);
		ways[i].put(argv[2]);
		return 0;
	}
	fprintf(stderr, "usage: stores HOW FILE N\n");
	return 1;
}
