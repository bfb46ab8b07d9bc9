// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe → load: the programs through the verifier, on several CPUs.
 *
 * libbpf relocates all programs and then loads one after the other. Just before each of them it asks its section's
 * handler, which is ours (loader_prepare). That one keeps a large program's instructions and gives libbpf two others
 * instead, which do nothing; what was kept is then loaded by threads, and takes the place of what does nothing
 * under the same descriptor. Everything else of libbpf's stays as it is.
 *
 * What a program asks for (include/loader_call.h) is filled in at the same moment; where the kernel preempts programs, those
 * that ask are hooks with doors, which are made in the end.
 *
 * Invariant: either every program is in its place, or the loading has failed.
 */
#include "capture/loader.h"

#include "capture/min_btf.h"
#include "lib/cleanup.h"
#include "lib/memory_file.h"
#include "calibration.h"
#include "license.h"
#include "loader_call.h"
#include "scope.h"
#include "write_call.h"
#include "known.h"
#include "spillwatch.skel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

/* A program of fewer instructions takes no longer than handing it to a thread. */
#define LOADER_LARGE 1000
#define LOADER_PROGRAMS_MAX 64
/* The host is not to feel the start either. */
#define LOADER_THREADS_MAX 4

/* A program that is kept for the threads. */
struct loader_program {
	struct bpf_program *program;
	struct bpf_insn *instructions;
	size_t count;
	struct bpf_prog_load_opts options;
	int fd; /* then; or a negative errno */
};

/* A program that is to have doors. */
struct loader_hook {
	struct bpf_program *program;
	uint32_t attach_btf_id;
};

struct loader {
	struct targets *targets;
	struct spillwatch_bpf *skeleton; /* open already, for who asks first */
	int btf; /* the minimized one's file; negative: there is none */
	char btf_path[64];
	/* of one skeleton's loading */
	enum loader_way way;
	const char *lacked;
	const struct spillwatch_bpf *loading;
	uint32_t disable, enable, cast; /* functions of the kernel, 0: they are not to be called */
	size_t hooks;
	struct loader_hook hook[LOADER_PROGRAMS_MAX];
	struct bpf_insn *door; /* the template's instructions */
	struct doors *doors;
	size_t count;
	atomic_size_t next;
	struct loader_program program[LOADER_PROGRAMS_MAX];
};

/* libbpf hands its handlers nothing that leads here. */
static struct loader *loader_current;

