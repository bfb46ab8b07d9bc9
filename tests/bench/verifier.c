// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the verifier walks: starts the probe by each attachment, watching everything that this process'
 * children write (it has none), and prints a line for each program that is loaded:
 *
 *     ATTACHMENT PROGRAM VERIFIED_INSTRUCTIONS JITED_BYTES
 *
 * Ends with 0 if any attachment could be loaded, with 4 if none (no privilege, no BTF).
 */
#include "capture/probe.h"
#include "file_kind.h"
#include "lib/cleanup.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#define FILES_MAX 256

static int verifier_record(void *context, void *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return 0;
}

/* The kernel keeps 15 characters of a program's name; its type information has all of them. */
static void verifier_name(int fd, __u32 btf_id, char *name, size_t size)
{
	struct bpf_func_info function;
	struct bpf_prog_info info = {
		.nr_func_info = 1,
		.func_info_rec_size = sizeof(function),
		.func_info = (__u64)(uintptr_t)&function,
	};
	__u32 len = sizeof(info);
	struct btf *btf = btf__load_from_kernel_by_id(btf_id);

	if (btf && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.nr_func_info) {
		const struct btf_type *type = btf__type_by_id(btf, function.type_id);

		if (type)
			snprintf(name, size, "%s", btf__name_by_offset(btf, type->name_off));
	}
	btf__free(btf);
}

/* The programs among what this process holds open. */
static void verifier_print(const char *attachment)
{
	char link[64], target[64], name[128];

	for (int fd = 3; fd < FILES_MAX; fd++) {
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);
		ssize_t r;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		r = readlink(link, target, sizeof(target) - 1);
		if (r < 0)
			continue;
		target[r] = '\0';
		if (strcmp(target, "anon_inode:bpf-prog") != 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
			continue;
		snprintf(name, sizeof(name), "%s", info.name);
		verifier_name(fd, info.btf_id, name, sizeof(name));
		/* libbpf's own probing leaves none, but be sure that it is one of ours */
		if (info.verified_insns)
			printf("%s %s %u %u\n", attachment, name, info.verified_insns, info.jited_prog_len);
	}
}

int main(void)
{
	int loaded = 0;

	for (int attachment = PROBE_FEXIT; attachment < PROBE_ATTACHMENT_MAX; attachment++) {
		struct probe_options options = {.attachment = (enum probe_attachment)attachment,
						.scope = SCOPE_TREE,
						.watch = FILE_KINDS_ALL};
		struct probe_failure failures[PROBE_ATTACHMENT_MAX];
		struct probe *probe;
		const char *name = probe_attachment_name(options.attachment);
		int r = probe_start(&options, verifier_record, NULL, failures, &probe);

		if (r < 0) {
			fprintf(stderr, "%s can't be loaded here: %s: %s\n", name, strerror(-r),
				failures[attachment].text);
			continue;
		}
		verifier_print(name);
		probe_stop(probe);
		loaded++;
	}
	return loaded ? 0 : 4;
}
