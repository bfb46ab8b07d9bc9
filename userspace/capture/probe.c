// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * write → probe → inspect → sample ⇒ ring: the userspace end of it.
 *
 * Invariant: unless a place to pin was given, whatever happens to this process, the kernel detaches and frees everything with
 * it. Pinned, it goes on until its lease is over (include/lease.h), and who comes next takes it over if it is what he
 * would have attached himself. The attachments are tried in the order of what they cost the host.
 */
#include "capture/probe.h"

#include "capture/adopt.h"
#include "capture/btrfs.h"
#include "capture/calls.h"
#include "capture/functions.h"
#include "capture/loader.h"
#include "capture/pin.h"
#include "capture/preempt.h"
#include "lib/cleanup.h"
#include "lib/memory_file.h"
#include "lib/monotonic.h"
#include "bounds.h"
#include "file_kind.h"
#include "known.h"
#include "lease.h"
#include "license.h"
#include "spillwatch.skel.h"
#include "version.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

/* ms that another version's ring is read from after ours are attached. */
#define PROBE_OLD_MS 2000

/* ms that another daemon's pins are waited for. */
#define PROBE_HELD_MS 1000

/* A look at one file, which takes as many goes as it needs. */
struct recheck_look {
	bool begun;
	__u64 index, dirty;
	struct recheck_file before; /* its record when the look began */
};

struct probe {
	struct spillwatch_bpf *skeleton;
	struct doors *doors;
	struct adopted *adopted; /* the skeleton was not loaded here; NULL: it was */
	struct pin_set *pins; /* NULL: nothing is pinned */
	int pin_error;
	struct probe_takeover takeover;
	uint64_t base[COUNTER_MAX]; /* of the counters, what those before us have told of */
	uint64_t base_skipped[PIN_PROGRAMS_MAX];
	struct ring_buffer *ring;
	/* pages of the ring: how far it was read and written; NULL: they can't be had */
	unsigned long *ring_read, *ring_written;
	struct ring_buffer *old; /* of another version's programs, for PROBE_OLD_MS */
	int64_t old_until; /* ms, CLOCK_MONOTONIC */
	struct pin_said said; /* where nothing is pinned */
	enum probe_attachment attachment;
	struct functions_missing missing; /* none that is essential */
	int cpus;
	/* a round of second looks */
	uint64_t rechecks_added; /* by the kernel side, when it began */
	size_t rechecks; /* files that stay */
	size_t recheck_at, recheck_count;
	struct recheck_look recheck_look; /* at the file at recheck_at, as far as it came */
	__u64 recheck_list[LIMIT_RECHECKS]; /* keys of the map */
};

const char *probe_attachment_name(enum probe_attachment attachment)
{
	switch (attachment) {
	case PROBE_FEXIT:
		return "fexit";
	case PROBE_SYSCALL:
		return "syscall";
	default:
		return "auto";
	}
}

/* libbpf has one print function a process: what it says of a failing attempt is kept here. */
static char probe_reason[sizeof(((struct probe_failure *)0)->text)];

/* The verifier's reason: the last line of its log before the statistics. */
static void probe_keep_reason(const char *log)
{
	const char *end = strstr(log, "\nprocessed "), *start;
	size_t len;

	if (!end)
		return;
	for (start = end; start > log && start[-1] != '\n';)
		start--;
	len = (size_t)(end - start);
	if (len >= sizeof(probe_reason))
		len = sizeof(probe_reason) - 1;
	memcpy(probe_reason, start, len);
	probe_reason[len] = '\0';
}

/* Keeps the first warning of an attempt, and prefers the verifier's reason where there is one. */
__attribute__((format(printf, 2, 0))) static int probe_print(enum libbpf_print_level level,
							     const char *format, va_list args)
{
	AUTO_FREE char *text = NULL;

	if (level != LIBBPF_WARN || vasprintf(&text, format, args) < 0)
		return 0;
	if (strstr(text, "BEGIN PROG LOAD LOG")) {
		probe_keep_reason(text);
	} else if (!*probe_reason) {
		text[strcspn(text, "\n")] = '\0';
		snprintf(probe_reason, sizeof(probe_reason), "%s", text);
	}
	return 0;
}

#define PROBE_STREAMS (FILE_KIND_BIT(PIPE) | FILE_KIND_BIT(SOCKET) | FILE_KIND_BIT(TTY))

/* Of a program's section, "fexit/vfs_write"; NULL: it hooks no function. */
static const struct function *probe_function(const char *section)
{
	if (strncmp(section, "fexit/", strlen("fexit/")) != 0 &&
	    strncmp(section, "fentry/", strlen("fentry/")) != 0)
		return NULL;
	return functions_named(strchr(section, '/') + 1);
}

/* The programs on functions: each if what it sees is watched, and if the kernel has its function. */
static void probe_select_functions(struct spillwatch_bpf *skeleton, const struct targets *targets, bool fexit,
				   uint32_t watch)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, skeleton->obj) {
		const char *section = bpf_program__section_name(program);
		const struct function *function = probe_function(section);
		/* on entry only streams are looked at */
		uint32_t seen =
			strncmp(section, "fentry/", strlen("fentry/")) == 0 ? PROBE_STREAMS : UINT32_MAX;

		if (function)
			bpf_program__set_autoload(program, fexit && watch & seen & function->watch &&
								   targets_of(targets, program));
	}
}

static bool probe_has_function(const void *context, const char *name)
{
	return targets_id(context, name);
}

/*
 * Only the chosen attachment's programs are loaded, the tree's only where it is wanted, and those on
 * optional functions only where the kernel has them: one that can't be loaded would fail all.
 */
static void probe_select(struct spillwatch_bpf *skeleton, const struct targets *targets,
			 enum probe_attachment attachment, enum scope_mode scope, uint32_t watch)
{
	bool fexit = attachment == PROBE_FEXIT, tree = scope == SCOPE_TREE;
	unsigned int io_uring = targets_io_uring_arguments(targets);

