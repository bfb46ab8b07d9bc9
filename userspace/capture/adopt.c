// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe ⇄ pin: which descriptors a set is made of.
 *
 * Invariant: what the programs refer to is in the set, so nothing of them ends with the daemon.
 */
#include "capture/adopt.h"

#include "capture/pin.h"
#include "lib/cleanup.h"
#include "calibration.h"
#include "lease.h"
#include "recheck.h"
#include "scope.h"
#include "write_call.h"
#include "known.h"
#include "spillwatch.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>

struct adopted_program {
	const struct bpf_program *program;
	int fd, link; /* negative: none */
};

struct adopted {
	size_t count;
	struct adopted_program program[PIN_PROGRAMS_MAX];
	void *bss, *rodata;
	size_t bss_size, rodata_size;
};

/* A program's link as the skeleton has it. */
static const struct bpf_link *adopt_link(const struct spillwatch_bpf *skeleton,
					 const struct bpf_program *program)
{
	const struct bpf_object_skeleton *all = skeleton->skeleton;

	for (int i = 0; i < all->prog_cnt; i++) {
		const struct bpf_prog_skeleton *one =
			(const void *)((const char *)all->progs + (size_t)i * (size_t)all->prog_skel_sz);

		if (*one->prog == program)
			return one->link ? *one->link : NULL;
	}
	return NULL;
}

static int adopt_pin_program(struct pin_set *set, const struct spillwatch_bpf *skeleton,
			     const struct bpf_program *program)
{
	const struct bpf_link *link = adopt_link(skeleton, program);
	const char *name = bpf_program__name(program);
	int fd = bpf_program__fd(program), r = 0;

	if (fd >= 0)
		r = pin_put(set, "program", name, fd);
	return r < 0 || !link ? r : pin_put(set, "link", name, bpf_link__fd(link));
}

int adopt_pin(struct pin_set *set, const struct spillwatch_bpf *skeleton)
{
	struct bpf_program *program = NULL;
	struct bpf_map *map = NULL;
	int r = 0;

	while (r == 0 && (map = bpf_object__next_map(skeleton->obj, map)))
		if (bpf_map__fd(map) >= 0)
			r = pin_put(set, "map", bpf_map__name(map), bpf_map__fd(map));
	while (r == 0 && (program = bpf_object__next_program(skeleton->obj, program)))
		r = adopt_pin_program(set, skeleton, program);
	return r;
}

static int adopt_map(const struct pin_set *set, struct bpf_map *map)
{
	AUTO_CLOSE int fd = pin_get(set, "map", bpf_map__name(map));

	return fd < 0 ? fd : bpf_map__reuse_fd(map, fd);
}

static int adopt_maps(const struct pin_set *set, const struct spillwatch_bpf *skeleton)
{
	struct bpf_map *map = NULL;
	int r = 0;

	while (r == 0 && (map = bpf_object__next_map(skeleton->obj, map)))
		r = adopt_map(set, map);
	return r;
}

/* The memory of a map that holds a section of globals. */
static int adopt_section(const struct bpf_map *map, int protection, void **ret_memory, size_t *ret_size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = bpf_map__value_size(map);
	void *memory;

	size = (size + page - 1) / page * page;
	memory = mmap(NULL, size, protection, MAP_SHARED, bpf_map__fd(map), 0);
	if (memory == MAP_FAILED)
		return -errno;
	*ret_memory = memory;
	*ret_size = size;
	return 0;
}

static int adopt_programs(const struct pin_set *set, const struct spillwatch_bpf *skeleton,
			  struct adopted *adopted)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, skeleton->obj) {
		struct adopted_program *one = &adopted->program[adopted->count];

		if (adopted->count == PIN_PROGRAMS_MAX)
			return -E2BIG;
		one->program = program;
		one->fd = pin_get(set, "program", bpf_program__name(program));
		one->link = pin_get(set, "link", bpf_program__name(program));
		adopted->count++;
		if ((one->fd < 0 && one->fd != -ENOENT) || (one->link < 0 && one->link != -ENOENT))
			return one->fd < 0 && one->fd != -ENOENT ? one->fd : one->link;
	}
	return 0;
}

int adopt_take(const struct pin_set *set, struct spillwatch_bpf *skeleton, struct adopted **ret_adopted)
{
	struct adopted *adopted = calloc(1, sizeof(*adopted));
	int r;

	if (!adopted)
		return -ENOMEM;
	r = adopt_maps(set, skeleton);
	if (r == 0)
		r = adopt_programs(set, skeleton, adopted);
	if (r == 0)
		r = adopt_section(skeleton->maps.bss, PROT_READ | PROT_WRITE, &adopted->bss,
				  &adopted->bss_size);
	if (r == 0)
		r = adopt_section(skeleton->maps.rodata, PROT_READ, &adopted->rodata, &adopted->rodata_size);
	if (r < 0) {
		adopt_free(adopted);
		return r;
	}
	skeleton->bss = adopted->bss;
	skeleton->rodata = adopted->rodata;
	*ret_adopted = adopted;
	return 0;
}

static void adopt_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void adopt_detach(struct adopted *adopted, const struct bpf_program *but)
{
	for (size_t i = 0; adopted && i < adopted->count; i++)
		if (adopted->program[i].program != but)
			adopt_close(&adopted->program[i].link);
}

void adopt_free(struct adopted *adopted)
{
	if (!adopted)
		return;
	adopt_detach(adopted, NULL);
	for (size_t i = 0; i < adopted->count; i++)
		adopt_close(&adopted->program[i].fd);
	if (adopted->bss)
		munmap(adopted->bss, adopted->bss_size);
	if (adopted->rodata)
		munmap(adopted->rodata, adopted->rodata_size);
	free(adopted);
}

int adopt_program(const struct adopted *adopted, const struct bpf_program *program)
{
	if (!adopted)
		return bpf_program__fd(program);
	for (size_t i = 0; i < adopted->count; i++)
		if (adopted->program[i].program == program)
			return adopted->program[i].fd;
	return -ENOENT;
}

/* kernel/bpf/ringbuf.c: a page with where the reader is, one with where writers are, and the records, which are there twice. */
int adopt_waiting(int map, uint64_t *ret_records)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	unsigned long *reader, *writers;
	uint64_t records = 0;
	int r = 0;

	if (bpf_obj_get_info_by_fd(map, &info, &size) < 0)
		return -errno;
	reader = mmap(NULL, page, PROT_READ, MAP_SHARED, map, 0);
	writers = mmap(NULL, page + 2UL * info.max_entries, PROT_READ, MAP_SHARED, map, (off_t)page);
	if (reader == MAP_FAILED || writers == MAP_FAILED) {
		r = -errno;
	} else {
		const char *data = (const char *)writers + page;
		unsigned long end = __atomic_load_n(writers, __ATOMIC_ACQUIRE);

		for (unsigned long at = *reader; at < end;) {
			const __u32 *head = (const void *)(data + (at & (info.max_entries - 1)));
			__u32 len = __atomic_load_n(head, __ATOMIC_ACQUIRE);

			if (len & BPF_RINGBUF_BUSY_BIT)
				break;
			records += !(len & BPF_RINGBUF_DISCARD_BIT);
			len &= ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
			at += (len + BPF_RINGBUF_HDR_SZ + 7UL) / 8 * 8;
		}
	}
	if (reader != MAP_FAILED)
		munmap(reader, page);
	if (writers != MAP_FAILED)
		munmap(writers, page + 2UL * info.max_entries);
	if (r == 0)
		*ret_records = records;
	return r;
}