/* What stands in for a program that is kept. */
static struct bpf_insn loader_nothing[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

/* What this header and the libbpf that runs both know of; each says by `sz` how much it does. */
static void loader_copy(struct bpf_prog_load_opts *to, const struct bpf_prog_load_opts *from)
{
	size_t size = from->sz < sizeof(*to) ? from->sz : sizeof(*to);

	memset(to, 0, sizeof(*to));
	memcpy(to, from, size);
	to->sz = size;
	/* libbpf's for the time being, and only for functions of modules, which no program calls */
	to->fd_array = NULL;
}

/* Keeps a program, and has libbpf load what does nothing in its place. */
static int loader_keep(struct loader *loader, struct bpf_program *program, struct bpf_prog_load_opts *options)
{
	struct loader_program *kept = &loader->program[loader->count];
	size_t count = bpf_program__insn_cnt(program);
	struct bpf_insn *instructions = malloc(count * sizeof(*instructions));

	if (!instructions)
		return -ENOMEM;
	memcpy(instructions, bpf_program__insns(program), count * sizeof(*instructions));
	kept->program = program;
	kept->instructions = instructions;
	kept->count = count;
	kept->fd = -ECANCELED;
	loader_copy(&kept->options, options);
	/* some versions set it only after this */
	kept->options.expected_attach_type = bpf_program__expected_attach_type(program);
	loader->count++;
	options->func_info_cnt = 0;
	options->line_info_cnt = 0;
	return bpf_program__set_insns(program, loader_nothing,
				      sizeof(loader_nothing) / sizeof(*loader_nothing));
}

static bool loader_asks(const struct bpf_insn *instruction, int32_t what)
{
	return instruction->code == (BPF_JMP | BPF_CALL) && instruction->src_reg == 0 &&
	       instruction->imm == what;
}

/* A call of one of the kernel's functions; nothing if it is not to be called. */
static struct bpf_insn loader_call(uint32_t function)
{
	if (!function)
		return loader_nothing[0];
	return (struct bpf_insn){
		.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = (int32_t)function};
}

/* Fills in what a program asks for. Returns whether it asked for what hooks with doors do, or a negative errno. */
static int loader_answer(const struct loader *loader, struct bpf_program *program)
{
	size_t count = bpf_program__insn_cnt(program), asked = 0, cast = 0;
	AUTO_FREE struct bpf_insn *instructions = malloc(count * sizeof(*instructions));
	int r;

	if (!instructions)
		return -ENOMEM;
	memcpy(instructions, bpf_program__insns(program), count * sizeof(*instructions));
	for (size_t i = 0; i < count; i++) {
		if (loader_asks(&instructions[i], DIRECT_CALL_CAST)) {
			instructions[i] = loader_call(loader->cast);
			cast++;
			continue;
		}
		if (loader_asks(&instructions[i], PREEMPT_CALL_DISABLE))
			instructions[i] = loader_call(loader->disable);
		else if (loader_asks(&instructions[i], PREEMPT_CALL_ENABLE))
			instructions[i] = loader_call(loader->enable);
		else if (loader_asks(&instructions[i], PREEMPT_CALL_ROLE))
			instructions[i] = (struct bpf_insn){
				.code = BPF_ALU64 | BPF_MOV | BPF_K,
				.imm = (int32_t)((loader->hooks + 1) << PREEMPT_HOOK_SHIFT)};
		else
			continue;
		asked++;
	}
	r = asked || cast ? bpf_program__set_insns(program, instructions, count) : 0;
	return r < 0 ? r : asked != 0;
}

/* A program that asks is a hook; what doors are made of does nothing itself. */
static int loader_hook(struct loader *loader, struct bpf_program *program,
		       const struct bpf_prog_load_opts *options)
{
	int r = loader_answer(loader, program);

	if (r <= 0 || !loader->loading->rodata->preempt_doors)
		return r < 0 ? r : 0;
	if (loader->hooks == LOADER_PROGRAMS_MAX)
		return -E2BIG;
	loader->hook[loader->hooks++] = (struct loader_hook){program, options->attach_btf_id};
	return 0;
}

static int loader_template(struct loader *loader, struct bpf_program *program,
			   struct bpf_prog_load_opts *options)
{
	size_t count = bpf_program__insn_cnt(program);

	loader->door = malloc(count * sizeof(*loader->door));
	if (!loader->door)
		return -ENOMEM;
	memcpy(loader->door, bpf_program__insns(program), count * sizeof(*loader->door));
	options->func_info_cnt = 0;
	options->line_info_cnt = 0;
	return bpf_program__set_insns(program, loader_nothing,
				      sizeof(loader_nothing) / sizeof(*loader_nothing));
}

/* libbpf is about to load a program. */
static int loader_prepare(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
	struct loader *loader = loader_current;
	int r;

	(void)cookie;
	if (!loader)
		return -EINVAL;
	if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING) {
		options->attach_btf_id = targets_of(loader->targets, program);
		if (!options->attach_btf_id) {
			loader->lacked = bpf_program__section_name(program);
			return -ESRCH;
		}
	}
	if (program == loader->loading->progs.door)
		return loader_template(loader, program, options);
	r = loader_hook(loader, program, options);
	if (r < 0)
		return r;
	if (loader->way == LOADER_PLAIN || loader->count == LOADER_PROGRAMS_MAX ||
	    bpf_program__insn_cnt(program) < LOADER_LARGE)
		return 0;
	return loader_keep(loader, program, options);
}