	probe_select_functions(skeleton, targets, fexit, watch);
	bpf_program__set_autoload(skeleton->progs.write_syscall, !fexit);
	bpf_program__set_autoload(skeleton->progs.write_syscall_enter, !fexit && watch & PROBE_STREAMS);
	bpf_program__set_autoload(skeleton->progs.write_io_uring, io_uring != 0);
	skeleton->rodata->io_uring_passes_cqe = io_uring == 3;
	/* one of the two is there */
	bpf_program__set_autoload(skeleton->progs.io_uring_submit,
				  targets_of(targets, skeleton->progs.io_uring_submit));
	bpf_program__set_autoload(skeleton->progs.io_uring_submit_6_1,
				  targets_of(targets, skeleton->progs.io_uring_submit_6_1));
	bpf_program__set_autoload(skeleton->progs.io_uring_file, targets_io_uring_opens(targets));
	skeleton->rodata->io_uring_opens = targets_io_uring_opens(targets);
	bpf_program__set_autoload(skeleton->progs.io_uring_overflow,
				  targets_of(targets, skeleton->progs.io_uring_overflow));
	skeleton->rodata->direct_loads = targets_has_plain_loads(targets);
	bpf_program__set_autoload(skeleton->progs.follow_fork, tree);
	bpf_program__set_autoload(skeleton->progs.follow_exit, tree);
	/* run by hand, never attached */
	bpf_program__set_autoattach(skeleton->progs.register_self, false);
	bpf_program__set_autoattach(skeleton->progs.lease_renew, false);
	bpf_program__set_autoattach(skeleton->progs.calibrate_cache, false);
	bpf_program__set_autoattach(skeleton->progs.recheck_look, false);
	bpf_program__set_autoattach(skeleton->progs.recheck_existing, false);
	/* of a tree nothing is there yet */
	bpf_program__set_autoload(skeleton->progs.recheck_existing, !tree);
	/* no program itself */
	bpf_program__set_autoattach(skeleton->progs.door, false);
	if (!tree)
		bpf_map__set_max_entries(skeleton->maps.tree, 1);
}

/*
 * Does the kernel take fexit programs at all? Asked with one that does nothing, since the real ones take a while
 * to be verified before they are refused.
 */
static int probe_fexit_allowed(const struct targets *targets)
{
	static const struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_FEXIT);
	int fd;

	load.attach_btf_id = targets_id(targets, "vfs_write");
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "fexit_allowed", PROGRAM_LICENSE, instructions,
			   sizeof(instructions) / sizeof(*instructions), &load);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Is there all that can't be done without? Returns 0, -ENOTSUP, which probe_reason explains, or what the kernel says. */
static int probe_fexit_usable(const struct targets *targets, uint32_t watch,
			      struct functions_missing *ret_missing)
{
	char lacks[256];

	*ret_missing = functions_missing(watch, probe_has_function, targets);
	if (!ret_missing->essential)
		return probe_fexit_allowed(targets);
	functions_say(ret_missing, lacks, sizeof(lacks));
	snprintf(probe_reason, sizeof(probe_reason),
		 "this kernel has %s to attach to, so what is written by that would not be seen", lacks);
	return -ENOTSUP;
}

/* What the kernel side is to leave to us. A form other than base64, UTF-16 and hex may be anything with the run of a secret portion in it. */
static __u32 probe_suspects(uint32_t suspects)
{
	return suspects & SUSPECT_ENCODED ? suspects | SUSPECT_WIDE : suspects;
}

static void probe_configure(struct spillwatch_bpf *skeleton, const struct probe_options *options,
			    const struct targets *targets, enum probe_attachment attachment, bool preempts)
{
	__u32 bound = options->inspect_bytes ? options->inspect_bytes : LIMIT_INSPECT_BYTES, slots = 1;

	probe_select(skeleton, targets, attachment, options->scope, options->watch);
	skeleton->rodata->vfs_hooked = attachment == PROBE_FEXIT;
	skeleton->rodata->preempt_doors = preempts ? LIMIT_DOORS : 0;
	/* fexit programs on any model, since that can be changed while we run */
	skeleton->rodata->preemptible =
		preempts ? !targets_can_disable_preemption(targets) : attachment == PROBE_FEXIT;
	if (skeleton->rodata->preemptible)
		slots = preempts ? 2 * LIMIT_SCRATCH_SLOTS : LIMIT_SCRATCH_SLOTS;
	bpf_program__set_autoload(skeleton->progs.door, preempts);
	if (!preempts)
		bpf_map__set_max_entries(skeleton->maps.preempted, 1);
	skeleton->rodata->leased = options->pin != NULL;
	skeleton->rodata->settings.scope = options->scope;
	skeleton->rodata->settings.cgroup_id = options->cgroup.id;
	skeleton->rodata->settings.cgroup_level = options->cgroup.level;
	skeleton->rodata->settings.watch = options->watch;
	skeleton->rodata->settings.own_kinds = options->own.kinds;
	skeleton->rodata->settings.own_inodes[0] = options->own.inodes[0];
	skeleton->rodata->settings.own_inodes[1] = options->own.inodes[1];
	skeleton->rodata->settings.hook_ns = options->hook_ns ? options->hook_ns : LIMIT_HOOK_NS;
	skeleton->rodata->settings.inspect_bytes = bound < LIMIT_INSPECT_BYTES ? bound : LIMIT_INSPECT_BYTES;
	skeleton->rodata->settings.suspects = probe_suspects(options->suspects);
	slots *= (__u32)libbpf_num_possible_cpus();
	/* the last one is the daemon's */
	bpf_map__set_max_entries(skeleton->maps.scratch, slots + 1);
	skeleton->rodata->scratch_own = slots;
	bpf_program__set_autoload(skeleton->progs.recheck_bio, !options->no_net);
	skeleton->bss->btrfs_layout = targets_btrfs(targets);
	calls_fill(options->watch, &skeleton->rodata->write_calls);
	if (options->ring_bytes)
		bpf_map__set_max_entries(skeleton->maps.samples, options->ring_bytes);
}

