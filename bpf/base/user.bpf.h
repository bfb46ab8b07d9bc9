/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Structures of the system call interface: they never change, so the kernel's BTF is not asked for them, which would
 * take a millisecond each when the programs are loaded. Their fields have the kernel's names.
 */
#pragma once

#include "vmlinux.h"

/* struct iovec (include/uapi/linux/uio.h), and of a 32-bit caller */
struct user_iovec {
	__u64 iov_base, iov_len;
};

struct user_iovec_32 {
	__u32 iov_base, iov_len;
};

/* struct mmsghdr (include/linux/socket.h), of which the first is a struct msghdr; and of a 32-bit caller */
struct user_message {
	__u64 msg_name;
	__u32 msg_namelen, pad_name;
	__u64 msg_iov, msg_iovlen;
	__u64 msg_control, msg_controllen;
	__u32 msg_flags, pad_flags;
	__u32 msg_len, pad_len;
};
_Static_assert(sizeof(struct user_message) == 64, "struct mmsghdr");

struct user_message_32 {
	__u32 msg_name, msg_namelen;
	__u32 msg_iov, msg_iovlen;
	__u32 msg_control, msg_controllen;
	__u32 msg_flags;
	__u32 msg_len;
};

/* struct iocb (include/uapi/linux/aio_abi.h) */
struct user_iocb {
	__u64 aio_data;
	__u32 aio_key, aio_rw_flags;
	__u16 aio_lio_opcode, aio_reqprio;
	__u32 aio_fildes;
	__u64 aio_buf, aio_nbytes, aio_offset;
	__u64 aio_reserved2;
	__u32 aio_flags, aio_resfd;
};
_Static_assert(sizeof(struct user_iocb) == 64, "struct iocb");

/* struct file_clone_range (include/uapi/linux/fs.h) */
struct user_clone_range {
	__u64 src_fd, src_offset, src_length, dest_offset;
};

/* struct io_uring_cqe (include/uapi/linux/io_uring.h) */
struct user_cqe {
	__u64 user_data;
	__s32 res;
	__u32 flags;
};
