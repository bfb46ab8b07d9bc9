// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * write → probe → inspect → sample ⇒ ring: the userspace end of it.
 *
 * Invariant: nothing is pinned, so whatever happens to this process, the kernel detaches and frees
 * everything with it. The attachments are tried in the order of what they cost the host.
 */
#include "capture/probe.h"

#include "capture/btrfs.h"
#include "capture/calls.h"
#include "capture/functions.h"
#include "capture/loader.h"
#include "capture/preempt.h"
#include "lib/cleanup.h"
#include "lib/memory_file.h"
#include "bounds.h"
#include "file_kind.h"
#include "known.h"
#include "license.h"
#include "spillwatch.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* A look at one file, which takes as many goes as it needs. */
struct recheck_look {
	bool begun;
	__u64 index, dirty;
	struct recheck_file before; /* its record when the look began */
};

struct probe {
	struct spillwatch_bpf *skeleton;
	struct doors *doors;
	struct ring_buffer *ring;
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
static char probe_said[sizeof(((struct probe_failure *)0)->text)];

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
	if (len >= sizeof(probe_said))
		len = sizeof(probe_said) - 1;
	memcpy(probe_said, start, len);
	probe_said[len] = '\0';
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
	} else if (!*probe_said) {
		text[strcspn(text, "\n")] = '\0';
		snprintf(probe_said, sizeof(probe_said), "%s", text);
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
	skeleton->rodata->direct_loads = targets_has_plain_loads(targets);
	bpf_program__set_autoload(skeleton->progs.follow_fork, tree);
	bpf_program__set_autoload(skeleton->progs.follow_exit, tree);
	/* run by hand, never attached */
	bpf_program__set_autoattach(skeleton->progs.register_self, false);
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

/* Is there all that can't be done without? Returns 0, -ENOTSUP, which probe_said explains, or what the kernel says. */
static int probe_fexit_usable(const struct targets *targets, uint32_t watch,
			      struct functions_missing *ret_missing)
{
	char lacks[256];

	*ret_missing = functions_missing(watch, probe_has_function, targets);
	if (!ret_missing->essential)
		return probe_fexit_allowed(targets);
	functions_say(ret_missing, lacks, sizeof(lacks));
	snprintf(probe_said, sizeof(probe_said),
		 "this kernel has %s to attach to, so what is written by that would not be seen", lacks);
	return -ENOTSUP;
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
	skeleton->rodata->settings.scope = options->scope;
	skeleton->rodata->settings.cgroup_id = options->cgroup.id;
	skeleton->rodata->settings.cgroup_level = options->cgroup.level;
	skeleton->rodata->settings.watch = options->watch;
	skeleton->rodata->settings.hook_ns = options->hook_ns ? options->hook_ns : LIMIT_HOOK_NS;
	skeleton->rodata->settings.inspect_bytes = bound < LIMIT_INSPECT_BYTES ? bound : LIMIT_INSPECT_BYTES;
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

/* Lets the kernel note who we are, before anything is attached; see bpf/hooks/self.bpf.c. */
static int probe_register_self(const struct spillwatch_bpf *skeleton)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	return bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.register_self), &run);
}

/*
 * Lets the kernel side find out where the page cache can be read; see bpf/hooks/calibrate.bpf.c. Without
 * it, everything works but the joining of pieces and what has no buffer.
 */
static void probe_calibrate(struct spillwatch_bpf *skeleton)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct calibration *calibration = &skeleton->bss->calibration;
	AUTO_CLOSE int fd = memory_file();

	if (fd < 0 || getrandom(calibration->pattern, sizeof(calibration->pattern), 0) < 0 ||
	    write(fd, calibration->pattern, sizeof(calibration->pattern)) < 0)
		return;
	calibration->fd = (__u32)fd;
	bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.calibrate_cache), &run);
}

/*
 * Lets the kernel side note the files that are mapped already; see recheck_existing() of bpf/hooks/recheck.bpf.c. Without
 * it, stores to them are seen when their pages have been written back once.
 */
