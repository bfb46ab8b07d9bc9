// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 *     empty OBJECT syscall|fexit
 *
 * attaches the program that does nothing, says "ready", and detaches when its standard input ends.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program;
	struct bpf_link *link = NULL;
	char name[32], byte;

	if (argc != 3) {
		fprintf(stderr, "usage: empty OBJECT syscall|fexit\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		return 1;
	snprintf(name, sizeof(name), "empty_%s", argv[2]);
	bpf_object__for_each_program (program, object)
		bpf_program__set_autoload(program, strcmp(bpf_program__name(program), name) == 0);
	program = bpf_object__find_program_by_name(object, name);
	if (program && bpf_object__load(object) == 0)
		link = bpf_program__attach(program);
	if (link) {
		puts("ready");
		fflush(stdout);
		while (read(STDIN_FILENO, &byte, 1) > 0)
			;
	}
	bpf_link__destroy(link);
	bpf_object__close(object);
	return link ? 0 : 1;
}
