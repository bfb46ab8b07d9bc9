// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fast way of loading comes to what the plain one does: programs relocated by the minimized BTF are the same to the
 * instruction, those that were loaded side by side are in their places, and if one can't be loaded nothing is left behind.
 */
#include "live.h"

#include "capture/loader.h"
#include "bounds.h"
#include "calibration.h"
#include "scope.h"
#include "write_call.h"
#include "known.h"
#include "loader_call.h"
#include "spillwatch.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 256
/* What stands in for a large program, so that libbpf loads that and not the program. */
#define STAND_IN_INSTRUCTIONS 2

/* How many descriptors of this process lead to what is called so; *ret_fd, if not NULL, is one of them. */
static int loader_open_files(const char *name, int *ret_fd)
{
	char link[64], target[64];
	int count = 0;

	for (int fd = 3; fd < DESCRIPTORS_MAX; fd++) {
		ssize_t r;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		r = readlink(link, target, sizeof(target) - 1);
		if (r < 0)
			continue;
		target[r] = '\0';
		if (strcmp(target, name) != 0)
			continue;
		count++;
		if (ret_fd)
			*ret_fd = fd;
	}
	return count;
}

/* BPF programs that this process holds open. */
static int loader_programs(void)
{
	return loader_open_files("anon_inode:bpf-prog", NULL);
}

static int loader_said(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* All programs for which this kernel has something to attach to, relocated: the loading ends before they are loaded. */
static struct spillwatch_bpf *loader_relocated(struct loader *loader, enum loader_way way)
{
	struct spillwatch_bpf *skeleton;
	struct bpf_program *program;
	size_t before;

	assert_int_equal(loader_open(loader, way, &skeleton), 0);
	bpf_object__for_each_program (program, skeleton->obj)
		bpf_program__set_autoload(program, strchr(bpf_program__section_name(program), '/') &&
							   targets_of(loader_targets(loader), program));
	before = bpf_program__insn_cnt(skeleton->progs.write_syscall);
	/* outside loader_load() nobody may load anything */
	assert_int_equal(spillwatch_bpf__load(skeleton), -EINVAL);
	/* what a program calls stands behind it then, which is the last step of relocating */
	assert_true(bpf_program__insn_cnt(skeleton->progs.write_syscall) > before);
	return skeleton;
}

/* A 64-bit constant that is a map's descriptor, or lies in a map: each loading has its own. */
static bool loader_of_map(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW) && instruction->src_reg;
}

static size_t loader_differences(const struct bpf_program *one, const struct bpf_program *other)
{
	const struct bpf_insn *a = bpf_program__insns(one), *b = bpf_program__insns(other);
	size_t count = bpf_program__insn_cnt(one), differences = 0;

	assert_string_equal(bpf_program__name(one), bpf_program__name(other));
	assert_int_equal(count, bpf_program__insn_cnt(other));
	for (size_t i = 0; i < count; i++) {
		struct bpf_insn left = a[i], right = b[i];

		if (loader_of_map(&left) && loader_of_map(&right))
			left.imm = right.imm = 0;
		differences += memcmp(&left, &right, sizeof(left)) != 0;
	}
	if (differences)
		print_message("%s: %zu instructions differ\n", bpf_program__name(one), differences);
	return differences;
}

static void test_relocations(void **state)
{
	struct spillwatch_bpf *fast, *plain;
	struct bpf_program *one = NULL, *other = NULL;
	struct loader *loader;
	size_t differences = 0, programs = 0;

	(void)state;
	libbpf_set_print(loader_said);
	assert_int_equal(loader_new(&loader), 0);
	fast = loader_relocated(loader, LOADER_FAST);
	plain = loader_relocated(loader, LOADER_PLAIN);
	while ((one = bpf_object__next_program(fast->obj, one))) {
		other = bpf_object__next_program(plain->obj, other);
		assert_non_null(other);
		differences += loader_differences(one, other);
		programs += bpf_program__autoload(one);
	}
	assert_int_equal(differences, 0);
	assert_in_range(programs, 20, 64);
	spillwatch_bpf__destroy(fast);
	spillwatch_bpf__destroy(plain);
	loader_free(loader);
}

/* Only what every kernel takes. */
static struct spillwatch_bpf *loader_few(struct loader *loader, enum loader_way way)
{
	struct spillwatch_bpf *skeleton;
	struct bpf_program *program;