static void probe_existing(const struct spillwatch_bpf *skeleton)
{
	struct bpf_link *link;
	char nothing[64];
	int fd;

	if (!bpf_program__autoload(skeleton->progs.recheck_existing))
		return;
	link = bpf_program__attach_iter(skeleton->progs.recheck_existing, NULL);
	if (!link)
		return;
	fd = bpf_iter_create(bpf_link__fd(link));
	while (fd >= 0 && (read(fd, nothing, sizeof(nothing)) > 0 || errno == EAGAIN))
		;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
}

static int probe_load(const struct probe_options *options, struct loader *loader,
		      enum probe_attachment attachment, bool preempts, enum loader_way way,
		      struct spillwatch_bpf **ret_skeleton)
{
	struct spillwatch_bpf *skeleton;
	int r = loader_open(loader, way, &skeleton);

	if (r < 0)
		return r;
	probe_said[0] = '\0';
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

	probe_said[0] = '\0';
	probe->missing.count = 0;
	if (attachment == PROBE_FEXIT)
		r = probe_fexit_usable(targets, options->watch, &probe->missing);
	if (r == 0) {
		preempts = attachment == PROBE_FEXIT ? preempt_functions() : preempt_tracepoints(targets);
		r = probe_load(options, loader, attachment, preempts, LOADER_FAST, &skeleton);
		if (r < 0)
			r = probe_load(options, loader, attachment, preempts, LOADER_PLAIN, &skeleton);
		if (r < 0 && loader_lacked(loader))
			snprintf(probe_said, sizeof(probe_said),
				 "this kernel has nothing that %s could attach to", loader_lacked(loader));
	}
	if (r == 0) {
		doors = loader_doors(loader);
		r = probe_register_self(skeleton);
		if (r == 0) {
			probe_calibrate(skeleton);
			step = "attach";
			r = spillwatch_bpf__attach(skeleton);
			if (r == 0 && doors)
				r = doors_attach(doors);
			if (r == 0)
				probe_existing(skeleton);
		}
		if (r < 0) {
			doors_free(doors);
			spillwatch_bpf__destroy(skeleton);
		}
	}
	failure->error = r;
	failure->step = step;
	memcpy(failure->text, probe_said, sizeof(failure->text));
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

int probe_start(const struct probe_options *options, probe_record record, void *context,
		struct probe_failure *failures, struct probe **ret_probe)
{
	struct probe_failure own[PROBE_ATTACHMENT_MAX];
	AUTO_FREE struct probe *probe = calloc(1, sizeof(*probe));
	int r;

	if (!probe)
		return -ENOMEM;
	if (!failures)
		failures = own;
	memset(failures, 0, sizeof(own));
	libbpf_set_print(probe_print);
	r = probe_attach(options, failures, probe);
	if (r < 0 || !probe->skeleton)
		/* cppcheck-suppress memleak */ /* does not know AUTO_FREE */
		return r;
	probe->cpus = libbpf_num_possible_cpus();
	probe->ring = ring_buffer__new(bpf_map__fd(probe->skeleton->maps.samples), record, context, NULL);
	if (!probe->ring || probe->cpus < 0) {
		r = probe->cpus < 0 ? probe->cpus : -errno;
		ring_buffer__free(probe->ring);
		doors_free(probe->doors);
		spillwatch_bpf__destroy(probe->skeleton);
		return r;
	}
	*ret_probe = TAKE(probe);
	return 0;
}

void probe_stop(struct probe *probe)
{
	if (!probe)
		return;
	ring_buffer__free(probe->ring);
	doors_free(probe->doors);
	spillwatch_bpf__destroy(probe->skeleton);
	free(probe);
}

void probe_detach(struct probe *probe)
{
	struct bpf_link *net = probe->skeleton->links.recheck_bio;

	probe->skeleton->links.recheck_bio = NULL;
	doors_detach(probe->doors, probe->skeleton->progs.recheck_bio);
	spillwatch_bpf__detach(probe->skeleton);
	probe->skeleton->links.recheck_bio = net;
}

void probe_detach_net(struct probe *probe)
{
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
	return ring_buffer__consume(probe->ring);
}

/* By hook, what has been skipped. */
static void probe_skipped(const struct probe *probe, struct probe_counts *counts)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, probe->skeleton->obj) {
		struct probe_skipped *skipped = &counts->skipped[counts->hooks_skipped];

		if (counts->hooks_skipped == PROBE_HOOKS_MAX)
			break;
		skipped->runs = doors_skipped(probe->doors, program);
		if (!skipped->runs)
			continue;
		snprintf(skipped->hook, sizeof(skipped->hook), "%s", bpf_program__name(program));
		counts->hooks_skipped++;
	}
}

