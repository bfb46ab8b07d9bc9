/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * machine DIRECTORY PROGRAM LOG NUMBER […]: plays a program of steps (see `run`) on the files of a directory, each quadruple
 * beside the others. A step is done by one of some processes, each with an executable of its own, so it is known who did it; then
 * all files are read, and what tokens stand in them anew, or no more, goes to the log. The reader shares nothing with spillwatch.
 *
 * A step is a line: WHO OP ARGUMENTS. WHO is a worker's number, with a c (a child of it, that inherits its files and mappings)
 * or a t (a thread of it). Data are `OFFSET LENGTH TOKEN FROM TO AT`: bytes FROM to TO of a token, AT bytes into LENGTH of filler.
 *
 *     fork, pipes ──→ worker: reads a line, does it, answers what came of it
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "../live/token_maker.h"
#include "../live/writers/async.h"

#define FILES 4
#define WORKERS 4
#define WINDOWS 2
#define FILE_MAX (1 << 20)
#define STANDING_MAX 4096
#define BLOCK 4096

/* What a worker answers. */
struct answer {
	int pid, result;
	uint64_t inode;
};

enum open_kind { OPEN_PLAIN, OPEN_APPEND, OPEN_DIRECT, OPEN_KINDS };

struct window {
	char *at;
	uint64_t offset, length, inode;
};

struct step {
	char who[8], op[32];
	long arg[12];
	struct answer answer;
};

static const int open_flags[OPEN_KINDS] = {0, O_APPEND, O_DIRECT};
static int descriptors[FILES][OPEN_KINDS];
static struct window windows[FILES][WINDOWS];
static uint64_t number; /* of this program: its tokens are no other's */

static void name_of(long file, char name[16])
{
	snprintf(name, 16, "f%ld", file % FILES);
}

/* A worker keeps what it has opened, as long as that is still what the name means. Returns the descriptor or -errno. */
static int descriptor(long file, enum open_kind kind, uint64_t *ret_inode)
{
	int *fd = &descriptors[file % FILES][kind];
	struct stat mine, named;
	char name[16];

	name_of(file, name);
	if (*fd >= 0 && (fstat(*fd, &mine) || stat(name, &named) || mine.st_ino != named.st_ino)) {
		close(*fd);
		*fd = -1;
	}
	if (*fd < 0)
		*fd = open(name, O_RDWR | O_CREAT | open_flags[kind], 0600);
	if (*fd < 0)
		return -errno;
	if (!fstat(*fd, &mine))
		*ret_inode = mine.st_ino;
	return *fd;
}

/*
 * The bytes of a step: filler, and a piece of a token in it. The shorter format shows the number's upper half only. No filler may be part
 * of a token: a letter in place of a prefix's own makes another token, that stands there.
 */
static void fill(char *to, long length, const long *token)
{
	struct maker_token made = maker_token((number * 1000 + (uint64_t)token[0]) << 20);
	size_t len = token[0] % 4 == 3 ? MAKER_SHORTER_LEN : MAKER_TOKEN_LEN;
	char text[MAKER_TOKEN_LEN];

	for (long i = 0; i < length; i++)
		to[i] = (char)("-- (::) == [!!] // {##} ~\n"[i % 26]);
	if (token[0] < 0)
		return;
	maker_put(text, &made, len);
	for (long i = token[1]; i < token[2] && i < (long)len; i++)
		if (token[3] + i - token[1] < length)
			to[token[3] + i - token[1]] = text[i];
}

static _Thread_local sigjmp_buf past_end;

static void on_bus_error(int signal_number)
{
	(void)signal_number;
	siglongjmp(past_end, 1);
}

static int store(const struct window *window, uint64_t offset, uint64_t length, const char *bytes)
{
	if (!window->at || offset < window->offset || offset + length > window->offset + window->length)
		return -EINVAL;
	if (sigsetjmp(past_end, 1))
		return -EFAULT;
	for (uint64_t i = 0; i < length; i++)
		((volatile char *)window->at)[offset - window->offset + i] = bytes[i];
	return (int)length;
}