static int probe_run(const struct adopted *adopted, const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	return bpf_prog_test_run_opts(adopt_program(adopted, program), &run) < 0 ? -errno : 0;
}

/* Lets the kernel note who we are, and that we are there, before anything is attached; see bpf/hooks/self.bpf.c. */
static int probe_register_self(const struct spillwatch_bpf *skeleton, const struct adopted *adopted,
			       unsigned long seconds)
{
	int r = probe_run(adopted, skeleton->progs.register_self);

	skeleton->bss->lease.seconds = seconds ? seconds : PIN_SECONDS;
	return r < 0 ? r : probe_run(adopted, skeleton->progs.lease_renew);
}

/*
 * Lets the kernel side find out where the page cache can be read; see bpf/hooks/calibrate.bpf.c. Without
 * it, everything works but the joining of pieces and what has no buffer.
 */
static void probe_calibrate(struct spillwatch_bpf *skeleton)
{
	struct calibration *calibration = &skeleton->bss->calibration;
	AUTO_CLOSE int fd = memory_file();

	if (fd < 0 || getrandom(calibration->pattern, sizeof(calibration->pattern), 0) < 0 ||
	    write(fd, calibration->pattern, sizeof(calibration->pattern)) < 0)
		return;
	calibration->fd = (__u32)fd;
	probe_run(NULL, skeleton->progs.calibrate_cache);
}

/*
 * Lets the kernel side note the files that are mapped already; see recheck_existing() of bpf/hooks/recheck.bpf.c. Without
 * it, stores to them are seen when their pages have been written back once.
 */
static void probe_existing(const struct spillwatch_bpf *skeleton, const struct adopted *adopted)
{
	int program = adopt_program(adopted, skeleton->progs.recheck_existing);
	AUTO_CLOSE int link = program < 0 ? -1 : bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	AUTO_CLOSE int fd = link < 0 ? -1 : bpf_iter_create(link);
	char nothing[64];

	while (fd >= 0 && (read(fd, nothing, sizeof(nothing)) > 0 || errno == EAGAIN))
		;
}

static int probe_load(const struct probe_options *options, struct loader *loader,
		      enum probe_attachment attachment, bool preempts, enum loader_way way,
		      struct spillwatch_bpf **ret_skeleton)
{
	struct spillwatch_bpf *skeleton;
	int r = loader_open(loader, way, &skeleton);

	if (r < 0)
		return r;
	probe_reason[0] = '\0';
	probe_configure(skeleton, options, loader_targets(loader), attachment, preempts);
	/* fewer bytes than 256 at once are given whole */
	for (size_t at = 0; r == 0 && at < sizeof(skeleton->rodata->token_seed); at += sizeof(__u64))
		if (getrandom((char *)&skeleton->rodata->token_seed + at, sizeof(__u64), 0) < 0)
			r = -errno;
	if (r == 0)
		r = loader_load(loader, way, skeleton);
	if (r < 0)
		spillwatch_bpf__destroy(skeleton);
	else
		*ret_skeleton = skeleton;
	return r;
}

static int probe_try(const struct probe_options *options, struct loader *loader,
		     enum probe_attachment attachment, struct probe_failure *failure, struct probe *probe)
{
	const struct targets *targets = loader_targets(loader);
	struct spillwatch_bpf *skeleton;
	struct doors *doors = NULL;
	const char *step = "load";
	bool preempts;
	int r = 0;

	probe_reason[0] = '\0';
	probe->missing.count = 0;
	if (attachment == PROBE_FEXIT)
		r = probe_fexit_usable(targets, options->watch, &probe->missing);
	if (r == 0) {
		preempts = attachment == PROBE_FEXIT ? preempt_functions() : preempt_tracepoints(targets);
		r = probe_load(options, loader, attachment, preempts, LOADER_FAST, &skeleton);
		if (r < 0)
			r = probe_load(options, loader, attachment, preempts, LOADER_PLAIN, &skeleton);
		if (r < 0 && loader_lacked(loader))
			snprintf(probe_reason, sizeof(probe_reason),
				 "this kernel has nothing that %s could attach to", loader_lacked(loader));
	}
	if (r == 0) {
		doors = loader_doors(loader);
		r = probe_register_self(skeleton, NULL, options->pin_seconds);
		if (r == 0) {
			probe_calibrate(skeleton);
			step = "attach";
			r = spillwatch_bpf__attach(skeleton);
			if (r == 0 && doors)
				r = doors_attach(doors);
			if (r == 0)
				probe_existing(skeleton, NULL);
		}
		if (r < 0) {
			doors_free(doors);
			spillwatch_bpf__destroy(skeleton);
		}
	}
	failure->error = r;
	failure->step = step;
	memcpy(failure->text, probe_reason, sizeof(failure->text));
	if (r == 0) {
		probe->skeleton = skeleton;
		probe->doors = doors;
	}
	return r;
}

static int probe_attach(const struct probe_options *options, struct probe_failure *failures,
			struct probe *probe)
{
	struct loader *loader;
	int r = loader_new(&loader);

	if (r < 0)
		return r;
	r = -EINVAL;
	for (probe->attachment = PROBE_FEXIT; probe->attachment < PROBE_ATTACHMENT_MAX; probe->attachment++) {
		if (options->attachment != PROBE_AUTO && options->attachment != probe->attachment)
			continue;
		r = probe_try(options, loader, probe->attachment, &failures[probe->attachment], probe);
		if (r == 0)
			break;
	}
	loader_free(loader);
	return r;
}

