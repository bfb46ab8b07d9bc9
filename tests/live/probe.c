// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The probe without the daemon around it, where a million samples have to be looked at: a token at
 * every offset of a 1 MiB write; one in a text that is full of what nearly is one; the layout of the shared records.
 */
#include "live.h"

#include "capture/probe.h"
#include "content.h"
#include "sample.h"
#include "known.h"
#include "spillwatch.skel.h"

#include <bpf/btf.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVERY_BYTES (1U << 20)
#define EVERY_PITCH (MAKER_TOKEN_LEN + 1)

/* A record's token, where it says so itself and where it is one more of a write. Returns false if it is none. */
struct record_token {
	const uint8_t *window;
	uint32_t len;
	int64_t at;
};

static bool record_token(const void *data, size_t size, struct record_token *ret_token)
{
	const struct token_sample *sample = data;
	const struct token_more *more = data;

	if (size >= sizeof(*more) && more->flags & SAMPLE_MORE)
		*ret_token = (struct record_token){more->window, more->window_len, more->token_at};
	else if (size >= sizeof(*sample))
		*ret_token = (struct record_token){sample->window, sample->window_len, sample->token_at};
	else
		return false;
	return true;
}

/* Somebody else's container. */
static bool record_is_cgroup(const void *data, size_t size)
{
	const struct token_sample *sample = data;

	return size >= sizeof(*sample) && sample->flags & SAMPLE_CGROUP;
}

struct every {
	uint8_t seen[EVERY_BYTES];
	uint64_t samples, wrong;
};

static int every_record(void *context, void *data, size_t size)
{
	struct every *every = context;
	struct record_token token;

	if (record_is_cgroup(data, size))
		return 0;
	every->samples++;
	if (!record_token(data, size, &token) || token.len != MAKER_TOKEN_LEN ||
	    memcmp(token.window, "dt0c01.", 7) != 0 || token.at >= EVERY_BYTES || every->seen[token.at]++)
		every->wrong++;
	return 0;
}

/*
 * The child: for each shift a 1 MiB write full of tokens, one every 97 bytes, so that after 97 writes
 * one has stood at every offset. Waits for the parent to empty the ring after each write.
 */