/* Whole blocks, of which a part is changed: as programs do that write around the page cache. */
static int direct(int fd, uint64_t offset, uint64_t length, const char *bytes, const char *how)
{
	uint64_t start = offset / BLOCK * BLOCK, size = (offset + length + BLOCK - 1) / BLOCK * BLOCK - start;
	char *block = aligned_alloc(BLOCK, size);
	struct io_uring_sqe sqe = {.opcode = IORING_OP_WRITE,
				   .fd = fd,
				   .addr = (uintptr_t)block,
				   .len = (uint32_t)size,
				   .off = start};
	struct iocb request = {.aio_lio_opcode = IOCB_CMD_PWRITE,
			       .aio_fildes = (uint32_t)fd,
			       .aio_buf = (uintptr_t)block,
			       .aio_nbytes = size,
			       .aio_offset = (int64_t)start};
	struct async_ring ring;
	ssize_t result;

	if (!block)
		return -ENOMEM;
	memset(block, 0, size);
	if (pread(fd, block, size, (off_t)start) < 0) {
		result = -errno;
		free(block);
		return (int)result;
	}
	memcpy(block + (offset - start), bytes, length);
	if (!strcmp(how, "uring_direct"))
		result = async_ring_open(&ring, 0) ? -1 : async_ring_run(&ring, &sqe);
	else if (!strcmp(how, "aio_direct"))
		result = async_aio_run(&request);
	else
		result = pwrite(fd, block, size, (off_t)start);
	free(block);
	return (int)result;
}

static int uring(int fd, uint64_t offset, uint64_t length, char *bytes, const char *how)
{
	struct io_uring_sqe sqe = {.opcode = IORING_OP_WRITE,
				   .fd = fd,
				   .addr = (uintptr_t)bytes,
				   .len = (uint32_t)length,
				   .off = offset};
	struct io_uring_sqe nop = {.opcode = IORING_OP_NOP};
	struct iovec whole = {bytes, length};
	struct async_ring ring;
	int result;

	if (async_ring_open(&ring, 0))
		return -errno;
	if (!strcmp(how, "uring_fixed")) {
		if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &whole, 1) < 0)
			result = -errno;
		sqe.opcode = IORING_OP_WRITE_FIXED;
	} else if (!strcmp(how, "uring_async")) {
		sqe.flags = IOSQE_ASYNC;
	} else if (!strcmp(how, "uring_writev")) {
		sqe.opcode = IORING_OP_WRITEV;
		sqe.addr = (uintptr_t)&whole;
		sqe.len = 1;
	}
	if (!strcmp(how, "uring_skip")) {
		/* completes without telling; what is linked to it tells */
		sqe.flags = IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
		async_ring_add(&ring, &sqe);
		async_ring_add(&ring, &nop);
		result = syscall(SYS_io_uring_enter, ring.fd, 2, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0
				 ? -errno
				 : (int)length;
	} else {
		result = async_ring_run(&ring, &sqe);
	}
	munmap(ring.sqes, 8 * sizeof(struct io_uring_sqe));
	munmap(ring.sq, ring.params.sq_off.array + 8 * sizeof(uint32_t));
	munmap(ring.cq, ring.params.cq_off.cqes + 16 * sizeof(struct io_uring_cqe));
	close(ring.fd);
	return result;
}

static int through_pipe(int from, off_t *from_offset, char *bytes, uint64_t length, bool gift, int to,
			off_t offset)
{
	struct iovec whole = {bytes, length};
	ssize_t in, out = 0;
	int pipes[2];

	if (pipe(pipes))
		return -errno;
	if (from >= 0)
		in = splice(from, from_offset, pipes[1], NULL, length, 0);
	else if (gift)
		in = vmsplice(pipes[1], &whole, 1, 0);
	else
		in = write(pipes[1], bytes, length);
	while (in > 0) {
		ssize_t moved = splice(pipes[0], NULL, to, &offset, (size_t)in, 0);

		if (moved <= 0)
			break;
		in -= moved;
		out += moved;
	}
	close(pipes[0]);
	close(pipes[1]);
	return (int)out;
}

