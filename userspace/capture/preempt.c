// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "capture/preempt.h"

#include "lib/cleanup.h"
#include "license.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PREEMPT_MODEL "sched/preempt"
/* a46023d5616e, f7d327654b88: tracepoints by SRCU-fast, and programs on them without preempt_disable() */
#define PREEMPT_TRACEPOINTS_SINCE 7
/* On x86 the highest bit of the count says something else: that nobody waits for this CPU. */
#define PREEMPT_COUNT_BITS 0x7fffffff

/* Opens the file that tells the model, in a mount that nobody else sees: debugfs is not mounted everywhere. */
static int preempt_open(void)
{
	AUTO_CLOSE int context = -1, mount = -1;
	int fd = open("/sys/kernel/debug/" PREEMPT_MODEL, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	context = fsopen("debugfs", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	mount = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	return mount < 0 ? -1 : openat(mount, PREEMPT_MODEL, O_RDONLY | O_CLOEXEC);
}

bool preempt_functions(void)
{
	AUTO_CLOSE int fd = preempt_open();
	char models[128];
	ssize_t len = fd < 0 ? -1 : read(fd, models, sizeof(models) - 1);

	if (len < 0)
		return true;
	models[len] = '\0';
	/* "none (voluntary) full": the one in use is in parentheses; these switch only where a task asks for it */
	return !strstr(models, "(none)") && !strstr(models, "(voluntary)");
}

/* Runs a program that does nothing, at whose end the kernel comes by the tracepoint bpf_test_finish. */
static int preempt_pass(void)
{
	static const struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	/* as long as an Ethernet header */
	/* cppcheck-suppress unreadVariable */ /* does not know LIBBPF_OPTS */
	char packet[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet), .repeat = 1);
	AUTO_CLOSE int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "preempt_pass", PROGRAM_LICENSE,
					  instructions, sizeof(instructions) / sizeof(*instructions), NULL);

	return fd < 0 ? fd : bpf_prog_test_run_opts(fd, &run);
}

/* Loads a program for that tracepoint which puts the preemption count that it sees, plus one, into the map. */
static int preempt_load(const struct targets *targets, int map)
{
	const struct bpf_insn instructions[] = {
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_BTF_ID,
		 .imm = (int)targets_id(targets, TARGETS_PREEMPT_COUNT)},
		{0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_this_cpu_ptr},
		{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_0},
		{.code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = BPF_REG_1, .imm = PREEMPT_COUNT_BITS},
		{.code = BPF_ALU | BPF_ADD, .dst_reg = BPF_REG_1, .imm = 1},
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_2,
		 .src_reg = BPF_PSEUDO_MAP_VALUE,
		 .imm = map},
		{0},
		{.code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_RAW_TP);

	load.attach_btf_id = targets_id(targets, TARGETS_TEST_FINISH);
	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "preempt_count", PROGRAM_LICENSE, instructions,
			     sizeof(instructions) / sizeof(*instructions), &load);
}

/* What a program on a tracepoint sees of the preemption count, plus one; 0 if it can't be asked. */
static uint32_t preempt_count(const struct targets *targets)
{
	AUTO_CLOSE int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "preempt_count", sizeof(uint32_t),
					    sizeof(uint32_t), 1, NULL);
	AUTO_CLOSE int program = -1, link = -1;
	uint32_t zero = 0, count = 0;

	if (map < 0)
		return 0;
	program = preempt_load(targets, map);
	if (program < 0)
		return 0;
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link < 0 || preempt_pass() < 0 || bpf_map_lookup_elem(map, &zero, &count) < 0)
		return 0;
	return count;
}

/* Where it can't be asked (a kernel without the symbols of variables), the version has to do. */
static bool preempt_since(void)
{
	struct utsname host;

	return uname(&host) == 0 && strtoul(host.release, NULL, 10) >= PREEMPT_TRACEPOINTS_SINCE;
}

bool preempt_tracepoints(const struct targets *targets)
{
	uint32_t count;

	/* these were there long before */
	if (!targets_can_disable_preemption(targets))
		return false;
	count = preempt_count(targets);
	return (count ? count == 1 : preempt_since()) && preempt_functions();
}
