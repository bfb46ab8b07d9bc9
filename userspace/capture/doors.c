// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "capture/doors.h"

#include "capture/pin.h"
#include "lib/cleanup.h"
#include "bounds.h"
#include "license.h"
#include "loader_call.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Descriptors; negative: there is none. */
struct hook {
	const struct bpf_program *program;
	int map;
	int door[LIMIT_DOORS];
	int link[LIMIT_DOORS];
};

struct doors {
	size_t count;
	struct hook hook[];
};

struct doors *doors_new(size_t hooks)
{
	return calloc(1, sizeof(struct doors) + hooks * sizeof(struct hook));
}

/* The template's instructions for one door. */
static void door_fill_in(struct bpf_insn *instructions, const struct door_template *of, uint32_t role,
			 int map)
{
	memcpy(instructions, of->instructions, of->count * sizeof(*instructions));
	for (size_t i = 0; i < of->count; i++) {
		struct bpf_insn *at = &instructions[i];

		if (at->code == (BPF_JMP | BPF_CALL) && at->imm == PREEMPT_CALL_ROLE)
			*at = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K,
						.dst_reg = BPF_REG_0,
						.imm = (int32_t)role};
		else if (at->code == (BPF_LD | BPF_IMM | BPF_DW) && at->src_reg == BPF_PSEUDO_MAP_FD &&
			 at->imm == of->map)
			at->imm = map;
	}
}

/* Makes the doors of a hook; those that are made already are closed by doors_free(). */
static int hook_make(struct hook *hook, const struct door_template *of, uint32_t number,
		     uint32_t attach_btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .attach_btf_id = attach_btf_id,
		    .expected_attach_type = bpf_program__expected_attach_type(hook->program));
	AUTO_FREE struct bpf_insn *instructions = malloc(of->count * sizeof(*instructions));
	uint32_t zero = 0, fd = (uint32_t)bpf_program__fd(hook->program);

	if (!instructions)
		return -ENOMEM;
	hook->map = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "door_hook", sizeof(zero), sizeof(fd), 1, NULL);
	if (hook->map < 0 || bpf_map_update_elem(hook->map, &zero, &fd, BPF_ANY) < 0)
		/* cppcheck-suppress memleak */ /* does not know AUTO_FREE */
		return -errno;
	for (uint32_t i = 0; i < LIMIT_DOORS; i++) {
		door_fill_in(instructions, of, PREEMPT_ROLE(number, i), hook->map);
		hook->door[i] =
			bpf_prog_load(bpf_program__type(hook->program), bpf_program__name(hook->program),
				      PROGRAM_LICENSE, instructions, of->count, &options);
		if (hook->door[i] < 0)
			return -errno;
	}
	return 0;
}

static void hook_init(struct hook *hook, const struct bpf_program *program)
{
	hook->program = program;
	hook->map = -1;
	for (size_t i = 0; i < LIMIT_DOORS; i++)
		hook->door[i] = hook->link[i] = -1;
}

int doors_add(struct doors *doors, const struct door_template *of, struct bpf_program *program,
	      uint32_t attach_btf_id)
{
	struct hook *hook = &doors->hook[doors->count++];

	hook_init(hook, program);
	bpf_program__set_autoattach(program, false);
	return hook_make(hook, of, (uint32_t)doors->count, attach_btf_id);
}

static int hook_attach(struct hook *hook)
{
	const char *target = strchr(bpf_program__section_name(hook->program), '/');
	enum bpf_attach_type type = bpf_program__expected_attach_type(hook->program);
	bool raw = bpf_program__type(hook->program) == BPF_PROG_TYPE_RAW_TRACEPOINT;
	/* what is attached last runs first at a function, and last at a tracepoint */
	bool function = type == BPF_TRACE_FENTRY || type == BPF_TRACE_FEXIT;

	if (!target)
		return -EINVAL;
	for (size_t n = 0; n < LIMIT_DOORS; n++) {
		size_t i = function ? LIMIT_DOORS - 1 - n : n;

		/* the others have been loaded for what they attach to */
		hook->link[i] = bpf_raw_tracepoint_open(raw ? target + 1 : NULL, hook->door[i]);
		if (hook->link[i] < 0)
			return -errno;
	}
	return 0;
}