/* From a file to a file: FILE OFFSET LENGTH FILE OFFSET. Returns -ENOSYS if the step is none of these. */
static int between(const char *op, const long *arg, uint64_t *ret_inode)
{
	struct file_clone_range range = {.src_offset = (uint64_t)arg[1],
					 .src_length = (uint64_t)arg[2],
					 .dest_offset = (uint64_t)arg[4]};
	off_t from_offset = arg[1], to_offset = arg[4];
	uint64_t ignored;
	int from, to;

	if (strcmp(op, "copy") && strcmp(op, "sendfile") && strcmp(op, "splice_file") && strcmp(op, "clone"))
		return -ENOSYS;
	from = descriptor(arg[0], OPEN_PLAIN, &ignored);
	to = descriptor(arg[3], OPEN_PLAIN, ret_inode);
	if (from < 0 || to < 0)
		return -EBADF;
	if (!strcmp(op, "copy"))
		return (int)copy_file_range(from, &from_offset, to, &to_offset, (size_t)arg[2], 0);
	if (!strcmp(op, "sendfile")) {
		lseek(to, to_offset, SEEK_SET);
		return (int)sendfile(to, from, &from_offset, (size_t)arg[2]);
	}
	if (!strcmp(op, "clone")) {
		range.src_fd = from;
		return ioctl(to, FICLONERANGE, &range) ? -errno : 0;
	}
	return through_pipe(from, &from_offset, NULL, (uint64_t)arg[2], false, to, to_offset);
}

/* FILE OFFSET LENGTH TOKEN FROM TO AT, by a call. Returns -ENOSYS if the step is none of these. */
static int written(const char *op, const long *arg, uint64_t *ret_inode)
{
	static const char *const by_direct[] = {"direct", "uring_direct", "aio_direct"};
	static const char *const by_uring[] = {"uring", "uring_fixed", "uring_async", "uring_writev",
					       "uring_skip"};
	static const char *const others[] = {"write",         "pwrite", "writev",       "pwritev2",
					     "dsync",         "append", "append_uring", "append_flag",
					     "append_by_aio", "aio",    "splice",       "vmsplice"};
	uint64_t offset = (uint64_t)arg[1], length = (uint64_t)arg[2];
	char *bytes = aligned_alloc(BLOCK, (length + BLOCK) / BLOCK * BLOCK);
	struct iovec halves[2] = {{bytes, length / 2}, {bytes + length / 2, length - length / 2}};
	struct iocb request = {.aio_lio_opcode = IOCB_CMD_PWRITE,
			       .aio_buf = (uintptr_t)bytes,
			       .aio_nbytes = length,
			       .aio_offset = arg[1],
			       .aio_rw_flags = strcmp(op, "append_by_aio") ? 0 : RWF_APPEND};
	int result = -ENOSYS, fd = -1;

	fill(bytes, arg[2], arg + 3);
	for (size_t i = 0; i < sizeof(by_direct) / sizeof(*by_direct); i++)
		if (!strcmp(op, by_direct[i])) {
			fd = descriptor(arg[0], OPEN_DIRECT, ret_inode);
			result = fd < 0 ? fd : direct(fd, offset, length, bytes, op);
		}
	for (size_t i = 0; i < sizeof(by_uring) / sizeof(*by_uring); i++)
		if (!strcmp(op, by_uring[i])) {
			fd = descriptor(arg[0], OPEN_PLAIN, ret_inode);
			result = fd < 0 ? fd : uring(fd, offset, length, bytes, op);
		}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(op, others[i])) {
			/* two append by a flag of the call, wherever it says to write */
			fd = descriptor(arg[0],
					!strcmp(op, "append") || !strcmp(op, "append_uring") ? OPEN_APPEND
											     : OPEN_PLAIN,
					ret_inode);
			result = -EINVAL;
		}
	if (result == -EINVAL && fd >= 0) {
		if (!strcmp(op, "write") || !strcmp(op, "writev"))
			lseek(fd, arg[1], SEEK_SET);
		request.aio_fildes = (uint32_t)fd;
		if (!strcmp(op, "write") || !strcmp(op, "append"))
			result = (int)write(fd, bytes, length);
		else if (!strcmp(op, "append_uring"))
			result = uring(fd, (uint64_t)-1, length, bytes, "uring");
		else if (!strcmp(op, "pwrite"))
			result = (int)pwrite(fd, bytes, length, arg[1]);
		else if (!strcmp(op, "writev"))
			result = (int)writev(fd, halves, 2);
		else if (!strcmp(op, "pwritev2") || !strcmp(op, "dsync"))
			result = (int)pwritev2(fd, halves, 2, arg[1], *op == 'd' ? RWF_DSYNC : 0);
		else if (!strcmp(op, "append_flag"))
			result = (int)pwritev2(fd, halves, 2, arg[1], RWF_APPEND);
		else if (!strcmp(op, "aio") || !strcmp(op, "append_by_aio"))
			result = (int)async_aio_run(&request);
		else
			result = through_pipe(-1, NULL, bytes, length, op[0] == 'v', fd, arg[1]);
	}
	/* what was given to a pipe as it is must not be another step's buffer */
	if (strcmp(op, "vmsplice"))
		free(bytes);
	return result;
}