/* What two daemons must have in common for the second to take over the first one's programs. */
static uint64_t probe_program(const struct probe_options *options)
{
	const struct {
		uint64_t attachment, scope, cgroup, level, watch, suspects, inspect, no_net, hook, ring,
			slots;
	} told = {
		options->attachment,
		options->scope,
		options->cgroup.id,
		options->cgroup.level,
		options->watch,
		options->suspects,
		options->inspect_bytes,
		options->no_net,
		options->hook_ns,
		options->ring_bytes,
		(uint64_t)libbpf_num_possible_cpus(),
	};
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
	size_t size;
	const unsigned char *object = spillwatch_bpf__elf_bytes(&size);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ object[i]) * 1099511628211ULL;
	for (size_t i = 0; i < sizeof(told); i++)
		hash = (hash ^ ((const unsigned char *)&told)[i]) * 1099511628211ULL;
	return hash;
}

static int probe_raw_counts(const struct probe *probe, uint64_t counts[COUNTER_MAX])
{
	__u32 zero = 0;
	/* each CPU's share, as the kernel pads it: a multiple of 8 bytes, which a row of u64 is */
	AUTO_FREE struct counters *shares = calloc((size_t)probe->cpus, sizeof(*shares));

	if (!shares)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(probe->skeleton->maps.counters), &zero, shares) < 0)
		return -errno;
	memset(counts, 0, COUNTER_MAX * sizeof(*counts));
	for (int cpu = 0; cpu < probe->cpus; cpu++)
		for (int id = 0; id < COUNTER_MAX; id++)
			counts[id] += shares[cpu].value[id];
	return 0;
}

#define PROBE_NS 1000000000ULL

/* Leaves to the next daemon what this one is. */
static void probe_describe(struct probe *probe, const struct probe_options *options, struct pin_state *state)
{
	state->program = probe_program(options);
	state->record = SPILLWATCH_RECORD;
	snprintf(state->version, sizeof(state->version), "%s", SPILLWATCH_VERSION);
	state->attached = boottime_ns();
	state->attachment = probe->attachment;
	state->preempts = probe->doors != NULL;
	for (size_t i = 0; i < probe->missing.count && i < PIN_MISSING_MAX; i++)
		snprintf(state->missing_name[state->missing++], sizeof(*state->missing_name), "%s",
			 probe->missing.function[i]->name);
}

static int probe_pin(struct probe *probe, const struct probe_options *options)
{
	int r = pin_begin(probe->pins);

	if (r == 0)
		r = adopt_pin(probe->pins, probe->skeleton);
	if (r == 0)
		r = doors_pin(probe->doors, probe->pins);
	if (r == 0) {
		probe_describe(probe, options, pin_state(probe->pins));
		pin_whole(probe->pins);
	}
	return r;
}

/* How much of what the kernel side has counted was told of, or can't have been taken out of the ring by us. */
static int probe_base(struct probe *probe, const struct pin_state *state)
{
	uint64_t counts[COUNTER_MAX], again[COUNTER_MAX], waiting;
	int r, tries = 0;

	/* while others write */
	do {
		r = probe_raw_counts(probe, counts);
		if (r == 0)
			r = adopt_waiting(bpf_map__fd(probe->skeleton->maps.samples), &waiting);
		if (r == 0)
			r = probe_raw_counts(probe, again);
	} while (r == 0 && tries++ < 100 && counts[COUNTER_samples_sent] != again[COUNTER_samples_sent]);
	if (r < 0)
		return r;
	memcpy(probe->base, state->told, sizeof(probe->base));
	probe->base[COUNTER_samples_sent] = counts[COUNTER_samples_sent] - waiting;
	memcpy(probe->base_skipped, state->told_skipped, sizeof(probe->base_skipped));
	probe->takeover.waiting = waiting;
	return 0;
}

/* How long nobody took anything out of the ring, and nobody looked at all. */
static void probe_away(struct probe *probe, const struct pin_state *state)
{
	struct probe_takeover *takeover = &probe->takeover;

	takeover->away_ns = boottime_ns() - state->renewed;
	if (takeover->away_ns > state->seconds * PROBE_NS)
		takeover->blind_ns = takeover->away_ns - state->seconds * PROBE_NS;
	takeover->killed = !state->ended;
	takeover->watched_ns = state->renewed - state->attached;
	snprintf(takeover->version, sizeof(takeover->version), "%s", state->version);
}

static void probe_take_facts(struct probe *probe, const struct pin_state *state)
{
	probe->attachment = (enum probe_attachment)state->attachment;
	for (size_t i = 0; i < state->missing && i < PIN_MISSING_MAX; i++) {
		const struct function *function = functions_named(state->missing_name[i]);

		if (function)
			probe->missing.function[probe->missing.count++] = function;
	}
	probe_away(probe, state);
	probe->takeover.how = PROBE_TAKEN;
}

/* Takes over what is pinned. */
static int probe_adopt(struct probe *probe, const struct probe_options *options)
{
	struct pin_state *state = pin_state(probe->pins);
	int r;

	probe->skeleton = spillwatch_bpf__open();
	r = probe->skeleton ? adopt_take(probe->pins, probe->skeleton, &probe->adopted) : -errno;
	if (r == 0)
		r = doors_take(probe->pins, probe->skeleton->obj, &probe->doors);
	if (r == 0) {
		probe_take_facts(probe, state);
		r = probe_base(probe, state);
	}
	/* from here on we are the ones */
	if (r == 0)
		r = probe_register_self(probe->skeleton, probe->adopted, options->pin_seconds);
	if (r == 0) {
		/* what was mapped meanwhile the programs have seen, if they were awake */
		if (probe->takeover.blind_ns)
			probe_existing(probe->skeleton, probe->adopted);
		state->ended = 0;
		pin_whole(probe->pins);
		return 0;
	}
	doors_free(TAKE(probe->doors));
	spillwatch_bpf__destroy(TAKE(probe->skeleton));
	adopt_free(TAKE(probe->adopted));
	memset(&probe->takeover, 0, sizeof(probe->takeover));
	probe->missing.count = 0;
	return r;
}

/*
 * Another version's programs are attached until ours are; what they have left in their ring is read as well. A record of another
 * layout can't be.
 */
