/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* io_uring and io_submit by bare system calls, one write a time; for writer.c. */
#pragma once

#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct async_ring {
	int fd;
	struct io_uring_params params;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
	unsigned int queued;
};

static inline void *async_map(int fd, size_t len, off_t what)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);
}

/* Returns 0 or -1 (the kernel has no io_uring, or forbids it). */
static inline int async_ring_open(struct async_ring *ring, unsigned int flags)
{
	memset(ring, 0, sizeof(*ring));
	ring->params.flags = flags;
	ring->fd = (int)syscall(SYS_io_uring_setup, 8, &ring->params);
	if (ring->fd < 0)
		return -1;
	ring->sq = async_map(ring->fd, ring->params.sq_off.array + 8 * sizeof(uint32_t), IORING_OFF_SQ_RING);
	ring->cq = async_map(ring->fd, ring->params.cq_off.cqes + 16 * sizeof(struct io_uring_cqe),
			     IORING_OFF_CQ_RING);
	ring->sqes = async_map(ring->fd, 8 * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	return ring->sq == MAP_FAILED || ring->cq == MAP_FAILED || ring->sqes == MAP_FAILED ? -1 : 0;
}

/* Queues one request. */
static inline void async_ring_add(struct async_ring *ring, const struct io_uring_sqe *sqe)
{
	uint32_t *tail = (uint32_t *)(void *)(ring->sq + ring->params.sq_off.tail);
	uint32_t *array = (uint32_t *)(void *)(ring->sq + ring->params.sq_off.array);

	ring->sqes[*tail % 8] = *sqe;
	array[*tail % 8] = *tail % 8;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	ring->queued++;
}

/* Queues one request and submits all that are queued; nothing is waited for, nor reaped. Returns 0 or -1. */
static inline int async_ring_leave(struct async_ring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int queued, flags = ring->params.flags & IORING_SETUP_SQPOLL ? IORING_ENTER_SQ_WAKEUP : 0;

	async_ring_add(ring, sqe);
	queued = ring->queued;
	ring->queued = 0;
	return syscall(SYS_io_uring_enter, ring->fd, queued, 0, flags, NULL, 0) < 0 ? -1 : 0;
}

/* Queues one request, submits all that are queued, waits for them and returns the first one's result. */
static inline int async_ring_run(struct async_ring *ring, const struct io_uring_sqe *sqe)
{
	uint32_t *head = (uint32_t *)(void *)(ring->cq + ring->params.cq_off.head);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(void *)(ring->cq + ring->params.cq_off.cqes);
	unsigned int flags = IORING_ENTER_GETEVENTS;
	int result;

	async_ring_add(ring, sqe);
	if (ring->params.flags & IORING_SETUP_SQPOLL)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, ring->fd, ring->queued, ring->queued, flags, NULL, 0) < 0)
		return -1;
	result = cqes[*head % 16].res;
	__atomic_store_n(head, *head + ring->queued, __ATOMIC_RELEASE);
	ring->queued = 0;
	return result;
}

/* One request by io_submit(2); returns its result. */
static inline long async_aio_run(struct iocb *request)
{
	aio_context_t context = 0;
	struct iocb *requests[] = {request};
	struct io_event event;
	long result = -1;

	if (syscall(SYS_io_setup, 1, &context) < 0)
		return -1;
	if (syscall(SYS_io_submit, context, 1L, requests) == 1 &&
	    syscall(SYS_io_getevents, context, 1L, 1L, &event, NULL) == 1)
		result = (long)event.res;
	syscall(SYS_io_destroy, context);
	return result;
}