/* Stores through windows: FILE WINDOW …. Returns -ENOSYS if the step is none of these. */
static int mapped(const char *op, const long *arg, uint64_t *ret_inode)
{
	struct window *window = &windows[arg[0] % FILES][arg[1] % WINDOWS];
	char bytes[BLOCK];
	int result, fd;

	if (!strcmp(op, "map")) {
		fd = descriptor(arg[0], OPEN_PLAIN, ret_inode);
		if (fd < 0)
			return fd;
		if (window->at)
			munmap(window->at, window->length);
		window->offset = (uint64_t)arg[2];
		window->length = (uint64_t)arg[3];
		window->inode = *ret_inode;
		window->at = mmap(NULL, window->length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, arg[2]);
		if (window->at == MAP_FAILED)
			window->at = NULL;
		return window->at ? 0 : -errno;
	}
	*ret_inode = window->inode;
	if (!strcmp(op, "store")) {
		if (arg[3] > BLOCK)
			return -EINVAL;
		fill(bytes, arg[3], arg + 4);
		return store(window, (uint64_t)arg[2], (uint64_t)arg[3], bytes);
	}
	if (strcmp(op, "unmap") && strcmp(op, "msync"))
		return -ENOSYS;
	if (!window->at)
		return -EINVAL;
	if (!strcmp(op, "msync"))
		return msync(window->at, window->length, MS_SYNC) ? -errno : 0;
	result = munmap(window->at, window->length) ? -errno : 0;
	window->at = NULL;
	return result;
}

static int changed(const char *op, const long *arg, uint64_t *ret_inode)
{
	static const struct {
		const char *op;
		int mode;
	} modes[] = {{"allocate", 0},
		     {"punch", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE},
		     {"zero", FALLOC_FL_ZERO_RANGE},
		     {"collapse", FALLOC_FL_COLLAPSE_RANGE},
		     {"insert", FALLOC_FL_INSERT_RANGE}};
	char from[16], to[16];
	int fd;

	name_of(arg[0], from);
	name_of(arg[1], to);
	if (!strcmp(op, "rename"))
		return rename(from, to) ? -errno : 0;
	if (!strcmp(op, "unlink"))
		return unlink(from) ? -errno : 0;
	fd = descriptor(arg[0], OPEN_PLAIN, ret_inode);
	if (fd < 0)
		return fd;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(op, modes[i].op))
			return fallocate(fd, modes[i].mode, arg[1], arg[2]) ? -errno : 0;
	if (!strcmp(op, "truncate"))
		return ftruncate(fd, arg[1]) ? -errno : 0;
	if (!strcmp(op, "fsync"))
		return fsync(fd) ? -errno : 0;
	if (!strcmp(op, "evict"))
		return fsync(fd) || posix_fadvise(fd, arg[1], arg[2], POSIX_FADV_DONTNEED) ? -errno : 0;
	if (!strcmp(op, "dup")) {
		descriptors[arg[0] % FILES][OPEN_PLAIN] = dup(fd);
		close(fd);
		return 0;
	}
	if (!strcmp(op, "close")) {
		for (int kind = 0; kind < OPEN_KINDS; kind++) {
			close(descriptors[arg[0] % FILES][kind]);
			descriptors[arg[0] % FILES][kind] = -1;
		}
		return 0;
	}
	return -ENOSYS;
}

static void *do_step(void *data)
{
	struct step *step = data;
	struct answer *answer = &step->answer;

	memset(answer, 0, sizeof(*answer));
	answer->pid = getpid();
	errno = 0;
	answer->result = between(step->op, step->arg, &answer->inode);
	if (answer->result == -ENOSYS)
		answer->result = written(step->op, step->arg, &answer->inode);
	if (answer->result == -ENOSYS)
		answer->result = mapped(step->op, step->arg, &answer->inode);
	if (answer->result == -ENOSYS)
		answer->result = changed(step->op, step->arg, &answer->inode);
	if (answer->result == -1)
		answer->result = -errno;
	return NULL;
}

