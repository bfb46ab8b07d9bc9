/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's BTF, minimized to what an object's CO-RE relocations can ask for: libbpf goes through all of its
 * 127,000 types for each type that a program reads fields of, which took a fifth of the time until writes were seen.
 * `bpftool gen min_core_btf` does the like beforehand; this one is of the kernel that runs, and keeps the ids.
 */
#pragma once

struct btf;

/*
 * min_btf_write() - writes the types that have the name of one in the object's BTF, and what lies in them by value,
 * each under its id in the kernel's; the ids between are pointers to nothing.
 * @fd: an empty file; its path serves as bpf_object_open_opts.btf_custom_path
 * Returns 0 or a negative errno.
 */
int min_btf_write(const struct btf *kernel, const struct btf *object, int fd);