static void every_child(int file, int done, int go)
{
	static char text[EVERY_BYTES];
	char byte = 0;

	for (size_t shift = 0; shift < EVERY_PITCH; shift++) {
		memset(text, ' ', sizeof(text));
		for (size_t at = shift; at + MAKER_TOKEN_LEN <= sizeof(text); at += EVERY_PITCH) {
			struct maker_token token = maker_token(at);

			memcpy(text + at, token.text, MAKER_TOKEN_LEN);
		}
		if (pwrite(file, text, sizeof(text), 0) != (ssize_t)sizeof(text) ||
		    write(done, &byte, 1) != 1 || read(go, &byte, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void every_parent(struct probe *probe, int done, int go)
{
	struct pollfd fd = {.fd = done, .events = POLLIN};
	char byte;

	for (size_t shift = 0; shift < EVERY_PITCH; shift++) {
		while (poll(&fd, 1, 0) == 0)
			assert_true(probe_consume(probe) >= 0);
		assert_int_equal(read(done, &byte, 1), 1);
		assert_true(probe_consume(probe) >= 0);
		assert_int_equal(write(go, &byte, 1), 1);
	}
}

static enum probe_attachment every_attachment(void)
{
	const char *name = getenv("SPILLWATCH_ATTACH");

	if (name && strcmp(name, "fexit") == 0)
		return PROBE_FEXIT;
	return name && strcmp(name, "syscall") == 0 ? PROBE_SYSCALL : PROBE_AUTO;
}

static void test_every_offset(void **state)
{
	struct probe_options options = {
		.attachment = every_attachment(),
		.scope = SCOPE_TREE,
		.watch = FILE_KINDS_DEFAULT,
		/* a write's samples take 2 MiB; beyond half of the ring, a writer has a share only */
		.ring_bytes = 8U << 20,
		/* 11,000 tokens a write are none that a hook has the time for */
		.hook_ns = 60000000000ULL,
	};
	struct every *every = calloc(1, sizeof(*every));
	struct probe_counts counts;
	struct probe *probe;
	int done[2], go[2], status, missing = 0;
	int file = open(live_path("file"), O_CREAT | O_RDWR, 0600);
	pid_t pid;

	(void)state;
	assert_int_equal(probe_start(&options, every_record, every, NULL, &probe), 0);
	assert_int_equal(pipe(done) | pipe(go), 0);
	pid = fork();
	if (pid == 0)
		every_child(file, done[1], go[0]);
	every_parent(probe, done[0], go[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(probe_counts(probe, &counts), 0);
	probe_stop(probe);
	for (size_t at = 0; at + MAKER_TOKEN_LEN <= EVERY_BYTES; at++)
		missing += !every->seen[at];
	assert_int_equal(missing, 0);
	assert_int_equal(every->wrong, 0);
	assert_int_equal(counts.value[COUNTER_ring_full] + counts.value[COUNTER_flooded], 0);
	assert_int_equal(every->samples, EVERY_BYTES - MAKER_TOKEN_LEN + 1);
	close(file);
	free(every);
}

/*
 * One token in a write of three pages, at every place near a page's edge and at many others: what surrounds it must
 * neither hide it nor be taken for one. Where it is hidden, nothing else of the write gives it away.
 */
#define DENSE_PAGE 4096U
#define DENSE_BYTES (3 * DENSE_PAGE)

static const struct dense_kind {
	const char *content;
	size_t len; /* of the tokens */
} dense_kinds[] = {
	{"text", MAKER_TOKEN_LEN},   {"capitals", MAKER_TOKEN_LEN}, {"base32", MAKER_SHORTER_LEN},
	{"near", MAKER_TOKEN_LEN},   {"near", MAKER_SHORTER_LEN},   {"prefix", MAKER_TOKEN_LEN},
	{"dots", MAKER_SHORTER_LEN},
};

struct dense {
	const struct dense_kind *kind;
	uint8_t seen[DENSE_BYTES];
	uint64_t wrong;
};

static int dense_record(void *context, void *data, size_t size)
{
	struct dense *dense = context;
	struct record_token token;

	if (record_is_cgroup(data, size))
		return 0;
	if (!record_token(data, size, &token) || token.len != dense->kind->len || token.at >= DENSE_BYTES ||
	    dense->seen[token.at]++)
		dense->wrong++;
	return 0;
}

/* The next place: each of them 112 bytes before and 16 behind a page's edge, and one in 7 elsewhere. */
static size_t dense_next(size_t at)
{
	size_t in_page = (at + 1) % DENSE_PAGE;

	return in_page < 16 || in_page > DENSE_PAGE - 112 ? at + 1 : at + 7;
}

/* Where it is written: to the start of a file, or to a pipe that is emptied after each write. */
struct dense_place {
	int to, from; /* from: -1 for a file */
	size_t bytes;
};

/* @first: number of the first token; the same one in the same place is told of only once */
static void dense_child(const struct dense_place *place, const struct dense_kind *kind, uint64_t first)
{
	static char around[DENSE_BYTES], text[DENSE_BYTES];

	if (content_fill(kind->content, around, place->bytes))
		_exit(1);
	for (size_t at = 0; at + kind->len <= place->bytes; at = dense_next(at)) {
		struct maker_token token = maker_token(first + at);
		ssize_t written;

		memcpy(text, around, place->bytes);
		maker_put(text + at, &token, kind->len);
		written = place->from < 0 ? pwrite(place->to, text, place->bytes, 0)
					  : write(place->to, text, place->bytes);
		if (written != (ssize_t)place->bytes ||
		    (place->from >= 0 && read(place->from, text, place->bytes) != written))
			_exit(1);
	}
	_exit(0);
}

static void dense_run(struct probe *probe, struct dense *dense, const struct dense_place *place,
		      const struct dense_kind *kind, uint64_t first)
{
	size_t missing = 0;
	int status;
	pid_t pid;

	memset(dense, 0, sizeof(*dense));
	dense->kind = kind;
	pid = fork();
	if (pid == 0)
		dense_child(place, kind, first);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(probe_consume(probe) >= 0);
	for (size_t at = 0; at + kind->len <= place->bytes; at = dense_next(at))
		missing += dense->seen[at] != 1;
	if (missing || dense->wrong)
		print_message("%s, tokens of %zu, in %zu bytes: %zu missing, %llu wrong\n", kind->content,
			      kind->len, place->bytes, missing, (unsigned long long)dense->wrong);
	assert_int_equal(missing, 0);
	assert_int_equal(dense->wrong, 0);
}

static void test_dense(void **state)
{
	struct probe_options options = {
		.attachment = every_attachment(),
		.scope = SCOPE_TREE,
		.watch = FILE_KINDS_DEFAULT | FILE_KIND_BIT(MEMFD) | FILE_KIND_BIT(PIPE),
		.ring_bytes = 32U << 20,
	};
	struct dense *dense = calloc(1, sizeof(*dense));
	/* pages in a row, where the file system has large folios; each by itself; a page of a stream, and a part of one */
	struct dense_place places[] = {
		{open(live_path("file"), O_CREAT | O_RDWR, 0600), -1, DENSE_BYTES},
		{memfd_create("dense", MFD_CLOEXEC), -1, DENSE_BYTES},
		{-1, -1, DENSE_PAGE},
		{-1, -1, 300},
	};
	int ends[2];
	struct probe_counts counts;
	struct probe *probe;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	places[2].to = places[3].to = ends[1];
	places[2].from = places[3].from = ends[0];
	assert_int_equal(probe_start(&options, dense_record, dense, NULL, &probe), 0);
	for (size_t i = 0; i < sizeof(dense_kinds) / sizeof(*dense_kinds); i++)
		for (size_t k = 0; k < sizeof(places) / sizeof(*places); k++)
			dense_run(probe, dense, &places[k], &dense_kinds[i],
				  (k * (sizeof(dense_kinds) / sizeof(*dense_kinds)) + i) * DENSE_BYTES);
	assert_int_equal(probe_counts(probe, &counts), 0);
	probe_stop(probe);
	assert_int_equal(counts.value[COUNTER_ring_full] + counts.value[COUNTER_flooded], 0);
	close(places[0].to);
	close(places[1].to);
	close(ends[0]);
	close(ends[1]);
	free(dense);
}

struct layout_member {
	const char *name;
	size_t offset;
};

static void layout_check(const struct btf *btf, const char *name, size_t size,
			 const struct layout_member *members, size_t count)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *type = btf__type_by_id(btf, (__u32)id);

	assert_true(id > 0);
	assert_int_equal(type->size, size);
	assert_int_equal(btf_vlen(type), count);
	for (size_t i = 0; i < count; i++) {
		const struct btf_member *member = btf_members(type) + i;

		assert_string_equal(btf__name_by_offset(btf, member->name_off), members[i].name);
		assert_int_equal(btf_member_bit_offset(type, (__u32)i) / 8, members[i].offset);
	}
}

/* its versions differ here */
/* clang-format off */
#define MEMBER(type, name) {#name, offsetof(struct type, name)}
/* clang-format on */

/* The two compilers must agree on what they share; the BPF object's own BTF tells. */
static void test_layout(void **state)
{
	static const struct layout_member sample[] = {
		MEMBER(token_sample, size),
		MEMBER(token_sample, flags),
		MEMBER(token_sample, seq),
		MEMBER(token_sample, time),
		MEMBER(token_sample, start),
		MEMBER(token_sample, parent_start),
		MEMBER(token_sample, cgroup_id),
		MEMBER(token_sample, tgid),
		MEMBER(token_sample, tid),
		MEMBER(token_sample, ns_tgid),
		MEMBER(token_sample, parent_tgid),
		MEMBER(token_sample, uid),
		MEMBER(token_sample, gid),
		MEMBER(token_sample, ns_uid),
		MEMBER(token_sample, ns_gid),
		MEMBER(token_sample, login_uid),
		MEMBER(token_sample, repeats),
		MEMBER(token_sample, comm),
		MEMBER(token_sample, thread_comm),
		MEMBER(token_sample, parent_comm),
		MEMBER(token_sample, inode),
		MEMBER(token_sample, fs_magic),
		MEMBER(token_sample, device),
		MEMBER(token_sample, generation),
		MEMBER(token_sample, mode),
		MEMBER(token_sample, open_flags),
		MEMBER(token_sample, links),
		MEMBER(token_sample, owner_uid),
		MEMBER(token_sample, owner_gid),
		MEMBER(token_sample, rdev),
		MEMBER(token_sample, inner_device),
		MEMBER(token_sample, kind),
		MEMBER(token_sample, call),
		MEMBER(token_sample, slot),
		MEMBER(token_sample, news),
		MEMBER(token_sample, fs_name),
		MEMBER(token_sample, offset),
		MEMBER(token_sample, length),
		MEMBER(token_sample, token_at),
		MEMBER(token_sample, token_key),
		MEMBER(token_sample, place),
		MEMBER(token_sample, writer),
		MEMBER(token_sample, group),
		MEMBER(token_sample, described),
		MEMBER(token_sample, window_len),
#define STRING(name, bound) MEMBER(token_sample, name##_len),
		SAMPLE_STRINGS(STRING) MEMBER(token_sample, pad),
		MEMBER(token_sample, window),
	};
	static const struct layout_member more[] = {
		MEMBER(token_more, size),      MEMBER(token_more, flags),      MEMBER(token_more, seq),
		MEMBER(token_more, facts),     MEMBER(token_more, slot),       MEMBER(token_more, repeats),
		MEMBER(token_more, news),      MEMBER(token_more, window_len), MEMBER(token_more, token_at),
		MEMBER(token_more, token_key), MEMBER(token_more, window),
	};
	static const struct layout_member config[] = {
		MEMBER(probe_config, cgroup_id), MEMBER(probe_config, cgroup_level),
		MEMBER(probe_config, scope),     MEMBER(probe_config, watch),
		MEMBER(probe_config, hook_ns),   MEMBER(probe_config, inspect_bytes),
		MEMBER(probe_config, own_kinds), MEMBER(probe_config, own_inodes),
		MEMBER(probe_config, suspects),
	};
	static const struct layout_member counters[] = {MEMBER(counters, value)};
	struct spillwatch_bpf *skeleton = spillwatch_bpf__open();
	const struct btf *btf;

	(void)state;
	assert_non_null(skeleton);
	btf = bpf_object__btf(skeleton->obj);
	layout_check(btf, "token_sample", sizeof(struct token_sample), sample,
		     sizeof(sample) / sizeof(*sample));
	layout_check(btf, "token_more", sizeof(struct token_more), more, sizeof(more) / sizeof(*more));
	layout_check(btf, "probe_config", sizeof(struct probe_config), config,
		     sizeof(config) / sizeof(*config));
	layout_check(btf, "counters", sizeof(struct counters), counters, 1);
	spillwatch_bpf__destroy(skeleton);
}

const struct CMUnitTest live_probe[] = {
	cmocka_unit_test_setup_teardown(test_layout, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_every_offset, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_dense, live_setup, live_teardown),
};
const size_t live_probe_count = sizeof(live_probe) / sizeof(*live_probe);