static int parse_step(const char *line, struct step *step)
{
	int at = 0, more;

	memset(step, 0, sizeof(*step));
	if (sscanf(line, "%7s %31s%n", step->who, step->op, &at) < 2)
		return -EINVAL;
	for (int i = 0; i < 12 && sscanf(line + at, "%ld%n", &step->arg[i], &more) == 1; i++)
		at += more;
	return 0;
}

/* A worker: lines from its standard input, answers to descriptor 3. */
static int work(void)
{
	struct sigaction action = {.sa_handler = on_bus_error};
	struct step step;
	char line[256];

	sigaction(SIGBUS, &action, NULL);
	memset(descriptors, 0xff, sizeof(descriptors));
	setvbuf(stdin, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		pthread_t thread;

		if (parse_step(line, &step))
			continue;
		if (strchr(step.who, 'c')) {
			int pipes[2];

			if (pipe(pipes))
				return 1;
			if (!fork()) {
				do_step(&step);
				_exit(write(pipes[1], &step.answer, sizeof(step.answer)) < 0);
			}
			close(pipes[1]);
			if (read(pipes[0], &step.answer, sizeof(step.answer)) < 0)
				return 1;
			close(pipes[0]);
			wait(NULL);
		} else if (strchr(step.who, 't')) {
			pthread_create(&thread, NULL, do_step, &step);
			pthread_join(thread, NULL);
		} else {
			do_step(&step);
		}
		if (write(3, &step.answer, sizeof(step.answer)) < 0)
			return 1;
	}
	return 0;
}

/* --- the reader ----------------------------------------------------------------------------------------------------- */

struct standing {
	uint64_t inode, offset;
	char identifier[MAKER_IDENTIFIER_LEN + 1];
	bool now, before;
};

static struct standing standing[STANDING_MAX];
static int standing_count;

static void stands(uint64_t inode, uint64_t offset, const char *identifier)
{
	struct standing *new = &standing[standing_count];

	for (int i = 0; i < standing_count; i++)
		if (standing[i].inode == inode && standing[i].offset == offset &&
		    !strcmp(standing[i].identifier, identifier)) {
			standing[i].now = true;
			return;
		}
	if (standing_count == STANDING_MAX)
		return;
	standing_count++;
	memset(new, 0, sizeof(*new));
	new->inode = inode;
	new->offset = offset;
	new->now = true;
	snprintf(new->identifier, sizeof(new->identifier), "%s", identifier);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
	return (c >= 'A' && c <= 'Z') || is_digit(c);
}

/*
 * Byte by byte, as the documentation says: dt0c01 or an unknown prefix of that shape, a dot, 24 or 8, a dot, 64. (A step may
 * overwrite a byte of a prefix.)
 */
static void read_tokens(uint64_t inode, const char *bytes, size_t length)
{
	static const char prefix[] = {'d', 't', '0', 'c', '0', '1', '.'};
	char identifier[MAKER_IDENTIFIER_LEN + 1];

	for (size_t i = 0; i + sizeof(prefix) + 8 + 1 + 64 <= length; i++) {
		size_t at = sizeof(prefix), secret = 0;

		if (memcmp(bytes + i, prefix, 3) != 0 || !isalpha((unsigned char)bytes[i + 3]) ||
		    !is_digit(bytes[i + 4]) || !is_digit(bytes[i + 5]) || bytes[i + 6] != '.')
			continue;
		while (i + at < length && at < sizeof(prefix) + 24 && is_capital(bytes[i + at]))
			at++;
		if ((at != sizeof(prefix) + 8 && at != sizeof(prefix) + 24) || i + at >= length ||
		    bytes[i + at] != '.')
			continue;
		while (secret < 64 && i + at + 1 + secret < length && is_capital(bytes[i + at + 1 + secret]))
			secret++;
		if (secret < 64)
			continue;
		memcpy(identifier, bytes + i, at);
		identifier[at] = '\0';
		stands(inode, i, identifier);
	}
}

#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x80
#endif

