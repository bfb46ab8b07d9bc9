// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files in memory, as kernels before and since 6.3 want them to be asked for. */
#include "lib/memory_file.h"

#include <errno.h>
#include <sys/mman.h>

/* Not in every C library's headers yet; include/uapi/linux/memfd.h */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

int memory_file(void)
{
	int fd = memfd_create("spillwatch", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	/* the flag is not known */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("spillwatch", MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