int doors_attach(struct doors *doors)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < doors->count; i++)
		r = hook_attach(&doors->hook[i]);
	return r;
}

/* "NAME-3" */
static void door_name(const struct hook *hook, size_t i, char name[64])
{
	snprintf(name, 64, "%s-%zu", bpf_program__name(hook->program), i);
}

static int hook_pin(const struct hook *hook, struct pin_set *set)
{
	char name[64];
	/* a map of programs is emptied when nobody has it any more, whoever's programs use it */
	int r = pin_put(set, "doors", bpf_program__name(hook->program), hook->map);

	for (size_t i = 0; r == 0 && i < LIMIT_DOORS; i++) {
		door_name(hook, i, name);
		r = pin_put(set, "door", name, hook->door[i]);
		if (r == 0)
			r = pin_put(set, "link", name, hook->link[i]);
	}
	return r;
}

int doors_pin(const struct doors *doors, struct pin_set *set)
{
	int r = 0;

	for (size_t i = 0; doors && r == 0 && i < doors->count; i++)
		r = hook_pin(&doors->hook[i], set);
	return r;
}

static int hook_take(struct hook *hook, const struct pin_set *set)
{
	char name[64];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < LIMIT_DOORS; i++) {
		door_name(hook, i, name);
		hook->door[i] = pin_get(set, "door", name);
		hook->link[i] = pin_get(set, "link", name);
		r = hook->door[i] < 0 ? hook->door[i] : hook->link[i];
	}
	return r < 0 ? r : 0;
}

int doors_take(const struct pin_set *set, const struct bpf_object *object, struct doors **ret_doors)
{
	struct doors *doors = doors_new(PIN_PROGRAMS_MAX);
	struct bpf_program *program;
	int r = doors ? 0 : -ENOMEM;

	bpf_object__for_each_program (program, object) {
		struct hook *hook = doors ? &doors->hook[doors->count] : NULL;

		if (r < 0 || doors->count == PIN_PROGRAMS_MAX)
			break;
		hook_init(hook, program);
		hook->map = pin_get(set, "doors", bpf_program__name(program));
		if (hook->map < 0)
			continue;
		doors->count++;
		r = hook_take(hook, set);
	}
	if (r < 0 || !doors->count) {
		doors_free(doors);
		doors = NULL;
	}
	if (r == 0)
		*ret_doors = doors;
	return r;
}

static void door_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void doors_detach(struct doors *doors, const struct bpf_program *but)
{
	for (size_t i = 0; doors && i < doors->count; i++)
		for (size_t k = 0; doors->hook[i].program != but && k < LIMIT_DOORS; k++)
			door_close(&doors->hook[i].link[k]);
}

void doors_free(struct doors *doors)
{
	doors_detach(doors, NULL);
	for (size_t i = 0; doors && i < doors->count; i++) {
		for (size_t k = 0; k < LIMIT_DOORS; k++)
			door_close(&doors->hook[i].door[k]);
		door_close(&doors->hook[i].map);
	}
	free(doors);
}

/* Runs of a program that the kernel left out, since 5.12 in bpf_prog_info; 0 where it can't tell. */
static uint64_t door_missed(int fd)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return 0;
	return info.recursion_misses;
}

static uint64_t hook_missed(const struct hook *hook)
{
	uint64_t fewest = UINT64_MAX;

	for (size_t i = 0; i < LIMIT_DOORS; i++) {
		uint64_t missed = door_missed(hook->door[i]);

		if (missed < fewest)
			fewest = missed;
	}
	return fewest;
}

uint64_t doors_skipped(const struct doors *doors, const struct bpf_program *program, int fd)
{
	for (size_t i = 0; doors && i < doors->count; i++)
		if (doors->hook[i].program == program)
			return hook_missed(&doors->hook[i]);
	return door_missed(fd);
}