	assert_int_equal(loader_open(loader, way, &skeleton), 0);
	skeleton->rodata->direct_loads = targets_has_plain_loads(loader_targets(loader));
	skeleton->rodata->io_uring_passes_cqe = targets_io_uring_arguments(loader_targets(loader)) == 3;
	bpf_object__for_each_program (program, skeleton->obj)
		bpf_program__set_autoload(program, program == skeleton->progs.write_syscall ||
							   program == skeleton->progs.write_syscall_enter ||
							   program == skeleton->progs.write_io_uring ||
							   program == skeleton->progs.register_self);
	return skeleton;
}

#define DOORS_PROGRAMS 3 /* of loader_few(), that are hooks */

/* Where programs are preempted, each that asks for it has doors: by either way, and they lead into it, to the kernel's taste. */
static void test_doors(void **state)
{
	struct loader *loader;
	int before = loader_programs();

	(void)state;
	assert_int_equal(loader_new(&loader), 0);
	for (int way = LOADER_FAST; way <= LOADER_PLAIN; way++) {
		struct spillwatch_bpf *skeleton = loader_few(loader, (enum loader_way)way);
		struct doors *doors;

		skeleton->rodata->preempt_doors = LIMIT_DOORS;
		skeleton->rodata->preemptible = !targets_can_disable_preemption(loader_targets(loader));
		bpf_program__set_autoload(skeleton->progs.door, true);
		assert_int_equal(loader_load(loader, (enum loader_way)way, skeleton), 0);
		doors = loader_doors(loader);
		assert_non_null(doors);
		assert_null(loader_doors(loader));
		/* beside those of loader_few(), what doors are made of */
		assert_int_equal(loader_programs(), before + 5 + DOORS_PROGRAMS * (int)LIMIT_DOORS);
		assert_false(bpf_program__autoattach(skeleton->progs.write_syscall));
		assert_int_equal(doors_skipped(doors, skeleton->progs.write_syscall,
					       bpf_program__fd(skeleton->progs.write_syscall)),
				 0);
		doors_free(doors);
		spillwatch_bpf__destroy(skeleton);
		assert_int_equal(loader_programs(), before);
	}
	loader_free(loader);
}

static bool loader_has_call(const struct bpf_program *program, int32_t number)
{
	const struct bpf_insn *instructions = bpf_program__insns(program);

	for (size_t i = 0; i < bpf_program__insn_cnt(program); i++)
		if (instructions[i].code == (BPF_JMP | BPF_CALL) && !instructions[i].src_reg &&
		    instructions[i].imm == number)
			return true;
	return false;
}

/* Behind doors several tasks are in a hook at a time: none has the stack that is its CPU's (bpf/base/preempt.bpf.h). */
static void test_stacks(void **state)
{
	struct spillwatch_bpf *skeleton = spillwatch_bpf__open();
	struct bpf_program *program;
	int hooks = 0;

	(void)state;
	assert_non_null(skeleton);
	bpf_object__for_each_program (program, skeleton->obj) {
		if (!loader_has_call(program, PREEMPT_CALL_DISABLE))
			continue;
		hooks++;
		if (!loader_has_call(program, BPF_FUNC_tail_call))
			fail_msg("%s", bpf_program__name(program));
	}
	assert_true(hooks > 20);
	spillwatch_bpf__destroy(skeleton);
}