static void probe_inherit(struct probe *probe, const struct pin_state *state, int ring, probe_record record,
			  void *context)
{
	uint64_t waiting = 0;

	probe_away(probe, state);
	probe->takeover.how = PROBE_REPLACED;
	*probe_said(probe) = state->said;
	if (ring < 0 || adopt_waiting(ring, &waiting) < 0)
		return;
	if (state->record == SPILLWATCH_RECORD)
		probe->old = ring_buffer__new(ring, record, context, NULL);
	if (!probe->old)
		probe->takeover.unreadable = waiting;
	probe->takeover.waiting = waiting;
	probe->old_until = monotonic_ms() + PROBE_OLD_MS;
}

/* The daemon's own programs, attached and pinned before those that were pinned here by another version go. */
static int probe_replace(struct probe *probe, const struct probe_options *options,
			 struct probe_failure *failures)
{
	int r = probe_attach(options, failures, probe);

	if (r < 0 || !probe->skeleton)
		return r;
	if (probe->pins)
		probe->pin_error = probe_pin(probe, options);
	if (probe->pins && probe->pin_error < 0) {
		pin_remove(probe->pins);
		pin_close(TAKE(probe->pins));
	}
	return 0;
}

/* One that was killed has its lock until the kernel is done with it: who comes at once waits for that. */
static int probe_pins(const char *directory, pid_t *ret_holder, struct pin_set **ret_pins)
{
	const struct timespec pause = {.tv_nsec = 20000000L};
	int64_t until = monotonic_ms() + PROBE_HELD_MS;
	int r;

	while ((r = pin_open(directory, ret_holder, ret_pins)) == -EBUSY && monotonic_ms() < until)
		nanosleep(&pause, NULL);
	return r;
}

/* Takes over what is pinned, if it is what we would attach. */
static int probe_open(struct probe *probe, const struct probe_options *options,
		      struct probe_failure *failures, probe_record record, void *context)
{
	struct probe_options own = *options;
	struct pin_state before = {0};
	AUTO_CLOSE int ring = -1;
	int r = -ENOENT;

	if (options->pin)
		r = probe_pins(options->pin, &failures[PROBE_AUTO].holder, &probe->pins);
	if (options->pin && r < 0) {
		probe->pin_error = r;
		if (r == -EBUSY || options->pin_needed)
			return failures[PROBE_AUTO].pin = r;
	}
	if (probe->pins && pin_state(probe->pins)) {
		before = *pin_state(probe->pins);
		if (before.program == probe_program(options) && probe_adopt(probe, options) == 0)
			return 0;
		ring = pin_get(probe->pins, "map", "samples");
	}
	/* what is not pinned has no lease */
	if (!probe->pins)
		own.pin = NULL;
	r = probe_replace(probe, &own, failures);
	if (r == 0 && before.whole)
		probe_inherit(probe, &before, ring, record, context);
	if (r == 0 && options->pin_needed && probe->pin_error < 0)
		r = failures[PROBE_AUTO].pin = probe->pin_error;
	return r;
}

/* The two positions of a ring buffer lie at the beginning of its first two pages (kernel/bpf/ringbuf.c, ringbuf_map_mmap_user()). */
static void probe_map_ring(struct probe *probe)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = bpf_map__fd(probe->skeleton->maps.samples);
	void *pages = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0);

	if (pages == MAP_FAILED)
		return;
	probe->ring_read = pages;
	probe->ring_written = (unsigned long *)((char *)pages + page);
}

static void probe_unmap_ring(struct probe *probe)
{
	if (probe->ring_read)
		munmap(probe->ring_read, 2 * (size_t)sysconf(_SC_PAGESIZE));
}

int probe_start(const struct probe_options *options, probe_record record, void *context,
		struct probe_failure *failures, struct probe **ret_probe)
{
	struct probe_failure own[PROBE_ATTACHMENT_MAX];
	struct probe *probe = calloc(1, sizeof(*probe));
	int r;

	if (!probe)
		return -ENOMEM;
	if (!failures)
		failures = own;
	memset(failures, 0, sizeof(own));
	libbpf_set_print(probe_print);
	probe->cpus = libbpf_num_possible_cpus();
	r = probe->cpus < 0 ? probe->cpus : probe_open(probe, options, failures, record, context);
	if (r == 0) {
		probe->ring =
			ring_buffer__new(bpf_map__fd(probe->skeleton->maps.samples), record, context, NULL);
		r = probe->ring ? 0 : -errno;
		probe_map_ring(probe);
	}
	if (r < 0) {
		probe_stop(probe);
		return r;
	}
	probe_renew(probe);
	*ret_probe = probe;
	return 0;
}

void probe_stop(struct probe *probe)
{
	if (!probe)
		return;
	ring_buffer__free(probe->old);
	ring_buffer__free(probe->ring);
	probe_unmap_ring(probe);
	doors_free(probe->doors);
	spillwatch_bpf__destroy(probe->skeleton);
	adopt_free(probe->adopted);
	pin_close(probe->pins);
	free(probe);
}

bool probe_leased(const struct probe *probe)
{
	return probe->skeleton->rodata->leased;
}

int probe_renew(struct probe *probe)
{
	struct pin_state *state = probe->pins ? pin_state(probe->pins) : NULL;
	struct bpf_program *program;
	size_t i = 0;
	int r;

	/* also of programs that then could not be pinned */
	if (!probe_leased(probe))
		return 0;
	r = probe_run(probe->adopted, probe->skeleton->progs.lease_renew);
	if (!state)
		return r;
	state->renewed = boottime_ns();
	state->seconds = probe->skeleton->bss->lease.seconds;
	if (r == 0)
		r = probe_raw_counts(probe, state->told);
	bpf_object__for_each_program (program, probe->skeleton->obj) {
		if (i < PIN_PROGRAMS_MAX)
			state->told_skipped[i++] =
				doors_skipped(probe->doors, program, adopt_program(probe->adopted, program));
	}
	return r;
}

void probe_leave(struct probe *probe)
{
	probe_renew(probe);
	if (probe->pins)
		pin_state(probe->pins)->ended = 1;
	/* nobody is left out while there is nobody */
	probe->skeleton->bss->self_tgid = 0;
}