static int loader_attach(const struct bpf_program *program, long cookie, struct bpf_link **ret_link)
{
	const char *target = strchr(bpf_program__section_name(program), '/');
	struct bpf_link *link = NULL;

	(void)cookie;
	if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING)
		link = bpf_program__attach_trace(program);
	else if (target)
		link = bpf_program__attach_raw_tracepoint(program, target + 1);
	if (!link)
		return target ? -errno : -EINVAL;
	*ret_link = link;
	return 0;
}

/* Makes libbpf ask here. */
static int loader_register(void)
{
	static const struct {
		const char *section;
		enum bpf_prog_type type;
		enum bpf_attach_type attach;
	} handlers[] = {
		{"fexit/", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT},
		{"fentry/", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY},
		{"tp_btf/", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP},
		{"raw_tp/", BPF_PROG_TYPE_RAW_TRACEPOINT, 0},
		{"raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT, 0}, /* run by hand */
	};
	static bool registered;
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = loader_prepare,
		    .prog_attach_fn = loader_attach);

	for (size_t i = 0; !registered && i < sizeof(handlers) / sizeof(*handlers); i++) {
		int r = libbpf_register_prog_handler(handlers[i].section, handlers[i].type,
						     handlers[i].attach, &options);

		if (r < 0)
			return r;
	}
	registered = true;
	return 0;
}

/* Loads what nobody has taken yet. */
static void *loader_work(void *context)
{
	struct loader *loader = context;
	size_t i;

	while ((i = atomic_fetch_add(&loader->next, 1)) < loader->count) {
		struct loader_program *kept = &loader->program[i];
		int fd = bpf_prog_load(bpf_program__type(kept->program), bpf_program__name(kept->program),
				       PROGRAM_LICENSE, kept->instructions, kept->count, &kept->options);

		kept->fd = fd < 0 ? -errno : fd;
	}
	return NULL;
}

/* The largest first: nobody is to begin with it when the others are done. */
static int loader_compare(const void *a, const void *b)
{
	size_t one = ((const struct loader_program *)a)->count,
	       other = ((const struct loader_program *)b)->count;

	return (one < other) - (one > other);
}

static size_t loader_threads(const struct loader *loader)
{
	cpu_set_t cpus;
	size_t threads = LOADER_THREADS_MAX;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && (size_t)CPU_COUNT(&cpus) < threads)
		threads = (size_t)CPU_COUNT(&cpus);
	return loader->count < threads ? loader->count : threads;
}

/* Has everything that was kept loaded, by this thread and some that end with it; signals are for others. */
static void loader_all(struct loader *loader)
{
	pthread_t threads[LOADER_THREADS_MAX];
	size_t wanted = loader_threads(loader), count = 0;
	sigset_t all, before;

	qsort(loader->program, loader->count, sizeof(*loader->program), loader_compare);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (count + 1 < wanted && pthread_create(&threads[count], NULL, loader_work, loader) == 0)
		count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	loader_work(loader);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

/* Puts each program where libbpf has what stands in for it. */
static int loader_place(struct loader *loader)
{
	for (size_t i = 0; i < loader->count; i++) {
		const struct loader_program *kept = &loader->program[i];

		if (kept->fd < 0 || dup3(kept->fd, bpf_program__fd(kept->program), O_CLOEXEC) < 0)
			return -EAGAIN;
	}
	return 0;
}

/* Makes the doors of all hooks, whose programs are in their places. */
static int loader_make_doors(struct loader *loader, size_t instructions)
{
	const struct door_template of = {
		.instructions = loader->door,
		.count = instructions,
		.map = bpf_map__fd(loader->loading->maps.door_hook),
	};
	int r = 0;

	loader->doors = doors_new(loader->hooks);
	if (!loader->doors)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < loader->hooks; i++)
		r = doors_add(loader->doors, &of, loader->hook[i].program, loader->hook[i].attach_btf_id);
	return r;
}

