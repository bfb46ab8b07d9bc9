// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where the machine code of the loaded BPF programs comes from: for each program that has line information a line
 *
 *     PROGRAM ADDRESS BYTES            of each of its functions
 *     LINE ADDRESS FILE NUMBER         of each source line's instructions, which end where the next ones begin
 *
 * Ends with 0, or with 4 if the kernel shows none (no privilege, kernel.kptr_restrict).
 */
#include "lib/cleanup.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "?";
}

/* Returns how many lines were printed. */
static unsigned int print_program(int fd)
{
	struct bpf_prog_info sizes = {0}, info = {0};
	AUTO_FREE struct bpf_line_info *lines = NULL;
	AUTO_FREE __u64 *addresses = NULL, *functions = NULL;
	AUTO_FREE __u32 *bytes = NULL;
	struct btf *btf;
	__u32 len = sizeof(sizes), printed = 0;

	if (bpf_obj_get_info_by_fd(fd, &sizes, &len) < 0 || !sizes.nr_jited_line_info)
		return 0;
	lines = calloc(sizes.nr_line_info, sizeof(*lines));
	addresses = calloc(sizes.nr_jited_line_info, sizeof(*addresses));
	functions = calloc(sizes.nr_jited_ksyms, sizeof(*functions));
	bytes = calloc(sizes.nr_jited_func_lens, sizeof(*bytes));
	btf = btf__load_from_kernel_by_id(sizes.btf_id);
	info.nr_line_info = sizes.nr_line_info;
	info.line_info_rec_size = sizeof(*lines);
	info.line_info = (__u64)(uintptr_t)lines;
	info.nr_jited_line_info = sizes.nr_jited_line_info;
	info.jited_line_info_rec_size = sizeof(*addresses);
	info.jited_line_info = (__u64)(uintptr_t)addresses;
	info.nr_jited_ksyms = sizes.nr_jited_ksyms;
	info.jited_ksyms = (__u64)(uintptr_t)functions;
	info.nr_jited_func_lens = sizes.nr_jited_func_lens;
	info.jited_func_lens = (__u64)(uintptr_t)bytes;
	len = sizeof(info);
	if (lines && addresses && functions && bytes && btf && bpf_obj_get_info_by_fd(fd, &info, &len) == 0) {
		for (__u32 i = 0; i < info.nr_jited_ksyms && i < info.nr_jited_func_lens; i++)
			printf("PROGRAM %llx %u\n", functions[i], bytes[i]);
		for (__u32 i = 0; i < info.nr_jited_line_info && i < info.nr_line_info && addresses[i];
		     i++, printed++)
			printf("LINE %llx %s %u\n", addresses[i],
			       base_name(btf__name_by_offset(btf, lines[i].file_name_off)),
			       BPF_LINE_INFO_LINE_NUM(lines[i].line_col));
	}
	btf__free(btf);
	return printed;
}

int main(void)
{
	unsigned int printed = 0;

	for (__u32 id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		printed += print_program(fd);
		close(fd);
	}
	return printed ? 0 : 4;
}