void probe_canary(struct probe *probe, bool on)
{
	struct spillwatch_bpf__bss *bss = probe->skeleton->bss;

	__atomic_store_n(&bss->canary_tid, on ? bss->self_tgid : 0, __ATOMIC_RELEASE);
}

void probe_canary_came(struct probe *probe)
{
	if (probe->pins)
		pin_state(probe->pins)->canary = boottime_ns();
}

void probe_say(struct probe *probe, const char *text, size_t len)
{
	if (probe->pins)
		pin_say(probe->pins, text, len);
}

const struct probe_takeover *probe_takeover(const struct probe *probe)
{
	return &probe->takeover;
}

int probe_pinned(const struct probe *probe)
{
	return probe->pins ? 1 : probe->pin_error;
}

void *probe_journal(const struct probe *probe)
{
	return probe->pins ? pin_journal(probe->pins) : NULL;
}

struct pin_said *probe_said(struct probe *probe)
{
	return probe->pins ? &pin_state(probe->pins)->said : &probe->said;
}

void probe_detach(struct probe *probe)
{
	struct bpf_link *net = probe->skeleton->links.recheck_bio;

	if (probe->pins)
		pin_drop(probe->pins, "link", bpf_program__name(probe->skeleton->progs.recheck_bio));
	adopt_detach(probe->adopted, probe->skeleton->progs.recheck_bio);
	probe->skeleton->links.recheck_bio = NULL;
	doors_detach(probe->doors, probe->skeleton->progs.recheck_bio);
	spillwatch_bpf__detach(probe->skeleton);
	probe->skeleton->links.recheck_bio = net;
}

void probe_detach_net(struct probe *probe)
{
	if (probe->pins)
		pin_remove(probe->pins);
	adopt_detach(probe->adopted, NULL);
	doors_detach(probe->doors, NULL);
	spillwatch_bpf__detach(probe->skeleton);
}

enum probe_attachment probe_attachment(const struct probe *probe)
{
	return probe->attachment;
}

enum probe_cache probe_cache(const struct probe *probe)
{
	const struct cache_bases *bases = &probe->skeleton->bss->cache_bases;

	if (!bases->valid)
		return PROBE_CACHE_NONE;
	return bases->direct ? PROBE_CACHE_IN_PLACE : PROBE_CACHE_COPIED;
}

const char *probe_cache_text(enum probe_cache cache)
{
	switch (cache) {
	case PROBE_CACHE_IN_PLACE:
		return "searched in place";
	case PROBE_CACHE_COPIED:
		return "searched in copies: this kernel is older than 6.2";
	default:
		return "out of reach: written buffers are read, and files where there is no buffer";
	}
}

const struct functions_missing *probe_missing(const struct probe *probe)
{
	return &probe->missing;
}

bool probe_preempted(const struct probe *probe)
{
	return probe->doors;
}

bool probe_follows(const struct probe *probe)
{
	__u32 tgid;

	return bpf_map_get_next_key(bpf_map__fd(probe->skeleton->maps.tree), NULL, &tgid) == 0;
}

int probe_fd(const struct probe *probe)
{
	return ring_buffer__epoll_fd(probe->ring);
}

int probe_consume(struct probe *probe)
{
	int old = probe->old ? ring_buffer__consume(probe->old) : 0;
	int own = old < 0 ? old : ring_buffer__consume(probe->ring);

	/* of these the counters know nothing */
	if (old > 0)
		probe->base[COUNTER_samples_sent] -= (uint64_t)old;
	if (probe->old && monotonic_ms() > probe->old_until) {
		ring_buffer__free(probe->old);
		probe->old = NULL;
	}
	return own < 0 ? own : own + old;
}

/* By hook, what has been skipped. */
static void probe_skipped(const struct probe *probe, struct probe_counts *counts)
{
	struct bpf_program *program;
	size_t i = 0;

	bpf_object__for_each_program (program, probe->skeleton->obj) {
		struct probe_skipped *skipped = &counts->skipped[counts->hooks_skipped];
		uint64_t before = i < PIN_PROGRAMS_MAX ? probe->base_skipped[i] : 0;

		i++;
		if (counts->hooks_skipped == PROBE_HOOKS_MAX)
			break;
		skipped->runs = doors_skipped(probe->doors, program, adopt_program(probe->adopted, program));
		if (skipped->runs <= before)
			continue;
		skipped->runs -= before;
		snprintf(skipped->hook, sizeof(skipped->hook), "%s", bpf_program__name(program));
		counts->hooks_skipped++;
	}
}

int probe_counts(const struct probe *probe, struct probe_counts *ret_counts)
{
	struct probe_counts counts = {0};
	int r = probe_raw_counts(probe, counts.value);

	if (r < 0)
		return r;
	for (int id = 0; id < COUNTER_MAX; id++)
		counts.value[id] -= probe->base[id];
	probe_skipped(probe, &counts);
	*ret_counts = counts;
	return 0;
}

bool probe_recheck_due(const struct probe *probe)
{
	return probe->rechecks || probe->recheck_at < probe->recheck_count ||
	       probe->skeleton->bss->rechecks_added != probe->rechecks_added;
}

/*
 * The record goes, unless somebody has made a page dirty meanwhile. Returns 1 if it is gone.
 */
static int probe_recheck_drop(int map, __u64 mapping, const struct recheck_file *before)
{
	struct recheck_file last;

	if (bpf_map_lookup_and_delete_elem(map, &mapping, &last) < 0)
		return 1;
	if (last.writer.time == before->writer.time)
		return 1;
	/* it may have been put in anew by now: then that one stays */
	bpf_map_update_elem(map, &mapping, &last, BPF_NOEXIST);
	return 0;
}

/*
 * Looks at one file, page by page as far as they are dirty. Returns 1 if it need not be looked at again: it is gone, or it
 * was clean, this time and the last, so that the next store tells of itself; 0 if it must; -EAGAIN if time is over, and the
 * look is to be gone on with; or another negative errno.
 */
