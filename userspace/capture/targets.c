// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe → load: which functions and tracepoints of the kernel the programs attach to.
 *
 * Invariant: a kernel's version says nothing here, only what its BTF describes.
 */
#include "capture/targets.h"

#include "capture/btrfs.h"
#include "lib/cleanup.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#define TARGETS_MAX 96
#define TARGETS_NAME_BYTES 64

/* A tracepoint's type: a typedef of a pointer to a function, whose first argument is the tracepoint's own. */
#define TARGETS_TRACEPOINT "btf_trace_"
#define TARGETS_IO_URING TARGETS_TRACEPOINT "io_uring_complete"
#define TARGETS_IO_URING_OPENED TARGETS_TRACEPOINT "io_uring_file_get"
#define TARGETS_IO_URING_SUBMITTED TARGETS_TRACEPOINT "io_uring_submit_"
/* The structure that stands for memory of any kind (bpf/base/direct.bpf.h). */
#define TARGETS_MEMORY "irq_stack"
/* A structure that the kernel has if btrfs is no module; see capture/btrfs.h. */
#define TARGETS_BTRFS "btrfs_inode"
/* The verifier's structure of a function, and its field since it knows which ones may sleep. */
#define TARGETS_FUNCTION "bpf_subprog_info"
#define TARGETS_FUNCTION_SLEEPS "might_sleep"

struct target {
	char name[TARGETS_NAME_BYTES];
	uint32_t id;
};

struct targets {
	size_t count;
	unsigned int io_uring_arguments;
	bool io_uring_opens;
	struct btrfs_layout btrfs;
	bool functions_known; /* to sleep or not */
	struct target target[TARGETS_MAX]; /* by name */
};

static int target_compare(const void *a, const void *b)
{
	return strcmp(((const struct target *)a)->name, ((const struct target *)b)->name);
}

static int target_compare_name(const void *name, const void *target)
{
	return strcmp(name, ((const struct target *)target)->name);
}

static struct target *targets_named(const struct targets *targets, const char *name)
{
	return bsearch(name, targets->target, targets->count, sizeof(*targets->target), target_compare_name);
}

/* The name in the kernel's BTF of what a program attaches to. Returns 0, or -ENOENT if it attaches to nothing. */
static int targets_name(const struct bpf_program *program, char name[static TARGETS_NAME_BYTES])
{
	const char *section = bpf_program__section_name(program), *target = strchr(section, '/');
	bool tracepoint = strncmp(section, "tp_btf/", strlen("tp_btf/")) == 0 ||
			  strncmp(section, "raw_tp/", strlen("raw_tp/")) == 0;
	int len;

	if (!target)
		return -ENOENT;
	len = snprintf(name, TARGETS_NAME_BYTES, "%s%s", tracepoint ? TARGETS_TRACEPOINT : "", target + 1);
	return len < TARGETS_NAME_BYTES ? 0 : -ENAMETOOLONG;
}

static int targets_add(struct targets *targets, const char *name)
{
	if (targets->count == TARGETS_MAX)
		return -E2BIG;
	snprintf(targets->target[targets->count++].name, TARGETS_NAME_BYTES, "%s", name);
	return 0;
}

/* All names once, in order. */
static int targets_name_all(struct targets *targets, const struct bpf_object *object)
{
	static const char *const known[] = {
		TARGETS_CAST,           TARGETS_MEMORY,        TARGETS_FUNCTION,    TARGETS_PREEMPT_DISABLE,
		TARGETS_PREEMPT_ENABLE, TARGETS_PREEMPT_COUNT, TARGETS_TEST_FINISH, TARGETS_BTRFS,
	};
	struct bpf_program *program;
	char name[TARGETS_NAME_BYTES];
	size_t kept = 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(known) / sizeof(*known); i++)
		r = targets_add(targets, known[i]);
	bpf_object__for_each_program (program, object) {
		if (r == 0)
			r = targets_name(program, name);
		if (r == 0)
			r = targets_add(targets, name);
		else if (r == -ENOENT)
			r = 0;
	}
	if (r < 0)
		return r;
	qsort(targets->target, targets->count, sizeof(*targets->target), target_compare);
	for (size_t i = 1; i < targets->count; i++)
		if (strcmp(targets->target[i].name, targets->target[kept - 1].name) != 0)
			targets->target[kept++] = targets->target[i];
	targets->count = kept;
	return 0;
}

