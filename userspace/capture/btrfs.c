// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* probe → load: btrfs's own types. */
#include "capture/btrfs.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BTRFS_MODULE "btrfs"
#define BTRFS_BTF "/sys/kernel/btf/" BTRFS_MODULE

/* A member's offset in bytes; -1: there is none. */
static int btrfs_member(const struct btf *btf, const struct btf_type *type, const char *name)
{
	const struct btf_member *member = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++) {
		const char *text = btf__name_by_offset(btf, member[i].name_off);

		if (text && strcmp(text, name) == 0)
			return (int)(btf_member_bit_offset(type, (__u32)i) / 8);
	}
	return -1;
}

int btrfs_layout(const struct btf *btf, uint32_t first, struct btrfs_layout *ret_layout)
{
	int inode = -1, root = -1, key = -1, number = -1;

	for (uint32_t id = first, types = btf__type_cnt(btf); id < types; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name;

		if (!type || !btf_is_struct(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (!name || strncmp(name, "btrfs_", strlen("btrfs_")) != 0)
			continue;
		if (strcmp(name, "btrfs_inode") == 0) {
			inode = btrfs_member(btf, type, "vfs_inode");
			root = btrfs_member(btf, type, "root");
		} else if (strcmp(name, "btrfs_root") == 0) {
			key = btrfs_member(btf, type, "root_key");
		} else if (strcmp(name, "btrfs_key") == 0) {
			number = btrfs_member(btf, type, "objectid");
		}
	}
	if (inode < 0 || root < 0 || key < 0 || number < 0)
		return -ENOENT;
	*ret_layout = (struct btrfs_layout){
		.inode = (__u32)inode, .root = (__u32)root, .number = (__u32)(key + number)};
	return 0;
}

int btrfs_module_layout(struct btf *kernel, struct btrfs_layout *ret_layout)
{
	struct btf *base = NULL, *module;
	int r;

	if (access(BTRFS_BTF, R_OK) < 0)
		return -errno;
	if (!kernel)
		kernel = base = btf__load_vmlinux_btf();
	module = kernel ? btf__load_module_btf(BTRFS_MODULE, kernel) : NULL;
	r = module ? btrfs_layout(module, btf__type_cnt(kernel), ret_layout) : -errno;
	btf__free(module);
	btf__free(base);
	return r;
}