static int probe_recheck_file(struct probe *probe, __u64 mapping, int64_t deadline)
{
	volatile struct recheck_request *request = &probe->skeleton->bss->recheck_request;
	int map = bpf_map__fd(probe->skeleton->maps.rechecks);
	struct recheck_look *look = &probe->recheck_look;
	int r;

	if (!look->begun) {
		*look = (struct recheck_look){.begun = true};
		if (bpf_map_lookup_elem(map, &mapping, &look->before) < 0)
			return 1;
	}
	request->mapping = mapping;
	request->count = 0;
	request->index = look->index;
	request->dirty = look->dirty;
	request->done = 0;
	while (!request->done && monotonic_ms() <= deadline) {
		r = probe_run(probe->adopted, probe->skeleton->progs.recheck_look);
		if (r < 0)
			return r;
	}
	look->index = request->index;
	look->dirty = request->dirty;
	if (!request->done)
		return -EAGAIN;
	/* looked at before, and nobody has made a page dirty since */
	if (request->done == 2 || (!look->dirty && look->before.looked > look->before.writer.time))
		return probe_recheck_drop(map, mapping, &look->before);
	return 0;
}

/* The files of a new round. */
static void probe_recheck_list(struct probe *probe)
{
	int map = bpf_map__fd(probe->skeleton->maps.rechecks);
	const __u64 *from = NULL;

	probe->rechecks_added = probe->skeleton->bss->rechecks_added;
	probe->recheck_count = 0;
	probe->recheck_at = 0;
	probe->rechecks = 0;
	while (probe->recheck_count < LIMIT_RECHECKS &&
	       bpf_map_get_next_key(map, from, &probe->recheck_list[probe->recheck_count]) == 0)
		from = &probe->recheck_list[probe->recheck_count++];
}

/* What was on its way to a block device when there was no time for it. */
static int probe_recheck_later(struct probe *probe, int64_t deadline)
{
	volatile struct recheck_request *request = &probe->skeleton->bss->recheck_request;
	int map = bpf_map__fd(probe->skeleton->maps.later);
	struct {
		__u64 mapping, index;
	} key;
	__u32 count;
	int r;

	while (monotonic_ms() <= deadline && bpf_map_get_next_key(map, NULL, &key) == 0) {
		if (bpf_map_lookup_elem(map, &key, &count) == 0) {
			request->mapping = key.mapping;
			request->index = key.index;
			request->count = count;
			r = probe_run(probe->adopted, probe->skeleton->progs.recheck_look);
			if (r < 0)
				return r;
		}
		bpf_map_delete_elem(map, &key);
	}
	return 0;
}

bool probe_recheck_begun(const struct probe *probe)
{
	return probe->recheck_at < probe->recheck_count;
}

int probe_recheck(struct probe *probe, int64_t max_ms, bool *ret_more)
{
	int64_t deadline = monotonic_ms() + max_ms;
	int r;

	if (probe->recheck_at == probe->recheck_count)
		probe_recheck_list(probe);
	r = probe_recheck_later(probe, deadline);
	if (r < 0)
		return r;
	while (probe->recheck_at < probe->recheck_count && monotonic_ms() <= deadline) {
		r = probe_recheck_file(probe, probe->recheck_list[probe->recheck_at], deadline);

		if (r == -EAGAIN)
			break;
		probe->recheck_look.begun = false;
		probe->recheck_at++;
		if (r < 0)
			return r;
		probe->rechecks += r == 0;
	}
	*ret_more = probe_recheck_begun(probe);
	return (int)(probe->rechecks + probe->recheck_count - probe->recheck_at);
}

void probe_learn_btrfs(const struct probe *probe)
{
	struct btrfs_layout *layout = &probe->skeleton->bss->btrfs_layout, now;

	if (layout->number || btrfs_module_layout(NULL, &now) < 0)
		return;
	layout->inode = now.inode;
	layout->root = now.root;
	/* what the kernel side asks first */
	__atomic_store_n(&layout->number, now.number, __ATOMIC_RELEASE);
}

bool probe_flooded(const struct probe *probe, uint64_t *seen)
{
	uint64_t flooded = __atomic_load_n(&probe->skeleton->bss->known.flooded, __ATOMIC_RELAXED);

	if (flooded == *seen)
		return false;
	*seen = flooded;
	return true;
}

void probe_floods(const struct probe *probe, probe_flood flood, void *context)
{
	int map = bpf_map__fd(probe->skeleton->maps.shares);
	const __u64 *from = NULL;
	struct share share;
	__u64 key, next;

	/* a map that changes meanwhile may begin anew */
	for (size_t i = 0; i < 2UL * LIMIT_SHARES && bpf_map_get_next_key(map, from, &next) == 0; i++) {
		key = next;
		from = &key;
		if (bpf_map_lookup_elem(map, &key, &share) == 0 && share.lost)
			flood(context, key, &share);
	}
}

uint64_t probe_lost(const struct probe *probe)
{
	return __atomic_load_n(&probe->skeleton->bss->known.lost, __ATOMIC_RELAXED);
}

bool probe_drops(const struct probe *probe)
{
	const struct known_counts *known = &probe->skeleton->bss->known;

	return __atomic_load_n(&known->dropped[0], __ATOMIC_RELAXED) != known->dropped_taken[0] ||
	       __atomic_load_n(&known->dropped[1], __ATOMIC_RELAXED) != known->dropped_taken[1];
}

/* The one with that number, if it is there whole: it may be written anew meanwhile. What is taken is not left there. */
static bool probe_dropped_take(int map, __u32 at, __u64 number, struct dropped_sample *ret_sample)
{
	static const struct dropped_sample taken;
	struct dropped_sample again;
	bool whole = bpf_map_lookup_elem(map, &at, ret_sample) == 0 && ret_sample->number == number &&
		     bpf_map_lookup_elem(map, &at, &again) == 0 && again.number == number;

	explicit_bzero(&again, sizeof(again));
	if (whole)
		bpf_map_update_elem(map, &at, &taken, BPF_ANY);
	return whole;
}