/* @type: a tracepoint's typedef */
static unsigned int targets_arguments(const struct btf *kernel, const struct btf_type *type)
{
	for (int i = 0; type && i < 2; i++)
		type = btf__type_by_id(kernel, type->type);
	return type && btf_is_func_proto(type) ? btf_vlen(type) - 1U : 0;
}

/* Is a request of io_uring what it tells of first? Before 6.0 that is its ring. @type: as above */
static bool targets_tells_request(const struct btf *kernel, const struct btf_type *type)
{
	for (int i = 0; type && i < 2; i++)
		type = btf__type_by_id(kernel, type->type);
	if (!type || !btf_is_func_proto(type) || btf_vlen(type) < 2)
		return false;
	type = btf__type_by_id(kernel, btf_params(type)[1].type);
	type = type && btf_is_ptr(type) ? btf__type_by_id(kernel, type->type) : NULL;
	return type && btf_is_struct(type) &&
	       strcmp(btf__name_by_offset(kernel, type->name_off), "io_kiocb") == 0;
}

static bool targets_has_field(const struct btf *kernel, const struct btf_type *type, const char *name)
{
	for (int i = 0; btf_is_struct(type) && i < btf_vlen(type); i++)
		if (strcmp(btf__name_by_offset(kernel, btf_members(type)[i].name_off), name) == 0)
			return true;
	return false;
}

static void targets_look_up(struct targets *targets, const struct btf *kernel)
{
	for (uint32_t id = 1, types = btf__type_cnt(kernel); id < types; id++) {
		const struct btf_type *type = btf__type_by_id(kernel, id);
		const char *name;
		struct target *target;

		if (!type ||
		    !(btf_is_func(type) || btf_is_typedef(type) || btf_is_struct(type) || btf_is_var(type)))
			continue;
		name = btf__name_by_offset(kernel, type->name_off);
		target = name ? targets_named(targets, name) : NULL;
		if (!target || target->id)
			continue;
		target->id = id;
		if (strcmp(name, TARGETS_IO_URING) == 0)
			targets->io_uring_arguments = targets_arguments(kernel, type);
		else if (strcmp(name, TARGETS_IO_URING_OPENED) == 0)
			targets->io_uring_opens = targets_tells_request(kernel, type);
		else if (strncmp(name, TARGETS_IO_URING_SUBMITTED, strlen(TARGETS_IO_URING_SUBMITTED)) == 0 &&
			 !targets_tells_request(kernel, type))
			target->id = 0; /* for us it is not there */
		else if (strcmp(name, TARGETS_FUNCTION) == 0)
			targets->functions_known = targets_has_field(kernel, type, TARGETS_FUNCTION_SLEEPS);
	}
}

int targets_find(const struct bpf_object *object, struct btf *kernel, struct targets **ret_targets)
{
	AUTO_FREE struct targets *targets = calloc(1, sizeof(*targets));
	int r;

	if (!targets)
		return -ENOMEM;
	r = targets_name_all(targets, object);
	if (r < 0)
		return r;
	targets_look_up(targets, kernel);
	/* that there is none is no failure */
	if (targets_id(targets, TARGETS_BTRFS))
		btrfs_layout(kernel, 1, &targets->btrfs);
	else
		btrfs_module_layout(kernel, &targets->btrfs);
	*ret_targets = TAKE(targets);
	return 0;
}

void targets_free(struct targets *targets)
{
	free(targets);
}

uint32_t targets_id(const struct targets *targets, const char *name)
{
	const struct target *target = targets_named(targets, name);

	return target ? target->id : 0;
}

uint32_t targets_of(const struct targets *targets, const struct bpf_program *program)
{
	char name[TARGETS_NAME_BYTES];

	return targets_name(program, name) < 0 ? 0 : targets_id(targets, name);
}

bool targets_has_plain_loads(const struct targets *targets)
{
	return targets_id(targets, TARGETS_CAST) && targets_id(targets, TARGETS_MEMORY);
}

bool targets_can_disable_preemption(const struct targets *targets)
{
	return targets->functions_known && targets_id(targets, TARGETS_PREEMPT_DISABLE) &&
	       targets_id(targets, TARGETS_PREEMPT_ENABLE);
}

unsigned int targets_io_uring_arguments(const struct targets *targets)
{
	return targets->io_uring_arguments;
}

bool targets_io_uring_opens(const struct targets *targets)
{
	return targets->io_uring_opens;
}

struct btrfs_layout targets_btrfs(const struct targets *targets)
{
	return targets->btrfs;
}