/* Reads all files; what was not in the page cache does not stay in it, where the file system can do that. */
static void read_files(FILE *log, int index)
{
	static char bytes[FILE_MAX];
	int kept = 0;

	for (long file = 0; file < FILES; file++) {
		struct iovec all = {bytes, sizeof(bytes)};
		struct stat status;
		char name[16];
		ssize_t got;
		int fd;

		name_of(file, name);
		fd = open(name, O_RDONLY);
		if (fd < 0)
			continue;
		fstat(fd, &status);
		got = preadv2(fd, &all, 1, 0, RWF_DONTCACHE);
		if (got < 0)
			got = pread(fd, bytes, sizeof(bytes), 0);
		fprintf(log, "F %d %s %lu\n", index, name, status.st_ino);
		if (got > 0)
			read_tokens(status.st_ino, bytes, (size_t)got);
		close(fd);
	}
	for (int i = 0; i < standing_count; i++) {
		struct standing *one = &standing[i];

		if (one->now != one->before)
			fprintf(log, "%c %d %lu %lu %s\n", one->now ? 'N' : 'G', index, one->inode,
				one->offset, one->identifier);
		if (!one->now)
			continue;
		standing[kept] = *one;
		standing[kept].before = true;
		standing[kept++].now = false;
	}
	standing_count = kept;
}

/* --- one program ---------------------------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int copy_self(const char *to)
{
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	struct stat status;
	off_t at = 0;

	if (in < 0 || out < 0 || fstat(in, &status))
		return -errno;
	while (at < status.st_size && sendfile(out, in, &at, (size_t)(status.st_size - at)) > 0)
		;
	close(in);
	close(out);
	return 0;
}

struct worker {
	int to, from;
};

static int start_worker(struct worker *worker, int which)
{
	int to[2], from[2];
	char name[16];

	snprintf(name, sizeof(name), "worker%d", which);
	if (copy_self(name) || pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -errno;
	if (!fork()) {
		char number_text[32], path[32];

		snprintf(path, sizeof(path), "./%s", name);
		snprintf(number_text, sizeof(number_text), "%lu", number);
		dup2(to[0], 0);
		dup2(from[1], 3);
		execl(path, name, "--work", number_text, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	worker->to = to[1];
	worker->from = from[0];
	return 0;
}

static void tell(struct worker *worker, const char *line, struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	if (write(worker->to, line, strlen(line)) < 0 ||
	    read(worker->from, answer, sizeof(*answer)) != sizeof(*answer))
		answer->result = -EPIPE;
}

static int play(const char *directory, const char *program, const char *log_path)
{
	FILE *steps = fopen(program, "re"), *log = fopen(log_path, "we");
	struct worker workers[WORKERS];
	struct answer ignored;
	char line[256];

	if (!steps || !log || chdir(directory))
		return 1;
	for (int i = 0; i < WORKERS; i++)
		if (start_worker(&workers[i], i))
			return 1;
	for (int index = 0; fgets(line, sizeof(line), steps); index++) {
		struct step step;
		double start = now();

		if (line[0] == '#' || parse_step(line, &step))
			continue;
		if (!strcmp(step.op, "wait")) {
			usleep((useconds_t)step.arg[0] * 1000);
		} else {
			int who = step.who[0] - '0';

			if (who < 0 || who >= WORKERS)
				return 1;
			tell(&workers[who], line, &step.answer);
			/* so that its number can be another file's at once */
			if (!strcmp(step.op, "unlink"))
				for (int i = 0; i < WORKERS; i++) {
					snprintf(line, sizeof(line), "%d close %ld\n", i, step.arg[0]);
					tell(&workers[i], line, &ignored);
				}
		}
		fprintf(log, "S %d %.6f %.6f %s %d %d %lu %s\n", index, start, now(), step.who,
			step.answer.pid, step.answer.result, step.answer.inode, step.op);
		if (strcmp(step.op, "wait") && strcmp(step.op, "evict") && strcmp(step.op, "fsync") &&
		    strcmp(step.op, "map"))
			read_files(log, index);
		fflush(log);
	}
	/* nobody ends before the last token has had its time: the end has looks of its own */
	usleep(3200 * 1000);
	fprintf(log, "E %.6f\n", now());
	fclose(log);
	for (int i = 0; i < WORKERS; i++)
		close(workers[i].to);
	while (wait(NULL) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0, status;

	if (argc == 3 && !strcmp(argv[1], "--work")) {
		number = strtoul(argv[2], NULL, 10);
		return work();
	}
	if (argc < 5 || (argc - 1) % 4) {
		fprintf(stderr, "usage: machine DIRECTORY PROGRAM LOG NUMBER […]\n");
		return 2;
	}
	for (int i = 1; i + 3 < argc; i += 4)
		if (!fork()) {
			number = strtoul(argv[i + 3], NULL, 10);
			_exit(play(argv[i], argv[i + 1], argv[i + 2]));
		}
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