void probe_dropped(const struct probe *probe, probe_dropped_sample sample, void *context)
{
	static const struct {
		__u32 first, count;
	} halves[2] = {{0, LIMIT_DROPPED_FULL}, {LIMIT_DROPPED_FULL, LIMIT_DROPPED_FLOODED}};
	struct known_counts *known = &probe->skeleton->bss->known;
	int map = bpf_map__fd(probe->skeleton->maps.dropped);
	struct dropped_sample kept;

	for (size_t i = 0; i < 2; i++) {
		__u64 last = __atomic_load_n(&known->dropped[i], __ATOMIC_ACQUIRE),
		      number = known->dropped_taken[i];

		if (last - number > halves[i].count)
			number = last - halves[i].count;
		while (number++ < last)
			if (probe_dropped_take(map, halves[i].first + (__u32)(number % halves[i].count),
					       number, &kept))
				sample(context, &kept);
		known->dropped_taken[i] = last;
	}
	explicit_bzero(&kept, sizeof(kept));
}

void probe_found(const struct probe *probe, __u64 token_key, __u64 place)
{
	const struct placed_key key = {.token_key = token_key, .place = place};

	bpf_map_delete_elem(bpf_map__fd(probe->skeleton->maps.missed), &key);
}

uint64_t probe_ring_waiting(const struct probe *probe)
{
	unsigned long read, written;

	if (!probe->ring_read)
		return 0;
	/* in this order it is never less than nothing */
	read = __atomic_load_n(probe->ring_read, __ATOMIC_ACQUIRE);
	written = __atomic_load_n(probe->ring_written, __ATOMIC_ACQUIRE);
	return written - read;
}

uint64_t probe_ring_bytes(const struct probe *probe)
{
	return bpf_map__max_entries(probe->skeleton->maps.samples);
}

const volatile struct token_seed *probe_seed(const struct probe *probe)
{
	return &probe->skeleton->rodata->token_seed;
}

bool probe_placed(const struct probe *probe, __u64 token_key, __u64 place, __u64 *ret_time)
{
	const struct placed_key key = {.token_key = token_key, .place = place};
	struct placed_value value;

	if (bpf_map_lookup_elem(bpf_map__fd(probe->skeleton->maps.placed), &key, &value) < 0)
		return false;
	*ret_time = value.time;
	return true;
}

void probe_place(const struct probe *probe, __u64 token_key, __u64 place, __s64 at, __u64 time)
{
	const struct placed_key key = {.token_key = token_key, .place = place};
	const struct placed_value value = {.at = at, .time = time};
	int map = bpf_map__fd(probe->skeleton->maps.placed);
	__u64 known = 0;

	if (probe_placed(probe, token_key, place, &known) && known & PLACED_OLD)
		bpf_map_update_elem(map, &key, &value, BPF_EXIST);
	else if (bpf_map_update_elem(map, &key, &value, BPF_NOEXIST) == 0)
		__atomic_fetch_add(&probe->skeleton->bss->known.placed_in, 1, __ATOMIC_RELAXED);
}

bool probe_has_seen(const struct probe *probe, const struct seen_key *key)
{
	struct seen_value value;

	return bpf_map_lookup_elem(bpf_map__fd(probe->skeleton->maps.seen), key, &value) == 0;
}

bool probe_see(const struct probe *probe, const struct token_sample *head, __u64 token_key, __s64 at)
{
	const struct seen_key key = {token_key, head->place, head->writer};
	const struct seen_value value = {
		.sent = head->time,
		.at = at,
		.time = head->time,
		.start = head->start,
		.tgid = head->tgid,
		.tid = head->tid,
		.ns_tgid = head->ns_tgid,
		.uid = head->uid,
		.gid = head->gid,
	};

	int r = bpf_map_update_elem(bpf_map__fd(probe->skeleton->maps.seen), &key, &value, BPF_NOEXIST);

	/* what there is no memory to remember is told all the same */
	if (r == 0)
		__atomic_fetch_add(&probe->skeleton->bss->known.seen_in, 1, __ATOMIC_RELAXED);
	return r != -EEXIST;
}

static uint64_t probe_entries(int map, size_t key_size)
{
	char key[sizeof(struct seen_key)], next[sizeof(struct seen_key)];
	uint64_t entries = 0;

	for (const void *from = NULL; bpf_map_get_next_key(map, from, next) == 0; entries++) {
		memcpy(key, next, key_size);
		from = key;
	}
	return entries;
}

static uint64_t probe_less(uint64_t all, uint64_t some)
{
	return all > some ? all - some : 0;
}

int probe_seen(const struct probe *probe, probe_seen_entry entry, void *context,
	       struct probe_forgotten *ret_forgotten)
{
	const struct known_counts *known = &probe->skeleton->bss->known;
	int map = bpf_map__fd(probe->skeleton->maps.seen), placed = bpf_map__fd(probe->skeleton->maps.placed),
	    r = 0;
	uint64_t entries = 0, untold = 0;
	struct seen_key key, next;
	struct seen_value value;
	const struct seen_key *from = NULL;

	while (r >= 0 && bpf_map_get_next_key(map, from, &next) == 0) {
		key = next;
		from = &key;
		entries++;
		if (bpf_map_lookup_elem(map, &key, &value) == 0 && value.untold) {
			untold += value.untold;
			r = entry(context, &key, &value);
		}
	}
	ret_forgotten->leaks = probe_less(known->seen_in - known->seen_out, entries);
	ret_forgotten->places = probe_less(known->placed_in - known->placed_out,
					   probe_entries(placed, sizeof(struct placed_key)));
	ret_forgotten->begun = probe_less(known->begun_in - known->begun_out,
					  probe_entries(bpf_map__fd(probe->skeleton->maps.begun),
							bpf_map__key_size(probe->skeleton->maps.begun)));
	ret_forgotten->repeats = probe_less(known->untold, untold);
	return r < 0 ? r : 0;
}