static void loader_forget(struct loader *loader)
{
	for (size_t i = 0; i < loader->count; i++) {
		if (loader->program[i].fd >= 0)
			close(loader->program[i].fd);
		free(loader->program[i].instructions);
	}
	loader->count = 0;
	loader->next = 0;
	loader->hooks = 0;
	free(loader->door);
	loader->door = NULL;
	loader->loading = NULL;
}

/* What the skeleton has been configured for. */
static void loader_begin(struct loader *loader, enum loader_way way, const struct spillwatch_bpf *skeleton)
{
	bool disable = skeleton->rodata->preempt_doors && !skeleton->rodata->preemptible;

	loader->way = way;
	loader->lacked = NULL;
	loader->loading = skeleton;
	loader->disable = disable ? targets_id(loader->targets, TARGETS_PREEMPT_DISABLE) : 0;
	loader->cast = skeleton->rodata->direct_loads ? targets_id(loader->targets, TARGETS_CAST) : 0;
	loader->enable = disable ? targets_id(loader->targets, TARGETS_PREEMPT_ENABLE) : 0;
	doors_free(TAKE(loader->doors));
}

const struct targets *loader_targets(const struct loader *loader)
{
	return loader->targets;
}

int loader_open(struct loader *loader, enum loader_way way, struct spillwatch_bpf **ret_skeleton)
{
	LIBBPF_OPTS(bpf_object_open_opts, options);
	struct spillwatch_bpf *skeleton = NULL;

	if (way == LOADER_FAST) {
		skeleton = TAKE(loader->skeleton);
		if (loader->btf >= 0)
			options.btf_custom_path = loader->btf_path;
	}
	if (!skeleton)
		skeleton = spillwatch_bpf__open_opts(&options);
	if (!skeleton)
		return -errno;
	*ret_skeleton = skeleton;
	return 0;
}

int loader_load(struct loader *loader, enum loader_way way, struct spillwatch_bpf *skeleton)
{
	size_t door = bpf_program__insn_cnt(skeleton->progs.door);
	int r;

	loader_begin(loader, way, skeleton);
	loader_current = loader;
	r = spillwatch_bpf__load(skeleton);
	loader_current = NULL;
	if (r == 0) {
		loader_all(loader);
		r = loader_place(loader);
	}
	if (r == 0 && loader->hooks)
		r = loader_make_doors(loader, door);
	if (r < 0)
		doors_free(TAKE(loader->doors));
	loader_forget(loader);
	return r;
}

struct doors *loader_doors(struct loader *loader)
{
	return TAKE(loader->doors);
}

const char *loader_lacked(const struct loader *loader)
{
	return loader->lacked;
}

/* There is no minimized BTF: nor is any asked for. */
static void loader_without_btf(struct loader *loader)
{
	if (loader->btf >= 0)
		close(loader->btf);
	loader->btf = -1;
	spillwatch_bpf__destroy(loader->skeleton);
	loader->skeleton = NULL;
}

/* Reads the kernel's BTF once, for both that need it. */
static int loader_read(struct loader *loader)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	int r = kernel ? targets_find(loader->skeleton->obj, kernel, &loader->targets) : -errno;

	if (r == 0 && min_btf_write(kernel, bpf_object__btf(loader->skeleton->obj), loader->btf) < 0)
		loader_without_btf(loader);
	btf__free(kernel);
	return r;
}

int loader_new(struct loader **ret_loader)
{
	struct loader *loader = calloc(1, sizeof(*loader));
	int r;

	if (!loader)
		return -ENOMEM;
	loader->btf = memory_file();
	snprintf(loader->btf_path, sizeof(loader->btf_path), "/proc/self/fd/%d", loader->btf);
	r = loader_register();
	if (r == 0)
		r = loader_open(loader, LOADER_FAST, &loader->skeleton);
	if (r == 0)
		r = loader_read(loader);
	if (r < 0) {
		loader_free(loader);
		return r;
	}
	*ret_loader = loader;
	return 0;
}

void loader_free(struct loader *loader)
{
	if (!loader)
		return;
	loader_without_btf(loader);
	doors_free(loader->doors);
	targets_free(loader->targets);
	free(loader);
}