/* What the verifier walked of a program that is loaded, which must be the one of that name. */
static unsigned int loader_verified(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	assert_true(bpf_program__fd(program) >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
	assert_memory_equal(info.name, bpf_program__name(program), strlen(info.name));
	return info.verified_insns;
}

static void test_places(void **state)
{
	struct spillwatch_bpf *skeleton[2];
	struct bpf_program *one = NULL, *other = NULL;
	struct loader *loader;
	int before = loader_programs(), programs = 0;

	(void)state;
	assert_int_equal(loader_new(&loader), 0);
	for (int way = LOADER_FAST; way <= LOADER_PLAIN; way++) {
		skeleton[way] = loader_few(loader, (enum loader_way)way);
		assert_int_equal(loader_load(loader, (enum loader_way)way, skeleton[way]), 0);
	}
	/* these went by threads */
	assert_int_equal(bpf_program__insn_cnt(skeleton[LOADER_FAST]->progs.write_syscall),
			 STAND_IN_INSTRUCTIONS);
	assert_int_equal(bpf_program__insn_cnt(skeleton[LOADER_FAST]->progs.write_syscall_enter),
			 STAND_IN_INSTRUCTIONS);
	assert_int_equal(bpf_program__insn_cnt(skeleton[LOADER_FAST]->progs.write_io_uring),
			 STAND_IN_INSTRUCTIONS);
	assert_true(bpf_program__insn_cnt(skeleton[LOADER_PLAIN]->progs.write_io_uring) >
		    STAND_IN_INSTRUCTIONS);
	while ((one = bpf_object__next_program(skeleton[LOADER_FAST]->obj, one))) {
		other = bpf_object__next_program(skeleton[LOADER_PLAIN]->obj, other);
		if (!bpf_program__autoload(one))
			continue;
		assert_int_equal(loader_verified(one), loader_verified(other));
		assert_true(loader_verified(one) > STAND_IN_INSTRUCTIONS);
		programs++;
	}
	assert_int_equal(programs, 4);
	assert_int_equal(loader_programs(), before + 2 * programs);
	for (int way = LOADER_FAST; way <= LOADER_PLAIN; way++)
		spillwatch_bpf__destroy(skeleton[way]);
	loader_free(loader);
	assert_int_equal(loader_programs(), before);
}

/* A large program that the verifier refuses, while what stands in for it is fine. */
static void test_refused(void **state)
{
	struct loader *loader;
	int before = loader_programs();

	(void)state;
	libbpf_set_print(loader_said);
	assert_int_equal(loader_new(&loader), 0);
	for (int way = LOADER_FAST; way <= LOADER_PLAIN; way++) {
		struct spillwatch_bpf *skeleton = loader_few(loader, (enum loader_way)way);

		assert_int_equal(
			bpf_program__set_type(skeleton->progs.write_io_uring, BPF_PROG_TYPE_SOCKET_FILTER),
			0);
		assert_true(loader_load(loader, (enum loader_way)way, skeleton) < 0);
		spillwatch_bpf__destroy(skeleton);
		assert_int_equal(loader_programs(), before);
	}
	loader_free(loader);
}

/* Loads by a way; 0 if that worked. */
static int loader_try(struct loader *loader, enum loader_way way)
{
	struct spillwatch_bpf *skeleton = loader_few(loader, way);
	int r = loader_load(loader, way, skeleton);

	spillwatch_bpf__destroy(skeleton);
	return r;
}

/* The fast way goes by the minimized BTF and by nothing else; without that, the plain way is open. */
static void test_no_min_btf(void **state)
{
	struct loader *loader;
	int fd = -1;

	(void)state;
	libbpf_set_print(loader_said);
	assert_int_equal(loader_new(&loader), 0);
	assert_int_equal(loader_open_files("/memfd:spillwatch (deleted)", &fd), 1);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(loader_try(loader, LOADER_FAST) < 0);
	assert_int_equal(loader_try(loader, LOADER_PLAIN), 0);
	loader_free(loader);
	assert_int_equal(loader_open_files("/memfd:spillwatch (deleted)", NULL), 0);
}

/* Where it can't even be written, programs are loaded by all of the kernel's BTF. */
static void test_no_file(void **state)
{
	struct rlimit before, none;
	struct loader *loader;

	(void)state;
	libbpf_set_print(loader_said);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(loader_new(&loader), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(loader_open_files("/memfd:spillwatch (deleted)", NULL), 0);
	assert_int_equal(loader_try(loader, LOADER_FAST), 0);
	assert_int_equal(loader_try(loader, LOADER_PLAIN), 0);
	loader_free(loader);
}

static void test_check(void **state)
{
	struct live_run run = live_command(ARGS("spillwatch", "check"));

	(void)state;
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.output, "fexit"));
	assert_non_null(strstr(run.output, "would attach by"));
	/* the guests' kernels have all functions */
	if (getenv("LIVE_HOST") &&
	    (!strstr(run.output, "attach by fexit") || strstr(run.output, "no such function")))
		fail_msg("%s", run.output);
	assert_string_equal(run.errors, "");
	live_free(&run);
}

const struct CMUnitTest live_loader[] = {
	cmocka_unit_test(test_relocations),
	cmocka_unit_test(test_places),
	cmocka_unit_test(test_refused),
	cmocka_unit_test(test_no_min_btf),
	cmocka_unit_test(test_no_file),
	cmocka_unit_test(test_doors),
	cmocka_unit_test(test_stacks),
	cmocka_unit_test_setup_teardown(test_check, live_setup, live_teardown),
};
const size_t live_loader_count = sizeof(live_loader) / sizeof(*live_loader);
