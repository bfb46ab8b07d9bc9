// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe → targets → functions: what a kernel's lack of a function means.
 *
 * Invariant: none is left out in silence. Either the attachment is not used, or it is said what is not watched.
 */
#include "capture/functions.h"

#include "file_kind.h"

#include <stdio.h>
#include <string.h>

#define ALL UINT32_MAX
#define NAMES (FILE_KIND_BIT(DISK) | FILE_KIND_BIT(TMPFS))
#define PIPES FILE_KIND_BIT(PIPE)
#define SOCKETS FILE_KIND_BIT(SOCKET)

/*
 * Those of system calls (__x64_sys_*) are in a table of addresses, so they are never inlined. vm_mmap_pgoff() is essential for
 * mappings that are never written back (tmpfs, memfd), at which nobody else looks.
 */
static const struct function functions[] = {
	{"vfs_write", FUNCTION_ESSENTIAL, ALL, "write, pwrite64"},
	{"vfs_writev", FUNCTION_ESSENTIAL, ALL, "writev, pwritev, pwritev2"},
	{"vfs_copy_file_range", FUNCTION_ESSENTIAL, ALL, "copy_file_range"},
	{"vfs_clone_file_range", FUNCTION_ESSENTIAL, ALL, "FICLONE"},
	{"do_sendfile", FUNCTION_ESSENTIAL, ALL, "sendfile"},
	{"do_splice", FUNCTION_ESSENTIAL, ALL, "splice"},
	{"vm_mmap_pgoff", FUNCTION_ESSENTIAL, ALL, "mappings"},
	{"do_tee", FUNCTION_ESSENTIAL, PIPES, "tee"},
	{"__sys_sendto", FUNCTION_ESSENTIAL, SOCKETS, "send, sendto"},
	{"__sys_sendmsg", FUNCTION_ESSENTIAL, SOCKETS, "sendmsg"},
	{"__sys_sendmmsg", FUNCTION_ESSENTIAL, SOCKETS, "sendmmsg"},
	{"vfs_fallocate", FUNCTION_TOLD, ALL, "tokens that fallocate joins"},
	{"security_path_mknod", FUNCTION_TOLD, NAMES, "names of new files"},
	{"security_path_mkdir", FUNCTION_TOLD, NAMES, "names of new directories"},
	{"security_path_symlink", FUNCTION_TOLD, NAMES, "names and targets of symbolic links"},
	{"security_path_link", FUNCTION_TOLD, NAMES, "names of hard links"},
	{"security_path_rename", FUNCTION_TOLD, NAMES, "names by rename"},
	{"vfs_setxattr", FUNCTION_TOLD, NAMES, "extended attributes"},
	{"security_file_ioctl", FUNCTION_TOLD, NAMES, "names of subvolumes, labels"},
	/* before 6.8 the one above is for all */
	{"security_file_ioctl_compat", FUNCTION_SPARE, NAMES, "names of subvolumes, labels"},
	{"__x64_sys_io_submit", FUNCTION_SPARE, ALL, "io_submit"},
	{"__ia32_compat_sys_io_submit", FUNCTION_SPARE, ALL, "io_submit"},
	{"__x64_sys_vmsplice", FUNCTION_SPARE, PIPES, "vmsplice"},
	{"__ia32_sys_vmsplice", FUNCTION_SPARE, PIPES, "vmsplice"},
};

#define FUNCTIONS (sizeof(functions) / sizeof(*functions))
_Static_assert(FUNCTIONS <= FUNCTIONS_MAX, "there is room for all");

const struct function *functions_named(const char *name)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}

struct functions_missing functions_missing(uint32_t watch, bool (*has)(const void *context, const char *name),
					   const void *context)
{
	struct functions_missing missing = {0};

	for (size_t i = 0; i < FUNCTIONS; i++) {
		const struct function *function = &functions[i];
		bool essential = function->need == FUNCTION_ESSENTIAL;

		if (!(function->watch & watch) || function->need == FUNCTION_SPARE ||
		    has(context, function->name))
			continue;
		if (missing.essential && !essential)
			continue;
		if (essential && !missing.essential)
			missing.count = 0;
		missing.essential = essential;
		missing.function[missing.count++] = function;
	}
	return missing;
}

void functions_say(const struct functions_missing *missing, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < missing->count && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s (%s)", i ? ", " : "no ",
					missing->function[i]->name, missing->function[i]->sees);
}