int probe_counts(const struct probe *probe, struct probe_counts *ret_counts)
{
	struct probe_counts counts = {0};
	__u32 zero = 0;
	/* each CPU's share, as the kernel pads it: a multiple of 8 bytes, which a row of u64 is */
	AUTO_FREE struct counters *shares = calloc((size_t)probe->cpus, sizeof(*shares));

	if (!shares)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(probe->skeleton->maps.counters), &zero, shares) < 0)
		return -errno;
	for (int cpu = 0; cpu < probe->cpus; cpu++)
		for (int id = 0; id < COUNTER_MAX; id++)
			counts.value[id] += shares[cpu].value[id];
	probe_skipped(probe, &counts);
	*ret_counts = counts;
	return 0;
}

bool probe_recheck_due(const struct probe *probe)
{
	return probe->rechecks || probe->recheck_at < probe->recheck_count ||
	       probe->skeleton->bss->rechecks_added != probe->rechecks_added;
}

static int64_t probe_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
	while (!request->done && probe_now_ms() <= deadline) {
		LIBBPF_OPTS(bpf_test_run_opts, run);

		if (bpf_prog_test_run_opts(bpf_program__fd(probe->skeleton->progs.recheck_look), &run) < 0)
			return -errno;
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

	while (probe_now_ms() <= deadline && bpf_map_get_next_key(map, NULL, &key) == 0) {
		LIBBPF_OPTS(bpf_test_run_opts, run);

		if (bpf_map_lookup_elem(map, &key, &count) == 0) {
			request->mapping = key.mapping;
			request->index = key.index;
			request->count = count;
			if (bpf_prog_test_run_opts(bpf_program__fd(probe->skeleton->progs.recheck_look),
						   &run) < 0)
				return -errno;
		}
		bpf_map_delete_elem(map, &key);
	}
	return 0;
}

int probe_recheck(struct probe *probe, int64_t max_ms, bool *ret_more)
{
	int64_t deadline = probe_now_ms() + max_ms;
	int r;

	if (probe->recheck_at == probe->recheck_count)
		probe_recheck_list(probe);
	r = probe_recheck_later(probe, deadline);
	if (r < 0)
		return r;
	while (probe->recheck_at < probe->recheck_count && probe_now_ms() <= deadline) {
		r = probe_recheck_file(probe, probe->recheck_list[probe->recheck_at], deadline);

		if (r == -EAGAIN)
			break;
		probe->recheck_look.begun = false;
		probe->recheck_at++;
		if (r < 0)
			return r;
		probe->rechecks += r == 0;
	}
	*ret_more = probe->recheck_at < probe->recheck_count;
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

const volatile struct token_seed *probe_seed(const struct probe *probe)
{
	return &probe->skeleton->rodata->token_seed;
}

bool probe_placed(const struct probe *probe, __u64 token_key, __u64 place)
{
	const struct placed_key key = {.token_key = token_key, .place = place};
	struct placed_value value;

	return bpf_map_lookup_elem(bpf_map__fd(probe->skeleton->maps.placed), &key, &value) == 0;
}

void probe_place(const struct probe *probe, __u64 token_key, __u64 place, __s64 at, __u64 time)
{
	const struct placed_key key = {.token_key = token_key, .place = place};
	const struct placed_value value = {.at = at, .time = time};

	if (bpf_map_update_elem(bpf_map__fd(probe->skeleton->maps.placed), &key, &value, BPF_NOEXIST) == 0)
		__atomic_fetch_add(&probe->skeleton->bss->known.placed_in, 1, __ATOMIC_RELAXED);
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
